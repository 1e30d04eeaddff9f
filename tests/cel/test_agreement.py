"""The same expressions in Google's C++ implementation, where `cel-expr-python` is installed.

What it refuses and we do not is left out: it has neither comparison across types of numbers nor optional
values. So are durations as ints, bools as ints, and lists as keys of maps, where it is not cel-go.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cod.cel import EvaluationError, InvalidExpression

from .expressions import value

google = pytest.importorskip("cel_expr_python.cel", reason="cel-expr-python is not installed")

VALUES = (
    "1",
    "0",
    "-7",
    "9223372036854775807",
    "2u",
    "1.5",
    "-0.0",
    "'a'",
    "'é'",
    "b'a'",
    "true",
    "false",
    "null",
)
VALUES += (
    "[]",
    "[1, 2]",
    "['a']",
    "{'a': 1}",
    "{1: true}",
    "dyn(1)",
    "dyn('a')",
    "x",
)
CALLS = (
    "size({})",
    "string({})",
    "double({})",
    "bool({})",
    "type({}) == int",
    "dyn({})",
    "!{}",
    "-({})",
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = ("&&", "||", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "in")
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(operators), inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("{}.{}(x, {})".format, inner, st.sampled_from(("all", "exists", "map", "filter")), inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{}.a".format, inner),
        st.builds(lambda call, arg: call.format(arg), st.sampled_from(CALLS), inner),
    )


ENVIRONMENT = google.NewEnv(variables={"x": google.Type.DYN})


def _agree(text: str) -> bool:
    ours, theirs = _ours(text), _theirs(text)
    return theirs == "refused" or (type(ours) is type(theirs) and ours == theirs)


def _theirs(text: str) -> Any:
    try:
        compiled = ENVIRONMENT.compile(text)
    except Exception:
        return "refused"
    result = compiled.eval(data={"x": 1})
    return "error" if result.type() == google.Type.ERROR else result.plain_value()


def _ours(text: str) -> Any:
    try:
        return value(text, x=1)
    except InvalidExpression:
        return "refused"
    except EvaluationError:
        return "error"


EXPRESSIONS = st.recursive(st.sampled_from(VALUES), _grown, max_leaves=6)


@settings(max_examples=500, deadline=None)
@given(EXPRESSIONS, st.sampled_from(VALUES))
def test_googles_own_library_finds_the_same_equal(text: str, other: str) -> None:
    assert _agree(f"dyn({text}) == {other}")


@settings(max_examples=500, deadline=None)
@given(EXPRESSIONS)
def test_googles_own_library_gives_the_same(text: str) -> None:
    assert _agree(f"type({text}) == type({text}) && {text} == {text}")
