from __future__ import annotations

import gc
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.cdi.load import check
from cod.cdi.parse import examine, parse, parse_plain_json
from cod.cdi.problem import InvalidSpec, Stage
from cod.cdi.spec import ContainerEdits, Device, DeviceNode, Spec

from .specs import patient, specs

SPEC = Spec(
    cdi_version="0.6.0",
    kind="vendor.com/gpu",
    annotations={"a": "b"},
    devices=(
        Device(
            name="gpu0",
            container_edits=ContainerEdits(device_nodes=(DeviceNode(path="/dev/gpu0", major=5, uid=0),)),
        ),
    ),
    container_edits=ContainerEdits(env=("A=1",)),
)
AS_JSON = b"""{
  "cdiVersion": "0.6.0",
  "kind": "vendor.com/gpu",
  "annotations": {"a": "b"},
  "devices": [
    {"name": "gpu0", "containerEdits": {"deviceNodes": [{"path": "/dev/gpu0", "major": 5, "uid": 0}]}}
  ],
  "containerEdits": {"env": ["A=1"]}
}
"""
AS_YAML = b"""# a comment
cdiVersion: 0.6.0
kind: vendor.com/gpu
annotations: {a: b}
devices:
- name: gpu0
  containerEdits:
    deviceNodes:
    - path: /dev/gpu0
      major: 5
      uid: 0
containerEdits:
  env:
  - A=1
"""


@pytest.mark.parametrize("data", [AS_JSON, AS_YAML], ids=["json", "yaml"])
def test_a_spec_is_the_same_in_json_and_in_yaml(data: bytes) -> None:
    assert parse(data) == SPEC


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_tells_the_encoding(encoding: str) -> None:
    assert parse(AS_YAML.decode().encode(encoding)) == SPEC


def test_plain_json_takes_the_fast_way() -> None:
    assert parse_plain_json(AS_JSON) == SPEC


def test_only_the_first_document_of_a_file_counts() -> None:
    assert parse(AS_YAML + b"---\n]what follows is not looked at") == SPEC


def test_aliases_and_merge_keys_are_followed() -> None:
    spec = parse(b"devices:\n- &one {name: a, annotations: {k: v}}\n- {<<: *one}\n- *one\n")
    assert spec.devices == (Device(name="a", annotations={"k": "v"}),) * 3


def test_fields_are_found_whatever_their_case() -> None:
    assert parse(b"KIND: a/b\ncdiversion: 1.1.0\n") == Spec(kind="a/b", cdi_version="1.1.0")


@pytest.mark.parametrize("data", [b"", b"# nothing\n", b"null", b"---\n", b"~"])
def test_a_file_without_data_is_no_spec(data: bytes) -> None:
    with pytest.raises(InvalidSpec, match="no Spec data"):
        parse(data)


def test_all_misfits_are_reported_each_at_its_place() -> None:
    problems = problems_of(
        b"kind: [a]\n"
        b"colour: red\n"
        b"devices:\n"
        b"- name: gpu0\n"
        b"  containerEdits:\n"
        b"    deviceNodes:\n"
        b"    - {path: /dev/a, major: 1.5, uid: -1}\n"
        b"    - ~\n"
        b"    env: A=1\n"
    )
    assert {(problem.path, problem.rule, problem.line, problem.column) for problem in problems} == {
        (("kind",), "wrong-type", 1, 7),
        (("colour",), "unknown-field", 2, 1),
        (("devices", 0, "containerEdits", "deviceNodes", 0, "major"), "wrong-type", 7, 29),
        (("devices", 0, "containerEdits", "deviceNodes", 0, "uid"), "wrong-type", 7, 39),
        (("devices", 0, "containerEdits", "deviceNodes", 1), "null-entry", 8, 7),
        (("devices", 0, "containerEdits", "env"), "wrong-type", 9, 10),
    }


def test_keys_given_twice_are_all_reported_before_other_misfits() -> None:
    problems = problems_of(b"x: y\nkind: a\ndevices:\n- {name: a, name: b}\nkind: b\n")
    assert [(problem.stage, problem.line, problem.column) for problem in problems] == [
        (Stage.DUPLICATE, 4, 13),
        (Stage.DUPLICATE, 5, 1),
        (Stage.SHAPE, 1, 1),
    ]


def test_what_cannot_be_read_is_one_problem_at_its_place() -> None:
    (problem,) = problems_of(b"kind: a/b\ndevices: [}\n")
    assert (problem.stage, problem.rule, problem.line, problem.column) == (Stage.SYNTAX, "syntax", 2, 11)


def test_an_error_names_the_file_and_keeps_its_text() -> None:
    with pytest.raises(InvalidSpec) as caught:
        parse(b"x: 1\n", "/etc/cdi/a.yaml")
    assert caught.value.where == "/etc/cdi/a.yaml"
    assert caught.value.source == b"x: 1\n"
    assert caught.value.what == (
        'failed to parse CDI Spec "/etc/cdi/a.yaml": failed to unmarshal CDI Spec: '
        'error unmarshaling JSON: while decoding JSON: json: unknown field "x"'
    )


# Two ways, one answer.

DEVICE = '{"name":"a","containerEdits":{"env":["A=1"]}}'
TWICE = {
    "a key of the spec": '{"kind":"a/b","kind":"a/b"}',
    "a key with another value": '{"kind":"a/b","kind":"c/d"}',
    "a key of another case": '{"kind":"a/b","Kind":"c/d"}',
    "a key of a device": '{"devices":[{"name":"a","name":"b"}]}',
    "a key of an annotation": '{"annotations":{"a":"b","a":"c"}}',
    "an object": f'{{"devices":[{DEVICE}],"devices":[{DEVICE}]}}',
    "an object, first empty": f'{{"devices":[],"devices":[{DEVICE}]}}',
    "an object, then empty": f'{{"devices":[{DEVICE}],"devices":[]}}',
    "a key, and one without its colon": '{"kind":"a/b","kind":"a/b","annotations"\n:{"a":"b"}}',
}
ODD = {
    "a key parted from its colon by a line": '{"kind"\n:"a/b"}',
    "a key parted from its colon by a return": '{"kind"\r:"a/b"}',
    "a key far from its colon": '{"kind"%s:"a/b"}' % (" " * 1100),
    "a key that is too long": '{"annotations":{"%s":"a"}}' % ("k" * 1100),
    "an escape": r'{"kind":"a\/b"}',
    "text that follows": '{"kind":"a/b"} {',
    "a control character": '{"kind":"a/\x7f"}',
    "a character that is not ASCII": '{"kind":"a/é\u2028"}',
    "zero values": '{"kind":"","devices":[],"containerEdits":{"env":[],"intelRdt":{"closID":""}}}',
    "nulls": '{"kind":null,"devices":[{"containerEdits":null}],"containerEdits":{"mounts":[null]}}',
    "merge keys": '{"<<":{"kind":"a/b"}}',
    **{
        f"the {field} {number:.20}": f'{{"containerEdits":{{"deviceNodes":[{{"{field}":{number}}}]}}}}'
        for field in ("major", "uid")
        for number in (
            *("0", "-0", "-0.0", "1.0", "1.5", "1e3", "1E-3", "4294967295", "4294967296"),
            *("9007199254740993.0", "4611686018427387904.0", "9223372036854775808", "1" * 5000, "1e999"),
        )
    },
}


@pytest.mark.parametrize("text", TWICE.values(), ids=TWICE)
def test_nothing_that_is_given_twice_slips_through_the_fast_way(text: str) -> None:
    assert parse_plain_json(text.encode()) is None


@pytest.mark.parametrize("text", [*TWICE.values(), *ODD.values()], ids=[*TWICE, *ODD])
def test_both_ways_read_odd_json_alike(text: str) -> None:
    check_both_ways(text.encode())


@patient
@given(specs)
def test_escapes_alone_keep_json_of_ascii_from_the_fast_way(spec: dict[str, Any]) -> None:
    data = json.dumps(given_only(spec)).encode()
    assert (parse_plain_json(data) is not None) is not (b"\\" in data or b"\x7f" in data)


@patient
@given(specs, st.data())
def test_both_ways_agree_wherever_the_fast_one_answers(spec: dict[str, Any], draw: st.DataObject) -> None:
    text = json.dumps(
        spec,
        ensure_ascii=draw.draw(st.booleans()),
        indent=draw.draw(st.sampled_from([None, 1, "\t"])),
        separators=draw.draw(st.sampled_from([None, (",", ":"), (" ,", " : "), ("\n,", "\n:")])),
    )
    for _ in range(draw.draw(st.integers(0, 2))):
        text = mutated(text, draw)
    check_both_ways(text.encode("utf-8", "surrogatepass"))


def check_both_ways(data: bytes) -> None:
    fast = parse_plain_json(data)
    if fast is not None:
        assert (fast, []) == examine(data)


PIECES = (
    *(
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        " ",
        "\n",
        "\t",
        "\r",
        "\\",
        "#",
        "'",
        "&a ",
        "*a",
        "!!str ",
        "- ",
        "? ",
    ),
    *(
        "null",
        "true",
        "0",
        "-0",
        "0.0",
        "-0.0",
        "1e3",
        "1.5",
        "010",
        "0x1f",
        "18446744073709551616",
        '""',
        "{}",
    ),
    *("[]", '"name":"x",', '"kind":"a/b",', '"Kind":"a/b",', '"uid":0,', '"uid":null,', '"<<":{},', '"a":1,'),
    *("\\u00e9", "\\ud800", "é", "\u2028", "\ufeff", "\x7f", "\x00", "\x85", "😀"),
)


def mutated(text: str, draw: st.DataObject) -> str:
    """The text with a piece put in, or in place of some characters, or with a value that becomes a piece."""
    piece = draw.draw(st.sampled_from(PIECES))
    start = draw.draw(st.integers(0, len(text)))
    marks = [index for index, char in enumerate(text) if char in '{[,:"']
    if marks and draw.draw(st.booleans()):
        start = draw.draw(st.sampled_from(marks)) + 1
    return text[:start] + piece + text[start + draw.draw(st.integers(0, 3)) :]


def given_only(value: Any) -> Any:
    """A spec without what the fast way leaves to the careful one: a field at its zero value."""
    if isinstance(value, list):
        return [given_only(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: given_only(item) for key, item in value.items() if item is not False}


def problems_of(data: bytes) -> tuple[Any, ...]:
    with pytest.raises(InvalidSpec) as caught:
        parse(data)
    return caught.value.problems


@pytest.mark.parametrize("text", ["", "- [:", "- {name: a b}\n"], ids=["sound", "no YAML", "against a rule"])
def test_no_garbage_is_looked_for_in_a_large_document(text: str) -> None:
    devices = "".join(f"- {{name: d{n}, containerEdits: {{env: [A={n}]}}}}\n" for n in range(3_000))
    data = f"cdiVersion: 0.6.0\nkind: vendor.com/gpu\ndevices:\n{devices}{text}".encode()
    examine(b"{}")  # imports YAML
    seen: list[str] = []

    def see(phase: str, _: dict[str, int]) -> None:
        seen.append(phase)

    gc.callbacks.append(see)
    try:
        assert bool(check(data)[1]) == bool(text)
    finally:
        gc.callbacks.remove(see)
    assert seen.count("start") <= 2
    assert gc.isenabled()
