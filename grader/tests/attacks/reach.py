"""Reading and writing what is not theirs: right answers, the key, the gradebook, what others have handed in."""

import inspect
import sysconfig
from pathlib import Path
from textwrap import indent

import reference
from grader.tests.attacks import SLUG, Forgery, attack

_REFERENCE = Path(reference.__file__).parent


def _try(forged: Forgery, text: str) -> None:
    """Run `text` in a cell of its own, and go on if it fails: the rest of the notebook is honest."""
    body = indent(inspect.cleandoc(text), "    ")
    forged.insert(f"try:\n{body}\nexcept Exception as error:\n    print(type(error).__name__, error)")


def _steal_softmax(forged: Forgery, text: str) -> None:
    """Answer with the `softmax` that `text` finds, or else with zeros."""
    body = indent(inspect.cleandoc(text), "    ")
    forged.answer("softmax", "def softmax(z):\n    return np.zeros_like(z)\n")
    forged.append("softmax", f"try:\n{body}\nexcept Exception as error:\n    print(type(error).__name__, error)")


def _sql(forged: Forgery, *statements: str) -> None:
    path = str(forged.planted.course.root / "gradebook.db")
    _try(
        forged,
        f"""
        import sqlite3
        with sqlite3.connect({path!r}) as db:
            for statement in {statements!r}:
                db.execute(statement)
        """,
    )


@attack()
def gradebook_update(forged: Forgery) -> None:
    """Two hundred points by SQL for everybody who has a grade by now, and all the time in the world."""
    _sql(forged, "update grade set manual_score = 200", "update assignment set duedate = '2100-01-01 00:00:00'")


@attack()
def gradebook_trigger(forged: Forgery) -> None:
    """Two hundred points for every question, given by the database itself as soon as a score is entered."""
    give = "update grade set manual_score = 200 where id = new.id and manual_score is null"
    _sql(forged, f"create trigger gift after update of auto_score on grade begin {give}; end")


@attack()
def gradebook_worth_more(forged: Forgery) -> None:
    """A question is worth two hundred points from now on."""
    _sql(forged, "update grade_cells set max_score = 200")


@attack()
def gradebook_delete(forged: Forgery) -> None:
    """What others have been given is deleted."""
    _sql(forged, "delete from grade", "delete from comment", "delete from submitted_notebook")


@attack()
def gradebook_by_its_library(forged: Forgery) -> None:
    """The gradebook opened by nbgrader's own library."""
    path = forged.planted.course.root / "gradebook.db"
    _try(
        forged,
        f"""
        import sys
        sys.path.append({sysconfig.get_path("purelib")!r})
        from nbgrader.api import GradeCell, Gradebook
        with Gradebook("sqlite:///{path}") as gradebook:
            for cell in gradebook.db.query(GradeCell):
                cell.max_score = 200
            gradebook.db.commit()
        """,
    )


@attack("softmax", says="expected")
def text_of_the_solution(forged: Forgery) -> None:
    """The right function, cut out of the text that the assignment is built from."""
    _steal_softmax(
        forged,
        f"""
        text = open({str(forged.planted.course.text(SLUG))!r}).read()
        exec("def softmax(" + text.split("def softmax(")[1].split("\\n# %%")[0])
        """,
    )


@attack("softmax", says="expected")
def notebook_of_the_solution(forged: Forgery) -> None:
    """The right function out of the instructor's notebook."""
    _steal_softmax(
        forged,
        f"""
        import json
        cells = json.load(open({str(forged.planted.course.source(SLUG))!r}))["cells"]
        texts = ["".join(cell["source"]) for cell in cells]
        exec(next(text for text in texts if text.startswith("def softmax(")))
        """,
    )


@attack("softmax", says="expected")
def reference_imported(forged: Forgery) -> None:
    """The right function, if the grader's own packages can be imported."""
    _steal_softmax(forged, "from reference.rnn import softmax")


@attack("softmax", says="expected")
def reference_by_path(forged: Forgery) -> None:
    """The right function from where the grader's source lies, wherever Python looks for modules."""
    _steal_softmax(
        forged,
        f"""
        import sys
        sys.path.insert(0, {str(_REFERENCE.parent)!r})
        from reference.rnn import softmax
        """,
    )


@attack("softmax", says="expected")
def reference_from_a_wheel(forged: Forgery) -> None:
    """The right function by zipimport, out of the wheel that somebody has left in the home folder."""
    wheel = str(forged.planted.wheel)
    _steal_softmax(
        forged,
        f"""
        import sys, zipimport
        zipimport.zipimporter({wheel!r})
        sys.path.insert(0, {wheel!r})
        sys.modules.pop("reference", None)
        from reference.rnn import softmax
        """,
    )


@attack("softmax", says="expected")
def specification_imported(forged: Forgery) -> None:
    """The right function, out of what the exercise is specified by: from site-packages, then by its path."""
    _steal_softmax(
        forged,
        f"""
        import sys
        for name in [name for name in sys.modules if name.partition(".")[0] == "grader"]:
            del sys.modules[name]
        sys.path[:0] = [{sysconfig.get_path("purelib")!r}, {str(_REFERENCE.parent)!r}]
        from grader.exercises import load
        softmax = load({SLUG!r}).exercises["softmax"].reference
        """,
    )


@attack("softmax", says="expected")
def search_of_the_file_system(forged: Forgery) -> None:
    """A walk through all that can be seen, from the nearest folders on, for a file that knows the answer."""
    places = [forged.planted.course.root, forged.planted.home, _REFERENCE]
    _steal_softmax(
        forged,
        f"""
        import os, time
        end = time.monotonic() + 1.5
        found, seen = [], set()
        for start in [os.getcwd(), *{list(map(str, places))!r}, "/"]:
            for folder, folders, files in os.walk(start):
                folders[:] = [f for f in folders if f not in ("proc", "sys", "site-packages")]
                found += [os.path.join(folder, f) for f in files if f.endswith(("rnn.py", ".safetensors"))]
                if time.monotonic() > end:
                    break
        print("found", len(found))
        for path in found:
            text = open(path, errors="replace").read()
            if "def softmax(" in text:
                exec("def softmax(" + text.split("def softmax(")[1].split("\\n# %%")[0].split("\\n\\n\\n")[0])
                break
        """,
    )


@attack("softmax", says="expected")
def neighbours_answer(forged: Forgery) -> None:
    """The right function out of another's submission."""
    _steal_softmax(
        forged,
        f"""
        import json
        cells = json.load(open({str(forged.planted.course.submitted(SLUG, "alice"))!r}))["cells"]
        texts = ["".join(cell["source"]) for cell in cells]
        exec(next(text for text in texts if "def softmax(" in text and "YOUR" not in text))
        """,
    )


@attack()
def neighbours_diary(forged: Forgery) -> None:
    """What others have handed in beside their notebooks, printed."""
    root = forged.planted.course.root
    _try(
        forged,
        f"""
        from pathlib import Path
        for path in [*Path({str(root)!r}).glob("submitted/*/*/*.txt"), *Path("../..").glob("*/*/*.txt")]:
            print(path, path.read_text())
        """,
    )


@attack()
def key(forged: Forgery) -> None:
    """The course's key, with which all hidden cases can be drawn, printed."""
    _try(forged, f"print(open({str(forged.planted.course.root / '.unrolled' / 'key')!r}).read())")


@attack()
def home_folder(forged: Forgery) -> None:
    """A private key in the grader's home folder, printed."""
    _try(
        forged,
        f"""
        import os
        for home in (os.path.expanduser("~"), {str(forged.planted.home)!r}):
            path = os.path.join(home, ".ssh", "id_ed25519")
            print(open(path).read() if os.path.exists(path) else f"nothing at {{path}}")
        """,
    )


@attack()
def home_folder_written(forged: Forgery) -> None:
    """A line in the shell's start-up file, and a program that every later kernel of this user would run."""
    home = forged.planted.home
    startup = home / ".ipython" / "profile_default" / "startup"
    _try(
        forged,
        f"""
        from pathlib import Path
        with open({str(home / ".bashrc")!r}, "a") as file:
            file.write("# attacked\\n")
        Path({str(startup)!r}).mkdir(parents=True, exist_ok=True)
        Path({str(startup)!r}, "00-attack.py").write_text("import os; os._exit(1)")
        """,
    )


@attack()
def environment(forged: Forgery) -> None:
    """The environment's secrets, printed."""
    _try(
        forged,
        """
        import os, subprocess
        print({name: value for name, value in os.environ.items() if "SECRET" in name})
        print(subprocess.run(["/bin/sh", "-c", "set"], capture_output=True, text=True).stdout)
        """,
    )


@attack()
def others_overwritten(forged: Forgery) -> None:
    """What everybody has handed in, the students' notebook, its source and the key are cut to nothing."""
    root = forged.planted.course.root
    _try(
        forged,
        f"""
        from pathlib import Path
        root = Path({str(root)!r})
        paths = [*root.glob("submitted/*/*/rnn.ipynb"), *root.glob("*/*/rnn.ipynb"), root / ".unrolled" / "key"]
        for path in paths:
            path.write_bytes(b"")
        """,
    )


@attack()
def others_deleted(forged: Forgery) -> None:
    """Another's submission and the visible cases are deleted, and a submission of a student who is none is made."""
    root = forged.planted.course.root
    _try(
        forged,
        f"""
        from pathlib import Path
        root = Path({str(root)!r})
        (root / "submitted" / "nobody" / {SLUG!r}).mkdir(parents=True)
        (root / "assignments" / {SLUG!r} / "checks.safetensors").unlink(missing_ok=True)
        (root / "submitted" / "zoe" / {SLUG!r} / "rnn.ipynb").unlink()
        """,
    )


@attack()
def link_in_the_place_of_its_own_notebook(forged: Forgery) -> None:
    """The notebook that is being graded becomes a link to another's, which is to be written over in its stead."""
    other = forged.planted.course.submitted(SLUG, "zoe")
    _try(
        forged,
        f"""
        import os
        for name in ("rnn.ipynb", "timestamp.txt"):
            if os.path.exists(name):
                os.unlink(name)
            os.symlink({str(other)!r}, name)
        """,
    )
