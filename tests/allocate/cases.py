"""Claims, classes and slices, made short."""

from __future__ import annotations

from cod.drivers import CLASS_ATTRIBUTE, attribute_class
from cod.resource import (
    AllocationResult,
    Attribute,
    CELSelector,
    ClaimDevices,
    ClaimSpec,
    ClassSpec,
    Device,
    DeviceClass,
    DeviceRequest,
    ExactRequest,
    ObjectMeta,
    Pool,
    ResourceClaim,
    ResourceSlice,
    Selector,
    SliceSpec,
)

DRIVER = "sim.cod.dev"
POOL = "node"
GPU = attribute_class("sim-gpu")
KVM = attribute_class("kvm")
ANY = DeviceClass(metadata=ObjectMeta(name="any"), spec=ClassSpec())


def claim(name: str = "c", /, **requests: tuple[str, int]) -> ResourceClaim:
    """A claim whose requests are a class and a count each; all devices of the class where the count is -1."""
    wishes = tuple(
        DeviceRequest(each, ExactRequest(class_name, "All") if count == -1 else exact(class_name, count))
        for each, (class_name, count) in requests.items()
    )
    return ResourceClaim(metadata=ObjectMeta(name=name), spec=ClaimSpec(ClaimDevices(wishes)))


def exact(class_name: str, count: int) -> ExactRequest:
    return ExactRequest(class_name, count=count)


def slice_of(*devices: Device, generation: int = 1) -> ResourceSlice:
    return ResourceSlice(
        metadata=ObjectMeta(name="s"), spec=SliceSpec(DRIVER, Pool(POOL, generation), POOL, devices)
    )


def device(name: str, class_name: str = "sim-gpu") -> Device:
    return Device(name, {CLASS_ATTRIBUTE: Attribute(string=class_name)})


def gpus(count: int) -> ResourceSlice:
    return slice_of(*(device(f"gpu{index}") for index in range(count)))


def selecting(expression: str) -> DeviceClass:
    return DeviceClass(
        metadata=ObjectMeta(name="special"), spec=ClassSpec((Selector(CELSelector(expression)),))
    )


def key(name: str) -> tuple[str, str, str]:
    return (DRIVER, POOL, name)


def names(result: AllocationResult) -> list[str]:
    return [each.device for each in result.devices.results]
