"""What expressions can cost, and what evaluations did. The figures are those that Kubernetes 1.37 gives."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from cod.cel import MOST_COST, EvaluationError, compile_selector, flaw
from cod.cel.device import variables
from cod.cel.tracking import tracked
from cod.resource import Attribute, CELSelector, ClassSpec, Device, DeviceClass, ObjectMeta, problems
from cod.resource import Selector as Wanted

from .devices import DRIVER, GPU, short
from .test_laws import EXPRESSIONS

LOOPS = "lists.range(100).all(a, lists.range(100).all(b, lists.range(100).all(c, a + b + c >= 0)))"


@pytest.mark.parametrize(
    ("expression", "estimate", "cost"),
    [
        ("true", (0, 0), 0),
        ("$A.model == 'A100'", (5, 5), 5),
        ("$A.model == 'A100' && $C.memory.compareTo(quantity('40Gi')) >= 0", (5, 12), 12),
        ("$A.missing == 3 || true", (5, 5), 5),
        ("has($A.model)", (3, 3), 3),
        ("'model' in $A", (4, 4), 4),
        ("$A.?model.orValue('none') == 'A100'", (6, 6), 5),
        ("$A.?missing.orValue('none') == 'none'", (6, 6), 4),
        ("$A.?model.optMap(m, m + 'x').orValue('') == 'A100x'", (8, 1844674407370955288), 14),
        ("cel.bind(a, $A, a.model == 'A100' && a.index == 3)", (16, 19), 9),
        ("cel.bind(a, $A.missing, true || a == 3)", (14, 16), 0),
        ("$A.links.exists(l, l == 'b')", (5, 389), 17),
        ("$A.links.map(l, l + '!').join(',') == 'a!,b!'", (16, 18446744073709551615), 35),
        ("[3, 1, 2].sort() == [1, 2, 3]", (50, 50), 30),
        ("$A.links.sort().size() == 2", (17, 8619), 7),
        ("[1, 2].sortBy(e, -e) == [2, 1]", (91, 91), 51),
        ("['b', 'a'].sortBy(e, ['x', 'y'].sortBy(f, f)[0] + e)[0] == 'a'", (243, 3689348814741910769), 153),
        ("cel.bind(x, [2, 1], x.sortBy(e, e)) == [1, 2]", (100, 100), 50),
        ("$A.model in ['A100', 'H100']", (16, 16), 4),
        ("$A.model in ['A100', device.driver]", (18, 18), 18),
        ("$A.ecc ? $A.index == 3 : $A.model == 'x'", (9, 9), 9),
        ("($A.ecc ? $A : device.attributes['other']).model == 'A100'", (9, 9), 8),
        ("[1, 2, 3][$A.index - 1] == 3", (17, 17), 8),
        ("$A.missing.substring(1, 2) == 'a'", (5, 12), 5),
        ("$A.missing + 1 == 3", (6, 6), 6),
        ("$A.model.replace('', 'abc') == 'A100'", (5, 18), 6),
        ("$A.model.matches('^[AH]1')", (6, 18), 6),
        ("device.driver + device.driver < 'z'", (5, 18), 8),
        ("$C.memory != quantity('1Gi')", (6, 1844674407370955269), 6),
        ("{'a': {'b': $A.index}}.a.b == 3", (67, 67), 68),
        ("$A.links.transformMap(i, l, l == 'b', l).size() == 1", (37, 421), 15),
        ("int('3') == $A.index", (6, 6), 5),
        ("cidr('1.2.0.0/16').containsIP('1.2.3.4')", (3, 6), 3),
    ],
)
def test_an_expression_costs_what_kubernetes_says(
    expression: str, estimate: tuple[int, int], cost: int
) -> None:
    selector = compile_selector(short(expression))
    assert (selector.estimate, selector.cost(DRIVER, GPU)) == (estimate, cost)


def test_what_can_cost_too_much_is_a_flaw() -> None:
    assert flaw(LOOPS) == "too complex, exceeds cost limit"
    assert flaw("lists.range(100).all(a, a >= 0)") == ""
    wanted = Wanted(cel=CELSelector(expression=LOOPS))
    device_class = DeviceClass(metadata=ObjectMeta(name="gpu"), spec=ClassSpec(selectors=(wanted,)))
    (problem,) = problems(device_class, check_expression=flaw)
    assert "too complex, exceeds cost limit" in problem.text


def test_an_evaluation_that_costs_too_much_is_stopped_where_it_passes_the_limit() -> None:
    selector = compile_selector(LOOPS)
    with pytest.raises(EvaluationError, match="operation cancelled: actual cost limit exceeded"):
        selector.matches(DRIVER, GPU)
    assert MOST_COST < selector.cost(DRIVER, GPU) < MOST_COST + 20


def test_what_might_cost_too_much_and_does_not_has_its_answer() -> None:
    text = short(f"$A.index == 4 && {LOOPS}")
    selector = compile_selector(text)
    assert selector.is_limited
    assert selector.matches(DRIVER, GPU) is False
    assert selector.cost(DRIVER, GPU) == 5


def test_a_list_that_a_loop_gathers_takes_time_that_grows_with_it_alone() -> None:
    selector = compile_selector("lists.range(50000).map(a, a).size() == 50000 || true")
    assert selector.matches(DRIVER, GPU) is True


@pytest.mark.parametrize("nested", ["dyn(" * 150 + "{}" + ")" * 150, "[0].all(x, " * 60 + "{}" + ")" * 60])
def test_a_deep_expression_has_a_cost(nested: str) -> None:
    selector = compile_selector(nested.format("device.allowMultipleAllocations"))
    least, most = selector.estimate
    assert least <= selector.cost(DRIVER, GPU) <= most


def test_what_is_known_beforehand_costs_nothing() -> None:
    selector = compile_selector("dyn(dyn(true))")
    assert (selector.estimate, selector.cost(DRIVER, GPU)) == ((2, 2), 0)


@settings(max_examples=400, deadline=None)
@given(EXPRESSIONS.map("dyn({}) == 1".format))
def test_counting_changes_no_answer(text: str) -> None:
    if flaw(text):
        return
    selector = compile_selector(text)
    for device in (
        GPU,
        Device("empty"),
        Device("odd", {"model": Attribute(int_=1), "index": Attribute(version="1.0.0")}),
    ):
        try:
            answer: object = selector.matches(DRIVER, device)
        except EvaluationError as error:
            answer = error.args[0]
        counted = tracked(selector.checked, variables(DRIVER, device), MOST_COST).value
        assert (counted.args[0] if isinstance(counted, EvaluationError) else counted) == answer


@pytest.mark.parametrize("of", ["null", "'a'", "1.5", "{1: 2}", "quantity('1')"])
@pytest.mark.parametrize(
    "call", ["x.flatten(y)", "y.flatten(1)", "y.distinct()", "y.sort()", "x.sortBy(e, y)"]
)
def test_what_a_call_costs_that_cannot_be_made_is_told(call: str, of: str) -> None:
    selector = compile_selector(f"[dyn([1])].all(x, [dyn({of})].all(y, dyn({call}) == 1))")
    assert 0 < selector.cost(DRIVER, GPU) < 200
