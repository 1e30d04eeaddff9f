"""The shapes of states in an SVG, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cod.drivers.protocol import DeviceKey
from cod.show.outline import Card
from cod.show.state import BARE, FREE, HELD, UNREADY, State
from cod.show.svg_text import Drawn, fit, tag, text, text_width
from cod.show.words import ranges
from cod.topology import Topology

CLASS = {FREE: "free", HELD: "held", UNREADY: "unready", BARE: "bare"}
_HEIGHT = 16
_LINE, _MOST_CLAIMS = 17, 12


def draw_mark(state: State | None, x: float, y: float, radius: float) -> str:
    """The shape of a state: a ring for free, a disc for held, a cross for unready."""
    if state is None or state.word == BARE:
        return ""
    if state.word == UNREADY:
        r = radius * 0.85
        cross = f"M{x - r:.1f} {y - r:.1f}l{2 * r:.1f} {2 * r:.1f}m0 {-2 * r:.1f}l{-2 * r:.1f} {2 * r:.1f}"
        return tag("path", d=cross, class_="mark")
    return tag("circle", cx=x, cy=y, r=radius, class_="mark")


def tip(name: str, state: State) -> str:
    """A name and its state: `gpu0 · held by train-7`."""
    detail = f" by {state.detail}" if state.word == HELD else f": {state.detail}" if state.detail else ""
    return f"{name} · {state.word}{detail}"


def draw_legend(cards: Sequence[Card], x: float, y: float) -> Drawn:
    """What the shapes mean, as far as they occur."""
    states = {state.word for card in cards for state in card.states()}
    parts: list[str] = []
    for word, class_ in CLASS.items():
        if word not in states:
            continue
        shape = tag("rect", x=x, y=y, width=22, height=_HEIGHT, rx=3, class_="card")
        parts.append(tag("g", shape + draw_mark(State(word), x + 11, y + _HEIGHT / 2, 4), class_=class_))
        parts.append(text(x + 29, y + 12, word, "note"))
        x += 29 + text_width(word, 11) + 22
    return parts, _HEIGHT


def draw_claims(topology: Topology, held: Mapping[DeviceKey, str], x: float, y: float, room: float) -> Drawn:
    """Which claim holds what, a line each, where cards have no room to say it."""
    claims: dict[str, list[str]] = {}
    for point in topology.devices:
        if point.key and point.key in held:
            claims.setdefault(held[point.key], []).append(point.name)
    lines = [f"{claim}: {ranges(names)}" for claim, names in claims.items()]
    if len(lines) > _MOST_CLAIMS:
        lines[_MOST_CLAIMS - 1 :] = [f"and {len(lines) - _MOST_CLAIMS + 1} more claims"]
    parts = [text(x, y + 12 + at * _LINE, fit(line, 11, room), "note") for at, line in enumerate(lines)]
    return parts, len(lines) * _LINE
