"""Functions of strings; positions count characters from 0.

Source: cel-go `ext/strings.go`, version 2, as Kubernetes has it since 1.29, and the cost of calls in
Kubernetes' `apiserver/pkg/cel/library/cost.go`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cod.cel.effort import spend_characters
from cod.cel.functions import EvaluationError, Function, Price, Size
from cod.cel.library.declare import COPYING, PASSING, SEARCHING, Charge, function, method
from cod.cel.library.formatting import format_text
from cod.cel.library.price import (
    MOST_COST,
    add,
    known,
    multiply,
    passing,
    passing_twice,
    traversal,
)
from cod.cel.library.text import text_of, type_name
from cod.cel.types import DYN, INT, STRING, list_of

_STRINGS = list_of(STRING)
_BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
_BLANKS += "\u2028\u2029\u202f\u205f\u3000"  # Unicode's White_Space
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_ESCAPED = str.maketrans(
    {
        "\a": r"\a",
        "\b": r"\b",
        "\f": r"\f",
        "\n": r"\n",
        "\r": r"\r",
        "\t": r"\t",
        "\v": r"\v",
        "\\": r"\\",
        '"': r"\"",
    }
)


def _checked(position: int, most: int) -> int:
    if not 0 <= position <= most:
        raise EvaluationError(f"index out of range: {position}")
    return position


def character_at(text: str, position: int) -> str:
    """One character; none where the text ends."""
    start = _checked(position, len(text))
    return text[start : start + 1]


def index_of(text: str, part: str, start: int = 0) -> int:
    """Where a part begins first, at `start` or after it; -1 if nowhere."""
    if not part:
        return start
    if start < 0:
        raise EvaluationError(f"index out of range: {start}")
    return text.find(part, start)


def last_index_of(text: str, part: str, start: int | None = None) -> int:
    """Where a part begins last, at `start` or before it; -1 if nowhere."""
    if start is None:
        return text.rfind(part)
    if not part:
        return start
    if start < 0:
        raise EvaluationError(f"index out of range: {start}")
    return text.rfind(part, 0, start + len(part)) if start < len(text) else -1


def substring(text: str, start: int, end: int | None = None) -> str:
    """What lies from `start` on, and before `end`."""
    if end is None:
        return text[_checked(start, len(text)) :]
    if start > end:
        raise EvaluationError(f"invalid substring range. start: {start}, end: {end}")
    return text[_checked(start, len(text)) : _checked(end, len(text))]


def split(text: str, separator: str, limit: int = -1) -> list[str]:
    """The parts of a text, at most `limit` of them; every character if nothing separates them."""
    if not limit:
        return []
    if separator:
        return text.split(separator, limit - 1 if limit > 0 else -1)
    if not 0 < limit < len(text):
        return list(text)
    return [*text[: limit - 1], text[limit - 1 :]]


def join(parts: Sequence[Any], separator: str = "") -> str:
    """The parts as one text."""
    for part in parts:
        if not isinstance(part, str):
            raise EvaluationError(f"join: invalid input: {text_of(part) or type_name(part)}")
    spend_characters(sum(map(len, parts)) + len(separator) * len(parts))
    return separator.join(parts)


def replace(text: str, old: str, new: str, most: int = -1) -> str:
    """The text with one part for another, everywhere or the first so many times."""
    found = text.count(old)
    count = found if most < 0 else min(found, most)
    spend_characters(len(text) + count * len(new))
    return text.replace(old, new, most)


def quote(text: str) -> str:
    """A text between quotation marks, with escape sequences where CEL needs them."""
    return f'"{text.translate(_ESCAPED)}"'


def _estimated_replacement(sizes: Sequence[Size | None]) -> Price:
    """Twice over the text; the result is longest where the shortest parts become the longest ones."""
    text, old, new = map(known, sizes[:3])
    if not old.least:
        most = add(multiply(add(text.most, 1), new.most), text.most)
    elif new.most <= old.least:
        most = text.most
    else:
        most = multiply(math.ceil(text.most / old.least), new.most)
    if not old.most:
        least = add(multiply(add(text.least, 1), new.least), text.least)
    elif old.most <= new.least:
        least = text.least
    else:
        least = multiply(math.ceil(text.least / old.most), new.least)
    return traversal(text, 0.2, gives=Size(least, most))


def _estimated_split(sizes: Sequence[Size | None]) -> Price:
    """Twice over the text; there are as many parts as characters, unless a limit is written out."""
    text, limit = known(sizes[0]), known(sizes[2]).value if len(sizes) > 2 else None
    most = text.most if limit is None else limit % (MOST_COST + 1)
    return traversal(text, 0.2, gives=Size(0, most))


def _estimated_join(sizes: Sequence[Size | None]) -> Price:
    """Once over all parts and the separators between them."""
    parts = known(sizes[0])
    item = parts.items or Size(0, 0)
    least, most = multiply(parts.least, item.least), multiply(parts.most, item.most)
    if len(sizes) > 1:
        separator = known(sizes[1])
        least = add(least, multiply(separator.least, max(parts.least - 1, 0)))
        most = add(most, multiply(separator.most, max(parts.most - 1, 0)))
    size = Size(least, most)
    return traversal(size, gives=size)


def _estimated_quote(sizes: Sequence[Size | None]) -> Price:
    text = known(sizes[0])
    return traversal(text, gives=Size(add(text.least, 2), add(multiply(text.most, 2), 2)))


_REPLACING = Charge(_estimated_replacement, lambda args, _: passing_twice(args[0]))
_SPLITTING = Charge(_estimated_split, lambda args, _: passing_twice(args[0]))
_JOINING = Charge(_estimated_join, lambda _, result: passing_twice(result))
_QUOTING = Charge(_estimated_quote, lambda args, _: passing(args[0]))

FUNCTIONS: tuple[Function, ...] = (
    Function("charAt", (method("string_char_at_int", (STRING, INT), STRING, character_at),)),
    Function(
        "indexOf",
        (
            method("string_index_of_string", (STRING, STRING), INT, index_of, SEARCHING),
            method("string_index_of_string_int", (STRING, STRING, INT), INT, index_of, SEARCHING),
        ),
    ),
    Function(
        "lastIndexOf",
        (
            method("string_last_index_of_string", (STRING, STRING), INT, last_index_of, SEARCHING),
            method("string_last_index_of_string_int", (STRING, STRING, INT), INT, last_index_of, SEARCHING),
        ),
    ),
    Function(
        "lowerAscii",
        (method("string_lower_ascii", (STRING,), STRING, lambda text: text.translate(_LOWER), COPYING),),
    ),
    Function(
        "upperAscii",
        (method("string_upper_ascii", (STRING,), STRING, lambda text: text.translate(_UPPER), COPYING),),
    ),
    Function("trim", (method("string_trim", (STRING,), STRING, lambda text: text.strip(_BLANKS), COPYING),)),
    Function(
        "substring",
        (
            method("string_substring_int", (STRING, INT), STRING, substring, COPYING),
            method("string_substring_int_int", (STRING, INT, INT), STRING, substring, COPYING),
        ),
    ),
    Function(
        "replace",
        (
            method("string_replace_string_string", (STRING,) * 3, STRING, replace, _REPLACING),
            method("string_replace_string_string_int", (*(STRING,) * 3, INT), STRING, replace, _REPLACING),
        ),
    ),
    Function(
        "split",
        (
            method("string_split_string", (STRING, STRING), _STRINGS, split, _SPLITTING),
            method("string_split_string_int", (STRING, STRING, INT), _STRINGS, split, _SPLITTING),
        ),
    ),
    Function(
        "join",
        (
            method("list_join", (_STRINGS,), STRING, join, _JOINING),
            method("list_join_string", (_STRINGS, STRING), STRING, join, _JOINING),
        ),
    ),
    Function("format", (method("string_format", (STRING, list_of(DYN)), STRING, format_text, PASSING),)),
    Function("strings.quote", (function("strings_quote", (STRING,), STRING, quote, _QUOTING),)),
)
