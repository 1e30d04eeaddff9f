"""A machine with more devices than anybody would read the names of: a spot each, in groups with their names.

A square is an accelerator or anything else, a disc is a NIC; filled means held, a cross unready.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from cod.show.marks import CLASS, draw_mark, tip
from cod.show.outline import Box, Card, Part
from cod.show.state import UNREADY
from cod.show.svg_text import Drawn, escaped, fit, tag, text, text_width
from cod.show.words import ranges
from cod.topology.rails import NICS

_SPOT, _STEP, _IN_A_ROW = 11, 14, 16
_LABEL, _PAD, _GAP, _TITLE = 18, 6, 8, 26
_LONGEST_LABEL = 24
_MOST_IN_A_GROUP = 4 * _IN_A_ROW


class _Group(Struct, frozen=True):
    """Devices that stand together, those of a root complex mostly; each with its type."""

    title: str
    spots: list[tuple[Part, str]]

    @property
    def label(self) -> str:
        """The names of the first kind in it."""
        first = self.spots[0][1]
        return ranges(part.name for part, type_ in self.spots if type_ == first)

    @property
    def width(self) -> float:
        columns = min(len(self.spots), _IN_A_ROW)
        return max(columns * _STEP - (_STEP - _SPOT), text_width(self.label[:_LONGEST_LABEL], 11)) + 2 * _PAD

    @property
    def height(self) -> float:
        return _LABEL + -(-len(self.spots) // _IN_A_ROW) * _STEP - (_STEP - _SPOT) + _PAD


def draw_dense(boxes: Sequence[Box], x: float, y: float, room: float) -> Drawn:
    """The NUMA nodes one below the other, each with its groups in rows."""
    parts: list[str] = []
    start = y
    nodes = [(box, [group for group in _groups(box) if group.spots]) for box in boxes]
    widest = max((group.width for _, groups in nodes for group in groups), default=0)
    columns = max(1, int((room - 20 + _GAP) // (widest + _GAP)))
    for box, groups in nodes:
        drawn, height = _node(box, groups, columns, x, y, room)
        parts += drawn
        y += height + _GAP
    return parts, y - _GAP - start


def _node(box: Box, groups: Sequence[_Group], columns: int, x: float, y: float, room: float) -> Drawn:
    each = (room - 20 + _GAP) / columns - _GAP
    parts: list[str] = []
    top = y + _TITLE
    for at in range(0, len(groups), columns):
        row = groups[at : at + columns]
        height = max(group.height for group in row)
        for number, group in enumerate(row):
            parts += _group(group, x + 10 + number * (each + _GAP), top, each, height)
        top += height + _GAP
    height = top + 2 - y if groups else _TITLE + 4
    title = fit(box.title, 12, room - 20)
    note = fit(box.note, 11, room - 32 - text_width(title, 12))
    frame = tag("rect", x=x, y=y, width=room, height=height, rx=8, class_=f"box {box.kind}")
    heading = text(x + 10, y + 17, title, "heading") + text(x + room - 10, y + 17, note, "note end")
    return [frame, heading, *parts], height


def _groups(box: Box) -> Iterator[_Group]:
    """A box's own cards, then its boxes: small ones as one group, large ones by what is in them."""
    yield _Group(box.title, [*_spots(box.cards)])
    for each in box.boxes:
        spots = [*_spots([*each.all_cards()])]
        if len(spots) <= _MOST_IN_A_GROUP or not each.boxes:
            yield _Group(each.title, spots)
        else:
            yield from _groups(each)


def _spots(cards: Sequence[Card]) -> Iterator[tuple[Part, str]]:
    """A spot for each device: of a card with parts, the parts."""
    for card in cards:
        if card.state and not card.parts:
            yield Part(card.name, card.state), card.type
        for part in card.parts:
            yield part, card.type


def _group(group: _Group, x: float, y: float, across: float, down: float) -> Iterator[str]:
    title = tag("title", escaped(group.title))
    yield tag("rect", title, x=x, y=y, width=across, height=down, rx=5, class_="box switch")
    yield text(x + _PAD, y + 12.5, fit(group.label, 11, across - 2 * _PAD), "")
    for at, (part, type_) in enumerate(group.spots):
        down, right = divmod(at, _IN_A_ROW)
        yield _spot(part, type_, x + _PAD + right * _STEP, y + _LABEL + down * _STEP)


def _spot(part: Part, type_: str, x: float, y: float) -> str:
    radius = _SPOT / 2 if type_ in NICS else 2
    title = tag("title", escaped(tip(part.name, part.state)))
    shape = tag("rect", title, x=x, y=y, width=_SPOT, height=_SPOT, rx=radius, class_="card")
    cross = draw_mark(part.state, x + _SPOT / 2, y + _SPOT / 2, 2.8) if part.state.word == UNREADY else ""
    return tag("g", shape + cross, class_=CLASS[part.state.word])
