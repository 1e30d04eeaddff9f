"""What an expression sees of a device, and the shortest way to it.

`device.attributes["d"].n` becomes one look into the device's own attributes, `d/n`, or `n` where `d` is its
driver; maps are made only where an expression asks for more than that. A domain that a device has nothing of
is an empty map, a name that it has not is an error. Source: Kubernetes `dynamic-resource-allocation/cel`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cod.cel.closures import Closure, Constant, Frame
from cod.cel.functions import EvaluationError
from cod.cel.lookup import missing
from cod.cel.problem import near
from cod.cel.syntax import Call, Expression, Identifier, Literal, Select
from cod.cel.values import NONE, Optional
from cod.resource.quantity import InvalidQuantity, parse_quantity
from cod.resource.semver import InvalidVersion, Version, parse_version
from cod.resource.slices import Attribute, Capacity, Device

if TYPE_CHECKING:
    from cod.cel.compile import Compiler

DRIVER, DEVICE = 0, 1  # the places of the frame
Path = tuple[str, ...]
ALONE: tuple[Path, ...] = (("driver",), ("allowMultipleAllocations",))
_ASKS = ("@in", "_[?_]", "_?._")


class Domains(dict[str, dict[str, Any]]):
    """Attributes or capacities by domain and name; a domain that is not there is empty."""

    def __missing__(self, domain: str) -> dict[str, Any]:
        return {}


@lru_cache(maxsize=4096)
def version_of(text: str) -> Version:
    """The version that an attribute is."""
    try:
        return parse_version(text)
    except InvalidVersion as invalid:
        raise EvaluationError(f"parse semantic version: {invalid.what}") from None


def value_of(attribute: Attribute) -> Any:
    """The value of an attribute."""
    if attribute.string is not None:
        return attribute.string
    if attribute.int_ is not None:
        return attribute.int_
    if attribute.bool_ is not None:
        return attribute.bool_
    if attribute.version is not None:
        return version_of(attribute.version)
    for many in (attribute.strings, attribute.ints, attribute.bools):
        if many is not None:
            return list(many)
    if attribute.versions is not None:
        return [version_of(text) for text in attribute.versions]
    raise EvaluationError("unsupported attribute value")


def amount_of(capacity: Capacity) -> Any:
    """The quantity of a capacity."""
    try:
        return parse_quantity(capacity.value)
    except InvalidQuantity as invalid:
        raise EvaluationError(invalid.what) from None


_VALUES: dict[str, Callable[[Any], Any]] = {"attributes": value_of, "capacity": amount_of}
_ENTRIES: dict[str, Callable[[Device], Mapping[str, Any]]] = {
    "attributes": operator.attrgetter("attributes"),
    "capacity": operator.attrgetter("capacity"),
}


class DeviceAccess:
    """Makes the closures that read a device, and notes what they read.

    `reads` are the names, with their domains, of all attributes and capacities that can make a difference;
    None as soon as that cannot be told. `looks` are the same as paths, with those of domains that are only
    asked for.
    """

    def __init__(self) -> None:
        self.reads: set[tuple[str, str]] | None = set()
        self.looks: set[Path] | None = set()
        self.reads_driver = False
        self.reads_sharing = False

    def alias(self, name: str, value: Expression, compiler: Compiler) -> bool:
        """Whether `cel.bind` gives a name to the device, or to its attributes or capacities of a domain."""
        path = self.path(value, compiler)
        if path is None or len(path) > 2 or path in ALONE:
            return False
        compiler.aliases.setdefault(name, []).append(path)
        return True

    def path(self, node: Expression, compiler: Compiler) -> Path | None:
        """The names on the way from `device` to a value, such as attributes, d, n."""
        steps: list[str] = []
        while True:
            if isinstance(node, Select) and not node.is_test:
                steps.append(node.field)
                node = node.operand
            elif isinstance(node, Call) and node.function == "_[_]":
                node, key = node.args
                if not isinstance(key, Literal) or not isinstance(key.value, str):
                    return None
                steps.append(key.value)
            else:
                break
        if not isinstance(node, Identifier):
            return None
        start = compiler.aliases.get(node.name) if node.name in compiler.local else None
        if start is not None and compiler.local[node.name][-1] is None:
            return (*start[-1], *reversed(steps))
        if node.name.removeprefix(".") != "device" or node.name in compiler.local:
            return None
        return tuple(reversed(steps))

    def reached(self, node: Expression, compiler: Compiler) -> Path | None:
        """The names on the way to what a node reads, or only asks about: `has(…)`, `"n" in …`, `.?n`."""
        if isinstance(node, Select) and node.is_test:
            path = self.path(node.operand, compiler)
            return None if path is None else (*path, node.field)
        if isinstance(node, Call) and node.function in _ASKS:
            key, within = node.args if node.function == "@in" else reversed(node.args)
            path = self.path(within, compiler)
            if path is None or not isinstance(key, Literal) or not isinstance(key.value, str):
                return None
            return (*path, key.value)
        return self.path(node, compiler)

    def closure(self, node: Expression, compiler: Compiler) -> Closure | None:
        """The closure of what reads the device; None of all else."""
        if not isinstance(node, (Select, Call, Identifier)):
            return None
        path = self.reached(node, compiler)
        if path is None or (len(path) > 1 and path[0] not in _VALUES):
            return None
        if isinstance(node, Select) and node.is_test:
            return self.presence(path)
        if isinstance(node, Call) and node.function == "@in":
            return self.membership(path)
        if isinstance(node, Call) and node.function in _ASKS:
            return self.optional(path)
        return self.value(path, node.at)

    def value(self, path: Path, at: int) -> Closure | None:
        """What stands at the end of a path."""
        if path == ("driver",):
            self.reads_driver = True
            return operator.itemgetter(DRIVER)
        if path == ("allowMultipleAllocations",):
            self.reads_sharing = True
            return lambda frame: frame[DEVICE].allow_multiple_allocations
        if len(path) > 3:
            return None
        if len(path) < 3:
            self.reads = self.looks = None
            self.reads_driver = self.reads_sharing = True
            return _view(path)
        self.note(path)
        return _entry(path, at)

    def note(self, path: Path) -> None:
        """Remember that one attribute or capacity is read."""
        if self.looks is not None:
            self.looks.add(path)
        if self.reads is not None:
            self.reads.add((path[1], path[2]))

    def presence(self, path: Path) -> Closure | None:
        """What `has()` says. A domain is always there, if only as an empty map."""
        if len(path) == 3:
            self.note(path)
            return _is_there(path)
        return Constant(True) if len(path) < 3 else None

    def membership(self, path: Path) -> Closure | None:
        """`"n" in device.attributes["d"]`, and whether there is anything of a domain."""
        if len(path) == 3:
            self.note(path)
            return _is_there(path)
        if len(path) != 2:
            return None
        self.reads = None
        if self.looks is not None:
            self.looks.add(path)
        kind, domain = path
        return lambda frame: has_domain(kind, domain, frame[DRIVER], frame[DEVICE])

    def optional(self, path: Path) -> Closure | None:
        """`device.attributes["d"].?n`."""
        if len(path) != 3:
            return None
        self.note(path)
        return lambda frame: read(path, frame)


def has_domain(kind: str, domain: str, driver: str, device: Device) -> bool:
    """Whether a device has attributes, or capacities, of a domain."""
    return any(True for _ in _names(_ENTRIES[kind](device), driver, domain))


def read(path: Path, frame: Frame) -> Any:
    """What stands at the end of a path: an optional value where it may be absent."""
    if path == ("driver",):
        return frame[DRIVER]
    if path == ("allowMultipleAllocations",):
        return frame[DEVICE].allow_multiple_allocations
    found = _look(path)(frame)
    return NONE if found is None else Optional(_VALUES[path[0]](found), True)


def _look(path: Path) -> Closure:
    """What a device has under a name, with or without its domain; None where there is nothing."""
    kind, domain, name = path
    entries_of = _ENTRIES[kind]
    qualified = f"{domain}/{name}"

    def look(frame: Frame) -> Any:
        entries = entries_of(frame[DEVICE])
        found = entries.get(qualified)
        if found is None and frame[DRIVER] == domain:
            return entries.get(name)
        return found

    return look


def _is_there(path: Path) -> Closure:
    look = _look(path)
    return lambda frame: look(frame) is not None


def _entry(path: Path, at: int) -> Closure:
    """One attribute or capacity; the code of `_look` again, for this is what takes the time."""
    kind, domain, name = path
    qualified = f"{domain}/{name}"
    if kind == "capacity":

        def capacity(frame: Frame) -> Any:
            entries = frame[DEVICE].capacity
            found = entries.get(qualified)
            if found is None:
                found = entries.get(name) if frame[DRIVER] == domain else None
                if found is None:
                    raise _missing(entries, frame[DRIVER], path, at)
            return amount_of(found)

        return capacity

    def attribute(frame: Frame) -> Any:
        entries = frame[DEVICE].attributes
        found = entries.get(qualified)
        if found is None:
            found = entries.get(name) if frame[DRIVER] == domain else None
            if found is None:
                raise _missing(entries, frame[DRIVER], path, at)
        value = found.string
        return value_of(found) if value is None else value

    return attribute


def _names(entries: Mapping[str, Any], driver: str, domain: str) -> Iterator[tuple[str, Any]]:
    """What a device has of a domain, by names without it."""
    if driver == domain:
        yield from ((name, value) for name, value in entries.items() if "/" not in name)
    prefix = f"{domain}/"
    yield from ((name[len(prefix) :], value) for name, value in entries.items() if name.startswith(prefix))


def _missing(entries: Mapping[str, Any], driver: str, path: Path, at: int) -> EvaluationError:
    def hint() -> str:
        return near(path[2], [name for name, _ in _names(entries, driver, path[1])])

    error = missing(path[2], hint)
    error.at = at
    return error


def _view(path: Path) -> Closure:
    """All attributes or capacities of a device by domain, or those of one domain, or the whole device."""
    if not path:
        views = {kind: _view((kind,)) for kind in _VALUES}
        return lambda frame: {
            "driver": frame[DRIVER],
            "allowMultipleAllocations": frame[DEVICE].allow_multiple_allocations,
            **{kind: view(frame) for kind, view in views.items()},
        }
    entries_of, value = _ENTRIES[path[0]], _VALUES[path[0]]
    if len(path) == 2:
        domain = path[1]

        def of_domain(frame: Frame) -> dict[str, Any]:
            found = _names(entries_of(frame[DEVICE]), frame[DRIVER], domain)
            return {name: value(entry) for name, entry in found}

        return of_domain

    def of_all(frame: Frame) -> Domains:
        result = Domains()
        for qualified, entry in entries_of(frame[DEVICE]).items():
            domain, slash, name = qualified.partition("/")
            if not slash:
                domain, name = frame[DRIVER], qualified
            result.setdefault(domain, {})[name] = value(entry)
        return result

    return of_all


def variables(driver: str, device: Device) -> dict[str, Any]:
    """The values of an expression's variables; an attribute that has none is its error."""
    whole: Any = {"driver": driver, "allowMultipleAllocations": device.allow_multiple_allocations}
    for kind, value in _VALUES.items():
        whole[kind] = Domains()
        for qualified, entry in _ENTRIES[kind](device).items():
            domain, slash, name = qualified.partition("/")
            if not slash:
                domain, name = driver, qualified
            whole[kind].setdefault(domain, {})[name] = _value_or_error(value, entry)
    return {"device": whole}


def _value_or_error(value: Callable[[Any], Any], entry: Any) -> Any:
    try:
        return value(entry)
    except EvaluationError as error:
        return error
