"""Against people: what a student writes is seen by others, in feedback, formgrader, report, terminal and CSV.

Each would set `window.attacked` or the page's title, fetch something, cover the score, or turn words around;
test_people.py opens every page in a browser and looks.
"""

import json
from html import escape

from grader.tests.attacks import Forgery, attack

RUN = "document.title=window.attacked=`attacked`"  # no quote, no slash: it fits into any attribute, and a file's name
COVER = "position:fixed;top:0;left:0;width:100vw;height:100vh;z-index:9999;background:white"
TITLE, LINK, CLEAR = "\x1b]0;attacked\x07", "\x1b]8;;file:///attacked\x1b\\", "\x1b[2J\x1b[1;1H\x9b31m"
BACKWARDS = "\u202e3 fo 3\u2066"
ELEMENTS = "\n\n".join(
    (
        f"<script>{RUN}</script>",
        f'<img src="x" onerror="{RUN}">',
        f'<svg onload="{RUN}"><script>{RUN}</script><a xlink:href="javascript:{RUN}"><text>score</text></a></svg>',
        f'<math><mtext><table><mglyph><style><img src=x onerror="{RUN}"></style></mglyph></table></mtext></math>',
        f"<style>body * {{{COVER}}}</style>",
        f'<div id="notebook" style="{COVER}">5 of 5</div>',
        '<meta http-equiv="refresh" content="0; url=https://attacked.invalid/refresh">',
        '<base href="https://attacked.invalid/">',
        '<link rel="stylesheet" href="https://attacked.invalid/style.css">',
        '<form action="https://attacked.invalid/form"><input value="5" autofocus><button>Next</button></form>',
        f'<iframe src="javascript:{RUN}" srcdoc="<script>parent.{RUN}</script>"></iframe>',
        '<object data="https://attacked.invalid/object"></object><embed src="https://attacked.invalid/embed">',
        f'<video src="https://attacked.invalid/video" onerror="{RUN}" autoplay></video>',
        f'<details open ontoggle="{RUN}"><summary>score</summary></details>',
        f"<!--><img src=x onerror={RUN}>-->",
        f'</pre></code></textarea></title></script><img src="x" onerror="{RUN}">',
    )
)


def _raises(forged: Forgery, message: str) -> None:
    forged.answer("softmax", f"\ndef softmax(z):\n    raise ValueError({message!r})")


def _prints(forged: Forgery, text: str) -> None:
    forged.append("softmax", f"print({text!r})")
    forged.insert(f"print({text!r})")


@attack("softmax", says="<script>")
def script_in_an_exception(forged: Forgery) -> None:
    """A program in the text of an exception."""
    _raises(forged, f"<script>{RUN}</script>")


@attack("softmax", says="onerror=")
def elements_in_an_exception(forged: Forgery) -> None:
    """An image whose absence is a program, and a box over all of the page."""
    _raises(forged, f'</code></div><img src="x" onerror="{RUN}"><p style="{COVER}">3 of 3 points')


@attack("softmax", says="raises <img")
def name_of_an_exception(forged: Forgery) -> None:
    """An exception whose class is called like an element."""
    forged.answer(
        "softmax",
        f"""
        def softmax(z):
            raise type('<img src=x onerror="{RUN}">', (Exception,), {{}})("no")
        """,
    )


@attack("softmax", says="function `softmax<script>`")
def name_of_a_function(forged: Forgery) -> None:
    """A function whose name the grader quotes, since it resembles the one that is missing."""
    forged.answer("softmax", "globals()['softmax<script>'] = lambda z: z")


@attack("softmax", says="at `raise")
def comment_in_the_quoted_line(forged: Forgery) -> None:
    """An element in the line of code that the feedback quotes."""
    forged.answer("softmax", f'\ndef softmax(z):\n    raise ValueError  # `</code><img src="x" onerror="{RUN}">')


@attack("softmax", says="raises ValueError")
def terminal_in_an_exception(forged: Forgery) -> None:
    """A window title, a link, a cleared screen, and every other control character, for the instructor's terminal."""
    _raises(forged, TITLE + LINK + CLEAR + "".join(map(chr, range(32))) + "\x7f\x85\x9b2J")


@attack("softmax", says="raises ValueError")
def backwards_in_an_exception(forged: Forgery) -> None:
    """Direction marks that would have the words after them read from right to left, and characters without width."""
    _raises(forged, f"{BACKWARDS}\u200b\ufeff\u2028\u200fא 3 of 3")


@attack("softmax", says="raises ValueError")
def markup_in_an_exception(forged: Forgery) -> None:
    """Markdown, formulas that link and draw, and the ends of quotations that a comment might stand in."""
    _raises(forged, rf"` `` ``` [x](javascript:{RUN}) $$\href{{javascript:{RUN}}}{{x}}$$ \require{{html}} <http://a> |")


@attack("softmax", says="raises ValueError")
def a_very_long_word(forged: Forgery) -> None:
    """Words without an end, in an exception and in what is printed."""
    _raises(forged, "W" * 10_000)
    forged.insert("print('W' * 100_000)\nprint('short lines\\n' * 100_000)")


@attack()
def elements_printed(forged: Forgery) -> None:
    """Elements of every kind, printed."""
    _prints(forged, ELEMENTS)


@attack()
def terminal_printed(forged: Forgery) -> None:
    """What a terminal takes for orders, printed, with elements inside of colours."""
    _prints(
        forged, f'{TITLE}{LINK}{CLEAR}\x1b[31;<img src=x onerror="{RUN}">m\x1b[38;5;1"onclick=x>mred\x00\x08\r3 of 3'
    )


@attack()
def backwards_in_code(forged: Forgery) -> None:
    """A comment that looks like code, and code like a comment: the reader sees another program than Python."""
    forged.insert("# \u202e } \u2066if correct\u2069 \u2066 full marks\n# \u2028return 1  \x1b]0;attacked\x07")


@attack()
def elements_in_code(forged: Forgery) -> None:
    """Elements of every kind, in a string and in comments."""
    forged.insert(f"'''\n{ELEMENTS}\n'''\n" + "\n".join("# " + line for line in ELEMENTS.splitlines()))


@attack()
def elements_in_a_written_answer(forged: Forgery) -> None:
    """Elements of every kind, where the student is to write Markdown, which may hold HTML."""
    forged.answer("written-summary", ELEMENTS)


@attack()
def links_in_a_written_answer(forged: Forgery) -> None:
    """Links that run, or lead to what would: the student's own page, another, and formgrader with a forged address."""
    evil = f"<script>{RUN}</script>".encode()
    forged.files |= {"evil.html": evil, "evil.svg": b'<svg xmlns="http://www.w3.org/2000/svg">%b</svg>' % evil}
    reflected = f"/formgrader/manage_students/<img src=x onerror={RUN}>"
    addresses = [f"javascript:{RUN}", f"JaVa&#10;Script:{RUN}", f"data:text/html,{evil.decode()}", f"vbscript:{RUN}"]
    addresses += ["evil.html", "evil.svg", reflected, "//attacked.invalid/", "http://127.0.0.1/"]
    links = [f'[score]({address.replace(" ", "%20")}) <a href="{escape(address)}">Next</a>' for address in addresses]
    forged.answer("written-summary", "\n\n".join([*links, "![](https://attacked.invalid/pixel.png)", "<evil.html>"]))


@attack()
def formulas_in_a_written_answer(forged: Forgery) -> None:
    """Formulas with links, programs, styles, and a rule that is larger than the page."""
    forged.answer(
        "written-summary",
        rf"""
        $\href{{javascript:{RUN}}}{{score}}$ $\require{{html}}\style{{{COVER}}}{{x}}$ $\class{{score}}{{5}}$

        $$\smash{{\raise 99em{{\rlap{{\kern-99em\color{{white}}{{\rule{{999em}}{{999em}}}}}}}}}}$$

        $$</script><script>{RUN}</script>$$ $\unicode{{x202e}}$

        \begin{{align}} \cssId{{notebook}}{{x}} & <img src="x" onerror="{RUN}"> \end{{align}}
        """,
    )


@attack()
def fences_in_a_written_answer(forged: Forgery) -> None:
    """Blocks of code with a language that is an attribute, a diagram, a wide table, words backwards and without end."""
    answer = f"""
        ~~~"><img src=x onerror={RUN}>
        x
        ~~~

        ~~~mermaid
        graph TD; A["<img src=x onerror={RUN}>"]
        ~~~

        {BACKWARDS} {"W" * 5000}

        {"| a " * 300}|
        {"| - " * 300}|
        """
    forged.answer("written-summary", answer)


@attack()
def attachment(forged: Forgery) -> None:
    """A picture with a program in it, attached to the written answer."""
    svg = {"image/svg+xml": [f'<svg xmlns="http://www.w3.org/2000/svg" onload="{RUN}"/>'], "text/html": [ELEMENTS]}
    forged.find("written-summary")["attachments"] = {"x.svg": svg}
    forged.answer("written-summary", "![x](attachment:x.svg)")


@attack()
def outputs_of_old(forged: Forgery) -> None:
    """Outputs and metadata that the notebook already has when it is handed in: pages, programs, widgets, a title."""
    out = {"output_type": "display_data", "metadata": {"text/html": {"isolated": True}}}
    data = {"text/html": ELEMENTS, "application/javascript": RUN, "text/latex": f"<script>{RUN}</script>"}
    for cell in forged.cells:
        if cell["cell_type"] == "code":
            cell["outputs"] = [out | {"data": {kind: text}} for kind, text in data.items()]
    widgets = {"application/vnd.jupyter.widget-state+json": {"state": f"</script><script>{RUN}</script>"}}
    forged.notebook["metadata"] |= {"title": f"</title><script>{RUN}</script>", "widgets": widgets}


@attack()
def names_of_cells(forged: Forgery) -> None:
    """Cells of the student's own whose ids, tags and kinds are elements and attributes."""
    name = f'x"><img src=x onerror="{RUN}">'
    forged.insert("x = 1")
    own = next(cell for cell in forged.cells if cell["source"] == "x = 1")
    marks = {"grade_id": name, "grade": False, "solution": True, "schema_version": 3, "locked": False}
    own |= {"id": name, "metadata": {"tags": [name], "nbgrader": marks}}
    raw = {"cell_type": "raw", "id": "raw", "metadata": {"raw_mimetype": "text/html"}, "source": ELEMENTS}
    forged.cells.extend([raw, raw | {"cell_type": "markdown"}, raw | {"cell_type": name}])


@attack()
def student_called_like_an_element(forged: Forgery) -> None:
    """A folder whose name is an element, and ends any attribute."""
    forged.student = f"x'\"><img src=x onerror={RUN}>"


@attack()
def student_called_like_a_string(forged: Forgery) -> None:
    """A folder whose name ends a string of a program."""
    forged.student = f'"-({RUN})-"'


@attack(says="control characters", refused=True)
def student_called_like_an_order(forged: Forgery) -> None:
    """A folder whose name speaks to the terminal."""
    forged.student = f"mallory{TITLE}{CLEAR}"


@attack(says="control characters", refused=True)
def student_called_like_two_lines(forged: Forgery) -> None:
    """A folder whose name adds a line to a list, a log or a table, and stops a program that reads by lines."""
    forged.student = "mallory\nalice: full marks\r\n\tbob"


@attack()
def student_called_backwards(forged: Forgery) -> None:
    """A folder whose name turns what follows it around, with marks of the terminal table's own kind."""
    forged.student = f"[red]mallory **x** {BACKWARDS}"


@attack()
def student_called_like_a_formula(forged: Forgery) -> None:
    """A folder whose name a spreadsheet would run."""
    forged.student = '=HYPERLINK("https:∕∕attacked.invalid","score"),5,"'


@attack()
def broken_time(forged: Forgery) -> None:
    """A file that should tell when the notebook was handed in, and speaks to the terminal."""
    forged.files["timestamp.txt"] = (TITLE + CLEAR + json.dumps(ELEMENTS)).encode()
