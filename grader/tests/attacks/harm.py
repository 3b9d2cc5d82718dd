"""Harm by processes, threads and signals. What they do, they stop by themselves after 20 s at most."""

from grader.tests.attacks import Forgery, attack
from grader.tests.attacks.marks_wire import QUESTIONS

PROCESSES = """
    import os, signal, time
    def others():  # but only in a namespace of our own
        pids = [int(name) for name in os.listdir("/proc") if name.isdecimal()]
        return [pid for pid in pids if pid != os.getpid()] if len(pids) < 10 else []
    """


@attack("softmax", says="takes longer than", harmful=True)
def fork_bomb(forged: Forgery) -> None:
    """Processes that make processes; 64 at most, in any case."""
    forged.answer(
        "softmax",
        """
        import os, time
        def softmax(z):
            end = time.monotonic() + 20
            for _ in range(6):
                try:
                    os.fork()
                except OSError:
                    pass
            while time.monotonic() < end:
                pass
        """,
    )


@attack(*QUESTIONS, says="too many processes", harmful=True)
def no_room_left(forged: Forgery) -> None:
    """A cell's own processes, as many as there may be: then there is none for a question, and each says so."""
    forged.insert(
        """
        import os, time
        for _ in range(40):
            try:
                if os.fork() == 0:
                    time.sleep(20)
                    os._exit(0)
            except OSError:
                pass
        """
    )


@attack(harmful=True)
def daemon(forged: Forgery) -> None:
    """A process that leaves its family, its session and its descriptors, and does not hear signals."""
    forged.append(
        "softmax",
        """
        import os, signal, time
        right = softmax
        def softmax(z):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
                        signal.signal(number, signal.SIG_IGN)
                    os.closerange(0, 64)
                    os.chdir("/")
                    time.sleep(20)
                os._exit(0)
            os.wait()
            return right(z)
        """,
    )


@attack(harmful=True)
def daemon_of_a_cell(forged: Forgery) -> None:
    """The same from a cell, at the side of every question."""
    forged.insert(
        """
        import os, signal, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
                    signal.signal(number, signal.SIG_IGN)
                os.closerange(0, 64)
                time.sleep(20)
            os._exit(0)
        os.wait()
        """
    )


@attack("softmax", says="can't start new thread", harmful=True)
def threads(forged: Forgery) -> None:
    """More threads than there may be; a hundred at most, which end by themselves."""
    forged.answer(
        "softmax",
        """
        import threading, time
        def softmax(z):
            threading.stack_size(2**16)
            for _ in range(100):
                threading.Thread(target=time.sleep, args=(20,)).start()
            return np.zeros_like(z)
        """,
    )


@attack("softmax", says="ends the Python process", harmful=True)
def signals_to_everybody(forged: Forgery) -> None:
    """Every signal to every process that can be seen, and to one that cannot."""
    forged.answer(
        "softmax",
        PROCESSES
        + f"""
    def softmax(z):
        for pid in [*others(), {forged.planted.victim}]:
            for number in signal.Signals:
                try:
                    os.kill(pid, number)
                except OSError:
                    pass
        time.sleep(20)
    """,
    )


@attack("softmax", says="was killed", harmful=True)
def kill_all(forged: Forgery) -> None:
    """All processes at once, this one afterwards; not without a namespace, in which there is no other."""
    forged.answer(
        "softmax",
        PROCESSES
        + """
    def softmax(z):
        if others():
            os.fork()
            os.kill(-1, signal.SIGKILL)
            os.killpg(0, signal.SIGKILL)
        return np.zeros_like(z)
    """,
    )


@attack("softmax", says="takes longer than", harmful=True)
def stops_itself(forged: Forgery) -> None:
    """SIGSTOP, which cannot be ignored: for the question's process, and all that it sees."""
    forged.answer(
        "softmax",
        PROCESSES
        + """
    def softmax(z):
        for pid in others():
            os.kill(pid, signal.SIGSTOP)
        if os.fork() == 0:
            time.sleep(20)
            os.kill(os.getppid(), signal.SIGCONT)
            os._exit(0)
        os.kill(os.getpid(), signal.SIGSTOP)
        return np.zeros_like(z)
    """,
    )


@attack(harmful=True)
def stops_its_cells(forged: Forgery) -> None:
    """SIGSTOP for the process that holds the definitions, from a thread that is there while questions are asked."""
    forged.insert(
        """
        import os, signal, threading, time
        def stop():
            for _ in range(100):
                time.sleep(0.01)
                if os.getpid() == 1:  # elsewhere nobody wakes it again
                    os.kill(os.getpid(), signal.SIGSTOP)
        threading.Thread(target=stop, daemon=True).start()
        """
    )


@attack("softmax", says="takes longer than", harmful=True)
def deaf(forged: Forgery) -> None:
    """Ignores what can be ignored, and wants its limits raised; then it computes."""
    forged.answer(
        "softmax",
        """
        import os, resource, signal, time
        def softmax(z):
            for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(number, signal.SIG_IGN)
            for kind in range(16):
                for soft in (resource.RLIM_INFINITY, resource.getrlimit(kind)[1]):
                    try:
                        resource.setrlimit(kind, (soft, soft))
                    except (OSError, ValueError):
                        pass
            for policy in (os.SCHED_FIFO, os.SCHED_RR):
                try:
                    os.sched_setscheduler(0, policy, os.sched_param(1))
                except OSError:
                    pass
            try:
                os.nice(-20)
            except OSError:
                pass
            end = time.monotonic() + 20
            while time.monotonic() < end:
                pass
        """,
    )


@attack("softmax", says="takes longer than", harmful=True)
def uninterruptible(forged: Forgery) -> None:
    """Waits in the kernel, where few signals reach it, for a child that never becomes another program."""
    forged.answer(
        "softmax",
        """
        import os, threading, time
        def let_go():
            time.sleep(10)
            os.open("fifo", os.O_RDWR)
        def softmax(z):
            os.mkfifo("fifo")
            threading.Thread(target=let_go, daemon=True).start()
            waiting = [(os.POSIX_SPAWN_OPEN, 0, "fifo", os.O_RDONLY, 0)]
            os.posix_spawn("/bin/true", ["true"], {}, file_actions=waiting)
            return np.zeros_like(z)
        """,
    )


@attack(harmful=True)
def never_leaves(forged: Forgery) -> None:
    """Python that does not end when it is asked to: threads that go on, and functions that sleep or leave at exit."""
    forged.insert(
        """
        import atexit, os, threading, time
        atexit.register(os._exit, 3)
        atexit.register(time.sleep, 20)
        threading.Thread(target=time.sleep, args=(20,)).start()
        """
    )


@attack("softmax", says="takes longer than", harmful=True)
def stopped_clock(forged: Forgery) -> None:
    """The cells' process, which looks at the time for its questions, is told that none goes by."""
    forged.insert(
        """
        import select, time
        class Patient:
            def __init__(self): self.poll_ = poll()
            def register(self, *args): self.poll_.register(*args)
            def poll(self, *args): return self.poll_.poll(20_000)
        poll, select.poll = select.poll, Patient
        time.time = time.monotonic = time.perf_counter = lambda: 0.0
        """
    )
    forged.answer(
        "softmax",
        """
        def softmax(z):
            time.sleep(20)
        """,
    )


@attack("softmax", says="takes longer than", harmful=True)
def alarms(forged: Forgery) -> None:
    """A storm of signals from a timer, for the question and for the cells' process."""
    forged.insert(
        """
        import signal, time
        signal.signal(signal.SIGALRM, lambda *args: None)
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        """
    )
    forged.answer(
        "softmax",
        """
        def softmax(z):
            signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
            signal.setitimer(signal.ITIMER_VIRTUAL, 3600)
            time.sleep(20)
        """,
    )


@attack("softmax", says="expected", harmful=True)
def limits_of_the_cells(forged: Forgery) -> None:
    """A question that leaves the cells' process without a right to anything, so that no other can be asked."""
    forged.answer(
        "softmax",
        PROCESSES
        + """
    import resource
    def softmax(z):
        for pid in others():
            for kind in (resource.RLIMIT_NPROC, resource.RLIMIT_AS, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE):
                try:
                    resource.prlimit(pid, kind, (0, 0))
                except OSError:
                    pass
            try:
                os.setpriority(os.PRIO_PROCESS, pid, 19)
                os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
            except OSError:
                pass
        return np.zeros_like(z)
    """,
    )
