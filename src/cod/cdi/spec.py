"""A CDI spec as values: what a file says, field by field.

The types hold shapes and ranges, nothing more: building or decoding a value checks no rule of CDI, since a
broken spec must be representable to be explained. `cod.cdi.validate` knows the rules.

A field that a file leaves out has its zero value, as in the reference. The order of fields is the order of
output. Source: CDI SPEC.md § CDI JSON Specification.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

from msgspec import Meta, Struct, field

from cod.cdi.names import HOOK_NAMES as HOOK_NAMES

Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Uint32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]

NODE_TYPES = ("", "b", "c", "u", "p")


class Value(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """What all parts of a spec share: immutable, compared by content, named in camelCase in a file."""


class DeviceNode(Value, frozen=True, gc=False):
    """A device node for the container; what is not given is read from the host's node at injection.

    A `major` or `minor` of 0 counts as not given, as in the reference.
    """

    path: str = ""
    host_path: str = ""
    type: str = ""
    major: Int64 | None = None
    minor: Int64 | None = None
    file_mode: Uint32 | None = None
    permissions: str = ""
    uid: Uint32 | None = None
    gid: Uint32 | None = None


class NetDevice(Value, frozen=True, gc=False):
    """A network interface of the host that moves into the container under another name (CDI 1.1)."""

    host_interface_name: str = ""
    name: str = ""


class Hook(Value, frozen=True, gc=False):
    """A program that the runtime starts at a point of the container's life. `timeout` is in seconds."""

    hook_name: str = ""
    path: str = ""
    args: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    timeout: Int64 | None = None


class Mount(Value, frozen=True, gc=False):
    """A file or directory of the host that the container sees."""

    host_path: str = ""
    container_path: str = ""
    options: tuple[str, ...] = ()
    type: str = ""


class IntelRdt(Value, frozen=True, gc=False):
    """Cache and memory bandwidth classes. `schemata=()` needs CDI 1.1 and `None` does not."""

    clos_id: str = field(default="", name="closID")
    l3_cache_schema: str = ""
    mem_bw_schema: str = ""
    schemata: tuple[str, ...] | None = None
    enable_monitoring: bool = False


class ContainerEdits(Value, frozen=True, gc=False):
    """What changes in a container: for one device, or for every device of a spec."""

    env: tuple[str, ...] = ()
    device_nodes: tuple[DeviceNode, ...] = ()
    net_devices: tuple[NetDevice, ...] = ()
    hooks: tuple[Hook, ...] = ()
    mounts: tuple[Mount, ...] = ()
    intel_rdt: IntelRdt | None = None
    additional_gids: tuple[Uint32, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything changes; an empty `intelRdt` counts, as in the reference."""
        return self != NO_EDITS

    def __add__(self, other: ContainerEdits) -> ContainerEdits:
        """These edits and then the others: lists are joined, the later `intelRdt` replaces the earlier."""
        return join((self, other))


NO_EDITS = ContainerEdits()


def join(parts: Collection[ContainerEdits]) -> ContainerEdits:
    """All these edits, in their order: lists are joined, a later `intelRdt` replaces an earlier one."""
    return ContainerEdits(
        env=tuple([item for part in parts for item in part.env]),
        device_nodes=tuple([item for part in parts for item in part.device_nodes]),
        net_devices=tuple([item for part in parts for item in part.net_devices]),
        hooks=tuple([item for part in parts for item in part.hooks]),
        mounts=tuple([item for part in parts for item in part.mounts]),
        intel_rdt=next((part.intel_rdt for part in reversed([*parts]) if part.intel_rdt is not None), None),
        additional_gids=tuple([item for part in parts for item in part.additional_gids]),
    )


class Device(Value, frozen=True, gc=False):
    """A named device and what a container needs to use it."""

    name: str = ""
    annotations: dict[str, str] = {}
    container_edits: ContainerEdits = NO_EDITS


class Spec(Value, frozen=True, gc=False, kw_only=True):
    """One CDI spec: the devices of one kind, `vendor/class`, and the edits that they all need."""

    cdi_version: str = ""
    kind: str = ""
    annotations: dict[str, str] = {}
    devices: tuple[Device, ...] = ()
    container_edits: ContainerEdits = NO_EDITS

    @property
    def vendor(self) -> str:
        """The kind's part before the first `/`, or "" where the kind is none."""
        return self._split_kind[0]

    @property
    def class_(self) -> str:
        """The kind's part after the first `/`, or "" where the kind is none."""
        return self._split_kind[1]

    @property
    def _split_kind(self) -> tuple[str, str]:
        vendor, _, class_ = self.kind.partition("/")
        return (vendor, class_) if vendor and class_ else ("", "")
