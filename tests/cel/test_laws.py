"""Laws: whatever the text, whatever the device, there is an answer or an error of ours, and soon."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cod.cel import EvaluationError, compile_selector, flaw
from cod.cel.environment import device_environment
from cod.resource import Device

from .devices import DRIVER, GPU, short
from .expressions import value

_WORDS = """
device $A $C $A.model $A.links $C.memory x 1 -1 2u 1.5 'a' b'a' true null [] {} [1] {'a':1} && || ! == < + -
* / % in ? : . , ( ) [ ] { } .? [? .all(x, .map(x, has( size( int( cel.bind(x, optional.of( `a` \\ //
"""
WORDS = _WORDS.split()
VALUES = short(
    """
$A.model $A.index $A.ecc $A.driverVersion $A.links $A device.attributes device $C.memory 1 0 -1 2u 1.5 'a'
b'a' true false null [] {} ['a'] [1,2] {'a':1} {1:true} quantity('1Gi') semver('1.0.0') duration('1h')
timestamp('2020-01-01T00:00:00Z') optional.none() int dyn([1,'a']) x double('NaN') 9223372036854775807
"""
).split()
OPERATORS = ("&&", "||", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "in")
CALLS = sorted(
    (name, len(overload.parameters), overload.is_member)
    for name, overloads in device_environment().functions.items()
    for overload in overloads
    if name[0].isalpha() and "@" not in name
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def call(of: tuple[str, int, bool], args: list[str]) -> str:
        name, count, is_member = of
        given_ = args[:count]
        return f"{given_[0]}.{name}({', '.join(given_[1:])})" if is_member else f"{name}({', '.join(given_)})"

    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(OPERATORS), inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("{}.{}(x, {})".format, inner, st.sampled_from(("all", "exists", "map", "filter")), inner),
        st.builds("cel.bind(x, {}, {})".format, inner, inner),
        st.builds("{}[{}{}]".format, inner, st.sampled_from(("", "?")), inner),
        st.builds("{}.{}".format, inner, st.sampled_from(("a", "?model", "index"))),
        st.builds("dyn({})".format, inner),
        st.builds("[{}, ?optional.of({})]".format, inner, inner),
        st.builds(call, st.sampled_from(CALLS), st.lists(inner, min_size=4, max_size=4)),
    )


EXPRESSIONS = st.recursive(st.sampled_from(VALUES), _grown, max_leaves=8)
GARBAGE = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(WORDS), max_size=14).map(lambda words: short(" ".join(words))),
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(GARBAGE, EXPRESSIONS, EXPRESSIONS.map("dyn({}) == 1".format)))
def test_any_text_is_a_selector_or_refused_and_any_answer_is_a_truth_or_an_error(text: str) -> None:
    if flaw(text):
        return
    selector = compile_selector(text)
    for device in (GPU, Device("empty")):
        answer = _answer(text, device)
        assert isinstance(answer, bool | str)
        assert (answer is True) is (not selector.why_not(DRIVER, device).causes)


@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS.map("dyn({}) == 1".format))
def test_what_a_selector_does_not_read_makes_no_difference(text: str) -> None:
    if flaw(text):
        return
    selector = compile_selector(text)
    if selector.reads is None or any(domain != DRIVER for domain, _ in selector.reads):
        return
    names = {name for _, name in selector.reads}
    less = Device(
        "less",
        attributes={name: value for name, value in GPU.attributes.items() if name in names},
        capacity={name: value for name, value in GPU.capacity.items() if name in names},
    )
    assert _answer(text, GPU) == _answer(text, less)


def _answer(text: str, device: Device) -> bool | str:
    try:
        return compile_selector(text).matches(DRIVER, device)
    except EvaluationError as error:
        return str(error.args[0])


INTS = st.integers(-(2**63), 2**63 - 1)


@given(INTS, INTS)
def test_ints_never_wrap_around(a: int, b: int) -> None:
    for operator, exact in (("+", a + b), ("-", a - b), ("*", a * b)):
        if -(2**63) <= exact < 2**63:
            assert value(f"a {operator} b", a=a, b=b) == exact
        else:
            with pytest.raises(EvaluationError, match="integer overflow"):
                value(f"a {operator} b", a=a, b=b)


@given(INTS, INTS.filter(bool))
def test_a_quotient_and_its_rest_give_the_number_again(a: int, b: int) -> None:
    if (a, b) == (-(2**63), -1):
        return
    quotient, rest = value("a / b", a=a, b=b), value("a % b", a=a, b=b)
    assert quotient * b + rest == a
    assert abs(rest) < abs(b)
    assert rest == 0 or (rest < 0) == (a < 0)


@given(st.text())
def test_a_text_that_is_written_out_is_read_again(text: str) -> None:
    written = "".join(f"\\U{ord(character):08x}" for character in text)
    if any(0xD800 <= ord(character) < 0xE000 for character in text):
        return
    assert value(f"'{written}'") == text
