"""JSON by the C code that Python's own `json` stands on, without the 8 ms that importing `json` takes.

`_json` is CPython's own business and may change; where it has, `json` itself is taken.
"""

from __future__ import annotations

from cod.errors import Refused

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from typing import Any

_SPACES = " \t\n\r"


class InvalidJson(Refused):
    """Text that is no JSON."""


class _Context:
    """The settings of the C scanner: as in `json.JSONDecoder`, but NaN and Infinity are no JSON."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    memo: dict[str, str] = {}

    @staticmethod
    def parse_constant(name: str) -> Any:
        raise ValueError(f"{name} is no JSON")


def _unknown(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} is no JSON")


def decode(data: bytes) -> Any:
    """The value that a text holds. Raises InvalidJson."""
    try:
        text = data.decode()
        start = len(text) - len(text.lstrip(_SPACES))
        value, end = _scan(text, start)
    except RecursionError:
        raise InvalidJson("it nests too deep") from None
    except (StopIteration, SystemError, ValueError):
        # Of the C code alone an error has no words: before 3.13 it even is a SystemError.
        raise InvalidJson(_flaw(data)) from None
    if text[end:].strip(_SPACES):
        raise InvalidJson(f"more text follows at character {end}")
    return value


def _flaw(data: bytes) -> str:
    import json

    try:
        json.loads(data.decode(), parse_constant=_Context.parse_constant)
    except ValueError as error:
        return str(error)
    return "it cannot be read"


def encode(value: Any) -> bytes:
    """A value on one line, in ASCII. Raises InvalidJson for a number that JSON lacks."""
    try:
        return _join(value).encode("ascii")
    except (ValueError, RecursionError) as error:
        raise InvalidJson(str(error)) from None


try:
    from _json import encode_basestring_ascii, make_encoder, make_scanner

    _settings: Any = _Context
    _scan = make_scanner(_settings)
    _parts = make_encoder(None, _unknown, encode_basestring_ascii, None, ":", ",", False, False, False)

    def _join(value: Any) -> str:
        return "".join(_parts(value, 0))

    _text = '{"a":[1,2.5,null,"\\u00e9"]}'
    _works = _join(_scan(_text, 0)[0]) == _text
except Exception:
    _works = False
if not _works:
    import json

    _decoder: Any = json.JSONDecoder(parse_constant=_Context.parse_constant)
    _scan = _decoder.scan_once

    def _join(value: Any) -> str:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
