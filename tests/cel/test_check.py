from __future__ import annotations

from importlib import import_module

import pytest

from cod.cel import InvalidExpression, compile_selector, flaw
from cod.cel.names import LANGUAGE, LIBRARIES, OF_LISTS_OF_ATTRIBUTES

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
        ("matches('a', device.driver) || matches('(', 'a')", "invalid matches argument"),
        ("duration(5) > duration('1s')", "found no matching overload for 'duration' applied to '(int)'"),
        ("[dyn(1), 'a'] == []", "expected type 'dyn' but found 'string'"),
        ("['a', dyn(1)] == []", "expected type 'string' but found 'dyn'"),
        ("{'a': dyn(2), 'b': 3} == {}", "expected type 'dyn' but found 'int'"),
        ("[?optional.of(1), ?optional.of('a')] == []", "expected type 'int' but found 'string'"),
        ("[?optional.of(1), ?dyn(1)] == []", "expected type 'optional_type(dyn)' but found 'dyn'"),
        ("[quantity('1'), null] == []", "expected type 'kubernetes.Quantity' but found 'null'"),
        ("[int, string] == []", "expected type 'type(int)' but found 'type(string)'"),
        ("[[1, 'a']].map(e, '%s'.format([e, 1])) == []", "expected type 'int' but found 'string'"),
        ("'a'.sortBy(e, e) == []", "sortBy can only be applied to a list, identifier, comprehension, call"),
        ("[1].sortBy('e', 1) == []", "argument is not an identifier"),
        ("[1].sortBy(e, [e]) == []", "found no matching overload for '@sortByAssociatedKeys'"),
        ("device.driver", "must evaluate to bool or the unknown type, not string"),
        ("true" + " " * 10_240, "Too long: may not be more than 10240 characters"),
    ],
)
def test_a_selector_has_stricter_rules(expression: str, problem: str) -> None:
    assert problem in flaw(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "[dyn(1), dyn('a')].exists(x, x == 1)",
        "[[], [1]] == []",
        "[optional.none(), optional.of(1)] == []",
        "[?optional.of(1), 2] == []",
        "'%s-%d'.format(['a', 3]) == 'a-3'",
        "'%s %s'.format([[1, 'a'], {1: 'a', 'b': 2}.map(k, k)]) == ''",
    ],
)
def test_items_are_mixed_where_their_types_are_hidden_and_in_formats(expression: str) -> None:
    assert flaw(expression) == ""


def test_all_entries_of_a_map_that_are_unlike_the_first_are_reported() -> None:
    assert flaw("{'a': 1, 'b': 'c', 3: 'x'} == {}").count("expected type") == 3


DOUBLES = "error during formatting: fixed-point clause can only be used on doubles, was given int"


@pytest.mark.parametrize(
    ("call", "at", "problem"),
    [
        ("'%d'.format(['a'])", 13, "decimal clause can only be used on integers, was given string"),
        ("'%s %f'.format([1, 2])", 19, DOUBLES),
        ("'%X'.format([1.0])", 13, "can be formatted as hex, was given double"),
        ("'%s'.format([[quantity('1')]])", 22, "durations, and timestamps, was given kubernetes.Quantity"),
        ("'%s'.format([{'a': quantity('1')}])", 27, "and timestamps, was given kubernetes.Quantity"),
        ("'%d'.format([?optional.of(1)])", 25, "was given optional_type"),
        ("'%s %s'.format(['a'])", 14, "index 1 out of range"),
        ("'%s'.format(['a', 'b'])", 11, "too many arguments supplied to string.format (expected 1, got 2)"),
        ("'%q'.format(['a'])", 11, 'could not parse formatting clause: unrecognized formatting clause "q"'),
        ("'%'.format(['a'])", 10, "unexpected end of string"),
        ("'%.'.format([1.0])", 11, "could not find end of precision specifier"),
    ],
)
def test_a_format_that_is_written_out_is_checked(call: str, at: int, problem: str) -> None:
    with pytest.raises(InvalidExpression) as caught:
        compile_selector(f"{call} == ''")
    (found,) = caught.value.problems
    assert problem in found.text
    assert found.at == at


@pytest.mark.parametrize(
    "call",
    ["'%d'.format([dyn('a')])", "('%d' + '').format(['a'])", "'%d'.format(['a'].map(x, x))"],
)
def test_a_format_whose_values_are_not_known_is_not(call: str) -> None:
    assert flaw(f"{call} == ''") == ""


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


def test_every_function_is_found_by_its_name() -> None:
    for module, names in {**LANGUAGE, **LIBRARIES, **OF_LISTS_OF_ATTRIBUTES}.items():
        functions = import_module(f"cod.cel.{module}").FUNCTIONS
        assert {function.name for function in functions} == set(names.split()), module
