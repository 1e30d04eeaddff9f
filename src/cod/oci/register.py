"""Register `cod-runtime` with an engine, and undo it exactly.

What a file was before is kept in `/var/lib/cod/runtime` (users: `$XDG_STATE_HOME/cod/runtime`). While the
file is as we left it, undoing puts that back, byte for byte; where somebody has changed it since, only what
is ours is taken out.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cod.cdi.write import WriteFailed, write_bytes
from cod.errors import CodError, Misuse
from cod.oci.engines import ENGINES, PROGRAM, Engine, InvalidEngineConfig, Order

DEFAULT_NAME = "cod"


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


class Addition(Struct, frozen=True):
    """A file that gets what is ours: what it is without that, and the name under which that is kept."""

    state: str
    base: bytes | None
    change: Change


class Kept(Struct, frozen=True):
    """What a file was before we changed it, what we made of it, and for which runtime."""

    path: str
    program: str
    name: str
    before: bytes | None
    after: bytes


def installation(name: str, order: Order) -> list[Change]:
    """What registering with an engine changes: the program, and the engine's files.

    Raises InvalidEngineConfig, or Unavailable for a file that cannot be read.
    """
    return [addition.change for addition in _additions(name, order)]


def install(name: str, changes: list[Change], order: Order) -> None:
    """Make these changes, and remember what was before.

    Raises InvalidEngineConfig for a file that somebody has changed meanwhile, or WriteFailed; then all is as
    it was.
    """
    with _alone(order):
        additions = _additions(name, order)
        _refuse(changes, [addition.change for addition in additions])
        with _all_or_none(additions, order):
            for addition in additions[1:] or additions:  # the program's own is kept where it is all there is
                _keep(addition, order)
            for change in changes:
                _apply(change, order)


def removal(name: str, order: Order) -> list[Change]:
    """What undoing changes: the engine's files, and the program once no engine needs it.

    Raises InvalidEngineConfig, or Unavailable for a file that cannot be read.
    """
    _check_names(order)
    states = {**_states(order)}
    changes = []
    programs = set() if ENGINES[name] else {order.program}
    for state, engine in reversed(_parts(name, order)):
        kept = states.pop(state, None)
        _refuse_other(kept, order)
        path = Path(kept.path) if kept is not None else engine.path(order)
        now = order.content(path)
        changes.append(Change(path, now, _without(engine, now, kept, order), engine.mode))
        programs |= {Path(kept.program)} if kept is not None else set()
    states.pop(_state(name, order), None)
    for program in sorted(programs):
        if not any(each.program == str(program) for each in states.values()):
            now = order.content(program)
            after = None if now is None or _is_ours(now) else now
            changes.append(Change(program, now, after, PROGRAM.mode, is_program=True))
    return changes


def uninstall(name: str, changes: list[Change], order: Order) -> None:
    """Make these changes, and forget.

    Raises InvalidEngineConfig for a file that somebody has changed meanwhile, or WriteFailed.
    """
    names = {_state(name, order), *(state for state, _ in _parts(name, order))}
    states = [order.place(order.states) / each for each in sorted(names)]
    if not any(map(os.path.lexists, states)) and not any(change.is_one for change in changes):
        return
    with _alone(order):
        _refuse(changes, removal(name, order))
        for change in changes:
            _apply(change, order)
        for state in states:
            try:
                state.unlink(missing_ok=True)
            except OSError as error:
                raise WriteFailed("remove", state, error) from None


def why_not_removed(name: str, order: Order) -> list[str]:
    """What tells somebody who finds that nothing changes: where else it is registered, who needs the program.

    A line each; none where nothing of ours is left.
    """
    states = _states(order)
    others = [kept for state, kept in states.items() if state.startswith(f"{name}%2F")]
    lines = [f"{name} is registered in {kept.path}: --config {kept.path}" for kept in others]
    needing = [kept.path for kept in states.values() if kept.program == str(order.program)]
    if needing and not ENGINES[name]:
        lines.append(f"{order.program} stays: needed by {', '.join(needing)}")
    return lines


def _parts(name: str, order: Order) -> list[tuple[str, Engine]]:
    """The files of an engine, each by the name under which is kept what it was."""
    return [
        (_state(f"{name}-{number}" if number else name, order), engine)
        for number, engine in enumerate(ENGINES[name])
    ]


def _additions(name: str, order: Order) -> list[Addition]:
    _check(order)
    additions = [_addition(_state(name, order), PROGRAM, PROGRAM.path(order), None, order)]
    for state, engine in _parts(name, order):
        path = engine.path(order)
        additions.append(_addition(state, engine, path, _base(state, engine, path, order), order))
    return additions


def _keep(addition: Addition, order: Order) -> None:
    change = addition.change
    assert change.after is not None
    kept = Kept(str(change.path), str(order.program), order.name, addition.base, change.after)
    write_bytes(msgspec.json.encode(kept), order.place(order.states) / addition.state, 0o600)


@contextmanager
def _alone(order: Order) -> Iterator[None]:
    """Keep others out who register meanwhile."""
    directory = order.place(order.states)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise WriteFailed("write", directory / "state", error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _all_or_none(additions: list[Addition], order: Order) -> Iterator[None]:
    """Put back what was there, if one of several files cannot be written."""
    states = [order.place(order.states) / addition.state for addition in additions]
    kept = {path: path.read_bytes() if path.exists() else None for path in states}
    try:
        yield
    except CodError:
        for each in reversed(additions):
            change = each.change
            with suppress(CodError):
                if order.content(change.path) == change.after:
                    _apply(replace(change, before=change.after, after=change.before), order)
        for path, content in kept.items():
            with suppress(CodError, OSError):
                if content is None:
                    path.unlink(missing_ok=True)
                else:
                    write_bytes(content, path, 0o600)
        raise


def _refuse(shown: list[Change], now: list[Change]) -> None:
    """Refuse to make changes that are no more what is to be changed."""
    if shown != now:
        others = [each for each in (*now, *shown) if each not in shown or each not in now]
        path = str(others[0].path)
        what = f"somebody has changed {path} meanwhile, or what needs it"
        raise InvalidEngineConfig(what, where=path, hint="do it again, and look again")


def _addition(state: str, engine: Engine, path: Path, base: bytes | None, order: Order) -> Addition:
    now = order.content(path)
    after = engine.added(base, order)
    if now is not None and sorted(now.splitlines()) == sorted(after.splitlines()):
        after = now  # ours stands before what others have added since, and may
    return Addition(state, base, Change(path, now, after, engine.mode, engine is PROGRAM))


def _base(state: str, engine: Engine, path: Path, order: Order) -> bytes | None:
    """The engine's file as it is without us."""
    kept = _states(order).get(state)
    return _without(engine, order.content(path), kept if kept and kept.path == str(path) else None, order)


def _without(engine: Engine, now: bytes | None, kept: Kept | None, order: Order) -> bytes | None:
    if now is None:
        return None
    if kept is None:
        return engine.removed(now, None, order)
    if now == kept.after:
        return kept.before
    return engine.removed(now, kept.before, replace(order, name=kept.name, program=Path(kept.program)))


def _apply(change: Change, order: Order) -> None:
    if not change.is_one:
        return
    path = order.place(change.path)
    try:
        found = path.stat()
    except OSError:
        found = None
    try:
        if change.after is None:
            path.unlink(missing_ok=True)
            return
        write_bytes(change.after, path, stat.S_IMODE(found.st_mode) if found else change.mode)
        if found is not None and (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
            os.chown(path, found.st_uid, found.st_gid)
    except OSError as error:
        raise WriteFailed("remove" if change.after is None else "change", path, error) from None


def _states(order: Order) -> Mapping[str, Kept]:
    """What is kept, by the names of its files; what cannot be read counts as not kept."""
    found = {}
    with suppress(OSError):
        for path in sorted(order.place(order.states).glob("*.json")):
            with suppress(CodError, OSError, msgspec.DecodeError):
                found[path.name] = msgspec.json.decode(path.read_bytes(), type=Kept)
    return found


def _state(name: str, order: Order) -> str:
    """The name of the file in which an engine's is kept."""
    config = quote(str(order.config), safe="") if order.config is not None and name != "cod-runtime" else ""
    return f"{name}{config}.json"


def _refuse_other(kept: Kept | None, order: Order) -> None:
    """Refuse to remove a runtime under a name that is not the one that was asked for."""
    if kept is not None and order.name not in (DEFAULT_NAME, kept.name):
        what = f"the runtime in {kept.path} is called {kept.name}, not {order.name}"
        raise InvalidEngineConfig(what, where=kept.path, hint=f"--name {kept.name}")


def _check(order: Order) -> None:
    _check_names(order)
    now = order.content(order.program)
    if now is not None and not _is_ours(now):
        what = f"{order.program} is there and is not ours"
        raise InvalidEngineConfig(what, where=str(order.program), hint="--program names another place")


def _check_names(order: Order) -> None:
    name = order.name
    if not name or not all(c.isascii() and (c.isalnum() or c in "-_") for c in name):
        causes = ("it has letters, digits, - and _ only",)
        raise Misuse(f"{name!r} is no name for a runtime", causes=causes, hint=f"--name {DEFAULT_NAME}")
    if name in ("runc", "crun", "io.containerd.runc.v2"):
        raise Misuse(f"{name} is a real runtime's name", hint=f"--name {DEFAULT_NAME}")
    places = {"--program": order.program, "--config": order.config, "--settings": order.settings}
    for option, path in places.items():
        if path is not None and not path.is_absolute():
            raise Misuse(f"{option} {path} is not absolute", hint=f"{option} {Path.cwd() / path}")


def _is_ours(program: bytes) -> bool:
    return b"\n# cod-runtime: " in program[:200]
