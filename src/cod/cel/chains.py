"""Chains of fields and indexes, which cel-go calls attributes: `device.attributes["d"].name`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cod.cel import lookup
from cod.cel.estimate import TARGET
from cod.cel.functions import EvaluationError
from cod.cel.syntax import Call, Expression, Identifier, Select
from cod.cel.values import NONE

_INDEXES = ("_[_]", "_[?_]", "_?._")


def is_step(node: Expression) -> bool:
    """Whether a node is a field or an item of another."""
    return isinstance(node, Select) or (isinstance(node, Call) and node.function in _INDEXES)


def is_conditional(node: Expression) -> bool:
    """Whether a node is `?:`."""
    return isinstance(node, Call) and node.function == "_?_:_"


def is_attribute(node: Expression) -> bool:
    """Whether a node is a chain, be it only of a name."""
    return isinstance(node, Identifier) or is_step(node) or is_conditional(node)


def is_target(node: Expression) -> bool:
    """Whether a node stands for the receiver of `optMap`."""
    return isinstance(node, Identifier) and node.name == TARGET


def is_test(node: Expression) -> bool:
    """Whether a node is what `has()` became."""
    return isinstance(node, Select) and node.is_test


def root_of(node: Expression) -> Expression:
    """What a chain begins with."""
    while is_step(node):
        assert isinstance(node, (Select, Call))
        node = node.operand if isinstance(node, Select) else node.args[0]
    return node


def reached(node: Select | Call, value: Any, key: Any, *, is_optional: bool) -> Any:
    """What a step of a chain finds; NONE where there is nothing at an optional one; or an error."""
    if is_test(node):
        found = call_or_error(lookup.has_field, (value, key), node.at)
        return NONE if is_optional and found is False else found
    if is_optional:
        found = call_or_error(lookup.optional_field, (value, key), node.at)
        return found if isinstance(found, EvaluationError) or not found.is_there else found.value
    look = lookup.field if isinstance(node, Select) else lookup.index
    return call_or_error(look, (value, key), node.at)


def call_or_error(call: Callable[..., Any], args: Sequence[Any], at: int) -> Any:
    """The result of a call, or its error."""
    try:
        return call(*args)
    except EvaluationError as error:
        if error.at is None:
            error.at = at
        return error
