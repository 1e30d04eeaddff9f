from __future__ import annotations

from typing import Any

import pytest

from cod.cel import EvaluationError
from cod.cel.closures import Constant
from cod.cel.compile import Compiler

from .expressions import checked, value


def failure(expression: str, **variables: Any) -> str:
    with pytest.raises(EvaluationError) as caught:
        value(expression, **variables)
    return str(caught.value)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("9223372036854775807 + 1", "integer overflow"),
        ("-9223372036854775808 / -1", "integer overflow"),
        ("-9223372036854775808 % -1", "integer overflow"),
        ("-(-9223372036854775808)", "integer overflow"),
        ("0u - 1u", "unsigned integer overflow"),
        ("1 / 0", "division by zero"),
        ("1u % 0u", "modulus by zero"),
        ("int(1e19)", "integer overflow"),
        ("uint(-1)", "unsigned integer overflow"),
        ("int('x')", "type conversion error from 'string' to 'int'"),
        ("bool('yes')", "type conversion error from 'string' to 'bool'"),
        ("[1][1]", "index out of bounds: 1"),
        ("{'a': 1}['b']", "no such key: b"),
        ("{'a': 1}.b", "no such key: b"),
        ("{1: 1, 1u: 2}", "Failed with repeated key: 1"),
        ("optional.none().value()", "optional.none() dereference"),
        ("dyn(1) + dyn('a')", "no such overload"),
        ("dyn(1) ? 1 : 2", "no such overload"),
        ("dyn(1).all(x, true)", "got 'types.Int', expected iterable type"),
        ("timestamp('9999-12-31T23:59:59Z') + duration('1s')", "timestamp overflow"),
        ("duration('9000000000s') + duration('9000000000s')", "duration overflow"),
        ("timestamp('2020-01-01T00:00:00Z').getHours('Nowhere')", "unknown time zone Nowhere"),
    ],
)
def test_what_has_no_value_fails_in_cel_gos_words(expression: str, text: str) -> None:
    assert failure(expression) == text


def test_an_error_says_where_it_happened() -> None:
    with pytest.raises(EvaluationError) as caught:
        value("1 + x / 0", x=2)
    assert caught.value.at == 6


@pytest.mark.parametrize(
    "expression",
    [
        "false && 1 / 0 > 0",
        "1 / 0 > 0 && false",
        "1 / 0 > 0 && 2 / 0 > 0 && false && true",
        "!(1 / 0 > 0 || true)",
        "[0, 1].all(x, 1 / x > 1)",
        "![0, 1].exists(x, 1 / x > 0)",
        "dyn(1) && false",
        "true ? false : 1 / 0 > 0",
        "optional.of(false).orValue(1 / 0 > 0)",
        "cel.bind(x, 1 / 0, false)",
    ],
)
def test_an_error_that_makes_no_difference_is_none(expression: str) -> None:
    assert value(expression) is False


@pytest.mark.parametrize(
    "expression", ["true && 1 / 0 > 0", "1 / 0 > 0 || false", "[1, 0].all(x, 1 / x > 0)"]
)
def test_an_error_that_makes_a_difference_counts(expression: str) -> None:
    assert failure(expression) == "division by zero"


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("dyn(1) == 1.0 && dyn(1u) == 1 && 1 < 1.5 && 2u > 1", True),
        ("true == dyn(1) || dyn(false) == 0", False),
        ("{1: 'a'}[?dyn(true)].hasValue() || dyn(true) in {1: 'a'}", False),
        ("{1: 'a'}[dyn(1u)] + {1u: 'b'}[dyn(1.0)]", "ab"),
        ("double('NaN') == double('NaN')", False),
        ("[1, 2] == [dyn(1.0), 2u] && {'a': [1]} == {'a': [dyn(1u)]}", True),
        ("[dyn(true)] == [dyn(1)]", False),
        ("1.0 / 0.0 > 1.0e308", True),
        ("-7 / 2 * 10 + -7 % 2", -31),
        ("size('é🐱') + size(b'é')", 4),
        ("[3, 1].map(x, [x].map(x, x + 1)[0])", [4, 2]),
        ("cel.bind(x, 1, cel.bind(x, x + 1, x + 1))", 3),
        ("[1, 2, 3].filter(x, x > 1).exists_one(x, x == 2)", True),
        ("{'a': 1, 'b': 2}.transformMapEntry(k, v, v > 1, {v: k})", {2: "b"}),
        ("['a', 'b'].transformList(i, v, string(i) + v)", ["0a", "1b"]),
        ("optional.of(2).optMap(x, x + 1).optFlatMap(x, optional.of(x * 2)).value()", 6),
        ("string(1.0) + string(1e30) + string(duration('90m'))", "11e+305400s"),
        ("timestamp('2024-02-29T23:30:00+01:00').getDate('Asia/Tokyo')", 1),
        ("type(1) == int && type(type(1)) == type && type(null) == null_type", True),
        ("'%s' + r'\\d'", "%s\\d"),
    ],
)
def test_values_are_those_of_the_language(expression: str, wanted: Any) -> None:
    assert value(expression) == wanted
    assert type(value(expression)) is type(wanted)


def test_known_parts_are_evaluated_when_compiled() -> None:
    of = checked("quantity('80Gi').add(quantity('1Gi')).asInteger() / 1024 == 84934656")
    closure = Compiler(of.parsed, of.environment, of, slots={}).closure(of.parsed.expression)
    assert isinstance(closure, Constant)
    assert closure.value is True


def test_a_text_that_grows_with_each_call_is_not_made_when_compiled() -> None:
    grown = f".replace('a', '{'a' * 100}')" * 5
    of = checked(f"'a'{grown} == ''")
    assert not isinstance(
        Compiler(of.parsed, of.environment, of, slots={}).closure(of.parsed.expression), Constant
    )
