"""Claims that are made, used, shown and released, without a command that runs all the time."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import yaml

from cod.resource import check, decode
from tests.machines.tree import Tree
from tests.runtimes.machine import Machine

TEMPLATE = """
apiVersion: resource.k8s.io/v1
kind: ResourceClaimTemplate
metadata: {name: pair}
spec:
  spec:
    devices:
      requests:
      - {name: gpus, exactly: {deviceClassName: sim-gpu, count: 2}}
---
apiVersion: v1
kind: Pod
metadata: {name: p}
"""
TWO = """
apiVersion: v1
kind: List
items:
- apiVersion: resource.k8s.io/v1
  kind: ResourceClaim
  metadata: {name: one}
  spec: {devices: {requests: [{name: r, exactly: {deviceClassName: sim-gpu, count: 3}}]}}
- apiVersion: resource.k8s.io/v1
  kind: ResourceClaim
  metadata: {name: two}
  spec: {devices: {requests: [{name: r, exactly: {deviceClassName: sim-gpu, count: %d}}]}}
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def spec_of(machine: Machine, name: str) -> dict[str, object]:
    """The CDI device of a claim."""
    (path,) = machine.specs.glob(f"*_{name}.json")
    (device,) = json.loads(path.read_bytes())["devices"]
    assert device["name"] == name
    found: dict[str, object] = device["containerEdits"]
    return found


def test_a_claim_that_is_made_stays_and_says_how_to_use_it(machine: Machine) -> None:
    run = machine.cod("claim", "create", "mine", "-d", "sim-gpu:2")
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("claim mine holds gpu0, gpu1, until it is released")
    assert "podman run --device cod.dev/claim=mine IMAGE" in run.stdout
    assert machine.held() == ["gpu0", "gpu1"]
    assert "SIM_GPU_0=gpu0" in str(spec_of(machine, "mine")["env"])
    assert "held by mine" in machine.cod("device", "list").stdout
    assert "   its name   " in machine.cod("claim", "list").stdout


def test_a_claim_is_printed_as_kubernetes_has_it(machine: Machine) -> None:
    made = machine.cod("claim", "create", "mine", "-d", "sim-gpu:2", "--same", "numa", "-o", "yaml").stdout
    (claim,) = decode(made)
    check(claim)
    shown = yaml.safe_load(machine.cod("claim", "show", "mine", "-o", "yaml").stdout)
    assert shown["metadata"].pop("annotations") == {"cod.dev/held-by": "name"}
    assert shown == yaml.safe_load(made)
    allocation = shown["status"]["allocation"]
    assert [each["request"] for each in allocation["devices"]["results"]] == ["sim-gpu", "sim-gpu"]
    assert allocation["nodeSelector"]["nodeSelectorTerms"][0]["matchFields"][0]["key"] == "metadata.name"


def test_a_claim_that_was_printed_can_be_made_again(machine: Machine) -> None:
    machine.cod("claim", "create", "a", "-d", "sim-gpu", "--for", "1h", "--spec-dir", str(machine.specs))
    printed = machine.cod("claim", "show", "a", "-o", "yaml").stdout
    assert "cod.dev/held-until" in printed
    made = machine.cod("claim", "create", "b", "-f", "-", "-o", "yaml", input=printed)
    assert "annotations" not in yaml.safe_load(made.stdout)["metadata"]
    assert machine.held() == ["gpu0", "gpu1"]


def test_a_command_uses_a_claim_and_leaves_it(machine: Machine) -> None:
    machine.cod("claim", "create", "mine", "-d", "sim-gpu:2")
    for _ in range(2):
        run = machine.cod("run", "--claim", "mine", "--", "sh", "-c", "echo $COD_DEVICES; exit 7")
        assert (run.returncode, run.stdout) == (7, "sim.cod.dev/gpu=gpu0,sim.cod.dev/gpu=gpu1\n")
    assert machine.held() == ["gpu0", "gpu1"]
    spec_of(machine, "mine")
    assert "used by" not in machine.cod("claim", "show", "mine").stdout


def test_a_claim_that_is_used_is_released_only_by_force(machine: Machine) -> None:
    machine.cod("claim", "create", "mine", "-d", "sim-gpu:2")
    with machine.start("run", "--claim", "mine", "--", "sh", "-c", "echo up; cat") as run:
        assert run.stdout is not None
        run.stdout.readline()
        assert "used by    process" in machine.cod("claim", "show", "mine").stdout
        refused = machine.cod("claim", "release", "mine")
        assert refused.returncode == 1
        assert "claim mine is used by process" in refused.stderr
        assert machine.cod("claim", "release", "--force", "mine").returncode == 0
        assert machine.held() == []
        run.communicate()
    assert machine.nothing_is_left()


def test_what_is_released_is_free_and_its_spec_is_gone(machine: Machine) -> None:
    machine.cod("claim", "create", "a", "-d", "sim-gpu")
    machine.cod("claim", "create", "b", "-d", "sim-gpu")
    run = machine.cod("claim", "release", "a", "b")
    assert (run.returncode, run.stderr) == (0, "claim a is released\nclaim b is released\n")
    assert machine.nothing_is_left()


def test_a_spec_that_was_put_elsewhere_is_found_where_it_is_released(machine: Machine) -> None:
    elsewhere = machine.directory / "elsewhere"
    machine.cod("claim", "create", "a", "-d", "sim-gpu", "--spec-dir", str(elsewhere))
    assert len([*elsewhere.iterdir()]) == 1
    machine.cod("claim", "release", "a")
    assert [*elsewhere.iterdir()] == []


def test_of_several_claims_to_release_none_is_where_one_cannot_be(machine: Machine) -> None:
    machine.cod("claim", "create", "a", "-d", "sim-gpu")
    run = machine.cod("claim", "release", "a", "x", "y")
    assert run.returncode == 1
    assert "2 of 3 claims cannot be released, so none was" in run.stderr
    run = machine.cod("claim", "release", "a", "x")
    assert "1 of 2 claims cannot be released, so none was\n  there is no claim x\n" in run.stderr
    assert machine.held() == ["gpu0"]


def test_a_claim_for_a_time_says_its_end_and_ends_then(machine: Machine) -> None:
    run = machine.cod("claim", "create", "short", "-d", "sim-gpu", "--for", "2s")
    assert ", for 2 s" in run.stdout
    shown = machine.cod("claim", "show", "short").stdout
    assert "held       until 20" in shown
    assert "from now" in shown
    time.sleep(2)
    assert machine.cod("claim", "show", "short").returncode == 1
    assert machine.claims() == []
    assert machine.nothing_is_left()


@pytest.mark.parametrize("text", ["", "2", "h", "2x", "0s", "-1h", "1.5h", "9999999d", "2h 3m"])
def test_a_duration_that_nobody_can_read_is_wrong_usage(machine: Machine, text: str) -> None:
    run = machine.cod("claim", "create", "a", "-d", "sim-gpu", f"--for={text}")
    assert run.returncode == 2
    assert "cannot read the duration" in run.stderr


def test_claims_come_from_files_and_templates(machine: Machine) -> None:
    (machine.directory / "t.yaml").write_text(TEMPLATE)
    path = str(machine.directory / "t.yaml")
    run = machine.cod("claim", "create", "-f", path, "-o", "name")
    assert run.stdout == "pair\n"
    assert "Pod passed over" in run.stderr
    assert machine.cod("claim", "create", "other", "-f", path, "-o", "name").stdout == "other\n"
    generated = machine.cod("claim", "create", "--generate", "-f", path, "-o", "name").stdout.strip()
    assert generated.startswith("pair-")
    assert len(machine.held()) == 6
    used = machine.cod("run", "-f", path, "--name", "last", "--", "sh", "-c", "echo $COD_CLAIM")
    assert used.stdout == "last\n"
    from_stdin = machine.cod("run", "-f", "-", "--", "sh", "-c", "echo $COD_CLAIM", input=TEMPLATE)
    assert from_stdin.stdout == "pair\n" or "there is a claim pair" in from_stdin.stderr


def test_of_several_claims_in_a_file_all_are_taken_or_none(machine: Machine) -> None:
    path = machine.directory / "two.yaml"
    path.write_text(TWO % 6)
    run = machine.cod("claim", "create", "-f", str(path))
    assert run.returncode == 1
    assert machine.nothing_is_left()
    path.write_text(TWO % 5)
    listed = json.loads(machine.cod("claim", "create", "-f", str(path), "-o", "json").stdout)
    assert [each["metadata"]["name"] for each in listed["items"]] == ["one", "two"]
    assert len(machine.held()) == 8
    refused = machine.cod("run", "-f", str(path), "--", "true")
    assert refused.returncode == 2
    assert "a command gets one claim, and the file has 2" in refused.stderr


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("claim", "create", "a"), "nothing is wanted"),
        (("claim", "create", "-d", "sim-gpu"), "the claim has no name"),
        (("claim", "create", "a", "--generate", "-d", "sim-gpu"), "no claim can be called a"),
        (("claim", "create", "a", "--same", "numa"), "--same says more of devices"),
        (("claim", "create", "a", "-f", "x", "-d", "kvm"), "-f and -d exclude each other"),
        (("claim", "create", "a", "-f", "x", "--closest"), "-f and --closest exclude each other"),
        (("run", "--", "true"), "nothing is wanted"),
        (("run", "--claim", "a", "-d", "kvm", "--", "true"), "--claim and -d exclude each other"),
        (("run", "--claim", "a", "--name", "b", "--", "true"), "--claim and --name exclude each other"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(
    machine: Machine, words: tuple[str, ...], what: str
) -> None:
    run = machine.cod(*words)
    assert run.returncode == 2
    assert what in run.stderr


def test_a_claim_that_is_not_held_is_no_claim_to_run_with(machine: Machine) -> None:
    run = machine.cod("run", "--claim", "nobody", "--", "true")
    assert run.returncode == 1
    assert "there is no claim nobody" in run.stderr


def test_a_file_that_the_api_server_would_not_take_is_refused_with_all_that_is_wrong(
    machine: Machine,
) -> None:
    path = machine.directory / "bad.yaml"
    path.write_text(TWO.replace("sim-gpu", "Sim GPU") % 0)
    run = machine.cod("claim", "create", "-f", str(path))
    assert run.returncode == 1
    assert "deviceClassName" in run.stderr
    path.write_text("{")
    assert machine.cod("claim", "create", "-f", str(path)).returncode == 1
    path.write_text(TEMPLATE.partition("---")[2])
    run = machine.cod("claim", "create", "-f", str(path))
    assert run.returncode == 1
    assert "there is no claim in it" in run.stderr
    assert machine.cod("claim", "create", "-f", "/nowhere/x.yaml").returncode == 3
    assert machine.nothing_is_left()


def test_the_devices_of_a_recorded_machine_cannot_be_taken(machine: Machine) -> None:
    tree = Tree(machine.directory / "recorded")
    tree.file("/sys/devices/system/cpu/online", "0-3\n")
    machine.environ["COD_HOST"] = str(tree.root)
    run = machine.cod("claim", "create", "a", "-d", "cpu")
    assert run.returncode == 2
    assert "cannot be used" in run.stderr


def test_a_claim_whose_spec_cannot_be_written_is_not_held(machine: Machine) -> None:
    machine.specs.touch()
    run = machine.cod("claim", "create", "a", "-d", "sim-gpu")
    assert run.returncode == 3
    machine.specs.unlink()
    assert machine.nothing_is_left()


needs_kvm = pytest.mark.skipif(not Path("/dev/fuse").exists(), reason="this machine has no /dev/fuse")


@needs_kvm
def test_two_claims_share_a_device_and_each_has_a_spec_with_its_node_once(machine: Machine) -> None:
    for name in ("a", "b"):
        run = machine.cod("claim", "create", name, "-d", "x=fuse", "-d", "y=fuse")
        assert run.returncode == 0, run.stderr
        nodes = spec_of(machine, name)["deviceNodes"]
        assert [each["path"] for each in nodes] == ["/dev/fuse"]  # type: ignore[attr-defined]
    (row,) = [row for row in machine.cod("device", "list").stdout.splitlines() if row.startswith("fuse ")]
    assert "shared by a, b" in row
    allocations = [claim["status"]["allocation"] for claim in machine.claims()]
    assert len({each["shareID"] for one in allocations for each in one["devices"]["results"]}) == 4


def test_a_shared_device_is_given_until_it_is_used_up(machine: Machine) -> None:
    run = machine.cod("claim", "create", "a", "-d", "sim-cpu:2", "--capacity", "cpus=30")
    assert "numa0 (cpus 30), numa1 (cpus 30)" in run.stdout
    assert machine.cod("claim", "create", "b", "-d", "sim-cpu", "--capacity", "cpus=3").returncode == 1
    assert machine.cod("claim", "create", "c", "-d", "sim-cpu", "--capacity", "cpus=2").returncode == 0
    states = [row for row in machine.cod("device", "list").stdout.splitlines() if row.startswith("numa")]
    assert [row.split("  ")[-1].strip() for row in states] == ["held by a, c", "shared by a"]
