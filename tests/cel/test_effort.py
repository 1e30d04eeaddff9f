"""Selectors that cost little by Kubernetes' count, and yet would never end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cod.cel import DeviceTable, EvaluationError, compile_selector

from .devices import DRIVER, GPU, short

CANCELLED = "operation cancelled: more than 2000000 steps"


def nested(levels: int, first: str, level: Callable[[str], str], result: Callable[[str], str]) -> str:
    """A value in twice itself, and that again, and so on."""
    whole = result(f"x{levels}")
    for i in range(levels, 0, -1):
        whole = f"cel.bind(x{i}, {level(f'x{i - 1}')}, {whole})"
    return f"cel.bind(x0, {first}, {whole})"


def twice(name: str) -> str:
    return f"[dyn({name}), dyn({name})]"


def under_two_keys(name: str) -> str:
    return f"{{'a': dyn({name}), 'b': dyn({name})}}"


SLOW = {
    "equality": ("[1]", twice, lambda x: f"{x} == {x}"),
    "of maps": ("{'a': 1}", under_two_keys, lambda x: f"{x} == {x}"),
    "in": ("[1]", twice, lambda x: f"{x} in [dyn({x})]"),
    "indexOf": ("[1]", twice, lambda x: f"[dyn({x})].indexOf({x}) == 0"),
    "distinct": ("[1]", twice, lambda x: f"{x}.distinct().size() == 1"),
    "sets": ("[1]", twice, lambda x: f"sets.contains([dyn({x})], [dyn({x})])"),
    "format": ("[1]", twice, lambda x: f"'%s'.format([{x}]) == ''"),
    "format of maps": ("{'a': 1}", under_two_keys, lambda x: f"'%s'.format([{x}]) == ''"),
    "flatten": ("[1]", twice, lambda x: f"{x}.flatten(100).size() == 1"),
    "lists": ("[1]", lambda x: f"{x} + {x}", lambda x: f"{x}.size() == 1"),
    "texts": ("'ab'", lambda x: f"'%s%s'.format([{x}, {x}])", lambda x: f"{x}.size() == 1"),
    "whatever else is true": ("[1]", twice, lambda x: f"{x} == {x} || true"),
}


@pytest.mark.parametrize("what", SLOW)
def test_what_grows_with_every_level_is_cancelled(what: str) -> None:
    selector = compile_selector(nested(60, *SLOW[what]))
    assert not selector.is_limited
    with pytest.raises(EvaluationError, match=CANCELLED):
        selector.matches(DRIVER, GPU)


def test_loops_over_a_list_that_is_longer_than_it_seems_are_cancelled() -> None:
    selector = compile_selector(
        nested(17, "[1]", twice, lambda x: f"cel.bind(f, {x}.flatten(30), f.all(a, f.all(b, a != 7)))")
    )
    assert not selector.is_limited
    with pytest.raises(EvaluationError, match=CANCELLED):
        selector.matches(DRIVER, GPU)


def test_it_is_cancelled_however_it_is_asked() -> None:
    selector = compile_selector(nested(60, *SLOW["format"]))
    assert list(selector.column(DeviceTable([(DRIVER, GPU)])).errors) == [True]
    assert CANCELLED in selector.why_not(DRIVER, GPU).text
    assert selector.cost(DRIVER, GPU) > 0


def test_what_is_large_is_shown_in_part() -> None:
    selector = compile_selector(nested(60, "[1]", twice, lambda x: f"{x} == []"))
    assert selector.why_not(DRIVER, GPU).text.endswith("…")


def test_an_evaluation_leaves_nothing_of_its_work_to_the_next() -> None:
    slow, quick = compile_selector(nested(60, *SLOW["in"])), compile_selector(short("$A.links == ['a', 'b']"))
    with pytest.raises(EvaluationError, match=CANCELLED):
        slow.matches(DRIVER, GPU)
    assert quick.matches(DRIVER, GPU)


def test_what_was_replaced_over_and_over_is_cancelled() -> None:
    selector = compile_selector(nested(8, "'ab'", lambda x: f"{x}.replace('', {x})", lambda x: f"{x} == ''"))
    with pytest.raises(EvaluationError, match="operation cancelled"):
        selector.matches(DRIVER, GPU)


def test_many_steps_from_value_to_value_are_estimated_quickly() -> None:
    selector = compile_selector(short("$A.?model" + ".optMap(v, v)" * 60 + ".orValue('') == 'A100'"))
    assert selector.is_limited


@pytest.mark.parametrize("call", ["{'a': 1}[dyn(%s)] == 1", "[dyn(%s)].join() == ''"])
def test_an_error_does_not_write_out_what_is_large(call: str) -> None:
    selector = compile_selector(nested(60, "[1]", twice, lambda x: call % x))
    with pytest.raises(EvaluationError, match=r"no such key: list|invalid input: list"):
        selector.matches(DRIVER, GPU)
