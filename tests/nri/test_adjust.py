from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from cod.cdi import ContainerEdits, DeviceNode, Hook, IntelRdt, Mount, NetDevice
from cod.nri.adjust import NriCannot, by_edits, by_names, is_there
from cod.nri.carries import Carries
from cod.nri.messages import CreateContainerRequest

OLD = Carries("containerd 1.7.24")
DOCKER = Carries("docker 29", nodes=False)

NODE = DeviceNode(path="/dev/x", type="c", major=203, minor=1, file_mode=0o600)
MOUNT = Mount(host_path="/opt/lib", container_path="/lib/x", options=("ro", "bind"))
HOOK = Hook(hook_name="createRuntime", path="/bin/hook", args=("hook", "a"), env=("A=1",), timeout=3)


def container(**fields: Any) -> Any:
    return CreateContainerRequest(container=fields).container


def test_every_edit_reaches_its_field() -> None:
    edits = ContainerEdits(
        env=("A=1", "B=x=y", "C="),
        device_nodes=(
            NODE,
            DeviceNode(path="/dev/y", type="b", major=7, minor=2, file_mode=0o640, uid=5, gid=6),
        ),
        hooks=(HOOK, Hook(hook_name="poststop", path="/bin/end")),
        mounts=(MOUNT,),
    )
    found = by_edits(edits, container(), OLD)
    assert [(each.key, each.value) for each in found.env] == [("A", "1"), ("B", "x=y"), ("C", "")]
    x, y = found.linux.devices
    assert (x.path, x.type, x.major, x.minor, x.file_mode.value) == ("/dev/x", "c", 203, 1, 0o600)
    assert not x.HasField("uid")
    assert (y.type, y.uid.value, y.gid.value) == ("b", 5, 6)
    [mount] = found.mounts
    assert (mount.destination, mount.source, mount.type, [*mount.options]) == (
        "/lib/x",
        "/opt/lib",
        "",
        ["ro", "bind"],
    )
    [hook] = found.hooks.create_runtime
    assert (hook.path, [*hook.args], [*hook.env], hook.timeout.value) == (
        "/bin/hook",
        ["hook", "a"],
        ["A=1"],
        3,
    )
    assert not found.hooks.poststop[0].HasField("timeout")


@pytest.mark.parametrize(
    ("carried", "edits", "problem"),
    [
        (OLD, ContainerEdits(additional_gids=(44, 109)), "additional groups (44, 109)"),
        (OLD, ContainerEdits(net_devices=(NetDevice("veth7", "eth1"),)), "the network device veth7"),
        (OLD, ContainerEdits(intel_rdt=IntelRdt(clos_id="gold")), "intelRdt"),
        (DOCKER, ContainerEdits(device_nodes=(NODE,)), "the device node /dev/x"),
        (DOCKER, ContainerEdits(hooks=(HOOK,)), "the createRuntime hook /bin/hook"),
        (OLD, ContainerEdits(device_nodes=(DeviceNode("/dev/p", type="p"),)), "the node /dev/p of type p"),
        (
            OLD,
            ContainerEdits(device_nodes=(DeviceNode("/dev/x", permissions="r"),)),
            "permissions r of /dev/x (it would be rwm)",
        ),
        (
            OLD,
            ContainerEdits(device_nodes=(DeviceNode("/dev/x", permissions="none"),)),
            "permissions none of /dev/x (it would be rwm)",
        ),
        (OLD, ContainerEdits(env=("-A=1",)), "the name -A"),
        (OLD, ContainerEdits(mounts=(Mount("/a", "-/b"),)), "the name -/b"),
    ],
)
def test_what_a_runtime_cannot_carry_is_refused(
    carried: Carries, edits: ContainerEdits, problem: str
) -> None:
    with pytest.raises(NriCannot) as found:
        by_edits(edits, container(), carried)
    assert found.value.what == f"NRI of {carried.runtime} cannot carry {problem}"
    assert "CDI_devices" in found.value.hint
    assert "cod-runtime" in found.value.hint


def test_all_that_cannot_be_carried_is_told_at_once() -> None:
    edits = ContainerEdits(device_nodes=(NODE,), hooks=(HOOK,), additional_gids=(44,))
    with pytest.raises(NriCannot) as found:
        by_edits(edits, container(), DOCKER)
    assert len(found.value.causes) == 3


def test_docker_gets_variables_and_mounts() -> None:
    found = by_edits(ContainerEdits(env=("A=1",), mounts=(MOUNT,)), container(), DOCKER)
    assert len(found.env) == len(found.mounts) == 1
    assert not found.HasField("linux")
    assert not found.HasField("hooks")


@pytest.mark.parametrize("permissions", ["", "rw", "rwm", "mrw"])
def test_permissions_to_read_and_write_are_carried(permissions: str) -> None:
    node = DeviceNode("/dev/x", type="c", major=1, minor=3, file_mode=0o666, permissions=permissions)
    assert len(by_edits(ContainerEdits(device_nodes=(node,)), container(), OLD).linux.devices) == 1


def test_a_node_is_as_the_host_has_it() -> None:
    found = by_edits(
        ContainerEdits(device_nodes=(DeviceNode("/dev/y", host_path="/dev/null"),)), container(), OLD
    )
    host = Path("/dev/null").stat()
    [node] = found.linux.devices
    assert (node.type, node.major, node.minor) == ("c", os.major(host.st_rdev), os.minor(host.st_rdev))
    assert node.file_mode.value == stat.S_IMODE(host.st_mode)


def test_a_node_that_turns_out_to_be_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    node = DeviceNode("/dev/p", host_path=str(tmp_path / "pipe"))
    with pytest.raises(NriCannot, match="cannot carry the node /dev/p of type p") as found:
        by_edits(ContainerEdits(device_nodes=(node,)), container(), OLD)
    assert "cod-runtime" in found.value.hint


def test_an_owner_of_0_is_given_and_not_left_to_the_runtime() -> None:
    node = DeviceNode(path="/dev/x", type="c", major=203, minor=1, uid=0, gid=0)
    made = container(user={"uid": 7, "gid": 8})
    [found] = by_edits(ContainerEdits(device_nodes=(node,)), made, OLD).linux.devices
    assert (found.HasField("uid"), found.uid.value, found.HasField("gid")) == (True, 0, True)


def test_a_node_without_an_owner_belongs_to_the_containers_user_where_that_is_told() -> None:
    [node] = by_edits(
        ContainerEdits(device_nodes=(NODE,)), container(user={"uid": 7, "gid": 8}), OLD
    ).linux.devices
    assert (node.uid.value, node.gid.value) == (7, 8)


def test_mounts_of_a_container_with_users_of_its_own_are_mapped() -> None:
    made = container(linux={"namespaces": [{"type": "user"}]})
    [mount] = by_edits(ContainerEdits(mounts=(MOUNT,)), made, OLD).mounts
    assert [*mount.options] == ["ro", "bind", "idmap"]


def test_of_two_edits_of_one_thing_the_later_counts_once() -> None:
    edits = ContainerEdits(
        env=("A=1", "A=2"), device_nodes=(NODE, NODE), mounts=(MOUNT, Mount("/other", "/lib/x"))
    )
    found = by_edits(edits, container(), OLD)
    assert [(each.key, each.value) for each in found.env] == [("A", "2")]
    assert len(found.linux.devices) == 1
    assert [each.source for each in found.mounts] == ["/other"]


HAD = container(
    env=["PATH=/bin", "A=1"],
    mounts=[{"destination": "/lib/x", "source": "/opt/lib", "options": ["bind", "ro"]}],
    linux={"devices": [{"path": "/dev/x", "type": "c", "major": 203, "minor": 1}]},
    hooks={"create_runtime": [{"path": "/bin/hook", "args": ["hook", "a"], "env": ["A=1"]}]},
)
EDITS = ContainerEdits(env=("A=1",), device_nodes=(NODE,), mounts=(MOUNT,), hooks=(HOOK,))


def test_what_the_container_has_is_not_given_twice() -> None:
    assert not by_edits(EDITS, HAD, OLD).ByteSize()


def test_a_device_that_was_injected_is_recognized_by_all_of_its_edits() -> None:
    assert is_there(EDITS, HAD, False)
    assert not is_there(EDITS, container(), False)
    assert not is_there(ContainerEdits(env=("A=1",)), HAD, False)  # that may come from elsewhere
    assert not is_there(EDITS + ContainerEdits(env=("B=1",)), HAD, False)
    assert not is_there(EDITS + ContainerEdits(device_nodes=(DeviceNode("/dev/z"),)), HAD, False)


def test_a_device_that_cri_was_asked_for_is_recognized_by_any_of_its_edits() -> None:
    assert is_there(EDITS + ContainerEdits(device_nodes=(DeviceNode("/dev/z"),)), HAD, True)
    assert not is_there(EDITS, container(env=["A=1"]), True)


def test_names_are_given_as_they_are() -> None:
    assert [each.name for each in by_names(["a.com/b=0", "a.com/b=1"]).CDI_devices] == [
        "a.com/b=0",
        "a.com/b=1",
    ]
