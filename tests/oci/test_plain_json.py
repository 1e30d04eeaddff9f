from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.oci import plain_json
from cod.oci.plain_json import InvalidJson, decode, encode
from tests.test_pages import REPOSITORY

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_what_is_written_reads_the_same(value: object) -> None:
    assert decode(encode(value)) == value
    assert json.loads(encode(value)) == value


@given(VALUES, st.integers(0, 3))
def test_it_reads_what_json_writes(value: object, indent: int) -> None:
    assert decode(f" \n{json.dumps(value, indent=indent or None)}\t".encode()) == value


@given(st.binary(max_size=20) | st.text('{}[]:,"\\u0e1-. ntf', max_size=12).map(str.encode))
def test_it_refuses_what_json_refuses(data: bytes) -> None:
    try:
        expected = json.loads(data.decode(), parse_constant=int)
    except (ValueError, RecursionError):
        with pytest.raises(InvalidJson):
            decode(data)
    else:
        assert decode(data) == expected


@pytest.mark.parametrize(
    "data", [b"NaN", b"[Infinity]", b"-Infinity", b"", b"\xef\xbb\xbf{}", b'"\t"', b"[1]]"]
)
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidJson):
        decode(data)


def test_the_c_code_is_in_use_here() -> None:
    """Where it is not, all still works, only slower: then `cod.oci.plain_json` wants a look."""
    assert plain_json._works


def test_without_jsons_module_errors_are_told_too() -> None:
    """The C code words its errors by a module that nobody may have imported."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from cod.oci.plain_json import InvalidJson, decode\n"
        "assert 'json' not in sys.modules\n"
        "for data in (b'{', b'{\"a\" 1}', b'[1,]', b'', b'\"', b'[NaN]', b'\\xff'):\n"
        "    try: decode(data)\n"
        "    except InvalidJson as error: print(error.what)\n"
    )
    words = [sys.executable, "-ISE", "-c", code, str(REPOSITORY / "src")]
    run = subprocess.run(words, capture_output=True, text=True, check=True)
    assert len(run.stdout.splitlines()) == 7
    assert "cannot be read" not in run.stdout
