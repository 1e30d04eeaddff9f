"""Named formats that texts can be validated against: `format.dns1123Label().validate(x)`.

Source: Kubernetes `apiserver/pkg/cel/library/format.go` and `cost.go`; go-openapi `strfmt`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, ClassVar

from msgspec import Struct

from cod.cel.functions import Function, Price, Size
from cod.cel.library.declare import Charge, function, method
from cod.cel.library.price import CHARACTER, EXPRESSION, scale, size_of, traversal
from cod.cel.library.url import InvalidUrl, is_url, parse_url
from cod.cel.types import FORMAT, STRING, Type, list_of, optional_of
from cod.cel.values import NONE, Optional
from cod.resource.names import LONGEST_LABEL, label_flaws, label_key_flaws, label_value_flaws, subdomain_flaws

Flaws = tuple[str, ...]

_LONGEST_EXPRESSION = 128
_LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_RULE_1035 = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic"
    " character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for"
    f" validation is '{_LABEL_1035}')"
)
_UUID = "[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}"
_BASE64 = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})"
_DATE = "([0-9]{4})-([0-9]{2})-([0-9]{2})"
_TIME = "([0-9]{2}):([0-9]{2}):([0-9]{2})(?:.[0-9]+)?(?:z|[+-][0-9]{2}:[0-9]{2})"
_compiled = cache(re.compile)  # when first needed


def _fits(rule: str, text: str) -> re.Match[str] | None:
    return _compiled(rule).fullmatch(text)


def _dns_1123(text: str) -> Flaws:
    if "." in text and len(text) <= LONGEST_LABEL and not subdomain_flaws(text):
        return ("must not contain dots",)
    return label_flaws(text)


def _dns_1035(text: str) -> Flaws:
    flaws = (
        (f"must be no more than {LONGEST_LABEL} characters",) if len(text.encode()) > LONGEST_LABEL else ()
    )
    return flaws if _fits(_LABEL_1035, text) else (*flaws, _RULE_1035)


def _prefix_of(flaws: Callable[[str], Flaws]) -> Callable[[str], Flaws]:
    """The flaws of what more will be put after: it may end with a dash."""
    return lambda text: flaws(f"{text[:-2]}a" if len(text) > 1 and text.endswith("-") else text)


def _uri(text: str) -> Flaws:
    if is_url(text):
        return ()
    try:
        parse_url(text)
    except InvalidUrl as invalid:
        return (f'parse "{text}": {invalid}',)
    return ()


def _if_not(is_right: Callable[[str], bool], flaw: str) -> Callable[[str], Flaws]:
    return lambda text: () if is_right(text) else (flaw,)


def _is_date(text: str) -> bool:
    match = _fits(_DATE, text)
    if match is None:
        return False
    year, month, day = map(int, match.groups())
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (31, 29 if is_leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return 1 <= month <= 12 and 1 <= day <= days[month - 1]


def _is_datetime(text: str) -> bool:
    date, _, time = text.lower().partition("t")
    match = _fits(_TIME, time)
    if match is None or not _is_date(date):
        return False
    hour, minute, second = map(int, match.groups())
    return hour <= 23 and minute <= 59 and second <= 59


class Format(Struct, frozen=True):
    """A named format; `expression` is how long a regular expression for it is, or would be."""

    type: ClassVar[Type] = FORMAT
    name: str
    expression: int
    flaws: Callable[[str], Flaws]

    def validate(self, text: str) -> Optional:
        """All that is wrong with a text, if anything is."""
        flaws = self.flaws(text)
        return Optional(list(flaws), True) if flaws else NONE


_BY_NAME: dict[str, Format] = {
    "dns1123Label": Format("DNS1123Label", 30, _dns_1123),
    "dns1123Subdomain": Format("DNS1123Subdomain", 60, subdomain_flaws),
    "dns1035Label": Format("DNS1035Label", 30, _dns_1035),
    "qualifiedName": Format("QualifiedName", 60, label_key_flaws),
    "dns1123LabelPrefix": Format("DNS1123LabelPrefix", 30, _prefix_of(_dns_1123)),
    "dns1123SubdomainPrefix": Format("DNS1123SubdomainPrefix", 60, _prefix_of(subdomain_flaws)),
    "dns1035LabelPrefix": Format("DNS1035LabelPrefix", 30, _prefix_of(_dns_1035)),
    "labelValue": Format("LabelValue", 40, label_value_flaws),
    "uri": Format("URI", 1103, _uri),
    "uuid": Format(
        "uuid", 72, _if_not(lambda text: bool(_fits(_UUID, text)), "does not match the UUID format")
    ),
    "byte": Format("byte", 84, _if_not(lambda text: bool(_fits(_BASE64, text)), "invalid base64")),
    "date": Format("date", 72, _if_not(_is_date, "invalid date")),
    "datetime": Format("datetime", 72, _if_not(_is_datetime, "invalid datetime")),
}


def format_named(name: str) -> Optional:
    """The format of a name, if there is one."""
    format_ = _BY_NAME.get(name)
    return NONE if format_ is None else Optional(format_, True)


def _estimated(sizes: Sequence[Size | None]) -> Price:
    text = traversal(sizes[1])
    factor = _LONGEST_EXPRESSION * EXPRESSION
    return Price(scale(text.least, factor), scale(text.most, factor))


def _validated(args: Sequence[Any], _: Any) -> int:
    expression: int = args[0].expression
    return math.ceil((1.0 + size_of(args[1])) * CHARACTER) * math.ceil(expression * EXPRESSION)


def _constant(name: str) -> Function:
    return Function(f"format.{name}", (function(f"format.{name}", (), FORMAT, lambda: _BY_NAME[name]),))


FUNCTIONS: tuple[Function, ...] = (
    Function(
        "validate",
        (
            method(
                "format-validate",
                (FORMAT, STRING),
                optional_of(list_of(STRING)),
                Format.validate,
                Charge(_estimated, _validated),
            ),
        ),
    ),
    Function("format.named", (function("format-named", (STRING,), optional_of(FORMAT), format_named),)),
    *map(_constant, _BY_NAME),
)
