from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from cod.cdi.spec import ContainerEdits, DeviceNode
from cod.drivers import Driver, DriverReport, FoundDevice, Inventory, Skipped, attribute_class, discover
from cod.host import Host, open_host
from cod.resource import Attribute, Counter, CounterConsumption, CounterSet, Device, DeviceClass


class Fixed(Struct):
    name: str = "fixed.example.com"
    devices: tuple[str, ...] = ("a", "b")
    class_names: tuple[str, ...] = ("fixed",)
    error: BaseException | None = None
    kind: str = "example.com/fixed"
    looks_for: str = "nothing"
    more: tuple[Any, ...] = ()

    def classes(self) -> Iterable[DeviceClass]:
        return [attribute_class(name) for name in self.class_names]

    def discover(self, host: Host) -> Iterable[FoundDevice]:
        assert isinstance(host, Host)
        for name in self.devices:
            yield FoundDevice(Device(name), self.kind, name, ContainerEdits())
        yield from self.more
        if self.error:
            raise self.error


def inventory(root: Path, *drivers: Driver) -> Inventory:
    return discover(Host(root), drivers)


def test_a_machine_has_one_slice_a_driver_in_the_pool_of_its_node(tmp_path: Path) -> None:
    found = inventory(tmp_path, Fixed(), Fixed("other.example.com", ("c",), (), kind="example.com/other"))
    assert [each.spec.driver for each in found.slices] == ["fixed.example.com", "other.example.com"]
    assert [each.metadata.name for each in found.slices] == [
        "00000-fixed.example.com-localhost",
        "00000-other.example.com-localhost",
    ]
    assert {each.spec.pool.name for each in found.slices} == {each.spec.node_name for each in found.slices}
    assert list(found.found) == [
        ("fixed.example.com", "localhost", "a"),
        ("fixed.example.com", "localhost", "b"),
        ("other.example.com", "localhost", "c"),
    ]
    assert found.failures == ()


def test_a_driver_without_devices_has_classes_and_no_slice(tmp_path: Path) -> None:
    found = inventory(tmp_path, Fixed(devices=()))
    assert found.slices == ()
    assert [each.name for each in found.classes] == ["fixed"]


def test_many_devices_are_divided_into_slices_of_one_pool(tmp_path: Path) -> None:
    found = inventory(tmp_path, Fixed(devices=tuple(f"d{number}" for number in range(300))))
    assert [len(each.spec.devices) for each in found.slices] == [128, 128, 44]
    assert {each.spec.pool.resource_slice_count for each in found.slices} == {3}
    assert len({each.metadata.name for each in found.slices}) == 3


def test_what_is_held_is_known_by_driver_and_device_after_the_machine_was_renamed(tmp_path: Path) -> None:
    found = inventory(tmp_path, Fixed())
    held = {
        ("fixed.example.com", "the-old-name", "b"): ("mine",),
        ("fixed.example.com", "the-old-name", "gone"): ("mine",),
        ("other.example.com", "the-old-name", "a"): ("mine",),
        ("fixed.example.com", "localhost", "b"): ("yours", "theirs"),
    }
    assert found.here(held) == {("fixed.example.com", "localhost", "b"): ("mine", "yours", "theirs")}


def test_a_driver_that_ends_the_program_is_only_a_driver_that_fails(tmp_path: Path) -> None:
    rude = Fixed("rude.example.com", class_names=(), error=SystemExit(4))
    found = inventory(tmp_path, rude, Fixed())
    assert [each.driver for each in found.failures] == ["rude.example.com"]
    assert len(found.found) == 2


def skipped(found: Inventory) -> list[tuple[str, str, str]]:
    return [(report.driver, each.what, each.why) for report in found.reports for each in report.skipped]


def test_one_cdi_name_is_one_device_whoever_offers_it(tmp_path: Path) -> None:
    twin = Fixed("twin.example.com", ("z", "a"), class_names=("twin",))
    found = inventory(tmp_path, Fixed(), twin)
    assert skipped(found) == [
        ("twin.example.com", "a", "example.com/fixed=a is offered already, by driver fixed.example.com")
    ]
    assert [(driver, name) for driver, _, name in found.found] == [
        ("fixed.example.com", "a"),
        ("fixed.example.com", "b"),
        ("twin.example.com", "z"),
    ]


def test_an_alias_is_a_cdi_name_too(tmp_path: Path) -> None:
    first = FoundDevice(Device("x"), "example.com/fixed", "x", ContainerEdits(), aliases=("uuid-1",))
    found = inventory(tmp_path, Fixed(devices=("uuid-1",), more=(first,)))
    assert [(what, why) for _, what, why in skipped(found)] == [
        ("x", "example.com/fixed=uuid-1 is offered already, by driver fixed.example.com")
    ]


def on(name: str, *, pci: str = "", node: str = "", functions: tuple[str, ...] = ()) -> FoundDevice:
    attributes = {"resource.kubernetes.io/pciBusID": Attribute(string=pci)} if pci else {}
    nodes = (DeviceNode(path=node),) if node else ()
    edits = ContainerEdits(device_nodes=nodes)
    return FoundDevice(Device(name, attributes), f"example.com/{name}", "0", edits, functions=functions)


def test_what_two_drivers_find_belongs_to_the_first_of_them(tmp_path: Path) -> None:
    vendor = Fixed(devices=(), more=(on("gpu", pci="0000:01:00.0"), on("half", pci="0000:01:00.0")))
    vfio = Fixed("vfio.example.com", (), more=(on("vfio", functions=("0000:02:00.0", "0000:01:00.0")),))
    drm = Fixed("drm.example.com", (), more=(on("a", node="/dev/x"), on("b", node="/dev/x")))
    nodes = Fixed("nodes.example.com", (), more=(on("x", node="/dev/x"), on("y", node="/dev/y")))
    found = inventory(tmp_path, vendor, vfio, drm, nodes)
    assert [name for _, _, name in found.found] == ["gpu", "half", "a", "b", "y"]
    assert skipped(found) == [
        ("vfio.example.com", "vfio", "0000:01:00.0 is offered already, by driver fixed.example.com"),
        ("nodes.example.com", "x", "/dev/x is offered already, by driver drm.example.com"),
    ]


def test_a_node_of_a_card_is_not_offered_again_as_a_mere_node(tmp_path: Path) -> None:
    rule = Fixed("rules.example.com", (), more=(on("node", node="/dev/dri/renderD128"),))
    card = Fixed(devices=(), more=(on("gpu", pci="0000:01:00.0", node="/dev/dri/renderD128"),))
    assert [name for _, _, name in inventory(tmp_path, card, rule).found] == ["gpu"]


def test_a_driver_says_what_it_looked_for_found_and_left_out(tmp_path: Path) -> None:
    found = inventory(tmp_path, Fixed(more=(Skipped("0000:03:00.0", "its driver is not loaded"),)))
    assert found.reports == (
        DriverReport(
            driver="fixed.example.com",
            looks_for="nothing",
            devices=("a", "b"),
            skipped=(Skipped("0000:03:00.0", "its driver is not loaded"),),
        ),
    )


def test_counters_come_before_the_devices_that_consume_them_and_into_slices_of_their_own(
    tmp_path: Path,
) -> None:
    def part(name: str, counter_set: str) -> FoundDevice:
        consumed = CounterConsumption(counter_set, {"slices": Counter("1")})
        return FoundDevice(
            Device(name, consumes_counters=(consumed,)), "example.com/part", name, ContainerEdits()
        )

    counters = CounterSet("gpu0", {"slices": Counter("7")})
    found = inventory(tmp_path, Fixed(devices=(), more=(counters, part("a", "gpu0"), part("b", "gpu1"))))
    assert [[each.name for each in one.spec.devices] for one in found.slices if one.spec.devices] == [["a"]]
    assert [one.spec.shared_counters for one in found.slices if not one.spec.devices] == [(counters,)]
    assert {one.spec.pool.resource_slice_count for one in found.slices} == {2}
    assert skipped(found) == [
        ("fixed.example.com", "b", "it consumes counters of a set 'gpu1' that was not given before")
    ]


def test_a_driver_that_fails_is_reported_gives_nothing_and_harms_no_other(tmp_path: Path) -> None:
    broken = Fixed("broken.example.com", class_names=("broken",), error=RuntimeError("no bus"))
    found = inventory(tmp_path, broken, Fixed())
    assert [(each.driver, each.failure) for each in found.failures] == [
        ("broken.example.com", "RuntimeError: no bus")
    ]
    assert {driver for driver, _, _ in found.found} == {"fixed.example.com"}
    assert [each.name for each in found.classes] == ["fixed"]


@pytest.mark.parametrize(
    ("driver", "text"),
    [
        (Fixed(devices=(None,)), "TypeError: object of type 'NoneType' has no len()"),  # type: ignore[arg-type]
        (Fixed(more=(7,)), "it yields int, which is nothing that a driver may yield"),
        (Fixed(error=ValueError()), "ValueError"),
        (Fixed("Not A Name"), "its name is no DNS subdomain"),
        (Fixed(7), "AttributeError: 'int' object has no attribute 'split'"),  # type: ignore[arg-type]
    ],
)
def test_what_a_driver_may_not_be_is_its_failure(tmp_path: Path, driver: Fixed, text: str) -> None:
    found = inventory(tmp_path, driver)
    assert [each.failure for each in found.failures] == [text]
    assert found.slices == ()
    assert found.classes == ()
    assert found.found == {}


@pytest.mark.parametrize(
    ("driver", "why"),
    [
        (Fixed(devices=("a", "b", "a")), "the driver has another device of this name"),
        (Fixed(devices=("b", "A")), "its name 'A' is no DNS label"),
        (Fixed(devices=("b", "a\n")), "its name 'a\\n' is no DNS label"),
        (
            Fixed(more=(FoundDevice(Device("c"), "example", "c", ContainerEdits()),)),
            "'example/=c' is no CDI name",
        ),
        (
            Fixed(more=(FoundDevice(Device("c"), "example.com/f x", "c", ContainerEdits()),)),
            "'example.com/f x=c' is no CDI name",
        ),
    ],
)
def test_a_device_that_nobody_could_ask_for_is_left_out_alone(
    tmp_path: Path, driver: Fixed, why: str
) -> None:
    found = inventory(tmp_path, driver)
    assert [each for _, _, each in skipped(found)] == [why]
    assert "b" in [name for _, _, name in found.found]
    assert found.failures == ()


def test_two_drivers_of_one_name_are_told_apart_by_refusing_the_second(tmp_path: Path) -> None:
    found = inventory(tmp_path, Fixed(), Fixed(devices=("z",)))
    assert len(found.found) == 2
    assert [each.failure for each in found.failures] == ["another driver has this name"]


def test_a_class_of_another_driver_may_be_shared_and_not_changed(tmp_path: Path) -> None:
    class Thief(Fixed):
        def classes(self) -> Iterable[DeviceClass]:
            return [
                DeviceClass(
                    metadata=attribute_class("fixed").metadata, spec=type(attribute_class("x").spec)()
                )
            ]

    shared = inventory(tmp_path, Fixed(), Fixed("other.example.com", kind="example.com/other"))
    assert [each.name for each in shared.classes] == ["fixed"]
    assert shared.failures == ()
    stolen = inventory(tmp_path, Fixed(), Thief("thief.example.com"))
    assert [each.driver for each in stolen.failures] == ["thief.example.com"]


def test_something_that_is_no_driver_at_all_is_a_failure(tmp_path: Path) -> None:
    found = inventory(tmp_path, 7, Fixed())  # type: ignore[arg-type]
    assert [each.driver for each in found.failures] == ["int"]
    assert len(found.found) == 2


def test_the_classes_that_come_with_cod_select_by_their_name() -> None:
    found = discover(open_host("sim:2gpu"))
    names = [each.name for each in found.classes]
    assert {"sim-gpu", "kvm", "fuse", "tun", "hwrng", "cpuid"} <= set(names)
    for each in found.classes:
        (selector,) = each.spec.selectors
        assert selector.cel.expression in (
            f'device.attributes["cod.dev"].?class.orValue("") == "{each.name}"',
            f'device.attributes["cod.dev"].?type.orValue("") == "{each.name}"',
        )


PLUGIN = """
from cod.drivers import FoundDevice, attribute_class
from cod.cdi.spec import ContainerEdits
from cod.resource import Device
class Plugin:
    name = "plugin.example.com"
    looks_for = "nothing"
    def classes(self):
        return [attribute_class("plugin")]
    def discover(self, host):
        yield FoundDevice(Device("p0"), "example.com/plugin", "p0", ContainerEdits())
"""
SHOW = """
import sys
from cod.drivers import discover
from cod.host import open_host
found = discover(open_host("/"))
drivers = [driver for driver, _, _ in found.found if "example" in driver]
print(drivers, [(each.driver, each.failure) for each in found.failures])
print("importlib.metadata" in sys.modules)
"""


def test_another_package_may_bring_a_driver_and_a_broken_one_is_reported(
    tmp_path: Path,
) -> None:
    (tmp_path / "plugin.py").write_text(PLUGIN)
    info = tmp_path / "plugin-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[cod.drivers]\nbad = nowhere:Driver\ngood = plugin:Plugin\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{SHOW}"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.splitlines() == [
        "['plugin.example.com'] [('bad', \"ModuleNotFoundError: No module named 'nowhere'\")]",
        "True",
    ]


def test_without_such_a_package_nothing_slow_is_imported() -> None:
    output = subprocess.run([sys.executable, "-c", SHOW], capture_output=True, text=True, check=True).stdout
    assert output.splitlines() == ["[] []", "False"]
