"""Which devices a node is offered, by the rules of pools: the judges' own reading, apart from `cod.allocate`.

    slices ──> pools (newest generation, complete, sound) ──> devices that reach the node

Source: Kubernetes `structured` allocator, GatherPools.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from cod.resource import Device, NodeSelector, NodeSelectorRequirement, ResourceSlice, SliceSpec

Key = tuple[str, str, str]
"""A device: driver, pool, name."""
PoolKey = tuple[str, str]


class Place(Protocol):
    """A node, as its selection sees it."""

    @property
    def name(self) -> str: ...
    @property
    def labels(self) -> Mapping[str, str]: ...


class Offer(NamedTuple):
    """A device that reaches the node, with where it may be used."""

    key: Key
    device: Device
    node_name: str
    node_selector: NodeSelector | None


class Offers(NamedTuple):
    """All that a node is offered, in Kubernetes' order.

    `counters` has the counters of usable pools by pool and set; `seen` all devices of the newest generation
    of any usable pool, also those of other nodes; `unusable` says of a pool why nothing is taken from it, and
    `doubtful` are those of them of which nobody knows what they have here.
    """

    offers: dict[Key, Offer]
    counters: dict[PoolKey, dict[str, dict[str, str]]]
    seen: dict[Key, Device]
    unusable: dict[PoolKey, str]
    doubtful: list[PoolKey]


def offers_of(slices: Sequence[ResourceSlice], node: Place | None) -> Offers:
    """What a node is offered; no node: what there is anywhere."""
    found = Offers({}, {}, {}, {}, [])
    pools: dict[PoolKey, list[ResourceSlice]] = {}
    for each in sorted(slices, key=lambda each: each.metadata.name):
        pools.setdefault((each.spec.driver, each.spec.pool.name), []).append(each)
    last = {pool for pool in pools if _has_conditions(pools[pool], node)}
    for pool in sorted(pools, key=lambda pool: (pool in last, pool)):
        _add_pool(found, pool, pools[pool], node)
    return found


def _has_conditions(slices: Sequence[ResourceSlice], node: Place | None) -> bool:
    """Whether a pool has devices that are bound later; such pools come last."""
    newest = max((each.spec.pool.generation for each in slices if _reaches(each, node)), default=0)
    return any(
        device.binding_conditions
        for each in slices
        if each.spec.pool.generation == newest and _reaches(each, node)
        for device in each.spec.devices
    )


def _add_pool(found: Offers, pool: PoolKey, slices: Sequence[ResourceSlice], node: Place | None) -> None:
    reaching = [each for each in slices if _reaches(each, node)]
    if not reaching:
        return
    generation = max(each.spec.pool.generation for each in reaching)
    reaching = [each for each in reaching if each.spec.pool.generation == generation]
    newest = [each for each in slices if each.spec.pool.generation == generation]
    wanted = reaching[0].spec.pool.resource_slice_count
    if len(reaching) != wanted and any(each.spec.pool.generation > generation for each in slices):
        found.unusable[pool] = "obsolete"  # as in Kubernetes: who has all of a pool does not look further
        return
    flaw = "incomplete" if len(newest) != wanted != len(reaching) else _flaw(reaching, newest)
    offers = [offer for each in reaching for offer in _offers(pool, each, node)]
    if flaw:
        found.unusable[pool] = flaw
        found.doubtful.append(pool)
        return
    found.seen.update({(*pool, device.name): device for each in newest for device in each.spec.devices})
    found.counters[pool] = {
        set_.name: {name: counter.value for name, counter in set_.counters.items()}
        for each in newest
        for set_ in each.spec.shared_counters
    }
    found.offers.update({offer.key: offer for offer in offers})


def _offers(pool: PoolKey, slice_: ResourceSlice, node: Place | None) -> Iterator[Offer]:
    spec = slice_.spec
    for device in _devices_here(slice_, node):
        at: Device | SliceSpec = device if spec.per_device_node_selection else spec
        yield Offer((*pool, device.name), device, at.node_name, at.node_selector)


def _flaw(reaching: Sequence[ResourceSlice], newest: Sequence[ResourceSlice]) -> str:
    """What makes a pool invalid: names that are there twice, counters that are not there."""
    names = Counter(device.name for each in reaching for device in each.spec.devices)
    if any(times > 1 for times in names.values()):
        return "duplicate device"
    sets = [set_ for each in newest for set_ in each.spec.shared_counters]
    if len({set_.name for set_ in sets}) < len(sets):
        return "duplicate counter set"
    known = {set_.name: set_.counters.keys() for set_ in sets}
    for each in newest:
        for device in each.spec.devices:
            for consumed in device.consumes_counters:
                if not consumed.counters.keys() <= known.get(consumed.counter_set, set()):
                    return "dangling counter"
                if consumed.counter_set not in known:
                    return "dangling counter set"
    return ""


def _reaches(slice_: ResourceSlice, node: Place | None) -> bool:
    """Whether a slice matters on the node. Counters of other nodes are looked for once slices are missing."""
    if _reaches_as_a_whole(slice_, node):
        return True
    return bool(slice_.spec.per_device_node_selection) and any(_devices_here(slice_, node))


def _reaches_as_a_whole(slice_: ResourceSlice, node: Place | None) -> bool:
    spec = slice_.spec
    return not spec.per_device_node_selection and _selects(
        node, spec.node_name, spec.node_selector, spec.all_nodes
    )


def _devices_here(slice_: ResourceSlice, node: Place | None) -> Sequence[Device]:
    if not slice_.spec.per_device_node_selection:
        return slice_.spec.devices if _reaches_as_a_whole(slice_, node) else ()
    return [
        device
        for device in slice_.spec.devices
        if _selects(node, device.node_name, device.node_selector, device.all_nodes)
    ]


def _selects(node: Place | None, name: str, selector: NodeSelector | None, all_nodes: bool | None) -> bool:
    if node is None:
        return bool(name or selector or all_nodes)
    if name:
        return node.name == name
    return bool(all_nodes) or (selector is not None and matches(selector, node))


def matches(selector: NodeSelector, node: Place) -> bool:
    """Whether one of the terms holds for the node; a term without conditions holds for none."""
    return any(
        (term.match_expressions or term.match_fields)
        and all(_holds(each, node.labels) for each in term.match_expressions)
        and all(_holds(each, {"metadata.name": node.name}) for each in term.match_fields)
        for term in selector.node_selector_terms
    )


def _holds(requirement: NodeSelectorRequirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value in requirement.values
        case "NotIn":
            return value not in requirement.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    number, limit = _number(value), _number(requirement.values[0])
    if number is None or limit is None:
        return False
    return number > limit if requirement.operator == "Gt" else number < limit


def _number(text: str | None) -> int | None:
    return int(text) if text and text.lstrip("-").isdigit() else None
