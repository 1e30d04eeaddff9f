from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from cod.cdi.files import UnreadableFile
from cod.cdi.load import check, load, read
from cod.cdi.parse import parse
from cod.cdi.problem import InvalidSpec

from .specs import patient, specs

BROKEN = b"""cdiVersion: 0.3.0
kind: vendor/gpu
annotations: {a: b}
devices:
- name: gpu 0
  containerEdits: {}
- name: a
  containerEdits:
    env: [A=1, B]
    hooks:
    - hookName: never
    deviceNodes:
    - path: /dev/a
      type: x
      permissions: [r]
"""


@patient
@given(specs)
def test_a_sound_spec_is_loaded_as_it_was_parsed(spec: dict[str, Any]) -> None:
    data = json.dumps(spec, ensure_ascii=False).encode()
    assert load(data) == parse(data)


def test_all_problems_of_a_file_are_reported_each_at_its_place() -> None:
    _, problems = check(BROKEN)
    assert [(problem.rule, problem.line, problem.column) for problem in problems] == [
        ("wrong-type", 15, 20),
        ("version-too-low", 1, 13),
        ("device-name", 5, 9),
        ("device-empty", 6, 3),
        ("env", 9, 16),
        ("node-type", 14, 13),
        ("hook-name", 11, 17),
        ("hook-path", 11, 7),
    ]


def test_problems_of_json_have_places_too() -> None:
    data = b'{"cdiVersion": "1.1.0",\n "kind": "a/b",\n "devices": [{"name": "x"}]}'
    _, (problem,) = check(data)
    assert (problem.rule, problem.line, problem.column) == ("device-empty", 3, 14)


def test_what_could_not_be_decoded_is_not_missed_as_well() -> None:
    _, problems = check(b"cdiVersion: [1]\nkind: a/b\ndevices: none\n")
    assert [problem.path for problem in problems] == [("cdiVersion",), ("devices",)]


def test_an_error_shows_the_first_problem_and_holds_them_all() -> None:
    with pytest.raises(InvalidSpec) as caught:
        load(b"cdiVersion: 1.2.3\nkind: b\ndevices: []\n", "a.yaml")
    assert caught.value.what == 'invalid CDI Spec: invalid version "1.2.3"'
    assert caught.value.where == "a.yaml"
    assert [problem.rule for problem in caught.value.problems] == ["version-unknown", "vendor", "no-devices"]


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(
        '{"cdiVersion": "0.3.0", "kind": "a/b",'
        ' "devices": [{"name": "x", "containerEdits": {"env": ["A=1"]}}]}'
    )
    (tmp_path / "link.json").symlink_to("a.json")
    assert read(file) == read(str(tmp_path / "link.json")) == load(file.read_bytes())


def test_an_invalid_file_is_named_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("x")
    with pytest.raises(InvalidSpec) as caught:
        read(tmp_path / "a.yaml")
    assert caught.value.where == str(tmp_path / "a.yaml")


def is_absent(path: Path) -> None:
    """Leave the path as it is."""


def is_dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def is_a_loop(path: Path) -> None:
    path.symlink_to(path.name)


def is_below_a_file(path: Path) -> None:
    path.parent.rmdir()
    path.parent.touch()


def is_a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (is_absent, "no such file or directory"),
        (is_dangling, "no such file or directory"),
        (is_a_loop, "too many levels of symbolic links"),
        (is_below_a_file, "not a directory"),
        (Path.mkdir, "is a directory"),
        (os.mkfifo, "not a regular file"),
        (is_a_device, "not a regular file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path, make: Any, reason: str) -> None:
    path = tmp_path / "cdi" / "x.json"
    path.parent.mkdir()
    make(path)
    with pytest.raises(UnreadableFile) as caught:
        read(path)
    assert caught.value.where == str(path)
    assert caught.value.what.endswith(f": {reason}")


def test_a_file_without_permission_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.touch(mode=0)
    script = (
        "import os, sys\nfrom cod.cdi.files import UnreadableFile\nfrom cod.cdi.load import read\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "try: read(sys.argv[1])\n"
        "except UnreadableFile as error: print(error.what)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"open {path}: permission denied\n"


@pytest.mark.parametrize("path", ["a\0b", "\ud800"])
def test_a_path_that_can_be_no_file_is_unreadable(path: str) -> None:
    with pytest.raises(UnreadableFile):
        read(path)
