"""Functions that a case hands over as an argument: pure, and the same for students and for the grader."""

import numpy as np

__all__ = [
    "cubic",
    "network_words",
    "next_step",
    "ripples",
    "squared_error",
    "tabled_loss",
    "tabled_words",
    "uneven_step",
]


def cubic(w: np.ndarray, *, a: np.ndarray, b: np.ndarray) -> float:
    """Σ a w³ + (Σ b w)², for arrays a and b like w: a central difference is off by a eps², no less and no more."""
    return float(np.sum(a * w**3) + np.sum(b * w) ** 2)


def ripples(w: np.ndarray, *, a: np.ndarray, c: np.ndarray) -> float:
    """Σ a sin(c u), where u is w with half of its neighbour (the last one for the first) added to every entry.

    a and c are arrays like w. Smooth, but at steps of about 1/c so curved that a slip in a difference quotient shows in
    the first digits: one side for two, another step, an entry that was not put back.
    """
    return float(np.sum(a * np.sin(c * (w + 0.5 * np.roll(w, 1)))))


def squared_error(params: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
    """Mean squared error of x w + b, x (n, D), y (n,), and its gradients."""
    error = x @ params["w"] + params["b"] - y
    return float(np.mean(error**2)), {"b": np.asarray(2 * np.mean(error)), "w": 2 * error @ x / len(y)}


def tabled_loss(
    params: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray, *, table: np.ndarray, slope: np.ndarray
) -> tuple[float, dict[str, np.ndarray]]:
    """What a table says for the way gone so far, plus the mean of x y, x's first feature; the gradients never change.

    So the loss comes and goes as the table wants it, a wrong pairing of x and y shows, and yet the rows of a batch
    have no influence on where the next one starts. `way` is an integer; slope is like w.
    """
    place = int(np.clip(np.rint(params["way"]), 0, len(table) - 1))
    loss = float(np.mean(x[:, 0] * y) + table[place])
    return loss, {"w": np.array(slope), "way": np.asarray(-1.0)}


def uneven_step(
    params: dict[str, np.ndarray], grads: dict[str, np.ndarray], state: dict[str, int], *, lr: float
) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """An optimizer whose steps are one to four times as long in turn; its state counts them."""
    count = state.get("count", 0)
    moved = {name: np.asarray(theta - lr * (1 + count % 4) * grads[name]) for name, theta in params.items()}
    return moved, {"count": count + 1}


def next_step(history: np.ndarray, *, mixing: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """(B, D) from (B, W, D), the step after each window: a tanh of its steps, which weigh less the older they are.

    mixing is (D, D), bias (D,). Any W will do, so that a window which grows or shrinks is answered, and told by it.
    """
    ages = np.arange(history.shape[1])[::-1]
    return np.asarray(np.tanh(np.einsum("w,bwd->bd", 0.7**ages, history) @ mixing + bias))


def network_words(
    state: np.ndarray, tokens: np.ndarray, *, W_e: np.ndarray, W_h: np.ndarray, W_y: np.ndarray, b_y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A model of the next word that is a small tanh network: log-probs (n, V) and state (n, H), from such a state."""
    h = np.tanh(np.asarray(W_e)[tokens] + state @ W_h)
    logits = h @ W_y + b_y
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)), h


def tabled_words(state: np.ndarray, tokens: np.ndarray, *, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A model of the next word that knows the last two: log-probs (n, V) and state (n, 1).

    The state is the word before the last. What a table (V, V, V) has for a pair of words need not add up to 1.
    """
    last = np.reshape(tokens, (-1, 1)).astype(np.int64)
    return table[np.asarray(state)[:, 0].astype(np.int64), last[:, 0]], last
