"""A regular expression of RE2's language in Python's: every class is written out, every flag is gone."""

from __future__ import annotations

from cod.cel.regex.classes import ANY
from cod.cel.regex.tree import At, Characters, Node, Place, Ranges, Repeat, Sequence

_PLACES: dict[Place, str] = {
    "begin": r"\A",
    "end": r"\Z",
    "line begin": "(?m:^)",
    "line end": "(?m:$)",
    "word": r"(?a:\b)",
}


def translate(node: Node) -> str | None:
    r"""The expression for `re`; None where Python's would mean something else, as `\B` in an empty text."""
    if isinstance(node, Characters):
        return _class(node.ranges)
    if isinstance(node, At):
        return _PLACES.get(node.place)
    if isinstance(node, Repeat):
        item = translate(node.item)
        return None if item is None else f"(?:{item}){_times(node)}"
    parts = [translate(part) for part in (node.items if isinstance(node, Sequence) else node.branches)]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return "".join(known) if isinstance(node, Sequence) else f"(?:{'|'.join(known)})"


def _times(node: Repeat) -> str:
    least, most = node.least, node.most
    times = f"{{{least},{'' if most is None else most}}}"
    return times + ("?" if node.is_lazy else "")


def _class(ranges: Ranges) -> str:
    if not ranges:
        return "(?!)"
    if ranges == ANY:
        return "(?s:.)"
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _character(ranges[0][0])
    return f"[{''.join(map(_range, ranges))}]"


def _range(range_: tuple[int, int]) -> str:
    low, high = range_
    return _character(low) if low == high else f"{_character(low)}-{_character(high)}"


def _character(code: int) -> str:
    return chr(code) if code < 128 and chr(code).isalnum() else f"\\U{code:08x}"
