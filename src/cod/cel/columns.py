"""A selector evaluated for all devices of a table at once.

Devices that agree in all that a part of the expression reads are one group, and the closure of the part is
evaluated once a group. Parts are what stands between `&&`, `||`, `!` and `?:`, so that an attribute that is
different on each device makes no groups of its own for the others; to compare one with what is written out
takes no closure at all. Without NumPy the whole expression is one part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from cod.cel.compile import Compiler, terms_of
from cod.cel.device import DEVICE, DRIVER, DeviceAccess, Path
from cod.cel.effort import bounded
from cod.cel.estimate import is_bind
from cod.cel.functions import EvaluationError
from cod.cel.selector import SLOTS, Selector
from cod.cel.syntax import Call, Comprehension, Expression, ListLiteral, Literal, Select
from cod.cel.table import DeviceTable, numpy_or_none
from cod.resource.slices import Attribute

if TYPE_CHECKING:
    from cod.cel.parts import Part


class Column(NamedTuple):
    """One bool a device: whether it is wanted, and whether the selector has an error there.

    Arrays of NumPy if it is installed, else lists. Where there is an error, the value is False.
    """

    values: Sequence[bool]
    errors: Sequence[bool]


def column(selector: Selector, table: DeviceTable) -> Column:
    """Which devices of a table a selector wants."""
    if numpy_or_none() is None:
        return column_of_lists(selector, table)
    from cod.cel.parts import ERROR, TRUE

    answers = part_of(selector)(table, None)
    return Column(answers == TRUE, answers == ERROR)


def part_of(selector: Selector) -> Part:
    """What evaluates a selector over columns; made once a selector."""
    if selector.part is None:
        is_whole = selector.is_limited or selector.checked.type.kind != "bool"
        selector.part = _whole(selector) if is_whole else _Planner(selector).plan()
    return selector.part


def _whole(selector: Selector) -> Part:
    """A selector as one part: one that may be stopped, or gives no bool, can only be asked as a whole."""
    from cod.cel.parts import Grouped

    return Grouped(_paths_of(selector), lambda frame: selector.matches(frame[DRIVER], frame[DEVICE]), 2)


def column_of_lists(selector: Selector, table: DeviceTable) -> Column:
    """Which devices of a table a selector wants, without NumPy: asked once a group, as a whole."""
    paths = _paths_of(selector)
    columns = [table.coded(path).codes for path in paths or ()]
    keys: Iterable[tuple[int, ...]] = zip(*columns, strict=True) if columns else repeat((), len(table))
    known: dict[tuple[int, ...], bool | None] = {}
    answers = []
    for key, (driver, device) in zip(keys, table.devices, strict=True):
        if paths is None or key not in known:
            try:
                known[key] = selector.matches(driver, device)
            except EvaluationError:
                known[key] = None
        answers.append(known[key])
    return Column([answer is True for answer in answers], [answer is None for answer in answers])


def _paths_of(selector: Selector) -> tuple[Path, ...] | None:
    return _paths(selector.looks, selector.reads_driver, selector.reads_sharing)


def _paths(looks: Iterable[Path] | None, reads_driver: bool, reads_sharing: bool) -> tuple[Path, ...] | None:
    """The columns that decide; None where all of a device may."""
    if looks is None:
        return None
    alone = (("driver",),) * reads_driver + (("allowMultipleAllocations",),) * reads_sharing
    return (*alone, *sorted(looks))


class _Planner:
    """Makes the parts of an expression."""

    def __init__(self, selector: Selector) -> None:
        checked = selector.checked
        self.access = DeviceAccess()
        self.compiler = Compiler(
            checked.parsed, checked.environment, checked, slots=SLOTS, access=self.access
        )
        self.expression = checked.parsed.expression

    def plan(self) -> Part:
        return self.part(self.expression)

    def part(self, node: Expression) -> Part:
        from cod.cel.parts import FALSE, TRUE, Chosen, Logical, Negated

        if isinstance(node, Call):
            if node.function in ("_&&_", "_||_"):
                terms = [self.part(term) for term in terms_of(node)]
                return Logical(terms, TRUE if node.function == "_||_" else FALSE)
            if node.function == "_?_:_":
                return Chosen(*map(self.part, node.args))
            if node.function == "!_":
                return Negated(self.part(node.args[0]))
        if isinstance(node, Comprehension) and is_bind(node):
            name = node.accumulator
            if self.access.alias(name, node.start, self.compiler):
                return self.named(name, node.result)
        return self.compared(node) or self.present(node) or self.grouped(node)

    def named(self, name: str, result: Expression) -> Part:
        """What stands in a `cel.bind` that only gives the device's attributes another name."""
        self.compiler.local.setdefault(name, []).append(None)
        part = self.part(result)
        self.compiler.leave(name)
        self.compiler.aliases[name].pop()
        return part

    def compared(self, node: Expression) -> Part | None:
        """`attribute == "text"` and its like."""
        if not isinstance(node, Call) or node.function not in ("_==_", "_!=_", "@in"):
            return None
        one, other = node.args
        if node.function != "@in" and isinstance(one, Literal):
            one, other = other, one
        path = self.access.path(one, self.compiler)
        if path is None or len(path) != 3 or path[0] != "attributes":
            return None
        if node.function == "@in":
            literals = other.items if isinstance(other, ListLiteral) and not other.optional else ()
        else:
            literals = (other,)
        keys = [_key(literal) for literal in literals]
        if not keys or None in keys:
            return None
        from cod.cel.parts import Compared

        return Compared(path, keys, node.function != "_!=_", self.grouped(node))

    def present(self, node: Expression) -> Part | None:
        """`has(attribute)`, `"name" in attributes`."""
        is_test = isinstance(node, Select) and node.is_test
        if not is_test and not (isinstance(node, Call) and node.function == "@in"):
            return None
        path = self.access.reached(node, self.compiler)
        if path is None or len(path) != 3 or path[0] not in ("attributes", "capacity"):
            return None
        from cod.cel.parts import Present

        return Present(path)

    def grouped(self, node: Expression) -> Part:
        from cod.cel.parts import Grouped

        access = self.compiler.access = self.access = DeviceAccess()
        closure = self.compiler.closure(node)
        closure = bounded(closure) if self.compiler.is_growing else closure
        paths = _paths(access.looks, access.reads_driver, access.reads_sharing)
        return Grouped(paths, closure, self.compiler.size)


def _key(node: Expression) -> Any:
    """What a column has for a value that is written out; None if that cannot be told by looking it up."""
    value = node.value if isinstance(node, Literal) else None
    if isinstance(value, bool):
        return Attribute(bool_=value)
    if isinstance(value, int):
        return Attribute(int_=int(value))
    if isinstance(value, str):
        return value or Attribute(string="")
    return None
