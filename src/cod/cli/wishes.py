"""The claim that the options come to which say what devices are wanted.

The same as files have it: what Kubernetes' API can say goes into requests and constraints, the rest into an
opaque config of driver `cod.dev`, so that `-o yaml` prints what a cluster takes.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence

from cod.cli.wish_options import Wishes
from cod.errors import Misuse
from cod.resource import (
    CapacityRequests,
    CELSelector,
    ClaimConfig,
    ClaimDevices,
    ClaimSpec,
    Constraint,
    DeviceRequest,
    ExactRequest,
    OpaqueConfig,
    Selector,
    Toleration,
    is_label,
    is_quantity,
)
from cod.resource.names import full_name_flaws

SHORT = {"numa": "resource.kubernetes.io/numaNode", "root": "resource.kubernetes.io/pcieRoot"}

_DEVICE = re.compile(r"(?:([^=:]*)=)?([^=:]+)(?::(all|[0-9]{1,9}))?")
_NAMED = re.compile(r"([a-z0-9](?:[-a-z0-9]*[a-z0-9])?):(?!:)(.*)", re.DOTALL)
_LONGEST_NAME = 63
_SAME = "-d gpu=sim-gpu:2 -d sim-nic --same gpu,sim-nic:numa"
_WEIGHED = "-d sim-gpu:2 --spread 'root*5'"
_EXAMPLES = {
    "-d": "-d gpu=sim-gpu:2 -d sim-nic",
    "--where": "-d gpu=sim-gpu --where 'gpu:device.driver == \"sim.cod.dev\"'",
    "--same": _SAME,
    "--distinct": _SAME,
    "--capacity": "-d gpu=sim-gpu --capacity memory=40Gi, or --capacity gpu:memory=40Gi",
    "--tolerate": "--tolerate example.com/broken, or --tolerate example.com/broken=fan",
    "--connected": "-d gpu=sim-gpu:2 -d nic=sim-nic --connected gpu:nic:nvlink:50G",
    "--prefer-same": _WEIGHED,
    "--spread": _WEIGHED,
    "--least": "-d sim-gpu --least 'memory*2'",
}
"""By the option that cannot be read."""


def spec_of(wishes: Wishes) -> ClaimSpec:
    """The wishes as a claim has them. Raises Misuse with all that cannot be read."""
    reading = _Reading(wishes)
    devices = ClaimDevices(tuple(reading.requests()), tuple(reading.constraints()), tuple(reading.config()))
    if reading.wrong:
        raise _misuse(reading.wrong)
    return ClaimSpec(devices)


class _Reading:
    """Reads wishes; what is wrong is gathered in `wrong`, as the option, the text, and what it should be."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self.wrong: list[str] = []
        self.asked = [*self._asked()]
        self.names = [name for name, _, _ in self.asked]

    def _asked(self) -> Iterator[tuple[str, str, int]]:
        """Name, class and count of each request; 0 is all."""
        matches = [(text, _DEVICE.fullmatch(text)) for text in self.wishes.devices]
        taken = {match[1] for _, match in matches if match and match[1]}
        given: set[str] = set()
        for text, match in matches:
            if match is None or not (match[3] or "1").strip("0"):
                self._refuse("-d", text, "a class, or a class, a colon and a number from 1 or `all`")
                continue
            name, class_, count = match[1], match[2], match[3] or "1"
            if name is None:
                name = _name_of(class_, taken)
                taken.add(name)
            elif name in given or not is_label(name):
                self._refuse("-d", text, "a name that no other request has, of a-z, 0-9 and inner -")
            given.add(name)
            yield name, class_, 0 if count == "all" else int(count)

    def requests(self) -> Iterator[DeviceRequest]:
        """A request for each `-d`."""
        where = [self._named("--where", each) for each in self.wishes.where]
        capacities = [*self._capacities()]
        tolerations = tuple(self._tolerations())
        for name, class_, count in self.asked:
            amounts = {what: amount for names, what, amount in capacities if name in names}
            yield DeviceRequest(
                name,
                ExactRequest(
                    class_,
                    allocation_mode="ExactCount" if count else "All",
                    count=count or 1,
                    selectors=tuple(Selector(CELSelector(cel)) for names, cel in where if name in names),
                    tolerations=tolerations,
                    capacity=CapacityRequests(amounts) if amounts else None,
                ),
            )

    def constraints(self) -> Iterator[Constraint]:
        """A constraint for each `--same` and `--distinct`."""
        for option, texts in (("--same", self.wishes.same), ("--distinct", self.wishes.distinct)):
            for text in texts:
                names, _, attribute = text.rpartition(":")
                requests = tuple(names.split(",")) if names else ()
                self._check_names(option, text, requests)
                full = self._attribute(option, text, attribute)
                if option == "--same":
                    yield Constraint(requests, match_attribute=full)
                else:
                    yield Constraint(requests, distinct_attribute=full)

    def config(self) -> Iterator[ClaimConfig]:
        """The preferences, if there are any."""
        wishes = self.wishes
        if not (wishes.closest or wishes.connected or wishes.prefer_same or wishes.spread or wishes.least):
            return
        from msgspec import to_builtins

        from cod.allocate.preferences import DRIVER, Connected, Preferences, Soft  # it takes CEL

        weighed = (
            ("--prefer-same", "same", wishes.prefer_same),
            ("--spread", "spread", wishes.spread),
            ("--least", "least", wishes.least),
        )
        prefer = []
        for option, field, texts in weighed:
            for text in texts:
                what, weight = self._weighed(option, text)
                if field != "least":
                    what = self._attribute(option, text, what)
                prefer.append(Soft(**{field: what}, weight=weight))  # type: ignore[arg-type]
        connected = [Connected(*each) for each in self._connected()]
        found = Preferences("cod.dev/v1", "Preferences", wishes.closest, tuple(prefer), tuple(connected))
        yield ClaimConfig(opaque=OpaqueConfig(DRIVER, to_builtins(found)))

    def _named(self, option: str, text: str) -> tuple[Sequence[str], str]:
        """The requests that are meant, and what follows their name."""
        match = _NAMED.fullmatch(text)
        if match is None:
            return self.names, text
        self._check_names(option, text, (match[1],))
        return (match[1],), match[2]

    def _capacities(self) -> Iterator[tuple[Sequence[str], str, str]]:
        for text in self.wishes.capacity:
            names, rest = self._named("--capacity", text)
            what, sign, amount = rest.partition("=")
            if not (what and sign and is_quantity(amount)):
                self._refuse("--capacity", text, "a capacity, = and a quantity: memory=40Gi")
            yield names, what, amount

    def _tolerations(self) -> Iterator[Toleration]:
        for text in self.wishes.tolerate:
            key, sign, value = text.partition("=")
            if not key:
                self._refuse("--tolerate", text, "the key of a taint, or key=value")
            yield Toleration(key, "Equal", value) if sign else Toleration(key, "Exists")

    def _connected(self) -> Iterator[tuple[str, str, str, str]]:
        for text in self.wishes.connected:
            parts = text.split(":")
            one, other, kind, bandwidth = (*parts, "", "", "", "")[:4]
            if not 2 <= len(parts) <= 4 or (bandwidth and not is_quantity(bandwidth)):
                self._refuse(
                    "--connected", text, "two requests, a kind of link, bytes a second: a:b:nvlink:50G"
                )
                continue
            self._check_names("--connected", text, (one, other))
            yield one, other, kind, bandwidth

    def _weighed(self, option: str, text: str) -> tuple[str, int]:
        what, sign, weight = text.partition("*")
        if sign and not (weight.isascii() and weight.isdigit() and 1 <= int(weight[:5]) <= 1000):
            self._refuse(option, text, "a weight from 1 to 1000 after the *")
            return what, 1
        return what, int(weight) if sign else 1

    def _attribute(self, option: str, text: str, name: str) -> str:
        full = SHORT.get(name, name)
        if "/" not in full or [*full_name_flaws(full)]:
            short = " or ".join(SHORT)
            self._refuse(option, text, f"an attribute with its domain, gpu.example.com/model, or {short}")
        return full

    def _check_names(self, option: str, text: str, names: Sequence[str]) -> None:
        if any(each not in self.names for each in names):
            self._refuse(
                option, text, f"about requests by their names: {', '.join(self.names) or 'there are none'}"
            )

    def _refuse(self, option: str, text: str, wanted: str) -> None:
        self.wrong.append(f"cannot read {option} {text!r}: it is {wanted}")


def _name_of(class_: str, taken: Container[str]) -> str:
    """A request's name out of its class: a DNS label, with a number where that is taken."""
    stem = re.sub(r"[^a-z0-9]+", "-", class_.lower()).strip("-")[: _LONGEST_NAME - 4].rstrip("-") or "request"
    number, name = 1, stem
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


def _misuse(wrong: Sequence[str]) -> Misuse:
    if len(wrong) == 1:
        what, _, why = wrong[0].partition(": it is ")
        option = what.split()[2]
        return Misuse(what, causes=(f"it is {why}",), hint=_EXAMPLES[option])
    return Misuse(f"{len(wrong)} options cannot be read", causes=tuple(wrong), hint=_EXAMPLES["--same"])
