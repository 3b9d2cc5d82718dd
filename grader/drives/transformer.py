"""How the one function of 17-transformer is asked that refuses something."""

from collections.abc import Callable
from typing import Any

from grader.drives import Drive
from grader.trees import Tree


def _attended(
    multi_head_attention: Callable[..., Tree], query: Any, memory: Any, mask: Tree, params: Tree, heads: Any
) -> Tree:
    """Its two results; "a ValueError" for both if the features cannot be shared out and it refuses with one."""
    try:
        return multi_head_attention(query, memory, mask, params, heads)
    except ValueError:
        if query.shape[-1] % heads == 0:
            raise
        return "a ValueError", "a ValueError"


multi_head_attention = Drive(ask=_attended)
