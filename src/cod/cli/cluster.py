"""A cluster as files have it: what `kubectl get … -o yaml` printed, in one file or in many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.allocate import Node
from cod.cli.claim_files import claim_of, read_objects
from cod.cli.machine import warn
from cod.resource import (
    DeviceClass,
    Object,
    Other,
    ResourceClaim,
    ResourceClaimTemplate,
    ResourceSlice,
)


class Cluster(Struct, frozen=True):
    """What files say: `pending` claims have no devices yet, `allocated` ones have; `nodes` may be none."""

    slices: tuple[ResourceSlice, ...]
    classes: tuple[DeviceClass, ...]
    pending: tuple[ResourceClaim, ...]
    allocated: tuple[ResourceClaim, ...]
    nodes: tuple[Node, ...]

    @property
    def places(self) -> tuple[Node, ...]:
        """Where claims might go: the nodes, or those that the slices name."""
        if self.nodes:
            return self.nodes
        named = (name for each in self.slices for name in _nodes_of(each) if name)
        return tuple(Node(name) for name in dict.fromkeys(named))


def read_cluster(paths: Iterable[str]) -> Cluster:
    """What these files hold together; `-` is standard input. Notes on stderr say what is passed over.

    Claims of templates count where no other claim is pending. Raises InvalidObject, Unavailable.
    """
    found: list[Object | Other] = []
    for path in paths:
        found += read_objects(path)
    claims = [each for each in found if isinstance(each, ResourceClaim)]
    pending = [each for each in claims if not each.status.allocation]
    templates = [claim_of(each) for each in found if isinstance(each, ResourceClaimTemplate)]
    others = [each for each in found if isinstance(each, Other)]
    nodes = [each for each in others if (each.api_version, each.kind) == ("v1", "Node")]
    _tell_of_others(each for each in others if each not in nodes)
    return Cluster(
        slices=tuple(each for each in found if isinstance(each, ResourceSlice)),
        classes=tuple(each for each in found if isinstance(each, DeviceClass)),
        pending=tuple(pending or templates),
        allocated=tuple(each for each in claims if each.status.allocation),
        nodes=tuple(Node(each.metadata.name, each.metadata.labels or {}) for each in nodes),
    )


def _tell_of_others(others: Iterable[Other]) -> None:
    counts = Counter(each.kind for each in others)
    if counts:
        warn(f"passed over: {', '.join(f'{count} × {kind}' for kind, count in counts.items())}", "note")


def _nodes_of(slice_: ResourceSlice) -> Iterator[str]:
    yield slice_.spec.node_name
    if slice_.spec.per_device_node_selection:
        yield from (each.node_name for each in slice_.spec.devices)


def tell_of_selectors(cluster: Cluster) -> None:
    """Say that slices select nodes by labels, where no labels are known."""
    if any(each.labels for each in cluster.nodes):
        return
    count = sum(each.spec.node_selector is not None for each in cluster.slices)
    if count:
        warn(f"{count} slices select nodes by labels, none of which is known: add kubectl get nodes -o yaml")
