"""Asking the allocator, with a clock: one input, a question, a fill, and the most that fits."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations_with_replacement, count
from typing import Literal, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from bench.allocation.clusters import Question
from bench.allocation.words import DeviceKey, Input, Pod, labels
from cod.allocate import Allocator, Node, NoFit, Options, Undecided
from cod.allocate.in_use import Use
from cod.resource import AllocationResult, ClaimStatus, ResourceClaim

T = TypeVar("T")
Order: TypeAlias = Literal["best", "first"]


class Asked(Struct, frozen=True):
    """What an input took, in seconds, as its table has it, and how many nodes fit; None where undecided."""

    times: tuple[float, ...]
    fits: int | None


class Filled(Struct, frozen=True):
    """What came of the pods of an input."""

    seconds: float
    placed: int
    undecided: int


Ask: TypeAlias = Callable[[Input], Asked]


def ask_node(given: Input) -> Asked:
    """Ask for an input's claims on its one node: whether they fit, the best devices, Kubernetes' devices."""
    node = node_of(given.nodes[0])

    def once() -> Asked:
        loading, allocator = timed(lambda: allocator_of(given))
        fitting, fits = timed(lambda: _fitting(allocator, given.claims, [node]))
        best, _ = timed(lambda: _answered(allocator, given.claims, node))
        in_order = allocator_of(given, "first")
        first, _ = timed(lambda: _answered(in_order, given.claims, node))
        return Asked((loading, fitting, best, first), fits)

    return _shortest(once, 3)


def ask_cluster(question: Question, rounds: int = 3) -> Ask:
    """Ask a question about a cluster with claims that have never been asked before."""
    salts = count(1)

    def asking(given: Input) -> Asked:
        nodes = [node_of(name) for name in given.nodes]

        def once() -> Asked:
            one, other = ((question.asking(next(salts)),) for _ in range(2))
            loading, allocator = timed(lambda: _ready(given, nodes))
            first, fits = timed(lambda: _fitting(allocator, one, nodes))
            following, _ = timed(lambda: _fitting(allocator, other, nodes))
            again, _ = timed(lambda: _fitting(allocator, other, nodes))
            return Asked((loading, first, following, again), fits)

        return _shortest(once, rounds)

    return asking


def _ready(given: Input, nodes: Sequence[Node]) -> Allocator:
    allocator = allocator_of(given)
    allocator.fleet(nodes)
    return allocator


def timed(action: Callable[[], T]) -> tuple[float, T]:
    """How long an action takes, and what it gives."""
    gc.collect()
    start = time.perf_counter()
    given = action()
    return time.perf_counter() - start, given


def _shortest(once: Callable[[], Asked], most: int) -> Asked:
    """The shortest times of some rounds; of few where they take long."""
    rounds: list[Asked] = []
    while len(rounds) < most and sum(sum(each.times) for each in rounds) < 3:
        rounds.append(once())
    times = zip(*(each.times for each in rounds), strict=True)
    return Asked(tuple(min(each) for each in times), rounds[-1].fits)


def allocator_of(given: Input, order: Order = "best") -> Allocator:
    options = Options(order=order, features=frozenset(given.features))
    return Allocator(given.slices, given.classes, _held(given.allocated), options=options)


def _held(keys: Sequence[DeviceKey]) -> dict[DeviceKey, tuple[Use, ...]]:
    return {key: (Use("others"),) for key in keys}


def node_of(name: str) -> Node:
    return Node(name, labels(name))


def _fitting(allocator: Allocator, claims: Sequence[ResourceClaim], nodes: Sequence[Node]) -> int | None:
    try:
        return sum(allocator.fitting(claims, nodes))
    except Undecided:
        return None


def _answered(allocator: Allocator, claims: Sequence[ResourceClaim], node: Node) -> object:
    try:
        return allocator.allocate(claims, node)
    except (NoFit, Undecided) as refusal:
        return refusal


def fill(given: Input, *, order: Order = "best", every_node: bool = False) -> Filled:
    """Place the pods one after the other, each on the first node that has room for all its claims.

    With `every_node`, as a scheduler that has to compare nodes does, all nodes are asked for each pod.
    """
    allocator = allocator_of(given, order)
    nodes = [node_of(name) for name in given.nodes]
    placed = undecided = 0
    gc.collect()
    start = time.perf_counter()
    for pod in given.pods:
        try:
            results = _place_among(allocator, pod, nodes) if every_node else _place(allocator, pod, nodes)
        except Undecided:
            undecided += 1
            continue
        if results is None:
            continue
        placed += 1
        allocator.take(list(_allocated(pod, results)))
    return Filled(time.perf_counter() - start, placed, undecided)


def _place(allocator: Allocator, pod: Pod, nodes: Sequence[Node]) -> Sequence[AllocationResult] | None:
    for node in nodes:
        try:
            return allocator.allocate(pod.claims, node)
        except NoFit:
            continue
    return None


def _place_among(allocator: Allocator, pod: Pod, nodes: Sequence[Node]) -> Sequence[AllocationResult] | None:
    fits = allocator.fitting(pod.claims, nodes)
    chosen = next((node for node, fit in zip(nodes, fits, strict=True) if fit), None)
    return None if chosen is None else allocator.allocate(pod.claims, chosen)


def _allocated(pod: Pod, results: Sequence[AllocationResult]) -> Iterator[ResourceClaim]:
    for claim, result in zip(pod.claims, results, strict=True):
        yield replace(claim, status=ClaimStatus(allocation=result))


def most_that_fit(given: Input, most_left_out: int = 5) -> int | None:
    """The most pods that one node can hold: all in one call, else without the fewest.

    Pods that ask for the same are the same here. None: it was given up, or more must be left out.
    """
    allocator = allocator_of(given)
    node = node_of(given.nodes[0])
    kinds = [str([claim.spec for claim in pod.claims]) for pod in given.pods]
    for number in range(most_left_out + 1):
        for left_out in combinations_with_replacement(sorted(set(kinds)), number):
            pods = _without(given.pods, kinds, Counter(left_out))
            try:
                allocator.allocate([claim for pod in pods for claim in pod.claims], node)
            except NoFit:
                continue
            except Undecided:
                return None
            return len(pods)
    return None


def _without(pods: Sequence[Pod], kinds: Sequence[str], left_out: Counter[str]) -> list[Pod]:
    """The pods without so many of each kind; as many as are there, where more are to be left out."""
    left = Counter(left_out)
    kept = []
    for pod, kind in zip(pods, kinds, strict=True):
        if left[kind] > 0:
            left[kind] -= 1
        else:
            kept.append(pod)
    return kept
