"""The answer in the API's shape: results, configuration, the nodes where it can be used.

Source: Kubernetes `structured` allocator, `Allocate` after the search.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import NAMESPACE_URL, uuid5

from cod.allocate.alternatives import Choice
from cod.allocate.capacity import share
from cod.allocate.nodes import Node, both, names_one
from cod.allocate.pools import Offered
from cod.allocate.requests import Alternative, Wishes
from cod.allocate.stock import Stock
from cod.resource import (
    AllocatedConfig,
    AllocationResult,
    DeviceAllocation,
    NodeSelector,
    Quantity,
    ResourceClaim,
    Result,
)


def results(wishes: Wishes, choice: Choice, stock: Stock, node: Node | None) -> tuple[AllocationResult, ...]:
    """The allocation of each claim."""
    return tuple(_of_claim(number, wishes, choice, stock, node) for number in range(len(wishes.claims)))


def _of_claim(
    claim: int, wishes: Wishes, choice: Choice, stock: Stock, node: Node | None
) -> AllocationResult:
    chosen = [
        (choice.alternatives[request], stock.devices[device])
        for request, device in sorted(choice.picks)
        if choice.alternatives[request].claim == claim
    ]
    object_ = wishes.claims[claim]
    devices = tuple(_result(alternative, offered, object_) for alternative, offered in chosen)
    alternatives = [each for each in choice.alternatives if each.claim == claim]
    return AllocationResult(
        devices=DeviceAllocation(devices, tuple(_config(object_, alternatives, wishes))),
        node_selector=_nodes([offered for _, offered in chosen], node),
    )


def _result(one: Alternative, offered: Offered, claim: ResourceClaim) -> Result:
    driver, pool, name = offered.key
    device = offered.device
    amounts: dict[str, Quantity] = {}
    share_id = ""
    if device.allow_multiple_allocations and not one.admin:
        shared = share(device, one.capacity)
        assert not isinstance(shared, str)  # it was a candidate
        amounts = shared
        share_id = _share_id(claim, one, offered)
    return Result(
        request=one.name,
        driver=driver,
        pool=pool,
        device=name,
        admin_access=one.admin,
        tolerations=one.tolerations,
        binding_conditions=device.binding_conditions,
        binding_failure_conditions=device.binding_failure_conditions,
        share_id=share_id,
        consumed_capacity={key: str(amount) for key, amount in amounts.items()},
        skip_node_operations=offered.pool.skips_node_operations,
    )


def _share_id(claim: ResourceClaim, one: Alternative, offered: Offered) -> str:
    """The name of a share: the same for the same claim, unlike that of every other claim."""
    metadata = claim.metadata
    who = metadata.uid or f"{metadata.namespace}/{metadata.name}/{metadata.creation_timestamp}"
    return str(uuid5(NAMESPACE_URL, "/".join(("cod.dev", who, one.name, *offered.key))))


def _config(
    claim: ResourceClaim, alternatives: Sequence[Alternative], wishes: Wishes
) -> Iterator[AllocatedConfig]:
    """The settings of the classes, each with the requests that use it, and those of the claim that apply."""
    for name in dict.fromkeys(each.class_name for each in alternatives):
        requests = tuple(each.name for each in alternatives if each.class_name == name)
        for setting in wishes.classes[name].spec.config:
            yield AllocatedConfig("FromClass", _unless_all(requests, alternatives), setting.opaque)
    for config in claim.spec.devices.config:
        if not config.requests or any(_is_named(each, config.requests) for each in alternatives):
            requests = _unless_all(config.requests, alternatives)
            yield AllocatedConfig("FromClaim", requests, config.opaque)


def _unless_all(requests: tuple[str, ...], alternatives: Sequence[Alternative]) -> tuple[str, ...]:
    """The requests that settings are for; none are named where they are for all."""
    return () if all(_is_named(each, requests) for each in alternatives) else requests


def _is_named(alternative: Alternative, requests: Sequence[str]) -> bool:
    return alternative.request in requests or alternative.name in requests


def _nodes(chosen: Sequence[Offered], node: Node | None) -> NodeSelector | None:
    """Where all of these devices can be used; None is everywhere."""
    selectors: list[NodeSelector] = []
    for each in chosen:
        if isinstance(each.nodes, str):
            return names_one(each.nodes)
        if each.device.binds_to_node and node is not None:
            return names_one(node.name)
        if each.nodes is not None:
            selectors.append(each.nodes)
    return both(selectors) if selectors else None
