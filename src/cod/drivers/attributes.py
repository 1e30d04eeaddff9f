"""The attributes that drivers give their devices, and the classes that select by them.

Names with a domain mean the same for every driver; a name without one is the driver's own. The standard ones
are `resource.kubernetes.io/pciBusID`, `pcieRoot` and `numaNode`. Source: Kubernetes
`k8s.io/dynamic-resource-allocation/deviceattribute`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cod.host import PciFunction
from cod.resource import (
    NUMA_NODE,
    PCI_BUS_ID,
    PCIE_ROOT,
    Attribute,
    CELSelector,
    ClassSpec,
    DeviceClass,
    ObjectMeta,
    Selector,
)

CLASS_ATTRIBUTE = "cod.dev/class"  # gpu.nvidia.com: the class of the family, by which claims ask for it
TYPE_ATTRIBUTE = "cod.dev/type"  # gpu: what it is, whoever made it
PARENT_ATTRIBUTE = (
    "cod.dev/parent"  # the name of the device it is a part of: a GPU's partition, a board's region
)
VERSION_ATTRIBUTE = "driverVersion"  # unqualified: of the kernel's or the vendor's driver

LONGEST_STRING = 64  # of an attribute, in the Kubernetes API

Plain = bool | int | str | None
"""What an attribute can be made of; None makes none."""


def attributes(values: Mapping[str, Plain]) -> dict[str, Attribute]:
    """Plain values as typed ones. What is None or "" is left out, and a text is cut at 64 bytes."""
    return {name: _typed(value) for name, value in values.items() if value is not None and value != ""}


def version(text: str) -> Attribute | None:
    """A text such as `535.104.05` or `6.1` as a semantic version without leading zeros, or None."""
    numbers = text.split("-")[0].split("+")[0].split(".")[:3]
    if not numbers or not all(each.isdecimal() and each.isascii() and len(each) < 10 for each in numbers):
        return None
    return Attribute(version=".".join(str(int(each)) for each in [*numbers, "0", "0"][:3]))


def driver_version(text: str) -> dict[str, Attribute]:
    """The version of a device's driver, where a text is one."""
    found = version(text)
    return {VERSION_ATTRIBUTE: found} if found else {}


def strings(name: str, texts: Iterable[str]) -> dict[str, Attribute]:
    """A list of texts, each cut at 64 bytes; nothing where it is empty."""
    cut = tuple(map(_cut, texts))
    return {name: Attribute(strings=cut)} if cut else {}


def family(type_: str, class_: str = "") -> dict[str, Attribute]:
    """The attributes by which the classes of `family_classes` select: `family("gpu", "gpu.nvidia.com")`."""
    return attributes({CLASS_ATTRIBUTE: class_ or type_, TYPE_ATTRIBUTE: type_})


def place(function: PciFunction) -> dict[str, Attribute]:
    """Where a PCI function is, as the standard attributes say it."""
    return attributes(
        {
            PCI_BUS_ID: function.address,
            PCIE_ROOT: function.root,
            NUMA_NODE: function.numa_node if function.numa_node >= 0 else None,
        }
    )


def family_classes(type_: str, *classes: str) -> tuple[DeviceClass, ...]:
    """The classes of a family: each of `classes` (`gpu.nvidia.com`), and `type_` (`gpu`) for any vendor's."""
    return (*map(attribute_class, classes), _selecting(type_, TYPE_ATTRIBUTE))


def attribute_class(name: str) -> DeviceClass:
    """The class of the devices whose attribute `cod.dev/class` is this name."""
    return _selecting(name, CLASS_ATTRIBUTE)


def _selecting(name: str, attribute: str) -> DeviceClass:
    """A class by one attribute; devices of foreign drivers, which lack it, are no error."""
    domain, _, identifier = attribute.partition("/")
    expression = f'device.attributes["{domain}"].?{identifier}.orValue("") == "{name}"'
    return DeviceClass(metadata=ObjectMeta(name=name), spec=ClassSpec((Selector(CELSelector(expression)),)))


def _typed(value: bool | int | str) -> Attribute:
    if isinstance(value, bool):
        return Attribute(bool_=value)
    if isinstance(value, int):
        return Attribute(int_=value)
    return Attribute(string=_cut(value))


def _cut(text: str) -> str:
    return text.encode("utf-8", "replace")[:LONGEST_STRING].decode("utf-8", "ignore")
