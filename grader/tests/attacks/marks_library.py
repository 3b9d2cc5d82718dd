"""Marks for nothing: somebody else's code, where a student's own is asked for.

Plain Python and machine code that a submission brings along in its cells is its own, and may run: it gets nowhere that
its cells do not. Libraries of this machine, and compiled ones, are not to be had.
"""

import base64
import importlib.util
import io
import zipfile
from importlib.metadata import files
from pathlib import Path

from grader.tests.attacks import Forgery, attack
from grader.tests.attacks.marks import WRONG_SOFTMAX


def _home(package: str) -> str:
    """The folder that a package is imported from; found without importing it."""
    spec = importlib.util.find_spec(package)
    assert spec and spec.origin, f"{package} is not installed here"
    return str(Path(spec.origin).parent.parent)


def _compiled(package: str) -> Path:
    """A compiled module of an installed package."""
    return next(Path(str(file.locate())) for file in files(package) or () if file.suffix == ".so")


@attack("softmax", says="No module named 'torch'")
def torch_imported(forged: Forgery) -> None:
    """The library that has the answer, from wherever Python packages may lie."""
    forged.answer(
        "softmax",
        f"""
        import glob, sys
        def softmax(z):
            sys.path += [{_home("torch")!r}, *glob.glob("/usr/lib*/python3*/*-packages")]
            import torch
            return torch.softmax(torch.from_numpy(z), -1).numpy()
        """,
    )


@attack("softmax", says="OSError")
def torch_by_ctypes(forged: Forgery) -> None:
    """The same library's compiled part, by its path."""
    forged.answer(
        "softmax",
        f"""
        import ctypes
        def softmax(z):
            ctypes.CDLL({_home("torch") + "/torch/lib/libtorch_cpu.so"!r})
            return np.zeros_like(z)
        """,
    )


@attack("softmax", says="No module named 'torch'")
def torch_in_another_python(forged: Forgery) -> None:
    """The same library in a new process, started as it would be started outside."""
    forged.answer(
        "softmax",
        f"""
        import functools, json, subprocess, sys
        program = "import json, sys, torch\\nfor line in sys.stdin:\\n"
        program += "    print(json.dumps(torch.tensor(json.loads(line)).softmax(-1).tolist()), flush=True)"
        @functools.cache
        def torch():
            command, pipes = [sys.executable, "-c", program], dict.fromkeys(("stdin", "stdout", "stderr"), -1)
            return subprocess.Popen(command, text=True, env={{"PYTHONPATH": {_home("torch")!r}}}, **pipes)
        def softmax(z):
            try:
                print(json.dumps(z.tolist()), file=torch().stdin, flush=True)
                return np.array(json.loads(torch().stdout.readline()))
            except (BrokenPipeError, ValueError):
                raise RuntimeError((torch().stderr.read() or " ").splitlines()[-1])
        """,
    )


@attack("softmax", says="ImportError")
def compiled_module_in_a_zip(forged: Forgery) -> None:
    """A compiled module that lies in the notebook as text, is unpacked and imported."""
    module, archive = _compiled("markupsafe"), io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(module, module.name)
    forged.append(
        "softmax",
        f"""
        import base64, io, sys, tempfile, zipfile
        right = softmax
        def softmax(z):
            folder = tempfile.mkdtemp()
            packed = {base64.b64encode(archive.getvalue())!r}
            zipfile.ZipFile(io.BytesIO(base64.b64decode(packed))).extractall(folder)
            sys.path.insert(0, folder)
            import _speedups
            return right(z)
        """,
    )


@attack("softmax", says="OSError")
def library_of_ones_own(forged: Forgery) -> None:
    """A shared library that is written to the temporary folder, and loaded from there."""
    forged.append(
        "softmax",
        """
        import ctypes, shutil, tempfile
        right = softmax
        def softmax(z):
            line = next(line for line in open("/proc/self/maps") if "libm.so" in line or "libm-" in line)
            own = shutil.copy(line.split()[-1], tempfile.mkdtemp())
            exp = ctypes.CDLL(own).exp
            return right(z)
        """,
    )


@attack("softmax", says="PermissionError")
def program_of_ones_own(forged: Forgery) -> None:
    """A program that is written to the temporary folder, and started: by itself, and by what loads all programs."""
    forged.append(
        "softmax",
        """
        import glob, shutil, subprocess, sys, tempfile
        right = softmax
        def softmax(z):
            own = shutil.copy(sys.executable, tempfile.mkdtemp())
            for loader in glob.glob("/lib*/ld-linux-*"):
                if subprocess.run([loader, own, "-V"], capture_output=True).returncode == 0:
                    return right(z)
            subprocess.run([own, "-V"])
            return right(z)
        """,
    )


@attack("softmax", says="is 0, expected")
def machine_code(forged: Forgery) -> None:
    """Bytes that are run as they stand, in memory that may be run: the kernel refuses what it refuses to Python."""
    forged.answer("softmax", WRONG_SOFTMAX)
    forged.insert(
        f"""
        import ctypes, mmap, platform
        if platform.machine() == "x86_64":
            memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
            # mov rax, 101 (ptrace); mov rdi, 16 (attach); mov rsi, the victim; syscall; ret
            number = ({forged.planted.victim}).to_bytes(4, "little")
            memory.write(bytes.fromhex("48c7c065000000 48c7c710000000 48c7c6") + number + bytes.fromhex("0f05 c3"))
            print(ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))())
        """
    )
