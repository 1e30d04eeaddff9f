"""Versions of the CDI specification: which there are, and which one a spec needs.

Source: CDI SPEC.md § Released versions; the rules as the reference's MinimumRequiredVersion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cod.cdi.quote import quote
from cod.cdi.spec import ContainerEdits, Device, Spec

VERSIONS = ("0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0", "0.6.0", "0.7.0", "0.8.0", "1.0.0", "1.1.0")
LATEST = VERSIONS[-1]

_EARLIEST = "0.3.0"  # what is older has a name and was never supported


def minimum_version(spec: Spec) -> str:
    """Find the oldest version that knows all that a spec uses, whatever version it declares.

    Costs up to 1 µs a device.
    """
    return _needed(spec, spec.devices, _EARLIEST)


def version_problem(spec: Spec) -> str | None:
    """Say, in the reference's words, why a spec's declared version will not do, or None if it will.

    One leading `v` is fine. A spec is searched only for what is newer than its declared version.

    Of all devices the reference sees a node's `hostPath` and a mount's `type` in the last one alone (a loop
    variable of Go before 1.22). What it accepts works in every runtime today, so it is accepted here too.
    """
    declared = spec.cdi_version.removeprefix("v")
    if declared not in VERSIONS:
        return f"invalid version {quote(spec.cdi_version)}"
    needed = _needed(spec, spec.devices[-1:], max(declared, _EARLIEST, key=VERSIONS.index))
    return None if needed == declared else f"the spec version must be at least v{needed}"


def _needed(spec: Spec, devices: tuple[Device, ...], least: str) -> str:
    """Find the newest version that a spec needs, or `least` if it needs nothing newer.

    `devices` are those whose nodes and mounts count.
    """
    for version, is_needed in _RULES:
        if VERSIONS.index(version) <= VERSIONS.index(least):
            break
        if is_needed(spec, devices):
            return version
    return least


def _needs_1_1(spec: Spec, _: tuple[Device, ...]) -> bool:
    """Look for network devices, and in `intelRdt` for a list of schemata, be it empty, or monitoring."""
    for edits in _all_edits(spec, spec.devices):
        if edits.net_devices:
            return True
        rdt = edits.intel_rdt
        if rdt is not None and (rdt.schemata is not None or rdt.enable_monitoring):
            return True
    return False


def _needs_0_7(spec: Spec, _: tuple[Device, ...]) -> bool:
    """Look for an `intelRdt`, be it empty, and for additional groups."""
    return any(
        edits.intel_rdt is not None or edits.additional_gids for edits in _all_edits(spec, spec.devices)
    )


def _needs_0_6(spec: Spec, _: tuple[Device, ...]) -> bool:
    """Look for annotations, and for a dot in the class."""
    if spec.annotations or "." in spec.kind.partition("/")[2]:
        return True
    return any(device.annotations for device in spec.devices)


def _needs_0_5(spec: Spec, devices: tuple[Device, ...]) -> bool:
    """Look for a device's name that begins with a digit, and for a node's `hostPath`."""
    if any("0" <= device.name[:1] <= "9" for device in spec.devices):
        return True
    return any(node.host_path for edits in _all_edits(spec, devices) for node in edits.device_nodes)


def _needs_0_4(spec: Spec, devices: tuple[Device, ...]) -> bool:
    """Look for a mount's `type`."""
    return any(mount.type for edits in _all_edits(spec, devices) for mount in edits.mounts)


_RULES: tuple[tuple[str, Callable[[Spec, tuple[Device, ...]], bool]], ...] = (
    ("1.1.0", _needs_1_1),
    ("0.7.0", _needs_0_7),
    ("0.6.0", _needs_0_6),
    ("0.5.0", _needs_0_5),
    ("0.4.0", _needs_0_4),
)


def _all_edits(spec: Spec, devices: tuple[Device, ...]) -> Iterator[ContainerEdits]:
    yield spec.container_edits
    for device in devices:
        yield device.container_edits
