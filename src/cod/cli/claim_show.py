"""`cod claim show`: one claim, what it holds, and how to use it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from cod.cli.claim_words import as_object, device_name, lease_of, processes_of
from cod.cli.durations import local_time, written
from cod.cli.output import output_option, print_objects
from cod.cli.places import complete_claim, ledger_file, ledger_option
from cod.cli.terminal import printable
from cod.ledger import HeldClaim, Ledger
from cod.prepare.claim import cdi_name


@click.command("show")
@click.argument("names", metavar="NAME...", nargs=-1, required=True, shell_complete=complete_claim)
@output_option("text", "yaml", "json")
@ledger_option
def command(names: tuple[str, ...], output: str, ledger: Path | None) -> None:
    """Show a claim: its devices, who holds it, how to use it.

    `-o yaml` and `-o json` print the ResourceClaim, with its allocation as Kubernetes would have it.
    """
    now = time.time()
    with Ledger(ledger_file(ledger)) as book:
        held = [book.claim(name) for name in dict.fromkeys(names)]
    if output == "text":
        text = "\n".join("".join(f"{printable(line)}\n" for line in _lines(each, now)) for each in held)
        sys.stdout.write(text)
    else:
        print_objects([*map(as_object, held)], output)


def _lines(held: HeldClaim, now: float) -> Iterator[str]:
    yield held.claim.name
    for request in dict.fromkeys(each.request for each in held.claim.results):
        given = [device_name(each) for each in held.claim.results if each.request == request]
        yield f"  {request:<10} {', '.join(given)}"
    yield f"  {'since':<10} {local_time(held.since)}, {written(now - held.since)} ago"
    if processes := processes_of(held):
        pids = ", ".join(str(each.pid) for each in processes)
        yield f"  {'used by':<10} process {pids}: {' '.join(held.command)}".rstrip(": ")
    if lease := lease_of(held):
        if lease.ends is None:
            yield f"  {'held':<10} until it is released or the machine boots again"
        else:
            yield f"  {'held':<10} until {local_time(lease.ends)}, {written(lease.ends - now)} from now"
    yield f"  {'CDI name':<10} {cdi_name(held.claim.name)}"
