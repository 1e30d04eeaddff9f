"""`cod device`: what this machine has, where it is and who holds it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from cod.cli.machine import Machine, chosen, look, look_closely, missing, tell_of_nothing
from cod.cli.noun import Noun
from cod.cli.output import output_option, print_data, print_list, print_names, print_table
from cod.cli.places import class_option, complete_found, driver_option, host_option, ledger_option
from cod.drivers import FoundDevice
from cod.drivers.protocol import DeviceKey
from cod.host import PciFunction

EPILOG = """\
\b
Examples:
  cod device list --class gpu
  cod device list --where 'device.attributes["resource.kubernetes.io"].?numaNode == optional.of(0)'
  cod device list -o yaml | kubectl apply -f -
  cod device show gpu0
"""


@click.group(cls=Noun)
def command() -> None:
    """The devices there are."""


@command.command("list", epilog=EPILOG)
@output_option()
@driver_option
@class_option
@click.option("--where", multiple=True, metavar="CEL", help="Only devices of which this is true; repeatable.")
@click.option(
    "--all",
    "is_whole",
    is_flag=True,
    help="Also partitions not made, and PCI functions that no driver offers.",
)
@host_option
@ledger_option
def list_(
    output: str,
    drivers: tuple[str, ...],
    classes: tuple[str, ...],
    where: tuple[str, ...],
    is_whole: bool,
    host: str,
    ledger: Path | None,
) -> None:
    """List what the drivers find on a machine, and who holds it.  (alias: cod ls)

    `-o name` prints CDI names, as `podman run --device` takes them, of what a spec can have. `-o yaml` and
    `-o json` print ResourceSlices for `kubectl apply`; with `--class` or `--where` only those devices.
    """  # noqa: D400
    if output in ("table", "wide"):
        machine = look_closely(host, ledger)
        is_part = bool(drivers or classes or where)
        _print_table(machine, chosen(machine, drivers, classes, where), output == "wide", is_whole, is_part)
        return
    machine = look(host)
    found = chosen(machine, drivers, classes, where)
    if output == "name":
        from cod.drivers.specs import why_in_no_spec

        print_names(each.qualified_name for each in found.values() if not why_in_no_spec(each))
    else:
        from cod.cli.device_table import slices_of

        print_list(slices_of(machine.inventory, found, is_whole=not (classes or where)), output)


@command.command()
@click.argument("names", metavar="DEVICE...", nargs=-1, required=True, shell_complete=complete_found)
@output_option("text", "yaml", "json")
@host_option
@ledger_option
def show(names: tuple[str, ...], output: str, host: str, ledger: Path | None) -> None:
    """Show a device: its attributes, what a container gets, its links and parts, who holds it.

    DEVICE is its name, its CDI name, another name of it, or its PCI address; or how just one of these begins.
    """
    machine = look_closely(host, ledger)
    found = [each for name in names for each in _named(machine, name)]
    if output == "text":
        from cod.cli.device_text import describe, describe_function

        sys.stdout.write(
            "\n".join(
                describe_function(machine, each) if isinstance(each, PciFunction) else describe(machine, each)
                for each in dict.fromkeys(found)
            )
        )
        return
    print_data([_data(machine, each) for each in dict.fromkeys(found)], output)


def _print_table(
    machine: Machine, found: dict[DeviceKey, FoundDevice], is_wide: bool, is_whole: bool, is_part: bool
) -> None:
    from cod.cli.device_table import HEADERS, LEAST, WIDE_HEADERS, rows, rows_of_others

    cells = [*rows(machine, found, is_wide=is_wide, is_whole=is_whole)]
    if is_whole and not is_part:
        cells += rows_of_others(machine, is_wide=is_wide)
    if cells:
        print_table(cells, WIDE_HEADERS if is_wide else HEADERS, is_cut=not is_wide, least=LEAST)
    elif is_part and machine.inventory.found:
        count = len(machine.inventory.found)
        sys.stderr.write(f"none of the {count} devices there; all: cod device list, and cod driver list\n")
    else:
        tell_of_nothing(machine)


def _named(machine: Machine, name: str) -> list[DeviceKey] | list[PciFunction]:
    """The devices that are called so, else the one whose name begins so. Raises Refused."""
    names = {key: _names(each) for key, each in machine.inventory.found.items()}
    if exact := [key for key, each in names.items() if name in each]:
        return exact
    if function := machine.host.pci.get(name) or machine.host.pci.get(f"0000:{name}"):
        return [function]
    near = [key for key, each in names.items() if any(known.startswith(name) for known in each)]
    if len(near) == 1:
        return near
    known = [each for key in near for each in names[key] if each.startswith(name)] if near else None
    raise missing("device", name, known or [each[0] for each in names.values()], "cod device list --all")


def _names(found: FoundDevice) -> list[str]:
    """What a device may be called; an address also without its domain if that is 0."""
    address = found.pci_address
    addresses = [address, address.removeprefix("0000:")] if address else []
    return [found.device.name, *found.qualified_names, found.cdi_name, *found.aliases, *addresses]


def _data(machine: Machine, shown: DeviceKey | PciFunction) -> dict[str, Any]:
    if isinstance(shown, PciFunction):
        from msgspec import to_builtins

        return {"pciFunction": to_builtins(shown), "offered": False}
    from cod.cdi.emit import edits_data
    from cod.cli.device_text import parts_of

    found = machine.inventory.found[shown]
    return {
        "driver": shown[0],
        "pool": shown[1],
        "device": found.device,
        "cdi": {
            "name": found.qualified_name,
            "aliases": list(found.qualified_names[1:]),
            "containerEdits": edits_data(found.edits),
            "containerEditsOfKind": edits_data(found.common),
        },
        "links": [{"to": e.to, "kind": e.kind, "count": e.count, "mbPerSecond": e.mb_s} for e in found.links],
        "parts": [each[2] for each in parts_of(machine, shown)],
        "state": machine.state(shown),
    }
