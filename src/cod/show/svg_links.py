"""Links past PCI in an SVG: a line of text for a full mesh, arcs over a row of names where some lack."""

from __future__ import annotations

from cod.show.svg_text import Drawn, escaped, fit, tag, text, text_width
from cod.show.words import bandwidth, fabric, kind
from cod.topology import Fabric, Topology, fabrics

_MOST_WITH_ARCS = 16
_BAND = 34
_KNOTS = ((-8, -8), (8, -8), (8, 8), (-8, 8))


def draw_links(topology: Topology, x: float, y: float, room: float) -> Drawn:
    """All fabrics, one below the other, and the height they take."""
    parts: list[str] = []
    start = y
    for each in fabrics(topology):
        is_mesh = each.is_full or len(each.members) > _MOST_WITH_ARCS
        drawn, height = _band(each, x, y, room) if is_mesh else _arcs(each, x, y, room)
        parts += drawn
        y += height + 8
    return parts, max(y - 8 - start, 0)


def _band(each: Fabric, x: float, y: float, room: float) -> Drawn:
    """A sign for a mesh, and what is meshed."""
    return [
        _ground(x, y, room, _BAND),
        _sign(x + 22, y + _BAND / 2),
        *_words(each, x + 42, y + 21, room - 52),
    ], _BAND


def _words(each: Fabric, x: float, y: float, room: float) -> list[str]:
    label = fit(kind(each.kind), 12, room / 3)
    words = escaped(fit(fabric(each), 11, room - text_width(label, 12) - 10))
    spans = f'<tspan class="heading">{escaped(label)}</tspan><tspan dx="10">{words}</tspan>'
    return [tag("text", spans, x=x, y=y)]


def _sign(x: float, y: float) -> str:
    """Four knots, each wired with each."""
    ends = [(x + dx, y + dy) for dx, dy in _KNOTS]
    wires = "".join(
        f"M{a[0]:g} {a[1]:g}L{b[0]:g} {b[1]:g}" for at, a in enumerate(ends) for b in ends[at + 1 :]
    )
    return tag("path", d=wires, class_="wire") + "".join(
        tag("circle", cx=a, cy=b, r=2.6, class_="knot") for a, b in ends
    )


def _arcs(each: Fabric, x: float, y: float, room: float) -> Drawn:
    """The members in a row, and an arc for each link, the wider the more it carries."""
    step = min((room - 60) / max(len(each.members) - 1, 1), 110)
    left = x + (room - step * (len(each.members) - 1)) / 2
    furthest = max(b - a for a, b in each.edges)
    height = min(26 + 14 * furthest, 130)
    base = y + 30 + height
    most = max(each.mb_s[1], 1)
    parts = [_ground(x, y, room, height + 54), *_words(each, x + 12, y + 20, room - 24)]
    for (a, b), link in each.edges.items():
        rise = (height - 8) * (b - a) / furthest
        start, end = left + a * step, left + b * step
        thick = 1 + 1.6 * (link.mb_s / most if link.mb_s else 0.2)
        tip = tag("title", escaped(_tip(each, a, b, link.mb_s)))
        top = base - rise * 4 / 3  # where a curve that ends upright has its handles
        path = f"M{start:.1f} {base:.1f}C{start:.1f} {top:.1f} {end:.1f} {top:.1f} {end:.1f} {base:.1f}"
        parts.append(tag("path", tip, d=path, class_="wire", style=f"stroke-width:{thick:.1f}"))
    for number, point in enumerate(each.members):
        parts.append(tag("circle", cx=left + number * step, cy=base, r=4, class_="knot"))
        parts.append(text(left + number * step, base + 17, fit(point.name, 11, step - 2), "middle"))
    return parts, height + 54


def _tip(each: Fabric, a: int, b: int, mb_s: int) -> str:
    return " · ".join(filter(None, (f"{each.members[a].name} with {each.members[b].name}", bandwidth(mb_s))))


def _ground(x: float, y: float, across: float, down: float) -> str:
    return tag("rect", x=x, y=y, width=across, height=down, rx=8, class_="band")
