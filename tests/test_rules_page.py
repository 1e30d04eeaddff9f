"""The page on rules files shows only what can be read, and all there is."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec.structs import fields

from cod.drivers import discover
from cod.drivers.generic import Generic
from cod.drivers.generic.rules import BUILT_IN, Group, Member, Usb
from cod.drivers.generic.rules_file import parse_groups
from tests.machines.edge import edge
from tests.machines.tree import Tree

PAGE = (Path(__file__).parents[1] / "docs" / "describe-devices-with-rules.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
ADDED, RECIPES, WRONG = BLOCKS

NAMES = {each.name for each in BUILT_IN}


def table(heading: str) -> list[list[str]]:
    """The cells of the table that follows a text."""
    rows = PAGE.partition(heading)[2].partition("| --- |")[2].partition("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_rules_that_it_shows_can_be_read() -> None:
    for text in (ADDED, RECIPES):
        groups, problems = parse_groups(text, "", NAMES)
        assert problems == []
        assert groups


def test_the_rules_find_what_it_says(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    edge(tree)
    tree.file("/etc/cod/devices.yaml", ADDED + RECIPES)
    found = {
        name: each.edits.device_nodes for (_, _, name), each in discover(tree.host, [Generic()]).found.items()
    }
    assert [node.path for node in found["arm"]] == ["/dev/ttyUSB0"]
    assert [node.path for node in found["inspection0"]] == ["/dev/video0", "/dev/video1", "/dev/media0"]
    assert [node.path for node in found["board"]] == ["/dev/pins", "/dev/i2c-1"]
    assert "tpm-raw" not in found


def test_it_shows_every_built_in_class_and_which_are_shared() -> None:
    rows = table("## What is there without a rule")
    assert [name for classes, _, _ in rows for name in words(classes)] == [each.name for each in BUILT_IN]
    shared = {name for classes, _, says in rows for name in words(classes if says == "yes" else says)}
    assert shared == {each.name for each in BUILT_IN if each.shared}


def test_it_shows_every_field() -> None:
    rows = table("## Fields")
    names = [each.encode_name for each in fields(Group) if each.name not in ("name", "origin")]
    assert [word for cell, _ in rows for word in words(cell)] == names
    assert words(next(says for cell, says in rows if "`usb`" in cell))[:3] == [
        each.name for each in fields(Usb)
    ]
    rows = table("A path, here or in `with`")
    assert [word for cell, _ in rows for word in words(cell)] == [each.name for each in fields(Member)]


def test_it_shows_a_mistake_as_it_is_told() -> None:
    _, (problem,) = parse_groups(WRONG, "/etc/cod/devices.yaml", NAMES)
    assert f"  left out   {problem.where}: {problem.text}\n" in PAGE
