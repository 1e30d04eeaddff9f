"""The types of CEL. Source: cel-spec `doc/langdef.md` § Gradual type checking."""

from __future__ import annotations

from msgspec import Struct


class Type(Struct, frozen=True):
    """A type: `int`, `list(string)`, `map(string, dyn)`; a parameter such as `T` has the kind `parameter`."""

    kind: str
    parameters: tuple[Type, ...] = ()
    name: str = ""

    def __str__(self) -> str:
        """As messages name it."""
        shown = _SHOWN.get(self.kind) or self.name or self.kind
        return f"{shown}({', '.join(map(str, self.parameters))})" if self.parameters else shown


_SHOWN = {"null_type": "null", "error": "!error!"}

BOOL, INT, UINT, DOUBLE, STRING, BYTES = map(Type, ("bool", "int", "uint", "double", "string", "bytes"))
NULL = Type("null_type")
DYN, ERROR = Type("dyn"), Type("error")
TIMESTAMP = Type("opaque", name="timestamp")
DURATION = Type("opaque", name="duration")
QUANTITY = Type("opaque", name="kubernetes.Quantity")
SEMVER = Type("opaque", name="kubernetes.Semver")
IP = Type("opaque", name="net.IP")
CIDR = Type("opaque", name="net.CIDR")
URL = Type("opaque", name="kubernetes.URL")
FORMAT = Type("opaque", name="kubernetes.NamedFormat")


def list_of(item: Type) -> Type:
    """A list."""
    return Type("list", (item,))


def map_of(key: Type, value: Type) -> Type:
    """A map."""
    return Type("map", (key, value))


def optional_of(value: Type) -> Type:
    """A value that may be none."""
    return Type("opaque", (value,), "optional_type")


def type_of(of: Type) -> Type:
    """The type of a type."""
    return Type("type", (of,))


def parameter(name: str) -> Type:
    """A type that each call chooses anew."""
    return Type("parameter", (), name)


A, B, T = map(parameter, "ABT")


def is_generic(type_: Type) -> bool:
    """Whether a type has a parameter in it that is to be chosen."""
    return type_.kind == "parameter" or any(map(is_generic, type_.parameters))
