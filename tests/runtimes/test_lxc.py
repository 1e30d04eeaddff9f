"""`cod run -- lxc-execute`: devices as definitions on top of its configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from cod.cdi.spec import ContainerEdits, DeviceNode, Mount
from cod.errors import Misuse
from cod.prepare import Prepared
from cod.runtimes.lxc import read_lxc
from tests.runtimes.stand_in import stand_in


@pytest.mark.parametrize(
    ("version", "hierarchies"), [("5.0.2", ("cgroup", "cgroup2")), ("7.0.0", ("cgroup2",))]
)
def test_devices_become_definitions(tmp_path: Path, version: str, hierarchies: tuple[str, ...]) -> None:
    edits = ContainerEdits(
        env=("A=b",),
        device_nodes=(
            DeviceNode("/dev/my node", "/dev/zero", permissions="r"),
            DeviceNode("/dev/null", permissions="none"),
        ),
        mounts=(
            Mount("/etc", "/e", ("ro", "nosuid")),
            Mount("/etc/hostname", "/h#\n\\", ("bind",)),
            Mount("", "/t", ("noexec",), "tmpfs"),
        ),
    )
    environ = stand_in(tmp_path / "bin", "lxc-execute", version=version)
    command = read_lxc(("lxc-execute", "-n", "x", "--", "sh"), environ)
    launch = command.launch(Prepared("n", edits, None), Path("/s"))
    assert [word for word in launch.argv if word != "-s"] == [
        "lxc-execute",
        "lxc.environment=A=b",
        "lxc.mount.entry=/etc e none ro,nosuid,rbind,create=dir 0 0",
        "lxc.mount.entry=/etc/hostname h\\043\\012\\134 none bind,create=file 0 0",
        "lxc.mount.entry=tmpfs t tmpfs noexec,create=dir 0 0",
        "lxc.mount.entry=/dev/zero dev/my\\040node none bind,create=file 0 0",
        *(f"lxc.{hierarchy}.devices.allow=c 1:5 r" for hierarchy in hierarchies),
        "lxc.mount.entry=/dev/null dev/null none bind,create=file 0 0",
        *("-n", "x", "--", "sh"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        *("lxc-execute -n x -d -- sh", "lxc-execute --daemon -n x", "lxc-start -n x", "lxc-start -d x"),
        *("lxc-execute -dn x", "lxc-execute -n x sh -d", "lxc-execute --daem x", "lxc-start -f F x"),
    ],
)
def test_a_container_in_the_background_is_refused(line: str) -> None:
    with pytest.raises(Misuse, match="nobody would hold"):
        read_lxc(tuple(line.split()), {})


@pytest.mark.parametrize(
    "line", ["lxc-start x -F", "lxc-start --fore x", "lxc-execute -n x -- sh -d", "lxc-execute -n d - sh"]
)
def test_a_container_in_the_foreground_is_taken_wherever_that_is_said(tmp_path: Path, line: str) -> None:
    program, *words = line.split()
    environ = stand_in(tmp_path / "bin", program, version="5.0.2")
    launch = read_lxc((program, *words), environ).launch(Prepared("n", ContainerEdits(), None), Path("/s"))
    assert list(launch.argv) == [program, *words]


@pytest.mark.parametrize(
    "line", ["lxc-start -F -n x", "lxc-start -n x --foreground", "lxc-execute -n d -- sh -d"]
)
def test_one_in_the_foreground_is_not(tmp_path: Path, line: str) -> None:
    environ = stand_in(tmp_path, line.split()[0], version="5.0.2")
    assert read_lxc(tuple(line.split()), environ).after == tuple(line.split()[1:])
