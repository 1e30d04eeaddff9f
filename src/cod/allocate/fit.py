"""The refusal of a claim that cannot be met, with all its causes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from cod.errors import Refused


class Shortage(Struct, frozen=True):
    """A request that stayed without some of its devices.

    `there` is how many devices its class has on this machine, `free` how many of them can be had, `fits` how
    many it could have had beside the claim's other requests; `holders` are claims and how many devices each
    has, `tainted` are reasons why devices that nobody holds are not to be had, and how many each keeps back.
    """

    request: str
    class_name: str
    wanted: int
    there: int
    free: int
    fits: int
    holders: dict[str, int] = {}
    tainted: dict[str, int] = {}

    @property
    def text(self) -> str:
        """The shortage in one line."""
        line = f"request {self.request}: {self.wanted} of {self.class_name} wanted, "
        if not self.there:
            return line + "this machine has none"
        line += f"{self.there} there, {self.free} free"
        if self.free >= self.wanted:
            line += f", {self.fits} left by this claim's other requests"
        if self.holders:
            line += "; held by " + _counted(self.holders)
        if self.tainted:
            line += "; unready: " + _counted(self.tainted)
        return line


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in counts.items())


class NoFit(Refused):
    """A claim cannot be met now; `nearest` is what could be, as `-d` takes it (`sim-gpu:2`)."""

    def __init__(self, claim: str, shortages: Sequence[Shortage], nearest: Sequence[str]) -> None:
        self.shortages = tuple(shortages)
        self.nearest = tuple(nearest)
        super().__init__(
            f"claim {claim} cannot be met",
            where=claim,
            causes=tuple(each.text for each in shortages),
            hint=self._hint(),
        )

    def _hint(self) -> str:
        hints = []
        if self.nearest:
            hints.append(f"this would fit: {' '.join(f'-d {each}' for each in self.nearest)}")
        if any(each.holders for each in self.shortages):
            hints.append("see who holds what: cod claim list")
        if any(not each.there or each.tainted for each in self.shortages):
            hints.append("see what there is: cod device list")
        return "; ".join(hints)
