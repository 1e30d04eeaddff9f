"""Why a selector does not want a device: the parts of it that are false, and what they saw."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from cod.cel.check import Checked
from cod.cel.compile import Compiler, terms_of
from cod.cel.device import ALONE, DEVICE, DRIVER, DeviceAccess, Path, read
from cod.cel.effort import bounded, enter
from cod.cel.functions import EvaluationError
from cod.cel.library.text import text_of
from cod.cel.parse import TOO_DEEP
from cod.cel.syntax import (
    Call,
    Comprehension,
    Expression,
    Identifier,
    ListLiteral,
    Literal,
    MapLiteral,
    Select,
)
from cod.cel.values import Optional
from cod.resource.slices import Device

_LONGEST = 5_000  # characters of a value that are shown: an attribute has less


class Cause(Struct, frozen=True):
    """A part of an expression that is false, or that has the error.

    `values` are those of the device that it read, by name, with the domain where two have the same name; none
    of an optional value where the device has no such.
    """

    expression: str
    values: dict[str, Any] = {}
    error: str = ""

    @property
    def text(self) -> str:
        """`device.attributes["gpu.example.com"].model == "H200" is false: model is "A100"`."""
        if self.error:
            return f"{self.expression} has no value: {self.error}"
        seen = ", ".join(f"{name} is {shown(value)}" for name, value in self.values.items())
        return f"{self.expression} is false" + (f": {seen}" if seen else "")


class WhyNot(Struct, frozen=True):
    """All that made an expression false, or fail; nothing where the device is wanted."""

    causes: tuple[Cause, ...]

    @property
    def text(self) -> str:
        """The causes in one line."""
        return "; ".join(cause.text for cause in self.causes)


def shown(value: Any) -> str:
    """A value as an expression would have it, or as a slice has it; `absent` where there is none."""
    try:
        text = str(bounded(_shown)(value))
    except EvaluationError:
        return "…"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _shown(value: Any) -> str:
    if isinstance(value, Optional) and not value.is_there:
        return "absent"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        enter(len(value))
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        enter(len(value))
        return "{" + ", ".join(f"{_shown(key)}: {_shown(item)}" for key, item in value.items()) + "}"
    text = text_of(value)
    return str(value) if text is None else text


def why_not(checked: Checked, driver: str, device: Device) -> WhyNot:
    """Which parts of an expression made it false of a device, or made it fail."""
    search = _Search(checked, driver, device)
    try:
        return WhyNot(bounded(lambda: tuple(search.causes(checked.parsed.expression)))())
    except RecursionError:
        return WhyNot((Cause(checked.parsed.text, error=TOO_DEEP),))
    except EvaluationError as error:
        return WhyNot((Cause(checked.parsed.text, error=str(error)),))


class _Search:
    def __init__(self, checked: Checked, driver: str, device: Device) -> None:
        self.parsed = checked.parsed
        self.access = DeviceAccess()
        slots = {"@driver": DRIVER, "@device": DEVICE}
        self.compiler = Compiler(
            checked.parsed, checked.environment, checked, slots=slots, access=self.access
        )
        self.frame: list[Any] = [driver, device]
        self.slots: dict[str, int] = {}

    def value(self, node: Expression) -> Any:
        """The value of a part, or the error that it has."""
        closure = self.compiler.closure(node)
        self.frame.extend([None] * (self.compiler.size - len(self.frame)))
        try:
            return closure(self.frame)
        except EvaluationError as error:
            return error

    def causes(self, node: Expression) -> Iterator[Cause]:
        """Why a part is not true."""
        value = self.value(node)
        if value is True:
            return
        if (
            isinstance(node, Comprehension)
            and isinstance(node.condition, Literal)
            and not node.condition.value
        ):
            yield from self.bound(node)
        elif not isinstance(node, Call) or node.function not in ("_&&_", "_||_", "_?_:_"):
            yield self.cause(node, value)
        elif node.function == "_?_:_":
            condition = self.value(node.args[0])
            if isinstance(condition, bool):
                yield from self.causes(node.args[1 if condition else 2])
            else:
                yield from self.causes(node.args[0])
        else:
            terms = terms_of(node)
            if node.function == "_&&_" and value is False:
                terms = [term for term in terms if self.value(term) is False]
            for term in terms:
                yield from self.causes(term)

    def bound(self, node: Comprehension) -> Iterator[Cause]:
        """Why what stands in `cel.bind` is not true."""
        name = node.accumulator
        if self.access.alias(name, node.start, self.compiler):
            self.compiler.local.setdefault(name, []).append(None)
            yield from self.causes(node.result)
            self.compiler.aliases[name].pop()
        else:
            value = self.value(node.start)
            if isinstance(value, EvaluationError):
                yield self.cause(node.start, value)
                return
            before = dict(self.slots)
            slot = self.slots[name] = self.compiler.enter(name)
            self.frame.extend([None] * (slot + 1 - len(self.frame)))
            self.frame[slot] = value
            yield from self.causes(node.result)
            self.slots = before
        self.compiler.leave(name)

    def cause(self, node: Expression, value: Any) -> Cause:
        source = " ".join(self.parsed.source(node).split()) or self.parsed.text
        if isinstance(value, EvaluationError):
            return Cause(source, error=value.text)
        seen = {path: self.seen(path) for path in self.paths(node)}
        names = [path[-1] for path in seen]
        return Cause(
            source,
            {
                path[-1] if names.count(path[-1]) == 1 else "/".join(path[1:]): found
                for path, found in seen.items()
                if not isinstance(found, EvaluationError)
            },
        )

    def seen(self, path: Path) -> Any:
        """The value at the end of a path, an absent one where there is none."""
        if path[0] in self.compiler.local:
            return self.frame[self.slots[path[0]]]
        try:
            found = read(path, self.frame)
        except EvaluationError as error:
            return error
        return found.value if isinstance(found, Optional) and found.is_there else found

    def paths(self, node: Expression) -> Iterator[Path]:
        """What a part reads of the device, and the names that it has from `cel.bind`."""
        path = self.access.reached(node, self.compiler)
        if path is not None and (len(path) == 3 or path in ALONE):
            yield path
        elif isinstance(node, Identifier) and node.name in self.slots:
            yield (node.name,)
        else:
            for part in _parts(node):
                yield from self.paths(part)


def _parts(node: Expression) -> Iterator[Expression]:
    match node:
        case Select():
            yield node.operand
        case Call():
            yield from ((node.target,) if node.target else ())
            yield from node.args
        case ListLiteral():
            yield from node.items
        case MapLiteral():
            for entry in node.entries:
                yield from (entry.key, entry.value)
        case Comprehension():
            yield from (node.range, node.start, node.step, node.result)
