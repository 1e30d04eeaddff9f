"""Objects as JSON or YAML, in the shape that the API server reads, with what is unknown back in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from cod.resource.meta import UNKNOWN

_MARK = f'"{UNKNOWN}":'.encode()


def encode(value: Struct | Sequence[Struct]) -> bytes:
    """An object, or a part of one, as JSON; several as one List, which `kubectl apply` takes."""
    data = msgspec.json.encode(value if isinstance(value, Struct) else _list(value))
    if _MARK not in data:
        return data
    return msgspec.json.encode(_in_place(msgspec.json.decode(data)))


def to_data(value: Struct) -> Any:
    """An object, or a part of one, as plain data of the shape of its file."""
    return _in_place(msgspec.to_builtins(value, str_keys=True))


def to_yaml(value: Struct | Sequence[Struct]) -> str:
    """An object as YAML; several as documents with `---` between them."""
    from cod.resource.yaml_text import write_documents  # only YAML needs it

    values = [value] if isinstance(value, Struct) else value
    return write_documents([to_data(each) for each in values])


def _list(values: Sequence[Struct]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "List", "items": values}


def _in_place(data: Any) -> Any:
    """Plain data in which what is unknown stands beside what is known."""
    if isinstance(data, dict):
        placed = {key: _in_place(item) for key, item in data.items() if key != UNKNOWN}
        unknown = data.get(UNKNOWN)
        if isinstance(unknown, dict):
            placed = unknown | placed
        elif UNKNOWN in data:  # someone's own, in a part where anything may stand
            placed[UNKNOWN] = unknown
        return placed
    return [_in_place(item) for item in data] if isinstance(data, (list, tuple)) else data
