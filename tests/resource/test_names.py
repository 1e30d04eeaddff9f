from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.resource import is_label, names

RULES = {
    names.label_flaws: (["a", "a-1", "1a", "a" * 63], ["", "A", "-a", "a-", "a.b", "a" * 64, "a\n", "é"]),
    names.subdomain_flaws: (
        ["a", "a.b-c.d", "a" * 253],
        ["", ".a", "a..b", "A.b", "a/b", "a" * 254, "a.b\n"],
    ),
    names.driver_flaws: (["gpu.example.com", "GPU.example.com", "a" * 63], ["", "a_b", "a" * 64]),
    names.pool_flaws: (["node", "rack-1/node.2"], ["", "a//b", "/a", "a/", "A", "a" * 254]),
    names.qualified_name_flaws: (
        ["model", "_x9", "Model", "example.com/model", "a" * 32, f"{'d' * 63}/{'a' * 32}"],
        ["", "9x", "a-b", "a.b", "/a", "a/", "a/b/c", "a" * 33, f"{'d' * 64}/a", "a b"],
    ),
    names.full_name_flaws: (["example.com/model"], ["model", "", "a/b/c", "/a"]),
    names.label_key_flaws: (
        ["a", "example.com/A.b_c-d", "a" * 63],
        ["", "/a", "a/", "-a", "a/b/c", "A_B/c", "a" * 64, "a b"],
    ),
    names.label_value_flaws: (["", "a", "A.b_c-d", "a" * 63], ["-a", "a-", "a b", "a" * 64, "a\n"]),
}


@pytest.mark.parametrize(
    ("flaws", "right"), [(rule, name) for rule, (good, _) in RULES.items() for name in good]
)
def test_a_right_name_has_no_flaw(flaws, right: str) -> None:  # type: ignore[no-untyped-def]
    assert flaws(right) == ()


@pytest.mark.parametrize(
    ("flaws", "wrong"), [(rule, name) for rule, (_, bad) in RULES.items() for name in bad]
)
def test_a_wrong_name_has_flaws_in_words(flaws, wrong: str) -> None:  # type: ignore[no-untyped-def]
    assert flaws(wrong)
    assert all(flaws(wrong))


def test_all_flaws_of_a_name_are_told() -> None:
    assert len(names.qualified_name_flaws(f"{'_' * 64}/{'-' * 33}")) == 4


@given(st.text(max_size=80))
def test_no_text_breaks_a_rule_itself(text: str) -> None:
    for rule in RULES:
        assert isinstance(rule(text), tuple)
    assert is_label(text) == (names.label_flaws(text) == ())
