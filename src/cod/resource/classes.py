"""DeviceClass: a name for the devices that all of its selectors accept; without selectors, for every device.

Source: Kubernetes `k8s.io/api/resource/v1` DeviceClass.
"""

from __future__ import annotations

from typing import Any

from cod.resource.meta import API_VERSION, ObjectMeta, Value, Whole


class CELSelector(Value, frozen=True, gc=False):
    """A CEL expression over one `device` that gives a truth value."""

    expression: str


class Selector(Value, frozen=True, gc=False):
    """One condition on a device."""

    cel: CELSelector


class OpaqueConfig(Value, frozen=True, gc=False):
    """Settings that only the driver understands; `parameters` is a JSON object."""

    driver: str
    parameters: Any


class ClassConfig(Value, frozen=True, gc=False):
    """Settings for every device of a class."""

    opaque: OpaqueConfig | None = None


class ClassSpec(Value, frozen=True, gc=False):
    """What a class selects, how its devices are set up, and as which extended resource pods ask for it."""

    selectors: tuple[Selector, ...] = ()
    config: tuple[ClassConfig, ...] = ()
    extended_resource_name: str = ""


class DeviceClass(Whole, frozen=True, gc=False, kw_only=True):
    """A class, as the API has it."""

    api_version: str = API_VERSION
    kind: str = "DeviceClass"
    metadata: ObjectMeta = ObjectMeta()
    spec: ClassSpec = ClassSpec()

    @property
    def name(self) -> str:
        """The name by which a request asks for the class."""
        return self.metadata.name
