"""The functions of the language itself that are about texts and sizes. Source: cel-go `common/stdlib`."""

from __future__ import annotations

from cod.cel.functions import Function, member, of
from cod.cel.library.declare import function, method
from cod.cel.library.regex import MATCHING, matches
from cod.cel.types import BOOL, BYTES, INT, STRING, A, B, list_of, map_of

_SIZED = {"string": STRING, "bytes": BYTES, "list": list_of(A), "map": map_of(A, B)}

FUNCTIONS: tuple[Function, ...] = (
    Function(
        "size",
        tuple(of(f"size_{kind}", INT, type_, call=len) for kind, type_ in _SIZED.items())
        + tuple(member(f"{kind}_size", INT, type_, call=len) for kind, type_ in _SIZED.items()),
    ),
    Function(
        "contains", (member("contains_string", BOOL, STRING, STRING, call=lambda text, part: part in text),)
    ),
    Function(
        "matches",
        (
            method("matches_string", (STRING, STRING), BOOL, matches, MATCHING),
            function("matches", (STRING, STRING), BOOL, matches, MATCHING),
        ),
    ),
    Function("startsWith", (member("starts_with_string", BOOL, STRING, STRING, call=str.startswith),)),
    Function("endsWith", (member("ends_with_string", BOOL, STRING, STRING, call=str.endswith),)),
)
