"""What holds for every driver, on the machine of its family and on what is left of it after any damage."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cod.cdi import problems as spec_problems
from cod.cdi.spec import ContainerEdits, DeviceNode
from cod.drivers import FoundDevice, Inventory, discover
from cod.drivers.installed import BUILT_IN
from cod.drivers.specs import SOUND, generate
from cod.host import Host
from cod.resource import Device, DeviceClass, problems
from tests.machines.families import FAMILIES
from tests.machines.tree import Tree

IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # thousands of small files, for a moment
JUNK = (
    b"",
    b"\n",
    b"\xff\xfe\x00",
    b"-1\n",
    b"0x\n",
    b"9" * 400,
    b"0-99999999999\n",
    b"../../..\n",
    b"\x1b[2J;$(id)\n",
)


class Beside:
    """A driver that is never concerned."""

    name = "beside.example.com"
    looks_for = "nothing"

    def classes(self) -> list[DeviceClass]:
        return []

    def discover(self, host: Host) -> list[FoundDevice]:  # noqa: ARG002
        node = DeviceNode(path="/dev/null")
        return [FoundDevice(Device("d"), "example.com/d", "d", ContainerEdits(device_nodes=(node,)))]


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The machine of every family, built once."""
    found = {}
    for name, (build, _) in FAMILIES.items():
        found[name] = tmp_path_factory.mktemp("machine")
        build(Tree(found[name]))
    return found


def test_every_driver_has_a_machine_here() -> None:
    drawn = {driver.name for _, driver in FAMILIES.values()}
    simulated = {"sim.cod.dev"}  # tests/host/test_simulate.py has its machines
    assert {driver.name for driver in BUILT_IN} - drawn == simulated


@pytest.mark.parametrize("family", FAMILIES)
def test_its_own_machine_has_devices_and_nothing_of_them_is_wrong(
    family: str, machines: dict[str, Path]
) -> None:
    driver = FAMILIES[family][1]
    inventory = discover(Host(machines[family]), [driver, Beside()])
    assert [each for each in inventory.found.values() if each.edits]
    check(inventory)


@pytest.mark.parametrize("family", FAMILIES)
def test_all_drivers_together_offer_nothing_twice(family: str, machines: dict[str, Path]) -> None:
    inventory = discover(Host(machines[family]))
    check(inventory)
    owners: dict[str, str] = {}
    for (driver, _, _), each in inventory.found.items():
        for unit in each.units:
            assert owners.setdefault(unit, driver) == driver


@given(data=st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("family", FAMILIES)
def test_no_damage_makes_a_driver_fail_or_offer_what_is_wrong(
    family: str, machines: dict[str, Path], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as directory:
        root = Path(directory) / "machine"
        shutil.copytree(machines[family], root, symlinks=True)
        entries = sorted(path for path in root.rglob("*"))
        for _ in range(data.draw(st.integers(1, 6))):
            damage, path = data.draw(st.sampled_from(DAMAGES)), data.draw(st.sampled_from(entries))
            if is_inside(path, root):
                damage(path, data)
        inventory = discover(Host(root), [FAMILIES[family][1], Beside()])
        check(inventory)
        assert [name for driver, _, name in inventory.found if driver == Beside.name] == ["d"]


def is_inside(path: Path, root: Path) -> bool:
    """Whether a path still lies in the tree: earlier damage may have made the way to it a link."""
    try:
        return path.parent.resolve(strict=True).is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        return False


def check(inventory: Inventory) -> None:
    """No driver failed, and all that is offered is as the Kubernetes API and CDI want it."""
    assert inventory.failures == ()
    for each in (*inventory.slices, *inventory.classes):
        assert [problem.text for problem in problems(each)] == []
    generated = generate(inventory.found)
    assert [each for each in generated.left_out if each.why not in SOUND] == []
    assert [problem for spec in generated.specs for problem in spec_problems(spec)] == []


def _remove(path: Path, _: st.DataObject) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _spoil(path: Path, data: st.DataObject) -> None:
    if path.is_file() and not path.is_symlink():
        path.write_bytes(data.draw(st.sampled_from(JUNK)))


def _cut(path: Path, _: st.DataObject) -> None:
    if path.is_file() and not path.is_symlink():
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])


def _turn_into_a_directory(path: Path, data: st.DataObject) -> None:
    _remove(path, data)
    path.mkdir()


def _turn_into_a_loop(path: Path, data: st.DataObject) -> None:
    _remove(path, data)
    path.symlink_to(data.draw(st.sampled_from([path.name, "..", "../..", "/", "/etc/passwd"])))


def _make_unreadable(path: Path, _: st.DataObject) -> None:
    if os.geteuid() != 0 and path.exists() and not path.is_symlink():  # root reads everything
        path.chmod(0o600 if path.is_dir() else 0)


DAMAGES: list[Callable[[Path, st.DataObject], None]] = [
    _remove,
    _spoil,
    _cut,
    _turn_into_a_directory,
    _turn_into_a_loop,
    _make_unreadable,
]
