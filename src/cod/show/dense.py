"""A machine with more devices than anybody would read the names of: a spot each, in groups with their names.

A square is an accelerator or anything else, a disc is a NIC; filled means held, a cross not ready.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from cod.show.outline import Box, Card, Part
from cod.show.state import BARE, FREE, HELD, UNREADY, State
from cod.show.svg_text import escaped, fit, tag, text, width
from cod.show.words import ranges
from cod.topology.rails import NICS

_SPOT, _STEP = 11, 14
_IN_A_ROW = 16
_LABEL, _PAD, _GAP, _TITLE = 17, 6, 8, 26
_CLASS = {FREE: "free", HELD: "held", UNREADY: "unready", BARE: "bare"}


class _Group(Struct, frozen=True):
    """Cards that stand together: those of a root complex, or of a NUMA node without any."""

    kind: str
    title: str
    spots: list[tuple[Part, str]]

    @property
    def label(self) -> str:
        """The names of what there is most of."""
        types = [type_ for _, type_ in self.spots]
        first = max(dict.fromkeys(types), key=types.count)
        return ranges(part.name for part, type_ in self.spots if type_ == first)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        columns = min(len(self.spots), _IN_A_ROW)
        rows = -(-len(self.spots) // _IN_A_ROW)
        across = max(columns * _STEP - (_STEP - _SPOT), width(self.label, 11) if len(self.label) < 30 else 0)
        return across + 2 * _PAD, _LABEL + rows * _STEP + _PAD


def draw_dense(boxes: Sequence[Box], x: float, y: float, room: float) -> tuple[list[str], float]:
    """The NUMA nodes one below the other, each with its groups in rows, and the height they take."""
    parts: list[str] = []
    start = y
    for box in boxes:
        drawn, height = _node(box, x, y, room)
        parts += drawn
        y += height + _GAP
    return parts, y - _GAP - start


def _node(box: Box, x: float, y: float, room: float) -> tuple[list[str], float]:
    parts: list[str] = []
    groups = [*_groups(box)]
    left, top, row = x + 10, y + _TITLE, 0.0
    for group in groups:
        across, down = group.size
        if left > x + 10 and left + across > x + room - 10:
            left, top, row = x + 10, top + row + _GAP, 0.0
        parts.append(_group(group, left, top, across, down))
        left += across + _GAP
        row = max(row, down)
    height = top + row + 10 - y if groups else _TITLE + 4
    title = fit(box.title, 12, room - 20)
    frame = [
        tag("rect", x=x, y=y, width=room, height=height, rx=8, class_=f"box {box.kind}"),
        text(x + 10, y + 17, title, "heading"),
        text(x + room - 10, y + 17, fit(box.note, 11, room - 32 - width(title, 12)), "note end"),
    ]
    return [*frame, *parts], height


def _groups(box: Box) -> Iterator[_Group]:
    if box.cards:
        yield _Group(box.kind, box.title, [*_spots(box.cards)])
    for each in box.boxes:
        spots = [*_spots([*each.all_cards()])]
        if len(spots) <= 4 * _IN_A_ROW or not each.boxes:
            yield _Group(each.kind, each.title, spots)
        else:
            yield from _groups(each)


def _spots(cards: Sequence[Card]) -> Iterator[tuple[Part, str]]:
    """A spot for each device: of a card with parts, the parts."""
    for card in cards:
        if card.state and not card.parts:
            yield Part(card.name, card.state), card.type
        for part in card.parts:
            yield part, card.type


def _group(group: _Group, x: float, y: float, across: float, down: float) -> str:
    shape = tag("rect", x=x, y=y, width=across, height=down, rx=5, class_="box switch")
    spots = (
        _spot(part, type_, x + _PAD + at % _IN_A_ROW * _STEP, y + _LABEL + at // _IN_A_ROW * _STEP)
        for at, (part, type_) in enumerate(group.spots)
    )
    label = text(x + _PAD, y + 12.5, fit(group.label, 11, across - 2 * _PAD + 4), "")
    return "\n".join((tag("g", tag("title", escaped(group.title)) + shape + label), *spots))


def _spot(part: Part, type_: str, x: float, y: float) -> str:
    from cod.show.svg import mark, tip

    round_ = _SPOT / 2 if type_ in NICS else 2
    shape = tag("rect", x=x, y=y, width=_SPOT, height=_SPOT, rx=round_, class_="card")
    cross = mark(State(UNREADY), x + _SPOT / 2, y + _SPOT / 2, 2.8) if part.state.word == UNREADY else ""
    return tag("g", tag("title", escaped(tip(part.name, part.state))) + shape + cross, class_=_CLASS[part.state.word])
