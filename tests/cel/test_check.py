from __future__ import annotations

import pytest

from cod.cel import InvalidExpression, flaw

from .expressions import checked


@pytest.mark.parametrize(
    ("expression", "type_"),
    [
        ("1 + 2", "int"),
        ("[1, 2].map(x, double(x))", "list(double)"),
        ("{'a': [1u]}", "map(string, list(uint))"),
        ("[1, 'a']", "list(dyn)"),
        ("[]", "list(dyn)"),
        ("true ? [] : [1]", "list(int)"),
        ("optional.of(1).or(optional.none())", "optional_type(int)"),
        ("{'a': 1}.?a", "optional_type(int)"),
        ("optional.of({'a': 1}).a", "optional_type(int)"),
        ("[?optional.of(1)]", "list(int)"),
        ("x + 1", "int"),
        ("x.y", "dyn"),
        ("x == 1", "bool"),
        ("dyn(1) + dyn(2)", "dyn"),
        ("timestamp('2020-01-01T00:00:00Z') - duration('1h')", "timestamp"),
        ("type(1)", "type(int)"),
        ("{1: 'a'}.transformMap(i, v, v)", "map(int, string)"),
        ("quantity('1').add(1)", "kubernetes.Quantity"),
        ("cel.bind(x, 'a', x.size())", "int"),
        ("null", "null"),
    ],
)
def test_the_type_is_that_of_cel_go(expression: str, type_: str) -> None:
    assert str(checked(expression, x=None).type) == type_


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("x", "1:1: undeclared reference to 'x' (in container '')"),
        ("f(1)", "1:2: undeclared reference to 'f' (in container '')"),
        ("1 + 'a'", "1:3: found no matching overload for '_+_' applied to '(int, string)'"),
        ("'a'.size(1)", "1:9: found no matching overload for 'size' applied to 'string.(int)'"),
        ("[1].map(x, x + 'a')", "1:14: found no matching overload for '_+_' applied to '(int, string)'"),
        (
            "1.all(x, true)",
            "1:1: expression of type 'int' cannot be range of a comprehension "
            "(must be list, map, or dynamic)",
        ),
        ("[true].all(x, 1)", "1:11: found no matching overload for '_&&_' applied to '(bool, int)'"),
        ("'a'.b", "1:4: type 'string' does not support field selection"),
        ("1 && true", "1:3: found no matching overload for '_&&_' applied to '(int, bool)'"),
        ("true ? 1 : 'a'", "1:6: found no matching overload for '_?_:_' applied to '(bool, int, string)'"),
        ("null == 1 || [1] == ['a']", "1:6: found no matching overload for '_==_' applied to '(null, int)'"),
        ("M{a: 1}", "1:2: undeclared reference to 'M' (in container '')"),
    ],
)
def test_what_has_no_type_is_a_problem_in_cel_gos_words(expression: str, problem: str) -> None:
    with pytest.raises(InvalidExpression) as caught:
        checked(expression)
    assert caught.value.causes[0].partition("\n")[0] == f"ERROR: <input>:{problem}"


def test_all_problems_are_reported() -> None:
    with pytest.raises(InvalidExpression) as caught:
        checked("a + b == size(1) && 'x' * 2 > c.d")
    assert len(caught.value.problems) == 5


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("device.atributes['d'].x", "attributes"),
        ("devise.driver == ''", "device"),
        ("device.driver.startWith('a')", "startsWith"),
        ("device.capacity['d'].m.isGreatherThan(quantity('1'))", "isGreaterThan"),
    ],
)
def test_a_typo_gets_a_proposal(expression: str, hint: str) -> None:
    assert f"; did you mean {hint}?" in flaw(expression)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("[1, 'a'] == []", "expected type 'int' but found 'string'"),
        ("{'a': 1, 'b': true} == {}", "expected type 'int' but found 'bool'"),
        ("duration('1 h') > duration('1s')", "invalid duration argument"),
        ("timestamp('now') < timestamp('2020-01-01T00:00:00Z')", "invalid timestamp argument"),
        ("device.driver.matches('(')", "invalid matches argument"),
        ("device.driver", "must evaluate to bool or the unknown type, not string"),
        ("true" + " " * 10_240, "Too long: may not be more than 10240 characters"),
    ],
)
def test_a_selector_has_stricter_rules(expression: str, problem: str) -> None:
    assert problem in flaw(expression)


def test_mixed_items_may_be_hidden() -> None:
    assert flaw("[dyn(1), 'a'].exists(x, x == 1)") == ""


def test_nested_loops_are_refused_before_python_gives_up() -> None:
    nested = "true"
    for _ in range(200):
        nested = f"[1].all(x, {nested})"
    assert "expression recursion limit exceeded: 250" in flaw(nested)


def test_a_hundred_problems_are_shown() -> None:
    shown = flaw(" || ".join(["x"] * 2_000))
    assert shown.count("undeclared reference to 'x'") == 100
    assert shown.endswith("and 1900 more")


def test_an_expression_as_long_as_may_be_is_compiled() -> None:
    term = 'device.attributes["d"].x == "y"'
    expression = " && ".join([term] * (10_240 // (len(term) + 4)))
    assert flaw(expression) == ""


def test_a_deep_stack_gives_an_error_of_ours() -> None:
    def below(levels: int, nested: int) -> str:
        if levels:
            return below(levels - 1, nested)
        return flaw("dyn(" * nested + "true" + ")" * nested)

    assert below(0, 150) == ""
    assert "expression recursion limit exceeded: 250" in below(700, 151)
