"""Which functions and variables an expression may use: a device selector, or one of the language alone."""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import lru_cache

from cod.cel.functions import Overload
from cod.cel.names import CONSTANTS, LANGUAGE, LIBRARIES, OF_LISTS_OF_ATTRIBUTES, Functions
from cod.cel.parse import dotted
from cod.cel.syntax import Expression, Identifier, Select
from cod.cel.types import BOOL, DYN, QUANTITY, STRING, Type, is_generic, map_of, type_of
from cod.cel.values import TypeValue

DEVICE = Type("message", name="kubernetes.DRADevice")
LONGEST = 10 * 1024  # characters of a selector
_Found = tuple[tuple[Overload, ...], Type]


class Environment:
    """Functions, variables with their types, the fields of messages, and constants.

    In one that `is_strict` the items of a list, and the keys and values of a map, have one type, and a text
    that is written out as a duration, timestamp or regular expression is one.
    """

    def __init__(
        self,
        functions: Mapping[str, tuple[Overload, ...]],
        variables: Mapping[str, Type],
        fields: Mapping[str, Mapping[str, Type]] | None = None,
        *,
        is_strict: bool = False,
    ) -> None:
        self.functions = functions
        self.constants: dict[str, TypeValue] = CONSTANTS
        self.variables = {name: type_of(value.type) for name, value in CONSTANTS.items()} | dict(variables)
        self.fields = fields or {}
        self.is_strict = is_strict
        self._qualifiers = {name.partition(".")[0] for name in self.variables if "." in name}
        self._overloads: dict[tuple[str, bool, int], tuple[tuple[Overload, bool], ...]] = {}
        self._resolutions: dict[tuple[str, bool, tuple[Type, ...]], _Found] = {}

    def overloads(self, name: str, is_member: bool, count: int) -> tuple[tuple[Overload, bool], ...]:
        """The overloads of a function with so many parameters, each with whether it has types to choose."""
        key = (name, is_member, count)
        found = self._overloads.get(key)
        if found is None:
            found = self._overloads[key] = tuple(
                (overload, any(map(is_generic, (*overload.parameters, overload.result))))
                for overload in self.functions.get(name, ())
                if overload.is_member is is_member and len(overload.parameters) == count
            )
        return found

    def dotted_variable(self, node: Select, local: Container[str]) -> str:
        """The variable whose name has dots that a selection is, such as `google.protobuf.Duration`, or ""."""
        root: Expression = node
        while isinstance(root, Select):
            root = root.operand
        if not isinstance(root, Identifier) or root.name in local:
            return ""
        if root.name.removeprefix(".") not in self._qualifiers:
            return ""
        name = (dotted(node) or "").removeprefix(".")
        return name if name in self.variables else ""

    def resolution(self, name: str, is_member: bool, given: tuple[Type, ...]) -> _Found | None:
        """What such a call was found to mean before."""
        return self._resolutions.get((name, is_member, given))

    def remember(self, name: str, is_member: bool, given: tuple[Type, ...], found: _Found) -> None:
        """Note what such a call means, as many as there is room for."""
        if len(self._resolutions) < 4096:
            self._resolutions[name, is_member, given] = found


def library() -> Mapping[str, tuple[Overload, ...]]:
    """The functions of the language and of all libraries that Kubernetes has."""
    return Functions(LANGUAGE, LIBRARIES)


@lru_cache(maxsize=8)
def device_environment(*, consumable_capacity: bool = True, list_attributes: bool = True) -> Environment:
    """The environment of device selectors, with what two features of the API server add to it.

    An expression that is stored already may use both, whatever is switched on.
    """
    functions = Functions(LANGUAGE, LIBRARIES, OF_LISTS_OF_ATTRIBUTES) if list_attributes else library()
    fields = {
        "driver": STRING,
        "attributes": map_of(STRING, map_of(STRING, DYN)),
        "capacity": map_of(STRING, map_of(STRING, QUANTITY)),
    }
    if consumable_capacity:
        fields["allowMultipleAllocations"] = BOOL
    return Environment(functions, {"device": DEVICE}, {DEVICE.name: fields}, is_strict=True)


def plain_environment(variables: Mapping[str, Type] | None = None) -> Environment:
    """An environment of the language and the libraries alone, with some variables."""
    return Environment(library(), variables or {})
