"""Names of devices: `vendor/class=name`, and the kind `vendor/class` that a spec is about.

    kind            vendor.com/gpu
    qualified name  vendor.com/gpu=0

A vendor or class is `[A-Za-z]([A-Za-z0-9_.-]*[A-Za-z0-9])?`, a device's name may also begin with a digit and
have `:` inside. Only ASCII counts.

Source: CDI SPEC.md § Kind, § CDI Devices; texts as the reference's parser.
"""

from __future__ import annotations

from cod.cdi.quote import quote
from cod.errors import Refused

HOOK_NAMES = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ALPHANUMERIC = _LETTERS + "0123456789"
KIND_CHARACTERS = f"{_ALPHANUMERIC}_-.".encode()
_DEVICE_CHARACTERS = f"{_ALPHANUMERIC}_-.:".encode()


class InvalidName(Refused):
    """A name breaks the grammar: of a vendor, a class, a device, or of a file for a spec."""


def qualified_name(vendor: str, class_: str, name: str) -> str:
    """Join the three parts to `vendor/class=name`, unchecked."""
    return f"{vendor}/{class_}={name}"


def parse_qualified_name(text: str) -> tuple[str, str, str]:
    """Split `vendor/class=name` into its three parts.

    Raises InvalidName if it is not qualified, or if a part breaks the grammar.
    """
    vendor, class_, name = split_device(text)
    if not vendor:
        raise InvalidName(f"unqualified device {quote(text)}, missing vendor", hint="write vendor/class=name")
    problem = vendor_problem(vendor) or class_problem(class_) or device_name_problem(name)
    if problem:
        raise InvalidName(f"invalid device {quote(text)}: {problem}")
    return vendor, class_, name


def is_qualified_name(text: str) -> bool:
    """Whether `parse_qualified_name` accepts the text."""
    vendor, class_, name = split_device(text)
    return not (vendor_problem(vendor) or class_problem(class_) or device_name_problem(name))


def split_device(text: str) -> tuple[str, str, str]:
    """Split into vendor, class and name, unchecked; what is not qualified is `("", "", text)`."""
    kind, _, name = text.partition("=")
    vendor, class_ = split_kind(kind)
    return (vendor, class_, name) if vendor and name else ("", "", text)


def split_kind(text: str) -> tuple[str, str]:
    """Split `vendor/class` at its first `/`, unchecked; what is no kind is `("", text)`."""
    vendor, _, class_ = text.partition("/")
    return (vendor, class_) if vendor and class_ else ("", text)


def vendor_problem(name: str) -> str | None:
    """Say what is wrong with a vendor, in the reference's words, or None if nothing is."""
    problem = _kind_part_problem(name)
    return f"invalid vendor. {problem}" if problem else None


def class_problem(name: str) -> str | None:
    """Say what is wrong with a class, in the reference's words, or None if nothing is."""
    problem = _kind_part_problem(name)
    return f"invalid class. {problem}" if problem else None


def _kind_part_problem(name: str) -> str | None:
    if not name:
        return "empty name"
    if name[0] not in _LETTERS:
        return f"{quote(name)}, should start with letter"
    if wrong := wrong_character(name, KIND_CHARACTERS):
        return f"invalid character '{wrong}' in name {quote(name)}"
    if name[-1] not in _ALPHANUMERIC:
        return f"{quote(name)}, should end with a letter or digit"
    return None


def device_name_problem(name: str) -> str | None:
    """Say what is wrong with a device's name, in the reference's words, or None if nothing is.

    Costs 0.1 µs for a name of letters and digits, 0.3 µs for others.
    """
    if name.isalnum() and name.isascii():
        return None
    if not name:
        return "invalid (empty) device name"
    if name[0] not in _ALPHANUMERIC:
        return f"invalid class {quote(name)}, should start with a letter or digit"
    if wrong := wrong_character(name, _DEVICE_CHARACTERS):
        return f"invalid character '{wrong}' in device name {quote(name)}"
    if name[-1] not in _ALPHANUMERIC:
        return f"invalid name {quote(name)}, should end with a letter or digit"
    return None


def wrong_character(name: str, allowed: bytes) -> str:
    """Find the first character inside a name that is not allowed, or "": its first and last do not count.

    The reference goes by bytes: of a last character that is not ASCII it sees all but the last byte, which is
    no UTF-8 and so shows as U+FFFD.
    """
    if not name.encode("utf-8", "replace").translate(None, allowed):
        return ""
    for char in name[1:-1]:
        if char not in allowed.decode():
            return "\ufffd" if "\ud800" <= char <= "\udfff" else char
    return "" if name[-1].isascii() else "\ufffd"
