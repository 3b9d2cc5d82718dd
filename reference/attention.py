"""13-attention: instead of one vector for the whole sentence, at every step a mixture of what the encoder has kept.

A query q (B, D_q) is compared with all keys (B, S, D_k); the scores (B, S) become weights, the weights mix the values
(B, S, D_v) into a context (B, D_v). There are five ways to score; what comes after is the same for all.

A mask is True on what may be attended to; it is the weights' affair, so that scores on padding are computed like any
others. Every function raises a ValueError that names the argument for a shape or dtype that does not fit.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from reference import Array
from reference.functional import softmax_backward, tanh_backward
from reference.gru import gru_cell_forward
from reference.packing import Ints
from reference.rnn import output_layer
from reference.shapes import checked_arrays, named_entries

__all__ = [
    "additive_scores", "additive_scores_backward", "attention_backward", "attention_decoder_step", "attention_weights",
    "context_vector", "cosine_scores", "dot_scores", "dot_scores_backward", "general_scores",
    "general_scores_backward", "scaled_dot_scores", "scaled_dot_scores_backward",
]  # fmt: skip

Mask = npt.NDArray[np.bool_]

_STEP = {
    "W_e": "V E", "W_q": "H A", "W_k": "D A", "v": "A", "W_x": "E+D 3H", "W_h": "H 3H", "b": "3H", "W_y": "H V",
    "b_y": "V",
}  # fmt: skip


def dot_scores(q: Array, keys: Array) -> Array:
    """How well each key fits the query: their product.

    score_s = q · k_s    (Luong 2015, section 3.1, "dot")

    Parameters
    ----------
    q : ndarray of shape (B, D)
    keys : ndarray of shape (B, S, D)

    Returns
    -------
    scores : ndarray of shape (B, S)
    """
    q, keys = checked_arrays(q=(q, "B D"), keys=(keys, "B S D"))
    return _products(keys, q)


def dot_scores_backward(dscores: Array, q: Array, keys: Array) -> tuple[Array, Array]:
    """The gradients of query and keys, dq = sum_s dscore_s k_s and dk_s = dscore_s q.

    Parameters
    ----------
    dscores : ndarray of shape (B, S)
    q : ndarray of shape (B, D)
    keys : ndarray of shape (B, S, D)

    Returns
    -------
    dq : ndarray of shape (B, D)
    dkeys : ndarray of shape (B, S, D)
    """
    dscores, q, keys = checked_arrays(dscores=(dscores, "B S"), q=(q, "B D"), keys=(keys, "B S D"))
    return _mixture(dscores, keys), dscores[..., np.newaxis] * q[:, np.newaxis]


def scaled_dot_scores(q: Array, keys: Array) -> Array:
    """The dot product, over the square root of the number of its terms.

    score_s = q · k_s / √D: of standard normal q and k_s, independent, it has variance 1 whatever D is    (Vaswani
    2017, equation 1)

    Parameters
    ----------
    q : ndarray of shape (B, D), D 1 or more
    keys : ndarray of shape (B, S, D)

    Returns
    -------
    scores : ndarray of shape (B, S)
    """
    q, keys = checked_arrays(q=(q, "B D"), keys=(keys, "B S D"))
    return dot_scores(_over_root(q), keys)


def scaled_dot_scores_backward(dscores: Array, q: Array, keys: Array) -> tuple[Array, Array]:
    """The gradients of query and keys: those of `dot_scores`, over √D. Shapes as there."""
    dscores, q, keys = checked_arrays(dscores=(dscores, "B S"), q=(q, "B D"), keys=(keys, "B S D"))
    dq, dkeys = dot_scores_backward(dscores, _over_root(q), keys)
    return _over_root(dq), dkeys


def cosine_scores(q: Array, keys: Array) -> Array:
    """The cosine of the angle between query and key, from -1 to 1, however long they are.

    score_s = q · k_s / (‖q‖ ‖k_s‖)    (Graves 2014, equation 6)

    Parameters
    ----------
    q : ndarray of shape (B, D)
    keys : ndarray of shape (B, S, D)

    Returns
    -------
    scores : ndarray of shape (B, S)
        0 where the query or the key is 0.
    """
    q, keys = checked_arrays(q=(q, "B D"), keys=(keys, "B S D"))
    return dot_scores(_unit(q), _unit(keys))


def general_scores(q: Array, keys: Array, W: Array) -> Array:
    """The dot product once the query has been translated into the keys' terms.

    score_s = q W k_s^T    (Luong 2015, section 3.1, "general")

    Parameters
    ----------
    q : ndarray of shape (B, D_q)
    keys : ndarray of shape (B, S, D_k)
    W : ndarray of shape (D_q, D_k)

    Returns
    -------
    scores : ndarray of shape (B, S)
    """
    q, keys, W = checked_arrays(q=(q, "B D_q"), keys=(keys, "B S D_k"), W=(W, "D_q D_k"))
    return dot_scores(q @ W, keys)


def general_scores_backward(dscores: Array, q: Array, keys: Array, W: Array) -> tuple[Array, Array, Array]:
    """The gradients of query, keys and W, of which the last is summed over the batch.

    Parameters
    ----------
    dscores : ndarray of shape (B, S)
    q, keys, W
        The arguments of `general_scores`.

    Returns
    -------
    dq : ndarray of shape (B, D_q)
    dkeys : ndarray of shape (B, S, D_k)
    dW : ndarray of shape (D_q, D_k)
    """
    dscores, q, keys, W = checked_arrays(
        dscores=(dscores, "B S"), q=(q, "B D_q"), keys=(keys, "B S D_k"), W=(W, "D_q D_k")
    )
    dprojected, dkeys = dot_scores_backward(dscores, q @ W, keys)
    return dprojected @ W.T, dkeys, q.T @ dprojected


def additive_scores(q: Array, keys: Array, W_q: Array, W_k: Array, v: Array) -> Array:
    """A network of one hidden layer that looks at query and key together.

    score_s = tanh(q W_q + k_s W_k) · v    (Bahdanau 2015, appendix A.1.2)

    Parameters
    ----------
    q : ndarray of shape (B, D_q)
    keys : ndarray of shape (B, S, D_k)
    W_q : ndarray of shape (D_q, A)
    W_k : ndarray of shape (D_k, A)
    v : ndarray of shape (A,)

    Returns
    -------
    scores : ndarray of shape (B, S)
    """
    q, keys, W_q, W_k, v = checked_arrays(
        q=(q, "B D_q"), keys=(keys, "B S D_k"), W_q=(W_q, "D_q A"), W_k=(W_k, "D_k A"), v=(v, "A")
    )
    return _hidden(q, keys, W_q, W_k) @ v


def additive_scores_backward(
    dscores: Array, q: Array, keys: Array, W_q: Array, W_k: Array, v: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """The gradients of everything that `additive_scores` is made from.

    da_s = dscore_s v * (1 - u_s^2) with u_s = tanh(q W_q + k_s W_k); the query is in all of them: da = sum_s da_s

    Parameters
    ----------
    dscores : ndarray of shape (B, S)
    q, keys, W_q, W_k, v
        The arguments of `additive_scores`.

    Returns
    -------
    dq : ndarray of shape (B, D_q)
    dkeys : ndarray of shape (B, S, D_k)
    dW_q : ndarray of shape (D_q, A)
    dW_k : ndarray of shape (D_k, A)
    dv : ndarray of shape (A,)
        The gradients of the weights, summed over the batch.
    """
    dscores, q, keys, W_q, W_k, v = checked_arrays(
        dscores=(dscores, "B S"), q=(q, "B D_q"), keys=(keys, "B S D_k"), W_q=(W_q, "D_q A"), W_k=(W_k, "D_k A"),
        v=(v, "A"),
    )  # fmt: skip
    u = _hidden(q, keys, W_q, W_k)
    da = tanh_backward(dscores[..., np.newaxis] * v, u)  # (B, S, A)
    da_q = da.sum(axis=1)
    dW_k = _as_rows(keys).T @ _as_rows(da)
    return da_q @ W_q.T, da @ W_k.T, q.T @ da_q, dW_k, dscores.ravel() @ _as_rows(u)


def attention_weights(scores: Array, mask: Mask | None = None) -> Array:
    """Scores as shares of one: their softmax, over what may be attended to.

    w_s = exp(score_s) / sum_r exp(score_r), both over the places where mask is True    (Bahdanau 2015, equation 6)

    Parameters
    ----------
    scores : ndarray of shape (..., S)
        Where the mask is False anything, NaN too. -inf is as good as masked; a NaN or +inf elsewhere makes its row NaN.
    mask : bool ndarray of a shape that broadcasts to that of scores, or None
        True where a place is real. None: everywhere.

    Returns
    -------
    weights : ndarray of shape (..., S)
        Exactly 0 where the mask is False; a row without any True is 0 throughout, all others sum to 1.
    """
    (scores,) = checked_arrays(scores=(scores, "... S"))
    if mask is not None:
        (mask,) = checked_arrays(mask=(mask, "...", bool))
        if not _broadcasts(mask.shape, scores.shape):
            raise ValueError(f"mask has shape {mask.shape}, expected one that broadcasts to {scores.shape}")
        scores = np.where(mask, scores, -np.inf)
    row_max = scores.max(axis=-1, keepdims=True, initial=-np.inf)
    with np.errstate(invalid="ignore"):
        exp = np.exp(scores - np.where(row_max == -np.inf, 0, row_max))
    total = exp.sum(axis=-1, keepdims=True)
    weights: Array = exp / np.where(total == 0, 1, total)
    return weights


def context_vector(weights: Array, values: Array) -> Array:
    """What the query gets to see: the values, mixed.

    c = sum_s w_s v_s    (Bahdanau 2015, equation 5)

    Parameters
    ----------
    weights : ndarray of shape (B, S)
    values : ndarray of shape (B, S, D_v)

    Returns
    -------
    context : ndarray of shape (B, D_v)
    """
    weights, values = checked_arrays(weights=(weights, "B S"), values=(values, "B S D_v"))
    return _mixture(weights, values)


def attention_backward(dcontext: Array, values: Array, weights: Array) -> tuple[Array, Array]:
    """The gradients of scores and values, through the mixture and the softmax, however the scores were made.

    dw_s = dcontext · v_s;  dscore_s = w_s (dw_s - sum_r w_r dw_r);  dv_s = w_s dcontext

    Parameters
    ----------
    dcontext : ndarray of shape (B, D_v)
    values : ndarray of shape (B, S, D_v)
    weights : ndarray of shape (B, S)
        What `attention_weights` returned.

    Returns
    -------
    dscores : ndarray of shape (B, S)
    dvalues : ndarray of shape (B, S, D_v)
        Both are 0 where the weight is 0, so that no gradient enters padding.
    """
    dcontext, values, weights = checked_arrays(
        dcontext=(dcontext, "B D_v"), values=(values, "B S D_v"), weights=(weights, "B S")
    )
    dscores = softmax_backward(_products(values, dcontext), weights)
    return dscores, weights[..., np.newaxis] * dcontext[:, np.newaxis]


def attention_decoder_step(
    tokens: Ints, state: Array, keys: Array, mask: Mask, params: Mapping[str, Array]
) -> tuple[Array, Array, Array]:
    """One step of a decoder that looks at the whole sentence before it says a word.

    w = softmax(tanh(state W_q + k_s W_k) · v);  c = sum_s w_s k_s;  state' = GRU([W_e[token], c], state);
    logits = state' W_y + b_y    (Bahdanau 2015, section 3.1, with a linear output layer in the place of a maxout one)

    Parameters
    ----------
    tokens : int ndarray of shape (B,), each from 0 to V - 1
        The words that were said last.
    state : ndarray of shape (B, H)
        That after the step before. It is the query.
    keys : ndarray of shape (B, S, D)
        The encoder's states; they are the values, too.
    mask : bool ndarray of shape (B, S)
        False on padding. Without any True the context is 0, and the step is that of a decoder without attention.
    params : dict of W_e (V, E), W_q (H, A), W_k (D, A), v (A,), W_x (E+D, 3H), W_h (H, 3H), b (3H,), W_y (H, V),
        b_y (V,)

    Returns
    -------
    logits : ndarray of shape (B, V)
    state : ndarray of shape (B, H)
        That after this step.
    weights : ndarray of shape (B, S)
    """
    entries = zip(_STEP.items(), named_entries(params, " ".join(_STEP)), strict=True)
    tokens, state, keys, mask, W_e, W_q, W_k, v, W_x, W_h, b, W_y, b_y = checked_arrays(
        tokens=(tokens, "B", int), state=(state, "B H"), keys=(keys, "B S D"), mask=(mask, "B S", bool),
        **{f"params[{name!r}]": (entry, axes) for (name, axes), entry in entries},
    )  # fmt: skip
    E, D = W_e.shape[1], keys.shape[2]
    if len(W_x) != E + D:
        raise ValueError(f"params['W_x'] has shape {W_x.shape}, expected (E+D, 3H) where E = {E}, D = {D}")
    if tokens.size and not 0 <= tokens.min() <= tokens.max() < len(W_e):
        raise ValueError(f"tokens holds ids from {tokens.min()} to {tokens.max()}, expected 0 to {len(W_e) - 1}")
    weights = attention_weights(additive_scores(state, keys, W_q, W_k, v), mask)
    x = np.concatenate([W_e[tokens], context_vector(weights, keys)], axis=1)
    state, _ = gru_cell_forward(x, state, W_x, W_h, b)
    return output_layer(state, W_y, b_y), state, weights


def _products(rows: Array, vector: Array) -> Array:
    """Of each batch entry's vector (B, D) with all of its rows (B, S, D): (B, S)."""
    products: Array = (rows @ vector[..., np.newaxis])[..., 0]
    return products


def _mixture(weights: Array, rows: Array) -> Array:
    """The sum of each batch entry's rows (B, S, D) with its weights (B, S): (B, D)."""
    mixture: Array = (weights[:, np.newaxis] @ rows)[:, 0]
    return mixture


def _over_root(a: Array) -> Array:
    """a (..., D), divided by √D."""
    return a / np.asarray(max(a.shape[-1], 1) ** 0.5, a.dtype)


def _unit(a: Array) -> Array:
    """a (..., D) with every vector at length 1, but 0 where it is 0. No square under- or overflows on the way."""
    largest = np.abs(a).max(axis=-1, keepdims=True, initial=0)
    a = a / np.where(largest == 0, 1, largest)
    norm = np.sqrt((a * a).sum(axis=-1, keepdims=True))
    return a / np.where(norm == 0, 1, norm)


def _hidden(q: Array, keys: Array, W_q: Array, W_k: Array) -> Array:
    """The hidden layer of the additive score, (B, S, A)."""
    return np.tanh((q @ W_q)[:, np.newaxis] + keys @ W_k)


def _as_rows(a: Array) -> Array:
    """(B, S, A) as one matrix."""
    return a.reshape(-1, a.shape[-1])


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, to) == to
    except ValueError:
        return False
