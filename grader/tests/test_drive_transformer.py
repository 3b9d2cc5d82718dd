"""The drive of 17-transformer: a refusal counts as an answer where one is asked for, and nowhere else."""

from typing import Any

import numpy as np
import pytest

from grader.drives import find

DRIVE = find("transformer.multi_head_attention")


def refusing(*arguments: Any) -> None:
    raise ValueError("never")


def ask(function: Any, D: int) -> Any:
    query = np.zeros((1, 2, D))
    return DRIVE.ask(function, query, query, None, {}, 2)


def test_a_refusal_is_an_answer_where_the_features_cannot_be_shared_out() -> None:
    """One for each of the two results."""
    assert ask(refusing, 3) == ("a ValueError", "a ValueError")


def test_elsewhere_it_is_an_error() -> None:
    with pytest.raises(ValueError, match="never"):
        ask(refusing, 4)


def test_other_errors_are_no_refusals() -> None:
    """Neither a division that fails, nor a function that is not written yet."""

    def failing(*arguments: Any) -> None:
        raise NotImplementedError

    with pytest.raises(NotImplementedError):
        ask(failing, 3)


def test_what_comes_back_is_handed_on() -> None:
    for D in (3, 4):
        assert ask(lambda *arguments: ("output", len(arguments)), D) == ("output", 5)
