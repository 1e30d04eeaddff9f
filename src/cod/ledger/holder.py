"""Who holds a claim: processes, or a lease, which needs none."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from cod.host.processes import Process, Processes


class Lease(Struct, frozen=True):
    """A claim that somebody keeps by its name: until it is released, the machine boots again, or its end.

    `ends` is in seconds since 1970; None is never. What a claim has made ready is lost with the boot.
    """

    boot: str
    ends: float | None = None


Holder: TypeAlias = Process | Lease


def lives(holder: Holder, processes: Processes, now: float) -> bool:
    """Whether a holder still holds. Where the boot cannot be told, a lease lives on."""
    if isinstance(holder, Process):
        return processes.alive(holder)
    boot = processes.boot_id()
    if boot and holder.boot and holder.boot != boot:
        return False
    return holder.ends is None or now < holder.ends
