"""Which functions and constants there are, by name.

A module is imported when the first of its functions is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import import_module

from cod.cel.functions import Overload
from cod.cel.types import Type
from cod.cel.values import TypeValue

LANGUAGE = {
    "operators": "_&&_ _||_ _?_:_ !_ @not_strictly_false _==_ _!=_ _<_ _<=_ _>_ _>=_ _+_ _-_ _*_ _/_ _%_ -_",
    "lookup": "@in _[_] _[?_] cel.@mapInsert optional.of optional.none optional.ofNonZeroValue value"
    " or orValue hasValue",
    "conversions": "int uint double bool string bytes timestamp duration type dyn",
    "times": "getFullYear getMonth getDayOfYear getDayOfMonth getDate getDayOfWeek getHours getMinutes"
    " getSeconds getMilliseconds",
    "standard": "size contains matches startsWith endsWith",
}
LIBRARIES = {
    "library.strings": "charAt indexOf lastIndexOf lowerAscii upperAscii trim substring replace split join"
    " format strings.quote",
    "library.lists": "slice flatten sort @sortByAssociatedKeys lists.range reverse distinct",
    "library.items": "isSorted sum min max indexOf lastIndexOf",
    "library.sets": "sets.contains sets.equivalent sets.intersects",
    "library.regex": "find findAll",
    "library.quantity": "quantity isQuantity sign isGreaterThan isLessThan compareTo asApproximateFloat"
    " asInteger isInteger add sub",
    "library.semver": "semver isSemver isGreaterThan isLessThan compareTo major minor patch",
    "library.net": "ip isIP ip.isCanonical family isUnspecified isLoopback isLinkLocalMulticast"
    " isLinkLocalUnicast isGlobalUnicast cidr isCIDR containsIP containsCIDR prefixLength masked string",
    "library.url": "url isURL getScheme getHost getHostname getPort getEscapedPath getQuery",
    "library.format": "validate format.named format.dns1123Label format.dns1123Subdomain format.dns1035Label"
    " format.qualifiedName format.dns1123LabelPrefix format.dns1123SubdomainPrefix"
    " format.dns1035LabelPrefix format.labelValue format.uri format.uuid format.byte format.date"
    " format.datetime",
}
OF_LISTS_OF_ATTRIBUTES = {"library.attributes": "includes"}

_TYPES = "bool int uint double string bytes list map type null_type optional_type net.IP net.CIDR"
_MESSAGES = ("google.protobuf.Timestamp", "google.protobuf.Duration")
CONSTANTS: dict[str, TypeValue] = {name: TypeValue(Type(name)) for name in (*_TYPES.split(), *_MESSAGES)}


class Functions(Mapping[str, tuple[Overload, ...]]):
    """The overloads of each function, from all modules that have some."""

    def __init__(self, *modules: Mapping[str, str]) -> None:
        self._homes: dict[str, list[str]] = {}
        self._found: dict[str, tuple[Overload, ...]] = {}
        for module, names in (pair for each in modules for pair in each.items()):
            for name in names.split():
                self._homes.setdefault(name, []).append(module)

    def __getitem__(self, name: str) -> tuple[Overload, ...]:
        found = self._found.get(name)
        if found is None:
            homes: Iterable[str] = self._homes[name]
            found = self._found[name] = sum((_overloads(home)[name] for home in homes), ())
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._homes

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


@lru_cache
def _overloads(module: str) -> Mapping[str, tuple[Overload, ...]]:
    """The overloads that a module has for each name."""
    found: dict[str, tuple[Overload, ...]] = {}
    for function in import_module(f"cod.cel.{module}").FUNCTIONS:
        found[function.name] = found.get(function.name, ()) + function.overloads
    return found
