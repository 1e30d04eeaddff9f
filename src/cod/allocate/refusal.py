"""A refusal as data: what ruled each device out, what does not go together, and what would fit instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from msgspec import Struct

from cod.allocate.candidates import Rule
from cod.drivers.protocol import DeviceKey
from cod.errors import Refused


class Fall(Struct, frozen=True):
    """A device, and the first thing that rules it out for a request."""

    device: DeviceKey
    rule: Rule
    text: str


class RequestReport(Struct, frozen=True):
    """One request, or one alternative of it: who fell, and who is left.

    `wanted` is the number of devices, `is_all` that these are all there are. `there` is how many devices the
    class has, of which `falls` are ruled out and `left` are not. `fits` is how many of those left could be
    had together if nothing else were asked for, and no constraint were there. `hidden` is a pool that offers
    nothing now, and without which nobody knows what all devices are.
    """

    claim: str
    request: str
    class_name: str
    wanted: int
    is_all: bool
    there: int
    falls: tuple[Fall, ...]
    left: tuple[DeviceKey, ...]
    fits: int
    hidden: str = ""

    @property
    def name(self) -> str:
        """The request, also of one of its alternatives."""
        return self.request.partition("/")[0]

    @property
    def is_met(self) -> bool:
        """Whether this request could be met if nothing else were asked for."""
        return self.fits >= self.wanted and not self.hidden

    @property
    def text(self) -> str:
        """The request in one line."""
        wanted = f"all of {self.class_name}" if self.is_all else f"{self.wanted} of {self.class_name}"
        line = f"request {self.request}: {wanted} wanted, "
        if self.hidden:
            return f"{line}and pool {self.hidden} is not whole now: nobody knows which are all"
        if not self.there:
            return line + "there is none"
        line += f"{self.there} there, {len(self.left)} free"
        if len(self.left) > self.fits and self.fits < self.wanted:
            line += f", {self.fits} of these together: they draw upon the same counters"
        return "; ".join((line, *self._falls()))

    def _falls(self) -> Iterator[str]:
        """Why devices are not free, the commonest reason of each rule first; what they begin with, once."""
        for rule, words in RULE_WORDS.items():
            counts = Counter(each.text for each in self.falls if each.rule == rule)
            named: dict[str, list[str]] = {}
            for text, count in counts.most_common(_FEW):
                head, what, seen = text.partition(" is false: ")
                named.setdefault(head + what, []).append(f"{seen} ({count})")
            if counts:
                more = f" and {len(counts) - _FEW} more" if len(counts) > _FEW else ""
                yield f"{words}{', '.join(head + ', '.join(seen) for head, seen in named.items())}{more}"


_FEW = 3
_MOST_VALUES = 8
RULE_WORDS: dict[Rule, str] = {
    "selector": "not selected: ",
    "error": "",
    "held": "",
    "taint": "tainted: ",
    "capacity": "too little: ",
    "counter": "",
    "attribute": "",
}


class ConstraintReport(Struct, frozen=True):
    """A constraint under which fewer devices can be had than are wanted: `most` of them at best.

    `counts` has for each value of the attribute how many of the devices left have it; where none has any,
    `meant` names an attribute like it.
    """

    claim: str
    constraint: str
    requests: tuple[str, ...]
    wanted: int
    most: int
    counts: dict[str, int]
    meant: str = ""

    @property
    def text(self) -> str:
        """The constraint in one line."""
        of = f" of {', '.join(self.requests)}" if self.requests else ""
        line = f"{self.constraint}{of}: {self.wanted} wanted, {self.most} at best"
        counts = [f"{count} with {value}" for value, count in self.counts.items()]
        few = f"{', '.join(counts[:_MOST_VALUES])}{', …' if len(counts) > _MOST_VALUES else ''}"
        return f"{line} (there are {few})" if counts else line + self.meant


class Change(Struct, frozen=True):
    """A change after which the claims would fit.

    `kind` is count, constraint, selector, toleration or release; `what` is what to change: a request and its
    number (`gpu:2`), a constraint, a request, a taint, a claim.
    """

    kind: str
    what: str

    @property
    def text(self) -> str:
        """The change in words."""
        return _CHANGES[self.kind].format(self.what)


_CHANGES = {
    "count": "{}",
    "constraint": "without {}",
    "selector": "without the selectors of request {}",
    "toleration": "with a toleration of {}",
    "release": "once claim {} is released",
}


class Refusal(Struct, frozen=True):
    """Why claims do not fit on a node: every request with its devices, and what does not go together.

    `attainable` is how many devices each request could have beside the others, those before it first, under
    all constraints, which `together` names. `broken` are pools that offer nothing now, and why. `is_proven`
    says that all numbers are: that no question to the search was too long.
    """

    node: str
    requests: tuple[RequestReport, ...]
    constraints: tuple[ConstraintReport, ...]
    attainable: Mapping[str, int]
    broken: Mapping[str, str]
    nearest: tuple[Change, ...]
    together: tuple[str, ...] = ()
    is_proven: bool = True

    @property
    def causes(self) -> tuple[str, ...]:
        """What is in the way, a line each, without what could be met for itself where something could not."""
        met = {(each.claim, each.name) for each in self.requests if each.is_met}
        lines = [self._line(each) for each in self.requests if (each.claim, each.name) not in met]
        lines += [self._line(each) for each in self.constraints]
        if not lines:
            lines = [self._line(each) for each in self.requests if each.is_met]
            counts = ", ".join(f"{count} for {name}" for name, count in self.attainable.items())
            under = f" under {' and '.join(self.together)}" if self.together else ""
            each = "each could be met for itself, and not all together" if len(lines) > 1 else "not to be met"
            lines.append(f"{each}{under}: {counts} {'at best' if self.is_proven else 'or more'}")
        return (*lines, *(f"pool {name} offers nothing: {why}" for name, why in self.broken.items()))

    def _line(self, report: RequestReport | ConstraintReport) -> str:
        several = len({each.claim for each in self.requests}) > 1
        return f"claim {report.claim}, {report.text}" if several else report.text


class NoFit(Refused):
    """Claims cannot be met now, which is proven. Why is found out when somebody asks: `refusal`."""

    def __init__(self, claims: str, node: str, explain: Callable[[], Refusal]) -> None:
        Exception.__init__(self, claims)
        self.what = (
            f"{'claims' if ', ' in claims else 'claim'} {claims} cannot be met{f' on {node}' if node else ''}"
        )
        self.where = claims
        self._explain = explain

    def __str__(self) -> str:
        return self.what

    @cached_property
    def refusal(self) -> Refusal:
        """All causes."""
        return self._explain()

    @property
    def causes(self) -> tuple[str, ...]:  # type: ignore[override]
        """What is in the way, a line each."""
        return self.refusal.causes

    @property
    def hint(self) -> str:  # type: ignore[override]
        """What would fit, and where to look."""
        return "; ".join(_hints(self.refusal))


def _hints(refusal: Refusal) -> Iterator[str]:
    if refusal.nearest:
        yield f"this would fit: {', or '.join(each.text for each in refusal.nearest)}"
    if any(each.rule == "held" for report in refusal.requests for each in report.falls):
        yield "see who holds what: cod claim list"
    if any(not each.there for each in refusal.requests):
        yield "see what there is: cod device list"


class Undecided(Refused):
    """The search has taken all its steps: whether claims can be met is not known."""

    def __init__(self, claims: str, steps: int) -> None:
        super().__init__(
            f"whether claim {claims} can be met is undecided",
            where=claims,
            causes=(f"{steps} steps of the search found no answer, and it was stopped",),
            hint="ask for less in one claim: fewer alternatives, constraints or kinds of devices",
        )


class AllocationFailed(Refused):
    """Kubernetes' allocator would fail here, with an error, and not only find that nothing fits.

    `only_for_node` says that it would go on with other nodes.
    """

    def __init__(self, what: str, *, only_for_node: bool) -> None:
        super().__init__(what)
        self.only_for_node = only_for_node
