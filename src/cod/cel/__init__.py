"""CEL as Kubernetes' device selectors use it: parse, check, run by closures or over columns, and its cost.

    compile_selector('device.attributes["gpu.example.com"].model == "H200"').matches(driver, device)

Nothing is imported before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cod.lazy import lazy

if TYPE_CHECKING:
    from cod.cel.columns import Column
    from cod.cel.environment import LONGEST
    from cod.cel.functions import EvaluationError
    from cod.cel.problem import InvalidExpression, Problem
    from cod.cel.selector import MOST_COST, Selector, compile_selector, flaw
    from cod.cel.table import DeviceTable
    from cod.cel.why import Cause, WhyNot

_HOMES = {
    "columns": "Column",
    "environment": "LONGEST",
    "functions": "EvaluationError",
    "problem": "InvalidExpression Problem",
    "selector": "MOST_COST Selector compile_selector flaw",
    "table": "DeviceTable",
    "why": "Cause WhyNot",
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = [
    "LONGEST",
    "MOST_COST",
    "Cause",
    "Column",
    "DeviceTable",
    "EvaluationError",
    "InvalidExpression",
    "Problem",
    "Selector",
    "WhyNot",
    "compile_selector",
    "flaw",
]

__getattr__ = lazy(__name__, _HOME_OF)


def __dir__() -> list[str]:
    return __all__
