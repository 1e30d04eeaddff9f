"""A cluster as files have it: what `kubectl get … -o yaml` printed, in one file or in many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cod.allocate import Node
from cod.cli.claim_files import claim_of, read_objects
from cod.cli.machine import warn
from cod.errors import Refused
from cod.resource import (
    DeviceClass,
    Object,
    Other,
    ResourceClaim,
    ResourceClaimTemplate,
    ResourceSlice,
)
from cod.show.ranges import shortened


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

    Claims of templates count where no other claim is pending. Of an object that is there twice the last one
    counts. Claims of one name in several namespaces are called `namespace/name`.

    Raises InvalidObject, Unavailable.
    """
    found = _once(each for path in paths for each in read_objects(path))
    claims = _told_apart([each for each in found if isinstance(each, ResourceClaim)])
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


def _once(objects: Iterable[Object | Other]) -> list[Object | Other]:
    """Each object once; what has no name, which a file may leave out, is never the same."""
    found: dict[object, Object | Other] = {}
    key: object
    for number, each in enumerate(objects):
        name = each.metadata.name
        if isinstance(each, Other):
            key = (each.kind, name) if each.kind == "Node" else number
        else:
            key = (each.kind, each.metadata.namespace, name) if name else number
        found[key] = each
    return [*found.values()]


def _told_apart(claims: Sequence[ResourceClaim]) -> list[ResourceClaim]:
    counts = Counter(each.name for each in claims)
    return [
        replace(each, metadata=replace(each.metadata, name=f"{each.metadata.namespace}/{each.name}"))
        if counts[each.name] > 1 and each.metadata.namespace
        else each
        for each in claims
    ]


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


def refuse_costly(claims: Iterable[ResourceClaim], classes: Mapping[str, DeviceClass]) -> None:
    """Refuse selectors that no cluster has: the API server takes none that may take so long. Raises Refused.

    What else is wrong with a selector, the allocator says.
    """
    causes = list(
        dict.fromkeys(f"{whose}: {text}" for whose, text in _selectors(claims, classes) if _is_costly(text))
    )
    if causes:
        raise Refused(
            "selectors may take too long, and are not tried",
            causes=tuple(shortened(each, 200) for each in causes),
            hint="Kubernetes estimates that they cost more than it allows: use lists that are shorter",
        )


def _is_costly(expression: str) -> bool:
    from cod.cel import InvalidExpression, compile_selector  # CEL takes its time

    try:
        return compile_selector(expression).is_limited
    except InvalidExpression:
        return False


def _selectors(
    claims: Iterable[ResourceClaim], classes: Mapping[str, DeviceClass]
) -> Iterator[tuple[str, str]]:
    """The selectors of claims and of the classes that they name, and whose each is."""
    named = set()
    for claim in claims:
        for request in claim.requests:
            for one in (*((request.exactly,) if request.exactly else ()), *request.first_available):
                named.add(one.device_class_name)
                for each in one.selectors:
                    yield (
                        f"claim {claim.name}, request {request.name}",
                        each.cel.expression if each.cel else "",
                    )
    for name in sorted(named & set(classes)):
        for each in classes[name].spec.selectors:
            yield f"class {name}", each.cel.expression if each.cel else ""
