"""Functions that arguments alone cannot ask: classes, what writes files, what takes a function, what learns.

A drive asks such a function on the student's side of the wall, and reads what came of it on ours:

    early_stopping = Drive(ask=_updated)                    # drives/optimizers.py
    @assignment.exercise(optimizers.EarlyStopping, drive="optimizers.early_stopping", ...)

There is a module for each assignment that needs one. Students have them too, so that they hold no answers.
"""

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from grader.trees import Tree

Inputs = dict[str, Tree]


class Unfinished(NotImplementedError):
    """Raised by what stands in for a function of the student's that is needed and cannot be had; says what to do."""


def companion(function: Any, name: str) -> Any:
    """The function called `name` of the notebook that `function` is from; raises Unfinished if there is none yet."""
    found = function.__globals__.get(name)
    if found is None:
        raise Unfinished(f"`{name}`, which is not there yet: run its cell, then check this one again")
    return found


def _as_it_came(inputs: Inputs, value: Tree) -> Tree:
    return value


@dataclass(frozen=True)
class Drive:
    """How to ask one function, and what its answer comes to.

    ask: called with the function and a case's inputs, as many as it takes; its result is what crosses the wall. The
        inputs that it does not take stay on our side.
    read: makes of all inputs, and of what came back, the outputs that are compared. The latter may be anything;
        raises ValueError, with words that go on after the function's name, if it is nothing to compare.
    companions: functions of the same notebook that it asks as well, so that a mistake in one may cost the other.
    """

    ask: Callable[..., Tree]
    read: Callable[[Inputs, Tree], Tree] = _as_it_came
    companions: tuple[str, ...] = ()

    def told(self, inputs: Inputs) -> Inputs:
        """The inputs that the function's side gets to know."""
        parameters = list(inspect.signature(self.ask).parameters.values())[1:]
        if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
            return inputs
        return {parameter.name: inputs[parameter.name] for parameter in parameters}


_PLAIN = Drive(lambda function, *arguments: function(*arguments))


def find(name: str) -> Drive:
    """The drive called "module.name"; the plain one, which calls the function with all inputs, for an empty name."""
    if not name:
        return _PLAIN
    module, _, attribute = name.partition(".")
    drive = getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
    if not isinstance(drive, Drive):
        raise TypeError(f"{name} is no drive")
    return drive
