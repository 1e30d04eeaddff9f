"""Selectors: expressions that say of a device whether it is one of those that are wanted."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cod.cel.check import Checked, check
from cod.cel.compile import Compiler
from cod.cel.device import DEVICE, DRIVER, DeviceAccess, variables
from cod.cel.effort import bounded
from cod.cel.environment import LONGEST, device_environment
from cod.cel.functions import EvaluationError
from cod.cel.library.text import type_name
from cod.cel.parse import TOO_DEEP, parse
from cod.cel.problem import InvalidExpression, Problem
from cod.cel.values import Optional
from cod.resource.slices import Device

if TYPE_CHECKING:
    from cod.cel.closures import Closure, Frame
    from cod.cel.columns import Column
    from cod.cel.parts import Part
    from cod.cel.table import DeviceTable
    from cod.cel.tracking import Tracked
    from cod.cel.why import WhyNot

MOST_COST = 1_000_000  # of an evaluation

SLOTS = {"@driver": DRIVER, "@device": DEVICE}
_REFUSALS = {
    "string": "unsupported native conversion from string to 'bool'",
    "int": "unsupported type conversion from 'int' to bool",
    "uint": "unsupported type conversion from 'uint' to bool",
    "double": "type conversion error from Double to 'bool'",
    "bytes": "type conversion error from Bytes to 'bool'",
    "list": "type conversion error from list to 'bool'",
    "map": "type conversion error from map to 'bool'",
    "type": "type conversion not supported for 'type'",
    "kubernetes.NamedFormat": "type conversion error from 'Format' to 'bool'",
}


class Selector:
    """A compiled expression.

    `reads` has the (domain, name) of every attribute and capacity that can make a difference, None where
    that cannot be told; besides, a selector may read the driver's name or whether a device may be shared.
    Two devices of one driver that agree in what it reads are both matched or neither. `looks` says the same
    as `reads` by paths, and also knows the domains that are only asked for.
    """

    __slots__ = (
        "_closure",
        "_estimate",
        "_rest",
        "_run",
        "checked",
        "expression",
        "looks",
        "part",
        "reads",
        "reads_driver",
        "reads_sharing",
    )

    def __init__(self, checked: Checked) -> None:
        access = DeviceAccess()
        compiler = Compiler(checked.parsed, checked.environment, checked, slots=SLOTS, access=access)
        self.expression = checked.parsed.text
        self.checked = checked
        closure = compiler.closure(checked.parsed.expression)
        self._closure = bounded(closure) if compiler.is_growing else closure
        self._run: Closure = self._first
        self._estimate: tuple[int, int] | None = None
        self.part: Part | None = None
        self._rest = [None] * (compiler.size - len(SLOTS))
        self.reads = None if access.reads is None else frozenset(access.reads)
        self.looks = None if access.looks is None else frozenset(access.looks)
        self.reads_driver = access.reads_driver
        self.reads_sharing = access.reads_sharing

    def __repr__(self) -> str:
        return f"Selector({self.expression!r})"

    def matches(self, driver: str, device: Device) -> bool:
        """Whether a device of a driver is wanted. Raises EvaluationError."""
        try:
            result = self._run([driver, device, *self._rest])
        except RecursionError:
            raise EvaluationError(TOO_DEEP) from None
        return result if result is True or result is False else _truth(result)

    def _first(self, frame: Frame) -> Any:
        """Find out whether costs must be counted, which takes longer than to compile; only once."""
        self._run = self._tracked if self.is_limited else self._closure
        return self._run(frame)

    def _tracked(self, frame: Frame) -> Any:
        value = self._track(frame[DRIVER], frame[DEVICE]).value
        if isinstance(value, EvaluationError):
            raise value
        return value

    def _track(self, driver: str, device: Device) -> Tracked:
        from cod.cel.tracking import tracked

        return tracked(self.checked, variables(driver, device), MOST_COST)

    @property
    def estimate(self) -> tuple[int, int]:
        """The least and the most that an evaluation can cost, as Kubernetes estimates it."""
        if self._estimate is None:
            from cod.cel.estimate import estimate

            self._estimate = estimate(self.checked)
        return self._estimate

    @property
    def is_limited(self) -> bool:
        """Whether this can cost too much: the API server would not take it, and may stop what it has."""
        return self.estimate[1] > MOST_COST

    def cost(self, driver: str, device: Device) -> int:
        """What an evaluation for a device costs, as Kubernetes counts it; above MOST_COST it is stopped.

        This is a second way to evaluate, some hundred times slower than `matches`.
        """
        return self._track(driver, device).cost

    def column(self, table: DeviceTable) -> Column:
        """Which devices of a table are wanted, all at once."""
        from cod.cel.columns import column

        return column(self, table)

    def why_not(self, driver: str, device: Device) -> WhyNot:
        """Which parts of the expression made it false, and what they saw; or the error that it has."""
        from cod.cel.why import why_not

        return why_not(self.checked, driver, device)


def _truth(result: object) -> bool:
    """What a result that is no bool means: one that may be none means what it holds."""
    held = result
    while isinstance(held, Optional) and held.is_there:
        held = held.value
    if held is True or held is False:
        return held
    name = type_name(held)
    reason = _REFUSALS.get(name, f"type conversion error from '{name.rpartition('.')[2]}' to 'bool'")
    if isinstance(held, Optional):
        reason = "optional.none() dereference"
    raise EvaluationError(f"CEL result of type {type_name(result)} could not be converted to bool: {reason}")


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
        selector = compile_selector(expression)
    except InvalidExpression as invalid:
        return str(invalid)
    return "too complex, exceeds cost limit" if selector.is_limited else ""
