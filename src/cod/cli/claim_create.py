"""`cod claim create`: take devices under a name, until they are released or for a time."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click
from msgspec.structs import replace

from cod.cli.claim_files import file_option
from cod.cli.claim_new import named, wanted
from cod.cli.claim_words import device_name
from cod.cli.durations import parse_duration, written
from cod.cli.machine import look
from cod.cli.output import output_option, print_names, print_objects
from cod.cli.places import claim_spec_dir, host_option, ledger_file, ledger_option, spec_dir_option
from cod.cli.terminal import printable
from cod.cli.wish_options import Wishes, wish_options
from cod.errors import Misuse
from cod.ledger import Lease
from cod.prepare import Site
from cod.prepare.claim import cdi_name
from cod.prepare.place import PLACE, USUAL
from cod.resource import ResourceClaim

EPILOG = """\
\b
Examples:
  cod claim create train-7 -d gpu:4 --same numa
  cod claim create --generate -d gpu -d nic --closest --for 2h
  cod claim create -f claims.yaml -o yaml

A claim holds its devices until `cod claim release`, the end of its time, or the machine's next boot.
"""


@click.command(epilog=EPILOG)
@click.argument("name", required=False)
@click.option("--generate", "is_generated", is_flag=True, help="Give the claim a new name.")
@file_option
@wish_options
@click.option("--for", "duration", metavar="DURATION", help="End it after 2h, 1d, 1h30m.")
@output_option("text", "yaml", "json", "name")
@host_option
@ledger_option
@spec_dir_option
def command(
    name: str | None,
    is_generated: bool,
    file: str | None,
    wishes: Wishes,
    duration: str | None,
    output: str,
    host: str,
    ledger: Path | None,
    spec_dir: Path | None,
) -> None:
    """Take devices under a name, ready for any container runtime that reads CDI.

    With several claims in a file all of them are taken, or none.
    """
    now = time.time()
    seconds = parse_duration(duration) if duration is not None else None
    claims = _claims(name or "", is_generated, wanted(file, wishes), now)
    machine = look(host)
    site = Site(machine.host, machine.inventory, ledger_file(ledger), claim_spec_dir(spec_dir))
    if spec_dir is not None:
        claims = [_placed(each, spec_dir) for each in claims]
    taken = _take(site, claims, now, Lease(site.processes.boot_id(), now + seconds if seconds else None))
    if output == "name":
        print_names(each.name for each in taken)
    elif output == "text":
        for each in taken:
            sys.stdout.write(_text(site, each, seconds))
    else:
        print_objects(taken, output)


def _claims(name: str, is_generated: bool, found: list[ResourceClaim], now: float) -> list[ResourceClaim]:
    """What is wanted, under the name given, its own, or a new one. Raises Misuse where it has none."""
    if name and (is_generated or len(found) > 1):
        why = "--generate gives a new one" if is_generated else f"the file has {len(found)} claims"
        raise Misuse(f"no claim can be called {name}", causes=(why,), hint="leave NAME out")
    if not (name or is_generated or all(each.metadata.name or each.metadata.generate_name for each in found)):
        raise Misuse("the claim has no name", hint="cod claim create NAME …, or --generate for a new one")
    if is_generated:
        found = [_nameless(each) for each in found]
    return [named(each, name, now) for each in found]


def _nameless(claim: ResourceClaim) -> ResourceClaim:
    prefix = f"{claim.metadata.name}-" if claim.metadata.name else claim.metadata.generate_name
    return replace(claim, metadata=replace(claim.metadata, name="", generate_name=prefix))


def _placed(claim: ResourceClaim, spec_dir: Path) -> ResourceClaim:
    """The claim, which says where its spec lies: whoever releases it has to find it."""
    annotations = {**claim.metadata.annotations, PLACE: str(spec_dir.absolute())}
    return replace(claim, metadata=replace(claim.metadata, annotations=annotations))


def _take(site: Site, claims: Sequence[ResourceClaim], now: float, lease: Lease) -> Sequence[ResourceClaim]:
    """Take and prepare claims. Until they are ready this process holds them, so that its death frees them."""
    site.check_usable()
    taken = site.take(claims, site.myself(), (), now)
    try:
        for each in taken:
            site.prepare(each)
        with site.open_ledger() as ledger:
            ledger.add_holder_together([each.name for each in taken], lease)
    except BaseException:
        site.give_back(*(each.name for each in taken))
        raise
    return taken


def _text(site: Site, claim: ResourceClaim, seconds: int | None) -> str:
    devices = ", ".join(dict.fromkeys(map(device_name, claim.results))) or "no device"
    until = f"for {written(seconds)}" if seconds else "until it is released or the machine boots again"
    lines = [
        f"claim {claim.name} holds {devices}, {until}",
        f"  podman run --device {cdi_name(claim.name)} IMAGE",
        f"  cod run --claim {claim.name} -- COMMAND",
        f"  cod claim release {claim.name}",
    ]
    if str(site.spec_dir) not in USUAL:
        lines.insert(2, f"    its CDI spec is in {site.spec_dir}, which not every runtime reads")
    return "".join(f"{printable(line)}\n" for line in lines)
