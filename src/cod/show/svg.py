"""A machine as an SVG: boxes within boxes for NUMA nodes, root complexes and switches, cards for devices.

Whether a device is free is told by a shape and by one hue, so that it is seen without colour, too. Nothing is
fetched: no font, no script, no image. It has its own ground and so stands on any, and a dark one where the
reader prefers that. The same machine gives the same text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cod.drivers.inventory import DeviceKey
from cod.show.dense import draw_dense
from cod.show.layout import PART, PART_GAP, WIDTH, Arrangement, Frame, Size, Tile, parts_in_a_row, size_of, wanted
from cod.show.outline import Box, Card, Outline, Part, parts_in_words
from cod.show.state import BARE, FREE, HELD, UNREADY, State
from cod.show.svg_links import draw_links
from cod.show.svg_style import STYLE
from cod.show.svg_text import escaped, fit, fit_name, tag, text, width
from cod.show.words import summary
from cod.topology import Topology
from cod.topology.rails import NICS

MARGIN = 20
_HEADER = 62
_LEAST_WIDTH = 520
_STATES = (FREE, HELD, UNREADY, BARE)
_CLASS = {FREE: "free", HELD: "held", UNREADY: "unready", BARE: "bare"}


def draw_svg(topology: Topology, held: Mapping[DeviceKey, str], name: str, *, is_all: bool = False) -> str:
    """The whole picture; `name` is what to call the machine."""
    boxes = Outline(topology, held, is_all).boxes()
    cards = [card for box in boxes for card in box.all_cards()]
    size = size_of(len(cards))
    room = WIDTH - 2 * MARGIN if size == "dense" else _room(boxes, size, name, summary(topology))
    if size == "dense":
        parts, height = draw_dense(boxes, MARGIN, _HEADER, room)
    else:
        parts, height = _draw_boxes(boxes, size, room)
    y = _HEADER + height
    links, height = draw_links(topology, MARGIN, y + 14, room)
    y += height + (14 if links else 0)
    legend, height = _legend(cards, MARGIN, y + 14, room)
    y += height + (14 if legend else 0)
    header = [
        text(MARGIN, 30, fit(name, 18, room), "title"),
        text(MARGIN, 49, fit(summary(topology), 13, room), "quiet"),
    ]
    return _document(name, summary(topology), room + 2 * MARGIN, y + MARGIN, [*header, *parts, *links, *legend])


def _room(boxes: Sequence[Box], size: Size, *headings: str) -> float:
    """How wide the boxes stand: as they want, side by side, up to the usual width."""
    widest = max((wanted(box, size) for box in boxes), default=0)
    side_by_side = 2 * widest + 8 if len(boxes) > 1 else widest
    heading = max(width(each, 13) for each in headings)
    return min(WIDTH, max(_LEAST_WIDTH, side_by_side + 2 * MARGIN, heading + 2 * MARGIN)) - 2 * MARGIN


def _document(name: str, description: str, across: float, down: float, parts: Iterable[str]) -> str:
    across, down = round(across), round(down)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {down}" width="{across}" '
        f'height="{down}" role="img" aria-labelledby="t d">\n'
        f'<title id="t">{escaped(name) or "machine"}</title>\n<desc id="d">{escaped(description)}</desc>\n{STYLE}'
    )
    ground = tag("rect", x=0.5, y=0.5, width=across - 1, height=down - 1, rx=12, class_="ground")
    return "\n".join((head, ground, *filter(None, parts), "</svg>\n"))


def _draw_boxes(boxes: Sequence[Box], size: Size, room: float) -> tuple[list[str], float]:
    places = Arrangement(size)
    height = places.place(boxes, MARGIN, _HEADER, room)
    return [*map(_frame, places.frames), *map(_tile, places.tiles)], height


def _frame(frame: Frame) -> str:
    box = frame.box
    room = frame.width - 20
    shape = tag(
        "rect", x=frame.x, y=frame.y, width=frame.width, height=frame.height, rx=8 - min(frame.depth, 2) * 2,
        class_=f"box {box.kind}",
    )  # fmt: skip
    title = fit(box.title, 12, room)
    left = room - width(title, 12) - 12
    note = fit(box.note, 11, left)
    return "\n".join(
        filter(
            None,
            (
                shape,
                text(frame.x + 10, frame.y + 16, title, "heading"),
                text(frame.x + frame.width - 10, frame.y + 16, note, "note end"),
            ),
        )
    )


def _tile(tile: Tile) -> str:
    card = tile.card
    kind = _CLASS[card.state.word] if card.state else "parent"
    shape = tag("rect", x=tile.x, y=tile.y, width=tile.width, height=tile.height, rx=14 if card.type in NICS and tile.size == "full" else 4, class_="card")
    lines = _full(tile, card) if tile.size == "full" else _compact(tile, card)
    below = tile.y + (60 if tile.size == "full" else 24)
    squares = _squares(card.parts, tile.x + 8, below, tile.width)
    return tag("g", "\n".join((tag("title", escaped(tooltip(card))), shape, *lines, *squares)), class_=kind)


def _full(tile: Tile, card: Card) -> list[str]:
    room = tile.width - 16
    told = card.state.detail if card.state and card.state.detail else card.place if card.place != card.name else ""
    told = parts_in_words(card.parts) if card.parts and not (card.state and card.state.word == HELD) else told
    is_name = card.state is not None and card.state.word == HELD
    last = fit_name(told, 11, room) if is_name else fit(told, 11, room)
    return [
        mark(card.state, tile.x + tile.width - 13, tile.y + 14, 4.5),
        text(tile.x + 8, tile.y + 19, fit_name(card.name, 13, room - 14), "name"),
        text(tile.x + 8, tile.y + 35, fit(card.model or card.type, 11, room), "line"),
        text(tile.x + 8, tile.y + 50, last, "line told"),
    ]


def _compact(tile: Tile, card: Card) -> list[str]:
    return [
        mark(card.state, tile.x + 11, tile.y + 12, 4),
        text(tile.x + 20, tile.y + 16, fit_name(card.name, 11, tile.width - 24), "small"),
    ]


def mark(state: State | None, x: float, y: float, radius: float) -> str:
    """The shape of a state: a ring for free, a disc for held, a cross for not ready."""
    if state is None or state.word == BARE:
        return ""
    if state.word == UNREADY:
        r = radius * 0.85
        return tag("path", d=f"M{x - r:.1f} {y - r:.1f}l{2 * r:.1f} {2 * r:.1f}m0 {-2 * r:.1f}l{-2 * r:.1f} {2 * r:.1f}",
                   class_="mark")  # fmt: skip
    return tag("circle", cx=x, cy=y, r=radius, class_="mark")


def _squares(parts: Sequence[Part], x: float, y: float, across: float) -> list[str]:
    """A small square a part, filled where it is held."""
    columns = parts_in_a_row(across)
    step = PART + PART_GAP
    return [
        tag("rect", tag("title", escaped(tip(part.name, part.state))), x=x + at % columns * step,
            y=y + at // columns * step, width=PART, height=PART, rx=1.5, class_=f"part {_CLASS[part.state.word]}")
        for at, part in enumerate(parts)
    ]  # fmt: skip


def tooltip(card: Card) -> str:
    """All that is known of a card, for who points at it."""
    facts = [card.type, card.model, card.place if card.place != card.name else ""]
    text = tip(card.name, card.state) if card.state else card.name
    return " · ".join(filter(None, (text, *facts, parts_in_words(card.parts) if card.parts else "")))


def tip(name: str, state: State) -> str:
    """A name and its state: `gpu0 · held by train-7`."""
    detail = f" by {state.detail}" if state.word == HELD else f": {state.detail}" if state.detail else ""
    return f"{name} · {state.word}{detail}"


def _legend(cards: Sequence[Card], x: float, y: float, room: float) -> tuple[list[str], float]:
    """What the shapes mean, as far as they occur."""
    states = {part.state.word for card in cards for part in card.parts}
    states |= {card.state.word for card in cards if card.state}
    words = [word for word in _STATES if word in states]
    if not words:
        return [], 0
    parts: list[str] = []
    for word in words:
        shape = tag("rect", x=x, y=y, width=22, height=16, rx=3, class_="card")
        sign = mark(State(word), x + 11, y + 8, 4)
        parts.append(tag("g", f"{shape}{sign}", class_=_CLASS[word]))
        label = "held, by the claim named" if word == HELD and len(cards) <= 28 else word
        parts.append(text(x + 29, y + 12, label, "note"))
        x += 29 + width(label, 11) + 22
    return parts, 16 if room else 0
