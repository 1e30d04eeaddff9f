"""The devices of the spec directories, at hand: what the careful way has found, while nothing has changed.

A claim's spec comes and goes with each claim. It is not part of what is kept: COD itself has written it, as
one line of JSON under a name of its own, and it is read when the claim is asked for.
"""

from __future__ import annotations

import os
import stat

from cod.oci.edits import Unusual, join_edits
from cod.oci.kept import identity
from cod.oci.plain_json import InvalidJson, decode
from cod.oci.wanted import ALL, CLAIM

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from cod.oci.edits import Part

CLAIM_PREFIX = "cod.dev-claim_"
"""How the names of claims' spec files begin."""

_EXTENSIONS = (".json", ".yaml")
_MOST_BYTES = 1 << 20


class Missing(Exception):
    """A device that is not at hand. Whether there is one, the careful way tells."""


class Catalogue:
    """The devices of each kind.

    A block of a kind is `{"common": [edits of a file, …], "devices": {name: [file, edits]}}`.
    """

    def __init__(self, block: Callable[[str], Any], dirs: Sequence[str], has_claims: bool) -> None:
        self._block = block
        self._dirs = dirs
        self._has_claims = has_claims

    def resolve(self, names: Sequence[str]) -> Part:
        """The edits for these devices, each once, a file's own before those of its first device.

        Raises Missing or Unusual.
        """
        parts = []
        seen: set[tuple[str, object]] = set()
        for name in names:
            kind, _, device = name.partition("=")
            if kind == CLAIM and not self._has_claims:
                parts += _claim(device, self._dirs)
                continue
            block = self._block(kind)
            if block is None:
                raise Missing(name)
            devices = block["devices"]
            chosen = [*devices] if device == ALL and ALL not in devices else [device]
            for each in chosen:
                if each not in devices:
                    raise Missing(name)
                file, edits = devices[each]
                for key, part in (((kind, file), block["common"][file]), ((kind, each), edits)):
                    if key not in seen:
                        seen.add(key)
                        parts.append(part)
        return join_edits(parts)


def listing(dirs: Sequence[str]) -> list[list[Any]] | None:
    """The spec files that may be kept, each with its identity; None if a directory is unreadable."""
    found: list[list[Any]] = []
    for directory in dirs:
        try:
            with os.scandir(directory) as entries:
                names = [
                    entry.name
                    for entry in entries
                    if entry.name.endswith(_EXTENSIONS)
                    and not entry.name.startswith(CLAIM_PREFIX)
                    and not entry.is_dir(follow_symlinks=False)
                ]
        except FileNotFoundError:
            continue
        except OSError:
            return None
        found += [[path, identity(path)] for path in sorted([f"{directory}/{name}" for name in names])]
    return found


def _claim(name: str, dirs: Sequence[str]) -> list[Any]:
    """The edits of a claim, from the one file that COD has written for it."""
    paths = [path for directory in dirs for path in _claim_files(directory, name)]
    if len(paths) != 1 or not paths[0].endswith(".json"):
        raise Missing(name)
    spec = _own_json(paths[0])
    devices = spec.get("devices") if type(spec) is dict else None
    if (
        type(devices) is not list
        or len(devices) != 1
        or type(devices[0]) is not dict
        or spec.get("kind") != CLAIM
    ):
        raise Unusual(paths[0])
    if devices[0].get("name") != name:
        raise Missing(name)
    return [spec.get("containerEdits", {}), devices[0].get("containerEdits", {})]


def _claim_files(directory: str, claim: str) -> list[str]:
    endings = tuple([f"_{claim}{each}" for each in _EXTENSIONS])
    try:
        names = os.listdir(directory)  # noqa: PTH208 - pathlib takes 9 ms to import
    except OSError:
        return []
    return [
        f"{directory}/{each}" for each in names if each.startswith(CLAIM_PREFIX) and each.endswith(endings)
    ]


def _own_json(path: str) -> Any:
    """What is in a file that only root or we could have written."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (OSError, ValueError):
        raise Missing(path) from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid not in (0, os.geteuid()) or found.st_mode & 0o022:
            raise Unusual(path)
        return decode(os.read(descriptor, _MOST_BYTES))
    except (OSError, InvalidJson):
        raise Unusual(path) from None
    finally:
        os.close(descriptor)
