"""Where the boxes and cards of a machine stand in a picture that is at most so wide.

Boxes stand in a grid of equal columns, as many as fit, and all boxes of a row are equally high. Cards do
the same within their box. Measures are in pixels. There are three sizes of cards: `full` with three lines of
text, `compact` with the name, and `dense`, a spot without text, where nobody would read so many names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from cod.show.outline import Box, Card
from cod.show.svg_text import text_width

Size = Literal["full", "compact", "dense"]

WIDTH = 900
PART = 8  # the side of a part's square
PART_GAP = 3

_FULL_UP_TO, _COMPACT_UP_TO = 28, 160
_PAD, _GAP, _TITLE = 10, 8, 24
_LEAST = {"full": 100, "compact": 62, "dense": 62}
_WANTED = {"full": 150, "compact": 130, "dense": 130}  # at most, for long names
_MOST = {"full": 260, "compact": 120, "dense": 120}
_HEIGHT = {"full": 60, "compact": 24, "dense": 24}
_IN_A_ROW = 4  # cards that a box would like to have in a row


class Frame(Struct, frozen=True):
    """A box in its place; `depth` is 0 for the outermost."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    depth: int


class Tile(Struct, frozen=True):
    """A card in its place."""

    card: Card
    size: Size
    x: float
    y: float
    width: float
    height: float


class Arrangement(Struct):
    """Boxes, outer ones before inner ones, and cards, in their places."""

    size: Size
    frames: list[Frame] = []
    tiles: list[Tile] = []

    def place(self, boxes: Sequence[Box], x: float, y: float, width: float, depth: int = 0) -> float:
        """Put boxes into a grid of that width; returns the height it takes.

        The outermost ones stand in as many columns as make the picture least high.
        """
        if not boxes:
            return 0
        most = _columns(len(boxes), max(wanted(box, self.size) for box in boxes), width)
        if depth == 0 and most > 1:
            heights = {count: self._trial(boxes, width, count) for count in range(most, 0, -1)}
            most = min(heights, key=lambda count: heights[count])
        return self._grid(boxes, x, y, width, depth, most)

    def _trial(self, boxes: Sequence[Box], width: float, columns: int) -> float:
        return Arrangement(self.size)._grid(boxes, 0, 0, width, 0, columns)

    def _grid(
        self, boxes: Sequence[Box], x: float, y: float, width: float, depth: int, columns: int
    ) -> float:
        each = (width - _GAP * (columns - 1)) / columns
        start = y
        for at in range(0, len(boxes), columns):
            row = boxes[at : at + columns]
            height = max(self._height(box, each) for box in row)
            for number, box in enumerate(row):
                self._put(box, x + number * (each + _GAP), y, each, height, depth)
            y += height + _GAP
        return y - _GAP - start

    def _put(self, box: Box, x: float, y: float, width: float, height: float, depth: int) -> None:
        self.frames.append(Frame(box, x, y, width, height, depth))
        inner = width - 2 * _PAD
        y += _TITLE
        if box.cards:
            y += self._put_cards(box, x + _PAD, y, inner) + (_GAP if box.boxes else 0)
        self.place(box.boxes, x + _PAD, y, inner, depth + 1)

    def _put_cards(self, box: Box, x: float, y: float, width: float) -> float:
        size = card_size(box, self.size)
        columns = _columns(len(box.cards), _card_wanted(box.cards, size), width)
        each = min((width - _GAP * (columns - 1)) / columns, _MOST[size])
        start = y
        for at in range(0, len(box.cards), columns):
            row = box.cards[at : at + columns]
            height = _HEIGHT[size] + max(parts_height(card, each) for card in row)
            for number, card in enumerate(row):
                self.tiles.append(Tile(card, size, x + number * (each + _GAP), y, each, height))
            y += height + _GAP
        return y - _GAP - start

    def _height(self, box: Box, width: float) -> float:
        """How high a box is at a width: its place is tried out."""
        trial = Arrangement(self.size)
        inner = width - 2 * _PAD
        height = trial._put_cards(box, 0, 0, inner) if box.cards else 0
        height += _GAP if box.cards and box.boxes else 0
        return (
            _TITLE + height + trial.place(box.boxes, 0, 0, inner, 1) + (_PAD if box.cards or box.boxes else 4)
        )


def size_of(cards: Sequence[Card]) -> Size:
    """How large cards are shown when there are so many of them, and so many parts."""
    if len(cards) > _COMPACT_UP_TO:
        return "dense"
    return "full" if len(cards) <= _FULL_UP_TO else "compact"


def head_height(size: Size) -> float:
    """How high a card is without its parts."""
    return _HEIGHT[size]


def card_size(box: Box, size: Size) -> Size:
    """How large the cards of a box are: what is on no bus has nothing to tell but its name."""
    return size if any(card.place for card in box.cards) else "compact"


def wanted(box: Box, size: Size) -> float:
    """How wide a box would like to be."""
    cards = min(len(box.cards), _IN_A_ROW)
    own = cards * (_card_wanted(box.cards, card_size(box, size)) + _GAP) - _GAP if cards else 0
    inner = max((own, *(wanted(each, size) for each in box.boxes)))
    title = text_width(box.title, 12) + text_width(box.note, 11) + 3 * _GAP
    return max(inner + 2 * _PAD, title)


def _card_wanted(cards: Sequence[Card], size: Size) -> float:
    """How wide cards have to be for what they say, within reason."""
    if size == "full":
        content = max(max(text_width(card.name, 13) + 20, text_width(card.model, 11)) for card in cards) + 16
    else:
        content = max(text_width(card.label, 11) for card in cards) + 26
    return min(max(content, _LEAST[size]), _WANTED[size])


def parts_in_a_row(width: float) -> int:
    """How many parts' squares fit side by side into a card."""
    return max(1, int((width - 2 * _GAP + PART_GAP) // (PART + PART_GAP)))


def parts_height(card: Card, width: float) -> float:
    """How much higher a card is for its parts."""
    rows = -(-len(card.parts) // parts_in_a_row(width))
    return rows * (PART + PART_GAP) + 4 if rows else 0


def _columns(count: int, least: float, width: float) -> int:
    """How many columns of at least that width, so that rows are as equally long as can be."""
    most = max(1, min(count, int((width + _GAP) // (least + _GAP))))
    return -(-count // -(-count // most))
