"""Why claims do not fit on a node, found out by asking again: for less, and for something else.

Every number here is an answer of the search, and so a proof, unless `is_proven` says that one was stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from cod.allocate.candidates import Composer, obstacle
from cod.allocate.inquiry import Inquiry
from cod.allocate.nodes import Node
from cod.allocate.problem import State, bits, start
from cod.allocate.refusal import Change, ConstraintReport, Fall, Refusal, RequestReport
from cod.allocate.requests import Alternative, Bond, Condition, Tie, Wish, Wishes, near_miss
from cod.allocate.stock import Stock
from cod.resource import MOST_DEVICES, Toleration

_MOST = 5  # of the changes of one kind that are tried

Restock = Callable[[str], Stock]


def explain(wishes: Wishes, stock: Stock, node: Node | None, restock: Restock) -> Refusal:
    """Why wishes cannot be met; `restock` gives the stock as it would be without what a claim holds."""
    ask = Inquiry()
    chosen = [_easiest(wish, wishes, stock) for wish in wishes.requests]
    reports = [_report(each, wishes, stock, ask) for wish in wishes.requests for each in wish.alternatives]
    attainable = ask.attainable(Composer(wishes, stock).problem(chosen))
    constraints = (*_constraints(wishes, chosen, stock, ask), *_too_many(wishes, chosen, stock))
    return Refusal(
        node=node.name if node else "",
        requests=tuple(reports),
        constraints=constraints,
        attainable={_label(each, wishes): count for each, count in zip(chosen, attainable, strict=True)},
        together=tuple(_named(each, wishes) for each in wishes.constraints),
        broken={"/".join(key): why for key, why in stock.offer.broken.items()},
        nearest=tuple(_nearest(wishes, chosen, attainable, stock, restock, ask)),
        is_proven=ask.is_proven,
    )


def _label(one: Alternative | Wish, wishes: Wishes) -> str:
    """A request's name, after the name of its claim where there are several."""
    return f"{wishes.claims[one.claim].name}/{one.name}" if len(wishes.claims) > 1 else one.name


def _named(one: Bond | Tie, wishes: Wishes) -> str:
    """A constraint and whose it is."""
    of = [wishes.claims[one.claim].name] if len(wishes.claims) > 1 else []
    if isinstance(one, Bond):
        of += one.requests
    return f"{one.text} of {', '.join(of)}" if of else one.text


def _easiest(wish: Wish, wishes: Wishes, stock: Stock) -> Alternative:
    """The first alternative that could be met for itself, or the first of all."""
    for each in wish.alternatives:
        need = Composer(wishes, stock).need(each)
        if need.candidates.bit_count() >= need.count:
            return each
    return wish.alternatives[0]


def _report(one: Alternative, wishes: Wishes, stock: Stock, ask: Inquiry) -> RequestReport:
    free = Composer(_unbound(wishes), stock).problem([one])
    need = free.needs[0]
    falls, there = [], 0
    open_ = start(free).open[0]
    for number, each in enumerate(stock.devices):
        found = obstacle(one, number, wishes.bonds, stock)
        if found is None or found.rule != "class":
            there += 1
            if found is not None:
                falls.append(Fall(each.key, found.rule, found.text))
                open_ &= ~(1 << number)
    hidden = stock.hidden(one.conditions) if not one.count else None
    return RequestReport(
        claim=wishes.claims[one.claim].name,
        request=one.name,
        class_name=one.class_name,
        wanted=need.count,
        is_all=not one.count,
        there=there,
        falls=tuple(falls),
        left=tuple(stock.devices[number].key for number in bits(open_)),
        fits=ask.first_attainable(replace(free, needs=(replace(need, candidates=open_),))),
        hidden="/".join(hidden) if hidden else "",
    )


def _constraints(
    wishes: Wishes, chosen: Sequence[Alternative], stock: Stock, ask: Inquiry
) -> Iterator[ConstraintReport]:
    """The constraints that alone are too much for their requests."""
    unbound = _unbound(wishes)
    for one in wishes.constraints:
        scope = [each for each in chosen if one.binds(each)]
        only = replace(unbound, bonds=(one,)) if isinstance(one, Bond) else replace(unbound, ties=(one,))
        alone, free = Composer(only, stock).problem(scope), Composer(unbound, stock).problem(scope)
        wanted = sum(need.count for need in free.needs)
        most = ask.most(alone)
        if most is not None and most < wanted and most < (ask.most(free) or 0):
            counts = _counts(one, start(free), stock) if isinstance(one, Bond) else {}
            yield ConstraintReport(
                claim=wishes.claims[one.claim].name,
                constraint=one.text,
                requests=one.requests if isinstance(one, Bond) else (),
                wanted=wanted,
                most=most,
                counts=counts,
                meant="" if counts or isinstance(one, Tie) else near_miss(one.attribute, _attributes(stock)),
            )


def _too_many(wishes: Wishes, chosen: Sequence[Alternative], stock: Stock) -> Iterator[ConstraintReport]:
    """The claims that would get more devices than one claim may have."""
    needs = Composer(_unbound(wishes), stock).problem(chosen).needs
    for number, claim in enumerate(wishes.claims):
        wanted = sum(need.count for need in needs if need.claim == number)
        if wanted > MOST_DEVICES:
            limit = f"no claim may have more than {MOST_DEVICES} devices"
            yield ConstraintReport(claim.name, limit, (), wanted, MOST_DEVICES, {})


def _attributes(stock: Stock) -> set[str]:
    """The qualified names of all attributes."""
    return {
        name if "/" in name else f"{each.key[0]}/{name}"
        for each in stock.devices
        for name in each.device.attributes
    }


def _unbound(wishes: Wishes) -> Wishes:
    """The wishes without anything that binds requests together."""
    return replace(wishes, bonds=(), ties=())


def _counts(bond: Bond, state: State, stock: Stock) -> dict[str, int]:
    """How many of the devices left have each value."""
    open_ = 0
    for each in state.open:
        open_ |= each
    counts: dict[str, int] = {}
    for number, values in stock.values(bond.attribute).items():
        if open_ >> number & 1:
            for _, value in values:
                text = str(value).lower() if isinstance(value, bool) else str(value)
                counts[text] = counts.get(text, 0) + 1
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _nearest(
    wishes: Wishes,
    chosen: Sequence[Alternative],
    attainable: Sequence[int],
    stock: Stock,
    restock: Restock,
    ask: Inquiry,
) -> Iterator[Change]:
    """Changes after any one of which the wishes could be met."""
    counts = [each.count for each in chosen]
    if all(attainable) and all(counts) and list(attainable) != counts:
        fewer = [replace(each, count=count) for each, count in zip(chosen, attainable, strict=True)]
        less = [
            replace(wish, alternatives=(each,)) for wish, each in zip(wishes.requests, fewer, strict=True)
        ]
        if ask.could(replace(wishes, requests=tuple(less)), stock):
            yield Change("count", " ".join(f"{_label(each, wishes)}:{each.count}" for each in fewer))
    for bond in wishes.bonds[:_MOST]:
        bonds = tuple(each for each in wishes.bonds if each is not bond)
        if ask.could(replace(wishes, bonds=bonds), stock):
            yield Change("constraint", _named(bond, wishes))
    for tie in wishes.ties[:_MOST]:
        ties = tuple(each for each in wishes.ties if each is not tie)
        if ask.could(replace(wishes, ties=ties), stock):
            yield Change("constraint", _named(tie, wishes))
    for wish in wishes.requests[:_MOST]:
        if any(_own(each) for each in wish.alternatives):
            freed = [replace(each, conditions=_of_class(each)) for each in wish.alternatives]
            if ask.could(_with(wishes, wish, freed), stock):
                yield Change("selector", _label(wish, wishes))
    for toleration, text in _tolerations(wishes, stock)[:_MOST]:
        requests = wishes.requests
        tolerant = [_tolerating(wish, toleration) for wish in requests]
        if ask.could(replace(wishes, requests=tuple(tolerant)), stock):
            yield Change("toleration", text)
    holders = dict.fromkeys(use.holder for each in stock.devices for use in stock.in_use.get(each.key, ()))
    for holder in [*holders][:_MOST]:
        if ask.could(wishes, restock(holder)):
            yield Change("release", holder)


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
