"""What a picture of a machine shows, whichever way it is drawn: boxes within boxes, and cards in them.

Bridges on the way to one device only are left out; a bridge with several branches is a switch. All parts of a
physical device are one card.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from cod.drivers.protocol import DeviceKey
from cod.host import NumaNode
from cod.show.state import HELD, UNREADY, State, state_of
from cod.show.words import bandwidth, count, cpu_list, ranges, size
from cod.topology import Branch, Point, Topology
from cod.topology.point import UNKNOWN
from cod.topology.tree import grow

Kind = Literal["numa", "root", "switch", "elsewhere"]

_APART = 4  # functions of one device that are still shown one by one
_CLASSES = {
    0x01: "storage", 0x02: "network", 0x03: "display", 0x04: "multimedia", 0x06: "bridge", 0x07: "serial",
    0x08: "system", 0x0B: "processor", 0x0C: "bus", 0x0D: "wireless", 0x11: "signal", 0x12: "accelerator",
}  # fmt: skip
_MODELS = ("model", "productName", "product", "deviceName")


class Part(Struct, frozen=True):
    """One device by name, in its state."""

    name: str
    state: State


class Card(Struct, frozen=True):
    """A physical device. `state` is None where only its parts can be had; `place` is its PCI function."""

    name: str
    type: str
    place: str
    model: str
    state: State | None
    parts: tuple[Part, ...] = ()

    @property
    def address(self) -> str:
        """Its PCI function, where that is not its name."""
        return self.place if self.place != self.name else ""

    @property
    def label(self) -> str:
        """Its name, which is short where it is an address: as lspci has it."""
        return self.name.removeprefix("0000:")

    def states(self) -> Iterator[State]:
        """Its own state, if it can be had, and those of its parts."""
        if self.state:
            yield self.state
        yield from (part.state for part in self.parts)


class Box(Struct, frozen=True):
    """A NUMA node, root complex or switch, with what is in it. `note` is what else is known of it."""

    kind: Kind
    title: str
    note: str = ""
    boxes: tuple[Box, ...] = ()
    cards: tuple[Card, ...] = ()

    @property
    def is_aside(self) -> bool:
        """Whether it only has devices of which no place is known."""
        return self.kind == "elsewhere" and not self.boxes

    def all_cards(self) -> Iterator[Card]:
        """The cards in this box and in those within."""
        yield from self.cards
        for box in self.boxes:
            yield from box.all_cards()


class Outline(Struct):
    """Makes the boxes of a machine. `held` says which claim holds which device."""

    topology: Topology
    held: Mapping[DeviceKey, str]
    is_all: bool = False

    def boxes(self) -> list[Box]:
        """The NUMA nodes, then what is on none; `is_all` shows functions that no driver offers, too."""
        points = [*self.topology.devices, *(self.topology.bare_functions if self.is_all else ())]
        tree = grow(points)
        branches = {_numa_of(branch): branch for branch in tree.branches}
        nodes = self.topology.host.numa
        numbers = sorted(_computing(nodes).union(branches) - {UNKNOWN})
        boxes = [self._node(number, nodes.get(number), branches.get(number)) for number in numbers]
        return [*boxes, *self._elsewhere(branches.get(UNKNOWN))]

    def _node(self, number: int, node: NumaNode | None, branch: Branch | None) -> Box:
        facts = [
            f"CPUs {cpu_list(node.cpus)}" if node and node.cpus else "",
            size(node.memory) if node else "",
        ]
        inside, cards = self._inside(branch) if branch else ((), ())
        return Box("numa", f"NUMA {number}", " · ".join(filter(None, facts)), inside, cards)

    def _elsewhere(self, branch: Branch | None) -> Iterator[Box]:
        """What is on no NUMA node: root complexes, and devices of which no place is known."""
        if branch is None:
            return
        boxes, cards = self._inside(branch)
        if boxes:
            yield Box("elsewhere", "NUMA node unknown", "", boxes)
        if cards:
            yield Box("elsewhere", "at no known place", "", (), cards)

    def _inside(self, branch: Branch) -> tuple[tuple[Box, ...], tuple[Card, ...]]:
        """What a branch shows: boxes of its branches, and the cards of those that are no boxes."""
        boxes: list[Box] = []
        cards: list[Card] = []
        for each in branch.branches:
            if each.kind == "physical":
                cards += self._cards(each)
            elif box := self._box(each):
                boxes.append(box)
            else:
                inner_boxes, inner_cards = self._inside(each)
                boxes += inner_boxes
                cards += inner_cards
        return tuple(boxes), tuple(cards)

    def _box(self, branch: Branch) -> Box | None:
        """The box of a root complex, or of a bridge that is a switch; None for what is only on the way."""
        if branch.kind == "root" and branch.name:
            return Box("root", f"root complex {branch.name}", "", *self._inside(branch))
        if branch.kind == "bridge" and len(branch.branches) > 1:
            note = bandwidth(self.topology.lanes.mb_s(branch.name))
            return Box("switch", f"switch {branch.name}", note, *self._inside(branch))
        return None

    def _cards(self, branch: Branch) -> Iterator[Card]:
        """A physical device as one card with its parts; what is a device of its own right has its own."""
        points = branch.points
        parts = [point for point in points if point.parent]
        parents = {point.parent for point in parts}
        head = next((point for point in points if point.name in parents and not point.parent), None)
        if head:
            yield self._card(head, self._parts(parts))
        elif parts:
            yield self._whole(parts, min(parents))
        alike: dict[tuple[str, str, str], list[Point]] = {}
        for point in points:
            if point is not head and not point.parent:
                driver = point.key[0] if point.key else point.name
                alike.setdefault((driver, point.type, point.function), []).append(point)
        if len(alike) > _APART:
            rest = [point for group in alike.values() for point in group]
            yield self._whole(rest, branch.name.rpartition("/")[2])
            return
        for group in alike.values():
            if len(group) > 1:
                yield self._whole(group, ranges(each.name for each in group))
            else:
                yield self._card(group[0])

    def _whole(self, points: Sequence[Point], name: str) -> Card:
        """A card for what nobody offers as a whole."""
        first = points[0]
        return Card(name, self._type(first), first.function, _model(first), None, self._parts(points))

    def _parts(self, points: Iterable[Point]) -> tuple[Part, ...]:
        return tuple(Part(point.name, state_of(point, self.held)) for point in points)

    def _type(self, point: Point) -> str:
        """What a device is; of a bare function what its class says."""
        if point.found is not None:
            return point.type
        return _CLASSES.get(self.topology.host.pci[point.function].class_ >> 16, "function")

    def _card(self, point: Point, parts: tuple[Part, ...] = ()) -> Card:
        state: State | None = state_of(point, self.held)
        if state and state.word == UNREADY and any(part.state.word != UNREADY for part in parts):
            state = None  # it is divided, and what can be had are its parts
        return Card(point.name, self._type(point), point.function, _model(point), state, parts)


def parts_in_words(parts: Iterable[Part]) -> str:
    """How many parts there are, and how many in which state: `7 parts, 3 held, 1 unready`."""
    states = [part.state.word for part in parts]
    counts = {word: states.count(word) for word in (HELD, UNREADY) if word in states}
    told = (f"{'all' if number == len(states) > 1 else number} {word}" for word, number in counts.items())
    return ", ".join((count(len(states), "part"), *told))


def _numa_of(branch: Branch) -> int:
    return next(branch.all_points()).numa


def _computing(nodes: Mapping[int, NumaNode]) -> set[int]:
    return {number for number, node in nodes.items() if node.cpus}


def _model(point: Point) -> str:
    return next(filter(None, map(point.text, _MODELS)), "")
