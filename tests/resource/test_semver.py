from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.resource import InvalidVersion, Version, is_version, parse_version

ORDERED = "1.0.0-0 1.0.0-1 1.0.0-11 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2"
ORDERED += " 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1 1.2.0 1.11.0 2.0.0"


def test_versions_are_ordered_as_semver_says() -> None:
    versions = [parse_version(text) for text in ORDERED.split()]
    assert all(one < other for one, other in pairwise(versions))


def test_the_build_does_not_count() -> None:
    assert parse_version("1.2.3+a") == parse_version("1.2.3+b")
    assert (parse_version("1.2.3+a") != parse_version("1.2.3+b")) is False
    assert hash(parse_version("1.2.3+a")) == hash(parse_version("1.2.3"))


@pytest.mark.parametrize(
    "text",
    ["1.2.3", "0.0.0", "1.2.3-rc.1+build.005", "1.0.0--", "1.0.0-0a.-1", "1.0.0+0A.-", "10.20.30-a-b"],
)
def test_a_version_is_written_as_it_is_read(text: str) -> None:
    assert is_version(text)
    assert str(parse_version(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *[
            "1",
            "1.2",
            "v1.2.3",
            "01.2.3",
            "1.2.3-01",
            "1.2.3-",
            "1.2.3+",
            "1.2.3-a..b",
            "1.2.3.4",
            "1.2.-3",
            "١.2.3",
            "1.2.3-é",
        ],
        *("", "1.2.3\n", " 1.2.3"),
    ],
)
def test_what_is_no_version_is_refused(text: str) -> None:
    assert not is_version(text)
    with pytest.raises(InvalidVersion):
        parse_version(text)


def test_a_number_too_large_for_64_bits_has_the_form_but_no_value() -> None:
    assert is_version(f"{2**64}.0.0")
    with pytest.raises(InvalidVersion):
        parse_version(f"{2**64}.0.0")
    with pytest.raises(InvalidVersion):
        parse_version(f"1.0.0-{2**64}")


@pytest.mark.parametrize(
    ("text", "version"),
    [("v1.2.3", "1.2.3"), ("1", "1.0.0"), ("1.2", "1.2.0"), ("01.02.03", "1.2.3"), ("1.2.00-rc", "1.2.0-rc")],
)
def test_what_is_nearly_a_version_can_be_forgiven(text: str, version: str) -> None:
    assert str(parse_version(text, normalize=True)) == version


@pytest.mark.parametrize("text", ["1.2-rc", "1+b", "vv1.2.3", "", "a"])
def test_not_everything_is_forgiven(text: str) -> None:
    with pytest.raises(InvalidVersion):
        parse_version(text, normalize=True)


parts = st.lists(st.integers(0, 20) | st.from_regex(r"[a-c-]{1,3}", fullmatch=True), max_size=3).map(tuple)
versions = st.builds(Version, st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), parts)


@given(versions, versions)
def test_reading_undoes_writing_and_one_of_two_is_less_or_they_are_equal(
    one: Version, other: Version
) -> None:
    assert parse_version(str(one)) == one
    assert (one != other) + (one == other) == 1
    assert (one < other) + (one == other) + (other < one) == 1
