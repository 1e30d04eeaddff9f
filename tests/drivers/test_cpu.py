from __future__ import annotations

import pytest

from cod.drivers import FoundDevice, Inventory, discover
from cod.drivers.cpu import Cpu
from cod.host import Host, open_host
from cod.host.numa import parse_list
from cod.resource.validate import problems
from tests.machines.numa import cpus, flat, node, numa
from tests.machines.tree import Tree


def inventory(host: Host) -> Inventory:
    found = discover(host, [Cpu()])
    assert found.failures == ()
    for each in (*found.slices, *found.classes):
        assert problems(each) == []
    return found


def devices(host: Host) -> dict[str, FoundDevice]:
    return {name: each for (_, _, name), each in inventory(host).found.items()}


def skipped(host: Host) -> list[tuple[str, str]]:
    return [(each.what, each.why) for each in inventory(host).reports[0].skipped]


def facts(found: FoundDevice) -> dict[str, str | int | None]:
    names = ("numaNode", "cpuList", "isolatedCpus", "threadsPerCore", "class", "type")
    attributes = {name.rpartition("/")[2]: each for name, each in found.device.attributes.items()}
    return {
        name: attributes[name].string or attributes[name].int_ for name in names if name in attributes
    } | ({"numaNode": attributes["numaNode"].int_} if "numaNode" in attributes else {})


def test_a_numa_node_with_cpus_is_a_device(tree: Tree) -> None:
    numa(tree)
    found = devices(tree.host)
    assert [each.qualified_name for each in found.values()] == ["cod.dev/cpu=numa0", "cod.dev/cpu=numa1"]
    assert facts(found["numa1"]) == {
        "numaNode": 1,
        "cpuList": "4-7,12-14",
        "threadsPerCore": 2,
        "class": "cpu",
        "type": "cpu",
    }


def test_memory_without_cpus_is_no_device(tree: Tree) -> None:
    numa(tree)
    assert skipped(tree.host) == [("NUMA node 2", "it has memory and no CPUs")]


def test_isolated_cpus_are_left_to_those_for_whom_they_were_isolated(tree: Tree) -> None:
    numa(tree)
    first = devices(tree.host)["numa0"]
    assert (facts(first)["cpuList"], facts(first)["isolatedCpus"]) == ("0-1,8-11", "2-3")
    assert first.device.capacity["cpus"].value == "6"


def test_a_claim_takes_a_part_of_a_node_one_cpu_if_it_does_not_say(tree: Tree) -> None:
    numa(tree)
    device = devices(tree.host)["numa1"].device
    assert device.allow_multiple_allocations
    assert {name: each.value for name, each in device.capacity.items()} == {"cpus": "7", "memory": "65536Mi"}
    policies = {name: each.request_policy for name, each in device.capacity.items()}
    assert {name: each and each.default for name, each in policies.items()} == {"cpus": "1", "memory": "0"}


def test_a_container_is_told_its_cpus(tree: Tree) -> None:
    numa(tree)
    edits = [each.edits for each in devices(tree.host).values()]
    assert [each.env for each in edits] == [("COD_CPUS_0=0-1,8-11",), ("COD_CPUS_1=4-7,12-14",)]


def test_nodes_whose_cpus_are_all_taken_away_are_none(tree: Tree) -> None:
    tree.files("/sys/devices/system/node", {"online": "0-1,7"})
    for number, each in {0: "0", 1: "1", 7: "2-3"}.items():
        node(tree, number, each, 1, "10 20 20")
    cpus(tree, "1-3", isolated="1")
    assert skipped(tree.host) == [
        ("NUMA node 0", "its CPUs are offline"),
        ("NUMA node 1", "its CPUs are isolated"),
    ]
    assert [*devices(tree.host)] == ["numa7"]


def test_a_machine_without_numa_nodes_is_one_device(tree: Tree) -> None:
    flat(tree)
    (found,) = devices(tree.host).values()
    assert (found.device.name, facts(found)["cpuList"]) == ("numa0", "0-3")
    assert found.device.capacity["memory"].value == "3933Mi"


def test_a_machine_that_says_nothing_of_its_cpus_has_none(tree: Tree) -> None:
    tree.directory("/sys")
    assert devices(tree.host) == {}


def test_a_list_too_long_for_an_attribute_is_only_in_the_variable(tree: Tree) -> None:
    tree.files("/sys/devices/system/node", {"online": "0"})
    scattered = ",".join(str(number) for number in range(0, 100, 2))
    node(tree, 0, scattered, 1, "10")
    (found,) = devices(tree.host).values()
    assert "cpuList" not in facts(found)
    assert found.edits.env == (f"COD_CPUS_0={scattered}",)


def test_a_machine_with_one_cpu_offers_one(tree: Tree) -> None:
    tree.files("/sys/devices/system/node", {"online": "0"})
    node(tree, 0, "0", 0, "10")
    (found,) = devices(tree.host).values()
    assert {name: each.value for name, each in found.device.capacity.items()} == {"cpus": "1"}


@pytest.mark.parametrize("text", ["", "x", "9-1", "0-99999999", "\0", "0,,1", "-1"])
def test_lists_that_cannot_be_read_break_nothing(tree: Tree, text: str) -> None:
    numa(tree)
    for path in ("node/node0/cpulist", "cpu/online", "cpu/isolated", "node/node0/meminfo"):
        tree.file(f"/sys/devices/system/{path}", text)
    assert "numa1" in devices(tree.host)


def test_cpus_of_a_simulated_machine_are_a_class_of_their_own() -> None:
    found = inventory(open_host("sim:8gpu"))
    assert [each.qualified_name for each in found.found.values()] == [
        "sim.cod.dev/cpu=numa0",
        "sim.cod.dev/cpu=numa1",
    ]
    assert {facts(each)["class"] for each in found.found.values()} == {"sim-cpu"}
    assert [each.name for each in found.classes] == ["cpu", "sim-cpu"]


def test_the_cpus_of_this_machine_are_those_that_are_online() -> None:
    host = open_host("/")
    found = devices(host)
    there = {
        cpu for each in found.values() for env in each.edits.env for cpu in parse_list(env.partition("=")[2])
    }
    online = set(parse_list(host.value("/sys/devices/system/cpu/online")))
    assert there == online - set(parse_list(host.value("/sys/devices/system/cpu/isolated")))
