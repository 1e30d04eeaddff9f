"""`cod class`: what can be asked for, and how much of it this machine has."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from cod.cli.machine import Machine, look, look_closely, members_of, missing
from cod.cli.noun import Noun
from cod.cli.output import output_option, print_data, print_list, print_names, print_table
from cod.cli.places import complete_class, host_option, ledger_option
from cod.cli.terminal import printable
from cod.drivers.protocol import DeviceKey
from cod.errors import Refused
from cod.resource import DeviceClass

_MANY = 24  # devices of a class that are named; of more only the number is told


@click.group(cls=Noun)
def command() -> None:
    """Device classes: what can be asked for."""


@command.command("list")
@output_option()
@host_option
@ledger_option
def list_(output: str, host: str, ledger: Path | None) -> None:
    """List the classes that the drivers bring, first those of which this machine has a device.

    `wide` adds what selects the devices. `-o yaml` and `-o json` print DeviceClasses for `kubectl apply`.
    """
    if output in ("json", "yaml"):
        print_list(look(host).inventory.classes, output)
        return
    if output == "name":
        print_names(each.name for each in look(host).inventory.classes)
        return
    machine = look_closely(host, ledger)
    rows = [(each, _members(machine, each)) for each in machine.inventory.classes]
    rows.sort(key=lambda row: not row[1])
    if output == "wide":
        cells = ((*_row(machine, *row), _selects(row[0])) for row in rows)
        print_table(cells, ("NAME", "DEVICES", "FREE", "SELECTS"))
    else:
        print_table((_row(machine, *row) for row in rows), ("NAME", "DEVICES", "FREE"), is_cut=True)


@command.command()
@click.argument("names", metavar="CLASS...", nargs=-1, required=True, shell_complete=complete_class)
@output_option("text", "yaml", "json")
@host_option
@ledger_option
def show(names: tuple[str, ...], output: str, host: str, ledger: Path | None) -> None:
    """Show a class: what selects its devices, and which these are on this machine."""
    machine = look_closely(host, ledger) if output == "text" else look(host)
    by_name = {each.name: each for each in machine.inventory.classes}
    for name in names:
        if name not in by_name:
            raise missing("class", name, by_name, "cod class list")
    classes = [by_name[name] for name in dict.fromkeys(names)]
    if output == "text":
        sys.stdout.write("\n".join(_text(machine, each) for each in classes))
    elif len(classes) == 1:
        print_data(classes[0], output)
    else:
        print_list(classes, output)


def _members(machine: Machine, class_: DeviceClass) -> Sequence[DeviceKey] | None:
    """The devices of a class, or None where its selector cannot be evaluated."""
    try:
        return members_of(machine, class_.name)
    except Refused:
        return None


def _row(machine: Machine, class_: DeviceClass, members: Sequence[DeviceKey] | None) -> tuple[str, str, str]:
    if members is None:
        return class_.name, "?", "?"
    return class_.name, str(len(members)), _free(machine, members)


def _free(machine: Machine, members: Sequence[DeviceKey]) -> str:
    return str(sum(map(machine.is_free, members)))


def _selects(class_: DeviceClass) -> str:
    return " && ".join(each.cel.expression for each in class_.spec.selectors if each.cel) or "every device"


def _text(machine: Machine, class_: DeviceClass) -> str:
    members = _members(machine, class_)
    lines = [class_.name, f"  selects   {_selects(class_)}"]
    if members:
        names = (
            ", ".join(key[2] for key in members)
            if len(members) <= _MANY
            else f"cod device list --all --class {class_.name}"
        )
        lines.append(f"  devices   {len(members)}, of which {_free(machine, members)} free: {names}")
    else:
        lines.append(f"  devices   {'not known' if members is None else 'none on this machine'}")
    return "".join(f"{printable(line)}\n" for line in lines)
