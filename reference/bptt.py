"""02-bptt: the loss, the gradient of the recurrent network through time, and how to judge it.

One backward pass of one state serves all: dL/dh_{t-1} = (dL/dh_t * (1 - h_t^2)) W_h^T, plus what the loss itself has to
say about h_{t-1} (Rumelhart, Hinton & Williams 1986; Werbos 1990).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from reference import Array
from reference.functional import log_softmax, tanh_backward
from reference.shapes import checked_arrays

__all__ = [
    "cross_entropy",
    "diagnose_gradients",
    "gradient_contributions",
    "gradient_norms",
    "numerical_gradient",
    "rnn_backward",
    "rnn_cell_backward",
]


def cross_entropy(logits: Array, targets: npt.NDArray[Any], mask: npt.NDArray[np.bool_]) -> tuple[float, Array]:
    """The mean of -log softmax(logits)[target] over the places that count, and its gradient.

    Parameters
    ----------
    logits : ndarray of shape (B, T, V)
        Of any size, in any row: 10000 beside -10000, too. Only those at the True places are looked at.
    targets : int ndarray of shape (B, T)
        The right id, 0 to V - 1, at the True places; anything at the others.
    mask : bool ndarray of shape (B, T)
        True: the place counts.

    Returns
    -------
    loss : float
        In nats; 0.0 if no place counts.
    dlogits : ndarray of shape (B, T, V)
        Exactly 0 at the False places.

    Raises
    ------
    ValueError
        A shape or dtype does not fit, or a target at a True place is no id.

    Notes
    -----
    L = -1/n sum log y_target over the n True places of the batch, y = softmax(logits), and
    dL/dlogits = (y - onehot(target)) / n    (Bridle 1990; Goodfellow, Bengio & Courville 2016, section 6.2.2.3).
    """
    logits, ids, mask = checked_arrays(
        logits=(logits, "B T V"), targets=(targets, "B T", int), mask=(mask, "B T", bool)
    )
    ids = ids[mask]
    if ids.size and (ids.min() < 0 or ids.max() >= logits.shape[2]):
        raise ValueError(f"targets holds ids from {ids.min()} to {ids.max()}, expected 0 to {logits.shape[2] - 1}")
    dlogits = np.zeros_like(logits)
    if not ids.size:
        return 0.0, dlogits
    places = np.arange(ids.size)
    log_y = log_softmax(logits[mask])  # (n, V)
    dlogits_true = np.exp(log_y)
    dlogits_true[places, ids] -= 1.0
    dlogits[mask] = dlogits_true / ids.size
    return float(-log_y[places, ids].mean()), dlogits


def rnn_cell_backward(
    dh: Array, x: Array, h_prev: Array, h: Array, W_x: Array, W_h: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """The gradients of one step of the simple recurrent network.

    h = tanh(a) with a = x W_x + h_prev W_h + b, so that da = dh * (1 - h^2); the rest is linear in a.

    Parameters
    ----------
    dh : ndarray of shape (B, H)
        The gradient that arrives at the cell's output.
    x : ndarray of shape (B, D)
    h_prev : ndarray of shape (B, H)
    h : ndarray of shape (B, H)
        The cell's output.
    W_x : ndarray of shape (D, H)
    W_h : ndarray of shape (H, H)

    Returns
    -------
    dx : ndarray of shape (B, D)
    dh_prev : ndarray of shape (B, H)
    dW_x : ndarray of shape (D, H)
    dW_h : ndarray of shape (H, H)
    db : ndarray of shape (H,)
        Those of the weights are sums over the batch, zeros if B = 0.

    Raises
    ------
    ValueError
        A shape does not fit.
    """
    dh, x, h_prev, h, W_x, W_h = checked_arrays(
        dh=(dh, "B H"), x=(x, "B D"), h_prev=(h_prev, "B H"), h=(h, "B H"), W_x=(W_x, "D H"), W_h=(W_h, "H H")
    )
    da = tanh_backward(dh, h)
    return da @ W_x.T, da @ W_h.T, x.T @ da, h_prev.T @ da, da.sum(axis=0)


def rnn_backward(
    dh: Array, x: Array, h0: Array, h: Array, W_x: Array, W_h: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """The gradients of `rnn_forward`: backpropagation through time (Werbos 1990).

    Only dL/dh_{t-1} has to wait for the step after it; each weight's gradient is one product over batch and time.

    Parameters
    ----------
    dh : ndarray of shape (B, T, H)
        The loss's own gradient at every step, without what arrives through later states.
    x : ndarray of shape (B, T, D)
    h0 : ndarray of shape (B, H)
    h : ndarray of shape (B, T, H)
        What `rnn_forward` returned.
    W_x : ndarray of shape (D, H)
    W_h : ndarray of shape (H, H)

    Returns
    -------
    dx : ndarray of shape (B, T, D)
    dh0 : ndarray of shape (B, H)
    dW_x : ndarray of shape (D, H)
    dW_h : ndarray of shape (H, H)
    db : ndarray of shape (H,)
        dh0 and those of the weights are zeros if T = 0.

    Raises
    ------
    ValueError
        A shape does not fit.
    """
    dh, x, h0, h, W_x, W_h = checked_arrays(
        dh=(dh, "B T H"), x=(x, "B T D"), h0=(h0, "B H"), h=(h, "B T H"), W_x=(W_x, "D H"), W_h=(W_h, "H H")
    )
    (B, T, D), H = x.shape, h0.shape[1]
    da = tanh_backward(_state_gradients(dh, h, W_h), h)
    dh0 = da[:, 0] @ W_h.T if T else np.zeros_like(h0)
    da = da.reshape(B * T, H)
    dx = (da @ W_x.T).reshape(B, T, D)
    dW_x = x.reshape(B * T, D).T @ da
    dW_h = _states_before(h0, h).reshape(B * T, H).T @ da
    return dx, dh0, dW_x, dW_h, da.sum(axis=0)


def gradient_contributions(dh_last: Array, x: Array, h0: Array, h: Array, W_h: Array) -> Array:
    """What each step adds to dL/dW_h, if the loss looks at the last state only.

    dL/dW_h = sum_k dL/dh_T dh_T/dh_k d+h_k/dW_h, where d+ is the immediate derivative, with h_{k-1} held constant
    (Werbos 1990's ordered derivatives; Pascanu, Mikolov & Bengio 2013, equation 4).

    Parameters
    ----------
    dh_last : ndarray of shape (B, H)
        The gradient at the last state.
    x : ndarray of shape (B, T, D)
        Named for completeness: h holds all that it did.
    h0 : ndarray of shape (B, H)
    h : ndarray of shape (B, T, H)
        What `rnn_forward` returned.
    W_h : ndarray of shape (H, H)

    Returns
    -------
    contributions : ndarray of shape (T, H, H)
        Entry k is step k's, summed over the batch; T = 0 gives none.

    Raises
    ------
    ValueError
        A shape does not fit.
    """
    dh_last, x, h0, h, W_h = checked_arrays(
        dh_last=(dh_last, "B H"), x=(x, "B T D"), h0=(h0, "B H"), h=(h, "B T H"), W_h=(W_h, "H H")
    )
    da = tanh_backward(_state_gradients(_at_last_step(dh_last, h), h, W_h), h)
    by_step: Array = _states_before(h0, h).transpose(1, 2, 0) @ da.transpose(1, 0, 2)  # (T, H, B) @ (T, B, H)
    return by_step


def numerical_gradient(f: Callable[[Array], float], w: Array, eps: float = 1e-5) -> Array:
    """The gradient of f at w by central differences, one entry of w after the other.

    df/dw_i is about (f(w + eps e_i) - f(w - eps e_i)) / (2 eps), with an error of order eps^2.

    Parameters
    ----------
    f : callable
        f(w) is a number; it is called with float64 arrays of w's shape, new ones each time.
    w : ndarray of any shape
        Left as it is. Computed with in float64, whatever it comes in: the difference of two nearly equal numbers
        needs all the digits there are.
    eps : float, more than 0

    Returns
    -------
    dw : ndarray, like w

    Raises
    ------
    ValueError
        w is no array of numbers, eps is not a finite number above 0, f is not callable, or does not give a number.
    """
    if not callable(f):
        raise ValueError(f"f is {f!r}, expected a function")
    w, step = checked_arrays(w=(w, "..."), eps=(eps, ""))
    if not 0.0 < step < np.inf:
        raise ValueError(f"eps is {eps}, expected a finite number above 0")
    dw = np.empty(w.shape)
    for place in np.ndindex(w.shape):
        above, below = w.astype(float), w.astype(float)
        above[place] += step
        below[place] -= step
        f_above, f_below = checked_arrays(**{"f(w + eps)": (f(above), ""), "f(w - eps)": (f(below), "")})
        dw[place] = (f_above - f_below) / (2.0 * step)
    return dw


def gradient_norms(dh_last: Array, h: Array, W_h: Array) -> Array:
    """How large the gradient is when it arrives at each state, if the loss looks at the last state only.

    The mean over the batch of ||dL/dh_t||_2 (Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013).

    Parameters
    ----------
    dh_last : ndarray of shape (B, H)
        The gradient at the last state; B is 1 or more.
    h : ndarray of shape (B, T, H)
        What `rnn_forward` returned.
    W_h : ndarray of shape (H, H)

    Returns
    -------
    norms : ndarray of shape (T,)
        The last entry is that of dh_last; T = 0 gives none.

    Raises
    ------
    ValueError
        A shape does not fit, or dh_last has no rows to take the mean of.
    """
    dh_last, h, W_h = checked_arrays(dh_last=(dh_last, "B H"), h=(h, "B T H"), W_h=(W_h, "H H"))
    if not len(dh_last):
        raise ValueError("dh_last has no rows, expected B of 1 or more: the mean over the batch is taken")
    norms: Array = np.linalg.norm(_state_gradients(_at_last_step(dh_last, h), h, W_h), axis=2).mean(axis=0)
    return norms


def diagnose_gradients(norms: Array, low: float, high: float) -> str:
    """Whether gradients vanish, explode or neither, judged by their norms.

    Parameters
    ----------
    norms : ndarray of shape (T,)
        0 or more; inf and NaN are what an explosion leaves behind.
    low, high : float, low at most high

    Returns
    -------
    diagnosis : str
        "exploding" if any norm is above high, or not finite; else "vanishing" if any is below low; else, and if
        there are none, "healthy".

    Raises
    ------
    ValueError
        norms is not one axis of numbers, or holds a negative one; low is not a number of at most high.
    """
    norms, lowest, highest = checked_arrays(norms=(norms, "T"), low=(low, ""), high=(high, ""))
    if (norms < 0).any():
        raise ValueError(f"norms holds {norms[norms < 0][0]}, expected nothing below 0")
    if not lowest <= highest:
        raise ValueError(f"low is {low}, expected a number of at most high, {high}")
    if not np.isfinite(norms).all() or (norms > highest).any():
        return "exploding"
    return "vanishing" if (norms < lowest).any() else "healthy"


def _state_gradients(dh: Array, h: Array, W_h: Array) -> Array:
    """dL/dh_t at every step, (B, T, H): the loss's own, dh, and what arrives from step t + 1."""
    total, slope, W_h_T = dh.copy(), 1.0 - h * h, np.ascontiguousarray(W_h.T)
    for t in reversed(range(1, h.shape[1])):
        total[:, t - 1] += (total[:, t] * slope[:, t]) @ W_h_T
    return total


def _states_before(h0: Array, h: Array) -> Array:
    """The state that each step starts from, (B, T, H): h0 and all states but the last."""
    return np.concatenate([h0[:, np.newaxis], h], axis=1)[:, : h.shape[1]]


def _at_last_step(dh_last: Array, h: Array) -> Array:
    """dh of a loss that looks at the last state only, (B, T, H)."""
    dh = np.zeros(h.shape, dh_last.dtype)
    dh[:, -1:] = dh_last[:, np.newaxis]
    return dh
