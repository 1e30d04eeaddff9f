"""The names that loops and `cel.bind` give while an evaluation's cost is counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cod.cel.functions import EvaluationError
from cod.cel.keys import has
from cod.cel.library.text import text_of
from cod.cel.lookup import no_such_overload
from cod.cel.syntax import Comprehension


class Scope:
    """The names of one loop or `cel.bind`; what is accumulated is evaluated once it is first asked for."""

    __slots__ = ("accumulated", "has_begun", "is_own", "node", "parent", "variables")

    def __init__(self, parent: Scope | None, node: Comprehension) -> None:
        self.parent = parent
        self.node = node
        self.variables: dict[str, Any] = {}
        self.accumulated: Any = None
        self.has_begun = False
        self.is_own = False  # whether what is accumulated is nobody else's, so that it may be changed


def bindings(node: Comprehension, over: Any) -> Iterable[dict[str, Any]] | None:
    """What the variables of a loop are, each time; None where nothing can be looped over."""
    first, second = node.variable, node.variable2
    if not isinstance(over, (list, tuple, Mapping)):
        return None
    if not second:
        return ({first: item} for item in over)
    pairs = over.items() if isinstance(over, Mapping) else enumerate(over)
    return ({first: key, second: value} for key, value in pairs)


def gathered(accumulated: Any, *more: Any) -> Any:
    """What a loop has gathered, with more of it. It is changed, for nobody else has it yet."""
    if isinstance(accumulated, list):
        if not isinstance(more[0], (list, tuple)):
            raise no_such_overload()
        accumulated.extend(more[0])
        return accumulated
    entries = {more[0]: more[1]} if len(more) == 2 else more[0]
    for key, value in entries.items():
        if has(accumulated, key):
            raise EvaluationError(f"insert failed: key {text_of(key)} already exists")
        accumulated[key] = value
    return accumulated
