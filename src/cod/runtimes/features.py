"""What an OCI runtime says that it can do (`runc features`): asked only for what some leave out silently.

Source: OCI runtime spec, features.md. runc before 1.4 and crun before 1.22 ignore `linux.netDevices`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec
from msgspec import Struct

from cod.cdi.spec import ContainerEdits
from cod.runtimes.asking import ask
from cod.runtimes.command import RuntimeUnavailable
from cod.runtimes.translate import NotCarried


class _Feature(Struct):
    enabled: bool | None = None
    schemata: bool | None = None
    monitoring: bool | None = None


class _Linux(Struct, rename="camel"):
    net_devices: _Feature | None = None
    intel_rdt: _Feature | None = None


class _Features(Struct):
    linux: _Linux | None = None


def check_features(
    program: str | Callable[[], str], edits: ContainerEdits, environ: Mapping[str, str]
) -> None:
    """Raise NotCarried for what this runtime would leave out, or the one that an engine says it uses."""
    if not edits.net_devices and edits.intel_rdt is None:
        return
    program = program if isinstance(program, str) else program()
    problems = tuple(_problems(edits, _features(program, environ)))
    if problems:
        raise NotCarried(
            f"this {program} cannot give a container all that these devices need",
            causes=problems,
            hint=f"{program} features says what it knows; use a newer one",
        )


def _problems(edits: ContainerEdits, linux: _Linux) -> Iterator[str]:
    rdt, knows = edits.intel_rdt, linux.intel_rdt or _Feature()
    if edits.net_devices and not (linux.net_devices or _Feature()).enabled:
        names = ", ".join(device.host_interface_name for device in edits.net_devices)
        yield f"the network interface {names}: it does not know netDevices, and would leave it out"
    if rdt is None:
        return
    if not knows.enabled:
        yield "classes of cache and memory bandwidth: it does not know intelRdt, and would leave it out"
        return
    if rdt.schemata is not None and not knows.schemata:
        yield "the schemata of cache and memory bandwidth: it does not know them, and would leave them out"
    if rdt.enable_monitoring and not knows.monitoring:
        yield "the monitoring of cache and memory bandwidth: it does not know it, and would leave it out"


def _features(program: str, environ: Mapping[str, str]) -> _Linux:
    try:
        answer = msgspec.json.decode(ask((program, "features"), environ), type=_Features)
    except (RuntimeUnavailable, msgspec.DecodeError):
        return _Linux()  # a runtime that is older than the question knows none of it
    return answer.linux or _Linux()
