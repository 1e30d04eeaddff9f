"""`cod claim release`: give devices back before their time."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from cod.cli.claim_words import processes_of
from cod.cli.places import claim_spec_dir, complete_claim, ledger_file, ledger_option, spec_dir_option
from cod.errors import CodError, Refused
from cod.ledger import HeldClaim, Ledger, NotHeld
from cod.prepare import unprepare
from cod.prepare.place import PLACE


@click.command("release")
@click.argument("names", metavar="NAME...", nargs=-1, required=True, shell_complete=complete_claim)
@click.option(
    "--force", is_flag=True, help="Also of claims whose command still runs, and may use the devices."
)
@ledger_option
@spec_dir_option
def command(names: tuple[str, ...], force: bool, ledger: Path | None, spec_dir: Path | None) -> None:
    """End claims, and give their devices back.

    A claim is refused while a command runs that was given its devices: they would be handed to others.
    """
    path = ledger_file(ledger)
    with Ledger(path) as book:
        held = {each.claim.name: each for each in book.claims()}
        refused: list[CodError] = [NotHeld(name) for name in names if name not in held]
        refused += [
            _in_use(held[name]) for name in names if name in held and not force and _is_used(held[name])
        ]
        if refused:
            raise _all_of(refused, len({*names}))
        for name in dict.fromkeys(names):
            place = held[name].claim.metadata.annotations.get(PLACE)
            unprepare(name, spec_dir or (Path(place) if place else claim_spec_dir(None)), path)
        book.give_back(*names)
    sys.stderr.writelines(f"claim {name} is released\n" for name in dict.fromkeys(names))


def _is_used(held: HeldClaim) -> bool:
    return bool(processes_of(held))


def _in_use(held: HeldClaim) -> Refused:
    name, pids = held.claim.name, ", ".join(str(each.pid) for each in processes_of(held))
    return Refused(
        f"claim {name} is used by process {pids}",
        where=name,
        hint=f"end that first, or release it nevertheless: cod claim release --force {name}",
    )


def _all_of(refused: Sequence[CodError], named: int) -> CodError:
    first = refused[0]
    if named == 1:
        return first
    return Refused(
        f"{len(refused)} of {named} claims cannot be released, so none was",
        causes=tuple(each.what for each in refused),
        hint=first.hint if len(refused) == 1 else "see what there is: cod claim list",
    )
