from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.cdi.config import InvalidConfig, read_config, write_config
from cod.cdi.inject import InjectionFailed, inject
from cod.cdi.spec import NO_EDITS, ContainerEdits, DeviceNode, Hook, Mount, NetDevice

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
PARTS = (
    "process",
    "linux",
    "mounts",
    "hooks",
    "env",
    "user",
    "devices",
    "resources",
    "additionalGids",
    "uid",
)
CONFIGS = st.recursive(
    JSON,
    lambda inner: st.dictionaries(st.sampled_from(PARTS), inner, max_size=4) | st.lists(inner, max_size=2),
    max_leaves=12,
)
EDITS = ContainerEdits(
    env=("A=1", "B=2"),
    device_nodes=(
        DeviceNode("/dev/null"),
        DeviceNode("/dev/x", type="c", major=1, minor=2, permissions="none"),
    ),
    net_devices=(NetDevice("eth0", "net0"),),
    hooks=(Hook("prestart", "/bin/true"),),
    mounts=(Mount("/a", "/b/c"),),
    additional_gids=(0, 5),
)


def test_unknown_fields_survive() -> None:
    config = {
        "vendorField": {"deep": [1, 2.5, None]},
        "process": {"env": ["A=0"], "new": True},
        "linux": {"x": 1},
    }
    changed = inject(config, EDITS)
    assert changed["vendorField"] == config["vendorField"]
    assert changed["process"]["new"] is True
    assert changed["linux"]["x"] == 1


def test_no_edits_change_nothing() -> None:
    config = {"process": {"env": ["A=0"]}, "mounts": [{"destination": "/b/c"}, {"destination": "/a"}]}
    assert inject(config, NO_EDITS) == config


def test_a_node_without_numbers_has_those_of_the_host_now(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("root is absent: making device nodes needs it")
    node = tmp_path / "node"
    for minor in (3, 5):
        node.unlink(missing_ok=True)
        os.mknod(node, 0o020640, os.makedev(1, minor))
        edits = ContainerEdits(device_nodes=(DeviceNode("/dev/n", host_path=str(node)),))
        (device,) = inject({}, edits)["linux"]["devices"]
        assert (device["type"], device["major"], device["minor"]) == ("c", 1, minor)


def test_a_node_that_is_none_is_refused_with_its_path(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(InjectionFailed) as caught:
            inject({}, ContainerEdits(device_nodes=(DeviceNode(str(path)),)))
        assert caught.value.where == str(path)


@given(config=CONFIGS)
def test_any_configuration_is_changed_whole_or_refused_and_never_touched(config: Any) -> None:
    before = copy.deepcopy(config)
    try:
        changed = inject(config, EDITS)
    except InvalidConfig:
        changed = None
    assert config == before
    if changed is not None:
        assert {"A=1", "B=2"} <= set(changed["process"]["env"])
        assert {"destination": "/b/c", "source": "/a"} in changed["mounts"]


@given(env=st.lists(st.sampled_from(["A=0", "B=0", "C=0", "A=x", "D"]), max_size=6))
def test_variables_take_the_place_of_those_of_their_name(env: list[str]) -> None:
    changed = inject({"process": {"env": env}}, ContainerEdits(env=("A=1",)))["process"]["env"]
    assert "A=1" in changed
    assert [each for each in changed if each != "A=1"] == [
        each for index, each in enumerate(env) if not each.startswith("A=") or index != last_of(env, "A")
    ]
    assert len(changed) == len(env) + (not any(each.startswith("A=") for each in env))


def last_of(env: list[str], name: str) -> int:
    return max((i for i, each in enumerate(env) if each.startswith(f"{name}=")), default=-1)


@given(
    destinations=st.lists(
        st.sampled_from(["/", "/a", "/a/b", "/a/b/c", "/proc", "//x", "/a/../b"]), max_size=6
    )
)
def test_no_mount_hides_a_deeper_one(destinations: list[str]) -> None:
    mounts = [{"destination": each} for each in destinations]
    changed = inject({"mounts": mounts}, ContainerEdits(mounts=(Mount("/h", "/a/b/c/d"),)))["mounts"]
    depths = [os.path.normpath("/" + mount["destination"].lstrip("/")).count("/") for mount in changed]
    assert depths == sorted(depths)


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"1", b"{", b"\xff", b"[" * 100_000, b'{"a": NaN}'])
def test_what_is_no_configuration_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidConfig):
        read_config(data, "config.json")


@given(config=st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_a_configuration_is_written_as_it_was_read(config: dict[str, Any]) -> None:
    assert read_config(write_config(config)) == config
