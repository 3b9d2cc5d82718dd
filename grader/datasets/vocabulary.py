"""Words as ids and ids as words, for sentences that one network reads and another one writes.

Id 0 is padding and 1 any word that is not known; words have ids from 2 on, and START and END are the last two.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["PADDING", "UNKNOWN", "UNKNOWN_WORD", "Vocabulary"]

PADDING, UNKNOWN = 0, 1
UNKNOWN_WORD = "<unknown>"
_FIRST_WORD = 2


@dataclass(frozen=True)
class Vocabulary:
    """The words of one language, each once; the one at place k has id k + 2.

    A sentence is a str whose words have spaces between them.
    """

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self._ids) < len(self.words):
            raise ValueError("words holds a word twice, expected each once")

    @classmethod
    def of(cls, sentences: Iterable[str], least: int = 1) -> "Vocabulary":
        """All words that occur at least so many times in these sentences, in the order of the alphabet."""
        counts = Counter(word for sentence in sentences for word in sentence.split())
        return cls(tuple(sorted(word for word, count in counts.items() if count >= least)))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words, start=_FIRST_WORD)}

    @property
    def start(self) -> int:
        """The id that a decoder reads first."""
        return _FIRST_WORD + len(self.words)

    @property
    def end(self) -> int:
        """The id that a decoder says last."""
        return self.start + 1

    @property
    def size(self) -> int:
        """How many ids there are: V."""
        return self.end + 1

    def encode(self, sentences: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """The sentences' words as ids (B, T), int64, with padding behind; and their lengths (B,). No START, no END.

        T is the number of words of the longest sentence.
        """
        if isinstance(sentences, str):
            raise ValueError(f"sentences is the str {sentences[:40]!r}, expected a list of them")
        split = [sentence.split() for sentence in sentences]
        lengths = np.array([len(words) for words in split], np.int64)
        ids = np.full((len(split), lengths.max(initial=0)), PADDING, np.int64)
        for row, words in zip(ids, split, strict=True):
            row[: len(words)] = [self._ids.get(word, UNKNOWN) for word in words]
        return ids, lengths

    def decode(self, ids: np.ndarray) -> list[str]:
        """The sentences (B,) of rows of ids (B, T), each up to its END; START and padding are no words."""
        if ids.size and not 0 <= ids.min() <= ids.max() < self.size:
            raise ValueError(f"ids holds {ids.min()} to {ids.max()}, expected 0 to {self.size - 1}")
        return [self._sentence(row) for row in ids.tolist()]

    def _sentence(self, row: list[int]) -> str:
        said = row[: row.index(self.end)] if self.end in row else row
        return " ".join(self._word(number) for number in said if number not in (PADDING, self.start))

    def _word(self, number: int) -> str:
        return UNKNOWN_WORD if number == UNKNOWN else self.words[number - _FIRST_WORD]
