"""Docker: `runtimes` in `daemon.json`, which has no drop-ins, edited as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from cod.oci.engines.order import InvalidEngineConfig, Order, text_of

_HINT = "put it right first: dockerd would not take it either"


class Docker:
    """`docker run --runtime NAME`."""

    what_next = "systemctl reload docker"
    mode = 0o644

    def path(self, order: Order) -> Path:
        """`daemon.json`."""
        return order.config or Path("/etc/docker/daemon.json")

    def added(self, before: bytes | None, order: Order) -> bytes:
        """With the runtime; what else is there stays, in its order."""
        data, text = self._read(before, order)
        runtime = {"path": str(order.program)}
        new = {**data, "runtimes": {**data.get("runtimes", {}), order.name: runtime}}
        if order.is_default:
            new["default-runtime"] = order.name
        inserted = _inserted(text, data, new, order.name)
        return inserted.encode() if _is(inserted, new) else _written(new, text)

    def removed(self, now: bytes, order: Order) -> bytes | None:
        """Without the runtime, and without what is empty then."""
        data, text = self._read(now, order)
        if order.name not in data.get("runtimes", {}):
            return now
        del data["runtimes"][order.name]
        if not data["runtimes"]:
            del data["runtimes"]
        if data.get("default-runtime") == order.name:
            del data["default-runtime"]
        return _written(data, text) if data else None

    def _read(self, content: bytes | None, order: Order) -> tuple[dict[str, Any], str]:
        path = self.path(order)
        text = text_of(content or b"", path)
        if not text.strip():
            return {}, text
        try:
            data = json.loads(text, object_pairs_hook=_unique)
        except (ValueError, RecursionError) as error:
            what = f"{path} is no JSON: {error}"
            raise InvalidEngineConfig(what, where=str(path), hint=_HINT) from None
        if not isinstance(data, dict) or not isinstance(data.get("runtimes", {}), dict):
            what = f"{path} is not as dockerd reads it: an object whose runtimes are one"
            raise InvalidEngineConfig(what, where=str(path), hint=_HINT)
        return data, text


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _inserted(text: str, old: dict[str, Any], new: dict[str, Any], name: str) -> str:
    """The text with what is new put in, so that the rest stays as people have laid it out."""
    indent = _indent(text)
    if "runtimes" in old:
        entry = _laid_out(name, new["runtimes"][name], indent, 2)
        comma = "," if old["runtimes"] else "\n" + indent
        text = re.sub(r'("runtimes"\s*:\s*\{)', lambda found: f"{found[0]}\n{entry}{comma}", text, count=1)
    added = [_laid_out(key, new[key], indent, 1) for key in new if key not in old]
    if not added:
        return text
    before, _, after = text.rpartition("}")
    return before.rstrip() + ("," if old else "") + "\n" + ",\n".join(added) + "\n}" + after


def _laid_out(key: str, value: Any, indent: str, depth: int) -> str:
    lines = f"{json.dumps(key)}: {json.dumps(value, indent=indent, ensure_ascii=False)}".split("\n")
    return "\n".join(indent * depth + line for line in lines)


def _is(text: str, data: dict[str, Any]) -> bool:
    try:
        return bool(json.loads(text, object_pairs_hook=_unique) == data)
    except ValueError:
        return False


def _written(data: dict[str, Any], text: str) -> bytes:
    """Laid out anew, with the file's own indent."""
    return (json.dumps(data, indent=_indent(text), ensure_ascii=False) + "\n").encode()


def _indent(text: str) -> str:
    found = re.search(r'^\{\s*\n([ \t]+)"', text)
    return found[1] if found else "  "
