"""Whether claims fit on nodes, and why: the nodes in groups that are alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from cod.allocate import AllocationFailed, Allocator, NoFit, Node, Refusal, Undecided
from cod.allocate.alike import alike
from cod.allocate.answer import Answer
from cod.errors import Refused
from cod.resource import ResourceClaim


class Group(Struct, frozen=True):
    """Nodes that are alike, and what becomes of claims on each of them.

    Claims fit there if there is an `answer`, which is the first node's, or, where only that is asked,
    `devices`. Else there is a `refusal` or, where nothing is proven, a `failure`.
    """

    nodes: tuple[Node, ...]
    fits: bool
    answer: Answer | None = None
    devices: tuple[tuple[str, str, str, str], ...] = ()
    refusal: Refusal | None = None
    failure: Refused | None = None


class Verdict(Struct, frozen=True):
    """What becomes of claims: on groups of nodes, or nowhere, for they are invalid."""

    claims: tuple[ResourceClaim, ...]
    groups: tuple[Group, ...] = ()
    invalid: Refused | None = None

    @property
    def fits(self) -> bool:
        """Whether there is a node for the claims."""
        return any(each.fits for each in self.groups)

    @property
    def name(self) -> str:
        """The claims' names."""
        return ", ".join(each.name for each in self.claims)


def judge(allocator: Allocator, claims: Sequence[ResourceClaim], nodes: Sequence[Node]) -> Verdict:
    """Decide claims together on each of the nodes; without nodes, on all that there is."""
    try:
        groups = alike(allocator, claims, nodes) if nodes else [()]
        return Verdict(tuple(claims), tuple(_judged(allocator, claims, groups)))
    except Refused as error:
        return Verdict(tuple(claims), invalid=error)


def _judged(
    allocator: Allocator, claims: Sequence[ResourceClaim], groups: Sequence[tuple[Node, ...]]
) -> Iterator[Group]:
    has_answer = False
    for nodes in groups:
        node = nodes[0] if nodes else None
        try:
            if allocator.options.order == "first" or has_answer:
                results = allocator.allocate(claims, node)
                devices = [each for result in results for each in result.devices.results]
                keys = ((each.request, each.driver, each.pool, each.device) for each in devices)
                yield Group(nodes, True, devices=tuple(keys))
            else:
                has_answer = True
                yield Group(nodes, True, answer=allocator.choose(claims, node))
        except NoFit as error:
            yield Group(nodes, False, refusal=error.refusal)
        except (Undecided, AllocationFailed) as error:
            yield Group(nodes, False, failure=error)
            if isinstance(error, AllocationFailed) and not error.only_for_node:
                return
