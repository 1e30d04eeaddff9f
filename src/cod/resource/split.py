"""The devices of a pool as slices that the API server takes: none too large, counter sets in their own.

A driver publishes what this gives as it is. The number in a slice's name says how early the scheduler looks
at its devices, so that they are tried in the order in which they are given. Source: Kubernetes
`k8s.io/dynamic-resource-allocation/resourceslice`; KEP-4815 for counter sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cod.resource.limits import (
    MOST_COUNTER_SETS_OF_SLICE,
    MOST_DEVICES_OF_SLICE,
    MOST_SPECIAL_DEVICES_OF_SLICE,
    is_special,
)
from cod.resource.meta import ObjectMeta, OwnerReference
from cod.resource.names import LONGEST_SUBDOMAIN
from cod.resource.nodes import NodeSelector
from cod.resource.slices import CounterSet, Device, Pool, ResourceSlice, SliceSpec


def resource_slices(
    driver: str,
    pool: str,
    devices: Sequence[Device],
    counter_sets: Sequence[CounterSet] = (),
    *,
    generation: int = 1,
    node_name: str = "",
    node_selector: NodeSelector | None = None,
    all_nodes: bool = False,
    partition_type_attribute: str = "",
    skip_node_operations: Sequence[str] = (),
    owner: OwnerReference | None = None,
    when_empty: bool = False,
) -> tuple[ResourceSlice, ...]:
    """All slices of a pool. Devices and counter sets keep their order.

    The devices are available on one node, on those that a selector selects, or on all; on none of these if
    every device says so itself; on the node that the pool is named after if nothing is said at all. `owner`
    is the object whose end ends the slices, a Node as a rule. Without a device there is no slice, or with
    `when_empty` one that says that the driver is up and has nothing.
    """
    groups = list(_device_groups(devices))
    if not devices and not counter_sets and when_empty:
        groups = [()]
    sets = [counter_sets[start : start + MOST_COUNTER_SETS_OF_SLICE] for start in _starts(counter_sets)]
    each_for_itself = any(_says_where(device) for device in devices)
    if not (node_name or node_selector or all_nodes or each_for_itself):
        node_name = pool
    count = len(sets) + len(groups)
    stem = _stem(driver, pool)
    contents = [*(((), tuple(some)) for some in sets), *((some, ()) for some in groups)]
    return tuple(
        ResourceSlice(
            metadata=ObjectMeta(name=f"{number:05x}-{stem}", owner_references=(owner,) if owner else ()),
            spec=SliceSpec(
                driver=driver,
                pool=Pool(pool, generation, count),
                node_name=node_name,
                node_selector=node_selector,
                all_nodes=True if all_nodes else None,
                per_device_node_selection=True if each_for_itself else None,
                devices=some_devices,
                shared_counters=some_sets,
                partition_type_attribute=partition_type_attribute if _share(some_devices) else "",
                skip_node_operations=tuple(skip_node_operations),
            ),
        )
        for number, (some_devices, some_sets) in enumerate(contents)
    )


def _device_groups(devices: Sequence[Device]) -> Iterator[tuple[Device, ...]]:
    """As many devices at a time as a slice may have; one that is special makes it a smaller one."""
    group: list[Device] = []
    limit = MOST_DEVICES_OF_SLICE
    for device in devices:
        special = is_special(device)
        if len(group) >= (MOST_SPECIAL_DEVICES_OF_SLICE if special else limit):
            yield tuple(group)
            group, limit = [], MOST_DEVICES_OF_SLICE
        group.append(device)
        if special:
            limit = MOST_SPECIAL_DEVICES_OF_SLICE
    if group:
        yield tuple(group)


def _starts(items: Sequence[CounterSet]) -> range:
    return range(0, len(items), MOST_COUNTER_SETS_OF_SLICE)


def _share(devices: Sequence[Device]) -> bool:
    return any(device.consumes_counters for device in devices)


def _says_where(device: Device) -> bool:
    return bool(device.node_name or device.node_selector or device.all_nodes)


def _stem(driver: str, pool: str) -> str:
    """Driver and pool as a part of a name; shortened, but still only this pool's, where it would be too long.

    A pool may have slashes, a driver capitals, an object's name neither. What had to be changed is told apart
    by a digest.
    """
    plain = f"{driver}-{pool}"
    text = plain.lower().replace("/", ".")
    room = LONGEST_SUBDOMAIN - len("00000-")
    if text == plain and len(text) <= room:
        return text
    import hashlib  # 3 ms, and no name that is usual needs it

    digest = hashlib.sha256(plain.encode()).hexdigest()[:12]
    return f"{text[: room - len(digest) - 1].rstrip('-.')}-{digest}"
