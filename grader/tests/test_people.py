"""What students write, seen as people see it, in a real browser and a real terminal: it runs nothing, fetches nothing,
covers nothing and turns no words around."""

import csv
import fcntl
import json
import os
import pty
import re
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page

from grader.converters import generate_feedback
from grader.course import Course, notebook_name
from grader.grade import Grader
from grader.sandbox import Sandbox
from grader.tests import attacks, browser, submissions
from grader.tests.attacks import SLUG
from grader.tests.attacks.people import RUN
from grader.tests.attacks.planted import Planted
from grader.tests.nbgrader_course import nbgrader
from grader.tests.submissions import hand_in

PEOPLE = [attack for name, attack in attacks.load().items() if name.startswith("people/")]
NAMES = [attack.name.partition("/")[2] for attack in PEOPLE]
GRADED = [attack.name.partition("/")[2] for attack in PEOPLE if not attack.refused]
MISNAMED = f"<img src=x onerror={RUN}>\u202e.ipynb"
TOKEN = "of-this-test"
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
RICH = re.compile(r"\x1b\[(\?25[hl]|\d*[AK]|[\d;]*m)")  # colours, and what a progress bar is drawn with
NBCONVERTS_OWN = (
    "https://cdnjs.cloudflare.com/ajax/libs/mathjax/",
    "https://cdnjs.cloudflare.com/ajax/libs/require.js/",
)
UNLIKE_TEXT = "base, embed, form, frame, iframe, math, object, video, meta[http-equiv=refresh], [onload], [onerror]"


@dataclass(frozen=True)
class Class:
    """The attackers' class, graded. printed: what the terminal got of it. students: who handed in what attack."""

    course: Course
    printed: str
    students: dict[str, str]


@pytest.fixture(scope="module")
def graded(built: Course, grader_01: Grader, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Class:
    """All attacks against people, handed in, and graded by the real commands."""
    course = Course(tmp_path_factory.mktemp("people") / "course")
    subprocess.run(["cp", "-r", built.root, course.root], check=True)
    students = {}
    with Planted(course, tmp_path_factory.mktemp("home") / "home") as planted:
        for name, attack in zip(NAMES, PEOPLE, strict=True):
            forged = attack.forge(grader_01.release, planted)
            students[name] = name if forged.student == "mallory" else forged.student
            forged.hand_in(course, students[name])
    hand_in(course, SLUG, "misnamed", {MISNAMED: submissions.untouched(grader_01.release, SLUG)[notebook_name(SLUG)]})
    printed = _in_a_terminal(course, "grade", SLUG, "--workers", "2") + _in_a_terminal(course, "report", SLUG)
    nbgrader(course, "generate_feedback", SLUG)
    generate_feedback(course, SLUG, [students["student_called_backwards"]])
    return Class(course, printed, students)


def _in_a_terminal(course: Course, *arguments: str) -> str:
    """What `unrolled` writes to a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    command = [sys.executable, "-m", "grader.cli", *arguments, "--course", str(course.root)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=os.environ | {"TERM": "xterm"}):
        os.close(theirs)
        written = b""
        try:
            while more := os.read(ours, 2**16):
                written += more
        except OSError:  # the other end is closed
            os.close(ours)
    return written.decode()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.started() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def formgrader(graded: Class, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Jupyter with formgrader in the graded course, which is as an instructor would start it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home = tmp_path_factory.mktemp("jupyter")
    options = [f"--port={port}", "--ServerApp.port_retries=0", "--no-browser", "--allow-root"]
    options += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={graded.course.root}"]
    options += ["--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}"]
    folders = {f"JUPYTER_{name}_DIR": str(home / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    with (home / "log").open("w") as log:
        command = [sys.executable, "-m", "jupyter_server", *options]
        server = subprocess.Popen(command, cwd=graded.course.root, env=os.environ | folders, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/api/status?token={TOKEN}", server, home / "log")
        yield address
    finally:
        server.terminate()
        server.wait()


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            urlopen(address, timeout=10).close()
            return
        except OSError:
            assert server.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.2)


def _assert_nothing_happened(visit: browser.Visit, home: str) -> None:
    """No program of a student's has run, nothing was fetched for it, and no link would."""
    page = visit.page
    assert visit.said == []
    assert [address for address in visit.asked if not address.startswith(NBCONVERTS_OWN)] == []
    assert len(page.context.pages) == 1 and page.url.startswith(home)
    assert [frame.evaluate("window.attacked") for frame in page.frames] == [None]
    assert "attacked" not in page.title()
    links = page.eval_on_selector_all("a[href], area[href]", "links => links.map(link => link.protocol)")
    assert set(links) <= {"http:", "https:", "file:", "mailto:"}


def _assert_readable(page: Page, score: str) -> None:
    """The score is there to be read, nothing lies upon it, and the page is not wider than the window."""
    assert page.locator(UNLIKE_TEXT).count() == 0
    on_top = """element => {
        element.scrollIntoView({block: "center"});
        const box = element.getBoundingClientRect();
        return element.contains(document.elementFromPoint(box.x + Math.min(box.width, 60) / 2, box.y + box.height / 2));
    }"""
    found = page.locator(score)
    assert found.count() > 0
    assert all(one.evaluate(on_top) for one in found.all())
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert not TURNING.search(page.inner_text("body"))


@pytest.mark.parametrize("name", GRADED)
def test_feedback(graded: Class, chromium: Browser, name: str) -> None:
    """nbgrader's feedback page, as its real command writes it; ours, for a name that is a pattern to nbgrader."""
    address = graded.course.feedback(SLUG, graded.students[name]).as_uri()
    with browser.visiting(chromium, address, address) as visit:
        _assert_nothing_happened(visit, address)
        _assert_readable(visit.page, "h4, .nbgrader_cell .pull-right, .output_html b")
        assert visit.page.title() == "rnn"
        assert visit.page.evaluate(
            "[...document.querySelectorAll('*')].every(e => getComputedStyle(e).position != 'fixed')"
        )


def test_report(graded: Class, chromium: Browser) -> None:
    """The class report, with all names, and with what could not be graded."""
    address = graded.course.report(SLUG).as_uri()
    with browser.visiting(chromium, address, address) as visit:
        _assert_nothing_happened(visit, address)
        _assert_readable(visit.page, "h1, td.number")
        assert visit.page.title() == f"{SLUG}: class report"
        assert "<img src=x" in visit.page.inner_text("body")
        assert visit.asked == []


def test_terminal(graded: Class) -> None:
    """What `unrolled grade` and `report` print steers no terminal, and every student has a line that is theirs."""
    printed = RICH.sub("", graded.printed)
    assert [c for c in printed if not c.isprintable() and c not in "\r\n"] == []
    assert "\nalice: full marks" not in printed
    assert "<img src=x" in printed


def test_grades_in_a_spreadsheet(graded: Class) -> None:
    """`nbgrader export` writes a line for each student, of the same columns, and no formula."""
    nbgrader(graded.course, "export")
    with (graded.course.root / "grades.csv").open(newline="") as file:
        head, *lines = csv.reader(file)
    assert len(lines) == len(graded.students) + 1
    assert {len(line) for line in lines} == {len(head)}
    ids = [line[head.index("student_id")] for line in lines]
    assert "'" + graded.students["student_called_like_a_formula"] in ids
    assert not [cell for line in lines for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    scores = {line[head.index("student_id")]: float(line[head.index("score")]) for line in lines}
    assert scores["elements_printed"] > scores["script_in_an_exception"] > scores["misnamed"] == 0


@pytest.fixture(scope="module")
def submission_ids(graded: Class, formgrader: str) -> dict[str, str]:
    """Of each student the id by which formgrader knows the notebook."""
    with urlopen(f"{formgrader}/formgrader/api/submitted_notebooks/{SLUG}/rnn?token={TOKEN}") as reply:
        return {notebook["student"]: notebook["id"] for notebook in json.load(reply)}


@pytest.mark.parametrize("name", GRADED)
def test_formgraders_page(
    graded: Class, formgrader: str, submission_ids: dict[str, str], chromium: Browser, name: str
) -> None:
    """formgrader's page on a submission, where the instructor reads code and answers and gives marks."""
    address = f"{formgrader}/formgrader/submissions/{submission_ids[graded.students[name]]}/"
    with browser.visiting(chromium, address, formgrader, TOKEN) as visit:
        _assert_nothing_happened(visit, formgrader)
        visit.page.locator(".name-hidden.glyphicon").click()
        _assert_readable(visit.page, ".nbgrader_cell .score, .output_html b")
        _assert_nothing_happened(visit, formgrader)


@pytest.mark.parametrize(
    "path", [f"gradebook/{SLUG}/rnn", f"manage_submissions/{SLUG}", "manage_students", "manage_assignments"]
)
def test_formgraders_lists(formgrader: str, chromium: Browser, path: str) -> None:
    """formgrader's lists, with the names of all students shown."""
    with browser.visiting(chromium, f"{formgrader}/formgrader/{path}", formgrader, TOKEN) as visit:
        visit.page.locator("#main-table a").first.wait_for(state="attached")
        if visit.page.locator("#toggle_names").count():
            visit.page.locator("#toggle_names").click()
        assert ("<img src=x" in visit.page.inner_text("body")) == (path != "manage_assignments")
        _assert_nothing_happened(visit, formgrader)


@pytest.mark.parametrize("more", ["", f"/{SLUG}"])
def test_formgraders_pages_on_a_student(graded: Class, formgrader: str, chromium: Browser, more: str) -> None:
    """They show whatever name stands in the address, which anybody can send to the instructor, as text."""
    names = [*graded.students.values(), f"</title><script>{RUN}</script>"]
    for name in (name for name in names if set(name) & set("<\"'")):
        address = f"{formgrader}/formgrader/manage_students/{quote(name, safe='')}{more}"
        with browser.visiting(chromium, address, formgrader, TOKEN) as visit:
            _assert_nothing_happened(visit, formgrader)


@pytest.mark.parametrize("name", ["evil.html", "evil.svg"])
def test_formgrader_shows_files_only(
    graded: Class, formgrader: str, submission_ids: dict[str, str], chromium: Browser, name: str
) -> None:
    """A page that was handed in runs no program if it comes to be opened, though it comes from the same Jupyter."""
    student = "links_in_a_written_answer"
    given = graded.course.submitted(SLUG, student).with_name(name).read_bytes()
    graded.course.autograded(SLUG, student).with_name(name).write_bytes(given)  # as nbgrader's autograde would
    address = f"{formgrader}/formgrader/submissions/{submission_ids[student]}/{name}"
    with browser.visiting(chromium, address, formgrader, TOKEN) as visit:
        assert b"<script>" in given and RUN in visit.page.content()
        _assert_nothing_happened(visit, formgrader)
