"""The words of an expression: names, literals and operators, each with where it stands.

Source: cel-spec `doc/langdef.md` § Syntax; where it leaves a choice, cel-go's grammar.
"""

from __future__ import annotations

import re

from msgspec import Struct

from cod.cel.problem import Problem
from cod.cel.values import LEAST, MOST, MOST_UNSIGNED, Unsigned

_RESERVED = (
    "as break const continue else for function if import let loop package namespace return var void while"
)
RESERVED = frozenset([*_RESERVED.split(), "while"])
_WORDS = frozenset({"in", "true", "false", "null"})
_END = "<EOF>"

_TOKEN = re.compile(
    r"""(?P<blank>[\t\n\f\r ]+|//[^\n]*)
    |(?P<string>[bB]?(?:[rR](?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\n\r]*"|'[^'\n\r]*')
        |\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}
        |"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*'))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<float>[0-9]+(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    |(?P<int>(?:0x[0-9a-fA-F]+|[0-9]+)[uU]?)
    |(?P<operator>&&|\|\||[=!<>]=|[-+*/%!<>?:.,()\[\]{}])
    |`(?P<quoted>[A-Za-z0-9_.\-/ ]+)`
    |(?P<wrong>.)""",
    re.VERBOSE | re.DOTALL,
)

_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\?\"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))",
    re.DOTALL,
)
_CONTROLS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Tokens(Struct, frozen=True):
    """The words of a text, in columns; the last is `<EOF>`.

    `kinds` has the text of operators, of `in`, `true`, `false` and `null`, else name, string, float, int or
    quoted; `texts` what is written, without the backticks of a quoted name.
    """

    kinds: list[str]
    texts: list[str]
    starts: list[int]
    ends: list[int]
    problems: list[Problem]


def tokens(text: str) -> Tokens:
    """The words of a text; what is none becomes a problem and is passed over."""
    kinds: list[str] = []
    texts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    problems: list[Problem] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind == "blank":
            continue
        start, end = match.span()
        if kind == "wrong":
            problems.append(Problem(start, f"Syntax error: token recognition error at: '{match[0]}'"))
            continue
        word = match[kind]
        kinds.append(word if kind == "operator" or (word in _WORDS and kind == "name") else kind)
        texts.append(word)
        starts.append(start)
        ends.append(end)
    kinds.append(_END)
    texts.append(_END)
    starts.append(len(text))
    ends.append(len(text))
    return Tokens(kinds, texts, starts, ends, problems)


def number(text: str) -> int:
    """The int or `Unsigned` that is written out. Raises ValueError."""
    unsigned = text[-1] in "uU"
    digits = text[:-1] if unsigned else text
    if len(digits) > 100:
        raise ValueError("invalid uint literal" if unsigned else "invalid int literal")
    base = 16 if digits[:3].lstrip("-").startswith("0x") else 10
    value = int(digits, base)
    if unsigned:
        if value > MOST_UNSIGNED:
            raise ValueError("invalid uint literal")
        return Unsigned(value)
    if not LEAST <= value <= MOST:
        raise ValueError("invalid int literal")
    return value


def string(text: str) -> str | bytes:
    """The string or bytes that a literal stands for. Raises ValueError."""
    is_bytes = text[0] in "bB"
    is_raw = text[is_bytes] in "rR"
    body = text[is_bytes + is_raw :]
    mark = 3 if body[:3] in ('"""', "'''") and len(body) >= 6 else 1
    body = body[mark:-mark].replace("\r\n", "\n").replace("\r", "\n") if mark == 3 else body[mark:-mark]
    if is_raw or "\\" not in body:
        return body.encode() if is_bytes else body
    return _bytes_of(body) if is_bytes else _ESCAPE.sub(_character, body)


def _character(match: re.Match[str]) -> str:
    mark, byte, short, long, octal, wrong = match.groups()
    if mark is not None:
        return _CONTROLS.get(mark, mark)
    if wrong is not None:
        raise ValueError(f"unable to unescape: \\{wrong}")
    code = int(octal, 8) if octal else int(byte or short or long, 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise ValueError("invalid unicode code point")
    return chr(code)


def _bytes_of(body: str) -> bytes:
    parts: list[bytes] = []
    last = 0
    for match in _ESCAPE.finditer(body):
        mark, byte, _, _, octal, _ = match.groups()
        parts.append(body[last : match.start()].encode())
        if mark is not None:
            parts.append(_CONTROLS.get(mark, mark).encode())
        elif byte or octal:
            parts.append(bytes([int(octal, 8) if octal else int(byte, 16)]))
        else:
            raise ValueError(f"unable to unescape: {match[0]}")
        last = match.end()
    return b"".join([*parts, body[last:].encode()])
