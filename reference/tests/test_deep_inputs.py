"""What the functions of 08-deep take, refuse and leave alone: edges, padding, layouts, types, errors."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from reference import Array, deep
from reference.tests.test_deep import BATCHES, MODES, draw, lstm_weights

Inputs = dict[str, Any]


def calls(mode: str = "concat") -> dict[str, tuple[Callable[..., Any], Inputs]]:
    """Every function of the module that takes arrays, with arguments by name that fit; some steps are padding."""
    dy, x, lengths, fwd, bwd = draw(BATCHES[0], mode)
    rng = np.random.default_rng(1)
    h0, W_x, W_h, b = (rng.normal(size=shape) for shape in ((4, 3), (4, 3), (3, 3), (3,)))
    lstm = dict(x=x, h0=h0, c0=h0 + 1, W_x=fwd["W_x"], W_h=fwd["W_h"], b=fwd["b"])
    masks = dict(mask_x=2.0 * (x[:, 0] > 0), mask_h=2.0 * (h0 > 0))
    ragged = dict(x=x, lengths=lengths, fwd=fwd, bwd=bwd, mode=mode)
    return {
        "reverse_sequences": (deep.reverse_sequences, dict(x=x, lengths=lengths)),
        "merge": (deep.merge, dict(forward=x, backward=x + 1, mode=mode)),
        "merge_backward": (deep.merge_backward, dict(dy=dy, mode=mode)),
        "bilstm_forward": (deep.bilstm_forward, ragged),
        "bilstm_backward": (deep.bilstm_backward, dict(dy=dy) | ragged),
        "bidirectional_summary": (deep.bidirectional_summary, dict(h=x, lengths=lengths)),
        "masked_forward": (deep.masked_forward, dict(x=x, lengths=lengths, h0=h0, W_x=W_x, W_h=W_h, b=b)),
        "stacked_lstm_forward": (deep.stacked_lstm_forward, dict(x=x, layers=[fwd, lstm_weights(rng, 3, 3)])),
        "lstm_dropout_forward": (deep.lstm_dropout_forward, lstm | masks | dict(training=True)),
    }


all_functions = pytest.mark.parametrize("name", calls())
ragged_functions = pytest.mark.parametrize(
    "name", [name for name, (_, inputs) in calls().items() if "lengths" in inputs]
)


def converted(value: Any, convert: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> Any:
    """value with convert applied to every array of floats in it."""
    match value:
        case dict():
            return {key: converted(entry, convert) for key, entry in value.items()}
        case list():
            return [converted(entry, convert) for entry in value]
        case np.ndarray() if value.dtype.kind == "f":
            return convert(value)
    return value


def arrays_in(value: Any) -> Iterator[npt.NDArray[Any]]:
    match value:
        case dict():
            value = list(value.values())
        case np.ndarray():
            yield value
    if isinstance(value, list | tuple):
        for entry in value:
            yield from arrays_in(entry)


def assert_same(actual: Any, expected: Any) -> None:
    """The same numbers, array by array."""
    for ours, theirs in zip(arrays_in(actual), arrays_in(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


def every_other(array: Array) -> Array:
    """The same numbers as a view of every other entry of a larger array."""
    return np.repeat(array, 2, axis=-1)[..., ::2]


def backwards(array: Array) -> Array:
    """The same numbers as a view with a negative stride."""
    return array[::-1].copy()[::-1]


def test_public_names() -> None:
    """The module exports the eleven functions of the assignment."""
    assert set(deep.__all__) == {*calls(), "dropout_mask", "variational_masks"}


@all_functions
@pytest.mark.parametrize("mode", MODES)
def test_inputs_stay_as_they_were(name: str, mode: str) -> None:
    """Read-only arrays are enough; no result shares memory with them, nor with another result."""
    function, inputs = calls(mode)[name]
    arrays: list[Array] = []

    def frozen(array: Array) -> Array:
        arrays.append(array.copy())
        arrays[-1].flags.writeable = False
        return arrays[-1]

    results = list(arrays_in(function(**converted(inputs, frozen))))
    for number, result in enumerate(results):
        assert result.flags.writeable
        assert not any(np.shares_memory(result, array) for array in [*arrays, *results[:number]])


@all_functions
@pytest.mark.parametrize("layout", [np.asfortranarray, every_other, backwards])
def test_layout_does_not_matter(name: str, layout: Callable[[Array], Array]) -> None:
    """Fortran order and strided views give what contiguous arrays give."""
    function, inputs = calls()[name]
    assert_same(function(**converted(inputs, layout)), function(**inputs))


@all_functions
@pytest.mark.parametrize("mode", MODES)
def test_float32_stays_float32(name: str, mode: str) -> None:
    """If all arguments are float32 so are the results, and near those in float64."""
    function, inputs = calls(mode)[name]
    narrow = function(**converted(inputs, lambda array: array.astype(np.float32)))
    for ours, theirs in zip(arrays_in(narrow), arrays_in(function(**inputs)), strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@all_functions
def test_mixed_floats_and_integers_are_float64(name: str) -> None:
    """One argument in float64 among float32 ones is enough; integers count as float64 from the start."""
    function, inputs = calls()[name]
    narrow = {key: converted(value, lambda array: array.astype(np.float32)) for key, value in inputs.items()}
    last = [key for key, value in narrow.items() if any(array.dtype == np.float32 for array in arrays_in(value))][-1]
    mixed = function(**narrow | {last: inputs[last]})
    assert all(result.dtype == np.float64 for result in arrays_in(mixed))
    whole = function(**converted(inputs, lambda array: (2 * array).astype(np.int32)))
    assert all(result.dtype == np.float64 for result in arrays_in(whole))
    assert_same(whole, function(**converted(inputs, lambda array: np.trunc(2 * array))))


@ragged_functions
@pytest.mark.parametrize("junk", [1e300, np.inf, np.nan])
@pytest.mark.filterwarnings("error")
def test_padding_does_not_matter(name: str, junk: float) -> None:
    """Whatever stands on padding, in x, in dy or in h, the results are the same numbers, padding's zeros included."""
    function, inputs = calls()[name]
    padding = np.arange(5) >= inputs["lengths"][:, np.newaxis]
    clean, dirty = dict(inputs), dict(inputs)
    for key in {"x", "dy", "h"} & inputs.keys():
        clean[key], dirty[key] = inputs[key].copy(), inputs[key].copy()
        clean[key][padding], dirty[key][padding] = 0.0, junk
    expected = function(**clean)
    if name == "reverse_sequences":
        expected[padding] = junk  # the one function that hands padding on
    for ours, theirs in zip(arrays_in(function(**dirty)), arrays_in(expected), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("batch", [(0, 4, 3, [0, 0]), (5, 4, 3, [])])
def test_no_steps_and_no_rows(batch: tuple[int, int, int, list[int]], mode: str) -> None:
    """T = 0 and B = 0: results of as many steps and rows, and gradients of zero."""
    dy, x, lengths, fwd, bwd = draw(batch, mode)
    (B, T, D), H, rng = x.shape, 3, np.random.default_rng(2)
    h0, W_x, W_h, b = (rng.normal(size=shape) for shape in ((B, H), (D, H), (H, H), (H,)))
    assert deep.reverse_sequences(x, lengths).shape == x.shape
    assert deep.bilstm_forward(x, lengths, fwd, bwd, mode).shape == dy.shape
    dx, *grads = deep.bilstm_backward(dy, x, lengths, fwd, bwd, mode)
    assert dx.shape == x.shape
    assert_same(grads, [{name: np.zeros_like(array) for name, array in fwd.items()}] * 2)
    np.testing.assert_array_equal(deep.bidirectional_summary(np.ones((B, T, 6)), lengths), np.zeros((B, 6)))
    assert deep.masked_forward(x, lengths, h0, W_x, W_h, b).shape == (B, T, H)
    assert deep.stacked_lstm_forward(x, [fwd]).shape == (B, T, H)
    masks = deep.variational_masks(rng, B, D, H, 0.5, 0.5)
    for training in (True, False):
        states = deep.lstm_dropout_forward(x, h0, h0, fwd["W_x"], fwd["W_h"], fwd["b"], *masks, training)
        assert states.shape == (B, T, H)


def test_masks_without_entries() -> None:
    """A shape may hold a 0, or no size at all, and may be one number."""
    rng = np.random.default_rng(3)
    assert deep.dropout_mask(rng, (3, 0), 0.5).shape == (3, 0)
    assert deep.dropout_mask(rng, (), 0.5).shape == ()
    assert deep.dropout_mask(rng, 4, 0.5).shape == (4,)
    assert [mask.shape for mask in deep.variational_masks(rng, 0, 2, 3, 0.5, 0.5)] == [(0, 2), (0, 3)]


def test_masks_leave_the_global_state_alone() -> None:
    """All randomness comes from the rng given: the same one, the same masks."""
    before = repr(np.random.get_state())
    masks = [deep.variational_masks(np.random.default_rng(4), 3, 2, 5, 0.4, 0.6) for _ in range(2)]
    assert_same(masks[0], masks[1])
    assert repr(np.random.get_state()) == before


@all_functions
def test_errors_name_the_argument(name: str) -> None:
    """An axis too few, or a size unlike an earlier argument's, is a ValueError that names the argument."""
    function, inputs = calls()[name]
    first, *others = (key for key, value in inputs.items() if isinstance(value, np.ndarray))
    with pytest.raises(ValueError, match=rf"^{first} has shape"):
        function(**inputs | {first: inputs[first][0]})
    for key in others:
        for wrong in (inputs[key][0], np.concatenate([inputs[key]] * 2)):
            with pytest.raises(ValueError, match=rf"^{key} has shape"):
                function(**inputs | {key: wrong})


@pytest.mark.parametrize("name", ["bilstm_forward", "bilstm_backward"])
@pytest.mark.parametrize("argument", ["fwd", "bwd"])
@pytest.mark.parametrize("key", ["W_x", "W_h", "b"])
def test_errors_in_a_direction(name: str, argument: str, key: str) -> None:
    """An entry that is missing, or of the wrong shape, is named together with its direction."""
    function, inputs = calls()[name]
    missing = {other: value for other, value in inputs[argument].items() if other != key}
    with pytest.raises(ValueError, match=rf"^{argument} has no {key};"):
        function(**inputs | {argument: missing})
    wrong = inputs[argument] | {key: np.concatenate([inputs[argument][key]] * 2)}
    with pytest.raises(ValueError, match=rf"^{argument}\['{key}'\] has shape"):
        function(**inputs | {argument: wrong})


def test_errors_in_the_layers() -> None:
    """No layers, a layer without an entry, one that does not fit on the one below."""
    function, inputs = calls()["stacked_lstm_forward"]
    bottom, top = inputs["layers"]
    with pytest.raises(ValueError, match=r"^layers is empty"):
        function(**inputs | {"layers": []})
    with pytest.raises(ValueError, match=r"^layers\[1\] has no W_h;"):
        function(**inputs | {"layers": [bottom, {"W_x": top["W_x"], "b": top["b"]}]})
    with pytest.raises(
        ValueError, match=r"^layers\[1\]\['W_x'\] has shape \(4, 12\), expected \(H1, 4H2\) where H1 = 3"
    ):
        function(**inputs | {"layers": [bottom, bottom]})
    with pytest.raises(ValueError, match=r"^layers\[0\]\['W_x'\] has shape \(3, 12\)"):
        function(**inputs | {"layers": [top, top]})


@ragged_functions
@pytest.mark.parametrize("wrong", [-1, 6])
def test_lengths_lie_between_0_and_the_last_step(name: str, wrong: int) -> None:
    """Below 0 or beyond the last step they are refused by name."""
    function, inputs = calls()[name]
    with pytest.raises(ValueError, match=r"^lengths holds .* expected 0 to T = 5$"):
        function(**inputs | {"lengths": np.array([1, 2, wrong, 5])})


@ragged_functions
def test_lengths_are_integers_of_any_kind(name: str) -> None:
    """int32 and a list do as well as int64; floats are refused by name."""
    function, inputs = calls()[name]
    for lengths in (inputs["lengths"].astype(np.int32), inputs["lengths"].tolist()):
        assert_same(function(**inputs | {"lengths": lengths}), function(**inputs))
    with pytest.raises(ValueError, match=r"^lengths has dtype float64"):
        function(**inputs | {"lengths": inputs["lengths"] / 1.0})


@pytest.mark.parametrize("name", ["merge", "merge_backward", "bilstm_forward", "bilstm_backward"])
@pytest.mark.parametrize("mode", ["mul", "", "Concat", None])
def test_unknown_modes_are_refused(name: str, mode: Any) -> None:
    """Keras's "mul", other spellings and no mode at all."""
    function, inputs = calls()[name]
    with pytest.raises(ValueError, match=r"^mode is .*, expected one of concat, sum, average$"):
        function(**inputs | {"mode": mode})


def test_concatenated_outputs_are_even() -> None:
    """An odd last axis has no halves."""
    for function in (deep.merge_backward, lambda dy, mode: deep.bidirectional_summary(dy, np.array([1, 2]))):
        with pytest.raises(ValueError, match=r"^(dy|h) has shape \(2, 3, 5\), expected \(B, T, 2H\)"):
            function(np.ones((2, 3, 5)), "concat")


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1, 1.5, np.nan, "0.5", None])
def test_rates_lie_in_0_to_1(rate: Any) -> None:
    """1 is out, too: nothing would be left to make up for what is dropped."""
    rng = np.random.default_rng(5)
    with pytest.raises(ValueError, match=r"^rate is "):
        deep.dropout_mask(rng, (2, 3), rate)
    with pytest.raises(ValueError, match=r"^rate_x is "):
        deep.variational_masks(rng, 2, 3, 4, rate, 0.5)
    with pytest.raises(ValueError, match=r"^rate_h is "):
        deep.variational_masks(rng, 2, 3, 4, 0.5, rate)


@pytest.mark.parametrize("size", [-1, 2.0, None])
def test_sizes_of_masks(size: Any) -> None:
    """A negative number, a float and what is no number are refused by name."""
    rng = np.random.default_rng(6)
    for shape in ((2, size), size):
        with pytest.raises(ValueError, match=r"^shape "):
            deep.dropout_mask(rng, shape, 0.5)
    for name in ("B", "D", "H"):
        with pytest.raises(ValueError, match=rf"^{name} is "):
            deep.variational_masks(rng, **dict(B=2, D=3, H=4) | {name: size}, rate_x=0.5, rate_h=0.5)


@pytest.mark.parametrize("rng", [np.random, np.random.RandomState(0), 0, None])
def test_only_a_generator_is_a_source_of_numbers(rng: Any) -> None:
    """Not the global state, not the old class, not a seed."""
    with pytest.raises(ValueError, match=r"^rng is "):
        deep.dropout_mask(rng, (2, 3), 0.5)
    with pytest.raises(ValueError, match=r"^rng is "):
        deep.variational_masks(rng, 2, 3, 4, 0.5, 0.5)


@pytest.mark.parametrize("training", [1, 0, "True", None])
def test_training_is_true_or_false(training: Any) -> None:
    """numpy's bool is one, numbers and words are not."""
    function, inputs = calls()["lstm_dropout_forward"]
    assert_same(function(**inputs | {"training": np.True_}), function(**inputs))
    with pytest.raises(ValueError, match=r"^training is "):
        function(**inputs | {"training": training})
