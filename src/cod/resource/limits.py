"""The limits of `resource.k8s.io/v1`. Source: Kubernetes `k8s.io/api/resource/v1`, types.go."""

from __future__ import annotations

from collections.abc import Iterable

from cod.resource.slices import Device

MOST_DEVICES_OF_SLICE = 128
MOST_SPECIAL_DEVICES_OF_SLICE = 64  # where one of them has taints, counters or lists
MOST_COUNTER_SETS_OF_SLICE = 8
MOST_COUNTERS_OF_SET = 32
MOST_ATTRIBUTES = 32  # attributes and capacities of a device together
MOST_ATTRIBUTE_VALUES = 48
MOST_CONSUMPTIONS = 2
MOST_COMPATIBILITY_GROUPS = 8
MOST_TAINTS = 16
MOST_TOLERATIONS = 16
MOST_CONDITIONS = 4  # binding conditions, and binding failure conditions
MOST_VALID_VALUES = 10
LONGEST_ATTRIBUTE_VALUE = 64  # bytes

MOST_REQUESTS = 32
MOST_SUBREQUESTS = 8
MOST_CONSTRAINTS = 32
MOST_CONFIGS = 32
MOST_SELECTORS = 32
MOST_DERIVED_ATTRIBUTES = 8
LONGEST_EXPRESSION = 10 * 1024
LONGEST_PARAMETERS = 10 * 1024

MOST_RESULTS = 32
MOST_CONSUMERS = 256
MOST_STATUS_CONDITIONS = 8
MOST_ADDRESSES = 16
LONGEST_STATUS_DATA = 10 * 1024
LONGEST_INTERFACE_NAME = 256
LONGEST_HARDWARE_ADDRESS = 128
LONGEST_ANNOTATIONS = 256 * 1024


def is_special(device: Device) -> bool:
    """Whether a device has taints, counters or lists, of which a slice holds fewer."""
    if device.taints or device.consumes_counters:
        return True
    return any(
        each.ints is not None
        or each.strings is not None
        or each.bools is not None
        or each.versions is not None
        for each in device.attributes.values()
    )


def most_devices(devices: Iterable[Device]) -> int:
    """How many devices a slice may have that has these."""
    return MOST_SPECIAL_DEVICES_OF_SLICE if any(map(is_special, devices)) else MOST_DEVICES_OF_SLICE
