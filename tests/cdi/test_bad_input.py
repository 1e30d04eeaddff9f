"""Whatever a file holds, it is a spec or it is refused: soon, with little memory, and never by a crash."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.cdi.document import MAX_NODES
from cod.cdi.files import MAX_BYTES
from cod.cdi.load import load
from cod.cdi.parse import parse_plain_json
from cod.cdi.problem import InvalidSpec
from cod.cdi.spec import Spec

from .specs import patient, specs

yaml_pieces = st.sampled_from(
    [
        *(
            "kind",
            "devices",
            "containerEdits",
            "deviceNodes",
            "name",
            "a/b",
            "1.1.0",
            ": ",
            ":",
            "- ",
            "? ",
            "\n",
        ),
        *(
            "\n  ",
            "\n- ",
            "&a ",
            "*a",
            "<<: *a",
            "<<",
            "!!binary ",
            "!!int ",
            "!x ",
            "|",
            ">",
            "'",
            '"',
            "#",
            "{",
        ),
        *(
            "}",
            "[",
            "]",
            ", ",
            "~",
            "null",
            "yes",
            "0x",
            "1_0",
            "-0.0",
            ".inf",
            ".nan",
            "1e400",
            "%YAML 1.2\n",
        ),
        *(
            "---\n",
            "...\n",
            "\t",
            "\r",
            "\x00",
            "\x85",
            "\u2028",
            "\ufeff",
            "\ud800",
            "é",
            "😀",
            "\\u",
            "\\/",
        ),
    ]
)


@patient
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    assert is_answered(data)


@patient
@given(
    st.lists(yaml_pieces, max_size=30), st.sampled_from(["utf-8", "utf-16", "utf-16-be", "utf-32", "latin-1"])
)
def test_any_text_that_looks_like_yaml(pieces: list[str], encoding: str) -> None:
    errors = "replace" if encoding == "latin-1" else "surrogatepass"
    assert is_answered("".join(pieces).encode(encoding, errors))


@patient
@given(specs, st.data())
def test_any_spec_with_bytes_changed(spec: dict[str, Any], draw: st.DataObject) -> None:
    data = bytearray(json.dumps(spec, ensure_ascii=False).encode())
    for _ in range(draw.draw(st.integers(1, 4))):
        start = draw.draw(st.integers(0, len(data)))
        data[start : start + draw.draw(st.integers(0, 4))] = draw.draw(st.binary(max_size=3))
    assert is_answered(bytes(data))


@patient
@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3), st.lists),
    specs,
)
def test_any_value_in_any_place(value: Any, spec: dict[str, Any]) -> None:
    for key in spec:
        assert is_answered(json.dumps(spec | {key: value}).encode())
    for key in spec["devices"][0]["containerEdits"]:
        changed = spec["devices"][0] | {"containerEdits": {key: value}}
        assert is_answered(json.dumps(spec | {"devices": [changed]}).encode())


def is_answered(data: bytes) -> bool:
    try:
        return isinstance(load(data), Spec)
    except InvalidSpec as error:
        return len(error.problems) > 0


def laughs(item: bytes, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    lines = [b"a0: &a0 " + item]
    for level in range(1, 20):
        aliases = b", ".join([b"*a%d" % (level - 1)] * 9)
        lines.append(b"a%d: &a%d %s%s%s" % (level, level, opening, aliases, closing))
    return b"\n".join(lines)


MOUNTS = b"containerEdits: {mounts: &m [%s]}\ndevices:\n" % (b"{hostPath: /a, containerPath: /b}, " * 500)
HOSTILE = {
    "brackets": b"[" * 100_000,
    "closed brackets": b"[" * 100_000 + b"]" * 100_000,
    "braces": b'{"a":' * 100_000,
    "brackets in a typed place": b'{"devices": ' + b"[" * 100_000,
    "dashes": b"- " * 100_000,
    "a billion laughs": laughs(b"[ha, ha, ha, ha]"),
    "a billion merges": laughs(b"{k: v}", b"{<<: [", b"]}"),
    "mounts shared by many devices": MOUNTS + b"- {name: a, containerEdits: {mounts: *m}}\n" * 5000,
    "devices that are one": b"devices:\n- &d {name: a, containerEdits: {env: [A=1]}}\n" + b"- *d\n" * 50_000,
    "40 MB of one string": b'{"kind": "' + b"a" * 40_000_000 + b'"}',
    "31 MB of one string": b'{"kind": "' + b"a" * 31_000_000 + b'"}',
    "10 MB of digits": b"kind: " + b"1" * 10_000_000,
    "10 MB of one key": b'{"' + b"k" * 10_000_000 + b'": 1}',
    "10 MB of blank lines": b"\n" * 10_000_000,
    "millions of values": b'{"devices": [' + b"{}," * 8_000_000 + b"{}]}",
    "escaped slashes": b"[" + rb'"\\/",' * 30_000 + b"]",
    "bytes that are no text": b"\xff" * 1_000_000,
    "nothing but NUL": b"\0" * 1_000_000,
    "half a surrogate": rb'{"kind": "\ud800"}',
    "UTF-16 cut short": "kind: a/b".encode("utf-16")[:-1],
}
PROGRAM = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
from cod.cdi.load import load
from cod.cdi.problem import InvalidSpec
try:
    load(sys.stdin.buffer.read())
except InvalidSpec as error:
    print("refused" if error.problems else "no reason")
"""


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_what_means_harm_is_refused_within_a_gibibyte_and_a_minute(data: bytes) -> None:
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, input=data, capture_output=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == (b"refused\n", b"")


def test_a_file_may_have_many_bytes_but_not_more() -> None:
    spec = b'{"cdiVersion":"0.3.0","kind":"a/b","devices":[{"name":"x","containerEdits":{"env":["A=%s"]}}]}'
    room = MAX_BYTES - len(spec) + len(b"%s")
    assert load(spec % (b"1" * room)).kind == "a/b"
    with pytest.raises(InvalidSpec, match="larger than"):
        load(spec % (b"1" * (room + 1)))


def test_a_file_with_too_many_values_is_too_large_for_the_fast_way_as_well() -> None:
    data = b'{"kind":"a/b","containerEdits":{"additionalGids":[%s]}}' % b",".join([b"1"] * MAX_NODES)
    assert parse_plain_json(data) is None
