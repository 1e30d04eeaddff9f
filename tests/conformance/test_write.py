from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cod.cdi.write import write
from cod.errors import CodError

from .recorded import spec_of


def test_specs_are_written_byte_for_byte_as_by_the_reference(replay: Any, tmp_path: Path) -> None:
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        files, error = written(request, tmp_path)
        return {"error": error, "tree": {path.name: path.read_bytes().decode() for path in files}}

    def expected(case: dict[str, Any]) -> dict[str, Any]:
        tree = case["expect"]["tree"]
        return {"error": case["expect"]["error"], "tree": {name: file["text"] for name, file in tree.items()}}

    replay("cdi/write", answer, expected)


@pytest.mark.usefixtures("strict_umask")
def test_specs_are_readable_by_all_where_the_reference_keeps_them_to_root(
    replay: Any, tmp_path: Path
) -> None:
    def answer(request: dict[str, Any]) -> list[str]:
        files, _ = written(request, tmp_path)
        return [f"{stat.S_IMODE(path.stat().st_mode):04o}" for path in files]

    def expected(case: dict[str, Any]) -> list[str]:
        return [file["mode"] for file in case["expect"]["tree"].values()]

    replay("cdi/write:mode", answer, expected)


@pytest.fixture
def strict_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def written(request: dict[str, Any], directory: Path) -> tuple[list[Path], str | None]:
    """Write a request's spec into the directory, emptied; say which files there are then, and the error."""
    for path in directory.iterdir():
        path.unlink()
    try:
        write(spec_of(request["spec"]), directory, request["name"])
    except CodError as error:
        return list(directory.iterdir()), error.what
    return list(directory.iterdir()), None
