"""What is refused of a runtime: containers that nobody would wait for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from cod.errors import Misuse
from cod.runtimes.options import Option


def refuse_background(program: str, options: Sequence[Option]) -> None:
    """Raise Misuse for a container that is detached, or started again by a service."""
    for option in options:
        if option.name == "restart" and option.value not in ("", "no"):
            raise Misuse(
                f"nobody would hold the devices of a container that starts again ({' '.join(option.words)})",
                causes=(f"its first process holds them, and {program} would put another in its place",),
                hint=f"leave it out, and start it all again: until cod run … -- {program} run …; do :; done",
            )
    refuse_detached(program, options)


def refuse_detached(program: str, options: Sequence[Option]) -> None:
    """Raise Misuse for a container that is detached. GNU's dialect takes any beginning of the word."""
    for option in options:
        if option.name and "detach".startswith(option.name) and option.is_on:
            raise Misuse(
                f"nobody would hold the devices of a detached container ({option.words[0]})",
                causes=(f"they are held while the command lives, and {program} would end at once",),
                hint=f"leave it out, and put the whole in the background: cod run … -- {program} run … &",
            )


def refuse_verb(
    program: str, given: Sequence[str], example: str, verbs: Sequence[str] = ("run",)
) -> NoReturn:
    """Raise Misuse for another verb than those that start a container and wait for it."""
    named = ", ".join(f"`{program} {verb}`" for verb in verbs)
    raise Misuse(
        f"cod run gives devices to {named} only, not to `{' '.join((program, *given))}`",
        causes=("devices are held while the command lives, so it has to live as long as its container",),
        hint=f"cod run -d CLASS -- {program} {verbs[0]} {example}",
    )
