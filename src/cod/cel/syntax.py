"""The syntax tree of an expression, after its macros are expanded: the shapes of `cel.expr.Expr`.

Every node has an `id` that is unique in its tree, by which the checker notes types, and an `at`: where it
stands in the text, in characters from 0. Source: cel-spec `proto/cel/expr/syntax.proto`.
"""

from __future__ import annotations

from msgspec import Struct


class Literal(Struct, frozen=True):
    """A value that is written out: None, bool, int, `Unsigned`, float, str or bytes."""

    id: int
    at: int
    value: object


class Identifier(Struct, frozen=True):
    """A name; one that begins with a dot is looked up outside every scope."""

    id: int
    at: int
    name: str


class Select(Struct, frozen=True):
    """A field of what stands before the dot; `is_test` is what `has()` becomes, `is_optional` is `.?`."""

    id: int
    at: int
    operand: Expression
    field: str
    is_test: bool = False
    is_optional: bool = False


class Call(Struct, frozen=True):
    """A function or operator by cel-go's name (`_&&_`, `_[_]`, `@in` …), with a receiver if it has one."""

    id: int
    at: int
    function: str
    target: Expression | None
    args: tuple[Expression, ...]


class ListLiteral(Struct, frozen=True):
    """A list; items whose index is in `optional` are left out where they are none."""

    id: int
    at: int
    items: tuple[Expression, ...]
    optional: frozenset[int] = frozenset()


class Entry(Struct, frozen=True):
    """One entry of a map, or one field of a message, whose key is then a Literal string."""

    id: int
    at: int
    key: Expression
    value: Expression
    is_optional: bool = False


class MapLiteral(Struct, frozen=True):
    """A map."""

    id: int
    at: int
    entries: tuple[Entry, ...]


class Message(Struct, frozen=True):
    """A message of a named type. The environment of device selectors has no type that can be made so."""

    id: int
    at: int
    type_name: str
    fields: tuple[Entry, ...]


class Comprehension(Struct, frozen=True):
    """A loop over a list or the keys of a map (`variable`), or over index or key and value (`variable2`)."""

    id: int
    at: int
    variable: str
    variable2: str
    range: Expression
    accumulator: str
    start: Expression
    condition: Expression
    step: Expression
    result: Expression


Expression = Literal | Identifier | Select | Call | ListLiteral | MapLiteral | Message | Comprehension
