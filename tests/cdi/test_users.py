"""Root in a user namespace is the user who has made it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cod.cdi.cache_place import cache_directory
from cod.cdi.spec import ContainerEdits, DeviceNode, IntelRdt, NetDevice
from cod.cdi.users import beyond_user, ids, outer_user


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("         0          0 4294967295\n", None),
        ("0 1000 1\n1 100000 65536\n", ["0", "1000", "1", "1", "100000", "65536"]),
        ("", []),
    ],
)
def test_a_map_is_read(tmp_path: Path, text: str, found: list[str] | None) -> None:
    (tmp_path / "uid_map").write_text(text)
    assert ids(str(tmp_path / "uid_map")) == found
    assert ids(str(tmp_path / "none")) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_root_in_a_users_namespace_is_that_user(tmp_path: Path) -> None:
    (tmp_path / "uid_map").write_text("0 1000 1\n1 100000 65536\n")
    assert (outer_user(str(tmp_path / "uid_map")), outer_user()) == (1000, 0)


def test_a_users_cache_is_the_users_and_not_roots() -> None:
    assert cache_directory({"HOME": "/home/u"}, 0) == "/var/cache/cod"
    assert cache_directory({"HOME": "/home/u"}, 1234) == "/home/u/.cache/cod"
    assert cache_directory({"HOME": "/home/u", "COD_CACHE": "off"}, 1234) is None


def test_what_takes_root_is_named_to_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    edits = ContainerEdits(
        device_nodes=(DeviceNode("/dev/null"),),
        additional_gids=(5, 6),
        net_devices=(NetDevice("eth7", "net0"),),
        intel_rdt=IntelRdt(clos_id="x"),
    )
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert [*beyond_user(edits)] == []
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert [line.partition(":")[0] for line in beyond_user(edits)] == [
        "the groups 5, 6",
        "the network interface eth7",
        "classes of cache and memory bandwidth (intelRdt)",
    ]
    assert [*beyond_user(ContainerEdits(device_nodes=edits.device_nodes))] == []
