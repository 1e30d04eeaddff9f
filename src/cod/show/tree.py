"""The tree of a machine for a terminal.

NUMA 0   CPUs 0–31 · 256 GiB
└─ root complex pci0000:10
└─ switch 0000:11:00.0
├─ ● gpu0   gpu   0000:13:00.0   held by train-7
└─ ○ nic0   nic   0000:15:00.0
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cod.drivers.protocol import DeviceKey
from cod.show.outline import Box, Card, Outline, Part, parts_in_words
from cod.show.state import HELD, MARKS, UNREADY, State
from cod.show.words import fabric, kind, ranges, summary
from cod.topology import Topology, fabrics, rails

_GAP = "   "


def draw_tree(topology: Topology, held: Mapping[DeviceKey, str], name: str, *, is_all: bool = False) -> str:
    """The whole text, with its line ends; `name` is what to call the machine."""
    boxes = Outline(topology, held, is_all).boxes()
    lines = [f"{name}{_GAP}{summary(topology)}"]
    tails = _tails(topology)
    for number, box in enumerate(boxes):
        lines += _box(box, "", number == len(boxes) - 1 and not tails)
    for number, (title, texts) in enumerate(tails):
        lines += _branch(title, texts, number == len(tails) - 1)
    states = {state.word for box in boxes for card in box.all_cards() for state in card.states()}
    legend = [f"{mark} {word}" for word, mark in MARKS.items() if word in states]
    if len(legend) > 1:
        lines += ["", _GAP.join(legend)]
    return "".join(f"{line}\n" for line in lines)


def _tails(topology: Topology) -> list[tuple[str, list[str]]]:
    """What is no part of the tree: links past PCI, rails."""
    links = [f"{kind(each.kind)}: {fabric(each)}" for each in fabrics(topology)]
    pairs = [
        f"{each.nic.name}: {ranges(point.name for point in each.accelerators)}" for each in rails(topology)
    ]
    return [(title, texts) for title, texts in (("links", links), ("rails", pairs)) if texts]


def _branch(title: str, texts: Sequence[str], is_last: bool) -> list[str]:
    trunk = "   " if is_last else "│  "
    twigs = [f"{trunk}{'└─' if at == len(texts) - 1 else '├─'} {text}" for at, text in enumerate(texts)]
    return [f"{'└─' if is_last else '├─'} {title}", *twigs]


def _box(box: Box, trunk: str, is_last: bool) -> list[str]:
    title = f"{box.title}{_GAP}{box.note}" if box.note else box.title
    lines = [f"{trunk}{'└─' if is_last else '├─'} {title}"]
    inner = trunk + ("   " if is_last else "│  ")
    rows = _aligned(box.cards)
    left = len(rows) + len(box.boxes)
    for row, card in zip(rows, box.cards, strict=True):
        left -= 1
        lines.append(f"{inner}{'├─' if left else '└─'} {row}")
        lines += _parts(card.parts, inner + ("│  " if left else "   "))
    for each in box.boxes:
        left -= 1
        lines += _box(each, inner, left == 0)
    return lines


def _aligned(cards: Sequence[Card]) -> list[str]:
    cells = [(card.name, card.type, card.address, card.model) for card in cards]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rows = []
    for card, row in zip(cards, cells, strict=True):
        mark = card.state.mark if card.state else "▾"
        columns = [cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width]
        rows.append(f"{mark} {_GAP.join((*columns, _told(card)))}".rstrip())
    return rows


def _told(card: Card) -> str:
    told = [_of_state(card.state) if card.state else "", parts_in_words(card.parts) if card.parts else ""]
    return ", ".join(filter(None, told))


def _of_state(state: State) -> str:
    if state.word == HELD:
        return f"held by {state.detail}"
    return f"{UNREADY}: {state.detail}" if state.word == UNREADY else ""


def _parts(parts: Sequence[Part], trunk: str) -> list[str]:
    """Parts, those that are in the same state together."""
    groups: dict[State, list[str]] = {}
    for part in parts:
        groups.setdefault(part.state, []).append(part.name)
    texts = [
        f"{state.mark} {ranges(names)}{_GAP}{_of_state(state)}".rstrip() for state, names in groups.items()
    ]
    return [f"{trunk}{'└─' if at == len(texts) - 1 else '├─'} {text}" for at, text in enumerate(texts)]
