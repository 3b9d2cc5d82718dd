"""A real Dask cluster for tests: a scheduler and workers, each a process on this machine that only loopback reaches."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.tests.processes import until


class DaskCluster:
    """Its processes end with it, however they are by then."""

    address: str  # as --executor takes it

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self.start_scheduler()

    def start_scheduler(self, port: int = 0) -> None:
        """Start the scheduler, on a port that is free if none is given."""
        file = self._folder / "scheduler.json"
        file.unlink(missing_ok=True)
        options = ["--port", str(port), "--dashboard-address", "127.0.0.1:0", "--scheduler-file", str(file)]
        self.scheduler = self._start("scheduler", options)
        until(lambda: file.exists() and file.read_text().endswith("}"))
        self.address = json.loads(file.read_text())["address"].replace("tcp://", "dask://")

    def restart_scheduler(self) -> None:
        """Kill the scheduler and start another in its place."""
        self.scheduler.kill()
        self.scheduler.wait()
        self.start_scheduler(int(self.address.rpartition(":")[2]))

    def start_workers(self, count: int = 1, path: str | None = None) -> list[int]:
        """Start workers of one thread, with another PATH if one is given; their process ids, when they are in."""
        options = [self.address.replace("dask://", "tcp://"), "--nthreads", "1", "--no-nanny"]
        options += ["--local-directory", str(self._folder), "--death-timeout", "60"]
        workers = [self._start("worker", options, path) for _ in range(count)]
        for worker in workers:
            self._wait_for(worker)
        return [worker.pid for worker in workers]

    def stop(self) -> None:
        """Kill whatever still runs."""
        for process in self._processes:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()

    def _start(self, kind: str, options: list[str], path: str | None = None) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--host", "127.0.0.1", "--no-dashboard"]
        environment = os.environ | ({} if path is None else {"PATH": path})
        number = len(self._processes)
        with (self._folder / f"{number}.log").open("ab") as log:
            process = subprocess.Popen([*command, *options], env=environment, stdout=log, stderr=log)
        self._processes.append(process)
        return process

    def _wait_for(self, worker: subprocess.Popen[bytes]) -> None:
        log = self._folder / f"{self._processes.index(worker)}.log"
        until(lambda: "Registered to:" in log.read_text())


@contextmanager
def dask_cluster(folder: Path, workers: int) -> Iterator[DaskCluster]:
    """A cluster with that many workers of one thread."""
    folder.mkdir()
    cluster = DaskCluster(folder)
    try:
        cluster.start_workers(workers)
        yield cluster
    finally:
        cluster.stop()
