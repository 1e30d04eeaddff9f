"""`cod claim list`: who holds what, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.runtimes.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine on which a claim called `mine` holds two devices."""
    machine = Machine(tmp_path)
    with machine.start("run", "-d", "sim-gpu:2", "--name", "mine", "--", "sh", "-c", "echo up; cat") as run:
        assert run.stdout is not None
        run.stdout.readline()
        yield machine
        run.communicate()


def test_a_table_says_who_holds_what(machine: Machine) -> None:
    run = machine.cod("claim", "list")
    headers, row = run.stdout.splitlines()
    assert headers.split("   ")[0] == "NAME"
    assert row.startswith("mine   gpu0,gpu1   ")
    assert "sh -c echo up; cat" in row
    assert machine.cod("claim", "ls").stdout == run.stdout


def test_a_long_command_is_cut_and_wide_has_the_whole_of_it(machine: Machine) -> None:
    words = "true " * 30
    script = f"cat; {words}"
    with machine.start("run", "-d", "kvm", "--name", "long", "--", "sh", "-c", f"echo up; {script}") as run:
        assert run.stdout is not None
        run.stdout.readline()
        lines = machine.cod("claim", "list").stdout.splitlines()
        assert max(map(len, lines)) == 80
        assert words.strip() in machine.cod("claim", "list", "-o", "wide").stdout
        run.communicate()


def test_wide_names_each_device_in_full(machine: Machine) -> None:
    assert "sim.cod.dev/" in machine.cod("claim", "list", "-o", "wide").stdout


def test_names_are_for_scripts(machine: Machine) -> None:
    assert machine.cod("claim", "list", "-o", "name").stdout == "mine\n"


def test_json_is_a_list_of_claims_in_the_apis_shape_and_yaml_says_the_same(machine: Machine) -> None:
    listed = json.loads(machine.cod("claim", "list", "-o", "json").stdout)
    assert listed["kind"] == "List"
    claims = listed["items"]
    assert [claim["kind"] for claim in claims] == ["ResourceClaim"]
    results = claims[0]["status"]["allocation"]["devices"]["results"]
    assert [(each["driver"], each["device"]) for each in results] == [
        ("sim.cod.dev", "gpu0"),
        ("sim.cod.dev", "gpu1"),
    ]
    assert yaml.safe_load(machine.cod("claim", "list", "-o", "yaml").stdout) == listed


def test_a_name_that_is_taken_is_refused(machine: Machine) -> None:
    run = machine.cod("run", "-d", "sim-gpu", "--name", "mine", "--", "true")
    assert run.returncode == 1
    assert "there is a claim mine already" in run.stderr
    assert machine.held() == ["gpu0", "gpu1"]


@pytest.mark.parametrize(
    ("output", "printed"), [("table", None), ("wide", None), ("json", []), ("yaml", []), ("name", None)]
)
def test_without_claims_data_is_empty(tmp_path: Path, output: str, printed: list[str] | None) -> None:
    run = Machine(tmp_path).cod("claim", "list", "-o", output)
    assert run.returncode == 0
    assert (yaml.safe_load(run.stdout)["items"] if run.stdout else None) == printed
    assert run.stderr == ("no claims\n" if output in ("table", "wide") else "")
