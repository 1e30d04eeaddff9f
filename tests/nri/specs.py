"""Specs of toys, for tests: the accelerator is `/dev/cpu/N/cpuid`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cod.cdi import load, minimum_version


def toy(name: str, number: int = 0, **edits: Any) -> dict[str, Any]:
    """A device with a variable and a node of its own."""
    node = {"path": f"/dev/toy{name}", "hostPath": f"/dev/cpu/{number}/cpuid"}
    return {"name": name, "containerEdits": {"env": [f"TOY_{name}=1"], "deviceNodes": [node], **edits}}


def device(name: str, **edits: Any) -> dict[str, Any]:
    return {"name": name, "containerEdits": edits}


def write_spec(directory: Path, *devices: dict[str, Any], kind: str = "acme.com/toy", **common: Any) -> Path:
    """The spec of a kind, complete at once."""
    spec: dict[str, Any] = {"cdiVersion": "1.1.0", "kind": kind, "devices": [*devices]}
    if common:
        spec["containerEdits"] = common
    # An engine drops a file that is newer than it is, whole.
    spec["cdiVersion"] = minimum_version(load(json.dumps(spec).encode(), "made.json"))
    path = directory / f"{kind.replace('/', '-')}.json"
    made = path.with_suffix(".made")
    made.write_text(json.dumps(spec))
    return made.rename(path)
