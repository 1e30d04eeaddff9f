"""In which state a device is shown: free, held by a claim, or unready."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from cod.drivers.protocol import DeviceKey
from cod.topology import Point

FREE, HELD, UNREADY, BARE = "free", "held", "unready", "no driver"
MARKS = {FREE: "○", HELD: "●", UNREADY: "✕", BARE: "·"}

_KEEPS_OUT = ("NoSchedule", "NoExecute")


class State(Struct, frozen=True):
    """A device's state, and the claim that holds it or what keeps it from being ready."""

    word: str
    detail: str = ""

    @property
    def mark(self) -> str:
        """One character that tells the state without colour."""
        return MARKS[self.word]


def state_of(point: Point, held: Mapping[DeviceKey, str]) -> State:
    """The state of a device; a claim that holds it counts more than a taint."""
    if point.key is None or point.found is None:
        return State(BARE)
    if point.key in held:
        return State(HELD, held[point.key])
    for taint in point.found.device.taints:
        if taint.effect in _KEEPS_OUT:
            return State(UNREADY, taint.value or taint.key.rpartition("/")[2])
    return State(FREE)
