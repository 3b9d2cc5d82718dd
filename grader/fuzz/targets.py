"""What must hold of any bytes: each target hands them to one reader, and raises if the reader breaks a promise."""

import io
import json
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from grader import answers, archives, collect, exercises, journal, notebook, trees
from grader.answers import Answer
from grader.archives import DamagedArchive, UnreadableMember
from grader.archives.member import FREE_BYTES, MAX_RATIO
from grader.compare import Question, judge
from grader.course import Course
from grader.diagnose import diagnose
from grader.feedback import annotate, comment
from grader.grade import Graded, Result
from grader.notebook import Notebook, UnreadableNotebook
from grader.sandbox.inside import wire
from grader.trees import MalformedBytes, RngState

SLUG = "01-rnn"
MAX_MESSAGE = 300

_COURSE = Course(Path(__file__).parent.parent.parent)


@cache
def release() -> Notebook:
    """A released notebook."""
    return notebook.read(_COURSE.release(SLUG))


@cache
def question() -> Question:
    """A question of that notebook, with hidden cases."""
    return next(iter(exercises.load(SLUG))).question(bytes(32))


def read_notebook(data: bytes) -> None:
    """A notebook, or UnreadableNotebook in one short line; whatever is read can be rebuilt, annotated and written."""
    try:
        submitted = notebook.parse(data, "rnn.ipynb")
    except UnreadableNotebook as error:
        _is_one_line(error)
        return
    rebuilt = notebook.rebuild(release(), submitted)
    names = [notebook.grade_id(cell) for cell in rebuilt.notebook["cells"] if notebook.grade_id(cell)]
    assert names == [notebook.grade_id(cell) for cell in release()["cells"] if notebook.grade_id(cell)]
    again = notebook.rebuild(release(), rebuilt.notebook)
    assert _code(again.notebook) == _code(rebuilt.notebook) and not again.notes
    told = "".join(_code(rebuilt.notebook))[:MAX_MESSAGE]  # as an exception may quote it
    graded = Graded(question().name, 2.0, 1.0, "1 of 2", first_failure=told, printed=told)
    errors = {name: text[:MAX_MESSAGE] for name, text in notebook.code_to_run(rebuilt.notebook)}
    result = Result(SLUG, "ada", "", {}, "none", (graded,), errors, notes=rebuilt.notes, printed=told)
    assert set(notebook.unanswered(release(), rebuilt.notebook)) <= set(map(notebook.grade_id, release()["cells"]))
    _write(annotate(rebuilt.notebook, result))


def read_reply(data: bytes) -> None:
    """A tree, or MalformedBytes; what is read can be sent on, is the same then, and can be judged and diagnosed."""
    try:
        tree = trees.decode(data)
    except MalformedBytes as error:
        _is_one_line(error)
        return
    assert trees.same(trees.copy(tree), tree)
    if len(data) < trees.MAX_HEADER_BYTES // 8:  # all of it may be text, and grow as it is escaped
        assert trees.same(trees.decode(trees.encode(tree)), tree)
    try:
        answer = Answer.from_tree(tree)
    except MalformedBytes:
        answer = Answer(tree)
    asked = question()
    with np.errstate(all="ignore"):
        verdict = judge(asked, [answer] * len(asked.cases))
        diagnosis = diagnose(verdict)
    assert 0 <= verdict.score <= asked.points
    failure = verdict.first_failure
    if failure and failure.difference and diagnosis:
        text, hints = failure.difference.text, diagnosis.hints
        assert len(text) <= 10 * MAX_MESSAGE
        comment(Graded(asked.name, asked.points, verdict.score, "some right", first_failure=text, hints=hints))


def read_generator(data: bytes) -> None:
    """A random generator's state makes one that works, or raises: numpy does not crash, whatever it is told."""
    try:
        rng = answers.thaw(RngState(data.decode("utf-8", "surrogateescape")))
    except Exception:  # the dialogue takes any for a refusal
        return
    assert isinstance(rng, np.random.Generator)
    rng.random()
    json.loads(json.dumps(answers.state_of(answers.freeze(rng))))  # type: ignore[arg-type]


def read_packets(data: bytes) -> None:
    """Packets are messages, or Broken; none is longer than what came, and nothing is kept of a finished one."""
    assembler, received, stream = wire.Assembler(), 0, io.BytesIO(data)
    while size := stream.read(1):
        packet = stream.read(size[0])
        received += len(packet)
        try:
            message = assembler.add(packet)
        except wire.Broken:
            continue
        assert assembler.pending_bytes <= received
        if message:
            assert len(message.payload) <= received and message.kind == packet[0] and assembler.pending_bytes == 0
            received = 0
    assembler = wire.Assembler()
    *_, last = [assembler.add(b"".join(packet)) for packet in wire.packets(wire.Kind.ANSWER, data)]
    assert last == (wire.Kind.ANSWER, data)


def read_archive(data: bytes) -> None:
    """Members, and then perhaps DamagedArchive; no more comes out than was promised, and no name leads anywhere."""
    taken = 0
    with TemporaryDirectory() as folder:
        source = Path(folder, "download")
        source.write_bytes(data)
        try:
            for member in archives.members(source):
                _names_a_student(member.name)
                try:
                    taken += len(member.read())
                except UnreadableMember as error:
                    _is_one_line(error)
        except DamagedArchive as error:
            _is_one_line(error)
    assert taken <= FREE_BYTES + MAX_RATIO * len(data)


def read_record(data: bytes) -> None:
    """A record of the journal, or None; what is read can be written again."""
    with TemporaryDirectory() as folder:
        course = Course(Path(folder))
        course.record(SLUG, "ada").parent.mkdir(parents=True)
        course.record(SLUG, "ada").write_bytes(data)
        found = journal.find(course, SLUG, "ada")
    assert found is None or json.dumps(asdict(found))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "notebook": read_notebook,
    "reply": read_reply,
    "generator": read_generator,
    "packets": read_packets,
    "zip": read_archive,
    "tar": read_archive,
    "record": read_record,
}


def _names_a_student(name: str) -> None:
    try:
        student = collect.student_of(name, SLUG)
    except collect.Refused as error:
        _is_one_line(error)
        return
    if student is not None:
        assert Path("submitted", student).parent == Path("submitted") and student.isprintable() and "\\" not in student


def _code(nb: Notebook) -> list[str]:
    return [text for _, text in notebook.code_to_run(nb) if text.strip()]


def _write(nb: Notebook) -> None:
    """As the graded notebook is written."""
    text = json.dumps(nb, indent=1, ensure_ascii=False)
    assert json.loads(text.encode("utf-8", "replace"))


def _is_one_line(error: Exception) -> None:
    text = str(error)
    assert 0 < len(text) <= MAX_MESSAGE + 50 and "\n" not in text, text
