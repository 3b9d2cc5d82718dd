"""06-lstm: long short-term memory, one cell and unrolled over time, with its backward passes.

The gates stand side by side on the last axis, in the order i, f, g, o: W_x is (D, 4H), W_h (H, 4H), b (4H,).

The cell functions are the equations as they stand; `lstm_forward` and `lstm_backward` compute the same for whole
sequences in the order that is fastest (see recurrence.py), and return views of what they compute in.
"""

import numpy as np

from reference import Array, recurrence
from reference.functional import sigmoid
from reference.recurrence import batch_major, feature_major
from reference.shapes import checked_arrays

__all__ = [
    "cell_gradient",
    "lstm_backward",
    "lstm_cell_backward",
    "lstm_cell_forward",
    "lstm_forward",
    "lstm_gates",
]


def lstm_gates(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    """The gates of one step, activated.

    a = x W_x + h_prev W_h + b;  i, f, o = σ(a_i), σ(a_f), σ(a_o);  g = tanh(a_g)

    Parameters
    ----------
    x : ndarray of shape (B, D)
        The input of this step.
    h_prev : ndarray of shape (B, H)
        The output of the step before.
    W_x : ndarray of shape (D, 4H)
    W_h : ndarray of shape (H, 4H)
    b : ndarray of shape (4H,)

    Returns
    -------
    gates : ndarray of shape (B, 4H)
        i, f, g, o side by side: input gate, forget gate, candidate, output gate. The candidate lies in [-1, 1],
        the gates in [0, 1] (in exact numbers, never at the ends).

    Raises
    ------
    ValueError
        A shape does not fit.
    """
    x, h_prev, W_x, W_h, b = checked_arrays(
        x=(x, "B D"), h_prev=(h_prev, "B H"), W_x=(W_x, "D 4H"), W_h=(W_h, "H 4H"), b=(b, "4H")
    )
    gates = x @ W_x + h_prev @ W_h + b
    i, f, g, o = _blocks(gates)
    for block in (i, f, o):
        block[...] = sigmoid(block)
    g[...] = np.tanh(g)
    return gates


def lstm_cell_forward(
    x: Array, h_prev: Array, c_prev: Array, W_x: Array, W_h: Array, b: Array
) -> tuple[Array, Array, Array]:
    """One step of long short-term memory.

    c = f * c_prev + i * g;  h = o * tanh(c)    (Hochreiter & Schmidhuber 1997; forget gate: Gers 2000)

    Parameters
    ----------
    x : ndarray of shape (B, D)
        The input of this step.
    h_prev, c_prev : ndarray of shape (B, H)
        Output and cell state of the step before.
    W_x : ndarray of shape (D, 4H)
    W_h : ndarray of shape (H, 4H)
    b : ndarray of shape (4H,)

    Returns
    -------
    h, c : ndarray of shape (B, H)
        Output and cell state after this step.
    gates : ndarray of shape (B, 4H)
        i, f, g, o, activated, as from `lstm_gates`.

    Raises
    ------
    ValueError
        A shape does not fit.
    """
    x, h_prev, c_prev, W_x, W_h, b = checked_arrays(
        x=(x, "B D"), h_prev=(h_prev, "B H"), c_prev=(c_prev, "B H"), W_x=(W_x, "D 4H"), W_h=(W_h, "H 4H"), b=(b, "4H")
    )
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, f, g, o = _blocks(gates)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, gates


def lstm_cell_backward(
    dh: Array, dc: Array, x: Array, h_prev: Array, c_prev: Array, c: Array, gates: Array, W_x: Array, W_h: Array
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """The gradients of one step, from those of its output and its cell state.

    dc_total = dc + dh * o * (1 - tanh(c)^2);  dc_prev = dc_total * f

    da = (dc_total * g, dc_total * c_prev, dc_total * i, dh * tanh(c)) times the slopes of σ and tanh

    Parameters
    ----------
    dh : ndarray of shape (B, H)
        The gradient of h: the loss's own at this step, and what the next step hands back.
    dc : ndarray of shape (B, H)
        What arrives at c from the next step's cell state; the part through h is added here.
    x : ndarray of shape (B, D)
    h_prev, c_prev : ndarray of shape (B, H)
        The inputs of the forward.
    c : ndarray of shape (B, H)
    gates : ndarray of shape (B, 4H)
        What the forward returned.
    W_x : ndarray of shape (D, 4H)
    W_h : ndarray of shape (H, 4H)

    Returns
    -------
    dx : ndarray of shape (B, D)
    dh_prev, dc_prev : ndarray of shape (B, H)
    dW_x : ndarray of shape (D, 4H)
    dW_h : ndarray of shape (H, 4H)
    db : ndarray of shape (4H,)
        The gradients of the weights, summed over the batch.

    Raises
    ------
    ValueError
        A shape does not fit.
    """
    dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h = checked_arrays(
        dh=(dh, "B H"), dc=(dc, "B H"), x=(x, "B D"), h_prev=(h_prev, "B H"), c_prev=(c_prev, "B H"),
        c=(c, "B H"), gates=(gates, "B 4H"), W_x=(W_x, "D 4H"), W_h=(W_h, "H 4H"),
    )  # fmt: skip
    i, f, g, o = _blocks(gates)
    tanh_c = np.tanh(c)
    dc_total = dc + dh * o * (1 - tanh_c**2)
    da = np.concatenate(
        [
            dc_total * g * i * (1 - i),
            dc_total * c_prev * f * (1 - f),
            dc_total * i * (1 - g**2),
            dh * tanh_c * o * (1 - o),
        ],
        axis=1,
    )  # (B, 4H)
    return da @ W_x.T, da @ W_h.T, dc_total * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


def lstm_forward(x: Array, h0: Array, c0: Array, W_x: Array, W_h: Array, b: Array) -> tuple[Array, Array, Array]:
    """The cell unrolled over time, with the same weights at every step.

    c_t = f_t * c_{t-1} + i_t * g_t;  h_t = o_t * tanh(c_t)    (Hochreiter & Schmidhuber 1997; Gers 2000)

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    h0, c0 : ndarray of shape (B, H)
        Output and cell state before the first step.
    W_x : ndarray of shape (D, 4H)
    W_h : ndarray of shape (H, 4H)
    b : ndarray of shape (4H,)

    Returns
    -------
    h, c : ndarray of shape (B, T, H)
        h[:, t] and c[:, t] are those after step t; T = 0 gives none, (B, 0, H).
    gates : ndarray of shape (B, T, 4H)

    Raises
    ------
    ValueError
        A shape does not fit.
    """
    x, h0, c0, W_x, W_h, b = checked_arrays(
        x=(x, "B T D"), h0=(h0, "B H"), c0=(c0, "B H"), W_x=(W_x, "D 4H"), W_h=(W_h, "H 4H"), b=(b, "4H")
    )
    (B, T, _), H = x.shape, len(W_h)
    signs = np.repeat(np.array([-1, -1, 1, -1], x.dtype), H)  # i, f and o are made from -a, as 1 / (1 + exp(-a))
    W = (np.concatenate([W_h, b[None]]) * signs).T.copy()  # (4H, H + 1)
    gates = recurrence.input_sums(x, W_x * signs)
    i, f, g, o = gates.reshape(T, 4, H, B).swapaxes(0, 1)
    operands = recurrence.states_and_ones(h0, T)
    h, c = operands[1:, :H], np.empty((T, H, B), x.dtype)
    recurrent, scratch = np.empty((4 * H, B), x.dtype), np.empty((H, B), x.dtype)
    c_prev = c0.T
    steps = zip(operands[:-1], gates, gates[:, : 2 * H], i, f, g, o, c, h, strict=True)
    with np.errstate(over="ignore"):
        for operand, sums, i_f, i_t, f_t, g_t, o_t, c_t, h_t in steps:
            sums += np.dot(W, operand, out=recurrent)
            recurrence.sigmoid_of_negated(i_f)
            np.tanh(g_t, out=g_t)
            recurrence.sigmoid_of_negated(o_t)
            np.multiply(f_t, c_prev, out=c_t)
            c_t += np.multiply(i_t, g_t, out=scratch)
            np.multiply(o_t, np.tanh(c_t, out=scratch), out=h_t)
            c_prev = c_t
    return batch_major(h), batch_major(c), batch_major(gates)


def lstm_backward(
    dh: Array, x: Array, h0: Array, c0: Array, h: Array, c: Array, gates: Array, W_x: Array, W_h: Array
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Backpropagation through time: the gradients of a whole sequence.

    Every step's dh is the loss's own at that step plus what the next step hands back; dc comes from the next step
    alone, and nothing arrives at the last c from outside.

    Parameters
    ----------
    dh : ndarray of shape (B, T, H)
        The loss's own gradient at every step's output.
    x : ndarray of shape (B, T, D)
    h0, c0 : ndarray of shape (B, H)
        The inputs of the forward.
    h, c : ndarray of shape (B, T, H)
    gates : ndarray of shape (B, T, 4H)
        What the forward returned.
    W_x : ndarray of shape (D, 4H)
    W_h : ndarray of shape (H, 4H)

    Returns
    -------
    dx : ndarray of shape (B, T, D)
    dh0, dc0 : ndarray of shape (B, H)
    dW_x : ndarray of shape (D, 4H)
    dW_h : ndarray of shape (H, 4H)
    db : ndarray of shape (4H,)
        The gradients of the weights, summed over batch and time; T = 0 gives zeros.

    Raises
    ------
    ValueError
        A shape does not fit.
    """
    dh, x, h0, c0, h, c, gates, W_x, W_h = checked_arrays(
        dh=(dh, "B T H"), x=(x, "B T D"), h0=(h0, "B H"), c0=(c0, "B H"), h=(h, "B T H"), c=(c, "B T H"),
        gates=(gates, "B T 4H"), W_x=(W_x, "D 4H"), W_h=(W_h, "H 4H"),
    )  # fmt: skip
    (B, T, _), H = x.shape, len(W_h)
    W_h = np.ascontiguousarray(W_h)
    dh, h, c, gates = map(feature_major, (dh, h, c, gates))
    gates = gates.reshape(T, 4, H, B)
    da = np.empty((4 * H, T, B), x.dtype)
    dh_t, dc_t, scratch = np.zeros((3, H, B), x.dtype)  # of the last step: nothing arrives from a later one
    length = recurrence.span_length(T, H * B)
    factors = np.empty((length, 5, H, B), x.dtype)
    for span in recurrence.spans(T, length):
        n = span.stop - span.start
        _enter_factors(factors[:n], gates[span], recurrence.before(span, c0, c), c[span])
        da_span = factors[:n, :4].reshape(n, 4 * H, B)  # a view: the factors become the gradients of the sums
        blocks = dh[span], factors[:n, 4], factors[:n, :3], factors[:n, 3], gates[span, 1], da_span
        for own, share, da_ifg, da_o, f, da_t in zip(*(block[::-1] for block in blocks), strict=True):
            dh_t += own
            dc_t += np.multiply(dh_t, share, out=scratch)
            da_ifg *= dc_t
            da_o *= dh_t
            dc_t *= f
            np.dot(W_h, da_t, out=dh_t)
        da[:, span] = da_span.swapaxes(0, 1)
    dx, dW_x, db = recurrence.input_gradients(da, x, W_x)
    dW_h = recurrence.recurrent_gradient(da, recurrence.all_before(h0, h))
    return dx, dh_t.T, dc_t.T, dW_x, dW_h, db


def _enter_factors(factors: Array, gates: Array, c_prev: Array, c: Array) -> None:
    """What can be known of the gradients of n steps before dh and dc arrive; factors is (n, 5, H, B).

    The first three turn dc into the gradients of a_i, a_f and a_g, the next dh into that of a_o, and the last dh into
    its share of dc.
    """
    i, _, g, o = gates.swapaxes(0, 1)
    d_i, d_f, d_g, d_o, share = factors.swapaxes(0, 1)
    np.subtract(1, gates, out=factors[:, :4])
    factors[:, :4] *= gates  # σ' = σ (1 - σ), of i, f and o
    d_i *= g
    d_f *= c_prev
    np.multiply(g, g, out=d_g)
    np.subtract(1, d_g, out=d_g)  # tanh' = 1 - tanh^2
    d_g *= i
    np.tanh(c, out=share)
    d_o *= share
    share *= share
    np.subtract(1, share, out=share)
    share *= o


def cell_gradient(gates: Array) -> Array:
    """The carousel: how much of each cell state's error comes from the last one along the direct path.

    ∂c_T/∂c_t = f_{t+1} * f_{t+2} * ... * f_T, element by element; the paths through h and the gates are left out
    (Hochreiter & Schmidhuber 1997, section 4; with forget gates: Gers 2000)

    Parameters
    ----------
    gates : ndarray of shape (B, T, 4H)
        i, f, g, o of every step, activated.

    Returns
    -------
    gradient : ndarray of shape (B, T, H)
        The product at t; ones at the last step, whose product is empty.

    Raises
    ------
    ValueError
        The shape does not fit.
    """
    (gates,) = checked_arrays(gates=(gates, "B T 4H"))
    f = _blocks(gates)[1]
    gradient = np.ones_like(f)
    gradient[:, :-1] = np.cumprod(f[:, :0:-1], axis=1)[:, ::-1]
    return gradient


def _blocks(gates: Array) -> tuple[Array, Array, Array, Array]:
    """Views of i, f, g, o in gates (..., 4H)."""
    i, f, g, o = np.split(gates, 4, axis=-1)
    return i, f, g, o
