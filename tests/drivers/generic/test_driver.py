from __future__ import annotations

from pathlib import Path

import pytest

from cod.drivers import FoundDevice, Inventory, discover
from cod.drivers.generic import Generic
from cod.drivers.generic.rules import BUILT_IN, Group, Member
from cod.host import open_host
from cod.resource.validate import problems
from tests.machines.edge import block, device, edge, usb_device
from tests.machines.tree import Tree

Offered = dict[str, FoundDevice]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "machine")


def inventory(tree: Tree, rules: str = "", *groups: Group) -> Inventory:
    """What the driver finds; `rules` are the machine's own."""
    if rules:
        tree.file("/etc/cod/devices.yaml", rules)
    found = discover(tree.host, [Generic(groups=groups) if groups else Generic()])
    assert found.failures == ()
    for each in (*found.slices, *found.classes):
        assert problems(each) == []
    return found


def devices(tree: Tree, rules: str = "", *groups: Group) -> Offered:
    return {name: each for (_, _, name), each in inventory(tree, rules, *groups).found.items()}


def skipped(found: Inventory) -> list[tuple[str, str]]:
    return [(each.what, each.why) for report in found.reports for each in report.skipped]


def paths(found: FoundDevice) -> list[str]:
    return [node.path for node in found.edits.device_nodes]


def fact(found: FoundDevice, name: str) -> str | int | None:
    attribute = found.device.attributes.get(name)
    return None if attribute is None else attribute.string if attribute.int_ is None else attribute.int_


def taints(found: FoundDevice) -> list[tuple[str, str, str]]:
    return [(each.key, each.value, each.effect) for each in found.device.taints]


IN_USE = [("cod.dev/unready", "in-use-by-host", "NoSchedule")]


def test_every_device_found_here_is_a_node_at_the_same_path() -> None:
    for each in discover(open_host("/"), [Generic(groups=BUILT_IN)]).found.values():
        for node in each.edits.device_nodes:
            assert Path(node.path).is_char_device()
        assert each.device.attributes["path"].string == each.edits.device_nodes[0].path
        assert each.kind == f"cod.dev/{each.device.attributes['cod.dev/class'].string}"


def test_a_machine_without_device_nodes_has_the_classes_all_the_same(tree: Tree) -> None:
    tree.directory("/dev")
    found = inventory(tree)
    assert found.found == {}
    assert {"kvm", "fuse", "tun", "hwrng", "cpuid", "video", "usb"} <= {each.name for each in found.classes}


def test_devices_are_named_after_their_class_and_number(tree: Tree) -> None:
    for number, path in enumerate(("kvm", "fuse", "net/tun", "hwrng", "cpu/0/cpuid", "cpu/10/cpuid")):
        tree.node(f"/dev/{path}", 10, number)
    assert [each.qualified_name for each in devices(tree).values()] == [
        "cod.dev/kvm=kvm",
        "cod.dev/fuse=fuse",
        "cod.dev/tun=tun",
        "cod.dev/hwrng=hwrng",
        "cod.dev/cpuid=cpuid0",
        "cod.dev/cpuid=cpuid10",
    ]


def test_an_edge_machine_has_all_its_devices(tree: Tree) -> None:
    edge(tree)
    assert [*devices(tree)] == [
        *("kvm", "fuse", "tun", "hwrng", "cpuid0", "cpuid1", "cpuid2", "cpuid3", "tpm0", "tpm-raw"),
        *("video0", "video10", "sound0"),
        *("serial-ttyusb0", "serial-ttyacm0", "serial-ttys0", "serial-ttys1"),
        *("i2c1", "i2c10", "spi0-0", "spi0-1", "gpio0", "gpio1", "iio0", "usb-0781-5567-20051535"),
    ]


def test_a_node_is_the_same_in_a_container(tree: Tree) -> None:
    tree.node("/dev/kvm", 10, 232, gid=104)
    (node,) = devices(tree)["kvm"].edits.device_nodes
    assert (node.path, node.host_path, node.type, node.major, node.minor) == ("/dev/kvm", "", "c", 10, 232)
    assert (node.file_mode, node.gid, node.permissions) == (0o660, 104, "rw")


def test_what_only_tells_may_only_be_read(tree: Tree) -> None:
    edge(tree)
    found = devices(tree)
    permissions = {name: found[name].edits.device_nodes[0].permissions for name in ("cpuid0", "hwrng", "kvm")}
    assert permissions == {"cpuid0": "r", "hwrng": "r", "kvm": "rw"}


def test_a_file_that_is_no_device_node_is_no_device(tree: Tree) -> None:
    tree.file("/dev/kvm")
    tree.directory("/dev/fuse")
    assert devices(tree) == {}


def test_the_resource_manager_of_a_tpm_is_shared_and_the_tpm_itself_is_not(tree: Tree) -> None:
    edge(tree)
    found = devices(tree)
    shared = {name for name, each in found.items() if each.device.allow_multiple_allocations}
    assert shared == {"kvm", "fuse", "tun", "hwrng", "cpuid0", "cpuid1", "cpuid2", "cpuid3", "tpm0"}
    assert paths(found["tpm0"]) == ["/dev/tpmrm0"]
    assert paths(found["tpm-raw"]) == ["/dev/tpm0"]


def test_a_camera_is_all_nodes_of_one_parent(tree: Tree) -> None:
    edge(tree)
    found = devices(tree)
    assert paths(found["video0"]) == ["/dev/video0", "/dev/video1", "/dev/media0"]
    assert paths(found["video10"]) == ["/dev/video10", "/dev/media1"]
    assert fact(found["video0"], "model") == "HD Pro Webcam C920"
    assert fact(found["video10"], "model") == "unicam-image"


def test_a_device_says_where_it_hangs_and_not_that_it_is_that_function(tree: Tree) -> None:
    edge(tree)
    camera = devices(tree)["video0"]
    assert fact(camera, "resource.kubernetes.io/pcieRoot") == "pci0000:00"
    assert fact(camera, "resource.kubernetes.io/numaNode") == 0
    assert camera.pci_address == ""
    assert camera.units == {"/dev/video0", "/dev/video1", "/dev/media0"}


def test_a_sound_card_has_its_own_nodes_and_those_that_all_share(tree: Tree) -> None:
    edge(tree)
    assert paths(devices(tree)["sound0"]) == [
        "/dev/snd/controlC0",
        "/dev/snd/pcmC0D0c",
        "/dev/snd/pcmC0D0p",
        "/dev/snd/hwC0D0",
        "/dev/snd/seq",
        "/dev/snd/timer",
    ]


def test_a_serial_port_without_hardware_is_none_and_the_console_is_in_use(tree: Tree) -> None:
    edge(tree)
    found = devices(tree)
    assert "serial-ttys2" not in found
    assert taints(found["serial-ttys0"]) == IN_USE
    assert taints(found["serial-ttys1"]) == []


def test_a_serial_adapter_says_which_one_it_is(tree: Tree) -> None:
    edge(tree)
    adapter = devices(tree)["serial-ttyusb0"]
    names = ("usbVendor", "usbProduct", "serial", "usbPort", "model")
    assert [fact(adapter, each) for each in names] == [
        "0403",
        "6001",
        "A50285BI",
        "1-4.2",
        "FT232R USB UART",
    ]


def test_a_usb_device_is_offered_whole_or_by_its_functions_and_not_both(tree: Tree) -> None:
    edge(tree)
    found = inventory(tree)
    assert skipped(found) == [
        ("usb-046d-082d-1-1", "USB device 1-1 belongs to group video"),
        ("usb-2341-0043-7593-3-31", "USB device 1-2 belongs to group serial"),
        ("usb-0403-6001-a50285bi", "USB device 1-4.2 belongs to group serial"),
    ]
    whole = inventory(tree, "camera: {usb: {vendor: 046d}}")
    assert ("video0", "USB device 1-1 belongs to group camera") in skipped(whole)
    assert paths(whole.found["generic.cod.dev", "localhost", "camera-082d-1-1"]) == ["/dev/bus/usb/001/002"]


def test_a_usb_stick_that_is_mounted_is_in_use(tree: Tree) -> None:
    edge(tree)
    assert taints(devices(tree)["usb-0781-5567-20051535"]) == IN_USE


def test_twins_are_told_apart_by_their_ports(tree: Tree) -> None:
    for number, port in enumerate(("1-1", "1-2"), 2):
        usb_device(tree, "/sys/devices/pci0/usb1", port, number, "1209:000f", serial="0001")
    usb_device(tree, "/sys/devices/pci0/usb1", "1-3", 9, "1209:000f", serial="0002")
    assert [*devices(tree)] == ["usb-1209-000f-0001-1-1", "usb-1209-000f-0001-1-2", "usb-1209-000f-0002"]


@pytest.mark.parametrize(
    ("usb", "names"),
    [
        (
            "{}",
            [
                *("key-046d-082d-1-1", "key-2341-0043-7593-3-31"),
                *("key-0781-5567-20051535", "key-0403-6001-a50285bi"),
            ],
        ),
        ("{vendor: 0781}", ["key-5567-20051535"]),
        ("{vendor: 0781, product: 5567}", ["key-20051535"]),
        ("{vendor: 0781, product: 5567, serial: 20051535}", ["key"]),
        ("[{vendor: 0781}, {vendor: 2341}]", ["key-2341-0043-7593-3-31", "key-0781-5567-20051535"]),
        ("{vendor: 0782}", []),
    ],
)
def test_a_usb_device_is_named_after_what_the_rule_leaves_open(
    tree: Tree, usb: str, names: list[str]
) -> None:
    edge(tree)
    found = devices(tree, f"key: {{usb: {usb}}}\n")
    assert [name for name in found if name.startswith("key")] == names


def test_nodes_of_a_certain_usb_device_keep_their_name_wherever_they_are_plugged_in(tree: Tree) -> None:
    edge(tree)
    found = devices(
        tree, "arm:\n  paths: /dev/ttyUSB*\n  usb: {vendor: 0403, product: 6001, serial: A50285BI}\n"
    )
    assert paths(found["arm"]) == ["/dev/ttyUSB0"]
    assert "serial-ttyusb0" not in found


def test_the_two_ports_of_one_adapter_are_two_devices(tree: Tree) -> None:
    path = usb_device(tree, "/sys/devices/pci0/usb1", "1-1", 2, "0403:6010", serial="FT1")
    for number in (0, 1):
        device(tree, "tty", f"ttyUSB{number}", f"{path}/1-1:1.{number}/ttyUSB{number}", 188, number)
    rules = "arm: {paths: /dev/ttyUSB*, usb: {vendor: 0403, product: 6010, serial: FT1}}"
    assert [*devices(tree, rules)][:2] == ["arm-ttyusb0", "arm-ttyusb1"]


# A machine's own rules.


def test_a_group_of_a_file_is_a_class_and_comes_first(tree: Tree) -> None:
    edge(tree)
    found = inventory(tree, "motor: {paths: [/dev/ttyUSB*]}\n")
    assert [each.name for each in found.classes].count("motor") == 1
    assert next(name for _, _, name in found.found) == "motor0"
    assert ("serial-ttyusb0", "/dev/ttyUSB0 belongs to group motor") in skipped(found)


def test_a_group_replaces_the_built_in_one_of_its_name(tree: Tree) -> None:
    edge(tree)
    found = devices(tree, "kvm: {paths: /dev/kvm, permissions: r}\n")
    assert found["kvm"].edits.device_nodes[0].permissions == "r"
    assert not found["kvm"].device.allow_multiple_allocations


def test_a_built_in_group_may_be_off(tree: Tree) -> None:
    edge(tree)
    found = inventory(tree, "kvm: off\nusb: off\n")
    assert not {"kvm", "usb-0781-5567-20051535"} & {name for _, _, name in found.found}
    assert skipped(found) == []


def test_later_files_count_and_may_switch_off_what_earlier_ones_have(tree: Tree) -> None:
    edge(tree)
    tree.file("/etc/cod/devices.d/20.yaml", "arm: off\nled: {paths: /dev/gpiochip1}\n")
    tree.file("/etc/cod/devices.d/10.yaml", "arm: {paths: /dev/gpiochip0}\n")
    tree.file("/etc/cod/devices.d/notes.txt", "}{")
    found = devices(tree, "led: {paths: /dev/gpiochip0}\n")
    assert paths(found["led"]) == ["/dev/gpiochip1"]
    assert "arm" not in found


def test_a_group_that_finds_nothing_says_so_with_its_place(tree: Tree) -> None:
    tree.directory("/dev")
    rules = "\n\nmotor: {paths: [/dev/ttyUSB*]}\nkey: {usb: {vendor: 1234}}\n"
    assert skipped(inventory(tree, rules)) == [
        ("motor", "nothing here matches /dev/ttyUSB* (/etc/cod/devices.yaml:3)"),
        ("key", "nothing here matches a USB device (/etc/cod/devices.yaml:4)"),
    ]


def test_a_mistake_costs_its_group_and_the_built_in_one_that_this_was_to_replace(tree: Tree) -> None:
    edge(tree)
    found = inventory(tree, "kvm: {path: /dev/kvm}\nled: {paths: /dev/gpiochip0}\n")
    names = [name for _, _, name in found.found]
    assert "led" in names
    assert "kvm" not in names
    assert "fuse" in names
    assert skipped(found)[0] == (
        "/etc/cod/devices.yaml:1:7",
        "group kvm has no field 'path'; try: paths",
    )


def test_several_devices_may_stand_over_the_same_nodes(tree: Tree) -> None:
    edge(tree)
    found = devices(tree, "kvm: {paths: /dev/kvm, count: 3}\n")
    assert [name for name in found if name.startswith("kvm")] == ["kvm-0", "kvm-1", "kvm-2"]
    assert paths(found["kvm-2"]) == ["/dev/kvm"]


def test_a_device_may_be_for_a_number_of_claims(tree: Tree) -> None:
    edge(tree)
    kvm = devices(tree, "kvm: {paths: /dev/kvm, shared: 3}\n")["kvm"].device
    assert kvm.allow_multiple_allocations
    shares = kvm.capacity["shares"]
    assert shares.value == "3"
    assert shares.request_policy is not None
    assert shares.request_policy.default == "1"


def test_two_groups_may_share_a_node_if_both_are_shared(tree: Tree) -> None:
    edge(tree)
    rules = "look: {paths: /dev/gpiochip0, permissions: r, shared: on}\n"
    assert {"look", "gpio1"} <= set(devices(tree, rules))
    assert "gpio0" not in devices(tree, rules)
    assert {"look", "touch"} <= set(devices(tree, rules + "touch: {paths: /dev/gpiochip0, shared: on}\n"))


def test_all_matches_may_be_one_device(tree: Tree) -> None:
    edge(tree)
    board = "board:\n  join: all\n  paths: [/dev/gpiochip*, {path: /dev/rtc9, optional: true}, /dev/i2c-1]\n"
    assert paths(devices(tree, board)["board"]) == ["/dev/gpiochip0", "/dev/gpiochip1", "/dev/i2c-1"]
    found = inventory(tree, board.replace("i2c-1", "i2c-7"))
    assert skipped(found)[0] == (
        "board",
        "it needs /dev/i2c-7, which is not there (/etc/cod/devices.yaml:1)",
    )


def test_a_wildcard_carries_over_to_what_a_device_has_besides(tree: Tree) -> None:
    edge(tree)
    found = devices(tree, "chip: {paths: /dev/gpiochip*, with: ['/dev/i2c-{1}']}\n")
    assert {name: paths(each) for name, each in found.items() if name.startswith("chip")} == {
        "chip1": ["/dev/gpiochip1", "/dev/i2c-1"]
    }


def test_a_node_may_have_another_place_in_the_container(tree: Tree) -> None:
    edge(tree)
    found = devices(
        tree,
        "arm: {paths: [{path: /dev/ttyUSB*, mount: '/dev/arm{1}'}], "
        "with: [{path: /dev/gpiochip*, mount: /pins/, permissions: r}]}\n",
    )
    assert [(each.path, each.host_path, each.permissions) for each in found["arm0"].edits.device_nodes] == [
        ("/dev/arm0", "/dev/ttyUSB0", "rw"),
        ("/pins/gpiochip0", "/dev/gpiochip0", "r"),
        ("/pins/gpiochip1", "/dev/gpiochip1", "r"),
    ]
    clash = inventory(tree, "arm: {join: all, paths: [{path: /dev/gpiochip*, mount: /dev/arm}]}\n")
    assert skipped(clash)[0][1].startswith("two of its nodes would be /dev/arm")


def test_a_link_that_udev_makes_is_followed_and_kept_as_the_path(tree: Tree) -> None:
    edge(tree)
    found = devices(tree, "arm: {paths: /dev/serial/by-id/*FTDI*}\n")
    (name,) = [each for each in found if each.startswith("arm")]
    assert name == "arm-usb-ft232r-usb-uart-a50285bi-if00-port0"
    (node,) = found[name].edits.device_nodes
    assert (node.path.rpartition("/")[2], node.host_path) == (
        "usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0",
        "/dev/ttyUSB0",
    )


def test_a_link_out_of_dev_is_no_device(tree: Tree) -> None:
    tree.node("/srv/node", 10, 1)
    tree.link("/dev/arm", "/srv/node")
    assert devices(tree, "arm: {paths: /dev/arm}\n") == {}


def test_sysfs_chooses_among_nodes(tree: Tree) -> None:
    edge(tree)
    found = devices(tree, "cam: {join: parent, paths: [{path: /dev/video*, sysfs: {name: 'HD*'}}]}\n")
    assert paths(found["cam0"]) == ["/dev/video0", "/dev/video1"]
    assert "video10" in found


def test_a_careless_pattern_gives_away_no_disk_that_is_in_use(tree: Tree) -> None:
    edge(tree)
    found = devices(tree, "disk: {paths: [/dev/sd*]}\n")
    free = [name for name, each in found.items() if name.startswith("disk") and not each.device.taints]
    assert free == ["disk-d2", "disk-e"]


def test_the_way_around_a_disk_is_in_use_too(tree: Tree) -> None:
    edge(tree)
    assert taints(devices(tree, "raw: {paths: [/dev/sg*]}\n")["raw0"]) == IN_USE


def test_a_disk_of_which_sysfs_says_nothing_is_not_given_away(tree: Tree) -> None:
    tree.node("/dev/sdx", 8, 240, kind="b")
    assert taints(devices(tree, "disk: {paths: [/dev/sd*]}\n")["disk-x"]) == IN_USE


def test_consoles_are_not_given_away(tree: Tree) -> None:
    edge(tree)
    found = devices(tree, "tty: {paths: [/dev/console, /dev/tty0]}\n")
    assert [taints(found[name]) for name in ("tty-console", "tty-tty0")] == [IN_USE, IN_USE]


def test_a_group_has_at_most_so_many_devices(tree: Tree) -> None:
    for number in range(3):
        tree.node(f"/dev/x{number}", 99, number)
    found = inventory(tree, "x: {paths: /dev/x*, count: 500}\n")
    assert len(found.found) == 1024
    assert skipped(found) == [("x", "there are more than 1024 devices (/etc/cod/devices.yaml:1)")]


def test_names_are_labels_whatever_the_nodes_are_called(tree: Tree) -> None:
    for number, name in enumerate(("A_b", "ü", "x" * 200, "y" * 200, "{1}", "[a]*", "-")):
        tree.node(f"/dev/odd/{name}", 99, number)
    found = inventory(tree, "odd: {paths: '/dev/odd/*', with: [{path: '/dev/odd/{1}'}]}\n")
    assert len(found.found) == 6  # both "ü" and "-" have nothing that a name could have
    assert all(len(each.edits.device_nodes) == 1 for each in found.found.values())


def test_a_partition_of_a_disk_that_is_mounted_whole_is_in_use(tree: Tree) -> None:
    block(tree, "/sys/devices/pci0/block/sda", 8, 0, 1)
    tree.file("/proc/self/mountinfo", "22 1 8:0 / / rw - ext4 /dev/sda rw\n")
    assert taints(devices(tree, "disk: {paths: [/dev/sda1]}\n")["disk"]) == IN_USE


def test_a_new_rule_needs_one_line(tree: Tree) -> None:
    tree.node("/dev/dri/renderD128", 226, 128)
    assert [*devices(tree, "", Group("dri", (Member("/dev/dri/renderD*"),)))] == ["dri128"]


def test_a_usb_network_adapter_that_carries_the_host_is_in_use(tree: Tree) -> None:
    edge(tree)
    hub = "/sys/devices/pci0000:00/0000:00:14.0/usb1"
    path = usb_device(tree, hub, "1-9", 9, "0b95:1790")
    tree.class_device("net", "enx00", f"{path}/1-9:1.0")
    name = next(name for name, each in devices(tree).items() if fact(each, "usbPort") == "1-9")
    assert taints(devices(tree)[name]) == []
    tree.file("/proc/net/route", "Iface\tDestination\nenx00\t00000000\n")
    assert taints(devices(tree)[name]) == IN_USE
