"""Scalars of YAML 1.1 as the reference reads them, and Go's way to print numbers.

The reference reads every spec, `.json` too, with goyaml.v2 and hands numbers and booleans that stand where a
string belongs on as text: `cdiVersion: 1.10` is "1.1", `name: 010` is "8". Base 60 is not read; dates stay
text; `y`, `n`, `on`, `off` are booleans.

Source: sigs.k8s.io/yaml `convertToJSONableObject`, goyaml.v2 `resolve`.
"""

from __future__ import annotations

import re
import struct
from decimal import Decimal

Scalar = str | int | float | bool | None

_NAMED: dict[str, Scalar] = {"<<": "<<"}
for _value, _words in (
    (True, "y Y yes Yes YES true True TRUE on On ON"),
    (False, "n N no No NO false False FALSE off Off OFF"),
    (None, "~ null Null NULL"),
    (float("nan"), ".nan .NaN .NAN"),
    (float("inf"), ".inf .Inf .INF +.inf +.Inf +.INF"),
    (float("-inf"), "-.inf -.Inf -.INF"),
):
    _NAMED.update(dict.fromkeys(_words.split(), _value))
_NAMED[""] = None

# A plain scalar that starts with any other character is a string.
_HINTS = frozenset("+-0123456789.yYnNtTfFoO~<")
_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)").fullmatch
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?").fullmatch
_DATE = re.compile(
    r"\d{4}-\d\d?-\d\d?(?:[Tt ]\d\d?:\d\d?:\d\d?(?:\.\d*)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?"
).fullmatch

_LONGEST_DECIMAL = len(str(2**64))

_TAG = "tag:yaml.org,2002:"
_TYPE_NAMES: dict[type, str] = {
    str: "!!str", int: "!!int", float: "!!float", bool: "!!bool", type(None): "!!null"
}  # fmt: skip


class UnreadableScalar(ValueError):
    """A scalar whose explicit tag does not fit its text."""


def resolve(text: str) -> Scalar:
    """The value of a plain scalar without a tag."""
    if text and text[0] not in _HINTS:
        return text
    if text in _NAMED:
        return _NAMED[text]
    if text[0] == ".":
        return _float(text)
    if text[0] in "+-0123456789":
        return _number(text)
    return text


def resolve_tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with an explicit tag; tags of other people's making are passed over."""
    name = tag.removeprefix(_TAG) if tag.startswith(_TAG) else ""
    if name == "binary":
        return _binary(text)
    if name == "timestamp":
        if not _DATE(text):
            raise UnreadableScalar(f"cannot decode !!str `{text}` as a !!timestamp")
        return text
    if name not in ("int", "float", "bool", "null"):
        return text
    value = resolve(text)
    found = _TYPE_NAMES[type(value)]
    if found == "!!int" and name == "float":
        return float(value)  # type: ignore[arg-type]
    if found != f"!!{name}":
        raise UnreadableScalar(f"cannot decode {found} `{text}` as a !!{name}")
    return value


def as_text(value: Scalar) -> str:
    """What a scalar becomes where a string is wanted."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float32_text(value)
    return str(value)


def as_key(value: Scalar) -> str:
    """What a scalar becomes as the key of a mapping."""
    text = as_text(value)
    named = {"+Inf": ".inf", "-Inf": "-.inf", "NaN": ".nan"} if isinstance(value, float) else {}
    return named.get(text, text)


def as_integer(value: float) -> int | None:
    """The integer that a JSON number stands for; None where Go prints a fraction or an exponent."""
    if abs(value) >= 1e21 or not value.is_integer():
        return None
    return int(Decimal(repr(value)))


def number_text(value: float) -> str:
    """A number as Go's encoding/json writes it."""
    if isinstance(value, int):
        return str(value)
    digits = Decimal(repr(value)).normalize()
    if value and not 1e-6 <= abs(value) < 1e21:
        mantissa, _, exponent = f"{digits:e}".partition("e")
        return f"{mantissa}e{int(exponent):+d}"
    return f"{digits:f}"


def float32_text(value: float) -> str:
    """A float as Go's `strconv.FormatFloat(value, 'g', -1, 32)` writes it."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")) or abs(value) >= 3.4028235677973366e38:
        return "+Inf" if value > 0 else "-Inf"
    single = struct.unpack("f", struct.pack("f", value))[0]
    shortest = next(
        text for digits in range(1, 10)
        if struct.unpack("f", struct.pack("f", float(text := f"{single:.{digits - 1}e}")))[0] == single
    )  # fmt: skip
    mantissa, _, exponent = shortest.partition("e")
    if not -4 <= int(exponent) < 6:
        return f"{mantissa}e{int(exponent):+03d}"
    return f"{Decimal(shortest):f}"


def _number(text: str) -> Scalar:
    plain = text.replace("_", "")
    if _INTEGER(plain):
        digits = plain.lstrip("+-")
        octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
        # A longer decimal is out of range; of one with thousands of digits Python makes no int.
        if digits[0] == "0" or len(digits) <= _LONGEST_DECIMAL:
            value = int(plain, 8) if octal else int(plain, 0)
            if -(2**63) <= value < 2**64:
                return value
    return _float(text, plain) if _FLOAT(plain) else text


def _float(text: str, plain: str = "") -> Scalar:
    plain = plain or text
    if not _FLOAT(plain):
        return text
    value = float(plain)
    return text if value in (float("inf"), float("-inf")) else value


def _binary(text: str) -> str:
    from base64 import b64decode

    try:
        data = b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError:
        raise UnreadableScalar("!!binary value contains invalid base64 data") from None
    return data.decode("utf-8", "replace")
