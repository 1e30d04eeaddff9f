"""Edits into an OCI spec: `ContainerEdits.Apply` and `Append` of the reference."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cod.cdi.config import InvalidConfig, read_config
from cod.cdi.inject import inject
from cod.cdi.parse import parse
from cod.cdi.spec import NO_EDITS, ContainerEdits
from cod.errors import CodError

from .recorded import DATA, as_go_omits

NODE_TYPES = {"c": stat.S_IFCHR, "b": stat.S_IFBLK}


@pytest.fixture(scope="module")
def host_nodes() -> Iterator[None]:
    """The device nodes that were on the reference's machine, where the cases name them."""
    if os.geteuid() != 0:
        pytest.skip("root is absent: the cases need device nodes")
    path = DATA / "cdi/apply.json"
    nodes = json.loads(path.read_text())["host_nodes"] if path.exists() else []
    made = [Path(node["path"]) for node in nodes if make_node(node)]
    yield
    for path in reversed(made):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


def make_node(node: dict[str, Any]) -> bool:
    path, kind = Path(node["path"]), node["type"]
    if os.path.lexists(path):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "d":
        path.mkdir()
    elif kind == "f":
        path.touch()
    elif kind == "l":
        path.symlink_to(path.parent / "char0")
    elif kind == "p":
        os.mkfifo(path)
    else:
        os.mknod(path, NODE_TYPES[kind], os.makedev(node["major"], node["minor"]))
    if kind != "l":
        path.chmod(node["mode"])
    return True


def edits_of(data: Any) -> ContainerEdits:
    return parse(json.dumps({"containerEdits": data}).encode()).container_edits


@pytest.mark.usefixtures("host_nodes")
def test_edits_change_an_oci_spec_as_by_the_reference(replay: Any) -> None:
    replay("cdi/apply", apply, lambda case: answered(case["expect"]))


def apply(request: dict[str, Any]) -> dict[str, Any]:
    config = request["oci"]
    before = json.dumps(config)
    try:
        result = {"error": None, "oci": as_go_omits(inject(config, edits_of(request["edits"])))}
    except CodError as error:
        result = {"error": error.what, "oci": as_go_omits(config)}
    assert json.dumps(config) == before
    return result


def answered(expect: dict[str, Any]) -> dict[str, Any]:
    return {"error": expect["error"], "oci": as_go_omits(expect["oci"])}


def test_edits_are_joined_as_by_the_reference(replay: Any) -> None:
    replay("cdi/append", append, lambda case: edits_of(case["expect"]["result"]))


def append(request: dict[str, Any]) -> ContainerEdits:
    return sum((edits_of(data) for data in request["append"]), NO_EDITS)


def test_an_oci_spec_survives_where_the_reference_drops_what_it_does_not_know(replay: Any) -> None:
    replay("cdi/oci_roundtrip", pass_through, lambda case: round_tripped(case["expect"]))


def pass_through(request: dict[str, Any]) -> Any:
    try:
        config = read_config(request["s"].encode()) if "s" in request else request["oci"]
        return as_go_omits(inject(config, NO_EDITS))
    except InvalidConfig:
        return "refused"


def round_tripped(expect: dict[str, Any]) -> Any:
    return as_go_omits(expect["oci"]) if expect.get("oci") is not None else "refused"
