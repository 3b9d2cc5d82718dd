"""The reference's LSTM, forward and backward, against torch's and against the matrix products that any version must do.

    python -m grader.benchmarks.lstm [--rounds 8]

One thread, CPU time, gradients of everything. The arms take turns, so that all see the machine in the same moods; a
ratio is the median over the rounds of the ratio within a round. The bare products are the yardstick that does not
depend on the machine: one for the inputs of all steps, one a step forward and one a step backward, one for dx, one
for the gradients of the weights; each in the layout that takes BLAS the least. "Textbook" is a loop over the cell
functions, two products a step forward and four backward.

Freed memory stays with the process: how long a kernel takes to hand out pages and to clear them is no property of an
LSTM, and differs more between machines than anything here.
"""

# ruff: noqa: E402 - the number of threads is read when numpy and torch are first imported

import os

for _library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"

import argparse
import ctypes
import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from reference import Array
from reference.lstm import lstm_backward, lstm_forward
from reference.tests import plain_loops

SIZES = {(64, 100, 256, 256): 1, (32, 64, 128, 128): 4, (16, 50, 100, 50): 16}  # B, T, D, H: times the rounds
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of glibc's malloc.h

Arm = Callable[[], Any]


@dataclass(frozen=True)
class Problem:
    """What an LSTM layer is given, and the gradient of its output."""

    x: Array
    h0: Array
    c0: Array
    W_x: Array
    W_h: Array
    b: Array
    dh: Array

    @property
    def inputs(self) -> tuple[Array, Array, Array, Array, Array, Array]:
        return self.x, self.h0, self.c0, self.W_x, self.W_h, self.b


def draw(B: int, T: int, D: int, H: int, dtype: type[np.floating]) -> Problem:
    """Numbers of the size that a layer meets."""
    rng = np.random.default_rng(0)
    W_x, W_h = rng.normal(scale=D**-0.5, size=(D, 4 * H)), rng.normal(scale=H**-0.5, size=(H, 4 * H))
    others = [rng.normal(size=shape) for shape in ((B, T, D), (B, H), (B, H), (4 * H,), (B, T, H))]
    x, h0, c0, W_x, W_h, b, dh = (a.astype(dtype) for a in (*others[:3], W_x, W_h, *others[3:]))
    return Problem(x, h0, c0, W_x, W_h, b, dh)


def ours(problem: Problem) -> Arm:
    p = problem
    return lambda: lstm_backward(p.dh, p.x, p.h0, p.c0, *lstm_forward(*p.inputs), p.W_x, p.W_h)


def textbook(problem: Problem) -> Arm:
    p = problem

    def run() -> tuple[Array, ...]:
        h, c, gates = plain_loops.lstm_forward(*p.inputs)
        return plain_loops.lstm_backward(p.dh, p.x, p.h0, p.c0, h, c, gates, p.W_x, p.W_h)

    return run


def torch_layer(problem: Problem) -> Arm:
    """torch.nn.LSTM and the gradients of all that the reference returns gradients of."""
    p = problem
    x, h0, c0 = (torch.tensor(a, requires_grad=True) for a in (p.x, p.h0[None], p.c0[None]))
    dh = torch.tensor(p.dh)
    network = torch.nn.LSTM(p.x.shape[2], p.h0.shape[1], batch_first=True, dtype=dh.dtype)
    W_x, W_h, b = (torch.tensor(a.T) for a in (p.W_x, p.W_h, p.b))
    zero = torch.zeros_like(b)
    network.load_state_dict({"weight_ih_l0": W_x, "weight_hh_l0": W_h, "bias_ih_l0": b, "bias_hh_l0": zero})
    weights = list(network.parameters())

    def run() -> tuple[torch.Tensor, ...]:
        h, _ = network(x, (h0, c0))
        return torch.autograd.grad(h, [x, h0, c0, *weights], dh)

    return run


def bare_products(problem: Problem) -> Arm:
    """The products alone, each into memory that is ready for it."""
    (B, T, D), H = problem.x.shape, problem.h0.shape[1]
    rng = np.random.default_rng(0)

    def array(*shape: int) -> Array:
        return rng.normal(size=shape).astype(problem.x.dtype)

    x, W_x, sums = array(T * B, D), array(D, 4 * H), array(T * B, 4 * H)
    W_h, h, sums_t = array(4 * H, H), array(H, B), array(4 * H, B)
    W_h_back, da_t, dh = array(H, 4 * H), array(4 * H, B), array(H, B)
    da, dx = array(T * B, 4 * H), array(T * B, D)
    operands, dW = array(D + H, T * B), array(D + H, 4 * H)

    def run() -> None:
        np.dot(x, W_x, out=sums)
        for _ in range(T):
            np.dot(W_h, h, out=sums_t)
        for _ in range(T):
            np.dot(W_h_back, da_t, out=dh)
        np.dot(da, W_x.T, out=dx)
        np.dot(operands, da, out=dW)

    return run


def check(arm: Arm, theirs: Arm, tolerance: float) -> None:
    """The two compute the same: dx, in which the states, gates and gradients of all steps have met."""
    dx, expected = arm()[0], theirs()[0].numpy()
    np.testing.assert_allclose(dx, expected, atol=tolerance * np.abs(expected).max(), rtol=0)


def measure(arms: dict[str, Arm], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of every arm in every round."""
    times: dict[str, list[float]] = {name: [] for name in arms}
    for arm in arms.values():
        arm()
    gc.disable()
    for _ in range(rounds):
        for name, arm in arms.items():
            start = time.process_time()
            arm()
            times[name].append(time.process_time() - start)
    gc.enable()
    return times


def ratio(times: dict[str, list[float]], arm: str, to: str) -> str:
    return f"{statistics.median(a / b for a, b in zip(times[arm], times[to], strict=True)):.2f}"


def keep_freed_memory() -> None:
    """Ask glibc, where it is the allocator, for a heap that only grows."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8, help="at the largest size; smaller ones get more")
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    keep_freed_memory()
    table = Table(title="LSTM, forward and backward, one thread: CPU time and its ratios")
    table.add_column("")
    table.add_column("B, T, D, H", no_wrap=True)
    for column in ("torch, ms", "ours, ms", "ours / torch", "ours / bare", "textbook / bare"):
        table.add_column(column, justify="right")
    makers = {"torch": torch_layer, "bare": bare_products, "ours": ours, "textbook": textbook}
    for dtype, tolerance in ((np.float32, 1e-4), (np.float64, 1e-12)):
        for size, times_more in SIZES.items():
            arms = {name: make(draw(*size, dtype)) for name, make in makers.items()}
            for name in ("ours", "textbook"):
                check(arms[name], arms["torch"], tolerance)
            times = measure(arms, rounds * times_more)
            medians = [f"{1000 * statistics.median(times[name]):.1f}" for name in ("torch", "ours")]
            ratios = [ratio(times, *pair) for pair in (("ours", "torch"), ("ours", "bare"), ("textbook", "bare"))]
            table.add_row(np.dtype(dtype).name, ", ".join(map(str, size)), *medians, *ratios)
    Console().print(table)


if __name__ == "__main__":
    main()
