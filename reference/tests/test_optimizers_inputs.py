"""What the functions of 09-optimizers take, refuse and leave alone: edges, layouts, types, errors."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from reference import Array, optimizers
from reference.tests.test_optimizers import descend, draw
from reference.tests.toy_training import regression, squared_error

RATES: dict[str, dict[str, float]] = {
    "sgd_step": dict(lr=0.1),
    "momentum_step": dict(lr=0.1, momentum=0.9),
    "rmsprop_step": dict(lr=0.1, beta=0.9, eps=0.1),
    "adam_step": dict(lr=0.1, beta1=0.9, beta2=0.99, eps=0.1, weight_decay=0.2),
}
MEMORIES = {"sgd_step": "", "momentum_step": "v", "rmsprop_step": "s", "adam_step": "mv"}

all_steps = pytest.mark.parametrize("name", RATES)
steps_with_state = pytest.mark.parametrize("name", list(RATES)[1:])


def inputs_of(name: str, convert: Callable[[Array], Array] = np.asarray) -> dict[str, Any]:
    """Arguments by name that fit, with a state that is not empty."""

    def converted(seed: int) -> dict[str, Array]:
        return {key: convert(np.asarray(np.abs(array))) for key, array in draw(seed).items()}

    inputs: dict[str, Any] = dict(params=converted(0), grads=converted(1))
    if MEMORIES[name]:
        inputs["state"] = {memory: converted(seed) for seed, memory in enumerate(MEMORIES[name], start=2)}
    if name == "adam_step":
        inputs["state"]["t"] = 4
    return inputs | RATES[name]


def call(name: str, **inputs: Any) -> list[dict[str, Array]]:
    """params, and every dict of arrays in the state."""
    result = getattr(optimizers, name)(**inputs)
    if name == "sgd_step":
        return [result]
    params, state = result
    return [params, *(state[memory] for memory in MEMORIES[name])]


def assert_same(one: list[dict[str, Array]], other: list[dict[str, Array]], rtol: float = 1e-12) -> None:
    for ours, theirs in zip(one, other, strict=True):
        assert list(ours) == list(theirs)
        for key in ours:
            np.testing.assert_allclose(ours[key], theirs[key], rtol=rtol)


def test_public_names() -> None:
    """The module exports the seven functions of the assignment."""
    assert set(optimizers.__all__) == {*RATES, "minibatches", "EarlyStopping", "fit"}


@all_steps
def test_inputs_stay_as_they_were(name: str) -> None:
    """Read-only arrays are enough; no result shares memory with them, nor with another; the dicts are as before."""
    frozen: list[Array] = []

    def freeze(array: Array) -> Array:
        frozen.append(array.copy())
        frozen[-1].flags.writeable = False
        return frozen[-1]

    inputs = inputs_of(name, freeze)
    keys = repr(inputs)
    results = [array for arrays in call(name, **inputs) for array in arrays.values()]
    assert repr(inputs) == keys
    for number, result in enumerate(results):
        assert isinstance(result, np.ndarray) and result.flags.writeable
        assert not any(np.shares_memory(result, array) for array in [*frozen, *results[:number]])


@all_steps
@pytest.mark.parametrize("convert", [np.asfortranarray, lambda a: np.repeat(a, 2, axis=-1)[..., ::2] if a.ndim else a])
def test_layout_does_not_matter(name: str, convert: Callable[[Array], Array]) -> None:
    """Fortran order and strided views give what contiguous arrays give."""
    assert_same(call(name, **inputs_of(name, convert)), call(name, **inputs_of(name)))


@all_steps
def test_float32_stays_float32(name: str) -> None:
    """If all arrays are float32 so are the results; one in float64, or of integers, makes all of them float64."""
    narrow = inputs_of(name, lambda array: array.astype(np.float32))
    assert_same(call(name, **narrow), call(name, **inputs_of(name)), rtol=1e-5)
    assert {array.dtype for arrays in call(name, **narrow) for array in arrays.values()} == {np.dtype(np.float32)}
    for mixed in (narrow["grads"]["b"].astype(np.float64), np.ones(4, int)):
        grads = narrow["grads"] | {"b": mixed}
        dtypes = {array.dtype for arrays in call(name, **narrow | {"grads": grads}) for array in arrays.values()}
        assert dtypes == {np.dtype(np.float64)}


@steps_with_state
def test_what_is_missing_in_the_state_counts_as_zero(name: str) -> None:
    """An empty state, empty memories and memories of zeros are the same; so is a name that comes later."""
    inputs = inputs_of(name)
    zeros = {memory: {key: 0 * theta for key, theta in inputs["params"].items()} for memory in MEMORIES[name]}
    expected = call(name, **inputs | {"state": {}})
    assert_same(call(name, **inputs | {"state": {memory: {} for memory in zeros}}), expected)
    assert_same(call(name, **inputs | {"state": zeros}), expected)
    for memory in zeros:
        one_missing = {other: dict(entries) for other, entries in zeros.items()}
        del one_missing[memory]["W"]
        assert_same(call(name, **inputs | {"state": one_missing}), expected)


@all_steps
def test_no_parameters(name: str) -> None:
    """{} gives {}."""
    nothing: dict[str, Any] = {"params": {}, "grads": {}} | ({"state": {}} if MEMORIES[name] else {})
    assert all(arrays == {} for arrays in call(name, **inputs_of(name) | nothing))


@all_steps
def test_names_and_shapes_must_fit(name: str) -> None:
    """A gradient too few, one too many, one of another shape: named."""
    inputs = inputs_of(name)
    for grads in ({"W": inputs["grads"]["W"]}, inputs["grads"] | {"V": np.ones(2)}):
        with pytest.raises(ValueError, match=r"^grads has the keys"):
            call(name, **inputs | {"grads": grads})
    with pytest.raises(ValueError, match=r"^grads\['b'\] has shape \(3,\), expected"):
        call(name, **inputs | {"grads": inputs["grads"] | {"b": np.ones(3)}})
    with pytest.raises(ValueError, match=r"^params\['b'\] has dtype <U1"):
        call(name, **inputs | {"params": inputs["params"] | {"b": np.array(list("abcd"))}})


@steps_with_state
def test_states_must_fit(name: str) -> None:
    """Another optimizer's state, and an entry of another shape: named."""
    inputs = inputs_of(name)
    with pytest.raises(ValueError, match=r"^state has the keys .*: momentum is another optimizer's"):
        call(name, **inputs | {"state": {"momentum": {}}})
    for memory in MEMORIES[name]:
        with pytest.raises(ValueError, match=rf"^state\['{memory}'\]\['W'\] has shape \(2,\)"):
            call(name, **inputs | {"state": {memory: {"W": np.ones(2)}}})


@pytest.mark.parametrize("t", [-1, 1.0, True, "1"])
def test_adam_counts_in_integers(t: Any) -> None:
    """t is how many steps there were."""
    inputs = inputs_of("adam_step")
    with pytest.raises(ValueError, match=r"^state\['t'\] is "):
        call("adam_step", **inputs | {"state": inputs["state"] | {"t": t}})


@all_steps
def test_rates_out_of_range(name: str) -> None:
    """Negative, NaN, infinite, two for one, and 1 where less than 1 is asked for; eps of 0."""
    inputs = inputs_of(name)
    for rate in RATES[name]:
        for wrong in (-0.1, np.nan, np.inf, [0.1, 0.1], "0.1"):
            with pytest.raises(ValueError, match=rf"^{rate} (is|has) "):
                call(name, **inputs | {rate: wrong})
        if rate in ("momentum", "beta", "beta1", "beta2"):
            with pytest.raises(ValueError, match=rf"^{rate} is 1.0, expected"):
                call(name, **inputs | {rate: 1.0})
        if rate == "eps":
            with pytest.raises(ValueError, match=r"^eps is 0, expected"):
                call(name, **inputs | {rate: 0})


@pytest.mark.parametrize("rng", [np.random, np.random.RandomState(0), 0, None])
def test_only_a_generator_is_a_source_of_numbers(rng: Any) -> None:
    """Not the global state, not the old class, not a seed."""
    with pytest.raises(ValueError, match=r"^rng is "):
        optimizers.minibatches(rng, 3, 2)


@pytest.mark.parametrize("wrong", [-1, 2.0, True, None, "3"])
def test_counts_are_integers(wrong: Any) -> None:
    """n, batch_size, patience and epochs, which are refused by name."""
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"^n is "):
        optimizers.minibatches(rng, wrong, 2)
    for size in (wrong, 0):
        with pytest.raises(ValueError, match=r"^batch_size is "):
            optimizers.minibatches(rng, 3, size)
    with pytest.raises(ValueError, match=r"^patience is "):
        optimizers.EarlyStopping(wrong)
    data = regression(0, 3)
    with pytest.raises(ValueError, match=r"^epochs is "):
        optimizers.fit({"w": np.zeros(2)}, squared_error, data, data, descend, rng, wrong, 2, 3)
    assert len(optimizers.minibatches(rng, np.int32(3), np.int64(2))) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["Min", "auto", "", None])
def test_unknown_modes_are_refused(mode: Any) -> None:
    """Keras's "auto", other spellings and none at all."""
    with pytest.raises(ValueError, match=r"^mode is .*, expected one of min, max$"):
        optimizers.EarlyStopping(3, mode)


@pytest.mark.parametrize("wrong", [-0.1, np.nan, np.inf, "0"])
def test_min_delta_and_metrics_are_numbers(wrong: Any) -> None:
    """A negative min_delta would call worse better; a metric may be anything but no number."""
    with pytest.raises(ValueError, match=r"^min_delta (is|has) "):
        optimizers.EarlyStopping(3, min_delta=wrong)
    with pytest.raises(ValueError, match=r"^metric has "):
        optimizers.EarlyStopping(3).update([1.0, 2.0])  # type: ignore[arg-type]


def test_metrics_of_any_type() -> None:
    """numpy's scalars and 0-d arrays, integers and float32; best is a float."""
    stopping = optimizers.EarlyStopping(3)
    for metric in (np.float32(3), np.array(2.5), 2, np.int64(1)):
        assert stopping.update(metric) is False  # type: ignore[arg-type]
    assert type(stopping.best) is float and stopping.best == 1.0


def test_fit_leaves_everything_alone() -> None:
    """Read-only arrays are enough, and what comes back is new, also if nothing was learnt."""
    w = np.zeros(2)
    data = regression(0, 5)
    for array in (w, *data):
        array.flags.writeable = False
    fit = partial(optimizers.fit, {"w": w}, squared_error, data, data, descend, np.random.default_rng(0))
    trained, history = fit(3, 2, 9)
    untrained, nothing = fit(0, 2, 9)
    np.testing.assert_array_equal(untrained["w"], w)
    assert nothing == {"loss": [], "validation_loss": []}
    for params in (trained, untrained):
        assert params["w"].flags.writeable and not np.shares_memory(params["w"], w)
    assert all(type(loss) is float for losses in history.values() for loss in losses)


@pytest.mark.parametrize("n", [0, 2])
def test_fit_needs_rows_that_fit(n: int) -> None:
    """No rows, or other numbers of x and y."""
    good, (x, y) = regression(0, 3), regression(1, 3)
    for name, data in {"data": ((x[:n], y[: 2 * n]), good), "validation": (good, (x[:n], y[: 2 * n]))}.items():
        with pytest.raises(ValueError, match=rf"^{name} has {n} rows of x and {min(2 * n, 3)} of y"):
            optimizers.fit({"w": np.zeros(2)}, squared_error, *data, descend, np.random.default_rng(0), 1, 1, 1)
