"""`cod run`: take devices, run a command with just those, give them back."""

from __future__ import annotations

import os
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from cod.cli.machine import warn_of_faults
from cod.cli.places import claim_spec_dir, host_of, host_option, ledger_file, ledger_option, spec_dir_option
from cod.cli.terminal import printable
from cod.drivers import discover
from cod.errors import Misuse
from cod.prepare import Site, claim_name
from cod.resource import ClaimDevices, ClaimSpec, DeviceRequest, ExactRequest, ObjectMeta, ResourceClaim
from cod.runtimes import Order, run

_REQUEST = re.compile(r"([^:]+)(?::([0-9]{1,9}))?")

EPILOG = """\
\b
Examples:
  cod run -d sim-gpu:2 --host sim:8gpu -- env
  cod run -d kvm -d tun -- podman run --rm -it debian
  cod run -d fuse -- runc run --bundle DIRECTORY ID

The status is the command's own, 128 and more if a signal ended it, 127 if there is no such command.
"""


@click.command(epilog=EPILOG, context_settings={"allow_interspersed_args": False})
@click.option(
    "-d", "--device", "devices", multiple=True, required=True, metavar="CLASS[:N]", help="What to take."
)
@click.option("--name", metavar="CLAIM", help="What to call the claim.  [default: a new name]")
@host_option
@ledger_option
@spec_dir_option
@click.argument("argv", metavar="-- COMMAND…", nargs=-1, required=True, type=click.UNPROCESSED)
def command(
    devices: tuple[str, ...],
    name: str | None,
    host: str,
    ledger: Path | None,
    spec_dir: Path | None,
    argv: tuple[str, ...],
) -> int:
    """Take devices, run a command with just those, and give them back however it ends.

    The command is `podman run`, `runc run` or `crun run` in the foreground, whose container then has these
    devices and no others, or any other program, which gets the devices' variables.
    """
    now = time.time()
    machine = host_of(host)
    inventory = discover(machine)
    warn_of_faults(inventory)
    order = Order(
        claim=_claim(name or claim_name(os.urandom), devices, now),
        argv=argv,
        environ=os.environ,
        site=Site(machine, inventory, ledger_file(ledger), claim_spec_dir(spec_dir)),
        now=now,
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


def _claim(name: str, devices: tuple[str, ...], now: float) -> ResourceClaim:
    created = datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    requests = tuple(
        DeviceRequest(f"request-{number}", _exactly(text)) for number, text in enumerate(devices, 1)
    )
    return ResourceClaim(
        metadata=ObjectMeta(name=name, creation_timestamp=created), spec=ClaimSpec(ClaimDevices(requests))
    )


def _exactly(text: str) -> ExactRequest:
    match = _REQUEST.fullmatch(text)
    if match is None or (match[2] is not None and int(match[2]) < 1):
        raise Misuse(
            f"cannot read -d {text!r}",
            causes=("it is a class, or a class, a colon and a number from 1",),
            hint="-d kvm, or -d sim-gpu:2 for two",
        )
    return ExactRequest(match[1], count=int(match[2] or 1))
