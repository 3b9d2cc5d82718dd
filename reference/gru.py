"""07-gru: the gated recurrent unit, one cell and unrolled over time, with its backward passes.

The course's variant (Cho 2014): r acts on h_prev before the matrix product, and z lets the new state in. The gates
stand side by side on the last axis, in the order r, z, n: W_x is (D, 3H), W_h (H, 3H), b (3H,).

The cell functions are the equations as they stand; `gru_forward` and `gru_backward` compute the same for whole
sequences in the order that is fastest (see recurrence.py), and return views of what they compute in.
"""

import numpy as np

from reference import Array, recurrence
from reference.functional import sigmoid
from reference.recurrence import batch_major, feature_major
from reference.shapes import checked_arrays

__all__ = ["count_parameters", "gru_backward", "gru_cell_backward", "gru_cell_forward", "gru_forward"]

_BLOCKS = {"rnn": 1, "gru": 3, "lstm": 4}  # weight matrices of each kind, H wide


def gru_cell_forward(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> tuple[Array, Array]:
    """One step of the gated recurrent unit.

    r = σ(x W_xr + h_prev W_hr + b_r);  z = σ(x W_xz + h_prev W_hz + b_z)

    n = tanh(x W_xn + (r * h_prev) W_hn + b_n);  h = (1 - z) * h_prev + z * n    (Cho 2014, equations 5-8, with
    their z the other way round; Bahdanau 2015, appendix A.1.1)

    Parameters
    ----------
    x : ndarray of shape (B, D)
        The input of this step.
    h_prev : ndarray of shape (B, H)
        The state after the step before.
    W_x : ndarray of shape (D, 3H)
    W_h : ndarray of shape (H, 3H)
    b : ndarray of shape (3H,)

    Returns
    -------
    h : ndarray of shape (B, H)
        The state after this step.
    gates : ndarray of shape (B, 3H)
        r, z, n, activated: reset gate, update gate, candidate.

    Raises
    ------
    ValueError
        A shape does not fit.
    """
    x, h_prev, W_x, W_h, b = checked_arrays(
        x=(x, "B D"), h_prev=(h_prev, "B H"), W_x=(W_x, "D 3H"), W_h=(W_h, "H 3H"), b=(b, "3H")
    )
    H = len(W_h)
    gates = x @ W_x + b
    r, z, n = _blocks(gates)
    rz = gates[:, : 2 * H]
    rz[...] = sigmoid(rz + h_prev @ W_h[:, : 2 * H])
    n[...] = np.tanh(n + (r * h_prev) @ W_h[:, 2 * H :])
    return (1 - z) * h_prev + z * n, gates


def gru_cell_backward(
    dh: Array, x: Array, h_prev: Array, gates: Array, W_x: Array, W_h: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """The gradients of one step, from that of its state.

    da_n = dh * z * (1 - n^2);  da_z = dh * (n - h_prev) * z * (1 - z)

    s = da_n W_hn^T;  da_r = s * h_prev * r * (1 - r)

    dh_prev = dh * (1 - z) + s * r + (da_r, da_z) W_h(rz)^T: past the cell, through r * h_prev, and through both gates

    Parameters
    ----------
    dh : ndarray of shape (B, H)
        The gradient of h: the loss's own at this step, and what the next step hands back.
    x : ndarray of shape (B, D)
    h_prev : ndarray of shape (B, H)
        The inputs of the forward.
    gates : ndarray of shape (B, 3H)
        What the forward returned.
    W_x : ndarray of shape (D, 3H)
    W_h : ndarray of shape (H, 3H)

    Returns
    -------
    dx : ndarray of shape (B, D)
    dh_prev : ndarray of shape (B, H)
    dW_x : ndarray of shape (D, 3H)
    dW_h : ndarray of shape (H, 3H)
    db : ndarray of shape (3H,)
        The gradients of the weights, summed over the batch.

    Raises
    ------
    ValueError
        A shape does not fit.
    """
    dh, x, h_prev, gates, W_x, W_h = checked_arrays(
        dh=(dh, "B H"),
        x=(x, "B D"),
        h_prev=(h_prev, "B H"),
        gates=(gates, "B 3H"),
        W_x=(W_x, "D 3H"),
        W_h=(W_h, "H 3H"),
    )
    H = len(W_h)
    r, z, n = _blocks(gates)
    W_hrz, W_hn = W_h[:, : 2 * H], W_h[:, 2 * H :]
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_hn.T  # of r * h_prev
    da_rz = np.concatenate([ds * h_prev * r * (1 - r), dh * (n - h_prev) * z * (1 - z)], axis=1)
    da = np.concatenate([da_rz, da_n], axis=1)  # (B, 3H)
    dh_prev = dh * (1 - z) + ds * r + da_rz @ W_hrz.T
    dW_h = np.concatenate([h_prev.T @ da_rz, (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


def gru_forward(x: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> tuple[Array, Array]:
    """The cell unrolled over time, with the same weights at every step.

    h_t = (1 - z_t) * h_{t-1} + z_t * n_t    (Cho 2014; Bahdanau 2015)

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    h0 : ndarray of shape (B, H)
        The state before the first step.
    W_x : ndarray of shape (D, 3H)
    W_h : ndarray of shape (H, 3H)
    b : ndarray of shape (3H,)

    Returns
    -------
    h : ndarray of shape (B, T, H)
        h[:, t] is the state after step t; T = 0 gives no states, (B, 0, H).
    gates : ndarray of shape (B, T, 3H)

    Raises
    ------
    ValueError
        A shape does not fit.
    """
    x, h0, W_x, W_h, b = checked_arrays(
        x=(x, "B T D"), h0=(h0, "B H"), W_x=(W_x, "D 3H"), W_h=(W_h, "H 3H"), b=(b, "3H")
    )
    (B, T, _), H = x.shape, len(W_h)
    signs = np.repeat(np.array([-1, -1, 1], x.dtype), H)  # r and z are made from -a, as 1 / (1 + exp(-a))
    weights = np.concatenate([W_h, b[None], W_h]) * signs  # rows: h_prev, ones, r * h_prev
    W_rz = weights[: H + 1, : 2 * H].T.copy()
    W_n = weights[H:, 2 * H :].T.copy()
    gates = recurrence.input_sums(x, W_x * signs)
    r, z, n = gates.reshape(T, 3, H, B).swapaxes(0, 1)
    operands = recurrence.states_and_ones(h0, T, extra=H)
    h, recurrent = operands[1:, :H], np.empty((2 * H, B), x.dtype)
    with np.errstate(over="ignore"):
        for operand, r_z, r_t, z_t, n_t, h_t in zip(operands[:-1], gates[:, : 2 * H], r, z, n, h, strict=True):
            h_prev = operand[:H]
            r_z += np.dot(W_rz, operand[: H + 1], out=recurrent)
            recurrence.sigmoid_of_negated(r_z)
            np.multiply(r_t, h_prev, out=operand[H + 1 :])
            n_t += np.dot(W_n, operand[H:], out=recurrent[:H])
            np.tanh(n_t, out=n_t)
            np.subtract(n_t, h_prev, out=h_t)  # h = h_prev + z (n - h_prev)
            h_t *= z_t
            h_t += h_prev
    return batch_major(h), batch_major(gates)


def gru_backward(
    dh: Array, x: Array, h0: Array, h: Array, gates: Array, W_x: Array, W_h: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """Backpropagation through time: the gradients of a whole sequence.

    Every step's dh is the loss's own at that step plus what the next step hands back.

    Parameters
    ----------
    dh : ndarray of shape (B, T, H)
        The loss's own gradient at every step's state.
    x : ndarray of shape (B, T, D)
    h0 : ndarray of shape (B, H)
        The inputs of the forward.
    h : ndarray of shape (B, T, H)
    gates : ndarray of shape (B, T, 3H)
        What the forward returned.
    W_x : ndarray of shape (D, 3H)
    W_h : ndarray of shape (H, 3H)

    Returns
    -------
    dx : ndarray of shape (B, T, D)
    dh0 : ndarray of shape (B, H)
    dW_x : ndarray of shape (D, 3H)
    dW_h : ndarray of shape (H, 3H)
    db : ndarray of shape (3H,)
        The gradients of the weights, summed over batch and time; T = 0 gives zeros.

    Raises
    ------
    ValueError
        A shape does not fit.
    """
    dh, x, h0, h, gates, W_x, W_h = checked_arrays(
        dh=(dh, "B T H"), x=(x, "B T D"), h0=(h0, "B H"), h=(h, "B T H"), gates=(gates, "B T 3H"),
        W_x=(W_x, "D 3H"), W_h=(W_h, "H 3H"),
    )  # fmt: skip
    (B, T, _), H = x.shape, len(W_h)
    W_rz, W_n = (np.ascontiguousarray(W) for W in (W_h[:, : 2 * H], W_h[:, 2 * H :]))
    dh, h, gates = map(feature_major, (dh, h, gates))
    gates = gates.reshape(T, 3, H, B)
    da = np.empty((3 * H, T, B), x.dtype)
    dh_t, dreset, through_rz = np.zeros((3, H, B), x.dtype)  # of the last step: nothing arrives from a later one
    length = recurrence.span_length(T, H * B)
    factors = np.empty((length, 4, H, B), x.dtype)
    for span in recurrence.spans(T, length):
        n = span.stop - span.start
        _enter_factors(factors[:n], gates[span], recurrence.before(span, h0, h))
        da_span = factors[:n, :3].reshape(n, 3 * H, B)  # a view: the factors become the gradients of the sums
        blocks = dh[span], factors[:n, 3], factors[:n, 0], factors[:n, 1:3], gates[span, 0], da_span
        for own, past, da_r, da_zn, r, da_t in zip(*(block[::-1] for block in blocks), strict=True):
            dh_t += own
            da_zn *= dh_t
            np.dot(W_n, da_t[2 * H :], out=dreset)  # of r * h_prev
            da_r *= dreset
            np.dot(W_rz, da_t[: 2 * H], out=through_rz)
            dreset *= r
            dh_t *= past
            dh_t += dreset
            dh_t += through_rz
        da[:, span] = da_span.swapaxes(0, 1)
    dx, dW_x, db = recurrence.input_gradients(da, x, W_x)
    h_prev = recurrence.all_before(h0, h)
    dW_rz = recurrence.recurrent_gradient(da[: 2 * H], h_prev)
    h_prev *= gates[:, 0].swapaxes(0, 1)  # r * h_prev
    dW_n = recurrence.recurrent_gradient(da[2 * H :], h_prev)
    return dx, dh_t.T, dW_x, np.concatenate([dW_rz, dW_n], axis=1), db


def _enter_factors(factors: Array, gates: Array, h_prev: Array) -> None:
    """What can be known of the gradients of n steps before dh arrives; factors is (n, 4, H, B).

    The first turns the gradient of r * h_prev into that of a_r, the next two turn dh into those of a_z and a_n, and
    the last dh into its share that goes past the cell.
    """
    _, z, n = gates.swapaxes(0, 1)
    d_r, d_z, d_n, past = factors.swapaxes(0, 1)
    np.subtract(1, gates, out=factors[:, :3])
    past[...] = d_z
    factors[:, :2] *= gates[:, :2]  # σ' = σ (1 - σ)
    d_r *= h_prev
    d_z *= n - h_prev
    np.multiply(n, n, out=d_n)
    np.subtract(1, d_n, out=d_n)  # tanh' = 1 - tanh^2
    d_n *= z


def count_parameters(kind: str, D: int, H: int) -> int:
    """The number of weights and biases of one recurrent layer, with one bias per gate.

    blocks * H * (D + H + 1), with 1 block for the simple network, 3 for the GRU and 4 for the LSTM. That is what
    Keras counts (its GRU with reset_after=False); torch has two biases where one would do, blocks * H more.

    Parameters
    ----------
    kind : "rnn", "gru" or "lstm"
    D, H : int, 1 or more
        Input features and hidden units.

    Returns
    -------
    count : int

    Raises
    ------
    ValueError
        kind is another word, or D or H is not an integer of 1 or more.
    """
    if kind not in _BLOCKS:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(_BLOCKS)}")
    for name, size in (("D", D), ("H", H)):
        if not isinstance(size, int | np.integer) or size < 1:
            raise ValueError(f"{name} is {size!r}, expected an integer of 1 or more")
    return _BLOCKS[kind] * int(H) * (int(D) + int(H) + 1)


def _blocks(gates: Array) -> tuple[Array, Array, Array]:
    """Views of r, z, n in gates (..., 3H)."""
    r, z, n = np.split(gates, 3, axis=-1)
    return r, z, n
