"""Collecting: every honest submission arrives, every trick is refused by name, and nothing is written elsewhere."""

import io
import os
import stat
import subprocess
import sys
import tarfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nbgrader.utils import parse_utc

from grader import archives, collect
from grader.archives import member as limits
from grader.collect import Collected
from grader.course import Course, CourseError
from grader.notebook import MAX_BYTES
from grader.tests.archives import pax, tar_info, tar_of, tarred, zip_info, zipped

SLUG = "01-rnn"
ADA, BOB = b'{"ada": 1}', b'{"bob": 2}'


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course with two assignments that nobody has handed in."""
    course = Course(tmp_path / "course")
    for slug in (SLUG, "02-bptt"):
        course.release(slug).parent.mkdir(parents=True)
        course.release(slug).write_text("{}")
    return course


def gather(course: Course, packed: bytes) -> list[Collected]:
    """Collect from an archive that lies beside the course."""
    source = course.root.parent / "download"
    source.write_bytes(packed)
    return list(collect.collect(course, SLUG, source))


def problems(collected: list[Collected]) -> dict[str, str]:
    return {one.member: one.problem for one in collected if one.problem}


def handed_in(course: Course) -> dict[str, bytes]:
    """What is in submitted/ now, and proof that nothing is anywhere else."""
    elsewhere = {p.name for p in course.root.parent.iterdir()} - {"course", "download"}
    assert not elsewhere and {p.name for p in course.root.iterdir()} <= {"assignments", "submitted"}
    files = [path for path in course.root.glob("submitted/**/*") if not path.is_dir()]
    assert {path.name for path in files} <= {"rnn.ipynb", "timestamp.txt"}
    return {student: course.submitted(SLUG, student).read_bytes() for student in course.students(SLUG)}


LAYOUTS: dict[str, tuple[dict[str, bytes], set[str]]] = {
    "Canvas": (
        {
            "lovelaceada_123_45678_rnn.ipynb": ADA,
            "byronbob_LATE_124_45679_rnn-1.ipynb": BOB,
            "carol_125_45680_notes.pdf": b"%PDF",
        },
        {"lovelaceada", "byronbob"},
    ),
    "Moodle": (
        {
            "Ada Lovelace_123456_assignsubmission_file_/rnn.ipynb": ADA,
            "Bob O'Byron_123457_assignsubmission_file_/work/rnn (1).ipynb": BOB,
            "Carol_123458_assignsubmission_onlinetext_/onlinetext.html": b"<p>",
        },
        {"Ada Lovelace", "Bob O'Byron"},
    ),
    "plain": (
        {
            "ada/rnn.ipynb": ADA,
            "ada/.ipynb_checkpoints/rnn.ipynb": BOB,
            "__MACOSX/ada/._rnn.ipynb": b"\0",
            "ada/checks.safetensors": b"",
            "ada/02-bptt/bptt.ipynb": BOB,
            "名前 é_x/deep/down/rnn.ipynb": BOB,
        },
        {"ada", "名前 é_x"},
    ),
    "packed from inside": ({"./ada/rnn.ipynb": ADA, "./bob/rnn.ipynb": BOB}, {"ada", "bob"}),
}
PACKERS: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "zip": zipped,
    "stored zip": lambda files: zipped(files, zipfile.ZIP_STORED),
    "tar.gz": tarred,
    "tar": lambda files: tarred(files, "w"),
    "GNU tar": lambda files: tarred(files, "w", tarfile.GNU_FORMAT),
    "old tar": lambda files: tarred(files, "w:gz", tarfile.USTAR_FORMAT),
}


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_known_layouts(course: Course, layout: str, packer: str) -> None:
    """Whatever the LMS and the packer: one notebook for each student, under the student's name."""
    files, students = LAYOUTS[layout]
    collected = gather(course, PACKERS[packer](files))
    assert [(one.done, one.problem) for one in collected] == [("collected", "")] * 2
    assert {one.student for one in collected} == set(handed_in(course)) == students
    assert sorted(handed_in(course).values()) == [ADA, BOB]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_folders(course: Course, layout: str) -> None:
    """An archive that somebody has unpacked is collected in the same way, but for the time, which may be the copy's."""
    files, students = LAYOUTS[layout]
    folder = course.root.parent / "download"
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    assert not problems(list(collect.collect(course, SLUG, folder)))
    assert set(handed_in(course)) == students
    assert not list(course.root.glob("submitted/*/*/timestamp.txt"))


def test_links_in_folders(course: Course) -> None:
    """Links and special files in a folder are refused, and what they lead to is not read."""
    folder = course.root.parent / "download"
    for student in ("ada", "bob", "carol"):
        (folder / student).mkdir(parents=True)
    (course.root / "assignments" / "secret.ipynb").write_bytes(BOB)
    (folder / "ada" / "rnn.ipynb").symlink_to(course.root / "assignments" / "secret.ipynb")
    (folder / "bob" / "linked").symlink_to(course.root / "assignments", target_is_directory=True)
    os.mkfifo(folder / "carol" / "rnn.ipynb")
    refused = problems(list(collect.collect(course, SLUG, folder)))
    assert refused == {
        "ada/rnn.ipynb": "is a symbolic link, not a file",
        "bob/linked": "is a symbolic link, not a file",
        "carol/rnn.ipynb": "is a special file, not a file",
    }
    assert handed_in(course) == {}


@pytest.mark.parametrize("name", ["é", "e\u0301"])
def test_one_name_for_one_student(course: Course, name: str) -> None:
    """A name is the same student whether a Mac has packed it or anything else."""
    gather(course, zipped({f"{name}/rnn.ipynb": ADA}))
    assert set(handed_in(course)) == {"é"}


PATHS = {
    "../rnn.ipynb": "does not only lead downwards",
    "../ada/rnn.ipynb": "does not only lead downwards",
    "ada/../../../rnn.ipynb": "does not only lead downwards",
    "../../etc/passwd": "does not only lead downwards",
    "../folder/": "does not only lead downwards",
    "./../ada/rnn.ipynb": "does not only lead downwards",
    "ada//rnn.ipynb": "does not only lead downwards",
    "../_1_assignsubmission_file_/rnn.ipynb": "does not only lead downwards",
    "/tmp/ada/rnn.ipynb": "an absolute path",
    "//ada/rnn.ipynb": "an absolute path",
    "C:/ada/rnn.ipynb": "an absolute path",
    "C:ada/rnn.ipynb": "an absolute path",
    "..\\ada\\rnn.ipynb": "a backslash",
    "\\\\server\\ada\\rnn.ipynb": "a backslash",
    "ada\\../rnn.ipynb": "a backslash",
    "ada\n/rnn.ipynb": "cannot be printed",
    "ada\x1b[31m/rnn.ipynb": "cannot be printed",
    "ada\u202e/rnn.ipynb": "cannot be printed",
    "._1_assignsubmission_file_/rnn.ipynb": "a student called '.'",
    ".._1_assignsubmission_file_/rnn.ipynb": "a student called '..'",
    "_1_assignsubmission_file_/rnn.ipynb": "a student called ''",
    "_1_2_rnn.ipynb": "a student called ''",
    ".ada/rnn.ipynb": "a student called '.ada'",
    " ada/rnn.ipynb": "a student called ' ada'",
    f"{'a' * 129}/rnn.ipynb": "more than 128 characters",
    f"{'名' * 100}/rnn.ipynb": "more than 128 characters",
    f"ada/{'a/' * 500}rnn.ipynb": "more than 1000 characters",
    "rnn.ipynb": "does not say whose it is",
    "ada/my-rnn.ipynb": "is a notebook, but not rnn.ipynb",
    "ada_1_2_other.ipynb": "is a notebook, but not rnn.ipynb",
}


@pytest.mark.parametrize("packer", PACKERS)
def test_names_that_are_refused(course: Course, packer: str) -> None:
    """A path that leads anywhere, or names nobody, is refused with its reason; the neighbours are collected."""
    ustar = {name: ADA for name in PATHS if len(name.encode()) < 100 or "old" not in packer}
    collected = gather(course, PACKERS[packer]({"bob/rnn.ipynb": BOB} | ustar | {"carol/rnn.ipynb": ADA}))
    refused = problems(collected)
    assert handed_in(course) == {"bob": BOB, "carol": ADA}
    assert {name for name in refused if not name.startswith(".//")} == set(ustar)
    for name in ustar:
        assert PATHS[name] in refused[name], name


def test_nul_in_a_name(course: Course) -> None:
    """A name that ends twice is refused, although zipfile would stop at its first end."""
    packed = zipped({"ada/rnn.ipynb#.txt": ADA, "bob/rnn.ipynb": BOB}).replace(b"ipynb#.txt", b"ipynb\0.txt")
    assert problems(gather(course, packed)) == {
        "ada/rnn.ipynb\0.txt": "has characters in its name that cannot be printed"
    }
    assert set(handed_in(course)) == {"bob"}


def test_two_of_one_student(course: Course) -> None:
    """Two notebooks of one student, or of two with one name, are both refused: neither is graded by mistake."""
    names = ["ada_1_2_rnn.ipynb", "ada_3_4_rnn.ipynb", "bob_5_6_rnn.ipynb"]
    refused = problems(gather(course, zipped(dict.fromkeys(names, ADA))))
    assert refused == dict.fromkeys(names[:2], "is one of 2 notebooks of the student ada: keep the one that counts")
    assert set(handed_in(course)) == {"bob"}


def test_the_same_member_twice(course: Course) -> None:
    """A member that is there twice is refused, in a zip and in a tar."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("ada/rnn.ipynb", ADA)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("ada/rnn.ipynb", BOB)
    twice = tar_info("ada/rnn.ipynb"), tar_info("ada/rnn.ipynb")
    for both in (packed.getvalue(), tar_of(*twice)):
        collected = gather(course, both)
        assert len(collected) == 2 and all("one of 2 notebooks" in one.problem for one in collected)
        assert handed_in(course) == {}


def _zip_with_mode(mode: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        info = zip_info("ada/rnn.ipynb")
        info.create_system, info.external_attr = 3, mode << 16
        archive.writestr(info, "/etc/passwd")
    return packed.getvalue()


def _tar_with_type(kind: bytes) -> bytes:
    info = tar_info("ada/rnn.ipynb", kind)
    info.linkname = "/etc/passwd"
    return tar_of(info)


SPECIAL = {
    "link in a zip": (_zip_with_mode(stat.S_IFLNK | 0o777), "a symbolic link"),
    "pipe in a zip": (_zip_with_mode(stat.S_IFIFO | 0o644), "a special file"),
    "device in a zip": (_zip_with_mode(stat.S_IFBLK | 0o644), "a special file"),
    "link in a tar": (_tar_with_type(tarfile.SYMTYPE), "a symbolic link"),
    "hard link in a tar": (_tar_with_type(tarfile.LNKTYPE), "a hard link"),
    "pipe in a tar": (_tar_with_type(tarfile.FIFOTYPE), "a special file"),
    "device in a tar": (_tar_with_type(tarfile.CHRTYPE), "a special file"),
    "sparse file in a tar": (_tar_with_type(tarfile.GNUTYPE_SPARSE), "a special file"),
    "sparse file of pax": (
        pax(b"22 GNU.sparse.major=1\n") + tar_of(tar_info("ada/rnn.ipynb")),
        "a file with holes",
    ),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_links_and_devices(course: Course, name: str) -> None:
    """What is no ordinary file is refused, whatever it is called, and nothing is made of it."""
    packed, kind = SPECIAL[name]
    assert problems(gather(course, packed)) == {"ada/rnn.ipynb": f"is {kind}, not a file"}
    assert handed_in(course) == {}


def _patched(packed: bytes, old: bytes, new: bytes) -> bytes:
    assert packed.count(old) >= 1
    return packed.replace(old, new)


def _encrypted() -> bytes:
    """A zip whose one member says that it is encrypted, in its header and in the directory."""
    packed = bytearray(zipped({"ada/rnn.ipynb": ADA}))
    for start, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        packed[packed.index(start) + flags] |= 1
    return bytes(packed)


UNREADABLE = {
    "encrypted": (_encrypted(), "is encrypted"),
    "broken checksum": (
        _patched(zipped({"ada/rnn.ipynb": ADA}, zipfile.ZIP_STORED), ADA, ADA[:-1] + b"]"),
        "is damaged: Bad CRC-32",
    ),
    "two names": (
        zipped({"ada/rnn.ipynb": ADA}).replace(b"ada/", b"eve/", 1),
        "is damaged: File name in directory",
    ),
    "LZMA": (zipped({"ada/rnn.ipynb": ADA}, zipfile.ZIP_LZMA), "is compressed in an unusual way"),
    "too large, in a zip": (zipped({"ada/rnn.ipynb": bytes(MAX_BYTES + 1)}), "has more than 20 MB"),
    "too large, in a tar": (tarred({"ada/rnn.ipynb": bytes(MAX_BYTES + 1)}), "has more than 20 MB"),
    "size that lies": (
        _patched(
            zipped({"ada/rnn.ipynb": bytes(MAX_BYTES + 1)}),
            (MAX_BYTES + 1).to_bytes(4, "little"),
            (10).to_bytes(4, "little"),
        ),
        "is damaged: Bad CRC-32",
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_members(course: Course, name: str) -> None:
    """A member that cannot be read is refused with its reason."""
    packed, says = UNREADABLE[name]
    refused = problems(gather(course, packed))
    assert list(refused) == ["ada/rnn.ipynb"] and says in refused["ada/rnn.ipynb"]
    assert handed_in(course) == {}


def test_as_large_as_may_be(course: Course) -> None:
    """A notebook of exactly the size that is graded is collected, from a zip and from a tar."""
    for student, pack in (("ada", zipped), ("bob", tarred)):
        assert not problems(gather(course, pack({f"{student}/rnn.ipynb": bytes(MAX_BYTES)})))
        assert len(handed_in(course)[student]) == MAX_BYTES


def test_damage_costs_only_what_follows(course: Course) -> None:
    """What stood before the damage is collected, and the archive itself is named with what is wrong."""
    files = {"ada/rnn.ipynb": ADA, "bob/rnn.ipynb": os.urandom(10_000)}
    for packed in (tarred(files, "w")[:4_000], tarred(files)[:2_000]):
        refused = problems(gather(course, packed))
        assert set(handed_in(course)) == {"ada"}
        assert list(refused) in (["download"], ["bob/rnn.ipynb", "download"])
        assert refused["download"].startswith("the rest of it is not read: it ")
        course.submitted(SLUG, "ada").unlink()


NO_ARCHIVES = {
    "empty": (b"", "it ends too early"),
    "notebook": (ADA * 100, "neither a zip nor a tar"),
    "noise": (bytes(range(1, 256)) * 8, "neither a zip nor a tar"),
    "RAR": (b"Rar!\x1a\x07\x01\x00" + bytes(600), "neither a zip nor a tar"),
    "zip without its end": (zipped({"ada/rnn.ipynb": ADA})[:-30], "a damaged zip"),
    "start of a zip": (b"PK", "a damaged zip"),
    "gzip of nothing": (b"\x1f\x8b", "it is damaged"),
    "gzip of noise": (b"\x1f\x8b\x08" + bytes(7) + b"\xff" * 99, "it is damaged"),
    "negative size": (tar_of(tar_info("ada/rnn.ipynb", size=-512)), "a member of -512 bytes"),
    "negative header": (tar_of(tar_info("x", tarfile.XHDTYPE, -512)), "a header of -512 bytes"),
    "huge header": (tar_of(tar_info("x", tarfile.GNUTYPE_LONGNAME, 2**40)), "a header of 1099511627776 bytes"),
    "huge member": (tar_of(tar_info("ada/rnn.ipynb", size=2**60)), "it ends too early"),
    "pax that is none": (pax(b"99 path=ada/rnn.ipynb\n"), "a pax header that is none"),
    "pax without a step": (pax(b"0 path=ada/rnn.ipynb\n"), "a pax header that is none"),
    "pax of digits": (pax(b"1" * 60_000), "a pax header that is none"),
    "pax that shrinks": (pax(b"1 =\n"), "a pax header that is none"),
}


@pytest.mark.parametrize("name", NO_ARCHIVES)
def test_no_archive(course: Course, name: str) -> None:
    """What is no archive is said in one line; so are headers that would send a reader backwards, or on for ever."""
    packed, says = NO_ARCHIVES[name]
    *_, (member, problem) = problems(gather(course, packed)).items()
    assert member == "download" and says in problem and "\n" not in problem
    assert handed_in(course) == {}


def _peak(action: Callable[[], object]) -> int:
    """The most memory that Python held during `action`."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _bomb(packer: str) -> bytes:
    """Some hundred kilobytes that would become some hundred megabytes."""
    zeros = bytes(MAX_BYTES)
    return PACKERS[packer]({f"student-{number}/rnn.ipynb": zeros for number in range(16)})


@pytest.mark.parametrize("packer", ["zip", "tar.gz"])
def test_bombs(course: Course, packer: str) -> None:
    """Of what grows beyond measure only the beginning is unpacked, one member at a time in memory."""
    bomb = _bomb(packer)
    assert len(bomb) * 500 < 16 * MAX_BYTES
    peak = _peak(lambda: gather(course, bomb))
    *_, last = gather(course, bomb)
    assert "more than 200 times its own size comes out of it" in last.problem
    assert 0 < len(handed_in(course)) * MAX_BYTES <= limits.FREE_BYTES + limits.MAX_RATIO * len(bomb) < 7 * MAX_BYTES
    assert peak < 3 * MAX_BYTES


def test_overlapping_members(course: Course) -> None:
    """Many entries that share one compressed member are counted as often as they are read."""
    one = zipped({"a0/rnn.ipynb": bytes(MAX_BYTES)})
    start, end = one.index(b"PK\1\2"), one.index(b"PK\5\6")
    entry = one[start:end]
    entries = b"".join(_patched(entry, b"a0/", f"a{number}/".encode()) for number in range(8))
    tail = bytearray(one[end:])
    tail[8:10] = tail[10:12] = (8).to_bytes(2, "little")
    tail[12:16] = len(entries).to_bytes(4, "little")
    refused = problems(gather(course, one[:start] + entries + bytes(tail)))
    assert list(handed_in(course)) == ["a0"] and "a1/rnn.ipynb" in refused


@pytest.mark.parametrize("packer", ["zip", "tar.gz"])
def test_nested_archives(course: Course, packer: str) -> None:
    """An archive within an archive is a file that is no notebook, and stays packed."""
    inner = PACKERS[packer]({"eve/rnn.ipynb": ADA})
    collected = gather(course, PACKERS[packer]({"ada/rnn.zip": inner, "ada/rnn.tar.gz": inner, "bob/rnn.ipynb": BOB}))
    assert [one.student for one in collected] == ["bob"]


def test_too_many_members(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many members the rest is not read, and that is said."""
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    files = {f"s{number}/rnn.ipynb": ADA for number in range(5)}
    for pack in (zipped, tarred):
        assert problems(gather(course, pack(files))) == {
            "download": "the rest of it is not read: it has more than 3 members"
        }
    assert len(handed_in(course)) == 3


def test_resubmission(course: Course) -> None:
    """The same again changes nothing; another notebook replaces it, and its time with it."""
    assert gather(course, zipped({"ada/rnn.ipynb": ADA}))[0].done == "collected"
    path = course.submitted(SLUG, "ada")
    before = path.stat()
    assert gather(course, tarred({"ada/rnn.ipynb": ADA}))[0].done == "unchanged"
    assert path.stat().st_ino == before.st_ino
    assert gather(course, tarred({"ada/rnn.ipynb": BOB}))[0].done == "replaced"
    assert path.read_bytes() == BOB
    assert path.with_name("timestamp.txt").read_text().startswith("2024-03-05 12:30:01")
    untimed = zipfile.ZipInfo("ada/rnn.ipynb")  # of 1980
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(untimed, ADA)
    assert gather(course, packed.getvalue())[0].done == "replaced"
    assert not path.with_name("timestamp.txt").exists()


def test_a_link_in_the_way(course: Course) -> None:
    """A link where the notebook belongs is replaced, and what it led to stays as it was."""
    target, path = course.root / "assignments" / "precious", course.submitted(SLUG, "ada")
    target.write_bytes(ADA)
    path.parent.mkdir(parents=True)
    path.symlink_to(target)
    assert gather(course, zipped({"ada/rnn.ipynb": BOB}))[0].done == "replaced"
    assert (target.read_bytes(), path.read_bytes(), path.is_symlink()) == (ADA, BOB, False)


def test_a_folder_in_the_way(course: Course) -> None:
    """What cannot be written is one refusal; the others are collected."""
    (course.submitted(SLUG, "ada") / "x").mkdir(parents=True)
    refused = problems(gather(course, zipped({"ada/rnn.ipynb": ADA, "bob/rnn.ipynb": BOB})))
    assert "is not collected: " in refused["ada/rnn.ipynb"] and course.submitted(SLUG, "bob").read_bytes() == BOB


EXTENDED_TIME = b"UT\x05\x00\x01" + (1709641801).to_bytes(4, "little")


@pytest.fixture
def in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Five hours after UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("extra", "noted"),
    [
        (b"", "2024-03-05 17:30:02.000000 UTC"),
        (EXTENDED_TIME, "2024-03-05 12:30:01.000000 UTC"),
        (b"xx\x01\x00x" + EXTENDED_TIME, "2024-03-05 12:30:01.000000 UTC"),
        (b"UT\x01\x00\x01", "2024-03-05 17:30:02.000000 UTC"),
        (b"UT\x05\x00\x02" + bytes(4), "2024-03-05 17:30:02.000000 UTC"),
    ],
)
def test_times_of_zips(course: Course, in_new_york: None, extra: bytes, noted: str) -> None:
    """A zip's time is that of the packer's clock, or UTC where it says so; it is written as the exchange writes it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        info = zip_info("ada/rnn.ipynb")
        info.extra = extra
        archive.writestr(info, ADA)
    gather(course, packed.getvalue())
    written = course.submitted(SLUG, "ada").with_name("timestamp.txt").read_text()
    assert written == noted
    assert parse_utc(written).isoformat(" ") == noted[:19]


@pytest.mark.parametrize("moment", [b"nan", b"inf", b"1e999", b"-1", b"0", b"99999999999999999", b"x", b""])
def test_times_that_are_none(course: Course, moment: bytes) -> None:
    """A member whose time cannot be is collected without one."""
    record = b" mtime=" + moment + b"\n"
    header = pax(str(len(record) + 2).encode() + record)
    assert not problems(gather(course, header + tar_of(tar_info("ada/rnn.ipynb", size=len(ADA)), ADA)))
    assert handed_in(course) == {"ada": ADA}
    assert not course.submitted(SLUG, "ada").with_name("timestamp.txt").exists()


def test_unknown_assignment(course: Course) -> None:
    """An assignment that does not exist is an error before anything is written."""
    for slug in ("99-none", "../01-rnn"):
        with pytest.raises(CourseError, match="there is no assignment"):
            list(collect.collect(course, slug, course.root))


def _unrolled(course: Course, *arguments: str) -> tuple[int, list[str]]:
    """Exit status, and the lines that the command prints."""
    command = [sys.executable, "-m", "grader.cli", "collect", *arguments]
    environment = os.environ | {"NO_COLOR": "1", "COLUMNS": "80"}
    done = subprocess.run(command, cwd=course.root, env=environment, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    return done.returncode, (done.stdout + done.stderr).splitlines()


def test_command(course: Course, tmp_path: Path) -> None:
    """Status 0, 1 and 2; each refusal and each replacement has a line, and the last line counts them."""
    (course.root / "nbgrader_config.py").touch()
    download = tmp_path / "download.zip"
    download.write_bytes(zipped({"ada/rnn.ipynb": ADA, "bob/rnn.ipynb": BOB}))
    assert _unrolled(course, SLUG, str(download)) == (0, ["2 collected, 0 replaced, 0 unchanged, 0 refused"])
    download.write_bytes(zipped({"ada/rnn.ipynb": BOB, "bob/rnn.ipynb": BOB, "[red]\x1b/../rnn.ipynb": ADA}))
    assert _unrolled(course, SLUG, str(download)) == (
        1,
        [
            "replaced: ada",
            "refused: [red]�/../rnn.ipynb: has characters in its name that cannot be printed",
            "0 collected, 1 replaced, 1 unchanged, 1 refused",
        ],
    )
    download.write_bytes(b"no archive")
    status, lines = _unrolled(course, SLUG, str(download))
    assert status == 2 and lines[0].startswith("refused: download.zip: the rest of it is not read: it")
    assert _unrolled(course, SLUG, str(tmp_path / "none.zip"))[0] == 2
