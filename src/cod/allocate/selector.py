"""Whether a class selects a device.

So far only the one form of CEL that COD's own classes use; `cod.cel` will take this module's place.
"""

from __future__ import annotations

import re

from cod.errors import Refused
from cod.resource import Device, DeviceClass

_FORM = re.compile(
    r"""\s*device\.attributes\[(?P<q>["'])(?P<domain>[a-z0-9.-]+)(?P=q)\]"""
    r"""\.(?:\?(?P<optional>[A-Za-z_]\w*)\.orValue\((?:""|'')\)|(?P<name>[A-Za-z_]\w*))"""
    r"""\s*==\s*(?P<p>["'])(?P<value>[^"'\\\n]*)(?P=p)\s*""",
    re.ASCII,
)


def conditions(class_: DeviceClass) -> tuple[tuple[str, str, str], ...]:
    """What a class asks for, all of it: attributes as domain, name and the string it must be."""
    return tuple(_condition(class_.name, each.cel.expression) for each in class_.spec.selectors)


def selects(wanted: tuple[tuple[str, str, str], ...], driver: str, device: Device) -> bool:
    """Whether a device meets all conditions. An attribute without a domain belongs to the driver's."""
    return all(_value(driver, device, domain, name) == value for domain, name, value in wanted)


def _condition(class_name: str, expression: str) -> tuple[str, str, str]:
    match = _FORM.fullmatch(expression)
    if match is None:
        raise Refused(
            f"class {class_name}: its selector cannot be evaluated yet",
            causes=(expression,),
            hint='known so far is device.attributes["DOMAIN"].NAME == "VALUE", or .?NAME.orValue("")',
        )
    return match["domain"], match["optional"] or match["name"], match["value"]


def _value(driver: str, device: Device, domain: str, name: str) -> str | None:
    attribute = device.attributes.get(f"{domain}/{name}")
    if attribute is None and domain == driver:
        attribute = device.attributes.get(name)
    return attribute.string if attribute else None
