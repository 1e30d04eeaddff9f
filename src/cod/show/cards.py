"""A device's card in an SVG: its name and state, what it is, where it is or who holds it, and its parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cod.show.layout import PART, PART_GAP, Tile, head_height, parts_in_a_row
from cod.show.marks import CLASS, draw_mark, tip
from cod.show.outline import Card, Part, parts_in_words
from cod.show.state import BARE, HELD, UNREADY
from cod.show.svg_text import escaped, fit, fit_name, tag, text, text_width
from cod.topology.rails import NICS

_PAD = 8


def draw_card(tile: Tile) -> str:
    """One card, with a text for who points at it. A NIC's corners are round."""
    card = tile.card
    is_full = tile.size == "full"
    radius = 14 if card.type in NICS and is_full else 4
    shape = tag("rect", x=tile.x, y=tile.y, width=tile.width, height=tile.height, rx=radius, class_="card")
    lines = _full(tile) if is_full else _compact(tile)
    squares = _squares(card.parts, tile.x + _PAD, tile.y + head_height(tile.size), tile.width)
    content = "\n".join(filter(None, (tag("title", escaped(_tooltip(card))) + shape, *lines, *squares)))
    return tag("g", content, class_=_class(card))


def _class(card: Card) -> str:
    if card.state:
        return CLASS[card.state.word]
    return "bare" if all(part.state.word == BARE for part in card.parts) else "parent"


def _full(tile: Tile) -> Iterator[str]:
    card, x, room = tile.card, tile.x + _PAD, tile.width - 2 * _PAD
    yield draw_mark(card.state, tile.x + tile.width - 14, tile.y + 15, 4.5)
    yield text(x, tile.y + 19, fit_name(card.name, 13, room - 16), "name")
    yield text(x, tile.y + 35, fit(card.model or card.type, 11, room), "line")
    yield text(x, tile.y + 50, _told(card, room), "line")


def _told(card: Card, room: float) -> str:
    """The claim that holds it, why it is unready, how many parts it has, or where it is."""
    state = card.state
    if state and state.word == HELD:
        return fit_name(state.detail, 11, room)
    if card.parts:
        return fit(parts_in_words(card.parts), 11, room)
    if state and state.word == UNREADY:
        return fit(state.detail, 11, room)
    return fit_name(card.address, 11, room)


def _compact(tile: Tile) -> Iterator[str]:
    mark = draw_mark(tile.card.state, tile.x + 11, tile.y + 12, 4)
    left = 20 if mark else _PAD
    yield mark
    room = tile.width - left - 3
    state = tile.card.state
    told = f"{tile.card.label} · {state.detail}" if state and state.word == HELD else tile.card.label
    told = told if text_width(told, 11) <= room else fit_name(tile.card.label, 11, room)
    yield text(tile.x + left, tile.y + 16, told, "")


def _squares(parts: Sequence[Part], x: float, y: float, across: float) -> Iterator[str]:
    """A small square a part, filled where it is held."""
    columns, step = parts_in_a_row(across), PART + PART_GAP
    for at, part in enumerate(parts):
        yield tag(
            "rect",
            tag("title", escaped(tip(part.name, part.state))),
            x=x + at % columns * step,
            y=y + at // columns * step,
            width=PART,
            height=PART,
            rx=1.5,
            class_=f"part {CLASS[part.state.word]}",
        )


def _tooltip(card: Card) -> str:
    """All that is known of a card."""
    name = tip(card.name, card.state) if card.state else card.name
    parts = parts_in_words(card.parts) if card.parts else ""
    return " · ".join(filter(None, (name, card.type, card.model, card.address, parts)))
