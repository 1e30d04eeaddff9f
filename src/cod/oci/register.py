"""Register `cod-runtime` with an engine, and undo it exactly.

What a file was before is kept in `/var/lib/cod/runtime/ENGINE.json`, or beside a file that `--config` names.
While the file is as we left it, undoing puts that back, byte for byte; where somebody has changed it since,
only what is ours is taken out.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from cod.cdi.write import WriteFailed, write_bytes
from cod.errors import CodError, Unavailable
from cod.oci.engines import ENGINES, Engine, InvalidEngineConfig, Order

PROGRAM = "cod-runtime"
_STATES = Path("/var/lib/cod/runtime")


class Change(Struct, frozen=True):
    """A file before and after; None stands for no file. `is_program`: it is `cod-runtime` itself."""

    path: Path
    before: bytes | None
    after: bytes | None
    mode: int
    is_program: bool = False

    @property
    def is_one(self) -> bool:
        """Whether anything changes."""
        return self.before != self.after


class Kept(Struct, frozen=True):
    """What a file was before we changed it, and what we made of it."""

    path: str
    program: str
    before: bytes | None
    after: bytes


def installation(name: str, order: Order) -> list[Change]:
    """What registering with an engine changes: the program, and the engine's file.

    Raises InvalidEngineConfig, or Unavailable for a file that cannot be read.
    """
    _check(order)
    program, engine = ENGINES[PROGRAM], ENGINES[name]
    changes = [_addition(program, program.path(order), None, order)]
    if engine is not program:
        path = engine.path(order)
        changes.append(_addition(engine, path, _base(name, engine, path, order), order))
    return changes


def install(name: str, changes: list[Change], order: Order) -> None:
    """Make these changes, and remember what was before. Raises WriteFailed."""
    last = changes[-1]
    path = order.place(last.path)
    base = _base(name, ENGINES[name], last.path, order) if name != PROGRAM else None
    assert last.after is not None
    kept = Kept(path=str(path), program=str(order.program), before=base, after=last.after)
    write_bytes(msgspec.json.encode(kept), _state_path(name, order), 0o600)
    for change in changes:
        _apply(change, order)


def removal(name: str, order: Order) -> list[Change]:
    """What undoing changes: the engine's file, and the program once no engine needs it.

    Raises InvalidEngineConfig, or Unavailable for a file that cannot be read.
    """
    _check(order)
    engine = ENGINES[name]
    kept = _states(order)
    program = kept[name].program if name in kept else str(order.program)
    changes = []
    if name != PROGRAM:
        path = Path(kept[name].path) if name in kept and order.root == Path("/") else engine.path(order)
        now = _content(order.place(path))
        changes.append(Change(path, now, _without(engine, now, kept.get(name), order), engine.mode))
    others = [each for other, each in kept.items() if other != name and each.program == program]
    if not others and (name in kept or name == PROGRAM):
        place = Path(program)
        now = _content(order.place(place))
        changes.append(Change(place, now, None, ENGINES[PROGRAM].mode, is_program=True))
    return changes


def uninstall(name: str, changes: list[Change], order: Order) -> None:
    """Make these changes, and forget. Raises WriteFailed."""
    for change in changes:
        _apply(change, order)
    with suppress(FileNotFoundError):
        _state_path(name, order).unlink()


def _addition(engine: Engine, path: Path, base: bytes | None, order: Order) -> Change:
    now = _content(order.place(path))
    return Change(path, now, engine.added(base, order), engine.mode, engine is ENGINES[PROGRAM])


def _base(name: str, engine: Engine, path: Path, order: Order) -> bytes | None:
    """The engine's file as it is without us."""
    now = _content(order.place(path))
    kept = _states(order).get(name)
    if kept is not None and Path(kept.path) != order.place(path):
        kept = None
    return _without(engine, now, kept, order)


def _without(engine: Engine, now: bytes | None, kept: Kept | None, order: Order) -> bytes | None:
    if kept is not None and now == kept.after:
        return kept.before
    return None if now is None else engine.removed(now, order)


def _apply(change: Change, order: Order) -> None:
    if not change.is_one:
        return
    path = order.place(change.path)
    if change.after is not None:
        write_bytes(change.after, path, _mode(path, change.mode))
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise WriteFailed("remove", path, error) from None


def _mode(path: Path, new: int) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return new


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Unavailable(f"{path} cannot be read: {reason}", where=str(path), hint="try sudo") from None


def _states(order: Order) -> Mapping[str, Kept]:
    """What is kept, by engine; what cannot be read counts as not kept."""
    found = {}
    for name in ENGINES:
        with suppress(CodError, msgspec.DecodeError):
            data = _content(_state_path(name, order))
            if data is not None:
                found[name] = msgspec.json.decode(data, type=Kept)
    return found


def _state_path(name: str, order: Order) -> Path:
    """Beside a file that is not the usual one, under a name that no engine reads."""
    if order.config is not None and name != PROGRAM:
        config = order.place(order.config)
        return config.with_name(f".{config.name}.{name}-before-cod")
    return order.place(_STATES) / f"{name}.json"


def _check(order: Order) -> None:
    name = order.name
    if not name or not all(c.isascii() and (c.isalnum() or c in "-_") for c in name):
        what = f"{name!r} is no name for a runtime"
        raise InvalidEngineConfig(what, where=name, hint="letters, digits, - and _")
    if name in ("runc", "crun", "io.containerd.runc.v2"):
        raise InvalidEngineConfig(f"{name} is a real runtime's name", where=name, hint="--name cod")
    for path in (order.program, order.config, order.settings):
        if path is not None and not path.is_absolute():
            raise InvalidEngineConfig(f"{path} is not absolute", where=str(path), hint=f"{Path.cwd() / path}")
    if os.path.lexists(order.place(order.program)) and not _is_ours(order.place(order.program)):
        what = f"{order.program} is there and is not ours"
        raise InvalidEngineConfig(what, where=str(order.program), hint="--program names another place")


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return b"\n# cod-runtime: " in file.read(200)
    except OSError:
        return False
