"""What an OCI runtime says that it can do (`runc features`): asked only for what some leave out silently.

Source: OCI runtime spec, features.md. runc before 1.4 and crun before 1.22 ignore `linux.netDevices`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from cod.cdi.spec import ContainerEdits
from cod.runtimes.asking import ask
from cod.runtimes.command import RuntimeUnavailable
from cod.runtimes.translate import NotCarried


def check_features(program: str, edits: ContainerEdits, environ: Mapping[str, str]) -> None:
    """Raise NotCarried for what this runtime would leave out."""
    rdt = edits.intel_rdt
    if not edits.net_devices and rdt is None:
        return
    problems = tuple(_problems(edits, _features(program, environ)))
    if problems:
        raise NotCarried(
            f"this {program} cannot give a container all that these devices need",
            causes=problems,
            hint=f"{program} features says what it knows; use a newer one",
        )


def _problems(edits: ContainerEdits, linux: dict[str, Any]) -> Iterator[str]:
    rdt, knows = edits.intel_rdt, linux.get("intelRdt") or {}
    if edits.net_devices and not (linux.get("netDevices") or {}).get("enabled"):
        names = ", ".join(device.host_interface_name for device in edits.net_devices)
        yield f"the network interface {names}: it does not know netDevices, and would leave it out"
    if rdt is not None and not knows.get("enabled"):
        yield "classes of cache and memory bandwidth: it does not know intelRdt, and would leave it out"
    elif rdt is not None and rdt.schemata is not None and not knows.get("schemata"):
        yield "the schemata of cache and memory bandwidth: it does not know them, and would leave them out"
    elif rdt is not None and rdt.enable_monitoring and not knows.get("monitoring"):
        yield "the monitoring of cache and memory bandwidth: it does not know it, and would leave it out"


def _features(program: str, environ: Mapping[str, str]) -> dict[str, Any]:
    try:
        answer = msgspec.json.decode(ask((program, "features"), environ).encode())
    except (RuntimeUnavailable, msgspec.DecodeError):
        return {}  # a runtime that is older than the question knows none of it
    linux = answer.get("linux") if isinstance(answer, dict) else None
    return linux if isinstance(linux, dict) else {}
