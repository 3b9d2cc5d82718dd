"""What the functions of 12-seq2seq take, refuse and leave alone: edges, padding, layouts, types, errors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from reference import Array, seq2seq
from reference.tests.test_deep_inputs import arrays_in, assert_same, backwards, converted, every_other
from reference.tests.test_seq2seq import BATCHES, Batch, draw

Inputs = dict[str, Any]


def calls(batch: Batch = BATCHES[0]) -> dict[str, tuple[Callable[..., Any], Inputs]]:
    """Every function of the module, with arguments by name that fit; some places are padding."""
    x, lengths, tokens_in, dlogits, params = draw(batch)
    states, final = seq2seq.encode(x, lengths, params)
    _, h = seq2seq.decode_teacher_forced(tokens_in, final, params)
    T = tokens_in.shape[1]
    real = np.arange(len(x)) % (T + 1)
    tokens = np.where(np.arange(T) < real[:, np.newaxis], tokens_in + 1, 0)
    forward = dict(x=x, lengths=lengths)
    return {
        "shift_targets": (seq2seq.shift_targets, dict(tokens=tokens, start=1, end=2)),
        "encode": (seq2seq.encode, forward | dict(params=params)),
        "decode_teacher_forced": (
            seq2seq.decode_teacher_forced,
            dict(tokens_in=tokens_in, state=final, params=params),
        ),
        "seq2seq_loss": (seq2seq.seq2seq_loss, dict(logits=dlogits, targets=tokens_in, lengths=real)),
        "seq2seq_backward": (
            seq2seq.seq2seq_backward,
            dict(dlogits=dlogits) | forward | dict(tokens_in=tokens_in, states=states, h=h, params=params),
        ),
        "perplexity": (seq2seq.perplexity, dict(loss=np.abs(dlogits))),
        "greedy_decode": (seq2seq.greedy_decode, dict(state=final, params=params, start=0, end=0, max_length=4)),
    }


all_functions = pytest.mark.parametrize("name", calls())
functions_of_params = pytest.mark.parametrize("name", [name for name, (_, i) in calls().items() if "params" in i])
ragged_functions = pytest.mark.parametrize("name", [name for name, (_, i) in calls().items() if "lengths" in i])


def converted_ids(inputs: Inputs, convert: Callable[[npt.NDArray[Any]], Any]) -> Inputs:
    """The inputs with convert applied to every array of integers."""
    return {name: convert(a) if isinstance(a, np.ndarray) and a.dtype.kind == "i" else a for name, a in inputs.items()}


def test_public_names() -> None:
    """The module exports the seven functions of the assignment."""
    assert set(seq2seq.__all__) == set(calls())


@all_functions
def test_inputs_stay_as_they_were(name: str) -> None:
    """Read-only arrays are enough; no result shares memory with them, nor with another result."""
    function, inputs = calls()[name]
    arrays: list[npt.NDArray[Any]] = []

    def frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        arrays.append(array.copy())
        arrays[-1].flags.writeable = False
        return arrays[-1]

    results = list(arrays_in(function(**converted_ids(converted(inputs, frozen), frozen))))
    for number, result in enumerate(results):
        assert result.flags.writeable
        assert not any(np.shares_memory(result, array) for array in [*arrays, *results[:number]])


@all_functions
@pytest.mark.parametrize("layout", [np.asfortranarray, every_other, backwards])
def test_layout_does_not_matter(name: str, layout: Callable[[Array], Array]) -> None:
    """Fortran order and strided views give what contiguous arrays give."""
    function, inputs = calls()[name]
    assert_same(function(**converted_ids(converted(inputs, layout), layout)), function(**inputs))


@all_functions
def test_float32_stays_float32(name: str) -> None:
    """If all floats are float32 so are those of the results, and near those in float64; ids are int64 always."""
    function, inputs = calls()[name]
    narrow = function(**converted(inputs, lambda array: array.astype(np.float32)))
    for ours, theirs in zip(arrays_in(narrow), arrays_in(function(**inputs)), strict=True):
        assert ours.dtype == (np.int64 if theirs.dtype.kind == "i" else np.float32)
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@all_functions
def test_ids_are_integers_of_any_kind(name: str) -> None:
    """int32 and lists do as well as int64; floats are refused by name."""
    function, inputs = calls()[name]
    assert_same(function(**converted_ids(inputs, lambda ids: ids.astype(np.int32))), function(**inputs))
    assert_same(function(**converted_ids(inputs, np.ndarray.tolist)), function(**inputs))
    for argument in ("x", "tokens", "tokens_in", "targets", "lengths"):
        if argument in inputs:
            with pytest.raises(ValueError, match=rf"^{argument} has dtype float64"):
                function(**inputs | {argument: inputs[argument] / 1.0})


@all_functions
def test_an_empty_batch(name: str) -> None:
    """No rows: nothing comes of it, and the gradients of the weights are 0."""
    function, inputs = calls()[name]
    if name == "perplexity":
        with pytest.raises(ValueError, match=r"^loss is empty"):
            function(loss=np.zeros((0, 3)))
        return
    none = {key: value[:0] if isinstance(value, np.ndarray) else value for key, value in inputs.items()}
    result = function(**none)
    if isinstance(result, dict):
        assert all(g.shape == inputs["params"][key].shape and not g.any() for key, g in result.items())
    else:
        assert all(a.shape[0] == 0 for a in arrays_in(result))
    if name == "seq2seq_loss":
        assert result[0] == 0.0


def test_sequences_of_no_steps() -> None:
    """S = 0: zeros stand for what was not read. T = 0: nothing is said, and nothing comes back."""
    x, lengths, tokens_in, dlogits, params = draw(BATCHES[0])
    none = np.zeros(4, np.int64)
    states, final = seq2seq.encode(x[:, :0], none, params)
    assert states.shape == (4, 0, 5)
    np.testing.assert_array_equal(final, np.zeros((4, 5)))
    logits, h = seq2seq.decode_teacher_forced(tokens_in[:, :0], final, params)
    assert (logits.shape, h.shape) == ((4, 0, 6), (4, 0, 5))
    assert seq2seq.seq2seq_loss(logits, tokens_in[:, :0], none)[0] == 0.0
    _, h_of_all = seq2seq.decode_teacher_forced(tokens_in, final, params)
    grads = seq2seq.seq2seq_backward(dlogits, x[:, :0], none, tokens_in, states, h_of_all, params)
    assert grads["dec_W_h"].any() and not any(grads[name].any() for name in grads if name.startswith("enc"))
    states, _ = seq2seq.encode(x, lengths, params)
    grads = seq2seq.seq2seq_backward(dlogits[:, :0], x, lengths, tokens_in[:, :0], states, h, params)
    assert not any(g.any() for g in grads.values())
    inputs, targets = seq2seq.shift_targets(np.zeros((2, 0), int), 5, 6)
    assert (inputs.tolist(), targets.tolist()) == ([[5], [5]], [[6], [6]])
    tokens, lengths = seq2seq.greedy_decode(final, params, 1, 2, 0)
    assert tokens.shape == (4, 0) and not lengths.any()


@pytest.mark.parametrize("name", ["encode", "seq2seq_backward", "seq2seq_loss"])
@pytest.mark.parametrize("batch", BATCHES)
def test_padding_does_not_matter(name: str, batch: Batch) -> None:
    """Whatever id stands there, even one that is none."""
    function, inputs = calls(batch)[name]
    argument = "targets" if name == "seq2seq_loss" else "x"
    padding = np.arange(inputs[argument].shape[1]) >= inputs["lengths"][:, np.newaxis]
    others = inputs | {argument: np.where(padding, -7, inputs[argument])}
    assert_same(function(**others), function(**inputs))


@functions_of_params
def test_missing_and_misshapen_params_are_named(name: str) -> None:
    """Each entry that a function uses; those of the other side it does not need."""
    function, inputs = calls()[name]
    params = inputs["params"]
    used = {key for key in params if name == "seq2seq_backward" or key.startswith("enc") == (name == "encode")}
    for key, entry in params.items():
        without = {other: array for other, array in params.items() if other != key}
        if key in used:
            with pytest.raises(ValueError, match=rf"^params has no {key}; expected the keys"):
                function(**inputs | {"params": without})
            with pytest.raises(ValueError, match=r"^(params\['\w+'\]|state|states|h|dlogits) has shape"):
                function(**inputs | {"params": params | {key: entry[:-1, ..., :-1] if entry.ndim > 1 else entry[:-1]}})
        else:
            assert_same(function(**inputs | {"params": without}), function(**inputs))


@ragged_functions
@pytest.mark.parametrize("wrong", [-1, 6])
def test_lengths_lie_between_0_and_the_last_place(name: str, wrong: int) -> None:
    """Below 0 or beyond the last place they are refused by name."""
    function, inputs = calls()[name]
    with pytest.raises(ValueError, match=r"^lengths holds .* expected 0 to [45]$"):
        function(**inputs | {"lengths": np.array([1, 2, wrong, 4])})


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("encode", "x"),
        ("seq2seq_backward", "x"),
        ("decode_teacher_forced", "tokens_in"),
        ("seq2seq_backward", "tokens_in"),
        ("seq2seq_loss", "targets"),
    ],
)
@pytest.mark.parametrize("wrong", [-1, 7])
def test_ids_are_rows_of_the_table(name: str, argument: str, wrong: int) -> None:
    """-1 is not the last row, and there is none behind it."""
    function, inputs = calls()[name]
    ids = inputs[argument].copy()
    ids[1, 0] = wrong
    with pytest.raises(ValueError, match=rf"^{argument} holds ids from"):
        function(**inputs | {argument: ids})


@pytest.mark.parametrize("tokens", [[[3, 0, 2]], [[0, 2, 2]], [[3, -1, 0]]])
def test_zeros_stand_behind_the_words(tokens: list[list[int]]) -> None:
    """A hole in a sentence, or a negative id, is refused."""
    with pytest.raises(ValueError, match=r"^tokens holds a negative id, or a 0 in front of a word"):
        seq2seq.shift_targets(np.array(tokens), 8, 9)


@pytest.mark.parametrize("wrong", [-1, 1.0, None, True, "1"])
def test_single_integers(wrong: Any) -> None:
    """START, END and max_length are integers: no floats, no bools, no words, and no ids that there are not."""
    shift, tokens = calls()["shift_targets"]
    decode, inputs = calls()["greedy_decode"]
    for name in ("start", "end"):
        with pytest.raises(ValueError, match=rf"^{name} is .*, expected an integer of 1 or more$"):
            shift(**tokens | {name: wrong})
        with pytest.raises(ValueError, match=rf"^{name} is .*, expected an integer from 0 to 5$"):
            decode(**inputs | {name: wrong})
    with pytest.raises(ValueError, match=r"^max_length is .*, expected an integer of 0 or more$"):
        decode(**inputs | {"max_length": wrong})
    with pytest.raises(ValueError, match=r"^end is 6"):
        decode(**inputs | {"end": 6})
    with pytest.raises(ValueError, match=r"^start is 0"):
        shift(**tokens | {"start": 0})
