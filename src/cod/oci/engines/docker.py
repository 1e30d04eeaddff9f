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
        runtimes = data.setdefault("runtimes", {})
        runtimes[order.name] = {"path": str(order.program)}
        if order.is_default:
            data["default-runtime"] = order.name
        return _written(data, text)

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


def _written(data: dict[str, Any], text: str) -> bytes:
    """As people write it: with the indent that the file has, or else two."""
    found = re.search(r"^\{\s*\n([ \t]+)\"", text)
    return (json.dumps(data, indent=found[1] if found else 2, ensure_ascii=False) + "\n").encode()
