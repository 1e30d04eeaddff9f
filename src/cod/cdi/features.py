"""What an OCI runtime knows of the edits that some leave out without a word.

It says so itself (`runc features`). runc before 1.4 and crun before 1.22 ignore `linux.netDevices`. Source:
OCI runtime spec, features.md.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cod.cdi.spec import ContainerEdits


def left_out(edits: ContainerEdits, features: Any) -> Iterator[str]:
    """What a runtime would leave out, a line each.

    `features` is what it prints, decoded. None is for a runtime that is older than the question, and knows
    none of it: what that would leave out is all for which a runtime has to be asked.
    """
    linux = _object(features, "linux")
    rdt, knows = edits.intel_rdt, _object(linux, "intelRdt")
    if edits.net_devices and _object(linux, "netDevices").get("enabled") is not True:
        names = ", ".join(device.host_interface_name for device in edits.net_devices)
        yield f"the network interface {names}: it does not know netDevices, and would leave it out"
    if rdt is None:
        return
    if knows.get("enabled") is not True:
        yield "classes of cache and memory bandwidth: it does not know intelRdt, and would leave it out"
        return
    if rdt.schemata is not None and knows.get("schemata") is not True:
        yield "the schemata of cache and memory bandwidth: it does not know them, and would leave them out"
    if rdt.enable_monitoring and knows.get("monitoring") is not True:
        yield "the monitoring of cache and memory bandwidth: it does not know it, and would leave it out"


def _object(value: Any, key: str) -> dict[str, Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
