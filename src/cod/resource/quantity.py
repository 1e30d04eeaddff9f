"""Quantities as Kubernetes has them: `80Gi`, `1500m`, `2e3`; exact, with one canonical form each.

A quantity is a decimal number whose notation is remembered: decimal suffixes, binary ones, or an exponent.
What is parsed is kept down to nano, anything finer is rounded away from zero, and a binary one ends at 2^63 -
1. Source: Kubernetes `k8s.io/apimachinery/pkg/api/resource` Quantity.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from cod.errors import Refused

Format = Literal["DecimalSI", "BinarySI", "DecimalExponent"]

MOST = 2**63 - 1
_LEAST = -(2**63)
_FINEST = -9  # nano

_LONGEST = 1000  # digits; nobody has so much, and Python writes out no number of more than 4300

_RULE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_FORM = re.compile(r"([+-]?)(0*)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_SUFFIXES = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIXES = ("", *_BINARY)
_EXPONENT = re.compile(r"[eE]([-+]?[0-9]+)")


class InvalidQuantity(Refused):
    """A text that is no quantity."""


class Quantity(Struct, frozen=True, gc=False, eq=False):
    """The number `unscaled` times ten to the power of `scale`, and how it is written.

    `written` is the text it was parsed from where Kubernetes would print that again; `wide` says that
    Kubernetes holds it as a big decimal and gives no int64 for it. Quantities are equal, and have an order,
    by their value.
    """

    unscaled: int
    scale: int = 0
    format: Format = "DecimalSI"
    written: str = ""
    wide: bool = False

    def __str__(self) -> str:
        """As Kubernetes prints it: the canonical form, and some forms near it as they were written."""
        return self.written or self.canonical

    @property
    def canonical(self) -> str:
        """The one form: no fraction, no precision lost, the suffix as large as possible."""
        if not self.unscaled:
            return "0"
        if self.format == "BinarySI":
            whole = self._whole()
            if whole is not None and abs(whole) >= 1024:
                return _canonical_binary(whole)
        return _canonical_decimal(self.unscaled, self.scale, self.format)

    @property
    def sign(self) -> int:
        """-1, 0 or 1."""
        return (self.unscaled > 0) - (self.unscaled < 0)

    @property
    def has_fraction(self) -> bool:
        """Whether this is no whole number."""
        return self.scale < 0 and (self.scale < -_LONGEST or bool(self.unscaled % 10**-self.scale))

    def compare(self, other: Quantity) -> int:
        """-1, 0 or 1 as this is less than, equal to or more than another."""
        if self.scale == other.scale:
            return (self.unscaled > other.unscaled) - (self.unscaled < other.unscaled)
        if self.sign != other.sign or not self.sign:
            return (self.sign > other.sign) - (self.sign < other.sign)
        # An exponent may be anything: numbers of different length are never written out.
        mine, theirs = _length(self), _length(other)
        if mine[0] > theirs[1] or mine[1] < theirs[0]:
            return self.sign if mine[0] > theirs[1] else -self.sign
        scale = min(self.scale, other.scale)
        a: int = self.unscaled * 10 ** (self.scale - scale)
        b: int = other.unscaled * 10 ** (other.scale - scale)
        return (a > b) - (a < b)

    def __eq__(self, other: object) -> bool:
        return self.compare(other) == 0 if isinstance(other, Quantity) else NotImplemented

    def __ne__(self, other: object) -> bool:  # a Struct's own would compare identities
        return not self == other

    def __lt__(self, other: Quantity) -> bool:
        return self.compare(other) < 0

    def __le__(self, other: Quantity) -> bool:
        return self.compare(other) <= 0

    def __gt__(self, other: Quantity) -> bool:
        return self.compare(other) > 0

    def __ge__(self, other: Quantity) -> bool:
        return self.compare(other) >= 0

    def __hash__(self) -> int:
        return hash(_without_zeros(self.unscaled, self.scale))

    def __add__(self, other: Quantity) -> Quantity:
        """The sum, written as the first is, or as the second where the first is zero."""
        format_ = self.format if self.unscaled else other.format
        if not other.unscaled or not self.unscaled:
            one = self if self.unscaled else other
            return Quantity(one.unscaled, one.scale, format_, wide=self.wide or other.wide)
        scale = min(self.scale, other.scale)
        if abs(self.scale - other.scale) > _LONGEST:
            raise InvalidQuantity(f"{self} and {other} are too far apart to be added")
        parts = (self.unscaled * 10 ** (self.scale - scale), other.unscaled * 10 ** (other.scale - scale))
        total = sum(parts)
        wide = self.wide or other.wide or not all(map(_is_int64, (*parts, total)))
        return Quantity(total, scale, format_, wide=wide)

    def __neg__(self) -> Quantity:
        return Quantity(-self.unscaled, self.scale, self.format, wide=self.wide or self.unscaled == _LEAST)

    def __sub__(self, other: Quantity) -> Quantity:
        """The difference, written as the first is, or as the second where the first is zero."""
        return self + -other

    def __mul__(self, times: int) -> Quantity:
        """The product with a whole number, written as this is."""
        product = self.unscaled * times
        wide = self.wide or not _is_int64(product)
        return Quantity(product, self.scale if product else 0, self.format, wide=wide)

    def scaled(self, scale: int) -> int:
        """The number of units of ten to the power of `scale`, rounded away from zero, within 64 bits."""
        shift = self.scale - scale
        if shift > 0:
            return _within_int64(self.unscaled * 10**shift if shift < 20 else self.unscaled << 64)
        digits = len(str(abs(self.unscaled)))
        return self.sign if -shift > digits else _within_int64(_divide_up(self.unscaled, 10**-shift))

    @property
    def value(self) -> int:
        """The number, rounded up to a whole one, away from zero, within 64 bits."""
        return self.scaled(0)

    @property
    def milli_value(self) -> int:
        """The number of thousandths, rounded up, away from zero, within 64 bits."""
        return self.scaled(-3)

    @property
    def as_int64(self) -> int | None:
        """The number where Kubernetes gives it as an int64: not for `1000m`, though it is one."""
        if self.wide or self.scale < 0 or self.scale > 18:
            return None if self.unscaled or self.wide or self.scale < 0 else 0
        whole = self.unscaled * 10**self.scale
        return whole if _is_int64(whole) else None

    @property
    def approximate(self) -> float:
        """The number as a float, infinite where it is too large for one."""
        if not self.unscaled:
            return 0.0
        try:
            return float(self.unscaled) * 10.0**self.scale
        except OverflowError:
            return float("inf") * self.sign

    def _whole(self) -> int | None:
        """The number if it is a whole one that can be written out."""
        if self.scale >= 0:
            return self.unscaled * 10**self.scale if self.scale < 400 else None
        whole, rest = divmod(self.unscaled, 10**-self.scale)
        return None if rest else whole


@lru_cache(maxsize=4096)
def parse_quantity(text: str) -> Quantity:
    """The quantity that a text is, without blanks around it. Raises InvalidQuantity."""
    match = _FORM.fullmatch(text) if 0 < len(text) <= _LONGEST else None
    if match is None:
        raise _invalid(text, _RULE)
    sign, _, digits, fraction, suffix = match.groups("")
    base, exponent, format_ = _read_suffix(text, suffix)
    digits = digits or "0"
    written = "" if text != "0" else text
    negative = sign == "-"
    shown = digits + fraction
    if base == 10:
        scale = exponent - len(fraction)
        number = int(shown)
        if len(shown) <= 18 and scale >= _FINEST:
            if not scale % 3 and not shown.endswith("000") and shown[0] != "0":
                written = text
            return Quantity(-number if negative else number, scale, format_, written)
    else:
        scale = -len(fraction)
        number = int(shown) << exponent
        if not fraction and 14 - len(digits) - int(exponent * 3 / 10) >= 0:
            if int(digits) & 7:
                written = text
            return Quantity(-number if negative else number, 0, format_, written)
    number, scale = _rounded(number, scale)
    if format_ == "BinarySI":
        if number > MOST * 10**-scale:
            number, scale = MOST, 0
        elif 0 < number < 10**-scale:
            format_ = "DecimalSI"
    return Quantity(-number if negative else number, scale, format_, wide=True)


def is_quantity(text: str) -> bool:
    """Whether a text is a quantity."""
    try:
        parse_quantity(text)
    except InvalidQuantity:
        return False
    return True


def _invalid(text: str, why: str) -> InvalidQuantity:
    return InvalidQuantity(
        f"invalid quantity {text[:80]!r}", causes=(why,), hint="a number and a suffix, as in 80Gi"
    )


def _read_suffix(text: str, suffix: str) -> tuple[int, int, Format]:
    if suffix in _DECIMAL:
        return 10, _DECIMAL[suffix], "DecimalSI"
    if suffix in _BINARY:
        return 2, _BINARY[suffix], "BinarySI"
    match = _EXPONENT.fullmatch(suffix)
    if match is None or not -(2**31) <= int(match[1]) < 2**31:
        raise _invalid(text, "unable to parse quantity's suffix")
    return 10, int(match[1]), "DecimalExponent"


def _rounded(number: int, scale: int) -> tuple[int, int]:
    """A number that is not negative with nothing finer than nano, rounded up."""
    if scale >= _FINEST or not number:
        return number, max(scale, _FINEST)
    shift = _FINEST - scale
    return (1 if shift > len(str(number)) else _divide_up(number, 10**shift)), _FINEST


def _divide_up(number: int, divisor: int) -> int:
    """The quotient, rounded away from zero."""
    return -(-number // divisor) if number > 0 else number // divisor


def _is_int64(number: int) -> bool:
    return _LEAST <= number <= MOST


def _within_int64(number: int) -> int:
    return max(_LEAST, min(MOST, number))


def _length(quantity: Quantity) -> tuple[int, int]:
    """Bounds of the number of digits before the point, without counting them: 2^3 < 10 < 2^4."""
    bits = quantity.unscaled.bit_length()
    return bits // 4 + quantity.scale, bits // 3 + 1 + quantity.scale


def _without_zeros(number: int, scale: int) -> tuple[int, int]:
    if not number:
        return 0, 0
    text = str(abs(number))
    zeros = len(text) - len(text.rstrip("0"))
    return number // 10**zeros, scale + zeros


def _canonical_decimal(number: int, scale: int, format_: Format) -> str:
    number, exponent = _without_zeros(number, scale)
    number *= 10 ** (exponent % 3)
    exponent -= exponent % 3
    if format_ != "DecimalExponent" and exponent in _DECIMAL_SUFFIXES:
        return f"{number}{_DECIMAL_SUFFIXES[exponent]}"
    return f"{number}e{exponent}" if exponent else str(number)


def _canonical_binary(number: int) -> str:
    power = 0
    while number % 1024 == 0 and power < len(_BINARY):
        number //= 1024
        power += 1
    return f"{number}{_BINARY_SUFFIXES[power]}"
