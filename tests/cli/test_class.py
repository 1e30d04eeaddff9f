"""`cod class`: what can be asked for."""

from __future__ import annotations

from pathlib import Path

import msgspec
import yaml

from cod.resource import DeviceClass
from tests.cli.lab import Lab
from tests.runtimes.machine import Machine


def test_where_too_many_devices_of_a_class_are_to_be_named_it_says_how_to_list_them(lab: Lab) -> None:
    text = lab.cod("class", "show", "sim-mig", "--host", "sim:mig").stdout
    assert "  devices   50, of which 0 free: cod device list --all --class sim-mig\n" in text


def test_classes_are_listed_with_their_devices_those_that_have_some_first(lab: Lab) -> None:
    lines = [line.split() for line in lab.cod("class", "list").stdout.splitlines()]
    assert lines[0] == ["NAME", "DEVICES", "FREE"]
    assert lines[1:3] == [["gpu", "10", "2"], ["gpu.example.com", "10", "2"]]
    assert ["kvm", "0", "0"] in lines[3:]


def test_wide_says_what_selects_the_devices(lab: Lab) -> None:
    assert '== "gpu.example.com"' in lab.cod("class", "list", "-o", "wide").stdout


def test_data_is_a_list_of_device_classes_as_the_api_has_them(lab: Lab) -> None:
    found = yaml.safe_load(lab.cod("class", "list", "-o", "yaml").stdout)
    assert (found["apiVersion"], found["kind"]) == ("v1", "List")
    assert found == lab.data("class", "list")
    classes = msgspec.convert(found["items"], list[DeviceClass])
    assert [each.name for each in classes] == lab.cod("class", "list", "-o", "name").stdout.split()


def test_a_class_is_shown_with_its_selector_and_its_devices(lab: Lab) -> None:
    lines = lab.cod("class", "show", "gpu.example.com", "kvm").stdout.splitlines()
    assert lines[0] == "gpu.example.com"
    assert lines[1].startswith("  selects   device.attributes[")
    assert lines[2].startswith("  devices   10, of which 2 free: gpu0, gpu0-part0")
    assert lines[3:5] == ["", "kvm"]
    assert lines[6] == "  devices   none on this machine"


def test_a_class_as_data_is_what_the_api_takes(lab: Lab) -> None:
    assert lab.data("class", "show", "kvm")["kind"] == "DeviceClass"
    assert lab.data("class", "show", "kvm", "gpu")["kind"] == "List"


def test_a_class_that_is_not_there_is_refused_with_the_nearest(lab: Lab) -> None:
    run = lab.cod("class", "show", "kvn")
    assert (run.returncode, run.stdout) == (1, "")
    assert "nearest: kvm" in run.stderr


def test_a_device_that_is_shared_is_free_until_it_is_used_up(tmp_path: Path) -> None:
    machine = Machine(tmp_path)

    def free() -> str:
        listed = machine.cod("class", "list").stdout.splitlines()
        return next(line for line in listed if line.startswith("sim-cpu ")).split()[2]

    assert free() == "2"
    with machine.start("run", "-d", "sim-cpu", "--", "sh", "-c", "echo up; cat") as run:
        assert run.stdout is not None
        run.stdout.readline()
        assert free() == "2"
        run.communicate()
