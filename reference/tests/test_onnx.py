"""The forward passes against the operator test vectors of the ONNX standard, which come from other hands.

Most of them have weights that are all equal, which no order of the gates would disturb: that is torch's to check.
"""

from collections.abc import Callable

import numpy as np
import pytest

from reference import Array
from reference.gru import gru_forward
from reference.lstm import lstm_forward
from reference.rnn import rnn_forward
from reference.tests.onnx_vectors import Vector, vectors

OPERATORS: dict[str, Callable[..., Array | tuple[Array, ...]]] = {
    "RNN": rnn_forward,
    "LSTM": lstm_forward,
    "GRU": gru_forward,
}
VECTORS = [(operator, vector) for operator in OPERATORS for vector in vectors(operator)[0]]


@pytest.mark.parametrize(("operator", "vector"), VECTORS, ids=[vector.name for _, vector in VECTORS])
def test_states_are_those_of_the_standard(operator: str, vector: Vector) -> None:
    """Every direction of every case gives the listed states; the vectors are float32, hence the tolerance."""
    result = OPERATORS[operator](vector.x, *vector.states, *vector.weights)
    h, *rest = [result] if isinstance(result, np.ndarray) else result
    last = [h[:, -1], *(state[:, -1] for state in rest)][: len(vector.last)]
    for actual, expected in zip(last, vector.last, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-7)
    if vector.h is not None:
        np.testing.assert_allclose(h, vector.h, rtol=1e-5, atol=1e-7)


def test_nothing_is_left_out_unnoticed() -> None:
    """Both directions, both layouts, biases and several steps are there; what is not has a reason."""
    names = {vector.name for _, vector in VECTORS}
    for kind in ("simple_rnn", "lstm", "gru"):
        for case in ("defaults[0]", "with_initial_bias[0]", "batchwise[0]", "reverse[0]", "bidirectional[1]"):
            assert f"test_{kind}_{case}" in names
    assert {"test_rnn_seq_length[0]", "test_gru_seq_length[0]"} < names
    left_out = {name: reason for operator in OPERATORS for name, reason in vectors(operator)[1].items()}
    assert left_out == {"test_lstm_with_peepholes": "peepholes"}  # Gers & Schmidhuber 2000; the course has none
