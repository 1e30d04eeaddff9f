from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from cod.cdi.parse import parse
from cod.cdi.spec import ContainerEdits, Device, DeviceNode, Hook, IntelRdt, Mount, NetDevice, Spec
from cod.cdi.validate import HOOK_NAMES, NODE_TYPES, edits_problems, problems

from .specs import patient, specs

EDITS = ContainerEdits(env=("A=1",))
SPEC = Spec(
    cdi_version="1.1.0",
    kind="vendor.com/gpu",
    devices=(Device(name="gpu0", container_edits=EDITS),),
)


@patient
@given(specs)
def test_a_spec_that_keeps_all_rules_has_no_problems(spec: dict[str, Any]) -> None:
    assert problems(parse(json.dumps(spec, ensure_ascii=False).encode())) == []


def node(**changes: Any) -> ContainerEdits:
    return ContainerEdits(device_nodes=(replace(DeviceNode(path="/dev/a"), **changes),))


def hook(**changes: Any) -> ContainerEdits:
    return ContainerEdits(hooks=(replace(Hook(hook_name="prestart", path="/bin/a"), **changes),))


def mount(**changes: Any) -> ContainerEdits:
    return ContainerEdits(mounts=(replace(Mount(host_path="/a", container_path="/a"), **changes),))


def rdt(clos_id: str) -> ContainerEdits:
    return ContainerEdits(intel_rdt=IntelRdt(clos_id=clos_id))


def nets(*pairs: tuple[str, str]) -> ContainerEdits:
    return ContainerEdits(
        net_devices=tuple(NetDevice(host_interface_name=host, name=name) for host, name in pairs)
    )


@pytest.mark.parametrize(
    "edits",
    [
        ContainerEdits(),
        ContainerEdits(env=("A=", "A==", "A=b=c")),
        ContainerEdits(additional_gids=(0,)),
        *(node(type=kind) for kind in NODE_TYPES),
        *(node(permissions=letters) for letters in ("", "r", "mwr", "rrr", "none")),
        node(path="relative/../path"),
        *(hook(hook_name=name) for name in HOOK_NAMES),
        hook(timeout=-1),
        *(rdt(name) for name in ("", "/", "a", "...", "é" * 2047)),
        nets(("eth0", "a"), ("eth1", "b")),
    ],
)
def test_edits_may_be(edits: ContainerEdits) -> None:
    assert edits_problems(edits) == []


@pytest.mark.parametrize(
    ("edits", "rule", "place"),
    [
        (ContainerEdits(env=("A=1", "A")), "env", ("env", 1)),
        (ContainerEdits(env=("=1",)), "env", ("env", 0)),
        (ContainerEdits(env=("",)), "env", ("env", 0)),
        (node(path=""), "node-path", ("deviceNodes", 0, "path")),
        (node(type="x"), "node-type", ("deviceNodes", 0, "type")),
        (node(permissions="rx"), "node-permissions", ("deviceNodes", 0, "permissions")),
        (node(permissions="None"), "node-permissions", ("deviceNodes", 0, "permissions")),
        (hook(hook_name="Prestart"), "hook-name", ("hooks", 0, "hookName")),
        (hook(path=""), "hook-path", ("hooks", 0, "path")),
        (hook(env=("A=1", "B")), "env", ("hooks", 0, "env", 1)),
        (mount(host_path=""), "mount-path", ("mounts", 0, "hostPath")),
        (mount(container_path=""), "mount-path", ("mounts", 0, "containerPath")),
        *((rdt(name), "clos-id", ("intelRdt", "closID")) for name in (".", "..", "a/b", "a\n", "é" * 2048)),
        (nets(("", "a")), "net-name", ("netDevices", 0, "hostInterfaceName")),
        (nets(("eth0", "")), "net-name", ("netDevices", 0, "name")),
        (nets(("eth0", "a"), ("eth0", "b")), "net-twice", ("netDevices", 1, "hostInterfaceName")),
        (nets(("eth0", "a"), ("eth1", "a")), "net-twice", ("netDevices", 1, "name")),
    ],
)
def test_edits_may_not_be(edits: ContainerEdits, rule: str, place: tuple[Any, ...]) -> None:
    assert [(problem.rule, problem.path) for problem in edits_problems(edits)] == [(rule, place)]


@pytest.mark.parametrize(
    ("spec", "rule", "place"),
    [
        (replace(SPEC, cdi_version="1.1"), "version-unknown", ("cdiVersion",)),
        (replace(SPEC, cdi_version="0.3.0", annotations={"a": "b"}), "version-too-low", ("cdiVersion",)),
        (replace(SPEC, kind="gpu"), "vendor", ("kind",)),
        (replace(SPEC, kind="1/gpu"), "vendor", ("kind",)),
        (replace(SPEC, kind="vendor.com/gpu/a"), "class", ("kind",)),
        (replace(SPEC, devices=()), "no-devices", ("devices",)),
        (replace(SPEC, devices=SPEC.devices * 2), "device-twice", ("devices", 1, "name")),
        (replace(SPEC, devices=(Device("gpu0"),)), "device-empty", ("devices", 0, "containerEdits")),
        (
            replace(SPEC, devices=(Device("a b", container_edits=EDITS),)),
            "device-name",
            ("devices", 0, "name"),
        ),
        (
            replace(SPEC, container_edits=node(path="")),
            "node-path",
            ("containerEdits", "deviceNodes", 0, "path"),
        ),
    ],
)
def test_a_spec_may_not_be(spec: Spec, rule: str, place: tuple[Any, ...]) -> None:
    assert [(problem.rule, problem.path) for problem in problems(spec)] == [(rule, place)]


def test_all_problems_are_found_the_reference_s_first_one_first() -> None:
    broken = Spec(
        kind="-/-",
        devices=(Device("", container_edits=hook(path="", hook_name="") + node(path="")), Device("")),
        container_edits=ContainerEdits(env=("A",)),
    )
    assert [problem.rule for problem in problems(broken)] == [
        *("version-unknown", "vendor", "class", "env"),
        *("device-name", "node-path", "hook-name", "hook-path"),
        *("device-name", "device-empty", "device-twice"),
    ]
