"""What every object of the API has: its version, its kind, its metadata."""

from __future__ import annotations

from msgspec import Struct

API_VERSION = "resource.k8s.io/v1"


class Value(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """What all parts of an object share: immutable, compared by content, named in camelCase in a file."""


class ObjectMeta(Value, frozen=True, gc=False):
    """An object's name and labels. `creation_timestamp` is RFC 3339 in UTC."""

    name: str = ""
    creation_timestamp: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
