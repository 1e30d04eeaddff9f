"""Selectors: expressions that say of a device whether it is one of those that are wanted."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from cod.cel.check import Checked, check
from cod.cel.compile import Compiler
from cod.cel.device import DEVICE, DRIVER, DeviceAccess
from cod.cel.environment import LONGEST, device_environment
from cod.cel.functions import EvaluationError
from cod.cel.library.text import type_name
from cod.cel.parse import TOO_DEEP, parse
from cod.cel.problem import InvalidExpression, Problem
from cod.resource.slices import Device

if TYPE_CHECKING:
    from cod.cel.why import WhyNot

SLOTS = {"@driver": DRIVER, "@device": DEVICE}
_REFUSALS = {"string": "unsupported native conversion from string to 'bool'"}


class Selector:
    """A compiled expression.

    `reads` has the (domain, name) of every attribute and capacity that can make a difference, None where
    that cannot be told; besides, a selector may read the driver's name or whether a device may be shared.
    Two devices of one driver that agree in what it reads are both matched or neither.
    """

    __slots__ = ("_closure", "_rest", "checked", "expression", "reads", "reads_driver", "reads_sharing")

    def __init__(self, checked: Checked) -> None:
        access = DeviceAccess()
        compiler = Compiler(checked.parsed, checked.environment, checked, slots=SLOTS, access=access)
        self.expression = checked.parsed.text
        self.checked = checked
        self._closure = compiler.closure(checked.parsed.expression)
        self._rest = [None] * (compiler.size - len(SLOTS))
        self.reads = None if access.reads is None else frozenset(access.reads)
        self.reads_driver = access.reads_driver
        self.reads_sharing = access.reads_sharing

    def __repr__(self) -> str:
        return f"Selector({self.expression!r})"

    def matches(self, driver: str, device: Device) -> bool:
        """Whether a device of a driver is wanted. Raises EvaluationError."""
        try:
            result = self._closure([driver, device, *self._rest])
        except RecursionError:
            raise EvaluationError(TOO_DEEP) from None
        return result if result is True or result is False else _refuse(result)

    def why_not(self, driver: str, device: Device) -> WhyNot:
        """Which parts of the expression made it false, and what they saw; or the error that it has."""
        from cod.cel.why import why_not

        return why_not(self.checked, driver, device)


def _refuse(result: object) -> bool:
    name = type_name(result)
    reason = _REFUSALS.get(name, f"type conversion error from {name} to 'bool'")
    raise EvaluationError(f"CEL result of type {name} could not be converted to bool: {reason}")


@lru_cache(maxsize=1024)
def compile_selector(
    expression: str,
    *,
    consumable_capacity: bool = True,
    list_attributes: bool = True,
) -> Selector:
    """The selector that an expression is. Raises InvalidExpression with all that is wrong.

    A feature of the API server that is off makes what it brings unknown, as for new expressions; those that
    are stored already may always use it.
    """
    if len(expression) > LONGEST:
        raise InvalidExpression(
            expression, [Problem(None, f"Too long: may not be more than {LONGEST} characters")]
        )
    environment = device_environment(consumable_capacity=consumable_capacity, list_attributes=list_attributes)
    checked = check(parse(expression), environment)
    if checked.type.kind not in ("bool", "dyn"):
        text = f"must evaluate to bool or the unknown type, not {checked.type}"
        raise InvalidExpression(expression, [Problem(None, text)])
    try:
        return Selector(checked)
    except RecursionError:
        raise InvalidExpression(expression, [Problem(0, TOO_DEEP)]) from None


def flaw(expression: str) -> str:
    """What is wrong with a selector, as the API server says it; "" if nothing is."""
    try:
        compile_selector(expression)
    except InvalidExpression as invalid:
        return str(invalid)
    return ""
