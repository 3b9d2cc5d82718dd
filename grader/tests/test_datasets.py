"""Data for notebooks: headlines whose words need their order, and files that are read, or refused in words."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from grader.datasets.headlines import CATEGORIES, headlines
from grader.datasets.titles import read_titles

Rows = list[tuple[str, str]]


def words(title: str) -> list[str]:
    return re.sub(r"[^\w\s]", "", title.lower()).split()


def naive_bayes(train: Rows, test: Rows) -> float:
    """The accuracy of counting words, with one added to every count."""
    vocabulary = {word: number for number, word in enumerate({word: 0 for _, title in train for word in words(title)})}
    counts = np.ones((len(CATEGORIES), len(vocabulary)))
    for category, title in train:
        for word in words(title):
            counts[CATEGORIES.index(category), vocabulary[word]] += 1
    scores = np.log(counts / counts.sum(axis=1, keepdims=True))
    numbers = [[vocabulary[word] for word in words(title) if word in vocabulary] for _, title in test]
    guesses = [CATEGORIES[int(scores[:, number].sum(axis=1).argmax())] for number in numbers]
    return float(np.mean([guess == category for guess, (category, _) in zip(guesses, test, strict=True)]))


def test_the_same_seed_draws_the_same_headlines() -> None:
    drawn = [headlines(np.random.default_rng(seed), 50) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_headlines_are_short_and_made_of_few_words() -> None:
    drawn = headlines(np.random.default_rng(0), 3000)
    assert {len(title.split()) for _, title in drawn} == set(range(3, 14))
    assert 100 < len({word for _, title in drawn for word in words(title)}) < 300
    assert len(set(drawn)) > 2900


def test_every_section_is_as_likely_as_any_other() -> None:
    counts = Counter(category for category, _ in headlines(np.random.default_rng(0), 3000))
    assert set(counts) == set(CATEGORIES)
    assert all(abs(count - 600) < 5 * np.sqrt(600 * 0.8) for count in counts.values())


def test_the_same_words_in_another_order_are_another_section() -> None:
    sections: dict[tuple[str, ...], set[str]] = {}
    for category, title in headlines(np.random.default_rng(0), 20_000, actors=2):
        sections.setdefault(tuple(sorted(words(title))), set()).add(category)
    assert sum(len(categories) > 1 for categories in sections.values()) > 500


def test_counting_words_does_not_sort_them() -> None:
    drawn = headlines(np.random.default_rng(0), 6000)
    assert naive_bayes(drawn[:5000], drawn[5000:]) < 0.5


def test_nothing_but_the_actors_tells_a_section() -> None:
    drawn = headlines(np.random.default_rng(0), 6000, actors=1)
    actors = {"airline", "actor", "ambassador", "boxer", "app", "maker"}
    others = [(category, " ".join(word for word in words(title) if word not in actors)) for category, title in drawn]
    assert naive_bayes(others[:5000], others[5000:]) < 0.25


@pytest.mark.parametrize(("n", "actors"), [(-1, 9), (1, 0), (1, 10)])
def test_impossible_numbers_are_refused(n: int, actors: int) -> None:
    with pytest.raises(ValueError, match="n is -1" if n < 0 else f"actors is {actors}"):
        headlines(np.random.default_rng(0), n, actors)


def test_no_headlines() -> None:
    assert headlines(np.random.default_rng(0), 0) == []


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "news.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        "category,title\nsport,Wenger plays down £27 talk\ntech,\"Hi-tech, and how\"\n",
        'category,title\r\nsport, Wenger plays down £27 talk \r\n\r\ntech,"Hi-tech, and how"\r\n',
        "\ufefftitle,source,category\nWenger plays down £27 talk,BBC, sport\n\"Hi-tech, and how\",BBC,tech",
    ],
    ids=["plain", "from Windows, with a blank line", "from a spreadsheet, with another column"],
)  # fmt: skip
def test_titles_are_read(tmp_path: Path, content: str) -> None:
    expected = [("sport", "Wenger plays down £27 talk"), ("tech", "Hi-tech, and how")]
    assert read_titles(written(tmp_path, content)) == expected


def test_a_title_over_two_lines_is_one_title(tmp_path: Path) -> None:
    path = written(tmp_path, 'category,title\nsport,"One\ntwo"\nsport,\n')
    with pytest.raises(ValueError, match=r"news\.csv, line 4: the title is empty"):
        read_titles(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "news.csv is empty: its first line should be category,title"),
        (" \n\n", "news.csv is empty: its first line should be category,title"),
        ("category,title\n", "news.csv has no titles: put one in each line after the first"),
        ("class,title\nsport,Goal\n", "line 1: no column 'category' among 'class, title': the first line should be"),
        ("category,headline\nsport,Goal\n", "line 1: no column 'title' among 'category, headline'"),
        ("title,category,title\na,b,c\n", "line 1: more than one column 'title' among"),
        ("category,title\nsport,Goal\n ,Election\n", "line 3: the category is empty: fill it in, or delete the line"),
        ("category,title\nsport,Goal\nsport,  \n", "line 3: the title is empty: fill it in, or delete the line"),
        ("category,title\nsport\n", "line 2: 1 fields, where the first line has 2"),
        ("category,title\nsport,Goals, goals\n", "line 2: 3 fields, where the first line has 2: a title with a comma"),
        ('category,title\nsport,"Goal\n', "look for a quote that is not closed"),
        ("category,title\nsport,Goal\nsport,Café\n".encode("latin-1"), "line 3: byte 0xe9 is not UTF-8: save the file"),
        ("category,title\nsport,Goal\n".encode("utf-16"), "line 1: byte 0xff is not UTF-8"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_where_and_what_to_do(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        read_titles(written(tmp_path, content))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_pythons_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_titles(tmp_path / "nowhere.csv")
