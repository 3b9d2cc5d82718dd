"""A real PostgreSQL server for tests: skipped where it is not installed, but never in CI, which installs it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from grader.build import build
from grader.course import Course
from grader.demo import new_course
from grader.tests.nbgrader_course import SLUG

_REPOSITORY = Path(__file__).parent.parent.parent
_ADMINISTRATOR = "postgres"


@dataclass(frozen=True)
class Server:
    """A server that listens on a socket in its own folder, and nowhere else."""

    programs: Path
    folder: Path
    user: str | None  # who runs it: it refuses to be run by root

    def start(self) -> None:
        settings = f"-c listen_addresses= -c fsync=off -k {self.folder}"
        self._run("pg_ctl", "start", "-w", "-D", self._data, "-l", str(self.folder / "log"), "-o", settings)

    def stop(self) -> None:
        """As an administrator in a hurry does: whoever is connected is thrown out."""
        self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", self._data)

    def restart(self) -> None:
        self.stop()
        self.start()

    def address(self, database: str) -> str:
        return f"postgresql+psycopg://{_ADMINISTRATOR}@/{database}?host={self.folder}"

    def create(self, database: str, template: str = "template0") -> None:
        """Make a database, the copy of another."""
        connection = psycopg.connect(host=str(self.folder), user=_ADMINISTRATOR, dbname="template1", autocommit=True)
        with closing(connection) as db:
            db.execute(f"create database {database} template {template}".encode())

    def initialise(self) -> None:
        self._run("initdb", "-D", self._data, "-U", _ADMINISTRATOR, "-A", "trust", "-E", "UTF8", "--locale=C", "-N")

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self.programs / program, *arguments], user=self.user, cwd=self.folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def running() -> Iterator[Server]:
    """A new server, which ends and is forgotten with the block."""
    programs = _programs()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("no PostgreSQL: .ci/run installs it")
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    user = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))  # not below pytest's own, which is shut to all other users
    try:
        if user:
            shutil.chown(folder, user)
        server = Server(programs, folder, user)
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    """Where `pg_ctl` is; Debian keeps it off PATH."""
    found = shutil.which("pg_ctl") or max(map(str, Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")), default=None)
    return Path(found).parent if found else None


def keep_in(course: Course, address: str) -> None:
    """Let the course's gradebook be there."""
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(f'c.CourseDirectory.db_url = "{address}"\n')


def built_course(server: Server, root: Path) -> Course:
    """A built course whose gradebook is the database `built`."""
    course = new_course(root, _REPOSITORY)
    server.create("built")
    keep_in(course, server.address("built"))
    build(course, SLUG)
    return course
