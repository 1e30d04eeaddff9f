"""Docker: `runtimes` in `daemon.json`, which has no drop-ins.

What is ours is put into the file's text and taken out of it again, so that the rest stays as people have laid
it out.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from cod.oci.engines.order import InvalidEngineConfig, Order, taken, text_of, unread

_HINT = "put it right first: dockerd would not take it either"
_RUNTIMES, _DEFAULT = "runtimes", "default-runtime"
_value = json.JSONDecoder().raw_decode
_space = re.compile(r"[ \t\r\n]*")


class Docker:
    """`docker run --runtime NAME`."""

    what_next = "systemctl reload docker"
    mode = 0o644

    def path(self, order: Order) -> Path:
        """`daemon.json`."""
        return order.config or Path("/etc/docker/daemon.json")

    def added(self, before: bytes | None, order: Order) -> bytes:
        """With the runtime; what else is there stays."""
        data, text = self._read(before, order)
        if order.name in data.get(_RUNTIMES, {}):
            raise taken(self.path(order), order)
        runtime = {"path": str(order.program)}
        if _RUNTIMES in data:
            text = _with(text, (_RUNTIMES, order.name), runtime)
        else:
            text = _with(text, (_RUNTIMES,), {order.name: runtime})
        if order.is_default:
            text = _with(text, (_DEFAULT,), order.name)
        return text.encode()

    def removed(self, now: bytes, before: bytes | None, order: Order) -> bytes | None:
        """Without the runtime, and without what is empty then; the default is again what it was."""
        data, text = self._read(now, order)
        if data.get(_RUNTIMES, {}).get(order.name) != {"path": str(order.program)}:
            return now
        was, _ = self._read(before, order)
        is_all = len(data[_RUNTIMES]) == 1 and _RUNTIMES not in was
        text = _without(text, (_RUNTIMES,) if is_all else (_RUNTIMES, order.name))
        if data.get(_DEFAULT) == order.name:
            text = _with(text, (_DEFAULT,), was[_DEFAULT]) if _DEFAULT in was else _without(text, (_DEFAULT,))
        return None if before is None and json.loads(text) == {} else text.encode()

    def _read(self, content: bytes | None, order: Order) -> tuple[dict[str, Any], str]:
        path = self.path(order)
        text = text_of(content or b"", path)
        if not text.strip():
            return {}, "{}\n"
        try:
            data = json.loads(text, object_pairs_hook=_unique)
        except (ValueError, RecursionError) as error:
            raise unread(path, "JSON", text, error, _HINT) from None
        if not isinstance(data, dict) or not isinstance(data.get(_RUNTIMES, {}), dict):
            what = f"{path} is not as dockerd reads it: an object, whose runtimes are an object, too"
            raise InvalidEngineConfig(what, where=str(path), hint=_HINT)
        return data, text


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _with(text: str, keys: tuple[str, ...], value: Any) -> str:
    """The text with a value at these keys, in place of the old one or at the end of its object."""
    place, members = _object(text, keys[:-1])
    lines = json.dumps(value, indent=_indent(text), ensure_ascii=False).split("\n")
    laid_out = f"\n{_indent(text) * len(keys)}".join(lines)
    for key, _, start, end in members:
        if key == keys[-1]:
            return text[:start] + laid_out + text[end:]
    member = f"\n{_indent(text) * len(keys)}{json.dumps(keys[-1])}: {laid_out}"
    if members:
        end = members[-1][3]
        return f"{text[:end]},{member}{text[end:]}"
    rest = _after_space(text, place)
    return f"{text[:place]}{member}\n{_indent(text) * (len(keys) - 1)}{text[rest:]}"


def _without(text: str, keys: tuple[str, ...]) -> str:
    """The text without what is at these keys."""
    place, members = _object(text, keys[:-1])
    index = [key for key, *_ in members].index(keys[-1])
    _, start, _, end = members[index]
    if index:
        start = members[index - 1][3]  # with the comma before it
    elif len(members) > 1:
        end = members[1][1]
    else:
        start, end = place, _after_space(text, end)
    return text[:start] + text[end:]


def _object(text: str, keys: tuple[str, ...]) -> tuple[int, list[tuple[str, int, int, int]]]:
    """Where the object at these keys begins, after its brace, and its members.

    A member is its key, where it begins, where its value begins, and where that ends.
    """
    place = _after_space(text, 0) + 1
    for wanted in keys:
        place = next(start for key, _, start, _ in _object_at(text, place) if key == wanted) + 1
    return place, _object_at(text, place)


def _object_at(text: str, place: int) -> list[tuple[str, int, int, int]]:
    members = []
    place = _after_space(text, place)
    while text[place] == '"':
        key, after = _value(text, place)
        start = _after_space(text, _after_space(text, after) + 1)
        end = _value(text, start)[1]
        members.append((key, place, start, end))
        comma = _after_space(text, end)
        place = _after_space(text, comma + 1) if text[comma] == "," else comma
    return members


def _after_space(text: str, place: int) -> int:
    found = _space.match(text, place)
    assert found is not None
    return found.end()


def _indent(text: str) -> str:
    found = re.search(r'^\s*\{\s*\n([ \t]+)"', text)
    return found[1] if found else "  "
