"""The operator test vectors of the ONNX standard for RNN, LSTM and GRU, in the conventions of this package.

ONNX has X as (T, B, D), or (B, T, D) with layout 1; W (directions, n H, D) and R (directions, n H, H) that stand left
of a column, so that ours are the transposes; two biases in a row, which only ever occur as a sum; gates stacked as
i, o, f, c and z, r, h. Its z keeps the old state. σ(-a) = 1 - σ(a), so with the weights and the bias of z negated,
ours lets the new one in as much.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx.backend.test.case import node as cases

from reference import Array

_BLOCKS = {"RNN": [0], "LSTM": [0, 2, 3, 1], "GRU": [1, 0, 2]}  # which of ONNX's blocks is our first, second, ...
_COVERED = {"direction", "hidden_size", "layout"}  # attributes; every other is at its default


@dataclass(frozen=True)
class Vector:
    """One direction of one test case, the backward direction with its time reversed."""

    name: str
    x: Array  # (B, T, D)
    states: list[Array]  # h0, for an LSTM also c0, (B, H)
    weights: list[Array]  # W_x (D, n H), W_h (H, n H), b (n H,)
    h: Array | None  # (B, T, H), where the case lists it
    last: list[Array]  # the state after the last step, for an LSTM also the cell's where the case lists it, (B, H)


def vectors(operator: str) -> tuple[list[Vector], dict[str, str]]:
    """The test vectors of "RNN", "LSTM" or "GRU", and why those that are not among them are not, by name."""
    importlib.import_module(f"onnx.backend.test.case.node.{operator.lower()}")  # puts its cases on the list
    covered, left_out = [], {}
    for case in cases._NodeTestCases:
        if case.model is None or case.data_sets is None or case.model.graph.node[0].op_type != operator:
            continue
        node = case.model.graph.node[0]
        (inputs, outputs), *_ = case.data_sets
        arrays = dict(zip(filter(None, node.input), inputs, strict=True))
        arrays |= dict(zip(filter(None, node.output), outputs, strict=True))
        settings = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        reason = _not_ours(arrays, settings)
        if reason:
            left_out[case.name] = reason
        else:
            covered += _directions(case.name, operator, arrays, settings)
    return covered, left_out


def _not_ours(arrays: Mapping[str, Array], settings: Mapping[str, Any]) -> str:
    """What of a case our equations do not have, or nothing."""
    if "P" in arrays:
        return "peepholes"
    return ", ".join(settings.keys() - _COVERED)


def _directions(name: str, operator: str, arrays: Mapping[str, Array], settings: Mapping[str, Any]) -> list[Vector]:
    """A vector for each of a case's directions."""
    directions, rows, H = arrays["R"].shape
    x = arrays["X"] if settings.get("layout") else arrays["X"].swapaxes(0, 1)  # (B, T, D)
    zeros = np.zeros((directions, len(x), H))
    states = [arrays.get(key, zeros) for key in ("initial_h", "initial_c")][: 1 + (operator == "LSTM")]
    biases = arrays.get("B", np.zeros((directions, 2 * rows))).reshape(directions, 2, rows).sum(axis=1)
    last = [arrays[key] for key in ("Y_h", "Y_c") if key in arrays]
    h = arrays.get("Y")  # (T, directions, B, H)
    if settings.get("layout"):
        last = [state.swapaxes(0, 1) for state in last]
        h = None if h is None else h.transpose(1, 2, 0, 3)
    found = []
    for d in range(directions):
        backward = d == 1 or settings.get("direction") == b"reverse"
        order = slice(None, None, -1) if backward else slice(None)
        found.append(
            Vector(
                f"{name}[{d}]",
                x[:, order],
                [state[d] for state in states],
                [_ours(operator, weight, H) for weight in (arrays["W"][d].T, arrays["R"][d].T, biases[d])],
                None if h is None else h[:, d].swapaxes(0, 1)[:, order],
                [state[d] for state in last],
            )
        )
    return found


def _ours(operator: str, weight: Array, H: int) -> Array:
    """The blocks of the last axis in our order, with our z."""
    blocks = np.split(weight.astype(np.float64), weight.shape[-1] // H, axis=-1)
    if operator == "GRU":
        blocks[0] = -blocks[0]
    return np.concatenate([blocks[k] for k in _BLOCKS[operator]], axis=-1)
