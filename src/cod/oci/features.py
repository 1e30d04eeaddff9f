"""Whether the real runtime would leave out some of the edits; it is asked only for what some do leave out."""

from __future__ import annotations

from cod.cdi.features import left_out
from cod.cdi.users import beyond_user
from cod.errors import Refused
from cod.oci.plain_json import InvalidJson, decode

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from typing import Any

_PATIENCE = 10.0  # seconds


class LeftOut(Refused):
    """Edits that the real runtime does not know, and would leave out without a word."""


def check_features(real: str, edits: Any) -> None:
    """Raise LeftOut for what this runtime would leave out; "" is one that nobody tells us, as to a hook.

    And for what it cannot do without root.
    """
    if problems := tuple(beyond_user(edits)):
        what = "who is not root cannot give a container all that these devices need"
        raise LeftOut(what, causes=problems, hint="start it as root")
    problems = tuple(left_out(edits, _features(real) if real else None))
    if problems and real:
        what = f"this {real} cannot give a container all that these devices need"
        raise LeftOut(what, causes=problems, hint=f"{real} features says what it knows; use a newer one")
    if problems:
        what = "a hook is not told which runtime there is, and some leave out what these devices need"
        raise LeftOut(what, causes=problems, hint="use cod-runtime as the runtime: cod runtime install")


def _features(real: str) -> Any:
    import subprocess

    try:
        done = subprocess.run(
            [real, "features"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=True,
        )
        return decode(done.stdout)
    except (OSError, subprocess.SubprocessError, InvalidJson):
        return None  # it is older than the question
