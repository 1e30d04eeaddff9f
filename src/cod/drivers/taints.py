"""Why a device that is there is nobody's to have, as a taint of the Kubernetes API."""

from __future__ import annotations

from cod.resource import Taint

UNREADY = "cod.dev/unready"
IN_USE = "in-use-by-host"
NOT_MADE, NO_TYPE = "not-made", "no-type"
POSSIBLE = (NOT_MADE, NO_TYPE)  # reasons of what is no device yet: a partition, a vGPU of no type


def unready(reason: str) -> tuple[Taint, ...]:
    """The taint of a device that cannot be used now, none where the reason is "".

    A reason has the form of a label's value, `port-is-down`, of at most 63 characters.
    """
    return (Taint(UNREADY, reason),) if reason else ()
