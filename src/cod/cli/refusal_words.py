"""A refusal in words: how many devices there are, what rules out which, what is left, what would fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cod.allocate import Fall, Refusal, RequestReport
from cod.allocate.refusal import RULE_WORDS
from cod.drivers.protocol import DeviceKey
from cod.show.ranges import ranges, shortened

_FEW = 6  # reasons of one request that have a line each
_WIDE, _LONG = 32, 60  # letters of a column of names, and of what stands in it


def lines(refusal: Refusal, *, of_many: bool = False) -> Iterator[str]:
    """The lines of a refusal, below a heading. With `of_many` nodes it is not said who holds what."""
    for each in refusal.requests:
        yield f"request {each.request}: {_wanted(each)}"
        yield from (f"  {line}" for line in _devices(each, of_many))
    for bond in refusal.constraints:
        of = f" of {', '.join(bond.requests)}" if bond.requests else ""
        yield f"{bond.constraint}{of}: {bond.wanted} wanted, {bond.most} at best"
        if bond.counts:
            yield f"  left with {', '.join(f'{value}: {count}' for value, count in bond.counts.items())}"
    if not refusal.constraints and all(each.is_met for each in refusal.requests):
        counts = ", ".join(f"{name}: {count}" for name, count in refusal.attainable.items())
        yield f"each for itself could be met, together at best {counts}"
    yield from (f"pool {name} offers nothing: {why}" for name, why in refusal.broken.items())
    near = [each for each in refusal.nearest if not (of_many and each.kind == "release")]
    if near:
        first, *others = (f"ask for {each.what}" if each.kind == "count" else each.text for each in near)
        yield f"nearest: {first}"
        yield from (f"     or  {other}" for other in others)


def _wanted(report: RequestReport) -> str:
    wanted = f"all of {report.class_name}" if report.is_all else f"{report.wanted} of {report.class_name}"
    if report.hidden:
        return f"{wanted} wanted, and pool {report.hidden} is not whole now: nobody knows which are all"
    if not report.there:
        return f"{wanted} wanted, there is none"
    together = ""
    if report.fits < min(report.wanted, len(report.left)):
        together = f", of those left {report.fits} together"
    return f"{wanted} wanted, {report.there} there{together}"


def _devices(report: RequestReport, of_many: bool) -> Iterator[str]:
    """A line a reason with its devices, the commonest first, and one for those that are left."""
    by_reason: dict[str, list[DeviceKey]] = {}
    for each in report.falls:
        by_reason.setdefault(_reason(each, of_many), []).append(each.device)
    reasons = sorted(by_reason.items(), key=lambda item: -len(item[1]))
    rows = [(keys, reason) for reason, keys in reasons[:_FEW]]
    if rest := [key for _, keys in reasons[_FEW:] for key in keys]:
        rows.append((rest, f"{len(reasons) - _FEW} more reasons, as {reasons[_FEW][0]}"))
    if report.left:
        rows.append(([*report.left], "left"))
    yield from _table(rows)


def _table(rows: Iterable[tuple[Sequence[DeviceKey], str]]) -> Iterator[str]:
    cells = [(str(len(keys)), shortened(ranges(_names(keys)), _LONG), reason) for keys, reason in rows]
    count = max((len(each[0]) for each in cells), default=0)
    width = min(max((len(each[1]) for each in cells), default=0), _WIDE)
    for number, names, reason in cells:
        yield f"{number:>{count}}  {names:<{width}}  {reason}"


def _reason(fall: Fall, of_many: bool) -> str:
    if of_many and fall.rule == "held":
        return "held"
    return f"{RULE_WORDS.get(fall.rule, '')}{fall.text}"


def _names(keys: Iterable[DeviceKey]) -> list[str]:
    """What devices are called, with their pools where these differ."""
    found = [*keys]
    many = len({key[:2] for key in found}) > 1 and len({key[2] for key in found}) < len(found)
    return [f"{key[1]}/{key[2]}" if many else key[2] for key in found]
