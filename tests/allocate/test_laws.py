from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from cod.allocate import NoFit, Use, allocate
from cod.drivers import attribute_class
from cod.drivers.protocol import DeviceKey
from cod.resource import ResourceSlice
from tests.allocate.cases import ANY, claim, device, key, slice_of

CLASS_NAMES = ("a", "b", "any")
CLASSES = [attribute_class("a"), attribute_class("b"), ANY]
machines = st.lists(st.sampled_from("ab"), max_size=7)
wishes = st.lists(st.tuples(st.sampled_from(CLASS_NAMES), st.integers(1, 4)), max_size=4)


def given_slices(machine: list[str]) -> list[ResourceSlice]:
    return [slice_of(*(device(f"d{number}", class_) for number, class_ in enumerate(machine)))]


def held_of(machine: list[str], taken: set[int]) -> dict[DeviceKey, tuple[Use, ...]]:
    return {key(f"d{number}"): (Use("other"),) for number in taken if number < len(machine)}


def selected(machine: list[str], name: str, class_name: str) -> bool:
    return class_name in ("any", machine[int(name[1:])])


@given(machines, wishes, st.sets(st.integers(0, 6)))
def test_what_is_given_is_free_of_the_class_counted_and_given_once(
    machine: list[str], wanted: list[tuple[str, int]], taken: set[int]
) -> None:
    held = held_of(machine, taken)
    question = claim(**{f"r{number}": wish for number, wish in enumerate(wanted)})
    try:
        (answer,) = allocate([question], CLASSES, given_slices(machine), held)
    except NoFit:
        return
    results = answer.devices.results
    devices = [(each.driver, each.pool, each.device) for each in results]
    assert len(set(devices)) == len(devices)
    assert not held.keys() & set(devices)
    for number, (class_name, count) in enumerate(wanted):
        mine = [each.device for each in results if each.request == f"r{number}"]
        assert len(mine) == count
        assert all(selected(machine, name, class_name) for name in mine)


@given(machines, wishes, st.sets(st.integers(0, 6)))
def test_a_claim_is_refused_only_if_no_choice_at_all_meets_it(
    machine: list[str], wanted: list[tuple[str, int]], taken: set[int]
) -> None:
    held = held_of(machine, taken)
    question = claim(**{f"r{number}": wish for number, wish in enumerate(wanted)})
    # Hall's condition by hand: only so many can go to those that take nothing else, and to all.
    free = [class_ for number, class_ in enumerate(machine) if key(f"d{number}") not in held]
    need = {name: sum(count for class_name, count in wanted if class_name == name) for name in CLASS_NAMES}
    fits = need["a"] <= free.count("a") and need["b"] <= free.count("b") and sum(need.values()) <= len(free)
    try:
        allocate([question], CLASSES, given_slices(machine), held)
    except NoFit:
        assert not fits
    else:
        assert fits


@given(machines, wishes)
def test_the_answer_does_not_depend_on_the_order_of_classes(
    machine: list[str], wanted: list[tuple[str, int]]
) -> None:
    question = claim(**{f"r{number}": wish for number, wish in enumerate(wanted)})
    answers = set()
    for classes in permutations(CLASSES):
        try:
            answers.add(str(allocate([question], classes, given_slices(machine))))
        except NoFit as refusal:
            answers.add(str(refusal.causes))
    assert len(answers) == 1
