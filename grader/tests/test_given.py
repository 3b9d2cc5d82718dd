"""Functions that cases hand over: a float for any array, the same each time, and nothing is changed."""

import inspect
import itertools

import numpy as np
import pytest

from grader import given
from grader.answers import ask
from grader.trees import Given, decode, encode

FUNCTIONS = ["cubic", "ripples"]  # of an array
LOSSES = {  # of params, x and y, with what else they take
    "squared_error": {},
    "tabled_loss": {"table": np.array([3.0, 1.0, 4.0, 1.5]), "slope": np.array([2.0, -1.0])},
}
PARAMS = {"w": np.array([0.5, -2.0]), "b": np.array(0.25), "way": np.array(2.0)}
X, Y = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]]), np.array([1.0, -2.0, 0.5])


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1, 3)])
def test_pure_and_a_float(name: str, shape: tuple[int, ...]) -> None:
    """Of an array of any shape, float32 too, and after the way through bytes."""
    rng = np.random.default_rng(0)
    function = getattr(given, name)
    constants = {key: rng.standard_normal(shape) for key in list(inspect.signature(function).parameters)[1:]}
    w = rng.standard_normal(shape)
    handed = Given(name, constants)
    answers = [ask(lambda f, w: f(w), {"f": f, "w": w}) for f in (handed, decode(encode(handed)), handed)]
    assert answers[0] == answers[1] == answers[2]
    assert type(answers[0].value) is float and answers[0].value == function(w, **constants) and not answers[0].changed
    assert function(w.astype(np.float32), **constants) == pytest.approx(answers[0].value, rel=1e-4)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_entry_counts(name: str) -> None:
    """A gradient of it has no zero by accident."""
    rng = np.random.default_rng(1)
    function = getattr(given, name)
    constants = {key: rng.standard_normal((2, 3)) for key in list(inspect.signature(function).parameters)[1:]}
    w = rng.standard_normal((2, 3))
    for i in np.ndindex(2, 3):
        moved = w.copy()
        moved[i] += 0.1
        assert abs(function(moved, **constants) - function(w, **constants)) > 1e-4


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_pure(name: str) -> None:
    """The same after the way through bytes; params, x and y stay as they are."""
    handed = Given(name, LOSSES[name])
    inputs = {"params": PARAMS, "x": X, "y": Y}
    answers = [ask(lambda f, *rest: f(*rest), {"f": f} | inputs) for f in (handed, decode(encode(handed)))]
    assert not any(answer.problem or answer.changed for answer in answers)
    assert encode(answers[0].value) == encode(answers[1].value)
    loss, grads = answers[0].value
    assert type(loss) is float and all(
        isinstance(g, np.ndarray) and g.shape == PARAMS[k].shape for k, g in grads.items()
    )


def test_squared_error_on_paper() -> None:
    """Errors -3.5 + 0.25 - 1, 3.5 + 0.25 + 2 and -7.75 + 0.25 - 0.5, and central differences of the loss."""
    loss, grads = given.squared_error(PARAMS, X, Y)
    assert loss == pytest.approx((4.25**2 + 5.75**2 + 8.0**2) / 3)
    for name, grad in grads.items():
        for i in np.ndindex(grad.shape):
            moved = {sign: {key: value.copy() for key, value in PARAMS.items()} for sign in (1, -1)}
            for sign in moved:
                moved[sign][name][i] += sign * 1e-5
            slope = (given.squared_error(moved[1], X, Y)[0] - given.squared_error(moved[-1], X, Y)[0]) / 2e-5
            assert grad[i] == pytest.approx(slope, rel=1e-6)


def test_tabled_loss_on_paper() -> None:
    """(1 - 6 + 0.25) / 3 for the rows, and what the table has at the way; beyond its ends it has its ends."""
    rows = (1.0 - 6.0 + 0.25) / 3
    for way, number in ((2.0, 4.0), (2.3, 4.0), (-1.0, 3.0), (9.0, 1.5)):
        loss, grads = given.tabled_loss(PARAMS | {"way": np.array(way)}, X, Y, **LOSSES["tabled_loss"])
        assert loss == pytest.approx(rows + number)
        assert grads["w"].tolist() == [2.0, -1.0] and grads["way"] == -1.0
    assert given.tabled_loss(PARAMS, X, Y[::-1], **LOSSES["tabled_loss"])[0] != pytest.approx(rows + 4.0)


def test_uneven_steps() -> None:
    """1, 2, 3, 4 and 1 times lr, if the state is handed on."""
    params, state, grads = {"w": np.array(0.0)}, dict[str, int](), {"w": np.array(-1.0)}
    places = []
    for _ in range(5):
        params, state = given.uneven_step(params, grads, state, lr=0.5)
        places.append(float(params["w"]))
    assert places == [0.5, 1.5, 3.0, 5.0, 5.5] and state == {"count": 5}


def test_next_step_follows_every_step_of_any_window() -> None:
    """One step for each window, from windows of any length; older steps weigh less, and none is left out."""
    rng = np.random.default_rng(0)
    mixing, bias, history = rng.standard_normal((2, 2)), rng.standard_normal(2), rng.standard_normal((3, 5, 2)) / 4
    step = given.next_step(history, mixing=mixing, bias=bias)
    assert step.shape == given.next_step(history[:, 2:], mixing=mixing, bias=bias).shape == (3, 2)
    changes = []
    for age in range(5):
        other = history.copy()
        other[:, 4 - age] += 0.1
        changes.append(np.abs(given.next_step(other, mixing=mixing, bias=bias) - step).min(axis=0).sum())
    assert all(newer > older > 1e-4 for newer, older in itertools.pairwise(changes))


rng = np.random.default_rng(0)
MODELS = {  # constants, and a state of three hypotheses
    "network_words": (
        {
            "W_e": rng.normal(size=(5, 4)),
            "W_h": rng.normal(size=(4, 4)),
            "W_y": rng.normal(size=(4, 5)),
            "b_y": rng.normal(size=5),
        },
        rng.normal(size=(3, 4)),
    ),
    "tabled_words": ({"table": rng.normal(size=(5, 5, 5))}, np.array([[1], [0], [4]])),
}


@pytest.mark.parametrize("name", MODELS)
def test_models_of_the_next_word(name: str) -> None:
    """Each hypothesis as if alone; pure, and the same after the way through bytes, for int32 and lists, too."""
    constants, state = MODELS[name]
    tokens = np.array([2, 0, 3])
    handed = Given(name, constants)
    inputs = {"state": state, "tokens": tokens}
    answers = [ask(lambda f, *rest: f(*rest), {"f": f} | inputs) for f in (handed, decode(encode(handed)))]
    assert not any(answer.problem or answer.changed for answer in answers)
    assert encode(answers[0].value) == encode(answers[1].value)
    log_probs, following = answers[0].value
    assert log_probs.shape == (3, 5) and following.shape == state.shape
    function = getattr(given, name)
    for i in range(3):
        alone = function(state[i : i + 1], [int(tokens[i])], **constants)
        np.testing.assert_allclose(alone[0][0], log_probs[i])
        np.testing.assert_allclose(alone[1][0], following[i])
        other = function(state[i : i + 1] + 1 - 2 * (state[i : i + 1] > 0), tokens[i : i + 1], **constants)
        assert not np.allclose(other[0][0], log_probs[i]), "the state has no influence"


def test_network_words_on_paper() -> None:
    """tanh(ln(3)/2) = 1/2, so that the logits are ln 2 and 0: probabilities 2/3 and 1/3."""
    W_e = np.array([[0.0], [np.log(3) / 2]])
    log_probs, h = given.network_words(
        np.zeros((1, 1)),
        np.array([1]),
        W_e=W_e,
        W_h=np.ones((1, 1)),
        W_y=np.array([[2 * np.log(2), 0.0]]),
        b_y=np.zeros(2),
    )
    np.testing.assert_allclose(h, [[0.5]])
    np.testing.assert_allclose(np.exp(log_probs), [[2 / 3, 1 / 3]])
