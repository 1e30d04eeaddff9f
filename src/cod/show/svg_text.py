"""Text in an SVG: escaped, cut to a width, and measured without any font."""

from __future__ import annotations

Drawn = tuple[list[str], float]  # what is drawn, and how high it is

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})
_WIDE = frozenset("MWmw@%—")
_NARROW = frozenset("iljtfrI.,:;'|!()[] ·-")


def escaped(text: str) -> str:
    """Text for XML 1.0, in which what XML cannot hold or nobody can see is `�`."""
    if not text.isprintable():
        text = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
    return text.translate(_ESCAPES)


def text_width(text: str, size: float) -> float:
    """About how wide a text is in a usual sans-serif font; rather too wide than too narrow."""
    ems = sum(1.0 if c in _WIDE or c > "\u2e7f" else 0.4 if c in _NARROW else 0.64 for c in text)
    return ems * size


def fit(text: str, size: float, room: float) -> str:
    """The text, cut with `…` where it is wider than there is room; its end is kept, where numbers differ."""
    if text_width(text, size) <= room:
        return text
    while text and text_width(f"{text}…", size) > room:
        text = text[:-1]
    return f"{text}…" if text else ""


def fit_name(name: str, size: float, room: float) -> str:
    """A name, cut in its middle where it is too wide: names differ at their ends."""
    if text_width(name, size) <= room:
        return name
    kept = len(name)
    while kept > 2 and text_width(name[:kept] + "…", size) > room:
        kept -= 1
    head = kept // 2
    return f"{name[:head]}…{name[len(name) - (kept - head) :]}"


def tag(name: str, content: str = "", **attributes: object) -> str:
    """An element; `class_` is its class, `_` in other names is `-`, numbers are rounded."""
    words = "".join(f' {_key(key)}="{_value(value)}"' for key, value in attributes.items() if value != "")
    return f"<{name}{words}>{content}</{name}>" if content else f"<{name}{words}/>"


def text(x: float, y: float, content: str, class_: str, **attributes: object) -> str:
    """A line of text."""
    return tag("text", escaped(content), x=x, y=y, class_=class_, **attributes) if content else ""


def _key(name: str) -> str:
    return "class" if name == "class_" else name.replace("_", "-")


def _value(value: object) -> str:
    return f"{round(value, 1):g}" if isinstance(value, (int, float)) else escaped(str(value))
