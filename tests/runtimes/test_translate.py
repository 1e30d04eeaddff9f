"""What a runtime can be told: everything is carried, or it is refused and the reason said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cod.cdi.inject import InjectionFailed
from cod.cdi.spec import ContainerEdits, DeviceNode, Hook, IntelRdt, Mount, NetDevice
from cod.runtimes.table import WAYS
from cod.runtimes.translate import NotCarried, Way, host_node, is_read_only

BARE = Way(runtime="bare", env="x", nodes="x", mounts="x", unsayable=":", others="open")
PARTS = {
    "nodes": ContainerEdits(device_nodes=(DeviceNode("/dev/null"),)),
    "env": ContainerEdits(env=("A=b",)),
    "mounts": ContainerEdits(mounts=(Mount("/etc/passwd", "/p"),)),
    "gids": ContainerEdits(additional_gids=(5,)),
    "hooks": ContainerEdits(hooks=(Hook("poststop", "/bin/h"),)),
    "net_devices": ContainerEdits(net_devices=(NetDevice("eth7", "net0"),)),
    "intel_rdt": ContainerEdits(intel_rdt=IntelRdt(clos_id="c")),
}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.runtime} {way.when}")
@pytest.mark.parametrize("part", [name for name in PARTS if name != "env"])
def test_a_way_carries_what_its_row_says_and_refuses_the_rest(way: Way, part: str) -> None:
    if getattr(way, part):
        assert way.carried(PARTS[part])
    else:
        with pytest.raises(NotCarried) as refused:
            way.carried(PARTS[part])
        assert len(refused.value.causes) == 1
        assert refused.value.hint


def test_all_that_is_wrong_is_in_one_refusal() -> None:
    everything = ContainerEdits()
    for edits in PARTS.values():
        everything += edits
    with pytest.raises(NotCarried) as refused:
        BARE.carried(everything)
    assert [cause.split(" ")[1] for cause in refused.value.causes] == ["groups", "hook", "network", "of"]


@pytest.mark.parametrize(
    ("mode", "option", "is_kept"),
    [
        (0o644, "nosuid", True), (0o4755, "nosuid", False), (0o2755, "nosuid", False), (0o644, "nodev", True),
        (0o644, "noexec", False), (0o644, "rprivate", True), (0o644, "shared", False),
    ],
)  # fmt: skip
def test_an_option_is_left_out_only_where_it_makes_no_difference(
    tmp_path: Path, mode: int, option: str, is_kept: bool
) -> None:
    file = tmp_path / "file"
    file.touch()
    file.chmod(mode)
    edits = ContainerEdits(mounts=(Mount(str(file), "/f", ("rw", option)),))
    if is_kept:
        assert BARE.carried(edits).mounts == edits.mounts
        return
    with pytest.raises(NotCarried) as refused:
        BARE.carried(edits)
    assert refused.value.causes == (f"the option {option} of the mount /f",)


def test_of_a_directory_no_restriction_is_left_out(tmp_path: Path) -> None:
    options = ("ro", "nosuid", "nodev", "rbind")
    with pytest.raises(NotCarried) as refused:
        BARE.carried(ContainerEdits(mounts=(Mount(str(tmp_path), "/f", options),)))
    assert [cause.split(" ")[2] for cause in refused.value.causes] == ["ro", "nosuid", "nodev"]


@pytest.mark.parametrize(
    ("node", "why"),
    [
        (DeviceNode("/dev/no/such"), "no such file"),
        (DeviceNode("/dev/no/such", type="c", major=203, minor=0), "no such file"),
        (
            DeviceNode("/dev/null", type="c", major=1, minor=5),
            "is c 1:5, and /dev/null of the host",
        ),
        (DeviceNode("/dev/null", type="b", major=1, minor=3), "is another"),
        (DeviceNode("/dev/null", uid=os.lstat("/dev/null").st_uid + 1), "the owner"),
        (DeviceNode("/dev/null", gid=os.lstat("/dev/null").st_gid + 1), "the group"),
        (DeviceNode("/dev/null", file_mode=0o440), "the mode 440: /dev/null of the host has 666"),
        (DeviceNode("/etc/passwd"), "not a device node"),
        (DeviceNode("/dev/null", type="p"), "is another"),
    ],
)
def test_a_node_that_the_host_does_not_have_is_refused(node: DeviceNode, why: str) -> None:
    with pytest.raises(InjectionFailed, match=why):
        host_node(node)
    with pytest.raises(NotCarried) as refused:
        BARE.carried(ContainerEdits(device_nodes=(node,)))
    assert why in refused.value.causes[0]


def test_a_node_is_told_with_what_it_is_allowed() -> None:
    node = host_node(DeviceNode("/dev/x", "/dev/zero", permissions="rw"))
    assert (node.triple, node.rule) == ("/dev/zero:/dev/x:rw", "c 1:5 rw")
    assert host_node(DeviceNode("/dev/zero")).access == "rwm"
    assert host_node(DeviceNode("/dev/zero", permissions="none")).access == ""
    assert host_node(DeviceNode("/dev/zero", type="u", major=1, minor=5)).rule == "c 1:5 rwm"


@pytest.mark.parametrize("variable", ["A=b\nc", "A\nB=c"])
def test_a_variable_that_the_words_cannot_have_is_refused(variable: str) -> None:
    with pytest.raises(NotCarried) as refused:
        BARE.carried(ContainerEdits(env=(variable,)))
    assert "it has '\\n'" in refused.value.causes[0]


def test_a_path_that_the_words_cannot_have_is_refused() -> None:
    with pytest.raises(NotCarried, match="bare cannot") as refused:
        BARE.carried(ContainerEdits(device_nodes=(DeviceNode("/dev/a:b", "/dev/null"),)))
    assert refused.value.causes == ("the path /dev/a:b: ':' ends a path there",)


@pytest.mark.parametrize(
    ("options", "expected"),
    [((), False), (("ro",), True), (("ro", "rw"), False), (("rw", "nosuid", "ro"), True)],
)
def test_of_ro_and_rw_the_last_counts(options: tuple[str, ...], expected: bool) -> None:
    assert is_read_only(Mount("/a", "/b", options)) == expected
