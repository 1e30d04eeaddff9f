"""Ask for devices by annotation: `cdi.k8s.io/plugin_id: vendor.com/gpu=0,vendor.com/gpu=1`.

This is how a device plugin tells a container's runtime what to inject.

Source: the reference's annotation helpers, whose texts these are, and Kubernetes' device plugin API.
"""

from __future__ import annotations

from cod.cdi.names import (
    KIND_CHARACTERS,
    InvalidName,
    is_qualified_name,
    parse_qualified_name,
    wrong_character,
)
from cod.cdi.quote import quote
from cod.errors import Refused

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PREFIX = "cdi.k8s.io/"

_LONGEST_NAME = 63  # bytes, as Kubernetes has it


class InvalidAnnotation(Refused):
    """An annotation with the prefix `cdi.k8s.io/` cannot be made or cannot be read."""


def annotation_key(plugin: str, device_id: str) -> str:
    """Make the key by which a plugin, such as `vendor.class`, asks for the devices of one allocation.

    `device_id` tells the allocations of a plugin apart; of its `/` become `_`. Raises InvalidAnnotation.
    """
    if not plugin:
        raise InvalidAnnotation("invalid plugin name, empty")
    if not device_id:
        raise InvalidAnnotation("invalid deviceID, empty")
    name = f"{plugin}_{device_id.replace('/', '_')}"
    if problem := _name_problem(name):
        raise InvalidAnnotation(problem)
    return PREFIX + name


def _name_problem(name: str) -> str | None:
    encoded = name.encode("utf-8", "replace")
    first, last = chr(encoded[0]), chr(encoded[-1])  # the reference goes by bytes
    if len(encoded) > _LONGEST_NAME:
        return f"invalid plugin+deviceID {quote(name)}, too long"
    if not (first.isascii() and first.isalnum()):
        return f"invalid name {quote(name)}, first '{first}' should be alphanumeric"
    if wrong := wrong_character(name, KIND_CHARACTERS):
        return f"invalid name {quote(name)}, invalid character '{wrong}'"
    if not (last.isascii() and last.isalnum()):
        return f"invalid name {quote(name)}, last '{last}' should be alphanumeric"
    return None


def annotation_value(devices: Iterable[str]) -> str:
    """Join qualified names with commas. Raises InvalidAnnotation for the first name that is not qualified."""
    names = list(devices)
    try:
        for name in names:
            parse_qualified_name(name)
    except InvalidName as error:
        raise InvalidAnnotation(error.what, hint=error.hint) from None
    return ",".join(names)


def annotate(
    annotations: Mapping[str, str], plugin: str, device_id: str, devices: Iterable[str]
) -> dict[str, str]:
    """Return the annotations with a plugin's request for devices added.

    Raises InvalidAnnotation, also if the same plugin has used the same `device_id` before.
    """
    try:
        key = annotation_key(plugin, device_id)
        added = {} if key in annotations else {key: annotation_value(devices)}
    except InvalidAnnotation as error:
        raise InvalidAnnotation(f"CDI annotation failed: {error.what}", hint=error.hint) from None
    if not added:
        raise InvalidAnnotation(f"CDI annotation failed, key {quote(key)} used")
    return {**annotations, **added}


def parse_annotations(annotations: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Find the keys that ask for devices, sorted, and all the devices asked for in that order.

    Spaces around a comma are not allowed. Raises InvalidAnnotation for the first name that is not qualified.
    """
    keys = sorted(key for key in annotations if key.startswith(PREFIX))
    devices = [device for key in keys for device in annotations[key].split(",")]
    for device in devices:
        if not is_qualified_name(device):
            raise InvalidAnnotation(f"invalid CDI device name {quote(device)}")
    return keys, devices
