"""DeviceClass: a name for the devices that all of its selectors accept; without selectors, for every device.

Source: Kubernetes `k8s.io/api/resource/v1` DeviceClass.
"""

from __future__ import annotations

from msgspec import Struct

from cod.resource.meta import API_VERSION, ObjectMeta, Value


class CELSelector(Value, frozen=True, gc=False):
    """A CEL expression over one `device` that gives a truth value."""

    expression: str


class Selector(Value, frozen=True, gc=False):
    """One condition on a device."""

    cel: CELSelector


class ClassSpec(Value, frozen=True, gc=False):
    """What a class selects."""

    selectors: tuple[Selector, ...] = ()


class DeviceClass(Struct, frozen=True, gc=False, rename="camel", kw_only=True):
    """A class, as the API has it."""

    api_version: str = API_VERSION
    kind: str = "DeviceClass"
    metadata: ObjectMeta
    spec: ClassSpec

    @property
    def name(self) -> str:
        """The name by which a request asks for the class."""
        return self.metadata.name
