"""Number words as num2words spells them, words that become ids and come back, sentence pairs from a file."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from num2words import num2words

from grader.datasets.number_words import LANGUAGES, LARGEST, number_words, pairs, written
from grader.datasets.pairs import read_pairs, tokenised
from grader.datasets.vocabulary import UNKNOWN_WORD, Vocabulary

ALL_SMALL_AND_SOME = [*range(1_200), *range(1_200, LARGEST, 7_919), 80_000, 99_999, 200_080, 280_000, 300_000, LARGEST]


def spelled(number: int, language: str) -> str:
    """As num2words does, but for its slip in German: einstausend, as in no dictionary."""
    text: str = num2words(number, lang=language)
    return re.sub("einstausend", "eintausend", text) if language == "de" else text


@pytest.mark.parametrize("language", ["de", "en", "fr"])
def test_number_words_are_num2words_when_put_together(language: str) -> None:
    """Hyphens, commas and compounds come back: the parts say all there is."""
    for number in ALL_SMALL_AND_SOME:
        assert written(number_words(number, language), language) == spelled(number, language)


def test_hindi() -> None:
    """A word of its own for each number below 100, then hundreds, thousands and lakhs."""
    assert len({number_words(number, "hi") for number in range(100)}) == 100
    assert all(" " not in number_words(number, "hi") for number in range(100))
    assert number_words(105, "hi") == "एक सौ पाँच"
    assert number_words(123_456, "hi") == "एक लाख तेईस हज़ार चार सौ छप्पन"
    assert written("दो हज़ार", "hi") == "दो हज़ार"


def test_units_before_tens() -> None:
    """What a translator has to reorder."""
    assert number_words(23, "de") == "drei und zwanzig"
    assert number_words(1_234, "en") == "one thousand two hundred and thirty four"
    assert number_words(1_234, "de") == "ein tausend zwei hundert vier und dreißig"
    assert number_words(97, "fr") == "quatre vingt dix sept"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_numbers_share_their_words(language: str) -> None:
    assert len({number_words(number, language) for number in range(0, LARGEST, 131)}) == len(range(0, LARGEST, 131))


@pytest.mark.parametrize("count", [1, 3])
def test_pairs_are_drawn_once(count: int) -> None:
    """Both languages say the same numbers; the same seed says the same; all of a small range can be had."""
    numbers = {number_words(number, "fr"): number_words(number, "hi") for number in range(30)}
    drawn = pairs(np.random.default_rng(1), 30, "fr", "hi", largest=29, count=count)
    assert len({source for source, _ in drawn}) == 30
    for source, target in drawn:
        assert [numbers[word] for word in source.split(" , ")] == target.split(" , ")
        assert source.count(",") == target.count(",") == count - 1
    assert drawn == pairs(np.random.default_rng(1), 30, "fr", "hi", largest=29, count=count)
    assert drawn != pairs(np.random.default_rng(2), 30, "fr", "hi", largest=29, count=count)


def test_all_lines_that_there_are() -> None:
    assert len(set(pairs(np.random.default_rng(1), 9, largest=2, count=2))) == 9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: number_words(-1, "en"), "number is -1, expected 0 to 999999"),
        (lambda: number_words(1_000_000, "en"), "number is 1000000, expected 0 to"),
        (lambda: number_words(1, "nl"), "language is 'nl', expected one of de, en, fr, hi"),
        (lambda: written("eins", "German"), "language is 'German'"),
        (lambda: pairs(np.random.default_rng(0), 11, largest=9), "n is 11, expected 0 to 10: there are no more"),
        (lambda: pairs(np.random.default_rng(0), -1), "n is -1"),
        (lambda: pairs(np.random.default_rng(0), 1, largest=1_000_000), "largest is 1000000, expected 0 to 999999"),
        (lambda: pairs(np.random.default_rng(0), 1, count=0), "count is 0, expected 1 or more"),
    ],
)
def test_numbers_that_there_are_not(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


def test_ids_on_paper() -> None:
    """Padding 0, unknown 1, words from 2 by the alphabet, then START and END."""
    words = Vocabulary.of(["the cat", "the dog sat"])
    assert words.words == ("cat", "dog", "sat", "the")
    assert (words.start, words.end, words.size) == (6, 7, 8)
    ids, lengths = words.encode(["the cat", "", "sat the mouse"])
    assert ids.tolist() == [[5, 2, 0], [0, 0, 0], [4, 5, 1]]
    assert lengths.tolist() == [2, 0, 3]
    assert ids.dtype == lengths.dtype == np.int64
    assert words.decode(ids) == ["the cat", "", f"sat the {UNKNOWN_WORD}"]


def test_what_is_behind_end_is_not_said() -> None:
    """START and padding are no words, wherever they stand; without END all is said."""
    words = Vocabulary(("a", "b"))
    ids = np.array([[words.start, 2, words.end, 3], [2, 0, 3, 3], [words.end, 2, 2, 2]])
    assert words.decode(ids) == ["a", "a b b", ""]


def test_rare_words_are_unknown() -> None:
    assert Vocabulary.of(["a b", "b c", "b c"], least=2).words == ("b", "c")


def test_no_sentences() -> None:
    """No words, no rows: four ids and empty arrays."""
    nothing = Vocabulary.of([])
    assert nothing.size == 4
    ids, lengths = nothing.encode([])
    assert (ids.shape, lengths.shape) == ((0, 0), (0,))
    assert nothing.decode(ids) == []
    assert nothing.encode(["never heard"])[0].tolist() == [[1, 1]]


def test_vocabulary_refuses() -> None:
    with pytest.raises(ValueError, match=r"^words holds a word twice"):
        Vocabulary(("a", "a"))
    with pytest.raises(ValueError, match=r"^sentences is the str 'a b', expected a list"):
        Vocabulary(("a",)).encode("a b")
    with pytest.raises(ValueError, match=r"^ids holds 0 to 5, expected 0 to 4"):
        Vocabulary(("a",)).decode(np.array([[0, 5]]))


def test_pairs_of_a_file(tmp_path: Path) -> None:
    """Two columns or three, blank lines, a mark before the first letter, Windows' ends of lines."""
    path = tmp_path / "eng-fra.tsv"
    text = "\ufeffGo.\tVa !\tsomebody #1\r\n\r\n  Run! \tCours\u202f!\r\nWait.\tAttends."
    path.write_bytes(text.encode())
    assert read_pairs(path) == [("Go.", "Va !"), ("Run!", "Cours\u202f!"), ("Wait.", "Attends.")]
    assert read_pairs(str(path)) == read_pairs(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"p\.tsv has no pairs: each line should be"),
        (b"\n \n", r"p\.tsv has no pairs"),
        (b"Go.\tVa !\nRun!\n", r"p\.tsv, line 2: there is no tab: put one between"),
        (b"\tVa !\n", r"p\.tsv, line 1: the sentence is empty: fill it in"),
        (b"Go.\t \tx\n", r"p\.tsv, line 1: the translation is empty"),
        (b"Go.\tVa !\nTea.\tTh\xe9.\n", r"p\.tsv, line 2: byte 0xe9 is not UTF-8: save the file"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "p.tsv"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=f"^{message}"):
        read_pairs(path)


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("Va\u202f!", "va !"),
        ("I don't know.", "i don't know ."),
        ("J’ai faim, vas-y!", "j’ai faim , vas-y !"),
        ("Où e\u0301tais-tu ?", "où étais-tu ?"),
        ("  ", ""),
        ("“Yes”, 3 o'clock…", "“ yes ” , 3 o'clock …"),
    ],
)
def test_words_of_a_sentence(sentence: str, words: str) -> None:
    """Lower case, marks apart, accents as single characters; doing it again changes nothing."""
    assert tokenised(sentence) == words
    assert tokenised(words) == words
