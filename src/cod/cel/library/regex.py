"""Matching texts with regular expressions, which are RE2's.

Source: Kubernetes `apiserver/pkg/cel/library/regex.go` and `cost.go`; `matches` is of the language itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cod.cel.functions import EvaluationError, Function, Price, Size
from cod.cel.library.declare import Charge, method
from cod.cel.library.price import known, matching, pattern
from cod.cel.types import INT, STRING, list_of

if TYPE_CHECKING:
    from cod.cel.regex.pattern import Pattern


def _pattern(text: str, what: str = "") -> Pattern:
    from cod.cel.regex.pattern import InvalidPattern, pattern_of

    try:
        return pattern_of(text)
    except InvalidPattern as invalid:
        raise EvaluationError(f"{what}{invalid}") from None


def matches(text: str, expression: str) -> bool:
    """Whether an expression matches a part of a text."""
    return _pattern(expression).matches(text)


def find(text: str, expression: str) -> str:
    """The first part of a text that an expression matches; an empty text if there is none."""
    span = _pattern(expression, "Illegal regex: ").find(text)
    return text[slice(*span)] if span else ""


def find_all(text: str, expression: str, limit: int = -1) -> list[str]:
    """All parts of a text that an expression matches, at most `limit` if that is not negative."""
    return _pattern(expression, "Illegal regex: ").find_all(text, limit)


def _estimated(sizes: Sequence[Size | None]) -> Price:
    return pattern(sizes[0], sizes[1], gives=Size(0, known(sizes[0]).most))


_FINDING = Charge(_estimated, lambda args, _: matching(args[0], args[1]))
MATCHING = Charge(lambda sizes: pattern(sizes[0], sizes[1]), lambda args, _: matching(args[0], args[1]))

FUNCTIONS: tuple[Function, ...] = (
    Function("find", (method("string_find_string", (STRING, STRING), STRING, find, _FINDING),)),
    Function(
        "findAll",
        (
            method("string_find_all_string", (STRING, STRING), list_of(STRING), find_all, _FINDING),
            method("string_find_all_string_int", (STRING, STRING, INT), list_of(STRING), find_all, _FINDING),
        ),
    ),
)
