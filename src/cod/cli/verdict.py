"""Whether claims fit on nodes, and why: the nodes in groups that are alike."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cod.allocate import AllocationFailed, Allocator, Node, NoFit, Refusal, Undecided
from cod.allocate.alike import alike
from cod.allocate.answer import Answer
from cod.allocate.nodes import selects
from cod.drivers.protocol import DeviceKey
from cod.errors import Refused
from cod.resource import ClaimStatus, ResourceClaim

_EXPLAINED = 50  # groups, the largest first: each costs some milliseconds


class Group(Struct, frozen=True):
    """Nodes that are alike, and what becomes of claims on each of them.

    Where they fit there is an `answer`, which is the first node's, or only its `devices`. Where they do not
    there is a `refusal`, unless it is one of very many groups; where nothing is proven, a `failure`.
    """

    nodes: tuple[Node, ...]
    fits: bool
    answer: Answer | None = None
    devices: tuple[tuple[str, str, str, str], ...] = ()
    refusal: Refusal | None = None
    failure: Refused | None = None


class Verdict(Struct, frozen=True):
    """What becomes of claims: on groups of nodes, or nowhere, for they are invalid.

    `has` are the devices that they have already, if they have any, and `gone` those of them that are no more.
    """

    claims: tuple[ResourceClaim, ...]
    groups: tuple[Group, ...] = ()
    invalid: Refused | None = None
    has: tuple[DeviceKey, ...] = ()
    gone: tuple[DeviceKey, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether there is a node for the claims."""
        return any(each.fits for each in self.groups)

    @property
    def name(self) -> str:
        """The claims' names."""
        return ", ".join(each.name for each in self.claims)


def judge(
    allocator: Allocator,
    claims: Sequence[ResourceClaim],
    nodes: Sequence[Node],
    there: Collection[DeviceKey] = (),
) -> Verdict:
    """Decide claims together on each of the nodes; without nodes, on all that there is.

    Claims that have devices are decided as if they had none, on the nodes where these can be used; what they
    have and is not `there` is gone.
    """
    has = tuple((each.driver, each.pool, each.device) for claim in claims for each in claim.results)
    gone = tuple(each for each in has if each not in there)
    selectors = [each.status.allocation.node_selector for each in claims if each.status.allocation]
    for selector in filter(None, selectors):
        nodes = [each for each in nodes if selects(selector, each)] or nodes
    wanted = tuple(replace(each, status=ClaimStatus()) for each in claims)
    try:
        groups = alike(allocator, wanted, nodes) if nodes else [()]
        return Verdict(wanted, tuple(_judged(allocator, wanted, groups)), has=has, gone=gone)
    except Refused as error:
        return Verdict(wanted, invalid=error, has=has, gone=gone)


def _judged(
    allocator: Allocator, claims: Sequence[ResourceClaim], groups: Sequence[tuple[Node, ...]]
) -> Iterator[Group]:
    by_size = sorted(range(len(groups)), key=lambda number: -len(groups[number]))
    explained = {*by_size[:_EXPLAINED]}
    has_answer = allocator.options.order == "first"
    for number, nodes in enumerate(groups):
        node = nodes[0] if nodes else None
        try:
            if has_answer:
                results = allocator.allocate(claims, node)
                devices = [each for result in results for each in result.devices.results]
                keys = ((each.request, each.driver, each.pool, each.device) for each in devices)
                yield Group(nodes, True, devices=tuple(keys))
            else:
                answer = allocator.choose(claims, node)
                has_answer = True
                yield Group(nodes, True, answer=answer)
        except NoFit as error:
            yield Group(nodes, False, refusal=error.refusal if number in explained else None)
        except (Undecided, AllocationFailed) as error:
            yield Group(nodes, False, failure=error)
            if isinstance(error, AllocationFailed) and not error.only_for_node:
                return
