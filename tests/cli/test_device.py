"""`cod device`: what a machine has, for people and for programs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
import yaml

from cod.resource import ResourceSlice
from tests.cli.lab import Lab
from tests.machines.edge import uarts
from tests.runtimes.machine import Machine

PARTS = [f"gpu{board}-part{number}" for board in range(2) for number in range(4)]


def test_a_table_of_80_columns_says_where_devices_are_and_whether_they_can_be_had(lab: Lab) -> None:
    lines = lab.cod("device", "list").stdout.splitlines()
    assert lines == [
        "NAME           CLASS             WHERE          NUMA   STATE",
        "gpu0           gpu.example.com   0000:30:00.0   0      free",
        "gpu0-part0     gpu.example.com   0000:30:00.0   0      free",
        "… 3 possible   gpu.example.com   0000:30:00.0   0      not made; see --all",
        "gpu1           gpu.example.com   0000:31:00.0   1      unready: down",
        "… 4 possible   gpu.example.com   0000:31:00.0   1      not made; see --all",
    ]
    assert lab.cod("ls").stdout.splitlines() == lines


def test_a_long_line_is_cut_but_for_its_name(lab: Lab) -> None:
    lab.tree.node("/dev/kvm", 10, 232)
    path = "/sys/devices/pci0000:00/0000:30:00.0/down"
    lab.tree.file(path)
    table = lab.cod("device", "list", "--all").stdout
    assert max(map(len, table.splitlines())) <= 80
    assert "gpu1-part3" in table


def test_all_shows_what_is_only_possible_and_what_of_the_bus_no_driver_offers(lab: Lab) -> None:
    table = lab.cod("device", "list", "--all").stdout
    assert table.count("unready: not-made") == 7
    lines = [line.split("  ") for line in table.splitlines() if line.startswith("-")]
    others = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert [cells[2] for cells in others] == ["0000:00:01.0", "0000:32:00.0"]
    assert others[0][1] == "bridge 0604"
    assert others[1][4].startswith("not offered: it has")
    assert "not offered: it has fallen off the bus" in lab.cod("device", "list", "--all", "-o", "wide").stdout


def test_the_classes_of_functions_have_names_where_the_machine_has_a_pci_ids(lab: Lab) -> None:
    names = "8086  Intel\nC 06  Bridge\n\t04  PCI bridge\n\t\t00  Normal decode\n"
    lab.tree.file("/usr/share/hwdata/pci.ids", names)
    assert "   PCI bridge " in lab.cod("device", "list", "--all").stdout


def test_wide_adds_model_parent_driver_and_cdi_name(lab: Lab) -> None:
    lines = lab.cod("device", "list", "-o", "wide").stdout.splitlines()
    assert " ".join(lines[0].split()) == "NAME CLASS WHERE NUMA STATE MODEL PART OF DRIVER CDI NAME"
    assert lines[1].endswith("Board 9000   -         board.example.com   example.com/gpu=0")
    assert "gpu0      board.example.com   example.com/gpu=0:0" in lines[2]


def test_a_mistake_in_the_machines_own_rules_is_told_where_devices_are_missed(lab: Lab) -> None:
    lab.tree.file("/etc/cod/devices.yaml", "camera: 7\n")
    run = lab.cod("device", "list")
    assert run.returncode == 0
    assert "warning: /etc/cod/devices.yaml:1:9: group camera is no mapping; try: paths: …\n" in run.stderr


def test_a_directory_that_is_no_machine_is_told(lab: Lab, tmp_path: Path) -> None:
    run = lab.cod("device", "list", "--host", str(tmp_path))
    assert run.returncode == 0
    assert run.stderr.endswith(f"no devices; {tmp_path} has no files below sys: is it a machine?\n")


def test_a_device_without_an_address_is_shown_by_its_numa_node_alone(lab: Lab) -> None:
    text = lab.cod("device", "show", "numa0", "--host", "sim:2gpu").stdout
    assert "  where      NUMA node 0\n" in text


def test_capacities_are_aligned(lab: Lab) -> None:
    text = lab.cod("device", "show", "mig0", "--host", "sim:mig").stdout
    assert "    memory           40192Mi\n    multiprocessors  98\n" in text


def test_near_names_are_told_once(lab: Lab) -> None:
    run = lab.cod("device", "show", "gpu7")
    assert run.returncode == 1
    assert "try: nearest: gpu1, gpu0; " in run.stderr


def test_names_are_those_of_cdi_and_only_of_what_is_there(lab: Lab) -> None:
    names = lab.cod("device", "list", "-o", "name").stdout.split()
    assert names == ["example.com/gpu=0", "example.com/gpu=0:0", "example.com/gpu=1"]


def test_what_the_machine_uses_itself_is_in_no_spec_and_has_no_name_for_a_runtime(lab: Lab) -> None:
    uarts(lab.tree)
    assert "unready: in-use-by-host" in lab.cod("device", "list").stdout
    assert "ttys0" not in lab.cod("device", "list", "-o", "name").stdout


def test_a_driver_that_failed_is_told_on_stderr(lab: Lab) -> None:
    run = lab.cod("device", "list")
    assert run.returncode == 0
    assert "warning: driver broken: ModuleNotFoundError" in run.stderr


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("--driver", "board.example.com"), ["gpu0", "gpu0-part0", "…", "gpu1", "…"]),
        (("--driver", "generic"), ["kvm"]),
        (("--class", "kvm"), ["kvm"]),
        (("--class", "gpu", "--class", "kvm", "--driver", "generic"), ["kvm"]),
        (("--class", "gpu.example.com", "--all"), ["gpu0", *PARTS[:4], "gpu1", *PARTS[4:]]),
    ],
)
def test_devices_of_a_driver_or_a_class(lab: Lab, words: tuple[str, ...], names: list[str]) -> None:
    lab.tree.node("/dev/kvm", 10, 232)
    table = lab.cod("device", "list", *words).stdout
    assert [line.split()[0] for line in table.splitlines()[1:]] == names


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("list", "--driver", "bord.example.com"), "nearest: board.example.com"),
        (("list", "--class", "gpu.exmple.com"), "nearest: gpu.example.com"),
        (("show", "gpu7"), "nearest: gpu"),
        (("show", "gpu0-part"), "gpu0-part1"),
        (("show", "\x1b[31m"), "cod device list"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is_near(lab: Lab, words: tuple[str, ...], told: str) -> None:
    run = lab.cod("device", *words)
    assert (run.returncode, run.stdout) == (1, "")
    assert told in run.stderr
    assert "\x1b" not in run.stderr


def test_without_devices_a_table_is_empty_and_says_where_to_look(lab: Lab) -> None:
    run = lab.cod("device", "list", "--driver", "sim")
    assert (run.returncode, run.stdout) == (0, "")
    assert "cod driver list" in run.stderr


def test_where_a_condition_leaves_no_device_it_is_not_said_that_there_are_none(lab: Lab) -> None:
    run = lab.cod("device", "list", "--where", "false")
    assert (run.returncode, run.stdout) == (0, "")
    assert re.match(r"none of the \d+ devices there; all: cod device list", run.stderr.splitlines()[-1])


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_data_is_a_list_of_resource_slices_as_the_api_has_them(lab: Lab, output: str) -> None:
    text = lab.cod("device", "list", "-o", output).stdout
    found = yaml.safe_load(text) if output == "yaml" else json.loads(text)
    assert (found["apiVersion"], found["kind"]) == ("v1", "List")
    slices = msgspec.convert(found["items"], list[ResourceSlice])
    assert [(each.kind, each.api_version) for each in slices] == [("ResourceSlice", "resource.k8s.io/v1")] * 2
    counters, devices = (each.spec for each in slices)
    assert [each.name for each in counters.shared_counters] == ["gpu0", "gpu1"]
    assert len(devices.devices) == 10
    assert devices.pool.resource_slice_count == 2
    assert devices.devices[0].attributes["driverVersion"].version == "535.104.5"


def test_with_a_class_data_has_only_its_devices_and_the_counters_that_they_consume(lab: Lab) -> None:
    lab.tree.node("/dev/kvm", 10, 232)
    (kvm,) = lab.data("device", "list", "--class", "kvm")["items"]
    assert [each["name"] for each in kvm["spec"]["devices"]] == ["kvm"]
    counters, devices = lab.data("device", "list", "--class", "gpu")["items"]
    assert len(devices["spec"]["devices"]) == 10
    assert len(counters["spec"]["sharedCounters"]) == 2
    assert devices["spec"]["pool"]["resourceSliceCount"] == 2
    by_driver = lab.data("device", "list", "--driver", "generic")["items"]
    assert by_driver == [kvm]


def test_a_device_is_shown_with_all_that_is_known_of_it(lab: Lab) -> None:
    text = lab.cod("device", "show", "gpu0").stdout
    assert text == (
        "gpu0\n"
        "  state      free\n"
        "  class      gpu.example.com\n"
        "  CDI name   example.com/gpu=0\n"
        "  also       example.com/gpu=BOARD-0\n"
        "  driver     board.example.com, pool lab7\n"
        "  where      0000:30:00.0, root pci0000:00, NUMA node 0\n"
        "  parts      gpu0-part0 (free)\n"
        "  parts      gpu0-part1, gpu0-part2, gpu0-part3 (unready: not-made)\n"
        "  attributes\n"
        "    cod.dev/class  string   gpu.example.com\n"
        "    cod.dev/type   string   gpu\n"
        "    model          string   Board 9000\n"
        "    uuid           string   BOARD-0\n"
        "    driverVersion  version  535.104.5\n"
        "  container gets\n"
        "    node   /dev/board0 (rw, c 240:1)\n"
        "  and once for all of its kind\n"
        "    node   /dev/boardctl (rw, c 240:1)\n"
        "  links\n"
        "    gpu1  2 × boardlink, 50 GB/s\n"
    )


def test_a_part_is_shown_with_what_it_is_part_of_what_it_takes_and_why_it_cannot_be_had(lab: Lab) -> None:
    text = lab.cod("device", "show", "gpu1-part3").stdout
    assert "  part of    gpu1\n" in text
    assert "    1 of slices of gpu1\n" in text
    assert "    cod.dev/unready=not-made: NoSchedule\n" in text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("gpu1", ["gpu1"]),
        ("example.com/gpu=1", ["gpu1"]),
        ("1", ["gpu1"]),
        ("BOARD-1", ["gpu1"]),
        ("BOARD-0", ["gpu0"]),
        ("example.com/gpu=BOARD-0", ["gpu0"]),
        ("gpu0-part2", ["gpu0-part2"]),
        ("0:2", ["gpu0-part2"]),
        ("0000:30:00.0", ["gpu0", *PARTS[:4]]),
        ("31:00.0", ["gpu1", *PARTS[4:]]),
    ],
)
def test_a_device_is_found_by_each_of_its_names_and_by_its_place(
    lab: Lab, name: str, shown: list[str]
) -> None:
    assert [each["device"]["name"] for each in lab.data("device", "show", name)] == shown


def test_the_beginning_of_a_name_does_where_one_device_has_it(lab: Lab) -> None:
    lab.tree.node("/dev/kvm", 10, 232)
    assert lab.cod("device", "show", "kv").stdout.startswith("kvm\n")


def test_a_device_as_data_has_its_edits_links_and_parts(lab: Lab) -> None:
    (shown,) = lab.data("device", "show", "gpu0")
    assert shown["cdi"]["containerEdits"]["deviceNodes"][0]["path"] == "/dev/board0"
    assert shown["links"] == [{"to": "gpu1", "kind": "boardlink", "count": 2, "mbPerSecond": 50000}]
    assert len(shown["parts"]) == 4
    assert yaml.safe_load(lab.cod("device", "show", "gpu0", "-o", "yaml").stdout) == [shown]


def test_a_function_that_no_driver_offers_is_shown_by_its_address_with_the_reason(lab: Lab) -> None:
    text = lab.cod("device", "show", "32:00.0").stdout
    assert text.startswith("0000:32:00.0\n  state      not offered\n  class      display 0302\n")
    assert "  kernel     driver board\n" in text
    assert "    board.example.com: it has fallen off the bus\n" in text


def test_who_holds_a_device_is_said_and_asking_makes_no_ledger(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert "held" not in machine.cod("device", "list").stdout
    assert not (tmp_path / "ledger.db").exists()
    with machine.start("run", "-d", "sim-gpu:2", "--name", "mine", "--", "sh", "-c", "echo up; cat") as run:
        assert run.stdout is not None
        run.stdout.readline()
        table = machine.cod("device", "list", "--class", "sim-gpu").stdout
        assert table.count("held by mine") == 2
        assert "  state      held by mine\n" in machine.cod("device", "show", "gpu0").stdout
        classes = machine.cod("class", "list").stdout.splitlines()
        assert classes[1].split() == ["sim-gpu", "8", "6"]
        run.communicate()


def test_a_ledger_that_cannot_be_read_hides_no_device(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    (tmp_path / "ledger.db").write_bytes(b"no database at all" * 100)
    run = machine.cod("device", "list", "--class", "sim-gpu")
    assert run.returncode == 0
    assert run.stderr.startswith("warning: ")
    assert len(run.stdout.splitlines()) == 9


def test_the_shell_completes_devices_classes_and_drivers(lab: Lab) -> None:
    def offered(words: str) -> str:
        count = str(len(words.split()) - 1)
        return lab.cod(_COD_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=count).stdout

    assert "plain,gpu0-part3" in offered("cod device show gpu0-")
    assert "plain,gpu.example.com" in offered("cod device list --class gpu.")
    assert "plain,board.example.com" in offered("cod device list --driver bo")
    assert "plain,gpu.example.com" in offered("cod class show gpu.")
