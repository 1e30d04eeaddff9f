"""`cod claim list`: who holds which devices."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cod.cli.output import output_option, print_list, print_names, print_table
from cod.cli.places import claim_spec_dir, ledger_file, ledger_option, spec_dir_option

if TYPE_CHECKING:
    from cod.ledger import HeldClaim

_LEAST = (0, 16, 16, 19)  # the last is a time


@click.command("list")
@output_option()
@ledger_option
@spec_dir_option
def command(output: str, ledger: Path | None, spec_dir: Path | None) -> None:
    """List the claims that hold devices.  (alias: ls)

    `-o yaml` and `-o json` print ResourceClaims, as one List.
    """  # noqa: D400
    from cod.cdi.write import WriteFailed
    from cod.cli.claim_words import as_object
    from cod.ledger import Ledger
    from cod.prepare import sweep

    path = ledger_file(ledger)
    with Ledger(path) as book:
        with suppress(WriteFailed):  # a file left behind harms nobody
            sweep(claim_spec_dir(spec_dir), path, book.names)
        held = book.claims()
    if output in ("json", "yaml"):
        print_list(map(as_object, held), output)
    elif output == "name":
        print_names(each.claim.name for each in held)
    elif held:
        is_wide = output == "wide"
        rows = (_row(each, is_wide) for each in held)
        print_table(rows, ("NAME", "DEVICES", "HELD BY", "SINCE"), is_cut=not is_wide, least=_LEAST)
    else:
        sys.stderr.write("no claims\n")


def _row(held: HeldClaim, is_wide: bool) -> tuple[str, str, str, str]:
    from cod.cli.claim_words import device_name, holders
    from cod.cli.durations import local_time

    devices = dict.fromkeys(device_name(each, is_wide=is_wide) for each in held.claim.results)
    return held.claim.name, ",".join(devices), holders(held), local_time(held.since)
