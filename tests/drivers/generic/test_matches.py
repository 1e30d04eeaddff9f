from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.drivers.generic.matches import Match, Matches, filled, fits, references, wildcards
from tests.machines.tree import Tree


def find(root: Path, pattern: str, *paths: str) -> list[Match]:
    tree = Tree(root)
    for path in paths:
        tree.file(path)
    return Matches(tree.host).find(pattern)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("/dev/video*", [("/dev/video2", "2"), ("/dev/video10", "10"), ("/dev/videoX", "X")]),
        ("/dev/v*o2", [("/dev/video2", "ide")]),
        ("/dev/video?", [("/dev/video2", "2"), ("/dev/videoX", "X")]),
        ("/dev/video[0-9]*", [("/dev/video2", "2", ""), ("/dev/video10", "1", "0")]),
        ("/dev/video[!0-9]", [("/dev/videoX", "X")]),
        ("/dev/cpu/*/cpuid", [("/dev/cpu/0/cpuid", "0"), ("/dev/cpu/1/cpuid", "1")]),
        ("/dev/*/*/cpuid", [("/dev/cpu/0/cpuid", "cpu", "0"), ("/dev/cpu/1/cpuid", "cpu", "1")]),
        ("/dev/video2", [("/dev/video2",)]),
        ("/dev/video3", []),
        ("/dev/[z-a]", []),
        ("/dev/a[b", [("/dev/a[b",)]),
        ("/none/*", []),
    ],
)
def test_paths_match_with_what_their_wildcards_stand_for(
    tmp_path: Path, pattern: str, found: list[tuple[str, ...]]
) -> None:
    names = ("video10", "video2", "videoX", "cpu/0/cpuid", "cpu/1/cpuid", "cpu/1/msr", "a[b")
    matches = find(tmp_path, pattern, *(f"/dev/{name}" for name in names))
    assert [(each.path, *each.parts) for each in matches] == found


def test_a_further_pattern_takes_over_what_a_wildcard_stood_for(tmp_path: Path) -> None:
    assert filled("/dev/pcmC{1}D*", ["0"]) == "/dev/pcmC0D*"
    assert filled("/dev/{2}{1}", ["a", "b"]) == "/dev/ba"
    assert filled("/dev/{3}x{0}", ["a"]) == "/dev/x{0}"
    found = find(tmp_path, filled("/dev/{1}", ["a*?["]), "/dev/a*?[", "/dev/abc")
    assert [each.path for each in found] == ["/dev/a*?["]
    assert filled("/dev/{1}", ["a*"], literal=False) == "/dev/a*"


def test_wildcards_and_references_are_counted() -> None:
    assert [wildcards(each) for each in ("/dev/x", "/dev/*/[a]?", "/dev/[a")] == [0, 3, 0]
    assert references("/dev/{1}/{2}/{x}/{10}") == [1, 2]


@given(st.text(max_size=12), st.text(alphabet="ab*?[]!-\\^", max_size=12))
def test_any_pattern_can_be_asked(text: str, pattern: str) -> None:
    assert fits(text, pattern) in (True, False)
    assert fits(text, "*")
