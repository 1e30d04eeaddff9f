"""The best choice: none is better, in the stated order of what counts, and it is the same every time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import combinations, product
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from cod.allocate import Allocator, Answer, Node, NoFit, Surveyed, Use
from cod.allocate.aims import ZERO, Aims, Cost, plus
from cod.allocate.alternatives import Chooser
from cod.allocate.best import Best, best
from cod.allocate.pack import Pick as Numbered
from cod.allocate.search import Budget
from cod.allocate.stock import Stock
from cod.drivers import discover
from cod.drivers.protocol import DeviceKey
from cod.drivers.sim import Sim
from cod.host import open_host
from cod.resource import Device, InvalidClaim, ResourceClaim
from cod.topology import Connection, survey
from tests.allocate.checker import faults
from tests.allocate.costs import connected_solutions, cost
from tests.allocate.exhaustive import TooLarge, Vector
from tests.allocate.instances import Instance
from tests.allocate.joint import Pick
from tests.allocate.laws import as_node, vector_of
from tests.allocate.places import Places, Preferred, alike, preferences, preferred
from tests.allocate.short import CLASSES, ask, claim, slice_

thorough = settings(
    max_examples=40, deadline=None, suppress_health_check=[*HealthCheck], phases=[Phase.generate]
)


def allocator(instance: Instance, places: Places) -> Allocator:
    return Allocator(instance.slices, instance.classes, instance.in_use, surroundings=places)


def chosen(instance: Instance, places: Places) -> Answer | None:
    try:
        return allocator(instance, places).choose(instance.claims, as_node(instance.node))
    except NoFit:
        return None


def all_ways(instance: Instance, places: Places) -> tuple[Vector, list[list[Pick]]] | None:
    try:
        return connected_solutions(instance, places)
    except TooLarge:
        assume(False)
        raise


class Chosen:
    """A best choice with all costs, and what any other choice of the same alternatives costs."""

    def __init__(self, instance: Instance, places: Places) -> None:
        self._allocator = allocator(instance, places)
        wishes = self._allocator.read(instance.claims)
        self.stock = Stock(
            self._allocator.pools.offer(as_node(instance.node)),
            self._allocator.pools,
            instance.in_use,
            places,
        )
        self.chooser = Chooser(wishes, self.stock, Budget(200_000))
        choice = self.chooser.first()
        assert choice is not None
        self.aims = Aims(wishes, choice.alternatives, self.stock)
        self.best: Best = best(self.chooser, choice, self.aims)
        self._numbers = {each.key: number for number, each in enumerate(self.stock.devices)}
        self._requests = {
            (wish.claim, wish.name): number for number, wish in enumerate(self.chooser.wishes.requests)
        }

    def numbered(self, picks: Sequence[Pick]) -> list[Numbered]:
        return [
            (self._requests[each.wish.claim, each.wish.name], self._numbers[each.offer.key]) for each in picks
        ]

    def cost(self, picks: Sequence[Numbered]) -> Cost:
        total = ZERO
        state = self.chooser.state(self.best.choice.alternatives, ())
        assert state is not None
        for number, pick in enumerate(picks):
            total = plus(total, self.aims.cost(state, picks[:number], pick))
            state = state.take(*pick)
        return total


@settings(thorough, max_examples=100)
@given(preferred() | st.builds(alike, st.randoms(use_true_random=False)))
def test_no_solution_costs_less_than_the_one_that_is_chosen(question: Preferred) -> None:
    instance, places = question
    ways = all_ways(instance, places)
    answer = chosen(instance, places)
    if ways is None:
        assert answer is None
        return
    assert answer is not None
    vector, solutions = ways
    assert faults(*instance, answer.results) == []
    assert vector_of(instance.claims, answer.results) == vector
    found = Chosen(instance, places)
    least = min((*cost(instance, places, each), *found.cost(found.numbered(each))[2:]) for each in solutions)
    assert found.best.is_proven
    assert found.best.cost == least


@thorough
@given(preferred(), st.randoms(use_true_random=False))
def test_costs_are_what_the_preferences_say_in_whatever_order_devices_are_taken(
    question: Preferred, random: Random
) -> None:
    instance, places = question
    ways = all_ways(instance, places)
    assume(ways is not None)
    assert ways is not None
    found = Chosen(instance, places)
    for solution in random.sample(ways[1], min(5, len(ways[1]))):
        picks = found.numbered(solution)
        total = found.cost(picks)
        assert total[:2] == cost(instance, places, solution)
        random.shuffle(picks)
        assert found.cost(picks) == total


@thorough
@given(preferred(linked=True))
def test_every_result_is_connected_and_is_refused_only_if_none_can_be(question: Preferred) -> None:
    instance, places = question
    ways = all_ways(instance, places)
    answer = chosen(instance, places)
    assert (answer is None) == (ways is None)
    if answer is None or ways is None:
        return
    results = [(number, each) for number, one in enumerate(answer.results) for each in one.devices.results]
    got = {(number, each.request, each.driver, each.pool, each.device) for number, each in results}
    assert any(
        {(each.wish.claim, each.wish.label, *each.offer.key) for each in solution} == got
        for solution in ways[1]
    )


@thorough
@given(preferred(linked=True), st.randoms(use_true_random=False))
def test_the_answer_is_the_same_again_and_whatever_order_slices_come_in(
    question: Preferred, random: Random
) -> None:
    instance, places = question
    shuffled = random.sample(instance.slices, len(instance.slices))
    again = Instance(instance.claims, instance.classes, shuffled, instance.in_use, instance.node)
    assert chosen(instance, places) == chosen(instance, places) == chosen(again, places)


KINDS = {"gpu": 8, "nic": 4, "cpu": 4}
MIXED = [
    slice_(
        *(
            {"name": f"{kind}{number}", "attributes": {"kind": {"string": kind}}}
            for kind, count in KINDS.items()
            for number in range(count)
        )
    )
]


class Seeded:
    """Sixteen devices, any two of them at a distance of their own."""

    links: Mapping[tuple[DeviceKey, DeviceKey], Connection] = {}

    def __init__(self, seed: int, levels: int) -> None:
        self._seed = seed
        self._levels = levels

    def distance(self, one: tuple[DeviceKey, Device], other: tuple[DeviceKey, Device]) -> int:
        pair = sorted((one[0], other[0]))
        return Random(f"{self._seed} {pair}").randint(1, self._levels)

    def switch(self, one: tuple[DeviceKey, Device]) -> None:
        """None is below a switch."""


def of_kind(kind: str, count: int) -> dict[str, Any]:
    return ask(kind, count, selectors=[{"cel": {"expression": f'device.attributes["d"].kind == "{kind}"'}}])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("counts", [{"gpu": 4}, {"gpu": 2, "nic": 1, "cpu": 1}, {"gpu": 3, "nic": 2}])
def test_the_closest_of_sixteen_are_the_closest_of_all_also_across_requests(
    counts: dict[str, int], seed: int
) -> None:
    places = Seeded(seed, levels=5 if seed % 2 else 100_000)
    wanted = preferences(claim(*(of_kind(kind, count) for kind, count in counts.items())), closest=True)
    answer = Allocator(MIXED, CLASSES, surroundings=places).choose([wanted], Node("n0"))
    devices = {each.name: each for each in MIXED[0].spec.devices}

    def apart(names: Sequence[str]) -> int:
        keyed = [(("d", "p", name), devices[name]) for name in names]
        return sum(places.distance(a, b) for a, b in combinations(keyed, 2))

    ways = product(
        *(combinations([f"{kind}{n}" for n in range(KINDS[kind])], count) for kind, count in counts.items())
    )
    assert answer.is_proven
    assert answer.aimed[0].cost == apart([each.device for each in answer.results[0].devices.results])
    assert answer.aimed[0].cost == min(apart([name for names in way for name in names]) for way in ways)


@pytest.mark.parametrize(("count", "most"), [(4, 0.05), (8, 0.3)])
@pytest.mark.parametrize("levels", [5, 100_000])
def test_the_closest_of_sixteen_are_found_soon(count: int, most: float, levels: int) -> None:
    wanted = preferences(claim(ask(count=count)), closest=True)
    times = []
    for seed in range(4):
        each = Allocator(MIXED, CLASSES, surroundings=Seeded(seed, levels))
        start = time.process_time()
        assert each.choose([wanted], Node("n0")).is_proven
        times.append(time.process_time() - start)
    assert min(times) < most


def test_eight_requests_for_one_are_as_quick_as_one_for_eight() -> None:
    wanted = preferences(claim(*(ask(f"r{number}") for number in range(8))), closest=True)
    start = time.process_time()
    assert Allocator(MIXED, CLASSES, surroundings=Seeded(1, 5)).choose([wanted], Node("n0")).is_proven
    assert time.process_time() - start < 1


def simulated(machine: str, wanted: ResourceClaim, *busy: str) -> list[str]:
    """The names of the devices that a claim is given on a simulated machine of which some are in use."""
    host = open_host(machine)
    found = discover(host, [Sim()])
    places = Surveyed(survey(host, found))
    keys = [
        (each.spec.driver, each.spec.pool.name, one.name)
        for each in found.slices
        for one in each.spec.devices
    ]
    in_use = {key: (Use("other"),) for key in keys if key[2] in busy}
    each = Allocator(found.slices, found.classes, in_use, surroundings=places)
    (result,) = each.allocate([wanted], Node(host.node_name))
    return [one.device for one in result.devices.results]


CLOSEST = {"closest": True}
FEWEST = {"prefer": [{"fewest": "switches"}]}


@pytest.mark.parametrize(
    ("machine", "counts", "wanted", "busy", "given"),
    [
        ("sim:8gpu", {"gpu": 2, "nic": 1}, CLOSEST, "", "gpu0 gpu1 nic0"),
        ("sim:8gpu", {"gpu": 2, "nic": 1}, CLOSEST, "gpu0 gpu3", "gpu4 gpu5 nic2"),
        ("sim:8gpu", {"gpu": 2, "nic": 1}, CLOSEST, "gpu0 nic1 gpu5", "gpu6 gpu7 nic3"),
        ("sim:8gpu", {"nic": 1, "gpu": 2}, CLOSEST, "nic0 nic2 nic3", "nic1 gpu2 gpu3"),
        ("sim:8gpu", {"gpu": 4, "nic": 2}, CLOSEST, "gpu1", "gpu4 gpu5 gpu6 gpu7 nic2 nic3"),
        ("sim:8gpu", {"gpu": 2}, FEWEST, "gpu0 gpu3", "gpu4 gpu5"),
        ("sim:8gpu", {"gpu": 4}, FEWEST, "gpu0", "gpu4 gpu5 gpu6 gpu7"),
        ("sim:nic,8gpu", {"gpu": 2, "nic": 1}, CLOSEST, "", "gpu0 gpu1 nic0"),
        ("sim:nic,8gpu", {"gpu": 1, "nic": 1}, CLOSEST, "gpu0 gpu2 gpu3", "gpu1 nic0"),
        ("sim:2fpga,2nic,4gpu", {"fpga": 1, "nic": 1, "gpu": 2}, CLOSEST, "", "fpga0 nic0 gpu0 gpu1"),
    ],
)
def test_on_a_machine_the_closest_share_a_switch_or_a_socket(
    machine: str, counts: dict[str, int], wanted: dict[str, Any], busy: str, given: str
) -> None:
    requests = (
        {"name": kind, "exactly": {"deviceClassName": f"sim-{kind}", "count": count}}
        for kind, count in counts.items()
    )
    asked = preferences(claim(*requests), **wanted)
    assert simulated(machine, asked, *busy.split()) == given.split()


def test_preferences_stay_in_the_result_as_the_claims_own_settings() -> None:
    wanted = preferences(claim(ask()), closest=True, prefer=[{"least": "mem"}])
    result = Allocator(MIXED, CLASSES).choose([wanted], Node("n0")).results[0]
    (config,) = result.devices.config
    assert (config.source, config.opaque) == ("FromClaim", wanted.spec.devices.config[0].opaque)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"closets": True}, "field `closets`"),
        ({"prefer": [{"same": "a", "spread": "b"}]}, "prefer #0: one of same, spread, fewest, least and"),
        ({"prefer": [{"weight": 3}]}, "prefer #0: one of same"),
        ({"prefer": [{"same": "a", "weight": 0}]}, ">= 1"),
        ({"prefer": [{"selector": "device.nonsense("}]}, "prefer #0"),
        ({"connected": [{"from": "r", "to": "s"}]}, "no request s to connect"),
        ({"connected": [{"from": "r", "to": "r", "minBandwidth": "fast"}]}, "connected #0"),
    ],
)
def test_preferences_that_nobody_can_read_are_refused_with_what_is_wrong(
    wanted: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidClaim) as caught:
        Allocator(MIXED, CLASSES).choose([preferences(claim(ask()), **wanted)], Node("n0"))
    assert said in str(caught.value)
