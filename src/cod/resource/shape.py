"""Fits plain data to a type, the slow and forgiving way: what is unknown is kept, what is wrong is told.

Decoding into the types at once is ten times faster, but refuses what it does not know, and stops at the first
fault. This is done then, with the result of Go's decoder: null is as good as absent, a number may stand for
a quantity, and what is required but missing becomes its type's zero, which the rules then complain of.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from msgspec import Struct, inspect

from cod.resource.meta import UNKNOWN
from cod.resource.problem import Findings, Key, Path

_JSON_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array"}


def fitted(data: Any, type_: type[Struct], findings: Findings, path: Path = ()) -> Any:
    """Plain data that `msgspec.convert` takes for the type; what had to be left out is a finding."""
    return _fit(data, _shape(type_), findings, path)


@cache
def _shape(type_: type[Struct]) -> inspect.Type:
    return inspect.type_info(type_)


def _fit(data: Any, shape: inspect.Type, findings: Findings, path: Path) -> Any:
    match shape:
        case inspect.StructType():
            return _fit_struct(data, shape, findings, path)
        case inspect.DictType():
            if not _is(data, dict, findings, path):
                return {}
            inner = shape.value_type
            return {key: _fit(item, inner, findings, (*path, Key(key))) for key, item in data.items()}
        case inspect.VarTupleType():
            if not _is(data, list, findings, path):
                return []
            return [_fit(item, shape.item_type, findings, (*path, index)) for index, item in enumerate(data)]
        case inspect.UnionType():
            given = next(each for each in shape.types if not isinstance(each, inspect.NoneType))
            return _fit(data, given, findings, path)
        case inspect.Metadata():  # a quantity
            if isinstance(data, (int, float)) and not isinstance(data, bool):
                return repr(data)
            return data if _is(data, str, findings, path) else "0"
        case inspect.StrType():
            return data if _is(data, str, findings, path) else ""
        case inspect.BoolType():
            return data if _is(data, bool, findings, path) else False
        case inspect.IntType():
            return data if _is(data, int, findings, path) and _fits_int64(data, findings, path) else 0
    return data


def _fit_struct(data: Any, shape: inspect.StructType, findings: Findings, path: Path) -> dict[str, Any]:
    if not _is(data, dict, findings, path):
        data = {}
    fields = _fields(shape.cls)
    found: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for key, item in data.items():
        field = fields.get(key)
        if key == UNKNOWN and isinstance(item, dict):
            unknown |= item
        elif field is None:
            unknown[key] = item
        elif item is not None:
            found[key] = _fit(item, field.type, findings, (*path, key))
    for name, field in fields.items():
        if field.required and name not in found:
            found[name] = _zero(field.type)
    if unknown:
        found[UNKNOWN] = unknown
    return found


@cache
def _fields(type_: type[Struct]) -> dict[str, inspect.Field]:
    fields = inspect.type_info(type_).fields  # type: ignore[attr-defined]
    return {field.encode_name: field for field in fields if field.encode_name != UNKNOWN}


def _zero(shape: inspect.Type) -> Any:
    return None if isinstance(shape, inspect.AnyType) else _fit(None, shape, Findings(), ())


def _is(data: Any, type_: type, findings: Findings, path: Path) -> bool:
    """Whether data has a type; null has none, and is no fault."""
    if isinstance(data, type_) and (type_ is bool or not isinstance(data, bool)):
        return True
    if data is not None:
        found = _JSON_NAMES.get(type(data), type(data).__name__)
        findings.invalid(path, found, f"must be of type {_JSON_NAMES[type_]}")
    return False


def _fits_int64(data: int, findings: Findings, path: Path) -> bool:
    if -(2**63) <= data < 2**63:
        return True
    findings.invalid(path, data, "must be an integer of 64 bits")
    return False
