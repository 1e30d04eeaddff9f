"""The error of a call whose arguments none of the function's overloads takes, in cel-go's words.

Source: cel-go `common/decls/decls.go`, `interpreter/interpretable.go`, and what `common/types` can do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cod.cel.functions import EvaluationError
from cod.cel.library.text import type_name

_TIMES = "google.protobuf.Duration google.protobuf.Timestamp"
_IN_ORDER = f"bool bytes double int string uint {_TIMES}"
# By operator: the types of the first argument that have it, and then refuse the second themselves.
_OF_TYPES = {
    "_+_": f"bytes double int list string uint {_TIMES}",
    "_-_": f"double int uint {_TIMES}",
    "_*_": "double int uint",
    "_/_": "double int uint",
    "_%_": "int uint",
    "-_": "bool double int",
    **dict.fromkeys(("_<_", "_<=_", "_>_", "_>=_"), _IN_ORDER),
    "size": "bytes list map string",
    "matches": "string",
    "sort": "list",
    "@sortByAssociatedKeys": "list",
}
_WITH_METHODS = ("string", *_TIMES.split())  # they refuse whatever they are asked for
_NAMELESS = ("contains", "startsWith", "endsWith", "!_")


def mismatch(function: str, args: Sequence[Any]) -> EvaluationError:
    """`no such overload: split(int, string)`; operators say less."""
    types = list(map(type_name, args))
    if function == "flatten":
        target = {"map": "map(dyn, dyn)", "optional_type": "optional_type(dyn)"}.get(types[0], types[0])
        return EvaluationError(f"no such overload: {target}.flatten({', '.join(types[1:])})")
    having = _OF_TYPES.get(function)
    if function in _NAMELESS or (having is not None and types[0] in (*having.split(), *_WITH_METHODS)):
        return EvaluationError("no such overload")
    given = f"({', '.join(types)})" if having is None else ""
    return EvaluationError(f"no such overload: {function}{given}")
