"""What every object of the API has: version, kind, metadata, and room for what COD does not know."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, field

API_GROUP = "resource.k8s.io"
API_VERSION = "resource.k8s.io/v1"
UNKNOWN = "cod.dev/unknown"  # no API calls a field so; see `cod.resource.decode`

QuantityText = Annotated[str, Meta(extra={"quantity": True})]
"""A quantity as it is written, `80Gi`. A file may also have a number there; it is read as that text."""


class Value(
    Struct,
    frozen=True,
    gc=False,
    omit_defaults=True,
    rename="camel",
    kw_only=True,
    forbid_unknown_fields=True,
):
    """What all parts of an object share: immutable, compared by content, named in camelCase in a file.

    `unknown` holds the fields of a newer API that COD does not know, by their names; `decode` puts them
    there and `encode` back in their place, so that they stay with the part that they belong to.
    """

    unknown: dict[str, Any] | UnsetType = field(default=UNSET, name=UNKNOWN)


class Whole(Value, frozen=True, gc=False, omit_defaults=False):
    """A part whose fields are all written, also those that have their usual values."""


class OwnerReference(Value, frozen=True, gc=False):
    """The object without which this one is to be deleted."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class ObjectMeta(Value, frozen=True, gc=False):
    """An object's name and labels, and what the API server adds. Times are RFC 3339 in UTC."""

    name: str = ""
    creation_timestamp: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    namespace: str = ""
    generate_name: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    owner_references: tuple[OwnerReference, ...] = ()
    finalizers: tuple[str, ...] = ()
    deletion_timestamp: str = ""
    deletion_grace_period_seconds: int | None = None
    managed_fields: tuple[Any, ...] = ()
    self_link: str = ""
