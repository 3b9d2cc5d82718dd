"""Numbers in the words of four languages: small parallel texts without end, in which word order matters.

A German says the units before the tens ("drei und zwanzig" is twenty three), a Frenchman counts some tens in twenties
("quatre vingt dix sept" is 97), and Hindi has a word of its own for every number below a hundred. A translator has to
reorder, to count, or to know by heart.

Numbers come as words with a space between two. What print runs together is split into its parts, "dreiundzwanzig" and
"twenty-three" alike, so that there are few words to learn; `written` undoes it.
"""

import re
from collections.abc import Callable

import numpy as np

__all__ = ["LANGUAGES", "LARGEST", "number_words", "pairs", "written"]

LARGEST = 999_999


def _list(words: str) -> list[str]:
    return words.split()


_ENGLISH = _list(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_ENGLISH_TENS = _list("twenty thirty forty fifty sixty seventy eighty ninety")

_GERMAN = _list(
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn"
)
_GERMAN_TENS = _list("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")

_FRENCH = _list("zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize")
_FRENCH_TENS = _list("vingt trente quarante cinquante soixante")

_HINDI = _list(
    "शून्य एक दो तीन चार पाँच छह सात आठ नौ "
    "दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस "
    "बीस इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस "
    "तीस इकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस उनतालीस "
    "चालीस इकतालीस बयालीस तैंतालीस चौवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास "
    "पचास इक्यावन बावन तिरपन चौवन पचपन छप्पन सत्तावन अट्ठावन उनसठ "
    "साठ इकसठ बासठ तिरसठ चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर "
    "सत्तर इकहत्तर बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उन्यासी "
    "अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सत्तासी अट्ठासी नवासी "
    "नब्बे इक्यानवे बानवे तिरानवे चौरानवे पचानवे छियानवे सत्तानवे अट्ठानवे निन्यानवे"
)


def number_words(number: int, language: str) -> str:
    """A number in words, each of them a part that other numbers share.

    Parameters
    ----------
    number : int, from 0 to LARGEST
    language : one of LANGUAGES: "de", "en", "fr", "hi"

    Returns
    -------
    words : str
        "one thousand two hundred and thirty four", "ein tausend zwei hundert vier und dreißig".
    """
    parts, _ = _known(language)
    if not 0 <= number <= LARGEST:
        raise ValueError(f"number is {number}, expected 0 to {LARGEST}")
    return " ".join(parts(number))


def written(words: str, language: str) -> str:
    """What `number_words` gives, as it is printed: "one thousand, two hundred and thirty-four"."""
    _, spelling = _known(language)
    return spelling(words)


def pairs(
    rng: np.random.Generator, n: int, source: str = "en", target: str = "de", largest: int = 9999, count: int = 1
) -> list[tuple[str, str]]:
    """Numbers in two languages. None comes twice: whatever is cut off is new to who has learned from the rest.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int, from 0 to (largest + 1) ** count
    source, target : two of LANGUAGES
    largest : int, from 0 to LARGEST
    count : int, from 1
        How many numbers stand in one line, with a comma between two. No line comes twice; its numbers may.

    Returns
    -------
    drawn : list of n (words in the source language, words in the target language)
        Every number from 0 to largest is as likely as any other.
    """
    if not 0 <= largest <= LARGEST:
        raise ValueError(f"largest is {largest}, expected 0 to {LARGEST}")
    if count < 1:
        raise ValueError(f"count is {count}, expected 1 or more")
    if not 0 <= n <= (largest + 1) ** count:
        raise ValueError(f"n is {n}, expected 0 to {(largest + 1) ** count}: there are no more lines of such numbers")
    lines: dict[tuple[int, ...], None] = {}
    if count == 1:
        lines = dict.fromkeys(zip(rng.choice(largest + 1, n, replace=False).tolist(), strict=True))
    while len(lines) < n:
        lines[tuple(rng.integers(0, largest + 1, count).tolist())] = None
    return [(_line(numbers, source), _line(numbers, target)) for numbers in lines]


def _line(numbers: tuple[int, ...], language: str) -> str:
    return " , ".join(number_words(number, language) for number in numbers)


def _english(number: int) -> list[str]:
    if number < 20:
        return [_ENGLISH[number]]
    if number < 100:
        return [_ENGLISH_TENS[number // 10 - 2], *_rest(_english, number % 10)]
    if number < 1000:
        return [_ENGLISH[number // 100], "hundred", *_rest(_english, number % 100, "and")]
    small = ["and"] if number % 1000 < 100 else []
    return [*_english(number // 1000), "thousand", *_rest(_english, number % 1000, *small)]


def _english_written(words: str) -> str:
    words = re.sub(rf"\b({'|'.join(_ENGLISH_TENS)}) ({'|'.join(_ENGLISH[1:10])})\b", r"\1-\2", words)
    return re.sub(r"thousand (?!and\b)", "thousand, ", words)


def _german(number: int) -> list[str]:
    if number < 20:
        return [_GERMAN[number]]
    if number < 100:
        tens = _GERMAN_TENS[number // 10 - 2]
        return [_german_before(number % 10)[0], "und", tens] if number % 10 else [tens]
    if number < 1000:
        return [*_german_before(number // 100), "hundert", *_rest(_german, number % 100)]
    return [*_german_before(number // 1000), "tausend", *_rest(_german, number % 1000)]


def _german_before(number: int) -> list[str]:
    """A number in front of und, hundert or tausend, where eins loses its s."""
    *before, last = _german(number)
    return [*before, "ein" if last == "eins" else last]


def _french(number: int) -> list[str]:
    if number < 17:
        return [_FRENCH[number]]
    if number < 20:
        return ["dix", _FRENCH[number - 10]]
    if number == 80:
        return ["quatre", "vingts"]
    if number > 80 and number < 100:
        return ["quatre", "vingt", *_french(number - 80)]
    if number < 100:
        tens = min(number // 10, 6)  # 70 to 79 are sixty and ten to nineteen
        rest = number - 10 * tens
        return [_FRENCH_TENS[tens - 2], *_rest(_french, rest, *["et"] * (rest in (1, 11)))]
    if number < 1000:
        hundreds = ["cent"] if number < 200 else [_FRENCH[number // 100], "cents" if number % 100 == 0 else "cent"]
        return [*hundreds, *_rest(_french, number % 100)]
    thousands = _french(number // 1000) if number >= 2000 else []
    if thousands[-1:] in (["vingts"], ["cents"]):
        thousands[-1] = thousands[-1][:-1]  # they have an s if they come last
    return [*thousands, "mille", *_rest(_french, number % 1000)]


def _french_written(words: str) -> str:
    words = re.sub(r"\bquatre vingt", "quatre-vingt", words)
    words = re.sub(rf"\b({'|'.join(_FRENCH_TENS)}) ({'|'.join(_FRENCH[1:])})\b", r"\1-\2", words)
    return re.sub(r"\bdix (sept|huit|neuf)\b", r"dix-\1", words)


def _hindi(number: int) -> list[str]:
    if number < 100:
        return [_HINDI[number]]
    if number < 1000:
        return [_HINDI[number // 100], "सौ", *_rest(_hindi, number % 100)]
    if number < 100_000:
        return [_HINDI[number // 1000], "हज़ार", *_rest(_hindi, number % 1000)]
    return [_HINDI[number // 100_000], "लाख", *_rest(_hindi, number % 100_000)]


def _rest(parts: Callable[[int], list[str]], number: int, *before: str) -> list[str]:
    """What is left to say, after a word that links it to what was said; nothing of nought."""
    return [*before, *parts(number)] if number else []


_HOW: dict[str, tuple[Callable[[int], list[str]], Callable[[str], str]]] = {
    "de": (_german, lambda words: words.replace(" ", "")),
    "en": (_english, _english_written),
    "fr": (_french, _french_written),
    "hi": (_hindi, str),
}

LANGUAGES = tuple(_HOW)


def _known(language: str) -> tuple[Callable[[int], list[str]], Callable[[str], str]]:
    if language not in _HOW:
        raise ValueError(f"language is {language!r}, expected one of {', '.join(LANGUAGES)}")
    return _HOW[language]
