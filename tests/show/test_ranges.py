from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.show.ranges import ranges, shortened


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("", ""),
        ("gpu0", "gpu0"),
        ("gpu4 gpu5 gpu7", "gpu[4-5,7]"),
        ("gpu7 gpu4 gpu5 gpu5", "gpu[4-5,7]"),
        ("gpu0 nic0 gpu1", "gpu[0-1],nic0"),
        ("kvm gpu9 gpu10", "kvm,gpu[9-10]"),
        ("node-01.lab node-02.lab node-12.lab", "node-[01-02,12].lab"),
        ("n08 n09 n10 n11", "n[08-11]"),
        ("n8 n08", "n8,n08"),
        ("n09 n10 n100", "n[09-10],n100"),
        ("n10 n09", "n[09-10]"),
        ("nic-0000-00-03-0 nic-0000-00-03-1", "nic-0000-00-03-[0-1]"),
        ("a1b c", "a1b,c"),
        ("gpu0-part3 gpu0-part4 gpu1-part3", "gpu0-part[3-4],gpu1-part3"),
    ],
)
def test_names_that_differ_in_a_number_are_put_together(names: str, text: str) -> None:
    assert ranges(names.split()) == text


names = st.from_regex(r"[ab]{0,1}-?(0|1|9|10|08|099|100|[0-9]{1,3})?[xy]?", fullmatch=True).filter(bool)


@given(st.lists(names))
def test_every_name_can_be_told_again(given_: list[str]) -> None:
    assert expanded(ranges(given_)) == set(given_)


def expanded(text: str) -> set[str]:
    """The names, as whoever reads a hostlist sees them."""
    found = set()
    for part in re.findall(r"(?:[^,\[]|\[[^]]*\])+", text):
        match = re.fullmatch(r"([^\[]*)\[([^]]*)\](.*)", part)
        if match is None:
            found.add(part)
            continue
        stem, runs, rest = match.groups()
        for run in runs.split(","):
            first, _, last = run.partition("-")
            for number in range(int(first), int(last or first) + 1):
                found.add(f"{stem}{number:0{len(first) if first[0] == '0' else 1}}{rest}")
    return found


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("gpu[0-3]", "gpu[0-3]"),
        ("node-[1,3,5,7,9,11]", "node-[1,3,5,…]"),
        ("gpu[0-3],nic[0-3],kvm", "gpu[0-3],…"),
        ("averyverylongname", "averyverylo,…"),
    ],
)
def test_a_long_list_is_cut_between_two_names(text: str, short: str) -> None:
    assert shortened(text, 12) == short
