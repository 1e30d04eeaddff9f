"""Whether an OCI runtime would leave out some of a claim's edits: it is asked, before anything is started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from cod.cdi.features import left_out
from cod.cdi.spec import ContainerEdits
from cod.runtimes.asking import ask
from cod.runtimes.command import RuntimeUnavailable
from cod.runtimes.translate import NotCarried


def check_features(
    program: str | Callable[[], str], edits: ContainerEdits, environ: Mapping[str, str]
) -> None:
    """Raise NotCarried for what this runtime would leave out, or the one that an engine says it uses."""
    if not any(left_out(edits, None)):
        return
    program = program if isinstance(program, str) else program()
    if problems := tuple(left_out(edits, _features(program, environ))):
        raise NotCarried(
            f"this {program} cannot give a container all that these devices need",
            causes=problems,
            hint=f"{program} features says what it knows; use a newer one",
        )


def _features(program: str, environ: Mapping[str, str]) -> Any:
    try:
        return msgspec.json.decode(ask((program, "features"), environ))
    except (RuntimeUnavailable, msgspec.DecodeError):
        return None  # it is older than the question
