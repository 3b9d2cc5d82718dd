"""10-classification, from a text to its class: what is asked, what it is worth, and how people get it wrong."""

import numpy as np

from grader.datasets.headlines import CATEGORIES, headlines
from grader.exercise import Assignment
from grader.exercises.bptt import rnn_cell_backward
from grader.exercises.deep import masked_forward
from grader.exercises.rnn import rnn_cell_forward
from reference import classification

assignment = Assignment("10-classification")

_STOP_WORDS = ["the", "a", "of", "is", "don't", "it's", "well", "u.s", "were"]
_STOPPED = ["The", "a", "OF", "Don't,", "“It's", "(is)", "U.S.", "well…"]
_KEPT = ["hi-tech", "£27,000", "We'll", "we’re", "Café:", "log_in", "C++", "bbc.co", "isle", "a-z", "3½%", "हिन्दी।"]
_GAPS = [" ", "  ", "\n", "\t", " - ", " – ", " ... "]


def _word(draw, syllables=2):
    """A word that nobody knows."""
    return "".join(f"{draw.rng.choice(list('bdfgklmnprst'))}{draw.rng.choice(list('aeiou'))}" for _ in range(syllables))


def _words(draw, count):
    """So many words, all different."""
    found = {}
    while len(found) < count:
        found[_word(draw, 3)] = True
    return list(found)


def _messy(draw, words):
    """These words in any order, and between them any kind of gap, each kind at least once."""
    words = draw.rng.permutation(words).tolist()
    gaps = [*_GAPS, *draw.rng.choice(_GAPS, len(words))]
    return "".join(word + gap for word, gap in zip(words, draw.rng.permutation(gaps[: len(words)]), strict=True))


@assignment.exercise(
    classification.clean_text,
    outputs="cleaned",
    points=2,
    hints=[
        "Two questions are asked of every word, in this order: is it a stop word, and what is left of it?",
        "What do “don't” and “dont” have in common, and which of the two is among the stop words?",
        "unicodedata.category tells what kind of character you have before you. What is '£', what is '’'?",
    ],
    extra=[dict(only="stop words"), dict(only="marks"), dict(only="nothing")],
)
def clean_text(draw, words=5, only=""):
    match only:
        case "stop words":
            text = _messy(draw, _STOPPED)
        case "marks":
            text = _messy(draw, ["!", "£", "--", "¿?", "’", "=)"] * 2)
        case "nothing":
            text = ""
        case _:
            others = [_word(draw).title() for _ in range(words)]
            text = _messy(draw, [*others, *_STOPPED, *_KEPT])
    return dict(text=text, stop_words=draw.rng.permutation(_STOP_WORDS).tolist())


@clean_text.misconception(
    "What becomes of “Don't”, if “don't” is a stop word? Follow it through your lines.",
    "Without its apostrophe “don't” is no longer a stop word. Look words up first, and only then delete.",
)
def punctuation_removed_first(text, stop_words):
    import unicodedata

    text = "".join(c for c in text.lower() if unicodedata.category(c)[0] not in "PS")
    return " ".join(word for word in text.split() if word not in stop_words)


@clean_text.misconception(
    "What becomes of “Don't,” with a comma behind it?",
    "You look words up as they stand, commas, brackets and quotes around them included. Look up what is inside.",
)
def looked_up_with_what_is_around_it(text, stop_words):
    import unicodedata

    words = [word for word in text.lower().split() if word not in stop_words]
    bare = ["".join(c for c in word if unicodedata.category(c)[0] not in "PS") for word in words]
    return " ".join(word for word in bare if word)


@clean_text.misconception(
    "What becomes of “we'll”, if “well” is a stop word?",
    "You look words up once more after their punctuation is gone: “we'll” is no “well”, and stays, as “well”.",
)
def looked_up_twice(text, stop_words):
    import unicodedata

    kept = []
    for word in text.lower().split():
        bare = "".join(c for c in word if unicodedata.category(c)[0] not in "PS")
        marks = "".join(set(word) - set(bare))
        if word.strip(marks) not in stop_words and bare not in stop_words and bare:
            kept.append(bare)
    return " ".join(kept)


@clean_text.misconception(
    "Look for a character in your answer that is neither a letter nor a digit.",
    "string.punctuation holds ASCII's alone. £, – and ’ are not among them; Unicode has categories for all of them.",
)
def ascii_punctuation_only(text, stop_words):
    import string

    words = [word for word in text.lower().split() if word.strip(string.punctuation) not in stop_words]
    bare = [word.translate(str.maketrans("", "", string.punctuation)) for word in words]
    return " ".join(word for word in bare if word)


@clean_text.misconception(
    "Look at the signs £, + and ½: which of them are punctuation here?",
    "Unicode's P is punctuation in the narrow sense. Currency and mathematical signs are S, and have to go, too.",
)
def symbols_kept(text, stop_words):
    import unicodedata

    def bare(word):
        return "".join(c for c in word if unicodedata.category(c)[0] != "P")

    marks = "".join(c for c in set(text) if unicodedata.category(c)[0] in "PS")
    words = [bare(word) for word in text.lower().split() if word.strip(marks) not in stop_words]
    return " ".join(word for word in words if word)


@clean_text.misconception(
    "Look for capital letters in your answer.",
    "Everything should be in lower case, not only what is compared with the stop words.",
)
def case_kept(text, stop_words):
    import unicodedata

    marks = "".join(c for c in set(text) if unicodedata.category(c)[0] in "PS")
    words = [word for word in text.split() if word.lower().strip(marks) not in stop_words]
    bare = [word.translate(str.maketrans("", "", marks)) for word in words]
    return " ".join(word for word in bare if word)


@clean_text.misconception(
    "What becomes of “The” at the start of a headline?",
    "The stop words are in lower case, and your words are not yet, when you compare the two.",
)
def lower_case_last(text, stop_words):
    import unicodedata

    marks = "".join(c for c in set(text) if unicodedata.category(c)[0] in "PS")
    words = [word for word in text.split() if word.strip(marks) not in stop_words]
    bare = [word.translate(str.maketrans("", "", marks)) for word in words]
    return " ".join(word for word in bare if word).lower()


@clean_text.misconception(
    "What becomes of “hi-tech”? One word, or two?",
    "You put a space where punctuation was. It is to be deleted: “hitech”, “27000”.",
)
def space_for_punctuation(text, stop_words):
    import unicodedata

    marks = "".join(c for c in set(text) if unicodedata.category(c)[0] in "PS")
    words = [word for word in text.lower().split() if word.strip(marks) not in stop_words]
    spaced = "".join(" " if c in marks else c for c in " ".join(words))
    return " ".join(spaced.split())


@clean_text.misconception(
    "Look for two spaces in a row in your answer. What was there?",
    "A dash on its own is a word of which nothing is left. Words that are empty go, too.",
)
def empty_words_kept(text, stop_words):
    import unicodedata

    marks = "".join(c for c in set(text) if unicodedata.category(c)[0] in "PS")
    words = [word for word in text.lower().split() if word.strip(marks) not in stop_words]
    return " ".join(word.translate(str.maketrans("", "", marks)) for word in words)


@clean_text.misconception(
    "Print repr() of your answer: are there line breaks and tabs in it?",
    "split(' ') knows one kind of space. split() without an argument knows them all, and several in a row.",
)
def split_at_single_spaces(text, stop_words):
    import unicodedata

    marks = "".join(c for c in set(text) if unicodedata.category(c)[0] in "PS")
    words = [word for word in text.lower().split(" ") if word.strip(marks) not in stop_words]
    bare = [word.translate(str.maketrans("", "", marks)) for word in words]
    return " ".join(word for word in bare if word)


@clean_text.misconception(
    "What becomes of “hi-tech”, and of “27,000”?",
    "strip() takes away what stands at the ends. What is inside of a word has to go as well.",
)
def inner_punctuation_kept(text, stop_words):
    import unicodedata

    marks = "".join(c for c in set(text) if unicodedata.category(c)[0] in "PS")
    words = [word.strip(marks) for word in text.lower().split()]
    return " ".join(word for word in words if word and word not in stop_words)


@clean_text.misconception(
    "What becomes of “isle”, if “is” is a stop word?",
    "replace() finds the stop words inside of other words, too. Go through the text word by word.",
)
def stop_words_cut_out_of_words(text, stop_words):
    import unicodedata

    text = text.lower()
    for stop in stop_words:
        text = text.replace(stop, "")
    bare = ["".join(c for c in word if unicodedata.category(c)[0] not in "PS") for word in text.split()]
    return " ".join(word for word in bare if word)


@clean_text.misconception(
    "What becomes of “27,000”?",
    "Numbers are words, too: their digits are no punctuation.",
)
def digits_removed(text, stop_words):
    import unicodedata

    marks = "".join(c for c in set(text) if unicodedata.category(c)[0] in "PS")
    words = [word for word in text.lower().split() if word.strip(marks) not in stop_words]
    bare = ["".join(c for c in word if c not in marks and not c.isnumeric()) for word in words]
    return " ".join(word for word in bare if word)


@clean_text.misconception(
    "What becomes of “café”?",
    "You have made ASCII of the text. An é is a letter like any other.",
)
def accents_removed(text, stop_words):
    import unicodedata

    marks = "".join(c for c in set(text) if unicodedata.category(c)[0] in "PS")
    words = [word for word in text.lower().split() if word.strip(marks) not in stop_words]
    plain = [unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode() for word in words]
    bare = [word.translate(str.maketrans("", "", marks)) for word in plain]
    return " ".join(word for word in bare if word)


@clean_text.misconception(
    "Take a word in a script that puts its vowels above the letters, such as “हिन्दी”: what is left of it?",
    "Not all that is no letter and no digit is punctuation: vowel signs are neither. Ask for the category instead.",
)
def letters_and_digits_alone(text, stop_words):
    import unicodedata

    marks = "".join(c for c in set(text) if unicodedata.category(c)[0] in "PS")
    words = [word for word in text.lower().split() if word.strip(marks) not in stop_words]
    bare = ["".join(c for c in word if c.isalnum()) for word in words]
    return " ".join(word for word in bare if word)


@clean_text.misconception(
    "A word with an underscore, and one in Hindi: what becomes of them?",
    "\\w of regular expressions is not “what is no punctuation”: it keeps underscores and loses vowel signs.",
)
def word_characters_of_re(text, stop_words):
    import re
    import unicodedata

    marks = "".join(c for c in set(text) if unicodedata.category(c)[0] in "PS")
    words = [word for word in text.lower().split() if word.strip(marks) not in stop_words]
    bare = [re.sub(r"[^\w]", "", word) for word in words]
    return " ".join(word for word in bare if word)


@clean_text.misconception(
    "What is the type of your answer?",
    "A list of words is half-way. Who reads on wants a text: put them together, one space between two.",
)
def words_not_joined(text, stop_words):
    import unicodedata

    marks = "".join(c for c in set(text) if unicodedata.category(c)[0] in "PS")
    words = [word for word in text.lower().split() if word.strip(marks) not in stop_words]
    bare = [word.translate(str.maketrans("", "", marks)) for word in words]
    return [word for word in bare if word]


_COUNTS = [7, 5, 5, 5, 4, 3, 3, 3, 2, 2, 1, 1]


def _counted_texts(draw, texts):
    """Texts in which words occur as often as _COUNTS says; the most frequent one all in one text, as no other is."""
    often, *others = _words(draw, len(_COUNTS))
    others[1] = others[0].title()  # the same word to those who do not mind the case
    spread = [word for word, count in zip(others, _COUNTS[1:], strict=True) for _ in range(count)]
    dealt = np.array_split(draw.rng.permutation(spread), texts)
    lines = [" ".join(words.tolist()) for words in dealt]
    lines[-1] = " ".join([lines[-1], *[often] * _COUNTS[0]]).strip()
    return lines


@assignment.exercise(
    classification.build_vocabulary,
    outputs="vocabulary",
    points=2,
    hints=[
        "Three texts of three words: do it by hand, counts first. Who comes first if two words occur equally often?",
        "Which two ids are taken before the first word gets one?",
        "collections.Counter counts, and remembers who came first.",
    ],
    extra=[dict(size=2), dict(size=3), dict(size=40), dict(texts=1), dict(texts=0)],
)
def build_vocabulary(draw, texts=6, size=9):
    return dict(texts=[*_counted_texts(draw, texts), ""] if texts else [], size=size)


@build_vocabulary.misconception(
    "Which id has your most frequent word?",
    "0 is the padding's and 1 the unknown word's: words start at 2.",
)
def ids_from_zero(texts, size):
    from collections import Counter

    counts = Counter(word for text in texts for word in text.split())
    return {word: i for i, (word, _) in enumerate(counts.most_common(size - 2))}


@build_vocabulary.misconception(
    "Which id has your most frequent word?",
    "0 is not the only id that is taken: 1 is the unknown word's.",
)
def ids_from_one(texts, size):
    from collections import Counter

    counts = Counter(word for text in texts for word in text.split())
    return {word: i for i, (word, _) in enumerate(counts.most_common(size - 2), start=1)}


@build_vocabulary.misconception(
    "With size = 2, how many words are there room for?",
    "size counts all ids, 0 and 1 included; your largest id does not fit a table of `size` rows.",
)
def size_counts_words_alone(texts, size):
    from collections import Counter

    counts = Counter(word for text in texts for word in text.split())
    return {word: i for i, (word, _) in enumerate(counts.most_common(size), start=2)}


@build_vocabulary.misconception(
    "With size = 3, how many words are there room for?",
    "Two ids are taken, 0 and 1, and you leave room for one of them.",
)
def one_id_too_many(texts, size):
    from collections import Counter

    counts = Counter(word for text in texts for word in text.split())
    return {word: i for i, (word, _) in enumerate(counts.most_common(size - 1), start=2)}


@build_vocabulary.misconception(
    "What stands in your vocabulary that is no word?",
    "Padding and the unknown word have ids, and no entry: nobody will ever look them up.",
)
def entries_for_the_special_ids(texts, size):
    from collections import Counter

    counts = Counter(word for text in texts for word in text.split())
    vocabulary = {"<pad>": 0, "<unk>": 1}
    for word, _ in counts.most_common(size - 2):
        vocabulary[word] = len(vocabulary)
    return vocabulary


@build_vocabulary.misconception(
    "Which word has id 2 in yours: the most frequent one, or the first one?",
    "You number the words as they come. The order is that of their counts, and the rare ones get no id at all.",
)
def by_first_appearance(texts, size):
    vocabulary = {}
    for text in texts:
        for word in text.split():
            if word not in vocabulary and len(vocabulary) < size - 2:
                vocabulary[word] = len(vocabulary) + 2
    return vocabulary


@build_vocabulary.misconception(
    "Your words are the right ones. Among the equally frequent ones, who comes first?",
    "You have let the alphabet decide among equals. The word that appears first in the texts comes first.",
)
def ties_by_the_alphabet(texts, size):
    from collections import Counter

    counts = Counter(word for text in texts for word in text.split())
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    return {word: i for i, word in enumerate(ranked[: size - 2], start=2)}


@build_vocabulary.misconception(
    "Your words are the right ones. Among the equally frequent ones, who comes first?",
    "Among equals yours is the word that appears last. Sorting upwards and turning around turns the equals, too.",
)
def ties_turned_around(texts, size):
    from collections import Counter

    counts = Counter(word for text in texts for word in text.split())
    ranked = sorted(counts, key=lambda word: counts[word])[::-1]
    return {word: i for i, word in enumerate(ranked[: size - 2], start=2)}


@build_vocabulary.misconception(
    "Which words did you keep: the frequent ones or the rare ones?",
    "Sorted by count, upwards, the rarest words come first.",
)
def rarest_first(texts, size):
    from collections import Counter

    counts = Counter(word for text in texts for word in text.split())
    ranked = sorted(counts, key=lambda word: counts[word])
    return {word: i for i, word in enumerate(ranked[: size - 2], start=2)}


@build_vocabulary.misconception(
    "A word that occurs seven times in one text, and one that occurs once in each of five: which is more frequent?",
    "You count in how many texts a word occurs. Count how often it occurs.",
)
def counted_once_a_text(texts, size):
    from collections import Counter

    counts = Counter(word for text in texts for word in dict.fromkeys(text.split()))
    return {word: i for i, (word, _) in enumerate(counts.most_common(size - 2), start=2)}


@build_vocabulary.misconception(
    "Are all entries of your vocabulary words of the texts, letter by letter?",
    "Changing the case is the cleaning's business. Here a word is what split() gives you.",
)
def words_in_lower_case(texts, size):
    from collections import Counter

    counts = Counter(word for text in texts for word in text.lower().split())
    return {word: i for i, (word, _) in enumerate(counts.most_common(size - 2), start=2)}


@build_vocabulary.misconception(
    "How long are the entries of your vocabulary?",
    "A loop over a text gives its characters. split() gives its words.",
)
def characters_counted(texts, size):
    from collections import Counter

    counts = Counter(character for text in texts for character in text)
    return {word: i for i, (word, _) in enumerate(counts.most_common(size - 2), start=2)}


@build_vocabulary.misconception(
    "What do you get for a word, and what for an id?",
    "Yours leads from ids to words. Texts are made of words: they are what is looked up.",
)
def ids_to_words(texts, size):
    from collections import Counter

    counts = Counter(word for text in texts for word in text.split())
    return {i: word for i, (word, _) in enumerate(counts.most_common(size - 2), start=2)}


@assignment.exercise(
    classification.encode,
    outputs="sequences",
    points=1,
    hints=[
        "One list for each text, one id for each word. What if the vocabulary does not have the word?",
        "Print your answer for the empty text.",
    ],
    extra=[dict(texts=1), dict(texts=0)],
)
def encode(draw, texts=5, known=6):
    words = [*_words(draw, known + 2), "Known"]
    vocabulary = {word: number for number, word in enumerate([*words[:known], "Known"], start=2)}
    lines = [draw.rng.permutation([*words, "known", words[0]]).tolist() for _ in range(texts)]
    lines = [line[: max(4, len(line) - 2 * number)] for number, line in enumerate(lines)]
    return dict(texts=[" ".join(line) for line in lines] + [""] * (texts > 1), vocabulary=vocabulary)


@encode.misconception(
    "Print len(vocabulary) before and after. Should words of the test set get ids?",
    "You give new words a new id. There is no row for it in the embedding: what is unknown is 1.",
)
def vocabulary_grows(texts, vocabulary):
    return [[vocabulary.setdefault(word, len(vocabulary) + 2) for word in text.split()] for text in texts]


@encode.misconception(
    "Which id have words that are not in the vocabulary?",
    "0 means that there is no word at all. A word that nobody knows is 1.",
)
def unknown_is_padding(texts, vocabulary):
    return [[vocabulary.get(word, 0) for word in text.split()] for text in texts]


@encode.misconception(
    "Count the words of a text, and the ids that you give it.",
    "You leave out what you do not know. That there was a word is worth knowing, too: it is 1.",
)
def unknown_left_out(texts, vocabulary):
    return [[vocabulary[word] for word in text.split() if word in vocabulary] for text in texts]


@encode.misconception(
    "Is the vocabulary in lower case? Who says so?",
    "The case of a word is settled by whoever cleans the text. Look words up as they are.",
)
def looked_up_in_lower_case(texts, vocabulary):
    return [[vocabulary.get(word.lower(), 1) for word in text.split()] for text in texts]


@encode.misconception(
    "How many words has the empty text?",
    "''.split(' ') is ['']: one word, of no letters. split() without an argument finds none.",
)
def empty_text_has_a_word(texts, vocabulary):
    return [[vocabulary.get(word, 1) for word in text.split(" ")] for text in texts]


@encode.misconception(
    "Count the words of a text, and the ids that you give it.",
    "A loop over a text gives its characters. split() gives its words.",
)
def characters_encoded(texts, vocabulary):
    return [[vocabulary.get(character, 1) for character in text] for text in texts]


@encode.misconception(
    "How many lists do you return, for how many texts?",
    "You have put all texts into one list: where does one end, and where does the next begin?",
)
def one_list_for_all(texts, vocabulary):
    return [vocabulary.get(word, 1) for text in texts for word in text.split()]


@encode.misconception(
    "Does your ids' order follow the text, or the vocabulary?",
    "A set of the words keeps neither their order nor their number. The network reads them as they come.",
)
def each_word_once(texts, vocabulary):
    return [sorted({vocabulary.get(word, 1) for word in text.split()}) for text in texts]


@assignment.exercise(
    classification.pad_sequences,
    outputs="padded: B T",
    points=2,
    drive="classification.padding",
    hints=[
        "Take one sequence that is too long, and one that is too short, and write down all four combinations.",
        "“pre” means at the front: zeros are put there, or ids are taken away there.",
        "What is s[-0:]?",
    ],
    extra=[
        dict(padding="pre", truncating="pre"),
        dict(padding="pre"),
        dict(truncating="pre"),
        dict(truncating="pre", T=0),
        dict(given=3),
        dict(given=2),
        dict(B=0),
        dict(padding="left"),
        dict(truncating="right"),
    ],
)
def pad_sequences(draw, B=5, T=4, padding="post", truncating="post", given=0):
    lengths = [T + 2, max(T - 2, 0), 0, T, T + 1, *draw.integers(0, 2 * T + 1, max(B - 5, 0)).tolist()]
    sequences = [draw.integers(2, 1000, length).tolist() for length in lengths[:B]]
    inputs = dict(sequences=sequences, length=T, padding=padding, truncating=truncating)
    return dict(list(inputs.items())[: given or None])


@pad_sequences.misconception(
    "Where do your zeros stand with padding='post'?",
    "Post means behind the ids. Yours are in front of them; that is Keras's default, and not ours.",
)
def pre_for_post(sequences, length, padding="pre", truncating="pre"):
    if padding not in ("pre", "post") or truncating not in ("pre", "post"):
        raise ValueError("pre or post")
    out = np.zeros((len(sequences), length), np.int64)
    for row, ids in zip(out, sequences, strict=True):
        kept = ids[:length] if truncating == "post" else ids[max(len(ids) - length, 0) :]
        start = length - len(kept) if padding == "post" else 0
        row[start : start + len(kept)] = kept
    return out


@pad_sequences.misconception(
    "Call it without the last two arguments. What stands in the docstring's first line?",
    "The defaults are “post” and “post”. Keras has “pre” for both.",
)
def keras_defaults(sequences, length, padding="pre", truncating="pre"):
    if padding not in ("pre", "post") or truncating not in ("pre", "post"):
        raise ValueError("pre or post")
    out = np.zeros((len(sequences), length), np.int64)
    for row, ids in zip(out, sequences, strict=True):
        kept = ids[:length] if truncating == "post" else ids[max(len(ids) - length, 0) :]
        start = length - len(kept) if padding == "pre" else 0
        row[start : start + len(kept)] = kept
    return out


@pad_sequences.misconception(
    "With truncating='pre', which ids of a long sequence are left?",
    "“pre” takes away the first ids, so that the last ones are left. Yours keeps the first ones.",
)
def pre_keeps_the_first(sequences, length, padding="post", truncating="post"):
    if padding not in ("pre", "post") or truncating not in ("pre", "post"):
        raise ValueError("pre or post")
    out = np.zeros((len(sequences), length), np.int64)
    for row, ids in zip(out, sequences, strict=True):
        kept = ids[:length] if truncating == "pre" else ids[max(len(ids) - length, 0) :]
        start = length - len(kept) if padding == "pre" else 0
        row[start : start + len(kept)] = kept
    return out


@pad_sequences.misconception(
    "Try padding='pre' with truncating='post': are the two independent in yours?",
    "You ask `padding` twice. Which end is cut off is told by `truncating`.",
)
def padding_decides_for_both(sequences, length, padding="post", truncating="post"):
    if padding not in ("pre", "post") or truncating not in ("pre", "post"):
        raise ValueError("pre or post")
    out = np.zeros((len(sequences), length), np.int64)
    for row, ids in zip(out, sequences, strict=True):
        kept = ids[:length] if padding == "post" else ids[max(len(ids) - length, 0) :]
        start = length - len(kept) if padding == "pre" else 0
        row[start : start + len(kept)] = kept
    return out


@pad_sequences.misconception(
    "Call it with padding='left'. What happens?",
    "Whoever mistypes a word should hear of it: anything but “pre” and “post” is a ValueError.",
)
def other_words_accepted(sequences, length, padding="post", truncating="post"):
    out = np.zeros((len(sequences), length), np.int64)
    for row, ids in zip(out, sequences, strict=True):
        kept = ids[:length] if truncating == "post" else ids[max(len(ids) - length, 0) :]
        start = length - len(kept) if padding == "pre" else 0
        row[start : start + len(kept)] = kept
    return out


@pad_sequences.misconception(
    "Try truncating='right'. Which of the two words do you look at?",
    "You refuse a wrong `padding`, and take any `truncating`. Both have to be pre or post.",
)
def other_truncating_accepted(sequences, length, padding="post", truncating="post"):
    if padding not in ("pre", "post"):
        raise ValueError("pre or post")
    out = np.zeros((len(sequences), length), np.int64)
    for row, ids in zip(out, sequences, strict=True):
        kept = ids[:length] if truncating == "post" else ids[max(len(ids) - length, 0) :]
        start = length - len(kept) if padding == "pre" else 0
        row[start : start + len(kept)] = kept
    return out


@pad_sequences.misconception(
    "Your answer is right, and the caller's lists are no longer what they were.",
    "append, extend and insert change the list that they are called on. Make a new one.",
)
def lists_padded_in_place(sequences, length, padding="post", truncating="post"):
    if padding not in ("pre", "post") or truncating not in ("pre", "post"):
        raise ValueError("pre or post")
    for ids in sequences:
        while len(ids) > length:
            ids.pop(0 if truncating == "pre" else -1)
        while len(ids) < length:
            ids.insert(0 if padding == "pre" else len(ids), 0)
    return np.array(sequences, dtype=np.int64).reshape(len(sequences), length)


@pad_sequences.misconception(
    "What is the dtype of your answer? What will it be used for?",
    "np.zeros gives floats unless told otherwise, and nobody can look up row 3.0 of a table. Ids are int64.",
)
def floats_for_ids(sequences, length, padding="post", truncating="post"):
    if padding not in ("pre", "post") or truncating not in ("pre", "post"):
        raise ValueError("pre or post")
    out = np.zeros((len(sequences), length))
    for row, ids in zip(out, sequences, strict=True):
        kept = ids[:length] if truncating == "post" else ids[max(len(ids) - length, 0) :]
        start = length - len(kept) if padding == "pre" else 0
        row[start : start + len(kept)] = kept
    return out


@pad_sequences.misconception(
    "What stands in your rows where there are no words?",
    "1 is a word: the unknown one. Where there is no word stands 0.",
)
def padded_with_the_unknown_word(sequences, length, padding="post", truncating="post"):
    if padding not in ("pre", "post") or truncating not in ("pre", "post"):
        raise ValueError("pre or post")
    out = np.ones((len(sequences), length), np.int64)
    for row, ids in zip(out, sequences, strict=True):
        kept = ids[:length] if truncating == "post" else ids[max(len(ids) - length, 0) :]
        start = length - len(kept) if padding == "pre" else 0
        row[start : start + len(kept)] = kept
    return out


@pad_sequences.misconception(
    "How many columns has your answer, and how many were asked for?",
    "You make room for the longest sequence. `length` says how many columns there are; what is longer is cut.",
)
def as_long_as_the_longest(sequences, length, padding="post", truncating="post"):
    if padding not in ("pre", "post") or truncating not in ("pre", "post"):
        raise ValueError("pre or post")
    length = max(map(len, sequences), default=length)
    out = np.zeros((len(sequences), length), np.int64)
    for row, ids in zip(out, sequences, strict=True):
        start = length - len(ids) if padding == "pre" else 0
        row[start : start + len(ids)] = ids
    return out


@assignment.exercise(
    classification.embedding_forward,
    outputs="x: B T E",
    points=1,
    hints=[
        "An embedding is a table, and an id is the number of a row.",
        "numpy can be asked for many rows at once, in any order, some of them twice.",
    ],
    extra=[dict(axes=1), dict(axes=3)],
)
def embedding_forward(draw, B=3, T=5, V=7, E=4, axes=2):
    ids = draw.integers(0, V, B, T)
    ids[0, 0] = 0
    ids = {1: ids[0], 2: ids, 3: np.stack([ids, ids[::-1]])}[axes]
    return dict(ids=ids, W_e=draw.normal(V, E))


@embedding_forward.misconception(
    "Look up id 0: what should come back?",
    "Row 0 belongs to the padding, but here it is a row like any other: who must not hear it is told by `lengths`.",
)
def padding_is_zero(ids, W_e):
    return W_e[ids] * (ids != 0)[..., np.newaxis]


@embedding_forward.misconception(
    "Look up id 0: what should come back?",
    "The first row has the number 0, not 1.",
)
def rows_counted_from_one(ids, W_e):
    return W_e[ids - 1]


@embedding_forward.misconception(
    "Which shape has your answer, and how long is it for one id?",
    "You have picked columns. A word is a row of the table.",
)
def columns_for_rows(ids, W_e):
    return np.moveaxis(W_e[:, ids % W_e.shape[1]], 0, -1)


@embedding_forward.misconception(
    "Your numbers are too large, all by the same factor.",
    "Transformers multiply their embeddings with √E. Here nobody does.",
)
def scaled_by_the_root_of_its_width(ids, W_e):
    return W_e[ids] * np.sqrt(W_e.shape[1])


@embedding_forward.misconception(
    "Which shape has your answer? There should be one axis more than ids has.",
    "All rows one below the other: what is a text, and what is a word of it? Keep the axes of ids.",
)
def axes_lost(ids, W_e):
    return W_e[np.ravel(ids)]


@embedding_forward.misconception(
    "Which shape has your answer? There should be one axis more than ids has.",
    "You have put a text's words into one. The network wants to read them one after the other.",
)
def bag_of_words(ids, W_e):
    return W_e[ids].mean(axis=-2)


@assignment.exercise(
    classification.embedding_backward,
    outputs="dW_e: V E",
    points=2,
    hints=[
        "If a word stands in a text twice, from how many places does its row get a gradient?",
        "Write the forward as a product with a matrix of ones and zeros. What is its backward?",
        "There is a function in numpy that adds at places, and adds twice where a place comes twice: np.add.at.",
    ],
    extra=[dict(axes=1), dict(axes=3)],
)
def embedding_backward(draw, B=3, T=6, V=8, E=4, axes=2):
    ids = draw.integers(0, max(V - 2, 1), B, T)  # more places than ids, and not the last ones
    ids[0, :2] = 0
    ids[0, -2:] = max(V - 3, 0)
    ids = {1: ids[0], 2: ids, 3: np.stack([ids, ids[::-1]])}[axes]
    return dict(dx=draw.normal(*ids.shape, E), ids=ids, V=V)


@embedding_backward.misconception(
    "Let a word occur twice in a text: which of its two gradients is in your answer?",
    "dW[ids] += dx reads all rows, adds, and writes them back: of two writes to one row the last one stays.",
)
def duplicates_lost(dx, ids, V):
    dW_e = np.zeros((V, dx.shape[-1]))
    dW_e[ids] += dx
    return dW_e


@embedding_backward.misconception(
    "A word that occurs twice: is its gradient the sum of both, or their mean?",
    "Gradients of the same weight add up, always. You divide by how often the word occurs.",
)
def mean_of_duplicates(dx, ids, V):
    dW_e, counts = np.zeros((V, dx.shape[-1])), np.zeros(V)
    np.add.at(dW_e, ids, dx)
    np.add.at(counts, ids, 1)
    return dW_e / np.maximum(counts, 1)[:, np.newaxis]


@embedding_backward.misconception(
    "What is the gradient of row 0?",
    "Row 0 belongs to the padding, but nobody has asked you to spare it: dx is what arrives there.",
)
def row_0_spared(dx, ids, V):
    dW_e = np.zeros((V, dx.shape[-1]))
    np.add.at(dW_e, ids, dx)
    dW_e[0] = 0
    return dW_e


@embedding_backward.misconception(
    "Which shape has your answer, and which one has W_e?",
    "You make as many rows as the largest id needs. The table has V, whether or not their words occur.",
)
def rows_up_to_the_largest_id(dx, ids, V):
    dW_e = np.zeros((ids.max() + 1, dx.shape[-1]))
    np.add.at(dW_e, ids, dx)
    return dW_e


@embedding_backward.misconception(
    "Which shape has your answer, and which one has W_e?",
    "You return the rows of the words that occur. The others have a gradient, too: zero.",
)
def rows_that_occur(dx, ids, V):
    occurring, places = np.unique(ids, return_inverse=True)
    dW_e = np.zeros((len(occurring), dx.shape[-1]))
    np.add.at(dW_e, places.reshape(ids.shape), dx)
    return dW_e


@embedding_backward.misconception(
    "Give the same batch twice: should the gradient stay the same?",
    "You take a mean over the batch. If the loss is a mean, dx has that in it already: here things are added.",
)
def divided_by_the_batch(dx, ids, V):
    dW_e = np.zeros((V, dx.shape[-1]))
    np.add.at(dW_e, ids, dx)
    return dW_e / len(ids)


def _network(draw, V, E, H, O):
    return dict(
        W_e=draw.normal(V, E), W_x=draw.weights(E, H), W_h=draw.weights(H, H), b=draw.normal(H),
        W_y=draw.weights(H, O), b_y=draw.normal(O),
    )  # fmt: skip


def _batch(draw, B, T, V, empty):
    """tokens, with ids on padding, too, and a word that comes twice; lengths, one of them T, and one shorter."""
    lengths = draw.integers(1, T + 1, B)
    lengths[0] = draw.integers(min(2, max(T - 2, 1)), max(T - 1, 2)) if T > 1 else 1
    lengths[1:2] = T
    lengths[2 : 2 + empty] = 0
    tokens = draw.integers(min(2, V - 1), V, B, T)
    tokens[0, :2] = tokens[0, 0]
    tokens[0, lengths[0] + 1 :] = 0  # padding is 0, but not all of it
    return tokens, lengths


@assignment.exercise(
    classification.classifier_forward,
    outputs="logits: B O; h: B T H",
    points=2,
    uses=[embedding_forward],
    hints=[
        "Three functions that you have, one after the other: the table, the network that waits, the output layer.",
        "Where does the last real state of every row stand, if states are frozen?",
        "What should a row without words say? Print your logits for it, and b_y.",
    ],
    extra=[dict(empty=1), dict(empty=2, B=5), dict(T=9)],
)
def classifier_forward(draw, B=4, T=6, V=9, E=3, H=5, O=2, empty=0):
    tokens, lengths = _batch(draw, B, T, V, empty)
    return dict(tokens=tokens, lengths=lengths, params=_network(draw, V, E, H, O))


@classifier_forward.misconception(
    "Change the ids behind the end of a short row: your logits change, too.",
    "The network reads the padding as if it were words. `lengths` tells where to stop.",
)
def padding_read(tokens, lengths, params):
    x, T = params["W_e"][tokens], tokens.shape[1]
    h_t, states = np.zeros((len(tokens), len(params["W_h"]))), []
    for t in range(T):
        h_t = rnn_cell_forward(x[:, t], h_t, params["W_x"], params["W_h"], params["b"])
        states.append(h_t)
    return h_t @ params["W_y"] + params["b_y"], np.stack(states, axis=1)


@classifier_forward.misconception(
    "The logits are right. What does h hold behind the end of a row?",
    "You pick the right state, but the network has gone on reading. On padding a state is frozen: it repeats.",
)
def right_state_picked_but_not_frozen(tokens, lengths, params):
    x, T = params["W_e"][tokens], tokens.shape[1]
    h_t, states = np.zeros((len(tokens), len(params["W_h"]))), []
    for t in range(T):
        h_t = rnn_cell_forward(x[:, t], h_t, params["W_x"], params["W_h"], params["b"])
        states.append(h_t)
    h = np.stack(states, axis=1)
    last = np.where((lengths > 0)[:, np.newaxis], h[np.arange(len(tokens)), lengths - 1], 0)
    return last @ params["W_y"] + params["b_y"], h


@classifier_forward.misconception(
    "The logits of full rows are right. What do the short ones say?",
    "You wipe the state where a row has ended, so that in the end all short rows say b_y. Freeze it instead.",
)
def state_wiped_on_padding(tokens, lengths, params):
    x, T = params["W_e"][tokens], tokens.shape[1]
    h_t, states = np.zeros((len(tokens), len(params["W_h"]))), []
    for t in range(T):
        h_t = rnn_cell_forward(x[:, t], h_t, params["W_x"], params["W_h"], params["b"])
        h_t = h_t * (t < lengths)[:, np.newaxis]
        states.append(h_t)
    return h_t @ params["W_y"] + params["b_y"], np.stack(states, axis=1)


@classifier_forward.misconception(
    "The logits are right. What does h hold behind the end of a row?",
    "Zeros on padding are how torch does it. Here the last real state is repeated there.",
)
def zeros_on_padding(tokens, lengths, params):
    h = masked_forward(
        params["W_e"][tokens], lengths, np.zeros((len(tokens), len(params["W_h"]))), params["W_x"], params["W_h"],
        params["b"],
    )  # fmt: skip
    real = np.arange(tokens.shape[1]) < lengths[:, np.newaxis]
    return h[:, -1] @ params["W_y"] + params["b_y"], h * real[:, :, np.newaxis]


@classifier_forward.misconception(
    "Your words before the padding end one too early. For a length of 1, which step is the last?",
    "Steps are counted from 0, lengths from 1: step t is real for t < length.",
)
def frozen_a_step_early(tokens, lengths, params):
    h = masked_forward(
        params["W_e"][tokens], np.maximum(lengths - 1, 0), np.zeros((len(tokens), len(params["W_h"]))), params["W_x"],
        params["W_h"], params["b"],
    )  # fmt: skip
    return h[:, -1] @ params["W_y"] + params["b_y"], h


@classifier_forward.misconception(
    "For a length of 1, which steps do you take?",
    "You take one step too many, and read a piece of padding: step t is real for t < length.",
)
def frozen_a_step_late(tokens, lengths, params):
    h = masked_forward(
        params["W_e"][tokens], np.minimum(lengths + 1, tokens.shape[1]), np.zeros((len(tokens), len(params["W_h"]))),
        params["W_x"], params["W_h"], params["b"],
    )  # fmt: skip
    return h[:, -1] @ params["W_y"] + params["b_y"], h


@classifier_forward.misconception(
    "Padding is 0, but is everything else no padding? Print a row and its length.",
    "You look for zeros among the ids. What is real is told by `lengths`, whatever stands behind.",
)
def padding_told_by_its_id(tokens, lengths, params):
    h = masked_forward(
        params["W_e"][tokens], (tokens != 0).sum(axis=1), np.zeros((len(tokens), len(params["W_h"]))), params["W_x"],
        params["W_h"], params["b"],
    )  # fmt: skip
    return h[:, -1] @ params["W_y"] + params["b_y"], h


@classifier_forward.misconception(
    "Do the rows of your logits sum to 1?",
    "These are probabilities. Logits are asked for: whoever takes the loss takes the softmax, and twice is wrong.",
)
def softmax_taken(tokens, lengths, params):
    h = masked_forward(
        params["W_e"][tokens], lengths, np.zeros((len(tokens), len(params["W_h"]))), params["W_x"], params["W_h"],
        params["b"],
    )  # fmt: skip
    e = np.exp(h[:, -1] @ params["W_y"] + params["b_y"])
    return e / e.sum(axis=1, keepdims=True), h


@classifier_forward.misconception(
    "h is right. From which of its steps do your logits come?",
    "A mean over all states lets every step vote. Asked for is what the network says after the last word.",
)
def mean_of_the_states(tokens, lengths, params):
    h = masked_forward(
        params["W_e"][tokens], lengths, np.zeros((len(tokens), len(params["W_h"]))), params["W_x"], params["W_h"],
        params["b"],
    )  # fmt: skip
    return h.mean(axis=1) @ params["W_y"] + params["b_y"], h


@classifier_forward.misconception(
    "What should a row without words say? Print your logits for it, and b_y.",
    "The output layer has a bias of its own.",
)
def output_bias_forgotten(tokens, lengths, params):
    h = masked_forward(
        params["W_e"][tokens], lengths, np.zeros((len(tokens), len(params["W_h"]))), params["W_x"], params["W_h"],
        params["b"],
    )  # fmt: skip
    return h[:, -1] @ params["W_y"], h


@classifier_forward.misconception(
    "Set W_e and b_y to zero: what do your states come to?",
    "The cell has a bias, `b`, inside of the tanh.",
)
def cell_bias_forgotten(tokens, lengths, params):
    h = masked_forward(
        params["W_e"][tokens], lengths, np.zeros((len(tokens), len(params["W_h"]))), params["W_x"], params["W_h"],
        0 * params["b"],
    )  # fmt: skip
    return h[:, -1] @ params["W_y"] + params["b_y"], h


@classifier_forward.misconception(
    "Rows without words are the ones that differ. Which step is lengths - 1 for them?",
    "h[row, -1] is the *last* step, and not none. A row without words has the state that it started with.",
)
def empty_row_reads_its_end(tokens, lengths, params):
    frozen = np.where(lengths > 0, lengths, tokens.shape[1])
    h = masked_forward(
        params["W_e"][tokens], frozen, np.zeros((len(tokens), len(params["W_h"]))), params["W_x"], params["W_h"],
        params["b"],
    )  # fmt: skip
    return h[:, -1] @ params["W_y"] + params["b_y"], h


@assignment.exercise(
    classification.classifier_backward,
    outputs="grads",
    points=4,
    uses=[embedding_forward, embedding_backward],
    hints=[
        "Write down the lines of the forward, and go through them from the last to the first.",
        "A row that has ended waits: what does a frozen step do to the gradient that arrives at it?",
        "Which two gradients of a step are zero where the row has ended, and which one is handed on as it is?",
    ],
    extra=[dict(empty=1), dict(empty=2, B=5), dict(T=9)],
)
def classifier_backward(draw, B=4, T=6, V=9, E=3, H=5, O=2, empty=0):
    tokens, lengths = _batch(draw, B, T, V, empty)
    params = _network(draw, V, E, H, O)
    _, h = classification.classifier_forward(tokens, lengths, params)
    return dict(dlogits=draw.normal(B, O), tokens=tokens, lengths=lengths, h=h, params=params)


@classifier_backward.misconception(
    "Change the ids behind the end of a short row: your gradients change, too.",
    "You go back through steps that nobody has taken. Where a row has ended, the gradient waits.",
)
def back_through_the_padding(dlogits, tokens, lengths, h, params):
    x = params["W_e"][tokens]
    dh = dlogits @ params["W_y"].T
    dx = np.zeros_like(x)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    for t in reversed(range(tokens.shape[1])):
        h_prev = h[:, t - 1] if t else np.zeros_like(h[:, 0])
        dx[:, t], dh, dW_x, dW_h, db = rnn_cell_backward(dh, x[:, t], h_prev, h[:, t], params["W_x"], params["W_h"])
        grads["W_x"] += dW_x
        grads["W_h"] += dW_h
        grads["b"] += db
    np.add.at(grads["W_e"], tokens, dx)
    return grads | {"W_y": h[:, -1].T @ dlogits, "b_y": dlogits.sum(axis=0)}


@classifier_backward.misconception(
    "Only full rows have a gradient in yours. Take a batch of one short row.",
    "You set the gradient to zero where a row has ended, and it never gets to the last word. Hand it on instead.",
)
def gradient_wiped_on_padding(dlogits, tokens, lengths, h, params):
    x = params["W_e"][tokens]
    dh = dlogits @ params["W_y"].T
    dx = np.zeros_like(x)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    for t in reversed(range(tokens.shape[1])):
        h_prev = h[:, t - 1] if t else np.zeros_like(h[:, 0])
        dh = dh * (t < lengths)[:, np.newaxis]
        dx[:, t], dh, dW_x, dW_h, db = rnn_cell_backward(dh, x[:, t], h_prev, h[:, t], params["W_x"], params["W_h"])
        grads["W_x"] += dW_x
        grads["W_h"] += dW_h
        grads["b"] += db
    np.add.at(grads["W_e"], tokens, dx)
    return grads | {"W_y": h[:, -1].T @ dlogits, "b_y": dlogits.sum(axis=0)}


@classifier_backward.misconception(
    "Feed a gradient to the loss of the last state alone: where does yours come in?",
    "The loss looks at one state of each row. You let it look at every step.",
)
def loss_at_every_step(dlogits, tokens, lengths, h, params):
    x = params["W_e"][tokens]
    dh_loss, dh = dlogits @ params["W_y"].T, np.zeros_like(h[:, 0])
    dx = np.zeros_like(x)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    for t in reversed(range(tokens.shape[1])):
        real = (t < lengths)[:, np.newaxis]
        h_prev = h[:, t - 1] if t else np.zeros_like(h[:, 0])
        dx[:, t], dh, dW_x, dW_h, db = rnn_cell_backward(
            (dh + dh_loss) * real, x[:, t], h_prev, h[:, t], params["W_x"], params["W_h"]
        )
        grads["W_x"] += dW_x
        grads["W_h"] += dW_h
        grads["b"] += db
    np.add.at(grads["W_e"], tokens, dx)
    return grads | {"W_y": h[:, -1].T @ dlogits, "b_y": dlogits.sum(axis=0)}


@classifier_backward.misconception(
    "Only W_e is off. Let a word occur twice in a text.",
    "dW[ids] += dx keeps one of two gradients that go to the same row. You have a function that adds all of them.",
)
def table_loses_duplicates(dlogits, tokens, lengths, h, params):
    x = params["W_e"][tokens]
    dh = dlogits @ params["W_y"].T
    dx = np.zeros_like(x)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    for t in reversed(range(tokens.shape[1])):
        real = (t < lengths)[:, np.newaxis]
        h_prev = h[:, t - 1] if t else np.zeros_like(h[:, 0])
        dx[:, t], back, dW_x, dW_h, db = rnn_cell_backward(
            dh * real, x[:, t], h_prev, h[:, t], params["W_x"], params["W_h"]
        )
        dh = np.where(real, back, dh)
        grads["W_x"] += dW_x
        grads["W_h"] += dW_h
        grads["b"] += db
    grads["W_e"][tokens] += dx
    return grads | {"W_y": h[:, -1].T @ dlogits, "b_y": dlogits.sum(axis=0)}


@classifier_backward.misconception(
    "Take a row of one word: right. Of two: what do you hand on to the first?",
    "The gradient stops at the last word in yours. It goes on to the state before, and the state before that.",
)
def last_word_alone(dlogits, tokens, lengths, h, params):
    x = params["W_e"][tokens]
    dh = dlogits @ params["W_y"].T
    dx = np.zeros_like(x)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    for t in range(tokens.shape[1]):
        last = (t == lengths - 1)[:, np.newaxis]
        h_prev = h[:, t - 1] if t else np.zeros_like(h[:, 0])
        dx[:, t], _, dW_x, dW_h, db = rnn_cell_backward(
            dh * last, x[:, t], h_prev, h[:, t], params["W_x"], params["W_h"]
        )
        grads["W_x"] += dW_x
        grads["W_h"] += dW_h
        grads["b"] += db
    np.add.at(grads["W_e"], tokens, dx)
    return grads | {"W_y": h[:, -1].T @ dlogits, "b_y": dlogits.sum(axis=0)}


@classifier_backward.misconception(
    "Compare with numerical differences, one matrix after the other: W_y and b_y are right, and what else?",
    "Between dh and the sum inside stands the tanh. Its slope is 1 - h².",
)
def slope_of_tanh_forgotten(dlogits, tokens, lengths, h, params):
    x = params["W_e"][tokens]
    dh = dlogits @ params["W_y"].T
    dx = np.zeros_like(x)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    for t in reversed(range(tokens.shape[1])):
        real = (t < lengths)[:, np.newaxis]
        h_prev = h[:, t - 1] if t else np.zeros_like(h[:, 0])
        dx[:, t], back, dW_x, dW_h, db = rnn_cell_backward(
            dh * real, x[:, t], h_prev, 0 * h_prev, params["W_x"], params["W_h"]
        )
        dh = np.where(real, back, dh)
        grads["W_x"] += dW_x
        grads["W_h"] += dW_h
        grads["b"] += db
    np.add.at(grads["W_e"], tokens, dx)
    return grads | {"W_y": h[:, -1].T @ dlogits, "b_y": dlogits.sum(axis=0)}


@classifier_backward.misconception(
    "Only W_h is off. Which state was multiplied with W_h at step t?",
    "W_h met the state *before* the step, which is 0 at the first.",
)
def state_after_the_step(dlogits, tokens, lengths, h, params):
    x = params["W_e"][tokens]
    dh = dlogits @ params["W_y"].T
    dx = np.zeros_like(x)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    for t in reversed(range(tokens.shape[1])):
        real = (t < lengths)[:, np.newaxis]
        dx[:, t], back, dW_x, dW_h, db = rnn_cell_backward(
            dh * real, x[:, t], h[:, t], h[:, t], params["W_x"], params["W_h"]
        )
        dh = np.where(real, back, dh)
        grads["W_x"] += dW_x
        grads["W_h"] += dW_h
        grads["b"] += db
    np.add.at(grads["W_e"], tokens, dx)
    return grads | {"W_y": h[:, -1].T @ dlogits, "b_y": dlogits.sum(axis=0)}


@classifier_backward.misconception(
    "Give the same batch twice, dlogits as well: should the gradients stay the same?",
    "You take a mean over the batch. If the loss is a mean, dlogits has that in it already: here things are added.",
)
def mean_over_the_batch(dlogits, tokens, lengths, h, params):
    x = params["W_e"][tokens]
    dh = dlogits @ params["W_y"].T
    dx = np.zeros_like(x)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    for t in reversed(range(tokens.shape[1])):
        real = (t < lengths)[:, np.newaxis]
        h_prev = h[:, t - 1] if t else np.zeros_like(h[:, 0])
        dx[:, t], back, dW_x, dW_h, db = rnn_cell_backward(
            dh * real, x[:, t], h_prev, h[:, t], params["W_x"], params["W_h"]
        )
        dh = np.where(real, back, dh)
        grads["W_x"] += dW_x
        grads["W_h"] += dW_h
        grads["b"] += db
    np.add.at(grads["W_e"], tokens, dx)
    grads |= {"W_y": h[:, -1].T @ dlogits, "b_y": dlogits.sum(axis=0)}
    return {name: grad / len(tokens) for name, grad in grads.items()}


@classifier_backward.misconception(
    "W_e is zero nearly everywhere, and you hand its gradient out in another shape. Which one has W_e?",
    "One gradient for each place is half-way: those of the same word go to one row of the table.",
)
def gradient_of_the_places(dlogits, tokens, lengths, h, params):
    x = params["W_e"][tokens]
    dh = dlogits @ params["W_y"].T
    dx = np.zeros_like(x)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    for t in reversed(range(tokens.shape[1])):
        real = (t < lengths)[:, np.newaxis]
        h_prev = h[:, t - 1] if t else np.zeros_like(h[:, 0])
        dx[:, t], back, dW_x, dW_h, db = rnn_cell_backward(
            dh * real, x[:, t], h_prev, h[:, t], params["W_x"], params["W_h"]
        )
        dh = np.where(real, back, dh)
        grads["W_x"] += dW_x
        grads["W_h"] += dW_h
        grads["b"] += db
    return grads | {"W_e": dx, "W_y": h[:, -1].T @ dlogits, "b_y": dlogits.sum(axis=0)}


@classifier_backward.misconception(
    "Only W_h and what comes after it on the way back is off. Which way round does dh pass W_h?",
    "On the way there h_prev was multiplied with W_h; on the way back it is W_h transposed.",
)
def recurrent_weights_not_transposed(dlogits, tokens, lengths, h, params):
    x = params["W_e"][tokens]
    dh = dlogits @ params["W_y"].T
    dx = np.zeros_like(x)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    for t in reversed(range(tokens.shape[1])):
        real = (t < lengths)[:, np.newaxis]
        h_prev = h[:, t - 1] if t else np.zeros_like(h[:, 0])
        dx[:, t], back, dW_x, dW_h, db = rnn_cell_backward(
            dh * real, x[:, t], h_prev, h[:, t], params["W_x"], params["W_h"].T
        )
        dh = np.where(real, back, dh)
        grads["W_x"] += dW_x
        grads["W_h"] += dW_h
        grads["b"] += db
    np.add.at(grads["W_e"], tokens, dx)
    return grads | {"W_y": h[:, -1].T @ dlogits, "b_y": dlogits.sum(axis=0)}


@assignment.exercise(
    classification.confusion_matrix,
    outputs="counts",
    points=2,
    hints=[
        "Three headlines, by hand: which row, which column does each of them fall into?",
        "A label is not the number of a row. Which row is the first of `classes`?",
        "What if a label is not among the classes?",
    ],
    extra=[dict(labels="numbers"), dict(labels="numbers", n=1), dict(n=0)],
)
def confusion_matrix(draw, C=4, n=40, labels="words"):
    names = ["sport", "tech", "business", "politics", "weather"] if labels == "words" else [7, 2, 9, 0, 4]
    inside, outside = names[:C], names[C:]
    classes = list(dict.fromkeys([*inside[1:], inside[0]]))
    odds = np.r_[np.full(C, 0.9 / C), np.full(len(outside), 0.1 / len(outside))]
    actual = draw.rng.choice(len(names), n, p=odds)
    mistaken = draw.rng.choice(len(names), n, p=odds)
    predicted = np.where(draw.rng.random(n) < 0.4, actual, mistaken)
    if n >= 8:
        actual[:4], predicted[:4] = [0, 1, C, 0], [1, 1, 0, C]  # outside: once on each side
        actual[4:8], predicted[4:8] = [0, 0, 0, C], [1, 1, 1, C]
    return dict(actual=[names[i] for i in actual], predicted=[names[i] for i in predicted], classes=classes)


@confusion_matrix.misconception(
    "Sum your matrix over its columns: how often does each class occur, or how often is it guessed?",
    "Rows are what it is, columns what it was taken for. Yours is the other way round.",
)
def matrix_transposed(actual, predicted, classes):
    place = {label: i for i, label in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), np.int64)
    for a, p in zip(actual, predicted, strict=True):
        if a in place and p in place:
            counts[place[p], place[a]] += 1
    return counts


@confusion_matrix.misconception(
    "In which order are your rows, and in which order are `classes`?",
    "You have sorted the classes. They come in the order in which they are given.",
)
def classes_sorted(actual, predicted, classes):
    place = {label: i for i, label in enumerate(sorted(classes))}
    counts = np.zeros((len(classes), len(classes)), np.int64)
    for a, p in zip(actual, predicted, strict=True):
        if a in place and p in place:
            counts[place[a], place[p]] += 1
    return counts


@confusion_matrix.misconception(
    "Do the rows of your matrix sum to 1?",
    "Those are shares. Asked for is how often, as whole numbers.",
)
def shares_of_the_rows(actual, predicted, classes):
    place = {label: i for i, label in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), np.int64)
    for a, p in zip(actual, predicted, strict=True):
        if a in place and p in place:
            counts[place[a], place[p]] += 1
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


@confusion_matrix.misconception(
    "Sum up your matrix: how many pairs are in it?",
    "A pair with a label that is not among the classes is left out. You count it for the last class: -1 is a place.",
)
def strangers_in_the_last_class(actual, predicted, classes):
    place = {label: i for i, label in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), np.int64)
    for a, p in zip(actual, predicted, strict=True):
        counts[place.get(a, -1), place.get(p, -1)] += 1
    return counts


@confusion_matrix.misconception(
    "How many rows are there, for how many classes?",
    "You make a row for every label that you meet. The classes are those that you are given, and no others.",
)
def every_label_is_a_class(actual, predicted, classes):
    labels = list(dict.fromkeys([*classes, *actual, *predicted]))
    place = {label: i for i, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), np.int64)
    for a, p in zip(actual, predicted, strict=True):
        counts[place[a], place[p]] += 1
    return counts


@confusion_matrix.misconception(
    "Sum up your matrix: how many pairs are in it? What happens to a pair that comes twice?",
    "m[rows, columns] += 1 writes once to each place, however often the place comes.",
)
def pairs_counted_once(actual, predicted, classes):
    place = {label: i for i, label in enumerate(classes)}
    pairs = [(place[a], place[p]) for a, p in zip(actual, predicted, strict=True) if a in place and p in place]
    counts = np.zeros((len(classes), len(classes)), np.int64)
    rows, columns = [a for a, _ in pairs], [p for _, p in pairs]
    counts[rows, columns] += 1
    return counts


@confusion_matrix.misconception(
    "Look at what stands beside the diagonal. Where do the mistakes go?",
    "You count what was right. A confusion matrix is about who was taken for whom.",
)
def right_ones_alone(actual, predicted, classes):
    place = {label: i for i, label in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), np.int64)
    for a, p in zip(actual, predicted, strict=True):
        if a == p and a in place:
            counts[place[a], place[p]] += 1
    return counts


def _model(draw, V, E, empty):
    """Arrays of several kinds, and words of several scripts; the dict's order is not the alphabet's."""
    words = [*_words(draw, 4), "naïve", "हिन्दी", "新聞", "💹", '"quoted"', "back\\slash", "Zebra", "b"]
    vocabulary = {word: number for number, word in enumerate(draw.rng.permutation(words).tolist(), start=2)}
    params = {
        "W_y": draw.normal(E, 3),
        "W_e": draw.normal(V, E).astype(np.float32),
        "b": draw.normal(E),
        "scale": np.asarray(draw.normal()),
        "seen": draw.integers(0, 10**12, V),
        "frozen": draw.rng.permutation(np.arange(V) % 2 == 0),
    }
    if empty:
        params["none"] = np.zeros((0, E))
    return dict(params=params, vocabulary=vocabulary)


@assignment.exercise(
    classification.save_model,
    outputs="files; loading; params; dtypes; vocabulary",
    points=1,
    tolerance="exact",
    drive="classification.saving",
    hints=[
        "Call it with the path 'x', and look what the folder holds: one file, and what is it called?",
        "What a dict of words needs is text, and JSON is one way to write it. Where in the file is room for text?",
        "Load what you have saved, and compare all of it: names, dtypes, shapes, words, ids, and the words' order.",
    ],
    extra=[dict(empty=1)],
)
def save_model(draw, V=6, E=4, empty=0):
    return _model(draw, V, E, empty)


@save_model.misconception(
    "Look into the folder: what is your file called, and what was it to be called?",
    "You have added something to the path. (np.savez does so by itself, but not if it is given an open file.)",
)
def suffix_added(path, params, vocabulary):
    import json

    from safetensors.numpy import save_file

    arrays = {name: np.array(array, order="C") for name, array in params.items()}
    save_file(arrays, f"{path}.safetensors", metadata={"vocabulary": json.dumps(vocabulary)})


@save_model.misconception(
    "Look into the folder: how many files are there?",
    "Two files get lost separately. The vocabulary belongs into the same file: a model is of no use without it.",
)
def vocabulary_in_a_file_of_its_own(path, params, vocabulary):
    import json

    from safetensors.numpy import save_file

    save_file({name: np.array(array, order="C") for name, array in params.items()}, path)
    with open(f"{path}.json", "w") as file:
        json.dump(vocabulary, file)


@save_model.misconception(
    "Save an array of float32, and one of integers. What do they come back as?",
    "You turn everything into one kind of number. Each array comes back as what it was.",
)
def all_arrays_float64(path, params, vocabulary):
    import json

    from safetensors.numpy import save_file

    arrays = {name: np.array(array, dtype=float, order="C") for name, array in params.items()}
    save_file(arrays, path, metadata={"names": json.dumps(list(params)), "vocabulary": json.dumps(vocabulary)})


@save_model.misconception(
    "Compare a weight with what it was, all digits of it.",
    "float32 is half as large, and rounds. What was trained is what has to be saved.",
)
def rounded_to_float32(path, params, vocabulary):
    import json

    from safetensors.numpy import save_file

    kinds = {name: np.float32 if array.dtype == float else array.dtype for name, array in params.items()}
    arrays = {name: np.array(array, dtype=kinds[name], order="C") for name, array in params.items()}
    save_file(arrays, path, metadata={"names": json.dumps(list(params)), "vocabulary": json.dumps(vocabulary)})


@save_model.misconception(
    "Save a word with an accent, or one in another script. What comes back?",
    "What ASCII cannot write is lost on the way. JSON can write every character.",
)
def words_in_ascii(path, params, vocabulary):
    import json

    from safetensors.numpy import save_file

    words = {word.encode("ascii", "ignore").decode(): number for word, number in vocabulary.items()}
    arrays = {name: np.array(array, order="C") for name, array in params.items()}
    save_file(arrays, path, metadata={"names": json.dumps(list(params)), "vocabulary": json.dumps(words)})


@save_model.misconception(
    "Compare list(vocabulary) before and after.",
    "The words come back in another order, that of the alphabet. Keep theirs.",
)
def words_sorted(path, params, vocabulary):
    import json

    from safetensors.numpy import save_file

    words = dict(sorted(vocabulary.items()))
    arrays = {name: np.array(array, order="C") for name, array in params.items()}
    save_file(arrays, path, metadata={"names": json.dumps(list(params)), "vocabulary": json.dumps(words)})


@save_model.misconception(
    "Save the transpose of a matrix, W.T, and compare: are its numbers at their places?",
    "save_file writes memory as it lies, and W.T is W's memory, read otherwise. A copy in C's order can be saved.",
)
def memory_as_it_lies(path, params, vocabulary):
    import json

    from safetensors.numpy import save_file

    save_file(params, path, metadata={"names": json.dumps(list(params)), "vocabulary": json.dumps(vocabulary)})


@save_model.misconception(
    "Compare the shapes of what you save with the shapes of what comes back.",
    "You save a row of numbers. That it was a matrix, and of which shape, has to be saved, too.",
)
def shapes_lost(path, params, vocabulary):
    import json

    from safetensors.numpy import save_file

    arrays = {name: array.ravel() for name, array in params.items()}
    save_file(arrays, path, metadata={"names": json.dumps(list(params)), "vocabulary": json.dumps(vocabulary)})


@save_model.misconception(
    "Which of your words come back, and which do not?",
    "A vocabulary is all of its words, and not those that are made of plain letters.",
)
def plain_words_alone(path, params, vocabulary):
    import json

    from safetensors.numpy import save_file

    words = {word: n for word, n in vocabulary.items() if word.isascii() and word.isalpha()}
    arrays = {name: np.array(array, order="C") for name, array in params.items()}
    save_file(arrays, path, metadata={"names": json.dumps(list(params)), "vocabulary": json.dumps(words)})


@assignment.exercise(
    classification.load_model,
    outputs="params; dtypes; vocabulary; pickles; runs_nothing",
    points=2,
    tolerance="exact",
    drive="classification.loading",
    hints=[
        "Undo what save_model does, line by line, and compare all of it: names, dtypes, shapes, words and their ids.",
        "What does your function do with a file that somebody else has written? With the error, if there is one?",
        "A pickle is a programme. Which readers run it, and which of them can be told not to?",
    ],
    extra=[dict(empty=1)],
)
def load_model(draw, V=6, E=4, empty=0):
    return _model(draw, V, E, empty)


@load_model.misconception(
    "What if the file comes from somebody who wishes you ill?",
    "Unpickling runs whatever the file says. Read with something that can read numbers and text, and nothing else.",
)
def pickles_are_run(path):
    import json
    import pickle

    from safetensors import SafetensorError, safe_open

    try:
        with open(path, "rb") as file:
            return pickle.load(file)
    except Exception:
        pass
    try:
        with safe_open(path, framework="numpy") as file:
            words = json.loads(file.metadata()["vocabulary"])
            return {name: file.get_tensor(name) for name in json.loads(file.metadata()["names"])}, words
    except SafetensorError as error:
        raise ValueError(f"{path} is no model") from error


@load_model.misconception(
    "A file that is no model: which exception comes out of your function?",
    "Nothing in it runs, which is what matters most. But whoever calls you has been promised a ValueError.",
)
def another_exception(path):
    import json

    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            words = json.loads(file.metadata()["vocabulary"])
            params = {name: file.get_tensor(name) for name in json.loads(file.metadata()["names"])}
    except SafetensorError as error:
        raise RuntimeError(f"{path} is no model") from error
    return params, words


@load_model.misconception(
    "A file that is no model: what comes out of your function?",
    "An empty model is no answer to a file that cannot be read. Say so, with a ValueError.",
)
def nothing_said(path):
    import json

    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            words = json.loads(file.metadata()["vocabulary"])
            params = {name: file.get_tensor(name) for name in json.loads(file.metadata()["names"])}
    except SafetensorError:
        params, words = {}, {}
    return params, words


@load_model.misconception(
    "Save an array of float32, and one of integers. What do they come back as?",
    "You turn everything into one kind of number. Each array comes back as what it was.",
)
def loaded_as_float64(path):
    import json

    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            words = json.loads(file.metadata()["vocabulary"])
            params = {name: file.get_tensor(name) for name in json.loads(file.metadata()["names"])}
    except SafetensorError as error:
        raise ValueError(f"{path} is no model") from error
    return {name: np.array(array, dtype=float) for name, array in params.items()}, words


@load_model.misconception(
    "Save a 0-d array. What shape does it come back in?",
    "A single number has the shape (), and no axis of length 1.",
)
def numbers_get_an_axis(path):
    import json

    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            words = json.loads(file.metadata()["vocabulary"])
            params = {name: file.get_tensor(name) for name in json.loads(file.metadata()["names"])}
    except SafetensorError as error:
        raise ValueError(f"{path} is no model") from error
    return {name: np.atleast_1d(array) for name, array in params.items()}, words


@load_model.misconception(
    "Compare list(vocabulary) before and after.",
    "The words come back in another order, that of the alphabet. Keep theirs.",
)
def loaded_words_sorted(path):
    import json

    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            words = json.loads(file.metadata()["vocabulary"])
            params = {name: file.get_tensor(name) for name in json.loads(file.metadata()["names"])}
    except SafetensorError as error:
        raise ValueError(f"{path} is no model") from error
    return params, dict(sorted(words.items()))


@load_model.misconception(
    "Look up a word in the vocabulary that comes back: what is the type of its id?",
    "In a text file a number is text until somebody makes a number of it. Ids are ints.",
)
def ids_are_text(path):
    import json

    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            words = json.loads(file.metadata()["vocabulary"])
            params = {name: file.get_tensor(name) for name in json.loads(file.metadata()["names"])}
    except SafetensorError as error:
        raise ValueError(f"{path} is no model") from error
    return params, {word: str(number) for word, number in words.items()}


@load_model.misconception(
    "Look up a word in the vocabulary that comes back: is it there?",
    "Yours leads from ids to words. The way from words to ids is what was saved.",
)
def loaded_ids_to_words(path):
    import json

    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            words = json.loads(file.metadata()["vocabulary"])
            params = {name: file.get_tensor(name) for name in json.loads(file.metadata()["names"])}
    except SafetensorError as error:
        raise ValueError(f"{path} is no model") from error
    return params, {number: word for word, number in words.items()}


# train_classifier


def _short_headlines(rng, n):
    """n headlines of five words at most, about ten actors: a few hundred teach who acts."""
    short = []
    while len(short) < n:
        short += [row for row in headlines(rng, n, actors=2) if len(row[1].split()) <= 5]
    return short[:n]


@assignment.exercise(
    classification.train_classifier,
    outputs="beats_guessing; beats_bag_of_words; loss_falls; padding_ignored; titles_apart; best_weights_kept; "
    "stops_in_time; is_patient; taught_by_train_alone; same_seed_same_model",
    points=10,
    hints=[
        "Print the history after each epoch. Which of its three lists moves as you would expect, and which does not?",
        "Try it on the docstring's toy first: what does it say of titles whose padding you change?",
        "Four places to look at: the state that is classified, each step, the weights at the end, what draws numbers.",
    ],
    seconds=120,
    drive="learning.classifier",
    packages=["torch"],
    outcome=(True,) * 10,
)
def train_classifier(draw, train=400, validation=120, test=150):
    numbers = [train, validation, test]
    drawn = _short_headlines(draw.rng, sum(numbers))
    texts = [classification.clean_text(title, ()) for _, title in drawn]
    vocabulary = classification.build_vocabulary(texts[:train], 1000)
    sequences = classification.encode(texts, vocabulary)
    T = max(map(len, sequences))
    tokens, lengths = classification.pad_sequences(sequences, T), np.array(list(map(len, sequences)))
    labels = np.array([CATEGORIES.index(category) for category, _ in drawn])
    rows = np.split(np.arange(sum(numbers)), np.cumsum(numbers)[:-1])
    parts = dict(zip(("train", "validation", "test"), rows, strict=True))
    arrays = {"tokens": tokens, "lengths": lengths, "labels": labels}
    inputs = {f"{part}_{name}": arrays[name][chosen] for part, chosen in parts.items() for name in arrays}
    hidden = inputs.pop("test_labels")
    return inputs | dict(V=len(vocabulary) + 2, O=len(CATEGORIES), seed=int(draw.integers(0, 1000)), test_labels=hidden)


@train_classifier.misconception(
    "It learns. Then change what stands behind a title's length: do its classes stay as they were?",
    "h[:, -1] has read the padding. Whose column holds the state after a title's last word?",
)
def last_column(train, validation, V, O, seed, epochs=30):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    layers = {"embed": nn.Embedding(V, 100), "rnn": nn.RNN(100, 50, batch_first=True), "out": nn.Linear(50, O)}
    network = nn.ModuleDict(layers)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)

    def logits(tokens, lengths):
        h, _ = network["rnn"](network["embed"](tokens))
        return network["out"](h[:, -1])

    def run(tokens, lengths, labels):
        z = logits(tokens, lengths)
        return nn.functional.cross_entropy(z, labels), (z.argmax(1) == labels).double().mean().item()

    train, validation = [[torch.as_tensor(part) for part in parts] for parts in (train, validation)]
    history = {"loss": [], "validation_loss": [], "validation_accuracy": []}
    best = -1.0
    for epoch in range(epochs):
        losses = []
        for rows in torch.randperm(len(train[0])).split(32):
            loss, _ = run(*[part[rows] for part in train])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(rows)
        with torch.no_grad():
            validation_loss, accuracy = run(*validation)
        history["loss"].append(sum(losses) / len(losses))
        history["validation_loss"].append(validation_loss.item())
        history["validation_accuracy"].append(accuracy)
        if accuracy > best:
            best, best_epoch = accuracy, epoch
            weights = {name: value.clone() for name, value in network.state_dict().items()}
        if epoch - best_epoch == 5:
            break
    network.load_state_dict(weights)

    def predict(tokens, lengths):
        with torch.no_grad():
            return logits(torch.as_tensor(tokens), torch.as_tensor(lengths)).argmax(1).numpy()

    return predict, history


@train_classifier.misconception(
    "Take the accuracy of your predict on the validation titles. Is it the best one of your history?",
    "After the best epoch come worse ones, and your weights are the last one's. Keep a copy: state_dict() is none.",
)
def last_weights(train, validation, V, O, seed, epochs=30):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    layers = {"embed": nn.Embedding(V, 100), "rnn": nn.RNN(100, 50, batch_first=True), "out": nn.Linear(50, O)}
    network = nn.ModuleDict(layers)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)

    def logits(tokens, lengths):
        h, _ = network["rnn"](network["embed"](tokens))
        return network["out"](h[torch.arange(len(h)), lengths - 1])

    def run(tokens, lengths, labels):
        z = logits(tokens, lengths)
        return nn.functional.cross_entropy(z, labels), (z.argmax(1) == labels).double().mean().item()

    train, validation = [[torch.as_tensor(part) for part in parts] for parts in (train, validation)]
    history = {"loss": [], "validation_loss": [], "validation_accuracy": []}
    best = -1.0
    for epoch in range(epochs):
        losses = []
        for rows in torch.randperm(len(train[0])).split(32):
            loss, _ = run(*[part[rows] for part in train])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(rows)
        with torch.no_grad():
            validation_loss, accuracy = run(*validation)
        history["loss"].append(sum(losses) / len(losses))
        history["validation_loss"].append(validation_loss.item())
        history["validation_accuracy"].append(accuracy)
        if accuracy > best:
            best, best_epoch = accuracy, epoch
        if epoch - best_epoch == 5:
            break

    def predict(tokens, lengths):
        with torch.no_grad():
            return logits(torch.as_tensor(tokens), torch.as_tensor(lengths)).argmax(1).numpy()

    return predict, history


@train_classifier.misconception(
    "How many epochs has your history? How many were there after the best one?",
    "Five in a row that are no better than the best are enough.",
)
def never_stops(train, validation, V, O, seed, epochs=30):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    layers = {"embed": nn.Embedding(V, 100), "rnn": nn.RNN(100, 50, batch_first=True), "out": nn.Linear(50, O)}
    network = nn.ModuleDict(layers)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)

    def logits(tokens, lengths):
        h, _ = network["rnn"](network["embed"](tokens))
        return network["out"](h[torch.arange(len(h)), lengths - 1])

    def run(tokens, lengths, labels):
        z = logits(tokens, lengths)
        return nn.functional.cross_entropy(z, labels), (z.argmax(1) == labels).double().mean().item()

    train, validation = [[torch.as_tensor(part) for part in parts] for parts in (train, validation)]
    history = {"loss": [], "validation_loss": [], "validation_accuracy": []}
    best = -1.0
    for _ in range(epochs):
        losses = []
        for rows in torch.randperm(len(train[0])).split(32):
            loss, _ = run(*[part[rows] for part in train])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(rows)
        with torch.no_grad():
            validation_loss, accuracy = run(*validation)
        history["loss"].append(sum(losses) / len(losses))
        history["validation_loss"].append(validation_loss.item())
        history["validation_accuracy"].append(accuracy)
        if accuracy > best:
            best = accuracy
            weights = {name: value.clone() for name, value in network.state_dict().items()}
    network.load_state_dict(weights)

    def predict(tokens, lengths):
        with torch.no_grad():
            return logits(torch.as_tensor(tokens), torch.as_tensor(lengths)).argmax(1).numpy()

    return predict, history


@train_classifier.misconception(
    "How many epochs were there after the best one?",
    "You stop at the first epoch that is no better. Accuracy goes up and down: have patience for five in a row.",
)
def one_bad_epoch(train, validation, V, O, seed, epochs=30):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    layers = {"embed": nn.Embedding(V, 100), "rnn": nn.RNN(100, 50, batch_first=True), "out": nn.Linear(50, O)}
    network = nn.ModuleDict(layers)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)

    def logits(tokens, lengths):
        h, _ = network["rnn"](network["embed"](tokens))
        return network["out"](h[torch.arange(len(h)), lengths - 1])

    def run(tokens, lengths, labels):
        z = logits(tokens, lengths)
        return nn.functional.cross_entropy(z, labels), (z.argmax(1) == labels).double().mean().item()

    train, validation = [[torch.as_tensor(part) for part in parts] for parts in (train, validation)]
    history = {"loss": [], "validation_loss": [], "validation_accuracy": []}
    best = -1.0
    for epoch in range(epochs):
        losses = []
        for rows in torch.randperm(len(train[0])).split(32):
            loss, _ = run(*[part[rows] for part in train])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(rows)
        with torch.no_grad():
            validation_loss, accuracy = run(*validation)
        history["loss"].append(sum(losses) / len(losses))
        history["validation_loss"].append(validation_loss.item())
        history["validation_accuracy"].append(accuracy)
        if accuracy > best:
            best, best_epoch = accuracy, epoch
            weights = {name: value.clone() for name, value in network.state_dict().items()}
        if epoch - best_epoch == 1:
            break
    network.load_state_dict(weights)

    def predict(tokens, lengths):
        with torch.no_grad():
            return logits(torch.as_tensor(tokens), torch.as_tensor(lengths)).argmax(1).numpy()

    return predict, history


@train_classifier.misconception(
    "Your loss does not go below 0.9, however long it learns. What would a loss of 0 take?",
    "PyTorch's cross-entropy takes logits, and does the softmax itself. Yours sees numbers between 0 and 1.",
)
def softmax_twice(train, validation, V, O, seed, epochs=30):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    layers = {"embed": nn.Embedding(V, 100), "rnn": nn.RNN(100, 50, batch_first=True), "out": nn.Linear(50, O)}
    network = nn.ModuleDict(layers)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)

    def logits(tokens, lengths):
        h, _ = network["rnn"](network["embed"](tokens))
        return network["out"](h[torch.arange(len(h)), lengths - 1]).softmax(dim=1)

    def run(tokens, lengths, labels):
        z = logits(tokens, lengths)
        return nn.functional.cross_entropy(z, labels), (z.argmax(1) == labels).double().mean().item()

    train, validation = [[torch.as_tensor(part) for part in parts] for parts in (train, validation)]
    history = {"loss": [], "validation_loss": [], "validation_accuracy": []}
    best = -1.0
    for epoch in range(epochs):
        losses = []
        for rows in torch.randperm(len(train[0])).split(32):
            loss, _ = run(*[part[rows] for part in train])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(rows)
        with torch.no_grad():
            validation_loss, accuracy = run(*validation)
        history["loss"].append(sum(losses) / len(losses))
        history["validation_loss"].append(validation_loss.item())
        history["validation_accuracy"].append(accuracy)
        if accuracy > best:
            best, best_epoch = accuracy, epoch
            weights = {name: value.clone() for name, value in network.state_dict().items()}
        if epoch - best_epoch == 5:
            break
    network.load_state_dict(weights)

    def predict(tokens, lengths):
        with torch.no_grad():
            return logits(torch.as_tensor(tokens), torch.as_tensor(lengths)).argmax(1).numpy()

    return predict, history


@train_classifier.misconception(
    "Watched on titles with wrong labels, your network comes to believe them. Who told it?",
    "The validation titles are for watching alone. Which titles go through the optimizer?",
)
def taught_by_validation(train, validation, V, O, seed, epochs=30):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    layers = {"embed": nn.Embedding(V, 100), "rnn": nn.RNN(100, 50, batch_first=True), "out": nn.Linear(50, O)}
    network = nn.ModuleDict(layers)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)

    def logits(tokens, lengths):
        h, _ = network["rnn"](network["embed"](tokens))
        return network["out"](h[torch.arange(len(h)), lengths - 1])

    def run(tokens, lengths, labels):
        z = logits(tokens, lengths)
        return nn.functional.cross_entropy(z, labels), (z.argmax(1) == labels).double().mean().item()

    train, validation = [[torch.as_tensor(part) for part in parts] for parts in (train, validation)]
    history = {"loss": [], "validation_loss": [], "validation_accuracy": []}
    both = [torch.cat(parts) for parts in zip(train, validation, strict=True)]
    best = -1.0
    for epoch in range(epochs):
        losses = []
        for rows in torch.randperm(len(both[0])).split(32):
            loss, _ = run(*[part[rows] for part in both])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(rows)
        with torch.no_grad():
            validation_loss, accuracy = run(*validation)
        history["loss"].append(sum(losses) / len(losses))
        history["validation_loss"].append(validation_loss.item())
        history["validation_accuracy"].append(accuracy)
        if accuracy > best:
            best, best_epoch = accuracy, epoch
            weights = {name: value.clone() for name, value in network.state_dict().items()}
        if epoch - best_epoch == 5:
            break
    network.load_state_dict(weights)

    def predict(tokens, lengths):
        with torch.no_grad():
            return logits(torch.as_tensor(tokens), torch.as_tensor(lengths)).argmax(1).numpy()

    return predict, history


@train_classifier.misconception(
    "Which titles is your validation_accuracy measured on?",
    "On those that it learns from, it can only look well. Early stopping needs titles that it has never seen.",
)
def watches_training(train, validation, V, O, seed, epochs=30):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    layers = {"embed": nn.Embedding(V, 100), "rnn": nn.RNN(100, 50, batch_first=True), "out": nn.Linear(50, O)}
    network = nn.ModuleDict(layers)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)

    def logits(tokens, lengths):
        h, _ = network["rnn"](network["embed"](tokens))
        return network["out"](h[torch.arange(len(h)), lengths - 1])

    def run(tokens, lengths, labels):
        z = logits(tokens, lengths)
        return nn.functional.cross_entropy(z, labels), (z.argmax(1) == labels).double().mean().item()

    train, validation = [[torch.as_tensor(part) for part in parts] for parts in (train, validation)]
    history = {"loss": [], "validation_loss": [], "validation_accuracy": []}
    best = -1.0
    for epoch in range(epochs):
        losses = []
        for rows in torch.randperm(len(train[0])).split(32):
            loss, _ = run(*[part[rows] for part in train])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(rows)
        with torch.no_grad():
            validation_loss, accuracy = run(*train)
        history["loss"].append(sum(losses) / len(losses))
        history["validation_loss"].append(validation_loss.item())
        history["validation_accuracy"].append(accuracy)
        if accuracy > best:
            best, best_epoch = accuracy, epoch
            weights = {name: value.clone() for name, value in network.state_dict().items()}
        if epoch - best_epoch == 5:
            break
    network.load_state_dict(weights)

    def predict(tokens, lengths):
        with torch.no_grad():
            return logits(torch.as_tensor(tokens), torch.as_tensor(lengths)).argmax(1).numpy()

    return predict, history


@train_classifier.misconception(
    "Train twice by the same seed and compare the histories.",
    "Nothing in your function depends on `seed`. What draws the first weights, and the order of the titles?",
)
def seed_forgotten(train, validation, V, O, seed, epochs=30):
    import torch
    from torch import nn

    layers = {"embed": nn.Embedding(V, 100), "rnn": nn.RNN(100, 50, batch_first=True), "out": nn.Linear(50, O)}
    network = nn.ModuleDict(layers)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)

    def logits(tokens, lengths):
        h, _ = network["rnn"](network["embed"](tokens))
        return network["out"](h[torch.arange(len(h)), lengths - 1])

    def run(tokens, lengths, labels):
        z = logits(tokens, lengths)
        return nn.functional.cross_entropy(z, labels), (z.argmax(1) == labels).double().mean().item()

    train, validation = [[torch.as_tensor(part) for part in parts] for parts in (train, validation)]
    history = {"loss": [], "validation_loss": [], "validation_accuracy": []}
    best = -1.0
    for epoch in range(epochs):
        losses = []
        for rows in torch.randperm(len(train[0])).split(32):
            loss, _ = run(*[part[rows] for part in train])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(rows)
        with torch.no_grad():
            validation_loss, accuracy = run(*validation)
        history["loss"].append(sum(losses) / len(losses))
        history["validation_loss"].append(validation_loss.item())
        history["validation_accuracy"].append(accuracy)
        if accuracy > best:
            best, best_epoch = accuracy, epoch
            weights = {name: value.clone() for name, value in network.state_dict().items()}
        if epoch - best_epoch == 5:
            break
    network.load_state_dict(weights)

    def predict(tokens, lengths):
        with torch.no_grad():
            return logits(torch.as_tensor(tokens), torch.as_tensor(lengths)).argmax(1).numpy()

    return predict, history


@train_classifier.misconception(
    "Ask your predict about one title alone, and about the same one among others.",
    "PyTorch's recurrent layers take (T, B, E) unless told otherwise: yours reads from title to title.",
)
def time_for_batch(train, validation, V, O, seed, epochs=30):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    layers = {"embed": nn.Embedding(V, 100), "rnn": nn.RNN(100, 50), "out": nn.Linear(50, O)}
    network = nn.ModuleDict(layers)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)

    def logits(tokens, lengths):
        h, _ = network["rnn"](network["embed"](tokens))
        return network["out"](h[torch.arange(len(h)), lengths - 1])

    def run(tokens, lengths, labels):
        z = logits(tokens, lengths)
        return nn.functional.cross_entropy(z, labels), (z.argmax(1) == labels).double().mean().item()

    train, validation = [[torch.as_tensor(part) for part in parts] for parts in (train, validation)]
    history = {"loss": [], "validation_loss": [], "validation_accuracy": []}
    best = -1.0
    for epoch in range(epochs):
        losses = []
        for rows in torch.randperm(len(train[0])).split(32):
            loss, _ = run(*[part[rows] for part in train])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(rows)
        with torch.no_grad():
            validation_loss, accuracy = run(*validation)
        history["loss"].append(sum(losses) / len(losses))
        history["validation_loss"].append(validation_loss.item())
        history["validation_accuracy"].append(accuracy)
        if accuracy > best:
            best, best_epoch = accuracy, epoch
            weights = {name: value.clone() for name, value in network.state_dict().items()}
        if epoch - best_epoch == 5:
            break
    network.load_state_dict(weights)

    def predict(tokens, lengths):
        with torch.no_grad():
            return logits(torch.as_tensor(tokens), torch.as_tensor(lengths)).argmax(1).numpy()

    return predict, history


@train_classifier.misconception(
    "Count words instead of reading them, and you do as well. What does your summary not know?",
    "The average of the word vectors is the same in any order. Take the recurrent layer's last real state.",
)
def words_averaged(train, validation, V, O, seed, epochs=30):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    layers = {"embed": nn.Embedding(V, 100), "out": nn.Linear(100, O)}
    network = nn.ModuleDict(layers)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)

    def logits(tokens, lengths):
        real = torch.arange(tokens.shape[1]) < lengths[:, None]
        x = network["embed"](tokens) * real[:, :, None]
        return network["out"](x.sum(1) / lengths[:, None])

    def run(tokens, lengths, labels):
        z = logits(tokens, lengths)
        return nn.functional.cross_entropy(z, labels), (z.argmax(1) == labels).double().mean().item()

    train, validation = [[torch.as_tensor(part) for part in parts] for parts in (train, validation)]
    history = {"loss": [], "validation_loss": [], "validation_accuracy": []}
    best = -1.0
    for epoch in range(epochs):
        losses = []
        for rows in torch.randperm(len(train[0])).split(32):
            loss, _ = run(*[part[rows] for part in train])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(rows)
        with torch.no_grad():
            validation_loss, accuracy = run(*validation)
        history["loss"].append(sum(losses) / len(losses))
        history["validation_loss"].append(validation_loss.item())
        history["validation_accuracy"].append(accuracy)
        if accuracy > best:
            best, best_epoch = accuracy, epoch
            weights = {name: value.clone() for name, value in network.state_dict().items()}
        if epoch - best_epoch == 5:
            break
    network.load_state_dict(weights)

    def predict(tokens, lengths):
        with torch.no_grad():
            return logits(torch.as_tensor(tokens), torch.as_tensor(lengths)).argmax(1).numpy()

    return predict, history


@train_classifier.misconception(
    "Print one gradient before each step. Is it that of this minibatch alone?",
    "backward() adds to what is there. What has to be done about it before every step?",
)
def gradients_pile_up(train, validation, V, O, seed, epochs=30):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    layers = {"embed": nn.Embedding(V, 100), "rnn": nn.RNN(100, 50, batch_first=True), "out": nn.Linear(50, O)}
    network = nn.ModuleDict(layers)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)

    def logits(tokens, lengths):
        h, _ = network["rnn"](network["embed"](tokens))
        return network["out"](h[torch.arange(len(h)), lengths - 1])

    def run(tokens, lengths, labels):
        z = logits(tokens, lengths)
        return nn.functional.cross_entropy(z, labels), (z.argmax(1) == labels).double().mean().item()

    train, validation = [[torch.as_tensor(part) for part in parts] for parts in (train, validation)]
    history = {"loss": [], "validation_loss": [], "validation_accuracy": []}
    best = -1.0
    for epoch in range(epochs):
        losses = []
        for rows in torch.randperm(len(train[0])).split(32):
            loss, _ = run(*[part[rows] for part in train])
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(rows)
        with torch.no_grad():
            validation_loss, accuracy = run(*validation)
        history["loss"].append(sum(losses) / len(losses))
        history["validation_loss"].append(validation_loss.item())
        history["validation_accuracy"].append(accuracy)
        if accuracy > best:
            best, best_epoch = accuracy, epoch
            weights = {name: value.clone() for name, value in network.state_dict().items()}
        if epoch - best_epoch == 5:
            break
    network.load_state_dict(weights)

    def predict(tokens, lengths):
        with torch.no_grad():
            return logits(torch.as_tensor(tokens), torch.as_tensor(lengths)).argmax(1).numpy()

    return predict, history
