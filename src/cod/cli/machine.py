"""The machine that is meant: what its drivers found, who holds it, and which part of it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cod.cli.places import host_of, ledger_file
from cod.cli.terminal import printable
from cod.drivers import CLASS_ATTRIBUTE, DriverReport, FoundDevice, Inventory, discover
from cod.drivers.protocol import DeviceKey
from cod.errors import Refused
from cod.host import Host

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


_OWN_FILES = "/etc/cod/"


class Machine(Struct, frozen=True):
    """A machine, its devices, and the claims that hold some of them.

    `held` has their names, with `, ` between those that share a device; `open` are devices that one more
    claim could share.
    """

    host: Host
    inventory: Inventory
    held: Mapping[DeviceKey, str] = {}
    open: frozenset[DeviceKey] = frozenset()

    def state(self, key: DeviceKey) -> str:
        """Whether a device can be had: `free`, `held by CLAIM`, `shared by CLAIMS`, `unready: REASON`."""
        found = self.inventory.found[key]
        if key in self.held:
            return f"{'shared' if key in self.open else 'held'} by {self.held[key]}"
        for taint in found.device.taints:
            name = taint.key.removeprefix("cod.dev/")
            return f"{name}: {taint.value}" if taint.value else name
        return "free"

    def is_free(self, key: DeviceKey) -> bool:
        """Whether a claim could have the device now, or a share of it."""
        return not self.inventory.found[key].device.taints and (key not in self.held or key in self.open)


def look(name: str) -> Machine:
    """What a machine has; who holds it is not asked. Drivers that failed are told on stderr."""
    host = host_of(name)
    inventory = discover(host)
    warn_of_faults(inventory)
    return Machine(host, inventory)


def look_closely(name: str, ledger: Path | None) -> Machine:
    """What the machine has and who holds it. Nobody can hold what a recorded machine has."""
    from cod.cli.holders import holders

    machine = look(name)
    if not machine.host.is_real:
        return machine
    held = holders(ledger_file(ledger), machine.inventory)
    names = {key: ", ".join(each) for key, each in held.by.items()}
    return Machine(machine.host, machine.inventory, names, held.open)


def warn_of_faults(inventory: Inventory) -> None:
    """Tell on stderr which drivers failed, and what is wrong in the files that the machine's owner wrote."""
    for each in inventory.reports:
        if each.failure:
            warn(f"driver {each.driver}: {each.failure}")
        for left_out in each.skipped:
            if left_out.what.startswith(_OWN_FILES):
                warn(f"{left_out.what}: {left_out.why}")


def tell_of_nothing(machine: Machine) -> None:
    """Say on stderr that there are no devices, and where to look for the reason."""
    root = machine.host.root
    if machine.host.names("/sys"):
        sys.stderr.write("no devices; what was looked for: cod driver list\n")
    else:
        sys.stderr.write(f"{printable(f'no devices; {root} has no files below sys: is it a machine?')}\n")


def chosen(
    machine: Machine, drivers: Sequence[str], classes: Sequence[str] = (), where: Sequence[str] = ()
) -> dict[DeviceKey, FoundDevice]:
    """The devices of these drivers and of these classes, for which all of these CEL expressions are true.

    Those of all drivers or classes, where none are named. Raises Refused.
    """
    found = machine.inventory.found
    if drivers:
        names = {each.driver for each in reports(machine, drivers)}
        found = {key: each for key, each in found.items() if key[0] in names}
    if classes:
        members = {key for name in classes for key in members_of(machine, name)}
        found = {key: each for key, each in found.items() if key in members}
    if where:
        wanted = set(selected(machine, where))
        found = {key: each for key, each in found.items() if key in wanted}
    return found


def reports(machine: Machine, drivers: Iterable[str]) -> list[DriverReport]:
    """What became of these drivers; `nvidia` is short for `nvidia.cod.dev`. Raises Refused."""
    known = {each.driver: each for each in machine.inventory.reports}
    named = []
    for name in drivers:
        report = known.get(name) or known.get(f"{name}.cod.dev")
        if report is None:
            raise missing("driver", name, known, "cod driver list")
        named.append(report)
    return named


def members_of(machine: Machine, class_name: str) -> list[DeviceKey]:
    """The devices that a class selects. Raises Refused for a class that is not there."""
    by_name = {each.name: each for each in machine.inventory.classes}
    if class_name not in by_name:
        raise missing("class", class_name, by_name, "cod class list")
    return selected(machine, [each.cel.expression for each in by_name[class_name].spec.selectors])


def selected(machine: Machine, expressions: Sequence[str]) -> list[DeviceKey]:
    """The devices for which all of these expressions are true.

    One for which an expression has no value is not among them; a warning says so where it has for none.
    Raises InvalidExpression.
    """
    from cod.cel import EvaluationError, compile_selector

    selectors = [compile_selector(each) for each in expressions]
    found = machine.inventory.found
    members, errors = [], []
    for key, each in found.items():
        try:
            if all(selector.matches(key[0], each.device) for selector in selectors):
                members.append(key)
        except EvaluationError as error:
            errors.append(error)
    if found and len(errors) == len(found):
        warn(str(errors[0]))
    return members


def class_of(found: FoundDevice) -> str:
    """The class by which a device is asked for, as its driver says."""
    return found.text(CLASS_ATTRIBUTE)


def missing(noun: str, name: str, known: Iterable[str], command: str) -> Refused:
    """The refusal of a name that is not there, with the nearest ones."""
    from difflib import get_close_matches

    near = get_close_matches(name, [*dict.fromkeys(known)], n=3, cutoff=0.5)
    hint = f"see what there is: {command}"
    hint = f"nearest: {', '.join(near)};  {hint}" if near else hint
    return Refused(f"no {noun} {name!r} on this machine", hint=hint)


def warn(text: str, kind: str = "warning") -> None:
    """Say on stderr what the answer lacks."""
    sys.stdout.flush()
    sys.stderr.write(f"{printable(f'{kind}: {text}')}\n")


def complete(noun: str, context: click.Context, incomplete: str) -> list[CompletionItem]:
    """The devices, classes or drivers whose names begin so, for the shell."""
    from click.shell_completion import CompletionItem

    inventory = discover(host_of(context.params.get("host") or "/"))
    if noun == "class":
        names = [each.name for each in inventory.classes]
    elif noun == "driver":
        names = [each.driver for each in inventory.reports]
    else:
        found = inventory.found.values()
        names = [name for each in found for name in (each.device.name, each.qualified_name)]
    return [CompletionItem(name) for name in dict.fromkeys(names) if name.startswith(incomplete)]
