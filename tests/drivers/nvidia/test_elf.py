from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.drivers.nvidia.elf import soname
from cod.host import Host
from tests.machines.elf import library

WHOLE = library("libcuda.so.1")


def name_of(data: bytes) -> str:
    with tempfile.TemporaryDirectory() as root:
        (Path(root) / "lib").write_bytes(data)
        return soname(Host(Path(root)), "/lib")


def test_the_name_that_a_library_gives_itself_is_read() -> None:
    assert name_of(WHOLE) == "libcuda.so.1"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#!/bin/sh\n",
        library(None),
        WHOLE[:4000],
        WHOLE[:4] + b"\x01" + WHOLE[5:],  # 32 bits
        WHOLE.replace(b"libcuda.so.1", b"../libcuda.s"),
        WHOLE.replace(b"libcuda.so.1\0", b"libcuda.so.1x"),  # no end
    ],
    ids=["empty", "script", "no name", "cut off", "32 bits", "a path", "without end"],
)
def test_what_has_no_name_gives_none(data: bytes) -> None:
    assert name_of(data) == ""


def test_a_real_library_of_this_machine_has_the_name_by_which_it_is_found() -> None:
    found = list(Path("/usr/lib").glob("*-linux-gnu/libc.so.6"))
    if not found:
        pytest.skip("libc.so.6 lies elsewhere")
    assert soname(Host(Path("/")), str(found[0])) == "libc.so.6"


@given(st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_a_broken_header_never_makes_a_path_of_a_name(place: int, bytes_: bytes) -> None:
    name = name_of(WHOLE[:place] + bytes_ + WHOLE[place + len(bytes_) :])
    assert "/" not in name
    assert len(name) < 256
