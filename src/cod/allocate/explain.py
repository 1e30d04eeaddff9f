"""Why claims do not fit on a node, found out by asking again: for less, and for something else.

Every number here is an answer of the search, and so a proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from cod.allocate.alternatives import Chooser
from cod.allocate.candidates import Composer, obstacle
from cod.allocate.nodes import Node
from cod.allocate.problem import Need, Problem, bits, start
from cod.allocate.refusal import Change, ConstraintReport, Fall, Refusal, RequestReport
from cod.allocate.requests import Alternative, Bond, Condition, Wish, Wishes
from cod.allocate.search import Budget, Spent, solve
from cod.allocate.stock import Stock
from cod.resource import Toleration

_STEPS = 20_000  # of each question; who asks why can wait a little
_MOST = 5  # of the changes of one kind that are tried

Restock = Callable[[str], Stock]


def explain(wishes: Wishes, stock: Stock, node: Node | None, restock: Restock) -> Refusal:
    """Why wishes cannot be met; `restock` gives the stock as it would be without what a claim holds."""
    chosen = [_easiest(wish, wishes, stock) for wish in wishes.requests]
    problem = Composer(wishes, stock).problem(chosen)
    attainable = _attainable(problem, range(len(chosen)))
    return Refusal(
        node=node.name if node else "",
        requests=tuple(
            _report(each, wishes, stock) for wish in wishes.requests for each in wish.alternatives
        ),
        constraints=tuple(_constraints(wishes, chosen, stock)),
        attainable={each.name: count for each, count in zip(chosen, attainable, strict=True)},
        broken={"/".join(key): why for key, why in stock.offer.broken.items()},
        nearest=tuple(_nearest(wishes, chosen, attainable, stock, restock)),
    )


def _easiest(wish: Wish, wishes: Wishes, stock: Stock) -> Alternative:
    """The first alternative that could be met for itself, or the first of all."""
    for each in wish.alternatives:
        need = Composer(wishes, stock).need(each)
        if need.candidates.bit_count() >= need.count:
            return each
    return wish.alternatives[0]


def _report(one: Alternative, wishes: Wishes, stock: Stock) -> RequestReport:
    free = Composer(_unbound(wishes), stock).problem([one])
    need = free.needs[0]
    falls, there = [], 0
    for number, each in enumerate(stock.devices):
        found = obstacle(one, number, wishes.bonds, stock)
        if found is None or found.rule != "class":
            there += 1
            if found is not None:
                falls.append(Fall(each.key, found.rule, found.text))
    fallen = {each.device for each in falls}
    left = [number for number in bits(start(free).open[0]) if stock.devices[number].key not in fallen]
    hidden = stock.hidden(one.conditions) if not one.count else None
    return RequestReport(
        claim=wishes.claims[one.claim].name,
        request=one.name,
        class_name=one.class_name,
        wanted=need.count,
        is_all=not one.count,
        there=there,
        falls=tuple(falls),
        left=tuple(stock.devices[number].key for number in left),
        fits=_attainable(free, [0])[0],
        hidden="/".join(hidden) if hidden else "",
    )


def _attainable(problem: Problem, order: Sequence[int]) -> list[int]:
    """How many devices each need can have, those that come first in the order first."""
    counts = [0] * len(problem.needs)
    for number in order:
        most = min(problem.needs[number].count, problem.needs[number].candidates.bit_count())
        # Whatever can be had of many can be had of few: halve.
        least = 0
        while least < most:
            middle = (least + most + 1) // 2
            counts[number] = middle
            if _fits(problem, counts):
                least = middle
            else:
                most = middle - 1
        counts[number] = least
    return counts


def _fits(problem: Problem, counts: Sequence[int]) -> bool:
    needs = tuple(replace(need, count=count) for need, count in zip(problem.needs, counts, strict=True))
    try:
        return solve(replace(problem, needs=needs), Budget(_STEPS)) is not None
    except Spent:
        return False


def _constraints(wishes: Wishes, chosen: Sequence[Alternative], stock: Stock) -> Iterator[ConstraintReport]:
    """The constraints that alone are too much for their requests."""
    for bond in wishes.bonds:
        scope = [number for number, each in enumerate(chosen) if bond.binds(each)]
        alone = Composer(replace(_unbound(wishes), bonds=(bond,)), stock).problem(
            [chosen[number] for number in scope]
        )
        free = Composer(_unbound(wishes), stock).problem([chosen[number] for number in scope])
        order = range(len(scope))
        most, unbound = sum(_attainable(alone, order)), sum(_attainable(free, order))
        wanted = sum(need.count for need in free.needs)
        if most < min(wanted, unbound):
            yield ConstraintReport(
                claim=wishes.claims[bond.claim].name,
                constraint=bond.text,
                requests=bond.requests,
                wanted=wanted,
                most=most,
                counts=_counts(bond, free.needs, stock),
            )


def _unbound(wishes: Wishes) -> Wishes:
    """The wishes without anything that binds requests together."""
    return replace(wishes, bonds=(), ties=())


def _counts(bond: Bond, needs: Sequence[Need], stock: Stock) -> dict[str, int]:
    """How many of the devices left have each value."""
    open_ = 0
    for each in needs:
        open_ |= each.candidates
    counts: dict[str, int] = {}
    for number, values in stock.values(bond.attribute).items():
        if open_ >> number & 1:
            for _, value in values:
                text = str(value).lower() if isinstance(value, bool) else str(value)
                counts[text] = counts.get(text, 0) + 1
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _nearest(
    wishes: Wishes, chosen: Sequence[Alternative], attainable: Sequence[int], stock: Stock, restock: Restock
) -> Iterator[Change]:
    """Changes after any one of which the wishes could be met."""
    counts = [each.count for each in chosen]
    if all(attainable) and all(counts) and list(attainable) != counts:
        parts = (f"{each.name}:{count}" for each, count in zip(chosen, attainable, strict=True))
        yield Change("count", " ".join(parts))
    for bond in wishes.bonds[:_MOST]:
        bonds = tuple(each for each in wishes.bonds if each is not bond)
        if _could(replace(wishes, bonds=bonds), stock):
            yield Change("constraint", bond.text)
    for tie in wishes.ties[:_MOST]:
        ties = tuple(each for each in wishes.ties if each is not tie)
        if _could(replace(wishes, ties=ties), stock):
            yield Change("constraint", tie.text)
    for wish in wishes.requests[:_MOST]:
        if any(_own(each) for each in wish.alternatives):
            freed = [replace(each, conditions=_of_class(each)) for each in wish.alternatives]
            if _could(_with(wishes, wish, freed), stock):
                yield Change("selector", wish.name)
    for toleration, text in _tolerations(wishes, stock)[:_MOST]:
        requests = wishes.requests
        tolerant = [_tolerating(wish, toleration) for wish in requests]
        if _could(replace(wishes, requests=tuple(tolerant)), stock):
            yield Change("toleration", text)
    holders = dict.fromkeys(use.holder for each in stock.devices for use in stock.in_use.get(each.key, ()))
    for holder in [*holders][:_MOST]:
        if _could(wishes, restock(holder)):
            yield Change("release", holder)


def _could(wishes: Wishes, stock: Stock) -> bool:
    try:
        return Chooser(wishes, stock, Budget(_STEPS)).first() is not None
    except Spent:
        return False


def _own(one: Alternative) -> bool:
    return any(not each.whose.startswith("class ") for each in one.conditions)


def _of_class(one: Alternative) -> tuple[Condition, ...]:
    return tuple(each for each in one.conditions if each.whose.startswith("class "))


def _with(wishes: Wishes, wish: Wish, alternatives: Sequence[Alternative]) -> Wishes:
    other = replace(wish, alternatives=tuple(alternatives))
    return replace(wishes, requests=tuple(other if each is wish else each for each in wishes.requests))


def _tolerations(wishes: Wishes, stock: Stock) -> list[tuple[Toleration, str]]:
    """The taints that keep devices from these requests, each with what would tolerate it."""
    found: dict[str, Toleration] = {}
    for wish in wishes.requests:
        for one in wish.alternatives:
            for number, each in enumerate(stock.devices):
                if each.device.taints:
                    fall = obstacle(one, number, wishes.bonds, stock)
                    if fall is not None and fall.rule == "taint":
                        key = fall.text.partition(":")[0]
                        found[key] = Toleration(key=key, operator="Exists")
    return [(toleration, key) for key, toleration in found.items()]


def _tolerating(wish: Wish, toleration: Toleration) -> Wish:
    return replace(
        wish,
        alternatives=tuple(
            replace(each, tolerations=(*each.tolerations, toleration)) for each in wish.alternatives
        ),
    )
