"""The values in a rules file, each read from where it stands, so that a mistake has a line.

A text stands as it is written, in quotes or without: `vendor: 0403` is 0403 and no number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from cod.drivers.generic.rules import MOST_DEVICES

_ON = ("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON")
_OFF = ("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF")
_NULL = ("", "~", "null", "Null", "NULL")

_STEP = r"/(?!\.{1,2}(/|$))[^/\x00-\x1f]+"
_PATH = re.compile(rf"/dev({_STEP})+")
_MOUNT = re.compile(rf"({_STEP})+/?")
_SYSFS = re.compile(rf"(?=\w)[\w:.-]+({_STEP})*")
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")
_HEX = re.compile(r"[0-9a-fA-F]{4}")


class Mistake(Exception):
    """A value is not what it should be: what is wrong with it, and what to try."""

    def __init__(self, node: yaml.Node, what: str, hint: str) -> None:
        self.node, self.what, self.hint = node, what, hint


def entries(node: yaml.Node, what: str, hint: str) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """The entries of a mapping whose keys are texts."""
    if not isinstance(node, yaml.MappingNode):
        raise Mistake(node, f"{what} is no mapping", hint)
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise Mistake(key, f"a key of {what} is no text", hint)
        yield key, value


def items(node: yaml.Node) -> list[yaml.Node]:
    """The items of a list; what is no list is a list of itself."""
    return list(node.value) if isinstance(node, yaml.SequenceNode) else [node]


def is_off(node: yaml.Node) -> bool:
    """Whether a value is `off`, as YAML 1.1 spells it."""
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in _OFF


def text(node: yaml.Node, what: str, hint: str) -> str:
    """A text that is not empty, on one line."""
    if not isinstance(node, yaml.ScalarNode) or (not node.style and node.value in _NULL):
        raise Mistake(node, f"{what} is no text", hint)
    if not node.value.strip() or not node.value.isprintable():
        raise Mistake(node, f"{what} is empty or has characters that cannot be printed", hint)
    return str(node.value)


def group_name(node: yaml.Node) -> str:
    """The name of a group, which is a class of devices and part of their CDI names."""
    return _matching(
        node, _NAME, "the name of a group", "up to 32 small letters, digits and dashes: my-camera"
    )


def path(node: yaml.Node) -> str:
    """A pattern for device nodes, which are in /dev and nowhere else."""
    return _matching(node, _PATH, "a path", "a path below /dev without . and .., such as /dev/ttyUSB*")


def mount(node: yaml.Node) -> str:
    """A path in the container."""
    return _matching(node, _MOUNT, "mount", "a whole path without . and .., such as /dev/arm")


def sysfs_name(node: yaml.Node) -> str:
    """A file below a device's directory in sysfs."""
    return _matching(
        node, _SYSFS, "a name in sysfs", "a file below the device's directory, such as device/name"
    )


def usb_number(node: yaml.Node) -> str:
    """A vendor's or a product's number, as sysfs has it."""
    digits = _matching(
        node, _HEX, "a USB number", "the four hexadecimal digits that lsusb shows, such as 0403"
    )
    return digits.lower()


def serial(node: yaml.Node) -> str:
    """The serial number of a USB device."""
    return text(node, "serial", "the device's file `serial` in sysfs, such as A50285BI")


def pattern(node: yaml.Node) -> str:
    """A pattern for the text in a file of sysfs."""
    return text(node, "a pattern", "what the file should hold, such as HD*")


def permissions(node: yaml.Node) -> str:
    """What a container may do with a node."""
    value = text(node, "permissions", "rw")
    if not set(value) <= set("rwm") or len(set(value)) < len(value):
        raise Mistake(node, f"permissions {value!r} are none", "r, w, m or several of these: rw")
    return value


def join(node: yaml.Node) -> str:
    """What makes one device of several nodes."""
    value = text(node, "join", "parent, or all")
    if value not in ("parent", "all"):
        raise Mistake(node, f"join {value!r} is unknown", "parent, or all")
    return value


def switch(node: yaml.Node) -> bool:
    """On or off."""
    if is_off(node):
        return False
    if isinstance(node, yaml.ScalarNode) and not node.style and node.value in _ON:
        return True
    raise Mistake(node, "this is neither true nor false", "true, or leave it out")


def count(node: yaml.Node) -> int:
    """How many devices there are over the same nodes."""
    return _number(node, "count", 1)


def shared(node: yaml.Node) -> bool | int:
    """Whether several claims may have a device at a time, or how many."""
    try:
        return switch(node)
    except Mistake:
        return _number(node, "shared", 2)


def _number(node: yaml.Node, what: str, least: int) -> int:
    value = node.value if isinstance(node, yaml.ScalarNode) else ""
    if re.fullmatch("[1-9][0-9]{0,5}", value) and least <= int(value) <= MOST_DEVICES:
        return int(value)
    raise Mistake(node, f"{what} is no number from {least} to {MOST_DEVICES}", f"{what}: 4")


def _matching(node: yaml.Node, form: re.Pattern[str], what: str, hint: str) -> str:
    value = text(node, what, hint)
    if not form.fullmatch(value):
        raise Mistake(node, f"{what} cannot be {value!r}", hint)
    return value
