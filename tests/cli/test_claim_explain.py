"""`cod claim explain`: why no device, or why these, on files alone or on a machine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.runtimes.machine import Machine, Run

DRIVER = "gpu.example.com"
GROUP = "resource.k8s.io/v1"
H100 = 'device.attributes["gpu.example.com"].model == "H100"'


def node(name: str, **labels: str) -> dict[str, Any]:
    meta = {"name": name, "labels": labels, "managedFields": [{"manager": "kubelet"}]}
    return {"apiVersion": "v1", "kind": "Node", "metadata": meta, "status": {"capacity": {"cpu": "4"}}}


def slice_of(name: str, model: str = "H100", count: int = 4, **spec: Any) -> dict[str, Any]:
    devices = [
        {
            "name": f"gpu-{number}",
            "attributes": {
                "model": {"string": model},
                "uuid": {"string": f"{name}-{number}"},
                "resource.kubernetes.io/numaNode": {"int": number // 2},
            },
        }
        for number in range(count)
    ]
    pool = {"name": name, "generation": 1, "resourceSliceCount": 1}
    where = spec or {"nodeName": name}
    inner = {"driver": DRIVER, "pool": pool, "devices": devices, **where}
    return {"apiVersion": GROUP, "kind": "ResourceSlice", "metadata": {"name": name}, "spec": inner}


def gpu_class() -> dict[str, Any]:
    spec = {"selectors": [{"cel": {"expression": f'device.driver == "{DRIVER}"'}}]}
    return {"apiVersion": GROUP, "kind": "DeviceClass", "metadata": {"name": "gpu"}, "spec": spec}


def claim(name: str, count: int = 1, cel: str = "", numa: bool = False) -> dict[str, Any]:
    wanted: dict[str, Any] = {"deviceClassName": "gpu", "count": count}
    if cel:
        wanted["selectors"] = [{"cel": {"expression": cel}}]
    devices: dict[str, Any] = {"requests": [{"name": "gpus", "exactly": wanted}]}
    if numa:
        devices["constraints"] = [{"matchAttribute": "resource.kubernetes.io/numaNode"}]
    meta = {"name": name, "namespace": "default"}
    return {"apiVersion": GROUP, "kind": "ResourceClaim", "metadata": meta, "spec": {"devices": devices}}


def allocated(name: str, pool: str, *devices: int) -> dict[str, Any]:
    results = [
        {"request": "gpus", "driver": DRIVER, "pool": pool, "device": f"gpu-{each}"} for each in devices
    ]
    field = {"key": "metadata.name", "operator": "In", "values": [pool]}
    selector = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    status = {"allocation": {"devices": {"results": results}, "nodeSelector": selector}}
    return claim(name, len(devices)) | {"status": status}


class Kubectl:
    """Files that kubectl printed, and what is asked of them."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def explain(self, *objects: dict[str, Any], words: tuple[str, ...] = (), form: str = "yaml") -> Run:
        listed = {"apiVersion": "v1", "kind": "List", "items": [*objects]}
        path = self.machine.directory / f"cluster.{form}"
        path.write_text(yaml.safe_dump(listed) if form == "yaml" else json.dumps(listed))
        return self.machine.cod("claim", "explain", str(path), *words)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def kubectl(machine: Machine) -> Kubectl:
    return Kubectl(machine)


CLUSTER = (
    *(node(f"node-{number}") for number in range(1, 5)),
    slice_of("node-1"),
    slice_of("node-2"),
    slice_of("node-3", "A100"),
    slice_of("node-4"),
    gpu_class(),
    allocated("user", "node-4", 0, 1, 2),
)


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_it_is_told_on_which_nodes_a_claim_fits_and_why_not_on_the_others(
    kubectl: Kubectl, form: str
) -> None:
    run = kubectl.explain(*CLUSTER, claim("train", 2, H100), {**node("x"), "kind": "Pod"}, form=form)
    assert run.returncode == 0
    assert run.stderr == "note: passed over: 1 × Pod\n"
    lines = run.stdout.splitlines()
    assert lines[0] == "fits: claim train on 2 of 4 nodes: node-[1-2]"
    assert "  on node-1" in lines
    assert "  not on node-3" in lines
    assert f'      4  gpu-[0-3]  not selected: {H100} is false: model is "A100"' in lines
    assert "  not on node-4" in lines
    assert "      3  gpu-[0-2]  held by user" in lines
    assert "      1  gpu-3      left" in lines


def test_nodes_with_the_same_causes_are_told_once(kubectl: Kubectl) -> None:
    run = kubectl.explain(*CLUSTER, claim("big", 5))
    assert run.returncode == 1
    lines = run.stdout.splitlines()
    assert lines[0] == "no fit: claim big on none of 4 nodes"
    assert [line for line in lines if line.startswith("  not on")] == [
        "  not on node-[1-3] (3 nodes)",
        "  not on node-4",
    ]
    assert "    request gpus: 5 of gpu wanted, 4 there" in lines
    assert "    nearest: ask for gpus:4" in lines


def test_a_constraint_is_told_with_the_most_that_it_allows(kubectl: Kubectl) -> None:
    run = kubectl.explain(*CLUSTER, claim("wide", 3, numa=True), words=("--node", "node-1"))
    assert run.returncode == 1
    assert run.stdout.startswith("no fit: claim wide on node-1\n")
    assert "  matchAttribute resource.kubernetes.io/numaNode: 3 wanted, 2 at best\n" in run.stdout
    assert "    left with 0: 2, 1: 2\n" in run.stdout
    assert "or  without matchAttribute resource.kubernetes.io/numaNode\n" in run.stdout


def test_every_pending_claim_is_explained_and_one_that_does_not_fit_is_enough_for_no(
    kubectl: Kubectl,
) -> None:
    run = kubectl.explain(*CLUSTER, claim("small"), claim("big", 9))
    assert run.returncode == 1
    assert "fits: claim small on 4 of 4 nodes" in run.stdout
    assert "no fit: claim big on none of 4 nodes" in run.stdout
    only = kubectl.explain(*CLUSTER, claim("small"), claim("big", 9), words=("--claim", "small"))
    assert only.returncode == 0
    assert "big" not in only.stdout


def test_claims_of_one_pod_are_asked_together(kubectl: Kubectl) -> None:
    claims = [claim("a", 3), claim("b", 3)]
    assert kubectl.explain(*CLUSTER, *claims).returncode == 0
    run = kubectl.explain(*CLUSTER, *claims, words=("--together",))
    assert run.returncode == 1
    assert "no fit: claim a, b on none of 4 nodes" in run.stdout
    assert "each for itself could be met" in run.stdout


def test_what_would_be_can_be_asked_of_a_cluster(kubectl: Kubectl) -> None:
    run = kubectl.explain(*CLUSTER, claim("other", 99), words=("-d", "gpu:4", "--where", H100))
    assert run.returncode == 0
    assert run.stdout.startswith("fits: claim wanted on 2 of 4 nodes: node-[1-2]\n")
    assert "claim other" not in run.stdout


def test_why_a_claim_has_its_devices_is_asked_as_if_it_had_none(kubectl: Kubectl) -> None:
    run = kubectl.explain(*CLUSTER, words=("--claim", "user"))
    assert run.returncode == 0
    assert run.stdout.startswith("fits: claim user on node-4\n")
    assert "request gpus: gpu-[0-2], of 4 that would do" in run.stdout
    assert "chosen when other devices were free" not in run.stdout
    moved = kubectl.explain(*CLUSTER, allocated("odd", "node-1", 3), words=("--claim", "odd"))
    assert "it has gpu-3: chosen when other devices were free" in moved.stdout


def test_a_template_is_explained_where_no_claim_waits(kubectl: Kubectl) -> None:
    template = {**claim("t", 9), "kind": "ResourceClaimTemplate"}
    template["spec"] = {"spec": template["spec"]}
    assert kubectl.explain(*CLUSTER, template).stdout.startswith("no fit: claim t on none")
    assert " t " not in kubectl.explain(*CLUSTER, template, claim("waits")).stdout


def test_a_selector_that_fails_on_a_device_is_a_cause_and_for_kubernetes_the_end(kubectl: Kubectl) -> None:
    broken = claim("broken", 1, 'device.attributes["gpu.example.com"].modle == "H100"')
    run = kubectl.explain(slice_of("node-1"), gpu_class(), broken)
    assert run.returncode == 1
    assert "no such key: modle" in run.stdout
    assert "did you mean model?" in run.stdout
    strict = kubectl.explain(slice_of("node-1"), gpu_class(), broken, words=("--strict",))
    assert strict.returncode == 1
    assert "CEL runtime error" in strict.stdout


def test_kubernetes_takes_the_first_that_do(kubectl: Kubectl) -> None:
    run = kubectl.explain(*CLUSTER, claim("a", 2), words=("--strict", "--node", "node-1"))
    assert run.stdout == "fits: claim a on node-1\n  request gpus: gpu-[0-1]\n"


def test_nodes_are_known_by_their_labels_where_slices_select_them(kubectl: Kubectl) -> None:
    requirement = {"key": "zone", "operator": "In", "values": ["a"]}
    term = {"nodeSelectorTerms": [{"matchExpressions": [requirement]}]}
    objects = (slice_of("fabric", nodeSelector=term), gpu_class(), claim("c"))
    run = kubectl.explain(node("n1", zone="a"), node("n2", zone="b"), *objects)
    assert run.stdout.startswith("fits: claim c on 1 of 2 nodes: n1\n")
    assert "  not on n2\n" in run.stdout
    assert "there is none" in run.stdout
    unknown = kubectl.explain(*objects)
    assert "select nodes by labels" in unknown.stderr


def test_a_claim_that_nobody_could_read_does_not_hide_the_others(kubectl: Kubectl) -> None:
    wrong = claim("wrong")
    wrong["spec"]["devices"]["requests"][0]["exactly"]["deviceClassName"] = "gpus"
    run = kubectl.explain(*CLUSTER, wrong, claim("bad", 1, "device.("), claim("good"))
    assert run.returncode == 1
    assert "invalid: claim wrong\n" in run.stdout
    assert "there is no class gpus; did you mean gpu?" in run.stdout
    assert "invalid: claim bad\n" in run.stdout
    assert "Syntax error" in run.stdout
    assert "fits: claim good on 4 of 4 nodes" in run.stdout


def test_data_has_all_nodes_all_devices_and_all_causes(kubectl: Kubectl) -> None:
    run = kubectl.explain(*CLUSTER, claim("train", 2, H100), words=("-o", "json"))
    (verdict,) = json.loads(run.stdout)
    assert (verdict["claims"], verdict["fits"]) == (["train"], True)
    groups = {tuple(each["nodes"]): each for each in verdict["groups"]}
    assert [*groups] == [("node-1", "node-2"), ("node-3",), ("node-4",)]
    given = groups["node-1", "node-2"]["answer"]["given"][0]
    assert given["devices"] == ["gpu.example.com/node-1/gpu-0", "gpu.example.com/node-1/gpu-1"]
    falls = groups["node-3",]["refusal"]["requests"][0]["falls"]
    assert [each["device"] for each in falls] == [f"gpu.example.com/node-3/gpu-{n}" for n in range(4)]
    assert {each["rule"] for each in falls} == {"selector"}


def test_of_many_nodes_few_are_named_and_data_has_all(kubectl: Kubectl) -> None:
    names = [f"node-{number}" for number in range(0, 400, 2)]
    objects = (*map(slice_of, names), gpu_class(), claim("c", 9))
    run = kubectl.explain(*objects, form="json")
    assert max(map(len, run.stdout.splitlines())) < 140
    assert ",…] (200 nodes)" in run.stdout
    (verdict,) = json.loads(kubectl.explain(*objects, form="json", words=("-o", "json")).stdout)
    assert verdict["groups"][0]["nodes"] == names


def test_where_every_node_is_unlike_the_others_few_are_told_in_full(kubectl: Kubectl) -> None:
    names = [f"node-{number}" for number in range(60)]
    slices = [slice_of(name, f"model-{name}", 1 + number % 40) for number, name in enumerate(names)]
    run = kubectl.explain(*slices, gpu_class(), claim("c", 32, H100), form="json")
    assert run.returncode == 1
    assert run.stdout.count("not on node-") == 5
    assert re.search(r"  nor on 5[0-9] more, for other causes: --node node-[0-9]+\n$", run.stdout)


def test_this_machine_is_asked_where_the_files_have_no_slices(machine: Machine) -> None:
    machine.cod("claim", "create", "mine", "-d", "sim-gpu:3")
    run = machine.cod("claim", "explain", "-d", "gpus=sim-gpu:6")
    assert run.returncode == 1
    assert "    3  gpu[0-2]  held by mine\n" in run.stdout
    assert "or  once claim mine is released\n" in run.stdout
    path = machine.directory / "claim.yaml"
    wanted = claim("mine-2", 2)
    wanted["spec"]["devices"]["requests"][0]["exactly"]["deviceClassName"] = "sim-gpu"
    path.write_text(yaml.safe_dump(wanted))
    assert machine.cod("claim", "explain", str(path)).stdout.startswith("fits: claim mine-2 on ")


def test_a_claim_that_is_held_is_explained_by_its_name(machine: Machine) -> None:
    machine.cod("claim", "create", "mine", "-d", "sim-gpu:2", "-d", "sim-nic", "--closest")
    run = machine.cod("claim", "explain", "mine")
    assert run.returncode == 0
    assert "  request sim-gpu: gpu[0-1], of 8 that would do\n" in run.stdout
    assert "closest together" in run.stdout
    missing = machine.cod("claim", "explain", "other")
    assert missing.returncode == 1
    assert "there is no claim other" in missing.stderr


@pytest.mark.parametrize(
    ("words", "status", "what"),
    [
        ((), 2, "what is to be explained?"),
        (("--same", "numa"), 2, "what is to be explained?"),
        (("a", "b"), 2, "a is the name of a claim"),
        (("a", "-d", "kvm"), 2, "a is the name of a claim"),
        (("-d", "kvm", "--node", "moon"), 1, "there is no node moon"),
        (("/nowhere.yaml",), 3, "cannot be read"),
    ],
)
def test_what_is_no_question_is_told(
    machine: Machine, words: tuple[str, ...], status: int, what: str
) -> None:
    run = machine.cod("claim", "explain", *words)
    assert (run.returncode, run.stdout) == (status, "")
    assert what in run.stderr


@pytest.mark.parametrize(
    ("objects", "words", "what"),
    [
        ((), (), "the files have no claim"),
        ((allocated("a", "node-1", 0),), (), "no claim of the files waits for devices"),
        ((claim("a"),), ("--claim", "b"), "the files have no claim b"),
    ],
)
def test_files_without_a_question_are_told(
    kubectl: Kubectl, objects: tuple[dict[str, Any], ...], words: tuple[str, ...], what: str
) -> None:
    run = kubectl.explain(slice_of("node-1"), gpu_class(), *objects, words=words)
    assert run.returncode == 1
    assert what in run.stderr


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "a: [", "kind: List\nitems: 3", "\0", "apiVersion: v1\nkind: Pod"]
)
def test_files_that_hold_nothing_of_use_never_give_a_traceback(machine: Machine, text: str) -> None:
    path = machine.directory / "x.yaml"
    path.write_text(text)
    run = machine.cod("claim", "explain", str(path))
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert "bug" not in run.stderr


def test_a_selector_that_no_cluster_would_take_is_not_tried(kubectl: Kubectl) -> None:
    numbers = [*range(20)]
    expression = "device.driver.size() > 99"
    for name in "abcdef":
        expression = f"{numbers}.all({name}, {expression})"
    run = kubectl.explain(*CLUSTER, claim("endless", 1, expression.replace("> 99", "< 99")))
    assert run.returncode == 1
    assert "selectors may take too long, and are not tried\n" in run.stderr
    assert "  claim endless, request gpus: [0, 1," in run.stderr


def test_a_ledger_that_cannot_be_used_is_no_answer(machine: Machine) -> None:
    machine.cod("claim", "create", "mine", "-d", "sim-gpu:2")
    Path(machine.environ["COD_LEDGER"]).write_bytes(b"no ledger at all" * 400)
    for words in (("mine",), ("-d", "sim-gpu:8")):
        run = machine.cod("claim", "explain", *words)
        assert (run.returncode, run.stdout) == (3, "")
        assert "the ledger cannot be used" in run.stderr


def test_devices_of_a_claim_that_are_gone_are_told(machine: Machine) -> None:
    machine.cod("claim", "create", "mine", "-d", "sim-gpu:2", "-d", "kvm")
    run = machine.cod("claim", "explain", "mine", "--host", "sim:2nic")
    assert run.returncode == 1
    assert "  it has gpu[0-1]: gone, no slice has it any more\n" in run.stdout


def test_what_is_left_for_others_is_told_in_plain_words(machine: Machine) -> None:
    run = machine.cod("claim", "explain", "-d", "sim-gpu:5")
    assert "  left for others  2 of the 6 free devices on NUMA node 0\n" in run.stdout
    assert "  left for others  3 of the 8 free devices linked to one another\n" in run.stdout
    assert "  left for others  1 of the 3 free devices below one switch, 2 times\n" in run.stdout
    partitions = machine.cod("claim", "explain", "-d", "sim-gpu", "--host", "sim:mig").stdout
    assert "  other partitions  25 can no longer be had: mig0-1g-5gb-[0-6]," in partitions
    assert "  left for others   0 of the 26 free devices of PCI device 0000:13:00.0\n" in partitions
    assert max(map(len, partitions.splitlines())) < 110


def test_a_wish_that_cannot_be_met_says_why(machine: Machine) -> None:
    run = machine.cod("claim", "explain", "-d", "sim-gpu:2", "--least", "nope", "--prefer-same", "a.com/b*7")
    assert run.returncode == 0
    assert "  least nope, which no device has  met\n" in run.stdout
    assert "not met, by 1, and it weighs 7\n" in run.stdout


def test_claims_of_one_name_are_told_apart_by_their_namespaces(kubectl: Kubectl) -> None:
    other = claim("train", 9)
    other["metadata"]["namespace"] = "lab"
    run = kubectl.explain(*CLUSTER, claim("train"), other)
    assert "fits: claim default/train on 4 of 4 nodes" in run.stdout
    assert "no fit: claim lab/train on none of 4 nodes" in run.stdout
    only = kubectl.explain(*CLUSTER, claim("train"), other, words=("--claim", "lab/train"))
    assert only.stdout.startswith("no fit: claim lab/train on none")


def test_what_two_files_both_have_is_there_once(kubectl: Kubectl) -> None:
    path = str(kubectl.machine.directory / "cluster.yaml")
    once = kubectl.explain(*CLUSTER, claim("train", 4))
    twice = kubectl.explain(*CLUSTER, claim("train", 4), words=(path,))
    assert once.stdout == twice.stdout
    assert once.stdout.startswith("fits: claim train on 3 of 4 nodes")
