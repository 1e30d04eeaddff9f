"""Values of expressions, in an environment without a device."""

from __future__ import annotations

from typing import Any

from cod.cel.check import Checked, check
from cod.cel.compile import Compiler, Program
from cod.cel.environment import plain_environment
from cod.cel.parse import parse
from cod.cel.types import DYN


def checked(expression: str, **variables: Any) -> Checked:
    return check(parse(expression), plain_environment(dict.fromkeys(variables, DYN)))


def value(expression: str, **variables: Any) -> Any:
    """The value, with variables whose type is not known beforehand."""
    of = checked(expression, **variables)
    slots = {name: slot for slot, name in enumerate(variables)}
    return Program(Compiler(of.parsed, of.environment, of, slots=slots))(**variables)
