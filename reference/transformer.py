"""17-transformer: attention of a sequence to itself, in heads, with positions; the block of Vaswani (2017).

A mask is boolean, True where a query may attend to a key. Its axes are those of the scores, or fewer: whatever
broadcasts to them. A query with nothing to attend to gets weights of 0, and an output of 0.

Every function raises a ValueError that names the argument for a shape that does not fit its letters, a dict that
lacks an entry, and any value outside of what the argument's line allows.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from reference import Array
from reference.attention import attention_weights
from reference.functional import softmax_backward
from reference.shapes import checked_arrays, named_entries

__all__ = [
    "causal_mask", "encoder_block", "layer_norm", "multi_head_attention", "positional_encoding",
    "scaled_dot_product_attention", "scaled_dot_product_attention_backward",
]  # fmt: skip

Mask = npt.NDArray[np.bool_]
Parameters = Mapping[str, Array]

_ATTENTION = "W_q W_k W_v W_o b_q b_k b_v b_o"
_SQUARE = ["D D"] * 4 + ["D"] * 4
_BLOCK = "W_1 b_1 W_2 b_2 gamma_1 beta_1 gamma_2 beta_2"
_BLOCK_AXES = ["D F", "F", "F D", "D", "D", "D", "D", "D"]


def scaled_dot_product_attention(q: Array, k: Array, v: Array, mask: Mask | None = None) -> tuple[Array, Array]:
    """What each query reads from the values, by how well it matches their keys.

    weights = softmax(q kᵀ / √d) over the keys; output = weights v    (Vaswani 2017, equation 1)

    Parameters
    ----------
    q : ndarray of shape (..., T, d), d at least 1
    k : ndarray of shape (..., S, d)
    v : ndarray of shape (..., S, D)
    mask : ndarray of bool, broadcastable to (..., T, S), or None
        None: every query may attend to every key.

    Returns
    -------
    output : ndarray of shape (..., T, D)
    weights : ndarray of shape (..., T, S)
        Rows sum to 1, or are 0 throughout where the mask allows nothing. Exactly 0 where it is False.
    """
    q, k, v = checked_arrays(q=(q, "... T d"), k=(k, "... S d"), v=(v, "... S D"))
    _check_at_least_one("q", q)
    scores = q @ np.swapaxes(k, -1, -2) / q.shape[-1] ** 0.5
    weights = attention_weights(scores, _checked_mask(mask, scores.shape))
    return weights @ v, weights


def scaled_dot_product_attention_backward(
    doutput: Array, q: Array, k: Array, v: Array, weights: Array
) -> tuple[Array, Array, Array]:
    """The gradients of q, k and v of `scaled_dot_product_attention`.

    No mask is needed: where a weight is 0 its score gets no gradient.

    Parameters
    ----------
    doutput : ndarray of shape (..., T, D)
    q, k, v
        The arguments of the forward.
    weights : ndarray of shape (..., T, S)
        What the forward returned.

    Returns
    -------
    dq : ndarray of shape (..., T, d)
    dk : ndarray of shape (..., S, d)
    dv : ndarray of shape (..., S, D)
    """
    doutput, q, k, v, weights = checked_arrays(
        doutput=(doutput, "... T D"), q=(q, "... T d"), k=(k, "... S d"), v=(v, "... S D"), weights=(weights, "... T S")
    )
    _check_at_least_one("q", q)
    dv = np.swapaxes(weights, -1, -2) @ doutput
    dscores = softmax_backward(doutput @ np.swapaxes(v, -1, -2), weights) / q.shape[-1] ** 0.5
    return dscores @ k, np.swapaxes(dscores, -1, -2) @ q, dv


def multi_head_attention(
    query: Array, memory: Array, mask: Mask | None, params: Parameters, heads: int
) -> tuple[Array, Array]:
    """Several attentions at once, each in a few columns of its own projections of query and memory.

    head_n = attention(query W_q + b_q, memory W_k + b_k, memory W_v + b_v), all in columns n d to (n+1) d - 1;
    output = [head_0, …, head_{N-1}] W_o + b_o    (Vaswani 2017, section 3.2.2; the biases are torch's)

    Parameters
    ----------
    query : ndarray of shape (B, T, D), D at least 1
    memory : ndarray of shape (B, S, D)
        Where keys and values come from; self-attention passes the query once more.
    mask : ndarray of bool, broadcastable to (B, T, S), or None
        The same for all heads.
    params : dict of W_q, W_k, W_v, W_o (D, D), b_q, b_k, b_v, b_o (D,)
    heads : int, N, a divisor of D
        d = D / N.

    Returns
    -------
    output : ndarray of shape (B, T, D)
    weights : ndarray of shape (B, N, T, S)
    """
    shaped = dict(zip(_ATTENTION.split(), _SQUARE, strict=True))
    entries = dict(zip(shaped, named_entries(params, _ATTENTION), strict=True))
    query, memory, W_q, W_k, W_v, W_o, b_q, b_k, b_v, b_o = checked_arrays(
        query=(query, "B T D"),
        memory=(memory, "B S D"),
        **{f"params['{name}']": (entries[name], axes) for name, axes in shaped.items()},
    )
    _check_at_least_one("query", query)
    _check_heads(heads, query.shape[-1])
    B, T, D = query.shape
    q, k, v = (
        _split_heads(x @ W + b, heads) for x, W, b in ((query, W_q, b_q), (memory, W_k, b_k), (memory, W_v, b_v))
    )
    allowed = _checked_mask(mask, (B, T, memory.shape[1]))[:, np.newaxis]  # (B, 1, T, S)
    output, weights = scaled_dot_product_attention(q, k, v, allowed)  # (B, N, T, d), (B, N, T, S)
    return output.swapaxes(1, 2).reshape(B, T, D) @ W_o + b_o, weights


def positional_encoding(T: int, D: int) -> Array:
    """Where a step stands, as D waves of it: short ones in the first columns, long ones in the last.

    column 2i: sin(t / 10000^(2i/D)); column 2i+1: the cosine of the same angle    (Vaswani 2017, section 3.5)

    Parameters
    ----------
    T, D : int, 0 or more
        If D is odd, the last column is a sine.

    Returns
    -------
    encoding : ndarray of shape (T, D)
        t runs from 0.
    """
    for name, size in (("T", T), ("D", D)):
        if not isinstance(size, int | np.integer) or isinstance(size, bool) or size < 0:
            raise ValueError(f"{name} is {size!r}, expected an int of 0 or more")
    column = np.arange(D)
    angles = np.arange(T)[:, np.newaxis] / 10000.0 ** (2 * (column // 2) / max(D, 1))  # (T, D)
    encoding: Array = np.where(column % 2 == 0, np.sin(angles), np.cos(angles))
    return encoding


def causal_mask(T: int) -> Mask:
    """Nobody reads what comes later: query i may attend to key j if j ≤ i.

    (Vaswani 2017, section 3.2.3)

    Parameters
    ----------
    T : int, 0 or more

    Returns
    -------
    mask : ndarray of bool of shape (T, T)
        Rows are queries.
    """
    if not isinstance(T, int | np.integer) or isinstance(T, bool) or T < 0:
        raise ValueError(f"T is {T!r}, expected an int of 0 or more")
    return np.tri(T, dtype=np.bool_)


def layer_norm(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    """Every vector with mean 0 and variance 1 of its own, then stretched and shifted feature by feature.

    y = gamma ∘ (x - mean) / √(variance + eps) + beta    (Ba, Kiros & Hinton 2016, equation 4; eps is torch's)

    Parameters
    ----------
    x : ndarray of shape (..., D), D at least 1
    gamma, beta : ndarray of shape (D,)
    eps : float, more than 0
        Keeps a constant vector from a division by 0: it becomes beta.

    Returns
    -------
    y : ndarray, like x
        Mean and variance are over the last axis alone; the variance is the mean of the squares (no D - 1).
    """
    x, gamma, beta = checked_arrays(x=(x, "... D"), gamma=(gamma, "D"), beta=(beta, "D"))
    _check_at_least_one("x", x)
    if not eps > 0:
        raise ValueError(f"eps is {eps!r}, expected more than 0")
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = np.mean(centred**2, axis=-1, keepdims=True)
    normed: Array = gamma * centred / np.sqrt(variance + float(eps)) + beta
    return normed


def encoder_block(x: Array, mask: Mask | None, params: Parameters, heads: int) -> Array:
    """Attention of a sequence to itself, then a small network on every step; both add to what they were given.

    y = LN_1(x + attention(x, x)); block(x) = LN_2(y + relu(y W_1 + b_1) W_2 + b_2)    (Vaswani 2017, figure 1)

    The variant is the paper's, "post-norm": a norm comes after each sum. In "pre-norm" it comes before each part.

    Parameters
    ----------
    x : ndarray of shape (B, T, D), D at least 1
    mask : ndarray of bool, broadcastable to (B, T, T), or None
        Steps that nobody may attend to (padding) are computed like the rest.
    params : dict of W_1 (D, F), b_1 (F,), W_2 (F, D), b_2, gamma_1, beta_1, gamma_2, beta_2 (D,)
        And of the entries of `multi_head_attention`.
    heads : int, N, a divisor of D

    Returns
    -------
    y : ndarray of shape (B, T, D)
    """
    entries = dict(zip(_BLOCK.split(), named_entries(params, _BLOCK), strict=True))
    x, W_1, b_1, W_2, b_2, gamma_1, beta_1, gamma_2, beta_2 = checked_arrays(
        x=(x, "B T D"),
        **{f"params['{name}']": (entries[name], axes) for name, axes in zip(entries, _BLOCK_AXES, strict=True)},
    )
    attended, _ = multi_head_attention(x, x, mask, params, heads)
    y = layer_norm(x + attended, gamma_1, beta_1)
    return layer_norm(y + np.maximum(y @ W_1 + b_1, 0) @ W_2 + b_2, gamma_2, beta_2)


def _split_heads(x: Array, heads: int) -> Array:
    """(B, N, T, d): each head's columns of x (B, T, D)."""
    B, T, D = x.shape
    return x.reshape(B, T, heads, D // heads).swapaxes(1, 2)  # (B, T, N, d) -> (B, N, T, d)


def _checked_mask(mask: Mask | None, shape: tuple[int, ...]) -> Mask:
    """The mask in the full shape; all True if there is none."""
    (mask,) = checked_arrays(mask=(True if mask is None else mask, "...", bool))
    try:
        return np.broadcast_to(mask, shape)
    except ValueError:
        raise ValueError(f"mask has shape {mask.shape}, expected what broadcasts to {shape}") from None


def _check_at_least_one(name: str, array: Array) -> None:
    if not array.shape[-1]:
        raise ValueError(f"{name} has shape {array.shape}, expected at least one feature on the last axis")


def _check_heads(heads: int, D: int) -> None:
    if not isinstance(heads, int | np.integer) or isinstance(heads, bool) or heads < 1 or D % heads:
        raise ValueError(f"heads is {heads!r}, expected an int that divides D = {D}")
