"""The specs of what a machine has: sound, in order, and true to the devices."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cod.cdi.config import write_config
from cod.cdi.inject import inject
from cod.cdi.registry import Registry
from cod.cdi.spec import NO_EDITS, ContainerEdits, DeviceNode, Hook, Mount, NetDevice, Spec
from cod.cdi.validate import problems
from cod.cdi.version import minimum_version
from cod.cdi.write import write
from cod.demo import busybox, make_bundle
from cod.drivers import FoundDevice, discover
from cod.drivers.attributes import version
from cod.drivers.origin import Change, Origin, changes, made_from, origin
from cod.drivers.specs import HOST_USES, NOT_MADE, Generated, generate
from cod.drivers.taints import IN_USE, unready
from cod.host import open_host
from cod.resource import Device, Taint
from tests.cdi import specs as random
from tests.machines.tree import Tree
from tests.runtimes.machine import needs

KIND = "vendor.com/gpu"
UNREADY = (Taint("cod.dev/unready", "off"),)
ORIGIN = Origin("6.1.0-18-amd64", "0b7e3f6a")


def node(path: str, **rest: Any) -> DeviceNode:
    return DeviceNode(path, type="c", major=195, minor=1, file_mode=0o666, **rest)


def device(name: str, *paths: str, **rest: Any) -> FoundDevice:
    taints = rest.pop("taints", ())
    edits = rest.pop("edits", ContainerEdits(device_nodes=tuple(map(node, paths))))
    return FoundDevice(Device(f"gpu{name}", taints=taints), rest.pop("kind", KIND), name, edits, **rest)


def of(*devices: FoundDevice, origin: Origin | None = None) -> Generated:
    return generate({("gpu.cod.dev", "node", each.device.name): each for each in devices}, origin)


def only(generated: Generated) -> Spec:
    (spec,) = generated.specs
    return spec


def names(spec: Spec) -> list[str]:
    return [each.name for each in spec.devices]


def paths(edits: ContainerEdits) -> list[str]:
    return [each.path for each in edits.device_nodes]


def test_devices_are_in_natural_order_then_their_further_names_then_all() -> None:
    found = [device(str(index), f"/dev/gpu{index}", aliases=(f"GPU-{index}",)) for index in (10, 2, 9)]
    assert names(only(of(*found))) == ["2", "9", "10", "GPU-2", "GPU-9", "GPU-10", "all"]


def test_there_is_one_spec_a_kind_in_order_of_the_kinds() -> None:
    generated = of(device("a", "/dev/a"), device("b", "/dev/b", kind="cod.dev/kvm"))
    assert [each.kind for each in generated.specs] == ["cod.dev/kvm", KIND]


def test_without_a_device_there_is_no_spec_and_no_all() -> None:
    assert of() == Generated()
    assert of(device("0", taints=UNREADY)).specs == ()


def test_what_is_only_possible_is_left_out_and_what_is_out_of_order_stays_but_is_not_in_all() -> None:
    generated = of(
        device("0", "/dev/gpu0"),
        device("1", "/dev/gpu1", taints=UNREADY),
        device("2", taints=unready("not-made"), common=ContainerEdits(env=("A=1",))),
    )
    spec = only(generated)
    assert names(spec) == ["0", "1", "all"]
    assert paths(spec.devices[-1].container_edits) == ["/dev/gpu0"]
    assert [(each.what, each.why) for each in generated.left_out] == [(f"{KIND}=2", NOT_MADE)]


def test_what_the_machine_uses_itself_is_in_no_spec() -> None:
    generated = of(device("0", "/dev/gpu0", taints=unready(IN_USE)), device("1", "/dev/gpu1"))
    assert names(only(generated)) == ["1", "all"]
    assert [(each.what, each.why) for each in generated.left_out] == [(f"{KIND}=0", HOST_USES)]


def test_where_no_device_can_be_used_there_is_no_all() -> None:
    assert names(only(of(device("0", "/dev/gpu0", taints=UNREADY)))) == ["0"]


def test_a_device_that_is_called_all_stays_what_it_is() -> None:
    spec = only(of(device("0", "/dev/gpu0"), device("all", "/dev/other")))
    assert names(spec) == ["0", "all"]
    assert paths(spec.devices[1].container_edits) == ["/dev/other"]


def test_nodes_and_mounts_are_ordered_by_depth_and_then_by_path_without_repetitions() -> None:
    mounts = (Mount("/x", "/usr/lib/b"), Mount("/x", "/usr/z"), Mount("/x", "/usr/lib/b"))
    edits = ContainerEdits(
        device_nodes=tuple(map(node, ("/dev/dri/card0", "/dev/z", "/dev/a"))), mounts=mounts
    )
    found = only(of(device("0", edits=edits))).devices[0].container_edits
    assert paths(found) == ["/dev/a", "/dev/z", "/dev/dri/card0"]
    assert [each.container_path for each in found.mounts] == ["/usr/z", "/usr/lib/b"]


def test_all_has_every_node_once() -> None:
    spec = only(of(device("0", "/dev/ctl", "/dev/gpu0"), device("1", "/dev/ctl", "/dev/gpu1")))
    assert paths(spec.devices[-1].container_edits) == ["/dev/ctl", "/dev/gpu0", "/dev/gpu1"]


def test_what_all_devices_need_is_said_once() -> None:
    common = ContainerEdits(device_nodes=(node("/dev/ctl"),), env=("A=1",))
    spec = only(of(*(device(name, "/dev/ctl", f"/dev/gpu{name}", common=common) for name in "01")))
    assert spec.container_edits == common
    assert [paths(each.container_edits) for each in spec.devices] == [
        ["/dev/gpu0"],
        ["/dev/gpu1"],
        ["/dev/gpu0", "/dev/gpu1"],
    ]


def test_devices_that_do_not_agree_on_what_they_need_each_bring_their_own() -> None:
    commons = [ContainerEdits(env=(f"A={number}",)) for number in range(2)]
    spec = only(of(*(device(str(n), f"/dev/gpu{n}", common=each) for n, each in enumerate(commons))))
    assert spec.container_edits == NO_EDITS
    assert [each.container_edits.env for each in spec.devices[:2]] == [("A=0",), ("A=1",)]


def test_a_device_that_needs_nothing_of_its_own_brings_what_is_common_since_cdi_wants_edits() -> None:
    common = ContainerEdits(env=("A=1",))
    spec = only(of(device("0", common=common), device("1", "/dev/gpu1", common=common)))
    assert spec.devices[0].container_edits == common


@pytest.mark.parametrize(
    ("edits", "why"),
    [
        (NO_EDITS, "it brings nothing into a container"),
        (ContainerEdits(env=("A",)), "invalid environment variable"),
        (ContainerEdits(hooks=(Hook("soon", "/bin/true"),)), "invalid hook name"),
        (ContainerEdits(env=("A=\udcff",)), "cannot be written"),
        (ContainerEdits(env=(1,)), "cannot be written"),  # type: ignore[arg-type]
        (ContainerEdits(device_nodes=(DeviceNode("/dev/a", major=2**70),)), "cannot be written"),
    ],
)
def test_what_no_runtime_would_take_is_left_out_with_the_reason_and_harms_no_other(
    edits: ContainerEdits, why: str
) -> None:
    generated = of(device("0", edits=edits), device("1", "/dev/gpu1"))
    assert names(only(generated)) == ["1", "all"]
    (left_out,) = generated.left_out
    assert left_out.what == f"{KIND}=0"
    assert why in left_out.why


def test_of_two_devices_with_one_name_the_first_has_it() -> None:
    generated = of(replace(device("0", "/dev/a"), device=Device("b")), device("0", "/dev/b"))
    assert paths(only(generated).devices[0].container_edits) == ["/dev/a"]
    assert [each.what for each in generated.left_out] == [f"{KIND}=0"]


def test_two_interfaces_that_want_one_name_are_not_together_in_all() -> None:
    nets = [ContainerEdits(net_devices=(NetDevice(f"eth{number}", "net0"),)) for number in range(2)]
    generated = of(*(device(str(number), edits=each) for number, each in enumerate(nets)))
    assert names(only(generated)) == ["0", "1"]
    assert [each.what for each in generated.left_out] == [f"{KIND}=all"]


def test_a_spec_says_what_it_was_made_from() -> None:
    found = device("0", "/dev/gpu0")
    attribute = version("535.104.05")
    assert attribute is not None
    found = replace(found, device=replace(found.device, attributes={"driverVersion": attribute}))
    spec = only(of(found, origin=ORIGIN))
    assert spec.annotations == {
        "cod.dev/driver": "gpu.cod.dev",
        "cod.dev/driver-version": "535.104.5",
        "cod.dev/kernel": "6.1.0-18-amd64",
        "cod.dev/boot": "0b7e3f6a",
    }
    assert spec.cdi_version == "0.6.0"
    assert only(of(found)).cdi_version == "0.5.0"
    assert problems(spec) == []


def test_what_a_machine_does_not_say_is_not_noted(tmp_path: Path) -> None:
    assert origin(Tree(tmp_path).host) == Origin()
    found = {("gpu.cod.dev", "node", "gpu0"): device("0", "/dev/gpu0")}
    assert made_from(Origin(), found) == {"cod.dev/driver": "gpu.cod.dev"}


@pytest.mark.parametrize(
    ("now", "found"),
    [
        ({}, []),
        ({"cod.dev/driver-version": "2"}, [Change("driver-version", "1", "2")]),
        ({"cod.dev/kernel": "6.6", "cod.dev/boot": "b"}, [Change("kernel", "6.1", "6.6")]),
        ({"cod.dev/boot": "b"}, [Change("boot", "a", "b")]),
        ({"cod.dev/kernel": None, "cod.dev/boot": None}, []),
        ({"cod.dev/driver": None}, [Change("driver", "d", "")]),
        ({"vendor.com/x": "y"}, []),
    ],
)
def test_a_change_is_told_and_a_boot_only_where_it_is_the_only_one(
    now: dict[str, str | None], found: list[Change]
) -> None:
    then = {
        "cod.dev/driver": "d",
        "cod.dev/driver-version": "1",
        "cod.dev/kernel": "6.1",
        "cod.dev/boot": "a",
    }
    today = {name: value for name, value in (then | now).items() if value is not None}
    assert [*changes(then, today)] == found


EDITS = random.edits.map(lambda data: msgspec.convert(data, ContainerEdits)).map(
    lambda edits: replace(
        edits,
        # With numbers, so that injecting asks the host for nothing.
        device_nodes=tuple(replace(each, type="c", major=1, file_mode=0o600) for each in edits.device_nodes),
    )
)


@st.composite
def machines(draw: st.DrawFn) -> dict[tuple[str, str, str], FoundDevice]:
    """Devices of a few kinds and drivers, some of which share edits, names or faults."""
    shared = [NO_EDITS, *draw(st.lists(EDITS, max_size=2))]
    found = {}
    for index in range(draw(st.integers(0, 5))):
        edits = draw(st.just(NO_EDITS) | EDITS)
        found["d.dev", "node", f"d{index}"] = FoundDevice(
            device=Device(f"d{index}", taints=draw(st.sampled_from([(), (), UNREADY]))),
            kind=draw(st.sampled_from([KIND, KIND, "v.com/a.b", "no kind"])),
            cdi_name=draw(random.names | st.sampled_from(["0", "00", "all", "a/b"])),
            edits=edits + draw(st.sampled_from(shared)),
            common=draw(st.sampled_from(shared)),
            aliases=tuple(draw(st.lists(random.names | st.sampled_from(["0", "all", "-"]), max_size=2))),
        )
    return found


def outcome(*parts: ContainerEdits) -> object:
    """What a container has after these edits, without what makes no difference to it."""
    config: dict[str, Any] = {}
    for part in parts:
        config = inject(config, part)
    linux = config.get("linux", {})
    return (
        {each.partition("=")[0]: each for each in config.get("process", {}).get("env", ())},
        {each["path"]: each for each in linux.get("devices", ())},
        {msgspec.json.encode(each) for each in linux.get("resources", {}).get("devices", ())},
        linux.get("intelRdt"),
        {each["destination"]: each for each in config.get("mounts", ())},
        {
            name: [*dict.fromkeys(msgspec.json.encode(each) for each in hooks)]
            for name, hooks in config.get("hooks", {}).items()
        },
        {*config.get("process", {}).get("user", {}).get("additionalGids", ())},
    )


@random.patient
@given(machines())
def test_every_spec_is_sound_and_of_the_oldest_version_whatever_order_the_devices_come_in(
    found: dict[tuple[str, str, str], FoundDevice],
) -> None:
    generated = generate(found, ORIGIN)
    assert generated == generate(dict(reversed(found.items())), ORIGIN)
    for spec in generated.specs:
        assert problems(spec) == []
        assert spec.cdi_version == minimum_version(spec)
    told = {each.what for each in generated.left_out}
    written = {f"{spec.kind}={name}" for spec in generated.specs for name in names(spec)}
    assert {each.qualified_name for each in found.values()} <= told | written


@random.patient
@given(machines())
def test_a_container_gets_from_a_spec_what_the_driver_said_and_all_is_every_device(
    found: dict[tuple[str, str, str], FoundDevice],
) -> None:
    for spec in generate(found).specs:
        of_kind = [each for each in found.values() if each.kind == spec.kind]
        said = {each.cdi_name: each for each in of_kind}
        if len(said) < len(of_kind):
            continue  # a name that two devices want is the first one's: see above
        edits = {each.name: each.container_edits for each in spec.devices}
        for name in edits.keys() & said.keys():
            driver = outcome(said[name].common, said[name].edits)
            assert outcome(spec.container_edits, edits[name]) == driver
        if "all" in edits and all("all" not in (each.cdi_name, *each.aliases) for each in of_kind):
            every = [edits[name] for name in edits if name in said and not said[name].device.taints]
            assert outcome(spec.container_edits, edits["all"]) == outcome(spec.container_edits, *every)


@pytest.mark.runtime
@needs("runc", "busybox")
@pytest.mark.parametrize("machine", ["/", "sim:8gpu"])
def test_a_real_runtime_takes_the_edits_of_every_device_of_this_machine(machine: str, tmp_path: Path) -> None:
    host = open_host(machine)
    for spec in generate(discover(host).found, origin(host)).specs:
        write(spec, tmp_path / "cdi")
    registry = Registry([tmp_path / "cdi"])
    assert registry.errors == {}
    for name in registry.devices():
        edits = registry.resolve([name])
        nodes = [each.host_path or each.path for each in edits.device_nodes]
        sources = [*nodes, *(each.host_path for each in edits.mounts), *(each.path for each in edits.hooks)]
        # What runtimes move is gone from here: no interface of this machine is risked.
        if edits.net_devices or not all(map(os.path.exists, sources)):
            continue
        _runs(registry, name, paths(edits), tmp_path / name.replace("/", "_"))


def _runs(registry: Registry, name: str, nodes: list[str], directory: Path) -> None:
    program = busybox()
    assert program is not None
    bundle = make_bundle(directory, ("ls", "-l", *nodes) if nodes else ("env",), program)
    config = msgspec.json.decode((bundle / "config.json").read_bytes())
    (bundle / "config.json").write_bytes(write_config(registry.inject(config, [name])))
    container = f"cod-test-{os.urandom(4).hex()}"
    run = subprocess.run(
        ["runc", "run", "--bundle", str(bundle), container], capture_output=True, text=True, check=False
    )
    subprocess.run(["runc", "delete", "--force", container], capture_output=True, check=False)
    assert (run.returncode, run.stderr) == (0, ""), name
