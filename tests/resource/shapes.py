"""Strategies for plain data of any of our types, with fields that no type has."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from msgspec import NODEFAULT, Struct, inspect

from cod.resource.meta import UNKNOWN, Whole

words = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=6)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e9, 1e9) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
new_fields = st.dictionaries(words.map(lambda word: f"x{word}"), json_values, max_size=1)


def data_of(type_: type[Struct], depth: int = 3) -> st.SearchStrategy[dict[str, Any]]:
    """Data of a type in which no field has its usual value, so that each is written again."""
    return _struct(inspect.type_info(type_), depth)  # type: ignore[arg-type]


def _struct(shape: inspect.StructType, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    fields = {field.encode_name: field for field in shape.fields if field.encode_name != UNKNOWN}
    whole = issubclass(shape.cls, Whole)
    needed = {
        name: _value(field.type, depth - 1)
        for name, field in fields.items()
        if field.required or whole or field.default_factory not in (NODEFAULT, dict)
    }
    more = {
        name: _value(field.type, depth - 1)
        for name, field in fields.items()
        if name not in needed and (depth > 0 or not _is_deep(field.type))
    }
    known = st.fixed_dictionaries(needed, optional=more)
    return st.builds(lambda new, given: {**new, **given}, new_fields, known)


def _is_deep(shape: inspect.Type) -> bool:
    if isinstance(shape, inspect.UnionType):
        return any(map(_is_deep, shape.types))
    inner = getattr(shape, "item_type", getattr(shape, "value_type", shape))
    return isinstance(inner, inspect.StructType)


def _value(shape: inspect.Type, depth: int) -> st.SearchStrategy[Any]:
    match shape:
        case inspect.StructType():
            return st.deferred(lambda: _struct(shape, depth))
        case inspect.DictType():
            return st.dictionaries(words, _value(shape.value_type, depth), min_size=1, max_size=2)
        case inspect.VarTupleType():
            return st.lists(_value(shape.item_type, depth), min_size=1, max_size=2)
        case inspect.UnionType():
            return _value(next(each for each in shape.types if not isinstance(each, inspect.NoneType)), depth)
        case inspect.BoolType():
            return st.just(True)
        case inspect.IntType():
            return st.integers(2, 2**63 - 1)
        case inspect.AnyType():
            return json_values.filter(lambda value: value is not None)
    return words
