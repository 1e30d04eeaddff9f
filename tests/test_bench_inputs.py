from __future__ import annotations

import json
import random
from itertools import chain

import pytest
from bench.allocation.clusters import fabric, node_names, one_pool, question_input, questions
from bench.allocation.fills import cluster_fill, packing
from bench.allocation.hard import hard_cases
from bench.allocation.hostile import changed, instance, random_plan
from bench.allocation.partitions import COMPUTE, MEMORY, PROFILES, partition_cases, partitions
from bench.allocation.words import Input, emitted

from cod.resource import check, from_data
from cod.resource.claims import ResourceClaim
from cod.resource.classes import DeviceClass
from cod.resource.slices import ResourceSlice


def inputs() -> list[Input]:
    clusters = [question_input(3, question) for question in questions(3)]
    return [
        *clusters,
        one_pool(3),
        fabric(3, 2),
        *hard_cases(),
        *partition_cases(),
        cluster_fill(2, 18),
        *packing(),
    ]


INPUTS = inputs()


def claims_of(given: Input) -> list[ResourceClaim]:
    return [*given.claims, *chain.from_iterable(pod.claims for pod in given.pods)]


@pytest.mark.parametrize("given", INPUTS, ids=lambda given: given.title)
def test_the_objects_of_an_input_are_what_the_api_server_takes(given: Input) -> None:
    for each in (*given.slices, *given.classes, *claims_of(given)):
        check(each)


@pytest.mark.parametrize("given", INPUTS, ids=lambda given: given.title)
def test_an_emitted_input_reads_back_as_what_it_was(given: Input) -> None:
    data = json.loads(emitted(given))
    assert tuple(from_data(each, ResourceSlice) for each in data["slices"]) == given.slices
    assert tuple(from_data(each, DeviceClass) for each in data["classes"]) == given.classes
    assert tuple(from_data(each, ResourceClaim) for each in data["claims"]) == given.claims
    pods = [tuple(from_data(each, ResourceClaim) for each in pod["claims"]) for pod in data["pods"]]
    assert pods == [pod.claims for pod in given.pods]
    assert [each["metadata"]["name"] for each in data["nodes"]] == list(given.nodes)


@pytest.mark.parametrize("given", INPUTS, ids=lambda given: given.title)
def test_what_is_in_use_and_every_pool_is_there_whole(given: Input) -> None:
    devices = {
        (each.spec.driver, each.spec.pool.name, device.name): device
        for each in given.slices
        for device in each.spec.devices
    }
    assert set(given.allocated) <= set(devices)
    counted = [(each.spec.driver, each.spec.pool.name) for each in given.slices]
    for each in given.slices:
        assert counted.count((each.spec.driver, each.spec.pool.name)) == each.spec.pool.resource_slice_count
    assert {each.spec.node_name for each in given.slices} <= {*given.nodes, ""}


def test_titles_tell_inputs_apart() -> None:
    titles = [given.title for given in INPUTS]
    assert len(titles) == len(set(titles))


def test_a_question_is_never_the_same_twice_but_for_its_salt() -> None:
    for question in questions(2):
        assert question.asking(1) == question.asking(1)
        assert question.asking(1) != question.asking(2)


def test_every_partition_lies_within_its_gpu() -> None:
    for name, (compute, memory, starts) in PROFILES.items():
        assert compute <= COMPUTE, name
        assert all(start + memory <= MEMORY for start in starts), name
    assert len(partitions(0)) == 18


def test_the_nodes_with_four_free_gpus_on_one_numa_node_are_counted_right() -> None:
    question = questions(50)[-1]
    taken = set(question.in_use)
    fitting = 0
    for name in node_names(50):
        free = [index for index in range(8) if ("gpu.example.com", name, f"gpu-{index}") not in taken]
        fitting += free[:4] == [0, 1, 2, 3] or free[-4:] == [4, 5, 6, 7]
    assert question.fits == fitting
    assert 0 < fitting < 50


@pytest.mark.parametrize("seed", range(30))
def test_hostile_instances_stay_valid_however_they_are_changed(seed: int) -> None:
    chance = random.Random(seed)
    plan = random_plan(chance)
    for _ in range(20):
        given = instance(plan, "")
        for each in (*given.slices, *given.classes, *given.claims):
            check(each)
        plan = changed(plan, chance)
