"""`cod run`: take devices, run a command with just those, give them back."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from cod.cli.claim_files import file_option
from cod.cli.claim_new import named, wanted
from cod.cli.machine import warn_of_faults
from cod.cli.places import (
    claim_spec_dir,
    complete_claim,
    host_of,
    host_option,
    ledger_file,
    ledger_option,
    spec_dir_option,
)
from cod.cli.terminal import printable
from cod.cli.wish_options import Wishes, wish_options
from cod.drivers import discover
from cod.errors import Misuse
from cod.prepare import Site
from cod.resource import ClaimSpec, ObjectMeta, ResourceClaim
from cod.runtimes import Order, run

EPILOG = """\
\b
Examples:
  cod run -d sim-gpu:2 --host sim:8gpu -- env
  cod run -d kvm -d tun -- podman run --rm -it debian
  cod run -d fuse -- runc run --bundle DIRECTORY ID
  cod run -d cpuid -- bwrap --bind ROOT / --dev /dev -- sh
  cod run -d gpu:2 -d nic --closest -- python train.py
  cod run --claim NAME -- COMMAND

The status is the command's own, 128 and more if a signal ended it, 127 if there is no such command, 126 if
it cannot be run.
"""


@click.command(epilog=EPILOG, context_settings={"allow_interspersed_args": False})
@wish_options
@file_option
@click.option(
    "--claim",
    "held",
    metavar="NAME",
    shell_complete=complete_claim,
    help="Use the devices of a claim that is held; it stays.",
)
@click.option("--name", metavar="CLAIM", help="What to call the new claim.  [default: a new name]")
@host_option
@ledger_option
@spec_dir_option
@click.argument("argv", metavar="-- COMMAND…", nargs=-1, required=True, type=click.UNPROCESSED)
def command(
    wishes: Wishes,
    file: str | None,
    held: str | None,
    name: str | None,
    host: str,
    ledger: Path | None,
    spec_dir: Path | None,
    argv: tuple[str, ...],
) -> int:
    """Take devices, run a command with just those, and give them back however it ends.

    The command starts a container in the foreground, which then has these devices: podman, docker, nerdctl,
    ctr, buildah, runc, crun, runsc, apptainer, ch-run, lxc-execute, systemd-nspawn or bwrap. Any other
    program gets the devices' variables.
    """
    now = time.time()
    claim = _held(held, file, name, wishes) if held else _new(file, name or "", wishes, now)
    machine = host_of(host)
    inventory = discover(machine)
    warn_of_faults(inventory)
    order = Order(
        claim=claim,
        argv=argv,
        environ=os.environ,
        site=Site(machine, inventory, ledger_file(ledger), claim_spec_dir(spec_dir)),
        now=now,
        is_held=bool(held),
    )
    outcome = run(order)
    if outcome.survivor is not None:
        sys.stderr.write(
            f"cod: the container goes on as process {outcome.survivor}, "
            f"and claim {order.claim.name} is held until it ends\n"
        )
    if outcome.check:
        sys.stderr.write(f"cod: {printable(outcome.check)}\n")
    return outcome.status


def _held(held: str, file: str | None, name: str | None, wishes: Wishes) -> ResourceClaim:
    """The claim of that name, as far as it is known before the ledger is asked."""
    given = {"-f": file, "--name": name, "-d": wishes.devices, wishes.stray: wishes.stray}
    if others := [option for option, value in given.items() if option and value]:
        raise Misuse(
            f"--claim and {others[0]} exclude each other",
            causes=("a claim that is held has its name and its devices",),
        )
    return ResourceClaim(metadata=ObjectMeta(name=held), spec=ClaimSpec())


def _new(file: str | None, name: str, wishes: Wishes, now: float) -> ResourceClaim:
    claims = wanted(file, wishes)
    if len(claims) > 1:
        raise Misuse(
            f"a command gets one claim, and the file has {len(claims)}",
            causes=(", ".join(each.name for each in claims),),
            hint="make them all with cod claim create -f FILE, then cod run --claim NAME",
        )
    return named(claims[0], name, now)
