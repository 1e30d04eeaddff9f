"""The careful way: all of `cod.cdi` looks at the spec directories, and what it finds is kept.

It takes some 50 ms, and only the first start after a spec has changed takes it; and one that fails, which
then says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cod.cdi.cache import SpecCache
from cod.cdi.emit import to_data
from cod.cdi.registry import Registry
from cod.oci.catalogue import CLAIM_PREFIX, Catalogue, listing
from cod.oci.edits import Part
from cod.oci.kept import is_settled, keep
from cod.oci.wanted import ALL, CLAIM


def resolve(names: Sequence[str], dirs: Sequence[str], kept_path: str, cache: str, now: int) -> Part:
    """The edits for these devices, kept for the next time; `now` is in ns since the epoch.

    Raises UnresolvableDevices, or UnreadableFile for a spec that has just gone.
    """
    before = listing(dirs)
    registry = Registry(dirs, cache=SpecCache(cache, dirs) if cache else None)
    blocks = _blocks(registry)
    expanded = [each for name in names for each in _expanded(name, blocks)]
    registry.resolve(expanded)  # tells which names there are not, and why
    is_still = before is not None and before == listing(dirs)
    if kept_path and is_still and all(is_settled(each, now) for _, each in before or ()):
        _keep(registry, blocks, before, dirs, kept_path)
    return Catalogue(blocks.get, dirs, has_claims=True).resolve(expanded)


def _expanded(name: str, blocks: Mapping[str, Any]) -> list[str]:
    """The devices that `KIND=all` means, where a spec has no device of that name."""
    kind, _, device = name.partition("=")
    devices = blocks.get(kind, {"devices": {}})["devices"]
    if device != ALL or ALL in devices or kind == CLAIM or not devices:
        return [name]
    return [f"{kind}={each}" for each in devices]


def _blocks(registry: Registry) -> dict[str, Any]:
    """What `Catalogue` reads, of every kind."""
    blocks: dict[str, Any] = {}
    places: dict[str, int] = {}
    data: dict[str, Any] = {}
    for name, file in registry.sources():
        kind, _, device = name.partition("=")
        block = blocks.setdefault(kind, {"common": [], "devices": {}})
        if file.path not in data:
            data[file.path] = to_data(registry.spec(file))
            places[file.path] = len(block["common"])
            block["common"].append(data[file.path].get("containerEdits", {}))
        position = file.position(device)
        assert position is not None
        block["devices"][device] = [places[file.path], data[file.path]["devices"][position]["containerEdits"]]
    return blocks


def _keep(registry: Registry, blocks: dict[str, Any], listed: Any, dirs: Sequence[str], path: str) -> None:
    claims = [file for file in registry.files if file.path.rpartition("/")[2].startswith(CLAIM_PREFIX)]
    if any(file.kind != CLAIM for file in claims) or _has_claims(registry, len(claims)):
        return  # somebody plays with our names: nothing is kept that could hide it
    kinds = {kind: block for kind, block in blocks.items() if kind != CLAIM}
    keep(path, [*dirs], {"listing": listed}, kinds)


def _has_claims(registry: Registry, count: int) -> bool:
    """Whether there are claims in files of other names."""
    return sum(file.kind == CLAIM for file in registry.files) != count
