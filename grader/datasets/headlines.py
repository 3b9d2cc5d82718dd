"""Headlines of five sections from a grammar of our own: as many as one likes, and no bag of words sorts them.

A headline belongs to the section of the one who acts in it, or speaks. "Singer sues minister" is entertainment,
"Minister sues singer" is politics, and so is "Singer sued by minister". Others are named too, from other sections, and
verbs and matters are the same in all: which words there are leaves open whose headline it is, and their order tells.
So do short words, "by" and "not" among them, which many a list of stop words would take away.
"""

import numpy as np

__all__ = ["CATEGORIES", "headlines"]

_ACTORS = {
    "business": (
        "airline", "bank", "brewer", "carmaker", "insurer", "oil firm", "retailer", "steel giant", "supermarket chief",
    ),
    "entertainment": (
        "actor", "boy band", "comedian", "film director", "novelist", "opera singer", "pop star", "rapper", "TV host",
    ),
    "politics": (
        "ambassador", "chancellor", "mayor", "minister", "MP", "opposition chief", "party leader", "peer", "senator",
    ),
    "sport": (
        "boxer", "cricket captain", "football star", "goalkeeper", "golfer", "rugby coach", "sprinter", "striker",
        "tennis champion",
    ),
    "technology": (
        "app maker", "blogger", "chip maker", "games developer", "hacker", "internet giant", "robot builder",
        "software firm", "web pioneer",
    ),
}  # fmt: skip

_ADJECTIVES = ("angry", "defiant", "Dutch", "famous", "French", "outspoken", "rival", "Scottish")

_VERBS = (  # what one does; did, or had done to oneself; and the word before the matter
    ("attacks", "attacked", "over"), ("backs", "backed", "over"), ("blames", "blamed", "for"),
    ("defends", "defended", "over"), ("mocks", "mocked", "over"), ("outwits", "outwitted", "over"),
    ("praises", "praised", "for"), ("questions", "questioned", "about"), ("snubs", "snubbed", "over"),
    ("sues", "sued", "over"), ("thanks", "thanked", "for"), ("warns", "warned", "about"),
)  # fmt: skip

_MATTERS = (
    "charity match", "concert hall", "cup ticket", "film rights", "hi-tech park", "merger talks", "new album",
    "pay rise", "phone deal", "'secret' bid", "share sale", "stadium plan", "tax rebate", "TV debate", "web site",
    "£27,000 loan",
)  # fmt: skip

_OCCASIONS = ("clash", "dinner", "row", "talks")

_REPORTS = ("claims", "denies", "fears", "says")

_ABOUT_TWO = (  # A acts, and B does not
    "{A} {does} {B}", "{A} {does} {B}", "Why {A} {did} {B}",
    "{B} {did} by {A}", "{B} {did} by {A}", "Why {B} was {did} by {A}",
)  # fmt: skip

_ABOUT_THREE = (  # {had}: another verb than {does} and {did}
    "{A}, not {B}, {does} {C}", "Not {B} but {A} {does} {C}", "After {occasion} with {B}, {A} {does} {C}",
    "{A} {reports} {B} {did} {C}", "{B} {did} by {A}, not {C}", "{A}, {had} by {B}, {does} {C}",
)  # fmt: skip

_NAMED_TWO, _ADJECTIVE, _MATTER = 0.55, 0.25, 0.6  # how often

CATEGORIES = tuple(_ACTORS)


def headlines(rng: np.random.Generator, n: int, actors: int = 9) -> list[tuple[str, str]]:
    """Headlines of 3 to 13 words, each with its section, every section as likely as any other.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int, 0 or more
    actors : int, 1 to 9
        How many different ones each section has. The fewer there are, the fewer headlines it takes to learn who they
        are.

    Returns
    -------
    drawn : list of n (category, title)
        category is one of CATEGORIES. A title has capitals and punctuation, as in print: "Why MP was sued by rival TV
        host over £27,000 loan".
    """
    if n < 0:
        raise ValueError(f"n is {n}, expected 0 or more")
    if not 1 <= actors <= 9:
        raise ValueError(f"actors is {actors}, expected 1 to 9")
    return [_headline(rng, actors) for _ in range(n)]


def _headline(rng: np.random.Generator, actors: int) -> tuple[str, str]:
    sections = [CATEGORIES[number] for number in rng.permutation(len(CATEGORIES))[:3]]
    words = {letter: _actor(rng, _ACTORS[section][:actors]) for letter, section in zip("ABC", sections, strict=True)}
    verb, other = rng.permutation(len(_VERBS))[:2]
    does, did, before_matter = _VERBS[verb]
    words |= {"does": does, "did": did, "had": _VERBS[other][1]}
    words |= {"occasion": _one(rng, _OCCASIONS), "reports": _one(rng, _REPORTS)}
    if rng.random() < _NAMED_TWO:
        title = _one(rng, _ABOUT_TWO).format(**words)
        if rng.random() < _MATTER:
            title += f" {before_matter} {_one(rng, _MATTERS)}"
    else:
        title = _one(rng, _ABOUT_THREE).format(**words)
    return sections[0], title[0].upper() + title[1:]


def _actor(rng: np.random.Generator, actors: tuple[str, ...]) -> str:
    actor = _one(rng, actors)
    return f"{_one(rng, _ADJECTIVES)} {actor}" if rng.random() < _ADJECTIVE else actor


def _one(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[rng.integers(len(words))]
