from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cod.cel.regex.parse import InvalidPattern, parse
from cod.cel.regex.paths import Ways, ways_of
from cod.cel.regex.pattern import Pattern, pattern_of
from cod.cel.regex.program import Program

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", r"\b", "^", "$", "(?:)", "é", "[a-c1]"])
TIMES = st.sampled_from(["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return (
        st.tuples(inner, inner).map("".join)
        | st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})")
        | st.tuples(inner, TIMES).map(lambda pair: f"(?:{pair[0]}){pair[1]}")
    )


PATTERNS = st.recursive(ATOMS, _grown, max_leaves=8)
TEXTS = st.text("ab1é\n", max_size=8)


@given(PATTERNS, TEXTS)
@example("(?:a|ab)(?:c|b1)*", "ab1b1")
@example("(?:a*)*", "b")
def test_the_program_finds_whether_something_matches_as_python_does(pattern: str, text: str) -> None:
    # Only whether: within repetitions of what may be empty, Python's preferences are others.
    theirs = re.search(pattern.replace("$", r"\Z"), text, re.ASCII)
    ours = Program(parse(pattern)).search(text)
    assert (ours is None) == (theirs is None)
    assert (ours and ours[0]) == (theirs and theirs.start())


@given(PATTERNS, TEXTS)
def test_both_ways_to_match_find_the_same(pattern: str, text: str) -> None:
    ready, program = Pattern(pattern), Program(parse(pattern))
    assert ready.find(text) == program.search(text)
    assert ready.matches(text) == (program.search(text, is_any=True) is not None)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("[0-9]*", "abc 123 45", ["", "", "", "", "123", "45"]),
        ("a|ab", "ab", ["a"]),
        ("(?:)", "ab", ["", "", ""]),
        ("(a*)+", "baa", ["", "aa"]),
        ("(|a)*", "aa", ["", "", ""]),
        ("(|a)+?", "aa", ["", "", ""]),
        ("(?U)a+", "aa", ["a", "a"]),
        ("(?U)a+?", "aa", ["aa"]),
        ("(?i)k+", "kK\u212a", ["kK\u212a"]),
        ("(?i)straSSe", "ſtraſse", ["ſtraſse"]),
        (r"(?i)\W", "skK-", ["-"]),
        ("(?i:a)A", "aAA", ["aA"]),
        ("(?s).(?-s).", "\na", ["\na"]),
        (r"(?m)^\w$", "a\nb\n", ["a", "b"]),
        (r"\Aa\z", "a", ["a"]),
        ("a$", "a\n", []),
        (r"\bé", "é", []),
        (r"\B", "", [""]),
        (r"\Qa.b\E+", "a.bb", ["a.bb"]),
        (r"[\d\-x]+", "1-x", ["1-x"]),
        ("[]a]+", "]a", ["]a"]),
        ("[[:^alpha:]]", "a1", ["1"]),
        (r"\pL+\PL", "äb1", ["äb1"]),
        (r"\p{^Lu}", "Aa", ["a"]),
        (r"[\p{Nd}_]+", "١_", ["١_"]),
        (r"\x41\x{e9}\101\a", "AéA\a", ["AéA\a"]),
        ("(?P<name>a)(?<other>b)", "ab", ["ab"]),
        (r"\s", "\v\t", ["\t"]),
        ("a{,2}", "a{,2}", ["a{,2}"]),
        ("x{2,3}?", "xxx", ["xx"]),
    ],
)
def test_the_language_is_that_of_re2(pattern: str, text: str, found: list[str]) -> None:
    assert Pattern(pattern).find_all(text) == found


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?<!a)", "invalid or unsupported Perl syntax: `(?<!`"),
        ("(?>a)", "invalid or unsupported Perl syntax: `(?>`"),
        ("(?(1)a)", "invalid or unsupported Perl syntax: `(?(`"),
        ("(?P=n)", "invalid or unsupported Perl syntax"),
        (r"(a)\1", r"invalid escape sequence: `\1`"),
        (r"\Z", r"invalid escape sequence: `\Z`"),
        ("a++", "invalid nested repetition operator: `++`"),
        ("a{2}{3}", "invalid nested repetition operator: `{2}{3}`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("a{3,2}", "invalid repeat count: `{3,2}`"),
        ("(a{100}){100}", "invalid repeat count"),
        ("(a", "missing closing ): `(a`"),
        ("a)", "unexpected ): `a)`"),
        ("[a", "missing closing ]: `[a`"),
        ("[b-a]", "invalid character class range: `b-a`"),
        ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
        (r"\p{Klingon}", r"invalid character class range: `\p{Klingon}`"),
        ("a\\", "trailing backslash at end of expression: ``"),
        ("(?P<n", "invalid named capture: `(?P<n`"),
        ("(" * 500, "expression nests too deeply"),
        (r"(\pL{0,999}|){20}", "invalid repeat count"),
        ("(?:" + "a{0,999}|" * 30 + ")", "expression is too large"),
    ],
)
def test_what_re2_lacks_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(InvalidPattern) as raised:
        Program(parse(pattern))
    assert str(raised.value).startswith(f"error parsing regexp: {why}")


@given(st.text(r"ab*+?(){}[]|\^$.dQE19:-,P<>in=!xpL&", max_size=10), st.text("ab1", max_size=4))
def test_whatever_is_written_is_a_pattern_or_refused(pattern: str, text: str) -> None:
    try:
        ready = Pattern(pattern)
    except InvalidPattern:
        return
    span = ready.find(text)
    assert ready.matches(text) == (span is not None)


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|a)*b", "(a*)*b", "(?:a?){30}a{30}b", "(.*)(.*)(.*)(.*)(.*)b", "a*a*a*a*a*b", "(a|aa)+$b"],
)
def test_no_pattern_runs_away(pattern: str) -> None:
    start = time.perf_counter()
    assert not Pattern(pattern).matches("a" * 2000 + "c")
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("pattern", "ways"),
    [
        ("[a-z]+-[0-9]+", Ways(1, 0)),
        (r"^v?[0-9]+(\.[0-9]+)*$", Ways(1, 0)),
        ("(foo|bar)+x", Ways(1, 0)),
        ("a*ab", Ways(1, 1)),
        ("a*a*b", Ways(1, 1)),
        (".*x.*y", Ways(1, 2)),
        ("(a+)+b", Ways(0, None)),
        ("(a|ab)*c", Ways(0, None)),
    ],
)
def test_only_what_is_clear_is_left_to_python(pattern: str, ways: Ways) -> None:
    assert ways_of(parse(pattern)) == ways


def test_a_pattern_is_made_once() -> None:
    assert pattern_of("a+b") is pattern_of("a+b")
    found: Any = pattern_of("a+b").find("xaab", 1)
    assert found == (1, 4)
