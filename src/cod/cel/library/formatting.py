"""`"%s: %d".format([name, 3])`: texts with values put in.

As Kubernetes has it, which is cel-go's older form: doubles are written in American English (`1,234.500000`,
`1.000000×10⁰⁶`), `%.3e` means a width, and what stands in lists and maps is written as CEL would read it.
Source: cel-go `ext/formatting.go`. At most 100 decimals, as cel-go has it from version 5 of its strings on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from cod.cel.effort import enter, spend_characters
from cod.cel.functions import EvaluationError
from cod.cel.library.text import text_of, type_name
from cod.cel.values import Duration, Timestamp, TypeValue

_MOST_DECIMALS = 100
_DEFAULT_DECIMALS = 6
_SUPERSCRIPT = str.maketrans("0123456789-+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺")
_TEXTUAL = (str, bytes, bool, int, float, Duration, Timestamp, TypeValue)
_ESCAPES = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
_ESCAPES |= {"\\": r"\\", '"': r"\""}


_ONLY = {
    "s": "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types,"
    " durations, and timestamps",
    "d": "decimal clause can only be used on integers",
    "f": "fixed-point clause can only be used on doubles",
    "e": "scientific clause can only be used on doubles",
    "b": "only integers and bools can be formatted as binary",
    "x": "only integers, byte buffers, and strings can be formatted as hex",
    "o": "octal clause can only be used on integers",
}


class Clause(Struct, frozen=True):
    """What stands for a value: `%d`, or `%.2f` with its decimals."""

    verb: str
    decimals: int


class _Wrong(Exception):
    """A value that its clause has no form for."""


def format_text(text: str, values: Sequence[Any]) -> str:
    """The text with each clause replaced by the next value; values may be left over."""
    rest = iter(values)
    return "".join(
        piece if isinstance(piece, str) else _formatted(piece, next(rest))
        for piece in pieces(text, len(values))
    )


def _formatted(clause: Clause, value: Any) -> str:
    try:
        shown = _CLAUSES[clause.verb](value, clause.decimals)
    except _Wrong as wrong:
        raise EvaluationError(f"error during formatting: {wrong}") from None
    spend_characters(len(shown))
    return shown


def refusal(verb: str, given: str) -> str:
    """Why a clause has no form for a type."""
    return f"{_ONLY[verb.lower()]}, was given {given}"


def pieces(text: str, count: int) -> Iterator[str | Clause]:
    """What a text consists of, with clauses for at most so many values."""
    position = used = 0
    while (start := text.find("%", position)) >= 0:
        yield text[position:start]
        if text.startswith("%%", start):
            yield "%"
            position = start + 2
            continue
        if used >= count:
            raise EvaluationError(f"index {used} out of range")
        if start + 1 == len(text):
            raise EvaluationError("unexpected end of string")
        position, clause = _read_clause(text, start + 1)
        yield clause
        used += 1
    yield text[position:]


def _read_clause(text: str, position: int) -> tuple[int, Clause]:
    """Where a clause ends, and the clause."""
    position, decimals = _read_decimals(text, position)
    verb = text[position]
    if verb not in _CLAUSES:
        raise EvaluationError(f'could not parse formatting clause: unrecognized formatting clause "{verb}"')
    return position + 1, Clause(verb, decimals)


def _read_decimals(text: str, position: int) -> tuple[int, int]:
    if text[position] != ".":
        return position, _DEFAULT_DECIMALS
    end = position + 1
    while end < len(text) and text[end] in "0123456789":
        end += 1
    digits = text[position + 1 : end]
    if end == len(text):
        raise _unreadable("could not find end of precision specifier")
    if not digits:
        why = 'error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax'
        raise _unreadable(why)
    if len(digits) > 9 or int(digits) > _MOST_DECIMALS:
        why = f"precision {digits[:20]} exceeds maximum allowed precision {_MOST_DECIMALS}"
        raise _unreadable(why)
    return end, int(digits)


def _unreadable(why: str) -> EvaluationError:
    return EvaluationError(f"could not parse formatting clause: error while parsing precision: {why}")


def _refused(verb: str, value: Any) -> _Wrong:
    return _Wrong(refusal(verb, type_name(value)))


def _string(value: Any, _decimals: int = 0) -> str:
    if isinstance(value, (list, tuple)):
        enter(len(value))
        return "[" + ", ".join(map(_literal, value)) + "]"
    if isinstance(value, dict):
        enter(len(value))
        return "{" + ", ".join(f"{key}:{item}" for key, item in sorted(map(_entry, value.items()))) + "}"
    if value is None:
        return "null"
    if not isinstance(value, _TEXTUAL):
        raise _refused("s", value)
    shown = text_of(value)
    if shown is None:
        why = "invalid UTF-8 in bytes, cannot convert to string"
        raise _Wrong(f'could not convert argument "{why}" to string')
    return shown


def _entry(entry: tuple[Any, Any]) -> tuple[str, str]:
    key, value = entry
    if not isinstance(key, (str, int)):
        raise _Wrong(f"no formatting function for map key of type {type_name(key)}")
    return _literal(key), _literal(value)


def _literal(value: Any) -> str:
    """A value within a list or map."""
    if isinstance(value, float):
        return f"{value:.6f}" if math.isfinite(value) else f'"{text_of(value)}"'
    if value is not None and not isinstance(value, (*_TEXTUAL, list, tuple, dict)):
        raise _Wrong(f"no formatting function for {type_name(value)}")
    shown = _string(value)
    if isinstance(value, str):
        return _quoted(shown)
    if isinstance(value, bytes):
        return "b" + _quoted(shown)
    if isinstance(value, (Duration, Timestamp)):
        return f"{'duration' if isinstance(value, Duration) else 'timestamp'}({_quoted(shown)})"
    return shown


def _quoted(text: str) -> str:
    """A text as Go's `%q` writes it."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _decimal(value: Any, _decimals: int) -> str:
    if not _is_int(value):
        raise _refused("d", value)
    return int.__repr__(value)


def _double(value: Any, verb: str) -> float:
    if isinstance(value, float):
        return value
    if value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    raise _refused(verb, value)


def _unbounded(number: float) -> str:
    return "NaN" if math.isnan(number) else "∞" if number > 0 else "-∞"


def _fixed(value: Any, decimals: int) -> str:
    number = _double(value, "f")
    return f"{number:,.{decimals}f}" if math.isfinite(number) else _unbounded(number)


def _scientific(value: Any, width: int) -> str:
    number = _double(value, "e")
    if not math.isfinite(number):
        return _unbounded(number).rjust(width)
    digits, _, exponent = f"{number:.6e}".partition("e")
    return f"{digits}×10{exponent.removeprefix('+').translate(_SUPERSCRIPT)}".rjust(width)


def _binary(value: Any, _decimals: int) -> str:
    if not isinstance(value, int):
        raise _refused("b", value)
    return f"{int(value):b}"


def _hexadecimal(value: Any, _decimals: int) -> str:
    if isinstance(value, (str, bytes)):
        return (value.encode() if isinstance(value, str) else value).hex()
    if not _is_int(value):
        raise _refused("x", value)
    return f"{int(value):x}"


def _octal(value: Any, _decimals: int) -> str:
    if not _is_int(value):
        raise _refused("o", value)
    return f"{int(value):o}"


_CLAUSES: dict[str, Callable[[Any, int], str]] = {
    "s": _string,
    "d": _decimal,
    "f": _fixed,
    "e": _scientific,
    "b": _binary,
    "x": _hexadecimal,
    "X": lambda value, decimals: _hexadecimal(value, decimals).upper(),
    "o": _octal,
}
