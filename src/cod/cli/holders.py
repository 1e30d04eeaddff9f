"""Which claims hold each of a machine's devices, for commands that only show it.

Looking changes nothing: a ledger that is not there is not made, and means that nothing is held.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from cod.cli.machine import warn
from cod.drivers.inventory import Inventory
from cod.drivers.protocol import DeviceKey
from cod.resource import Device

if TYPE_CHECKING:
    from cod.allocate import Use
    from cod.ledger import HeldClaim

_PATIENCE = 1.0  # seconds: who looks does not wait for long


class Held(Struct, frozen=True):
    """The claims that have each device, without the devices that are free, and what can still be shared."""

    by: dict[DeviceKey, tuple[str, ...]] = {}
    open: frozenset[DeviceKey] = frozenset()


def holders(ledger_path: Path, inventory: Inventory) -> Held:
    """By which claims devices are held.

    Where there is a ledger that cannot be used, nothing counts as held, and a warning says so.
    """
    claims = held_claims(ledger_path)
    if not claims:
        return Held()
    from cod.allocate import in_use

    uses = inventory.here(in_use([each.claim for each in claims]))
    return Held(
        by={key: tuple(dict.fromkeys(use.holder for use in each)) for key, each in uses.items()},
        open=frozenset(key for key, each in uses.items() if _is_open(inventory.found[key].device, each)),
    )


def held_claims(ledger_path: Path) -> list[HeldClaim]:
    """The claims of a ledger; none, with a warning, where it cannot be used."""
    if not _has_content(ledger_path):
        return []
    # SQLite takes 10 ms, and most machines that are only looked at have no ledger.
    from cod.ledger import LedgerUnavailable

    try:
        return known_claims(ledger_path)
    except LedgerUnavailable as error:
        warn(f"{error.what} ({ledger_path}); devices that are held look free")
        return []


def known_claims(ledger_path: Path) -> list[HeldClaim]:
    """The claims of a ledger; none where there is no ledger. Raises LedgerUnavailable."""
    if not _has_content(ledger_path):
        return []
    from cod.ledger import Ledger

    with Ledger(ledger_path, patience=_PATIENCE) as book:
        return book.claims()


def _is_open(device: Device, uses: Sequence[Use]) -> bool:
    """Whether somebody could share a device with those who have it: something is left of each capacity."""
    if not device.allow_multiple_allocations or not all(use.share_id for use in uses):
        return False
    from cod.resource import parse_quantity

    def is_used_up(name: str, whole: str) -> bool:
        parts = [parse_quantity(use.consumed[name]) for use in uses if name in use.consumed]
        return bool(parts) and reduce(add, parts) >= parse_quantity(whole)

    return not any(is_used_up(name, each.value) for name, each in device.capacity.items())


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except (OSError, ValueError):
        return False
