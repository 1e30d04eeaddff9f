"""What holds for every driver, on the machine of its family and on what is left of it after any damage."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from os.path import lexists
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


class Machine:
    """The machine of a family, built once. What damage takes away is set aside, and put back in the end."""

    def __init__(self, root: Path, aside: Path, build: Callable[[Tree], object]) -> None:
        build(Tree(root))
        self.root = root
        self.entries = sorted(root.rglob("*"))
        self._aside = aside
        self._undo: list[Callable[[], object]] = []

    def is_here(self, path: Path) -> bool:
        """Whether damage can be done at a path: earlier damage may have led the way to it elsewhere."""
        try:
            parent = path.parent.resolve(strict=True)
        except (OSError, RuntimeError):
            return False
        return parent.is_relative_to(self.root) and os.access(parent, os.W_OK | os.X_OK) and lexists(path)

    def take_away(self, path: Path) -> Path:
        """Leave nothing at a path; returns where to find what was there."""
        kept = self._aside / str(len(self._undo))
        path.rename(kept)
        self._undo.append(lambda: (remove(path), kept.rename(path)))
        return kept

    def make_unreadable(self, path: Path) -> None:
        mode = stat.S_IMODE(path.lstat().st_mode)
        path.chmod(0o600 if path.is_dir() else 0)
        self._undo.append(lambda: path.chmod(mode))

    def mend(self) -> None:
        while self._undo:
            self._undo.pop()()


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Machine]]:
    made = tmp_path_factory.mktemp
    found = {name: Machine(made("machine"), made("aside"), build) for name, (build, _) in FAMILIES.items()}
    yield found
    assert [name for name, each in found.items() if sorted(each.root.rglob("*")) != each.entries] == []


def test_every_driver_has_a_machine_here() -> None:
    drawn = {driver.name for _, driver in FAMILIES.values()}
    simulated = {"sim.cod.dev"}  # tests/host/test_simulate.py has its machines
    assert {driver.name for driver in BUILT_IN} - drawn == simulated


@pytest.mark.parametrize("family", FAMILIES)
def test_its_own_machine_has_devices_and_nothing_of_them_is_wrong(
    family: str, machines: dict[str, Machine]
) -> None:
    driver = FAMILIES[family][1]
    inventory = discover(Host(machines[family].root), [driver, Beside()])
    assert [each for each in inventory.found.values() if each.edits]
    check(inventory)


@pytest.mark.parametrize("family", FAMILIES)
def test_all_drivers_together_offer_nothing_twice(family: str, machines: dict[str, Machine]) -> None:
    inventory = discover(Host(machines[family].root))
    check(inventory)
    owners: dict[str, str] = {}
    for (driver, _, _), each in inventory.found.items():
        for unit in each.units:
            assert owners.setdefault(unit, driver) == driver


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("family", FAMILIES)
def test_no_damage_makes_a_driver_fail_or_offer_what_is_wrong(
    family: str, machines: dict[str, Machine], data: st.DataObject
) -> None:
    machine = machines[family]
    try:
        for _ in range(data.draw(st.integers(1, 6))):
            damage, path = data.draw(st.sampled_from(DAMAGES)), data.draw(st.sampled_from(machine.entries))
            if machine.is_here(path):
                damage(machine, path, data)
        inventory = discover(Host(machine.root), [FAMILIES[family][1], Beside()])
        check(inventory)
        assert [name for driver, _, name in inventory.found if driver == Beside.name] == ["d"]
    finally:
        machine.mend()


def check(inventory: Inventory) -> None:
    """No driver failed, and all that is offered is as the Kubernetes API and CDI want it."""
    assert inventory.failures == ()
    for each in (*inventory.slices, *inventory.classes):
        assert [problem.text for problem in problems(each)] == []
    generated = generate(inventory.found)
    assert [each for each in generated.left_out if each.why not in SOUND] == []
    assert [problem for spec in generated.specs for problem in spec_problems(spec)] == []


def _remove(machine: Machine, path: Path, _: st.DataObject) -> None:
    machine.take_away(path)


def _spoil(machine: Machine, path: Path, data: st.DataObject) -> None:
    if path.is_file() and not path.is_symlink():
        machine.take_away(path)
        path.write_bytes(data.draw(st.sampled_from(JUNK)))


def _cut(machine: Machine, path: Path, _: st.DataObject) -> None:
    if path.is_file() and not path.is_symlink() and os.access(path, os.R_OK):
        whole = machine.take_away(path).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])


def _turn_into_a_directory(machine: Machine, path: Path, _: st.DataObject) -> None:
    machine.take_away(path)
    path.mkdir()


def _turn_into_a_loop(machine: Machine, path: Path, data: st.DataObject) -> None:
    machine.take_away(path)
    path.symlink_to(data.draw(st.sampled_from([path.name, "..", "../..", "/", "/etc/passwd"])))


def _make_unreadable(machine: Machine, path: Path, _: st.DataObject) -> None:
    if os.geteuid() != 0 and path.exists() and not path.is_symlink():  # root reads everything
        machine.make_unreadable(path)


DAMAGES: list[Callable[[Machine, Path, st.DataObject], None]] = [
    _remove,
    _spoil,
    _cut,
    _turn_into_a_directory,
    _turn_into_a_loop,
    _make_unreadable,
]
