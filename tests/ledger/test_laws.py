from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cod.allocate import NoFit
from cod.errors import Refused
from cod.resource import AllocationResult, DeviceAllocation, Result
from tests.allocate.cases import claim, key
from tests.ledger.book import DEVICES, dead, me, new, take

NAMES = st.sampled_from("abcde")
steps = st.lists(
    st.one_of(
        st.tuples(st.just("take"), NAMES, st.integers(1, 5), st.booleans()),
        st.tuples(st.just("give back"), NAMES, st.just(0), st.just(True)),
        st.tuples(st.just("open again"), NAMES, st.just(0), st.just(True)),
    ),
    max_size=25,
)


@given(steps)
@settings(max_examples=40, deadline=None)
def test_whatever_happens_a_device_has_one_living_claim_and_none_is_lost(
    story: list[tuple[str, str, int, bool]],
) -> None:
    model: dict[str, set[str]] = {}
    with tempfile.TemporaryDirectory() as directory:
        ledger = new(Path(directory)).__enter__()
        for step, name, count, lives in story:
            free = DEVICES - sum(map(len, model.values()))
            if step == "take":
                try:
                    given_ = set(take(ledger, name, count, me() if lives else dead()))
                except NoFit:
                    assert count > free
                except Refused:
                    assert name in model
                else:
                    assert name not in model
                    assert len(given_) == count <= free
                    assert not given_ & set().union(*model.values())
                    if lives:
                        model[name] = given_
            elif step == "give back":
                ledger.give_back(name)
                model.pop(name, None)
            else:
                ledger.__exit__(None, None, None)
                ledger.__enter__()
            held = {
                each.claim.name: {result.device for result in each.claim.results} for each in ledger.claims()
            }
            assert held == model
        ledger.__exit__(None, None, None)


shares = st.lists(
    st.tuples(st.sampled_from("de"), st.sampled_from(("", "1", "2")), st.booleans()), min_size=1, max_size=3
)


@given(st.lists(st.one_of(shares, st.integers(0, 9)), max_size=12))
@settings(max_examples=40, deadline=None)
def test_a_device_has_one_whole_holder_or_different_shares_whatever_is_chosen(
    story: list[list[tuple[str, str, bool]] | int],
) -> None:
    model: dict[str, list[tuple[str, str]]] = {}
    with tempfile.TemporaryDirectory() as directory, new(Path(directory)) as ledger:
        for number, step in enumerate(story):
            if isinstance(step, int):
                ledger.give_back(f"c{step}")
                model.pop(f"c{step}", None)
                continue
            results = tuple(
                Result("r", *key(device), share_id=share, admin_access=admin) for device, share, admin in step
            )
            held = [(device, share) for device, share, admin in step if not admin]
            together = [*(each for some_ in model.values() for each in some_), *held]
            answer = AllocationResult(DeviceAllocation(results))
            try:
                ledger.take(claim(f"c{number}"), lambda _, answer=answer: answer, me(), [], 0)  # type: ignore[misc]
            except Refused:
                assert not is_sound(together)
            else:
                assert is_sound(together)
                model[f"c{number}"] = held
            assert ledger.names() == model.keys()


def is_sound(held: list[tuple[str, str]]) -> bool:
    """Whether of each device there is one holder of the whole, or shares that differ."""
    return all(
        len(own) == len(set(own)) and (len(own) < 2 or "" not in own)
        for device in {each[0] for each in held}
        for own in [[share for other, share in held if other == device]]
    )
