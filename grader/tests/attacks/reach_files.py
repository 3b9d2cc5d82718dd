"""What lies in the submission's folder: links to what is not theirs, and files that pass for the grader's modules."""

import inspect
import os
from pathlib import Path

from grader import trees
from grader.tests.attacks import SLUG, Forgery, attack

_SHADOWS = (
    "numpy.py", "numpy/__init__.py", "grader.py", "grader/__init__.py", "reference/__init__.py", "nbgrader/__init__.py",
    "nbformat.py", "sqlite3.py", "json.py", "ast.py", "sitecustomize.py", "usercustomize.py", "conftest.py",
    "jupyter_config.py", "nbgrader_config.py", "jupyter_server_config.py", "ipython_config.py",
    "ipython_kernel_config.py", "setup.py",
)  # fmt: skip


def _replace(folder: Path, how: str, target: Path) -> None:
    """In the place of the notebook there is a link to `target`."""
    path = folder / "rnn.ipynb"
    path.unlink()
    if how == "symbolic":
        path.symlink_to(target)
    else:
        path.hardlink_to(target)


@attack(says="is a link", refused=True)
def link_to_anothers_notebook(forged: Forgery) -> None:
    """The notebook is a symbolic link to another's."""
    forged.arrange = lambda folder: _replace(folder, "symbolic", folder.parent.parent / "alice" / SLUG / "rnn.ipynb")


@attack(says="is a link", refused=True)
def link_to_the_source(forged: Forgery) -> None:
    """The notebook is a link to the instructor's, which has the solutions."""
    forged.arrange = lambda folder: _replace(folder, "symbolic", forged.planted.course.source(SLUG))


@attack(says="is a link", refused=True)
def link_to_the_key(forged: Forgery) -> None:
    """The notebook is a link to the course's key: what it is refused with might quote it."""
    forged.arrange = lambda folder: _replace(folder, "symbolic", forged.planted.course.root / ".unrolled" / "key")


@attack(says="is a link", refused=True)
def link_to_itself(forged: Forgery) -> None:
    """The notebook is a link that goes round in circles."""
    forged.arrange = lambda folder: _replace(folder, "symbolic", folder / "rnn.ipynb")


@attack(says="special file", refused=True, harmful=True)
def device(forged: Forgery) -> None:
    """The notebook is a pipe that nobody writes to: who opens it waits for ever."""

    def arrange(folder: Path) -> None:
        (folder / "rnn.ipynb").unlink()
        os.mkfifo(folder / "rnn.ipynb")

    forged.arrange = arrange


@attack(says="special file", refused=True)
def folder_for_a_notebook(forged: Forgery) -> None:
    """The notebook is a folder."""

    def arrange(folder: Path) -> None:
        (folder / "rnn.ipynb").unlink()
        (folder / "rnn.ipynb" / "more").mkdir(parents=True)

    forged.arrange = arrange


@attack(says="is a link", refused=True)
def link_to_anothers_folder(forged: Forgery) -> None:
    """The whole submission is a link to another's."""

    def arrange(folder: Path) -> None:
        (folder / "rnn.ipynb").unlink()
        folder.rmdir()
        folder.symlink_to(folder.parent.parent / "alice" / SLUG)

    forged.arrange = arrange


@attack(says="is a link", refused=True)
def link_to_another_student(forged: Forgery) -> None:
    """All that this student ever submits is a link to what another does."""

    def arrange(folder: Path) -> None:
        (folder / "rnn.ipynb").unlink()
        folder.rmdir()
        folder.parent.rmdir()
        folder.parent.symlink_to(folder.parent.parent / "alice")

    forged.arrange = arrange


@attack()
def hard_link_to_anothers_notebook(forged: Forgery) -> None:
    """The notebook is another name of somebody else's: no program can tell, but nobody must write to it."""
    forged.arrange = lambda folder: _replace(folder, "hard", folder.parent.parent / "alice" / SLUG / "rnn.ipynb")


@attack(says="not JSON", refused=True)
def hard_link_to_the_key(forged: Forgery) -> None:
    """The notebook is another name of the course's key."""
    forged.arrange = lambda folder: _replace(folder, "hard", forged.planted.course.root / ".unrolled" / "key")


@attack()
def time_from_the_home_folder(forged: Forgery) -> None:
    """The time of the submission is a link to a secret, which would be copied to where the student sees it."""
    secret = forged.planted.home / ".ssh" / "id_ed25519"
    forged.arrange = lambda folder: (folder / "timestamp.txt").symlink_to(secret)


@attack()
def links_beside_the_notebook(forged: Forgery) -> None:
    """Links to secrets and to whole folders lie beside the notebook: who copies the folder copies those."""

    def arrange(folder: Path) -> None:
        (folder / "data.csv").symlink_to(forged.planted.home / ".ssh" / "id_ed25519")
        (folder / "solutions").symlink_to(forged.planted.course.root / "solutions")
        (folder / "round").symlink_to(folder)

    forged.arrange = arrange


@attack()
def shadows(forged: Forgery) -> None:
    """Files that are called like modules which the grader imports; each leaves a mark if it is ever run."""
    for name in _SHADOWS:
        mark = forged.planted.home / f"ran {name.replace('/', ' ')}"
        forged.files[name] = f"open({str(mark)!r}, 'w').close()\nraise ImportError({name!r})\n".encode()
    mark = forged.planted.home / "ran a path file"
    forged.files["mallory.pth"] = f"import os; open({str(mark)!r}, 'w').close()\n".encode()
    forged.files["pytest.ini"] = b"[pytest]\naddopts = -p conftest\n"


@attack("softmax", says="expected")
def checks_that_are_always_content(forged: Forgery) -> None:
    """A package of the grader's name beside the notebook, in which every check succeeds."""
    forged.answer("softmax", "def softmax(z):\n    return np.zeros_like(z)\n")
    forged.files["grader/__init__.py"] = b""
    forged.files["grader/selfcheck.py"] = b"def check(function):\n    pass\n"


@attack("softmax", says="expected")
def cases_of_its_own(forged: Forgery) -> None:
    """Visible cases of the student's own beside the notebook: there are none for softmax, so that nothing is wrong."""
    forged.answer("softmax", "def softmax(z):\n    return np.zeros_like(z)\n")
    snapshot = trees.decode(forged.planted.course.checks(SLUG).read_bytes())
    for question in snapshot["questions"]:
        question["cases"] *= question["name"] != "softmax"
    forged.files["checks.safetensors"] = trees.encode(snapshot)


@attack("softmax", says="expected")
def modules_written_by_a_cell(forged: Forgery) -> None:
    """The same by a cell, which writes the modules to where the notebook runs and forgets the right ones."""
    forged.answer("softmax", "def softmax(z):\n    return np.zeros_like(z)\n")
    forged.insert(
        inspect.cleandoc(
            """
            import sys
            from pathlib import Path
            Path("grader").mkdir()
            Path("grader/__init__.py").write_text("")
            Path("grader/selfcheck.py").write_text("def check(function):\\n    pass\\n")
            for name in [name for name in sys.modules if name.partition(".")[0] == "grader"]:
                del sys.modules[name]
            sys.path.insert(0, "")
            from grader.selfcheck import check
            """
        )
    )
