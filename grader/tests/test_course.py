"""A course's files: where they are, who has submitted, the secret key, and writing without leaving halves."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from grader.course import Course, CourseError, notebook_name, write_atomically
from grader.tests.disk import no_file_over

SLUG = "06-lstm"


@pytest.mark.parametrize(
    ("slug", "name"),
    [("01-rnn", "rnn.ipynb"), ("rnn", "rnn.ipynb"), ("12-seq2seq", "seq2seq.ipynb"), ("03-a-b", "a-b.ipynb")],
)
def test_notebook_name(slug: str, name: str) -> None:
    """A notebook is called after its assignment, without the number."""
    assert notebook_name(slug) == name


def test_paths(tmp_path: Path) -> None:
    """Every file is where nbgrader, or this README, says it is."""
    course = Course(tmp_path)
    paths = {
        course.text(SLUG): "solutions/06-lstm.py",
        course.source(SLUG): "solutions/06-lstm/lstm.ipynb",
        course.release(SLUG): "assignments/06-lstm/lstm.ipynb",
        course.checks(SLUG): "assignments/06-lstm/checks.safetensors",
        course.submitted(SLUG, "ada"): "submitted/ada/06-lstm/lstm.ipynb",
        course.autograded(SLUG, "ada"): "autograded/ada/06-lstm/lstm.ipynb",
        course.feedback(SLUG, "ada"): "feedback/ada/06-lstm/lstm.html",
        course.record(SLUG, "ada"): ".unrolled/journal/06-lstm/ada/result.json",
        course.report(SLUG): ".unrolled/report-06-lstm.html",
    }
    assert [str(path.relative_to(tmp_path)) for path in paths] == list(paths.values())


def test_students(tmp_path: Path) -> None:
    """Who has a folder for the assignment has submitted: by name, whatever the name, nobody else."""
    course = Course(tmp_path)
    assert course.students(SLUG) == []
    names = ["zoë", "ada", "O'Neil, Pat", "=HYPERLINK(1)", "..hidden"]
    for name in names:
        course.submitted(SLUG, name).parent.mkdir(parents=True)
    course.submitted("01-rnn", "elsewhere").parent.mkdir(parents=True)
    (tmp_path / "submitted" / "file").mkdir()
    (tmp_path / "submitted" / "file" / SLUG).write_text("not a folder")
    assert course.students(SLUG) == sorted(names)


def test_key_is_made_once(tmp_path: Path) -> None:
    """The key is made at first use, 32 random bytes that its owner alone can read, and stays the same."""
    course = Course(tmp_path)
    key = course.key()
    assert len(key) == 32 and len(set(key)) > 8
    assert Course(tmp_path).key() == key == (tmp_path / ".unrolled" / "key").read_bytes()
    assert (tmp_path / ".unrolled" / "key").stat().st_mode & 0o777 == 0o600


def test_every_course_has_its_own_key(tmp_path: Path) -> None:
    """Two courses draw different hidden cases."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert Course(tmp_path / "a").key() != Course(tmp_path / "b").key()


@pytest.mark.parametrize("size", [0, 31])
def test_damaged_key(tmp_path: Path, size: int) -> None:
    """A key that is too short is not used: with it, hidden cases could be guessed."""
    path = tmp_path / ".unrolled" / "key"
    path.parent.mkdir()
    path.write_bytes(b"k" * size)
    with pytest.raises(CourseError) as caught:
        Course(tmp_path).key()
    assert str(caught.value) == f"{path} is damaged (only {size} bytes): restore it, or delete it and grade anew"
    assert path.read_bytes() == b"k" * size
    path.write_bytes(b"k" * 32)
    assert Course(tmp_path).key() == b"k" * 32


def test_write_atomically(tmp_path: Path) -> None:
    """What is written is there, in folders that were not, and replaces what was; no draft is left."""
    path = tmp_path / "a" / "b" / "file.html"
    write_atomically(path, b"first")
    assert path.read_bytes() == b"first"
    write_atomically(path, b"")
    assert path.read_bytes() == b""
    assert os.listdir(path.parent) == ["file.html"]


@pytest.mark.parametrize("size", [0, 5_000])
def test_a_failed_write_leaves_what_was_there(tmp_path: Path, size: int) -> None:
    """On a full disk the old content is whole, no draft is left, and the error names the file and the way out."""
    path = tmp_path / "file"
    write_atomically(path, b"old")
    says = r"file cannot be written: File too large. .*is there room.*goes on from here"
    with no_file_over(size), pytest.raises(CourseError, match=says):
        write_atomically(path, b"new" * 5_000)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """An error of the folder's names the file, too."""
    (tmp_path / "a").write_bytes(b"a file, where a folder should be")
    with pytest.raises(CourseError, match=r"a/file cannot be written: .*goes on from here"):
        write_atomically(tmp_path / "a" / "file", b"new")


def test_a_killed_process_leaves_no_draft_for_ever(tmp_path: Path) -> None:
    """The draft of a process that was killed is neither read nor in the way: the next writing takes it over."""
    path = tmp_path / "file"
    draft = f"file = drafted(Path({str(path)!r})); file.__enter__().write_bytes(b'half')"
    with _running(f"{_IMPORT}; {draft}; {_DIE}") as killed:
        pass
    assert killed.returncode == -signal.SIGKILL
    assert os.listdir(tmp_path) == [".file.draft"]
    write_atomically(path, b"new")
    assert os.listdir(tmp_path) == ["file"]
    assert path.read_bytes() == b"new"


def test_two_write_the_same_file(tmp_path: Path) -> None:
    """Processes that write one file at the same time take turns: it is always one of their contents, whole."""
    path = tmp_path / "file"
    write = f"{_IMPORT}; [write_atomically(Path({str(path)!r}), b'%s' * 100_000) for _ in range(100)]"
    seen = set()
    with _running(write % "a") as first, _running(write % "b") as second:
        while first.poll() is None or second.poll() is None:
            if path.exists():
                seen.add(path.read_bytes())
    assert (first.returncode, second.returncode) == (0, 0)
    assert seen <= {b"a" * 100_000, b"b" * 100_000}
    assert os.listdir(tmp_path) == ["file"]


def test_the_first_of_two_makes_the_key(tmp_path: Path) -> None:
    """Graders that start at once on a new course have the same key, whole, in every one of twenty courses."""
    folders = [str(tmp_path / str(number)) for number in range(20)]
    ask = f"{_IMPORT}; import sys; sys.stdout.write(''.join(Course(Path(f)).key().hex() for f in {folders}))"
    with _running(ask) as first, _running(ask) as second:
        answers = first.communicate()[0], second.communicate()[0]
    assert answers[0] == answers[1]
    assert len(answers[0]) == 20 * 64
    assert {len(os.listdir(Path(folder) / ".unrolled")) for folder in folders} == {1}


_IMPORT = "from pathlib import Path; from grader.course import Course, drafted, write_atomically"
_DIE = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


def _running(program: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)


def test_readers_never_see_half_a_file(tmp_path: Path) -> None:
    """A file that is read while it is written again and again is always one of the whole ones."""
    path = tmp_path / "file"
    contents = {bytes([n]) * 300_000 for n in range(3)}
    write_atomically(path, b"\0" * 300_000)
    seen = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(20):
        for content in sorted(contents):
            write_atomically(path, content)
    done.set()
    reader.join()
    assert seen <= contents
