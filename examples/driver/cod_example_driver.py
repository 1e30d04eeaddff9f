"""A driver for COD: loop devices, of which a container may have one that is free."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from cod.cdi.spec import ContainerEdits
from cod.drivers import FoundDevice, Skipped, attribute_class, attributes, device_node, family
from cod.host import Host
from cod.resource import Device, DeviceClass, Taint

CLASS = "loop.example.com"  # what users ask for: cod run -d loop.example.com
KIND = "example.com/loop"  # vendor and class of the devices' CDI names


class Loop(Struct, frozen=True):
    """The driver; COD makes one, without arguments."""

    name: str = "loop.example.com"
    looks_for: str = "block devices loop0, loop1 …"

    def classes(self) -> Iterable[DeviceClass]:
        """The classes by which the devices are asked for, whether this machine has any or not."""
        return [attribute_class(CLASS)]

    def discover(self, host: Host) -> Iterable[FoundDevice | Skipped]:
        """The devices of a machine, whose files are read through `host` and in no other way."""
        for each in host.class_devices("block"):
            if not re.fullmatch(r"loop\d+", each.name):
                continue
            node = host.node_of(each.path)
            if node is None:
                yield Skipped(each.name, "it has no node in /dev")
                continue
            facts = {"blockSize": host.number(f"{each.path}/queue/logical_block_size")}
            is_used = host.exists(f"{each.path}/loop/backing_file")
            yield FoundDevice(
                Device(
                    each.name,
                    attributes=family("loop", CLASS) | attributes(facts),
                    taints=(Taint("cod.dev/unready", "has-a-file"),) if is_used else (),
                ),
                kind=KIND,
                cdi_name=each.name,
                edits=ContainerEdits(device_nodes=(device_node(node),)),
            )
