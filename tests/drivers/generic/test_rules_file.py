from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cod.drivers import discover
from cod.drivers.generic import Generic
from cod.drivers.generic.rules import BUILT_IN, Group, Member, Usb
from cod.drivers.generic.rules_file import MOST_CHARACTERS, MOST_VALUES, parse_groups
from tests.machines.edge import edge
from tests.machines.tree import Tree

NAMES = {each.name for each in BUILT_IN}


def read(text: str) -> Group | None:
    """The only group in a text without a mistake."""
    groups, problems = parse_groups(text, "rules.yaml", NAMES)
    assert problems == []
    (group,) = groups.values()
    return group


def mistakes(text: str) -> list[str]:
    _, problems = parse_groups(text, "rules.yaml", NAMES)
    return [f"{each.where} {each.text}" for each in problems]


def without_origin(group: Group) -> Group:
    return msgspec.structs.replace(group, origin="")


def test_the_built_in_groups_are_a_rules_file_too() -> None:
    written: dict[str, Any] = {each.name: msgspec.to_builtins(each) for each in BUILT_IN}
    for each in written.values():
        del each["name"]
    groups, problems = parse_groups(yaml.safe_dump(written, sort_keys=False), "rules.yaml", set())
    assert problems == []
    assert [without_origin(each) for each in groups.values() if each] == [*BUILT_IN]


def test_a_group_has_all_that_its_fields_say() -> None:
    group = read(
        """
camera:
  paths:
    - /dev/video*
    - path: /dev/cam[0-9]
      permissions: r
      mount: /dev/video0
      optional: yes
      sysfs: {name: "HD*", device/vendor: 0x1d6b}
  usb: {vendor: 046D, product: 082d, serial: 0001}
  join: parent
  with: /dev/media*
  permissions: rwm
  count: 4
"""
    )
    assert group == Group(
        "camera",
        paths=(
            Member("/dev/video*"),
            Member(
                "/dev/cam[0-9]",
                permissions="r",
                mount="/dev/video0",
                optional=True,
                sysfs={"name": "HD*", "device/vendor": "0x1d6b"},
            ),
        ),
        usb=(Usb("046d", "082d", "0001"),),
        join="parent",
        with_=(Member("/dev/media*"),),
        permissions="rwm",
        count=4,
        origin="rules.yaml:2",
    )


def test_numbers_of_usb_stand_as_they_are_written() -> None:
    group = read("a: {usb: {vendor: 0403, product: 6001, serial: 1e5}}")
    assert group is not None
    assert group.usb == (Usb("0403", "6001", "1e5"),)


def test_off_is_a_group_that_is_not_there() -> None:
    assert read("kvm: off") is None
    assert read("kvm: false") is None


def test_what_anchors_stand_for_is_read_as_if_it_stood_there() -> None:
    groups, problems = parse_groups("a: {paths: &p [/dev/x]}\nb: {paths: *p}\n", "rules.yaml", set())
    assert problems == []
    assert groups["b"] is not None
    assert groups["b"].paths == (Member("/dev/x"),)


@pytest.mark.parametrize("text", ["# nothing yet\n", "---\n", "{}"])
def test_a_file_may_have_no_groups(text: str) -> None:
    groups, problems = parse_groups(text, "rules.yaml", set())
    assert groups == {}
    assert len(problems) <= 1


PATH = "try: a path below /dev without . and .., such as /dev/ttyUSB*"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {path: /dev/x}", "1:5 group a has no field 'path'; try: paths"),
        (
            "a: {x: 1}",
            "1:5 group a has no field 'x'; try: paths, usb, join, with, permissions, count, shared",
        ),
        ("a: {paths: []}", "1:1 group a says neither paths nor usb; try: paths: [/dev/…]"),
        ("a: {paths: x}", f"1:12 a path cannot be 'x'; {PATH}"),
        ("a: {paths: [/sys/x]}", f"1:13 a path cannot be '/sys/x'; {PATH}"),
        ("a: {paths: [/dev]}", f"1:13 a path cannot be '/dev'; {PATH}"),
        ("a: {paths: [/dev/../etc/shadow]}", f"1:13 a path cannot be '/dev/../etc/shadow'; {PATH}"),
        ("a: {paths: [/dev/x/]}", f"1:13 a path cannot be '/dev/x/'; {PATH}"),
        ("a: {paths: [/device/x]}", f"1:13 a path cannot be '/device/x'; {PATH}"),
        ("a: {paths: [~]}", f"1:13 a path is no text; {PATH}"),
        ("a: {paths: [[]]}", "1:13 a path is no mapping; try: path: …"),
        ("a: {paths: [{mount: /x}]}", "1:13 here is no path; try: path: /dev/…"),
        (
            "a: {paths: [{path: /dev/x, mount: x}]}",
            "1:35 mount cannot be 'x'; try: a whole path without . and .., such as /dev/arm",
        ),
        (
            "a: {paths: [{path: /dev/x, optional: 3}]}",
            "1:38 this is neither true nor false; try: true, or leave it out",
        ),
        (
            "a: {paths: [{path: /dev/x, sysfs: {../x: y}}]}",
            "1:36 a name in sysfs cannot be '../x'; "
            "try: a file below the device's directory, such as device/name",
        ),
        (
            "a: {paths: /dev/x, permissions: rx}",
            "1:33 permissions 'rx' are none; try: r, w, m or several of these: rw",
        ),
        ("a: {paths: /dev/x, count: 0}", "1:27 count is no number from 1 to 1024; try: count: 4"),
        ("a: {paths: /dev/x, count: 1e9}", "1:27 count is no number from 1 to 1024; try: count: 4"),
        ("a: {paths: /dev/x, shared: 1}", "1:28 shared is no number from 2 to 1024; try: shared: 4"),
        ("a: {paths: /dev/x, join: x}", "1:26 join 'x' is unknown; try: parent, or all"),
        (
            "a: {paths: /dev/x, shared: on, count: 2}",
            "1:1 group a has both count and shared; try: shared alone: one device for several claims",
        ),
        ("a: {usb: {}, with: /dev/x}", "1:1 group a has with and no paths; try: add paths"),
        (
            "a: {usb: {vendor: 1d6}}",
            "1:19 a USB number cannot be '1d6'; "
            "try: the four hexadecimal digits that lsusb shows, such as 0403",
        ),
        ("a: {usb: {vendr: 1d6b}}", "1:11 usb has no field 'vendr'; try: vendor"),
        (
            "a: {paths: '/dev/x{1}'}",
            "1:1 group a has {1} in paths; try: {1} in `with` or `mount`, and * in paths",
        ),
        (
            "a: {paths: [/dev/x*, /dev/y], with: '/dev/z{1}'}",
            "1:1 group a has {1}, and not every path has so many wildcards; try: a path with * in it",
        ),
        ("\n\na: 3", "3:4 group a is no mapping; try: paths: …"),
        ("a: on", "1:4 group a is no mapping; try: paths: …"),
        ("kwm: off", "1:1 there is no group kwm to switch off; try: kvm"),
        (
            "A: off",
            "1:1 the name of a group cannot be 'A'; "
            "try: up to 32 small letters, digits and dashes: my-camera",
        ),
        ("kvm: off\nkvm: off", "2:1 there is a group kvm already; try: another name, or one group of both"),
        ("a: {paths: /dev/x, paths: /dev/y}", "1:20 group a has paths twice; try: one of them"),
        ("- a", "1:1 a rules file is no mapping; try: NAME: {paths: [/dev/…]}"),
        ("[a]: {}", "1:1 a key of a rules file is no text; try: NAME: {paths: [/dev/…]}"),
        (
            "a: {paths: [",
            "2:1 this is no YAML: did not find expected node content; try: NAME: {paths: [/dev/…]}",
        ),
        (
            "a: b\n---\nc: d",
            "2:1 this is no YAML: but found another document; try: NAME: {paths: [/dev/…]}",
        ),
    ],
)
def test_a_mistake_says_where_it_stands_what_is_wrong_and_what_to_try(text: str, expected: str) -> None:
    assert mistakes(text) == [f"rules.yaml:{expected}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "it is empty, or may not be read; try: chmod 644, or remove it"),
        ("a: \ufffd", "it is not UTF-8; try: write it anew"),
        (
            "#" * (MOST_CHARACTERS + 1),
            f"it has more than {MOST_CHARACTERS} characters; try: several files in /etc/cod/devices.d",
        ),
        (
            "a: {paths: &a ["
            + "/dev/x, " * 3000
            + "]}\n"
            + "".join(f"b{n}: {{paths: *a}}\n" for n in range(9)),
            f"it has more than {MOST_VALUES} values; try: several files in /etc/cod/devices.d",
        ),
    ],
)
def test_a_mistake_of_the_whole_file_names_the_file(text: str, expected: str) -> None:
    assert mistakes(text) == [f"rules.yaml {expected}"]


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "- " * 100_000, "a: &a [*a]", "a: &a {paths: [*a]}", "\0", "a: \t"]
)
def test_what_nests_without_end_is_only_a_mistake(text: str) -> None:
    assert len(mistakes(text)) == 1


def test_all_mistakes_are_told_and_the_sound_groups_stay() -> None:
    text = "a: {paths: [x, y], count: z}\nb: {paths: /dev/x}\nc: {pahts: /dev/x, usb: {serial: ''}}\nB: {}\n"
    groups, problems = parse_groups(text, "rules.yaml", set())
    assert [(each.line, each.column) for each in problems] == [
        (1, 13),
        (1, 16),
        (1, 27),
        (3, 5),
        (3, 34),
        (4, 1),
    ]
    assert {name: each is not None for name, each in groups.items()} == {"a": False, "b": True, "c": False}


SOUND = """
cam: {paths: [{path: /dev/video*, sysfs: {name: "HD*"}}], join: parent, with: [/dev/media*]}
arm: {paths: [/dev/ttyUSB*, /dev/ttyS[01]], usb: {vendor: 0403}, permissions: r, count: 2}
board: {paths: ["/dev/gpio*"], join: all, shared: 3}
key: {usb: [{serial: A50285BI}]}
kvm: off
"""


@given(
    st.integers(0, len(SOUND)), st.integers(0, 12), st.text(alphabet="{}[]:,*?&!\"'\n\t -/.d0aé", max_size=6)
)
def test_no_text_breaks_the_reading(start: int, length: int, put: str) -> None:
    groups, problems = parse_groups(SOUND[:start] + put + SOUND[start + length :], "rules.yaml", NAMES)
    assert all(each.where.startswith("rules.yaml") and each.what and each.hint for each in problems)
    assert all(group is None or group.origin.startswith("rules.yaml:") for group in groups.values())


@given(st.binary(max_size=40))
def test_no_bytes_break_the_reading(data: bytes) -> None:
    parse_groups(data.decode("utf-8", "replace"), "rules.yaml", set())


def test_a_file_of_bytes_is_reported_with_its_name(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    edge(tree)
    tree.file("/etc/cod/devices.yaml", b"\xff\xfe\x00")
    tree.file("/etc/cod/devices.d/a.yaml", "led: {paths: /dev/gpiochip0}")
    found = discover(tree.host, [Generic()])
    assert found.reports[0].skipped[0].what == "/etc/cod/devices.yaml"
    assert "led" in {name for _, _, name in found.found}


def test_without_rules_files_no_yaml_is_imported() -> None:
    import subprocess
    import sys

    code = "import sys; from cod.drivers import discover; from cod.host import open_host; "
    code += "discover(open_host('sim:2gpu')); print('yaml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (
        done.stdout
        == f"{any(map(Path.exists, map(Path, ['/etc/cod/devices.yaml', '/etc/cod/devices.d'])))}\n"
    )
