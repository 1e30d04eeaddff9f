"""A tiny evaluator of device selectors: only the forms that the generators and the recorded cases have.

    device.driver == "d"    device.attributes["d"].n >= 2    has(device.attributes["d"].n)    … && … || …

As in CEL, what is not there is an error, and `&&` and `||` forgive an error that does not matter.
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

from cod.resource import Attribute, Device
from tests.allocate.amounts import amount


class EvaluationError(Exception):
    """A selector has no answer for a device."""


_BRACKET = r'\["([^"]+)"\]'
_FORMS = {
    "literal": re.compile(r"(true|false)"),
    "driver": re.compile(r"device\.driver == (.+)"),
    "shared": re.compile(r"device\.allowMultipleAllocations == (true|false)"),
    "in": re.compile(rf'"(\w+)" in device\.attributes{_BRACKET}'),
    "has": re.compile(rf"(!?)has\(device\.(attributes|capacity){_BRACKET}\.(\w+)\)"),
    "compare": re.compile(rf"device\.attributes{_BRACKET}\.(\w+) (==|!=|<=|>=|<|>) (.+)"),
    "attribute": re.compile(rf"device\.attributes{_BRACKET}\.(\w+)"),
    "capacity": re.compile(
        rf"device\.capacity{_BRACKET}(?:\.(\w+)|{_BRACKET})"
        r'\.compareTo\(quantity\("([^"]+)"\)\) (==|!=|<=|>=|<|>) 0'
    ),
}


def selects(expression: str, driver: str, device: Device) -> bool:
    """Whether an expression is true of a device. Raises EvaluationError."""
    return _any_of([_all_of([_atom(atom, driver, device) for atom in term]) for term in _terms(expression)])


@lru_cache(maxsize=1024)
def _terms(expression: str) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple(atom.strip() for atom in term.split(" && ")) for term in expression.strip().split(" || ")
    )


def _all_of(values: list[bool | EvaluationError]) -> bool | EvaluationError:
    return next((each for each in values if each is False), None) is not False and _first_error(values, True)


def _any_of(values: list[bool | EvaluationError]) -> bool:
    if any(each is True for each in values):
        return True
    found = _first_error(values, False)
    if isinstance(found, EvaluationError):
        raise found
    return found


def _first_error(values: list[bool | EvaluationError], otherwise: bool) -> bool | EvaluationError:
    return next((each for each in values if isinstance(each, EvaluationError)), otherwise)


def _atom(text: str, driver: str, device: Device) -> bool | EvaluationError:
    try:
        return _value(text, driver, device)
    except EvaluationError as error:
        return error


def _value(text: str, driver: str, device: Device) -> bool:
    for form, pattern in _FORMS.items():
        if match := pattern.fullmatch(text):
            return _answer(form, match.groups(), driver, device)
    raise EvaluationError(f"undeclared or unknown: {text}")


def _answer(form: str, parts: tuple[str, ...], driver: str, device: Device) -> bool:
    match form:
        case "literal":
            return parts[0] == "true"
        case "driver":
            return bool(driver == json.loads(parts[0]))
        case "shared":
            return device.allow_multiple_allocations == (parts[0] == "true")
        case "in":
            return find(device.attributes, driver, parts[1], parts[0]) is not None
        case "has":
            no, kind, domain, name = parts
            there = find(getattr(device, kind), driver, domain, name) is not None
            return there != bool(no)
        case "compare":
            return _compare(_plain(_attribute(device, driver, *parts[:2])), parts[2], json.loads(parts[3]))
        case "attribute":
            value = _plain(_attribute(device, driver, *parts))
            if not isinstance(value, bool):
                raise EvaluationError(f"{parts[1]} is no bool")
            return value
    domain, name, quoted, text, operator = parts
    capacity = find(device.capacity, driver, domain, name or quoted)
    if capacity is None:
        raise EvaluationError(f"no such key: {name or quoted}")
    return _compare(amount(capacity.value), operator, amount(text))


def find(named: dict[str, Any], driver: str, domain: str, name: str) -> Any:
    """What has this name: a name without a domain has the driver's."""
    found = named.get(f"{domain}/{name}")
    return named.get(name) if found is None and domain == driver else found


def _attribute(device: Device, driver: str, domain: str, name: str) -> Attribute:
    found: Attribute | None = find(device.attributes, driver, domain, name)
    if found is None:
        raise EvaluationError(f"no such key: {name}")
    return found


def _plain(attribute: Attribute) -> Any:
    """The value; a version, or a list, is equal to no literal."""
    given = (attribute.int_, attribute.bool_, attribute.string)
    if (found := next((each for each in given if each is not None), None)) is not None:
        return found
    if all(getattr(attribute, each) is None for each in ("version", "ints", "bools", "strings", "versions")):
        raise EvaluationError("unsupported attribute value")
    return attribute


def _compare(left: Any, operator: str, right: Any) -> bool:
    same_type = type(left) is type(right)
    if operator in ("==", "!="):
        return (same_type and left == right) == (operator == "==")
    if not same_type or isinstance(left, bool) or not isinstance(left, (int, str, Fraction)):
        raise EvaluationError("no such overload")
    order = (left > right) - (left < right)
    return order in {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}[operator]
