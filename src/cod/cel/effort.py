"""How much work an evaluation may be: what costs little by cel-go's count can still take for ever.

`cel.bind(a, [x, x], cel.bind(b, [a, a], …))` doubles with every level what there is to compare, to write or
to join, at the price of one level more. So whoever walks over a value says how many steps that takes, and
the evaluation ends when they are too many.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from threading import local
from typing import Any

from cod.cel.functions import EvaluationError

MOST_STEPS = 2_000_000  # two for each unit of the cost that Kubernetes allows; two or three seconds
_ENTER = 8  # items that are as much work as to begin with the next list or map
_CHARACTERS = 10  # that are as much work as an item


class Exhausted(Exception):
    """The evaluation was too much work; unlike an error, no `||` gets past it."""


class _Effort(local):
    left: float = math.inf  # without bounds where nobody asked for some


_effort = _Effort()


def spend(steps: int) -> None:
    """Say that so many items are about to be walked over."""
    _effort.left -= steps
    if _effort.left < 0:
        raise Exhausted


def enter(items: int) -> None:
    """Say that a list or map of so many items is about to be walked over, which may stand in another."""
    spend(items + _ENTER)


def spend_characters(count: int) -> None:
    """Say that a text of so many characters, or as many bytes, is about to be made."""
    spend(count // _CHARACTERS)


def bounded(evaluate: Callable[..., Any]) -> Callable[..., Any]:
    """A function that evaluates, and gives up with an EvaluationError after MOST_STEPS."""

    def evaluate_bounded(*args: Any) -> Any:
        _effort.left = MOST_STEPS
        try:
            return evaluate(*args)
        except Exhausted:
            raise EvaluationError(f"operation cancelled: more than {MOST_STEPS} steps") from None
        finally:
            _effort.left = math.inf

    return evaluate_bounded
