"""Make a spec in code: for vendors, in the order in which one thinks.

    spec = build("vendor.com/gpu")
    spec.mount("/usr/lib/libvendor.so.1", options=("ro", "bind"))       # what all devices need
    for number in range(2):
        device = spec.device(f"gpu{number}")
        device.node(f"/dev/vendor{number}").env("VENDOR_GPU", str(number))
    spec.write("/etc/cdi")

What is built is checked, and declares the oldest version of CDI that knows all that it uses: a runtime drops
a whole file whose version is newer than its own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

from msgspec.structs import replace

from cod.cdi.problem import InvalidSpec
from cod.cdi.spec import (
    NO_EDITS,
    ContainerEdits,
    Device,
    DeviceNode,
    Hook,
    IntelRdt,
    Mount,
    NetDevice,
    Spec,
)
from cod.cdi.validate import problems
from cod.cdi.version import minimum_version
from cod.cdi.write import write


def build(kind: str) -> SpecBuilder:
    """A builder for the spec of a kind, `vendor/class`."""
    return SpecBuilder(kind)


class _EditsBuilder:
    """Collects container edits; every method returns its builder, so that calls can be chained."""

    def __init__(self) -> None:
        self._edits = NO_EDITS
        self._annotations: dict[str, str] = {}

    def env(self, name: str, value: str) -> Self:
        """Set an environment variable."""
        return self.edits(ContainerEdits(env=(f"{name}={value}",)))

    def node(self, path: str, *, host_path: str = "", permissions: str = "", **rest: Any) -> Self:
        """Add a device node; type and numbers are the host's unless they are given, as for `DeviceNode`."""
        node = DeviceNode(path=path, host_path=host_path, permissions=permissions, **rest)
        return self.edits(ContainerEdits(device_nodes=(node,)))

    def mount(
        self, host_path: str, container_path: str = "", *, options: tuple[str, ...] = (), kind: str = ""
    ) -> Self:
        """Add a mount, at the same path in the container unless another is given; `kind` is its `type`."""
        mount = Mount(host_path, container_path or host_path, options, kind)
        return self.edits(ContainerEdits(mounts=(mount,)))

    def hook(self, hook_name: str, path: str, *args: str, **rest: Any) -> Self:
        """Add a hook; `args` begin with the program's own name, as for `Hook`."""
        return self.edits(ContainerEdits(hooks=(Hook(hook_name, path, args, **rest),)))

    def net_device(self, host_interface_name: str, name: str) -> Self:
        """Move a network interface of the host into the container (CDI 1.1)."""
        return self.edits(ContainerEdits(net_devices=(NetDevice(host_interface_name, name),)))

    def gid(self, *gids: int) -> Self:
        """Add supplementary groups to the container's process (CDI 0.7)."""
        return self.edits(ContainerEdits(additional_gids=gids))

    def intel_rdt(self, rdt: IntelRdt) -> Self:
        """Set the cache and memory bandwidth class (CDI 0.7)."""
        return self.edits(ContainerEdits(intel_rdt=rdt))

    def edits(self, edits: ContainerEdits) -> Self:
        """Add edits made elsewhere."""
        self._edits += edits
        return self

    def annotate(self, key: str, value: str) -> Self:
        """Add an annotation (CDI 0.6)."""
        self._annotations[key] = value
        return self


class DeviceBuilder(_EditsBuilder):
    """What one device needs."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def device(self) -> Device:
        """The device as it is now, unchecked."""
        return Device(self.name, dict(self._annotations), self._edits)


class SpecBuilder(_EditsBuilder):
    """What all devices of a kind need, and the devices."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self._devices: list[DeviceBuilder] = []

    def device(self, name: str) -> DeviceBuilder:
        """Add a device and return its builder."""
        self._devices.append(DeviceBuilder(name))
        return self._devices[-1]

    def spec(self) -> Spec:
        """The spec as it is now, of the oldest version that knows all of it.

        Raises:
            InvalidSpec: with everything that is wrong with it.
        """
        spec = Spec(
            kind=self.kind,
            annotations=dict(self._annotations),
            devices=tuple(device.device() for device in self._devices),
            container_edits=self._edits,
        )
        spec = replace(spec, cdi_version=minimum_version(spec))
        if found := problems(spec):
            raise InvalidSpec("", found)
        return spec

    def write(self, directory: str | os.PathLike[str], name: str | None = None) -> Path:
        """Write the spec into a directory, under a name made of its kind unless one is given.

        Raises:
            InvalidSpec: with everything that is wrong with it.
            WriteFailed: if the file could not be written; then it is as it was before.
        """
        return write(self.spec(), directory, name)
