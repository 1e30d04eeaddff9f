"""Questions over many nodes: servers with eight GPUs, pools that reach over nodes, devices in a network."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from bench.allocation.words import (
    DRIVER,
    GPU,
    NUMA,
    DeviceKey,
    Input,
    attribute_is,
    claim,
    device,
    device_class,
    gpu,
    match,
    request,
)
from cod.resource import ObjectMeta, Pool, ResourceClaim, ResourceSlice, SliceSpec, resource_slices

DEVICES = 8  # of a server


def node_names(count: int) -> tuple[str, ...]:
    return tuple(f"node-{number:05d}" for number in range(count))


def servers(count: int) -> tuple[ResourceSlice, ...]:
    return tuple(
        each
        for number, name in enumerate(node_names(count))
        for each in resource_slices(DRIVER, name, [gpu(index, node=number) for index in range(DEVICES)])
    )


def big_h200(salt: int) -> str:
    """Model and memory by CEL. The salt makes an expression that nobody has compiled before."""
    least = f'quantity("{80 * 1024 + salt}Mi")'
    memory = f'device.capacity["{DRIVER}"].memory.compareTo({least}) >= 0'
    return f"{attribute_is('model', 'H200')} && {memory}"


Asking = Callable[[int], ResourceClaim]
"""A claim that always means the same and, for every salt, has never been asked before."""


def _by_class(salt: int) -> ResourceClaim:
    return claim(f"c-{salt}", [request(f"r-{salt}")])


def _by_cel(count: int) -> Asking:
    return lambda salt: claim(f"c-{salt}", [request("r", count, big_h200(salt))])


def _four_of_a_kind(salt: int) -> ResourceClaim:
    return claim(f"c-{salt}", [request("r", 4, big_h200(salt))], [match(NUMA)])


def _of_no_model(salt: int) -> ResourceClaim:
    return claim(f"c-{salt}", [request("r", 1, attribute_is("model", f"X{salt}"))])


class Question(Struct, frozen=True):
    """What is asked about a cluster while these devices are in use; `fits` nodes have room."""

    title: str
    asking: Asking
    fits: int
    in_use: tuple[DeviceKey, ...] = ()


def questions(count: int) -> tuple[Question, ...]:
    """What is asked about `servers(count)`."""
    every = tuple((DRIVER, name, f"gpu-{index}") for name in node_names(count) for index in range(DEVICES))
    chance = random.Random(1)
    some = tuple(key for key in every if chance.random() < 0.2)
    return (
        Question("1 by class", _by_class, count),
        Question("1 by CEL", _by_cel(1), count),
        Question("4 with matchAttribute", _four_of_a_kind, count),
        Question("8 by CEL", _by_cel(8), count),
        Question("9 of 8", _by_cel(9), 0),
        Question("1, every device in use", _by_cel(1), 0, every),
        Question("1, a selector that matches nothing", _of_no_model, 0),
        Question("4 with matchAttribute, a fifth in use", _four_of_a_kind, _four_free(count, some), some),
    )


def _four_free(count: int, taken: Sequence[DeviceKey]) -> int:
    """How many servers have all four GPUs of a NUMA node free."""
    used = {(pool, int(name.removeprefix("gpu-")) // 4) for _, pool, name in taken}
    return sum(not {(name, 0), (name, 1)} <= used for name in node_names(count))


def question_input(count: int, question: Question, slices: tuple[ResourceSlice, ...] | None = None) -> Input:
    return Input(
        title=f"{count} nodes: {question.title}",
        slices=servers(count) if slices is None else slices,
        classes=GPU,
        nodes=node_names(count),
        claims=(question.asking(0),),
        allocated=question.in_use,
        fits=question.fits,
    )


ANY_GPU = Question("1 by class", _by_class, 0)


def one_pool(count: int) -> Input:
    """One pool that reaches over all nodes, with a slice for each."""
    slices = []
    for number, name in enumerate(node_names(count)):
        devices = tuple(
            replace(gpu(index, node=number), name=f"{name}-gpu-{index}") for index in range(DEVICES)
        )
        spec = SliceSpec(
            driver=DRIVER,
            pool=Pool(name="all", generation=1, resource_slice_count=count),
            node_name=name,
            devices=devices,
        )
        slices.append(ResourceSlice(metadata=ObjectMeta(name=f"{number:05x}-{DRIVER}"), spec=spec))
    return Input(
        title=f"{count} nodes: one pool over all",
        slices=tuple(slices),
        classes=GPU,
        nodes=node_names(count),
        claims=(_by_class(0),),
        fits=count,
    )


FABRIC = "fabric.example.com"


def _of_fabric(salt: int) -> ResourceClaim:
    model = f"{attribute_is('model', 'F', FABRIC)} && {salt} >= 0"
    return claim(f"c-{salt}", [request("r", 1, model, of="fabric")])


ANY_OF_FABRIC = Question("1 of the network", _of_fabric, 0)


def fabric(count: int, pools: int) -> Input:
    """Pools of 64 devices in a network, which every node reaches."""
    devices = [device(f"d{index}", {"model": "F"}) for index in range(64)]
    return Input(
        title=f"{count} nodes: {pools} slices of 64 for all",
        slices=tuple(
            each
            for number in range(pools)
            for each in resource_slices(FABRIC, f"net-{number:04d}", devices, all_nodes=True)
        ),
        classes=(device_class("fabric", FABRIC),),
        nodes=node_names(count),
        claims=(_of_fabric(0),),
        fits=count,
    )
