from __future__ import annotations

import json

import pytest
import yaml

from cod.cli.output import print_data, print_diff, print_names, print_table
from cod.resource import ClaimDevices, ClaimSpec, DeviceRequest, ExactRequest, ObjectMeta, ResourceClaim

CLAIM = ResourceClaim(
    metadata=ObjectMeta(name="one"),
    spec=ClaimSpec(ClaimDevices((DeviceRequest("r", ExactRequest("kvm", count=2)),))),
)
IN_API_SHAPE = {
    "apiVersion": "resource.k8s.io/v1",
    "kind": "ResourceClaim",
    "metadata": {"name": "one"},
    "spec": {"devices": {"requests": [{"name": "r", "exactly": {"deviceClassName": "kvm", "count": 2}}]}},
    "status": {},
}


def test_columns_are_aligned_and_no_line_ends_in_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([("a", 1, ""), ("long name", 22, "x")], ("NAME", "N", "NOTE"))
    assert capsys.readouterr().out == "NAME        N    NOTE\na           1\nlong name   22   x\n"


def test_a_line_that_is_too_long_has_its_columns_closer_then_cut_but_a_name_and_what_matters_most(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    headers, row = (
        ("NAME", "WHERE", "STATE"),
        ("a-name-of-18-bytes", "/dev/loop-control", "unready: in-use-by-host"),
    )
    monkeypatch.setenv("COLUMNS", "62")
    print_table([row], headers, is_cut=True, least=(0, 8, 23))
    assert capsys.readouterr().out.splitlines()[1] == "  ".join(row)
    monkeypatch.setenv("COLUMNS", "60")
    print_table([row], headers, is_cut=True, least=(0, 8, 23))
    assert capsys.readouterr().out.splitlines()[1] == f"{row[0]}  /dev/loop-cont…  {row[2]}"
    monkeypatch.setenv("COLUMNS", "1")
    print_table([row], headers, is_cut=True, least=(0, 8, 23))
    assert capsys.readouterr().out.splitlines()[1] == f"{row[0]}  /dev/lo…  unready: …"


def test_a_table_that_may_not_be_cut_is_as_wide_as_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    print_table([("a" * 30, "b" * 30)], ("NAME", "STATE"))
    assert capsys.readouterr().out.splitlines()[1] == f"{'a' * 30}   {'b' * 30}"


def test_a_table_without_rows_is_its_headers(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([], ("NAME", "N"))
    assert capsys.readouterr().out == "NAME   N\n"


def test_a_cell_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([("\x1b[31mred\n",)], ("NAME",))
    assert capsys.readouterr().out == "NAME\n\\x1b[31mred\\n\n"


def test_json_and_yaml_have_the_shape_of_the_api(capsys: pytest.CaptureFixture[str]) -> None:
    print_data([CLAIM], "json")
    text = capsys.readouterr().out
    assert json.loads(text) == [IN_API_SHAPE]
    assert text.startswith('[\n  {\n    "apiVersion"')
    assert text.endswith("]\n")
    print_data([CLAIM], "yaml")
    assert yaml.safe_load(capsys.readouterr().out) == [IN_API_SHAPE]


def test_names_are_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_names(["a", "b"])
    assert capsys.readouterr().out == "a\nb\n"


def test_in_a_diff_a_last_line_without_its_end_stands_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_diff(b"{}", b"{}\n1", "old", "new") == 1
    no_end = "\\ No newline at end of file"
    assert capsys.readouterr().out.splitlines()[3:] == ["-{}", no_end, "+{}", "+1", no_end]
