"""Sentences with their translations from a file of the reader's own, and the words of a sentence."""

import re
import unicodedata
from pathlib import Path

__all__ = ["read_pairs", "tokenised"]

_WORD = re.compile(r"\w+(?:['’-]\w+)*['’]?|[^\w\s]")


def read_pairs(path: str | Path) -> list[tuple[str, str]]:
    """The lines of a file in UTF-8: a sentence, a tab, its translation, and what else may follow after another tab.

    That is how sentence pairs of Tatoeba's are commonly handed on; the third column says who wrote them.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    pairs : list of (sentence, translation)
        In the order of the file, without the spaces around them.

    Raises
    ------
    ValueError
        The file is not in UTF-8, or holds no pairs; a line has no tab; a sentence or its translation is empty. The
        message names the file and the line, and says what to do.
    """
    path = Path(path)
    pairs: list[tuple[str, str]] = []
    for number, line in enumerate(path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            pairs.append(_pair(f"{path.name}, line {number}", line))
    if not pairs:
        raise ValueError(f"{path.name} has no pairs: each line should be a sentence, a tab, and its translation")
    return pairs


def _pair(where: str, line: bytes) -> tuple[str, str]:
    try:
        columns = line.decode().split("\t")
    except UnicodeDecodeError as error:
        byte = f"byte 0x{line[error.start]:02x}"
        raise ValueError(f"{where}: {byte} is not UTF-8: save the file in that encoding") from None
    if len(columns) < 2:
        raise ValueError(f"{where}: there is no tab: put one between a sentence and its translation")
    sentence, translation = (column.strip() for column in columns[:2])
    for name, text in (("sentence", sentence), ("translation", translation)):
        if not text:
            raise ValueError(f"{where}: the {name} is empty: fill it in, or delete the line")
    return sentence, translation


def tokenised(sentence: str) -> str:
    """Its words and punctuation marks, in lower case, with one space between two: "va !", "j'ai faim ."

    A word keeps its accents, as single characters, and the apostrophes and hyphens inside.
    """
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", sentence).lower()))
