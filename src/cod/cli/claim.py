"""`cod claim`: who holds which devices."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from cod.cli.output import output_option, print_list, print_names, print_table
from cod.cli.places import claim_spec_dir, ledger_file, ledger_option, spec_dir_option

if TYPE_CHECKING:
    from cod.ledger import HeldClaim
    from cod.resource import ResourceClaim

_LEAST = (0, 16, 16, 19)  # the last is a time


class Claims(click.Group):
    """The group, in which `ls` means `list`."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        return super().get_command(ctx, "list" if cmd_name == "ls" else cmd_name)


@click.group(cls=Claims)
def command() -> None:
    """Who holds which devices."""


@command.command("list")
@output_option()
@ledger_option
@spec_dir_option
def list_(output: str, ledger: Path | None, spec_dir: Path | None) -> None:
    """List the claims that hold devices.  (alias: ls)

    `-o yaml` and `-o json` print ResourceClaims, as one List.
    """  # noqa: D400
    from cod.cdi.write import WriteFailed
    from cod.ledger import Ledger
    from cod.prepare import sweep

    path = ledger_file(ledger)
    with Ledger(path) as book:
        with suppress(WriteFailed):  # a file left behind harms nobody
            sweep(claim_spec_dir(spec_dir), path, book.names)
        held = book.claims()
    if output in ("json", "yaml"):
        print_list((_object(each) for each in held), output)
    elif output == "name":
        print_names(each.claim.name for each in held)
    elif held:
        is_wide = output == "wide"
        rows = (_row(each, is_wide) for each in held)
        print_table(rows, ("NAME", "DEVICES", "HELD BY", "SINCE"), is_cut=not is_wide, least=_LEAST)
    else:
        sys.stderr.write("no claims\n")


def _row(held: HeldClaim, is_wide: bool) -> tuple[str, str, str, str]:
    results = held.claim.results
    devices = (f"{each.driver}/{each.pool}/{each.device}" if is_wide else each.device for each in results)
    words = " ".join(held.command)
    since = datetime.fromtimestamp(held.since).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return held.claim.name, ",".join(devices), f"{_pids(held)} {words}", since


def _object(held: HeldClaim) -> ResourceClaim:
    """The claim as the API has it, with who holds it as an annotation."""
    metadata = held.claim.metadata
    annotations = {**metadata.annotations, "cod.dev/held-by": _pids(held)}
    return replace(held.claim, metadata=replace(metadata, annotations=annotations))


def _pids(held: HeldClaim) -> str:
    return ",".join(str(process.pid) for process in held.holders)
