"""A machine as an SVG: boxes within boxes for NUMA nodes, root complexes and switches, cards for devices.

Whether a device is free is told by a shape and by one hue, so that it is seen without colour, too. Nothing is
fetched: no font, no script, no image. It has its own ground and so stands on any, and a dark one where the
reader prefers that. The same machine gives the same text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cod.drivers.protocol import DeviceKey
from cod.show.cards import draw_card
from cod.show.dense import draw_dense
from cod.show.layout import WIDTH, Arrangement, Frame, Size, size_of, wanted
from cod.show.marks import draw_claims, draw_legend
from cod.show.outline import Box, Outline
from cod.show.svg_links import draw_links
from cod.show.svg_style import STYLE
from cod.show.svg_text import Drawn, escaped, fit, tag, text, text_width
from cod.show.words import summary
from cod.topology import Topology

_MARGIN, _HEADER, _GAP, _BETWEEN = 20, 62, 8, 14
_LEAST_WIDTH = 520


def draw_svg(topology: Topology, held: Mapping[DeviceKey, str], name: str, *, is_all: bool = False) -> str:
    """The whole picture; `name` is what to call the machine."""
    boxes = Outline(topology, held, is_all).boxes()
    cards = [card for box in boxes for card in box.all_cards()]
    size = size_of([card for box in boxes for card in box.all_cards() if not box.is_aside])
    facts = summary(topology)
    room = _room(boxes, size, max(text_width(name, 18), text_width(facts, 13)))
    nodes = [box for box in boxes if not box.is_aside]
    page = _Page(name, facts, room)
    page.add(
        draw_dense(nodes, _MARGIN, page.y, room) if size == "dense" else _draw(nodes, size, page.y, room),
        _GAP,
    )
    for box in boxes:
        if box.is_aside:
            page.add(_draw([box], "compact", page.y, room), _GAP)
    page.y += _BETWEEN - _GAP
    page.add(draw_links(topology, _MARGIN, page.y, room), _BETWEEN)
    page.add(draw_legend(cards, _MARGIN, page.y), _GAP)
    if size != "full":
        page.add(draw_claims(topology, held, _MARGIN, page.y, room), _GAP)
    page.y -= _GAP
    return page.document()


class _Page:
    """What is drawn so far, and where the next thing begins."""

    def __init__(self, name: str, facts: str, room: float) -> None:
        self._name, self._facts, self._room = name, facts, room
        self._parts = [
            text(_MARGIN, 30, fit(name, 18, room), "title"),
            text(_MARGIN, 49, fit(facts, 13, room), "quiet"),
        ]
        self.y: float = _HEADER

    def add(self, drawn: Drawn, gap: float) -> None:
        """Add something below all else."""
        parts, height = drawn
        self._parts += parts
        if parts:
            self.y += height + gap

    def document(self) -> str:
        """The whole file."""
        across, down = round(self._room + 2 * _MARGIN), round(self.y + _MARGIN)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {down}" width="{across}" '
            f'height="{down}" role="img" aria-labelledby="t d">\n'
            f'<title id="t">{escaped(self._name)}</title>\n'
            f'<desc id="d">{escaped(self._facts)}</desc>\n{STYLE}'
        )
        ground = tag("rect", x=0.5, y=0.5, width=across - 1, height=down - 1, rx=12, class_="ground")
        return "\n".join((head, ground, *filter(None, self._parts), "</svg>\n"))


def _room(boxes: Sequence[Box], size: Size, headings: float) -> float:
    """How wide the boxes stand: as they want, two side by side, up to the usual width."""
    most = WIDTH - 2 * _MARGIN
    if size != "full":
        return most
    widest = max((wanted(box, size) for box in boxes), default=0)
    nodes = sum(not box.is_aside for box in boxes)
    return min(most, max(_LEAST_WIDTH - 2 * _MARGIN, 2 * widest + _GAP if nodes > 1 else widest, headings))


def _draw(boxes: Sequence[Box], size: Size, y: float, room: float) -> Drawn:
    places = Arrangement(size)
    height = places.place(boxes, _MARGIN, y, room)
    return [*map(_frame, places.frames), *map(draw_card, places.tiles)], height


def _frame(frame: Frame) -> str:
    box = frame.box
    room = frame.width - 20
    radius = 8 - min(frame.depth, 2) * 2
    shape = tag(
        "rect",
        x=frame.x,
        y=frame.y,
        width=frame.width,
        height=frame.height,
        rx=radius,
        class_=f"box {box.kind}",
    )
    title = fit(box.title, 12, room)
    note = fit(box.note, 11, room - text_width(title, 12) - 12)
    right = frame.x + frame.width - 10
    heading = text(frame.x + 10, frame.y + 16, title, "heading")
    return "\n".join(filter(None, (shape, heading, text(right, frame.y + 16, note, "note end"))))
