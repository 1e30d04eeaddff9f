"""Why a device was not found, and which one may have been meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from cod.cdi.names import InvalidName, parse_qualified_name
from cod.errors import CodError

_MOST_CANDIDATES = 5_000
_MOST_ERRORS = 3


def explain_missing(
    names: Sequence[str], known: Sequence[str], dirs: Sequence[str], errors: Mapping[str, Sequence[CodError]]
) -> tuple[tuple[str, ...], str]:
    """The reasons why none of `names` was found among `known`, one a line, and what to try."""
    causes = []
    nearest: list[str] = []
    for name in names:
        try:
            parse_qualified_name(name)
        except InvalidName as error:
            causes.append(error.what)
            continue
        conflict = _conflict(name, errors)
        if conflict:
            causes.append(conflict)
            continue
        near = _nearest(name, known)
        nearest += near
        causes.append(f"{name} is in no spec file{'; nearest: ' + ', '.join(near) if near else ''}")
    causes.append(f"looked in {', '.join(dirs) or 'no directory'}: {len(known)} devices")
    broken = [(path, found[0].what) for path, found in errors.items()]
    causes += [f"left out {path}: {what}" for path, what in broken[:_MOST_ERRORS]]
    if len(broken) > _MOST_ERRORS:
        causes.append(f"left out {len(broken) - _MOST_ERRORS} more files or directories")
    if nearest:
        return tuple(causes), f"did you mean {nearest[0]}?"
    return tuple(causes), "`cod spec devices` shows the names there are"


def _conflict(name: str, errors: Mapping[str, Sequence[CodError]]) -> str:
    subject = f'conflicting device "{name}" '
    return next((e.what for found in errors.values() for e in found if e.what.startswith(subject)), "")


def _nearest(name: str, known: Sequence[str]) -> list[str]:
    kind = name.partition("=")[0]
    same_kind = [other for other in known if other.partition("=")[0] == kind]
    candidates = same_kind or known[:_MOST_CANDIDATES]
    return get_close_matches(name, candidates[:_MOST_CANDIDATES], n=3, cutoff=0.6) or same_kind[:3]
