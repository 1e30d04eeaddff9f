from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cod.allocate import NoFit
from cod.errors import Refused
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
