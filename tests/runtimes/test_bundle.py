"""Bundles that are none, and what a private copy keeps."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cod.cdi.config import InvalidConfig
from cod.errors import Refused
from cod.runtimes.bundle import MOST_BYTES, InvalidBundle, read_bundle


def copied(directory: Path, config: dict[str, Any]) -> dict[str, Any]:
    (directory / "config.json").write_text(json.dumps(config))
    bundle = read_bundle(directory)
    made = bundle.copied(bundle.config, directory / "private")
    result: dict[str, Any] = json.loads((made / "config.json").read_text())
    return result


def test_unknown_fields_and_their_order_survive(tmp_path: Path) -> None:
    config = {
        "z": 1,
        "root": {"path": "/r", "x": True},
        "a": [None, 1.5, 2**64 - 1, {"é": "\u2028"}],
        "mounts": [],
    }
    result = copied(tmp_path, config)
    assert result == config
    assert list(result) == list(config)


def test_what_is_relative_to_the_bundle_is_made_absolute(tmp_path: Path) -> None:
    mounts = [
        {"destination": "/a", "source": "data", "type": "bind"},
        {"destination": "/b", "source": "data", "options": ["rbind"]},
        {"destination": "/c", "source": "/data", "type": "bind"},
        {"destination": "/d", "source": "proc", "type": "proc"},
        {"destination": "/e", "source": "tmpfs", "options": None},
    ]
    result = copied(tmp_path, {"root": {"path": "rootfs"}, "mounts": mounts})
    assert result["root"]["path"] == f"{tmp_path}/rootfs"
    sources = [mount["source"] for mount in result["mounts"]]
    assert sources == [f"{tmp_path}/data", f"{tmp_path}/data", "/data", "proc", "tmpfs"]


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null",
        '{"root": 1}', '{"root": {"path": 1}}', '{"mounts": {"a": 1}}', '{"mounts": [1]}',
        '{"mounts": [{"options": [1]}]}',
        '{"mounts": [{"options": "bind"}]}', "[" * 100_000, '{"a":' * 100_000,
        '{"a": "\\ud800"}', "\ufeff{}",
    ],
)  # fmt: skip
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(InvalidConfig) as refused:
        read_bundle(tmp_path)
    assert refused.value.where == str(tmp_path / "config.json")


def test_a_directory_without_configuration_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(InvalidBundle) as refused:
        read_bundle(tmp_path)
    assert refused.value.causes == ("no such file or directory",)


@pytest.mark.parametrize("kind", ["directory", "pipe", "loop", "bytes"])
def test_anything_else_in_its_place_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "config.json"
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path)
    else:
        path.write_bytes(b"\xff\xfe{}")
    with pytest.raises(Refused):
        read_bundle(tmp_path)


def test_an_enormous_file_is_refused_without_being_read(tmp_path: Path) -> None:
    with (tmp_path / "config.json").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(InvalidBundle, match="larger than 64 MiB"):
        read_bundle(tmp_path)
