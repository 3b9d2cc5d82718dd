"""What the functions of 03-truncation take, refuse and leave alone: edges, layouts, types, errors."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from reference import Array, truncation
from reference.tests.test_truncation import SIZES, draw

Inputs = dict[str, Any]

WITH_PARAMS = ["tbptt_gradients", "tbptt_k1_k2", "train_truncated"]


def calls() -> dict[str, tuple[Callable[..., Any], Inputs]]:
    """Every function of the module, with arguments by name that fit."""
    x, targets, h0, params = draw(*SIZES[0])
    network = dict(x=x, targets=targets, h0=h0, params=params)
    return {
        "split_chunks": (truncation.split_chunks, dict(x=x, window=3)),
        "tbptt_gradients": (truncation.tbptt_gradients, network | dict(window=3)),
        "tbptt_k1_k2": (truncation.tbptt_k1_k2, network | dict(k1=2, k2=3)),
        "train_truncated": (truncation.train_truncated, network | dict(window=3, lr=0.3)),
        "fold_series": (truncation.fold_series, dict(series=x, window=3)),
        "one_step_samples": (truncation.one_step_samples, dict(series=x[:, :, 0])),
    }


all_functions = pytest.mark.parametrize("name", calls())
with_params = pytest.mark.parametrize("name", WITH_PARAMS)


def converted(value: Any, convert: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> Any:
    """value with convert applied to it, or to every array in it."""
    if isinstance(value, dict):
        return {key: converted(entry, convert) for key, entry in value.items()}
    return convert(value) if isinstance(value, np.ndarray) else value


def arrays(result: Any) -> Iterator[npt.NDArray[Any]]:
    """All arrays of a result, and its numbers as arrays, in order."""
    match result:
        case dict():
            yield from arrays(list(result.values()))
        case list() | tuple():
            for part in result:
                yield from arrays(part)
        case _:
            yield np.asarray(result)


def every_other(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same numbers as a view of every other entry of a larger array."""
    return np.repeat(array, 2, axis=-1)[..., ::2]


def backwards(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same numbers as a view with a negative stride."""
    return array[::-1].copy()[::-1]


def test_public_names() -> None:
    """The module exports the six functions of the assignment."""
    assert set(truncation.__all__) == set(calls())


@pytest.mark.filterwarnings("error")
def test_no_steps() -> None:
    """T = 0 gives no chunk, no gradient and no loss; the last state is h0 and the weights stay."""
    x, targets, h0, params = draw(3, 0, 2, 4, 5)
    assert truncation.split_chunks(x, 2) == []
    grads, h_last = truncation.tbptt_gradients(x, targets, h0, params, 2)
    assert grads == []
    np.testing.assert_array_equal(h_last, h0)
    assert truncation.tbptt_k1_k2(x, targets, h0, params, 1, 1) == []
    trained, losses = truncation.train_truncated(x, targets, h0, params, 2, 0.1)
    assert losses == []
    for name, array in params.items():
        np.testing.assert_array_equal(trained[name], array)
    assert truncation.fold_series(x, 2).shape == (0, 2, 2)
    samples, reset = truncation.one_step_samples(np.ones((3, 0)))
    assert (samples.shape, reset.shape) == ((0, 1, 1), (0,))
    assert reset.dtype == np.bool_


@pytest.mark.filterwarnings("error")
def test_no_rows() -> None:
    """B = 0: a mean over no places counts as 0, and so do its gradients; nothing to fold, nothing to sample."""
    x, targets, h0, params = draw(0, 5, 2, 4, 5)
    assert [chunk.shape for chunk in truncation.split_chunks(x, 2)] == [(0, 2, 2), (0, 2, 2), (0, 1, 2)]
    grads, h_last = truncation.tbptt_gradients(x, targets, h0, params, 2)
    both = [*grads, *truncation.tbptt_k1_k2(x, targets, h0, params, 2, 3)]
    assert len(grads) == 3
    assert len(both) == 5
    for gradients in both:
        for name, array in params.items():
            np.testing.assert_array_equal(gradients[name], np.zeros_like(array))
    assert h_last.shape == (0, 4)
    trained, losses = truncation.train_truncated(x, targets, h0, params, 2, 0.1)
    assert losses == [0.0, 0.0, 0.0]
    for name, array in params.items():
        np.testing.assert_array_equal(trained[name], array)
    assert truncation.fold_series(x, 2).shape == (0, 2, 2)
    samples, reset = truncation.one_step_samples(np.ones((0, 5, 1)))
    assert (samples.shape, reset.shape) == ((0, 1, 1), (0,))


@pytest.mark.parametrize("window", [5, 100])
def test_a_window_longer_than_the_series_leaves_no_piece(window: int) -> None:
    """Folding drops what fills no window, though it be all; splitting keeps it."""
    series = np.ones((3, 4, 2))
    assert truncation.fold_series(series, window).shape == (0, window, 2)
    assert [chunk.shape for chunk in truncation.split_chunks(series, window)] == [(3, 4, 2)]


@all_functions
def test_inputs_stay_as_they_were(name: str) -> None:
    """Read-only arrays are enough, and no result shares memory with them."""
    function, inputs = calls()[name]
    given: list[npt.NDArray[Any]] = []

    def frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        given.append(array.copy())
        given[-1].flags.writeable = False
        return given[-1]

    for result in arrays(function(**converted(inputs, frozen))):
        assert not any(np.shares_memory(result, array) for array in given)


def test_nothing_is_shared_where_nothing_is_cut_off() -> None:
    """A window of T, and no step at all: the results are new arrays still."""
    series = np.ones((3, 4, 1))
    for result in arrays(
        [
            truncation.split_chunks(series, 4),
            truncation.fold_series(series, 4),
            truncation.fold_series(series[:1], 1),
            truncation.one_step_samples(series),
        ]
    ):
        assert not np.shares_memory(result, series)
    x, targets, h0, params = draw(3, 0, 2, 4, 5)
    assert not np.shares_memory(truncation.tbptt_gradients(x, targets, h0, params, 2)[1], h0)
    trained, _ = truncation.train_truncated(x, targets, h0, params, 2, 0.1)
    assert not any(np.shares_memory(trained[name], params[name]) for name in params)


def test_results_of_a_call_do_not_share_memory() -> None:
    """Each entry of a list is an array of its own, so that a caller may add up in place."""
    for name in ("split_chunks", "tbptt_gradients", "tbptt_k1_k2"):
        function, inputs = calls()[name]
        found = list(arrays(function(**inputs)))
        assert not any(np.shares_memory(a, b) for i, a in enumerate(found) for b in found[:i])


@all_functions
@pytest.mark.parametrize("layout", [np.asfortranarray, every_other, backwards])
def test_layout_does_not_matter(name: str, layout: Callable[[Array], Array]) -> None:
    """Fortran order and strided views give what contiguous arrays give."""
    function, inputs = calls()[name]
    results, expected = function(**converted(inputs, layout)), function(**inputs)
    for result, other in zip(arrays(results), arrays(expected), strict=True):
        np.testing.assert_allclose(result, other, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", [*WITH_PARAMS, "fold_series", "one_step_samples"])
def test_integers_are_computed_with_in_float64(name: str) -> None:
    """Integers give what the same numbers give as floats; ids may be int32."""
    function, inputs = calls()[name]
    whole = converted(inputs, lambda array: (2 * array).astype(np.int32) if array.dtype.kind == "f" else array)
    whole |= {"targets": inputs["targets"].astype(np.int32)} if "targets" in inputs else {}
    wide = converted(whole, lambda array: array.astype(np.float64))
    wide |= {"targets": inputs["targets"]} if "targets" in inputs else {}
    for result, expected in zip(arrays(function(**whole)), arrays(function(**wide)), strict=True):
        assert result.dtype == expected.dtype
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("name", [*WITH_PARAMS, "fold_series", "one_step_samples"])
def test_float32_stays_float32(name: str) -> None:
    """Where all floats are float32, so are all arrays of the result, close to those in float64."""
    function, inputs = calls()[name]
    narrow = converted(inputs, lambda array: array.astype(np.float32) if array.dtype.kind == "f" else array)
    narrow |= {"lr": np.float64(inputs["lr"])} if "lr" in inputs else {}
    results, expected = function(**narrow), function(**inputs)
    for result, other in zip(arrays(results), arrays(expected), strict=True):
        assert result.dtype in (np.float32, np.bool_) or result.ndim == 0
        np.testing.assert_allclose(result, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.float32, np.float64, np.bool_])
def test_splitting_keeps_the_dtype(dtype: type) -> None:
    """Target ids stay integers."""
    assert [chunk.dtype for chunk in truncation.split_chunks(np.ones((2, 3)).astype(dtype), 2)] == [dtype, dtype]


@with_params
def test_errors_name_the_argument(name: str) -> None:
    """An axis too few, or a size unlike an earlier argument's, is a ValueError that names the argument."""
    function, inputs = calls()[name]
    with pytest.raises(ValueError, match=r"^x has shape"):
        function(**inputs | {"x": inputs["x"][0]})
    for key in ("targets", "h0"):
        for wrong in (inputs[key][0], np.concatenate([inputs[key]] * 2)):
            with pytest.raises(ValueError, match=rf"^{key} has shape"):
                function(**inputs | {key: wrong})
    with pytest.raises(ValueError, match=r"^targets has shape"):
        function(**inputs | {"targets": inputs["targets"][:, :-1]})


@with_params
@pytest.mark.parametrize("key", ["W_x", "W_h", "b", "W_y", "b_y"])
def test_errors_in_params(name: str, key: str) -> None:
    """An entry that is missing, or of the wrong shape, is named."""
    function, inputs = calls()[name]
    params = inputs["params"]
    missing = {other: value for other, value in params.items() if other != key}
    with pytest.raises(ValueError, match=rf"^params has no {key};"):
        function(**inputs | {"params": missing})
    with pytest.raises(ValueError, match=rf"^{key} has shape"):
        function(**inputs | {"params": params | {key: np.concatenate([params[key]] * 2)}})


@with_params
@pytest.mark.parametrize("place", [(0, 0), (2, 6)])
@pytest.mark.parametrize("stranger", [-1, 5])
def test_targets_are_ids_of_the_outputs(name: str, place: tuple[int, int], stranger: int) -> None:
    """Below 0 or from O on is refused, even at places whose error never counts."""
    function, inputs = calls()[name]
    targets = inputs["targets"].copy()
    targets[place] = stranger
    with pytest.raises(ValueError, match=r"^targets holds ids from"):
        function(**inputs | {"targets": targets})


@with_params
def test_targets_are_integers(name: str) -> None:
    """Floats are refused, whole numbers or not."""
    function, inputs = calls()[name]
    with pytest.raises(ValueError, match=r"^targets has dtype float64, expected int"):
        function(**inputs | {"targets": inputs["targets"].astype(float)})


@pytest.mark.parametrize(
    ("name", "key"),
    [(name, key) for name, (_, inputs) in calls().items() for key in ("window", "k1", "k2") if key in inputs],
)
@pytest.mark.parametrize("wrong", [0, -1, 2.0, "3", None])
def test_lengths_are_integers_from_one_on(name: str, key: str, wrong: Any) -> None:
    """No step, a negative number, a float and what is no number are refused by name, T = 0 or not."""
    function, inputs = calls()[name]
    with pytest.raises(ValueError, match=rf"^{key} is .*, expected an integer of 1 or more"):
        function(**inputs | {key: wrong})
    for data in ("x", "targets", "series"):
        if data in inputs:
            inputs[data] = inputs[data][:, :0]
    with pytest.raises(ValueError, match=rf"^{key} is"):
        function(**inputs | {key: wrong})


def test_lengths_may_be_numpys() -> None:
    """A numpy integer counts as an integer."""
    for name in ("tbptt_gradients", "tbptt_k1_k2"):
        function, inputs = calls()[name]
        own = {key: np.int64(value) for key, value in inputs.items() if isinstance(value, int)}
        assert len(list(arrays(function(**inputs | own)))) == len(list(arrays(function(**inputs))))


@pytest.mark.parametrize("wrong", [-0.1, np.inf, np.nan, "0.1", None, np.ones(2)])
def test_the_learning_rate_is_a_finite_number(wrong: Any) -> None:
    """A negative rate climbs, an infinite one leaves, and an array is none."""
    function, inputs = calls()["train_truncated"]
    with pytest.raises(ValueError, match=r"^lr is "):
        function(**inputs | {"lr": wrong})


@pytest.mark.parametrize("rate", [np.float32(0.5), np.float64(0.5), 1, np.int64(1)])
def test_the_learning_rate_may_be_numpys(rate: Any) -> None:
    """Any real number will do, and gives what Python's float gives."""
    function, inputs = calls()["train_truncated"]
    results, expected = function(**inputs | {"lr": rate}), function(**inputs | {"lr": float(rate)})
    for result, other in zip(arrays(results), arrays(expected), strict=True):
        np.testing.assert_array_equal(result, other)


@pytest.mark.parametrize("wrong", [np.ones(3), np.float64(1.0), [[1.0], [1.0, 2.0]]])
def test_sequences_to_split_have_two_axes(wrong: Any) -> None:
    """A batch and a time axis are needed, whatever comes after them."""
    with pytest.raises(ValueError, match=r"^x "):
        truncation.split_chunks(wrong, 2)


@pytest.mark.parametrize("shape", [(3,), (3, 4), (3, 4, 2, 1)])
def test_series_to_fold_have_three_axes(shape: tuple[int, ...]) -> None:
    """(N, L) is refused as well: what would F be?"""
    with pytest.raises(ValueError, match=r"^series has shape"):
        truncation.fold_series(np.ones(shape), 2)


@pytest.mark.parametrize("shape", [(), (3,), (3, 4, 2), (3, 4, 0), (3, 4, 1, 1)])
def test_single_steps_are_single_numbers(shape: tuple[int, ...]) -> None:
    """(N, L) or (N, L, 1), and nothing else."""
    with pytest.raises(ValueError, match=r"^series has shape"):
        truncation.one_step_samples(np.ones(shape))
