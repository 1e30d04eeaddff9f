"""`cod device`: the devices that CDI specs offer to containers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cod.cli.output import output_option, print_data, print_names, print_table
from cod.cli.registry import complete_device, open_registry, spec_dirs_option, warn_of_errors

if TYPE_CHECKING:
    from cod.cdi.registry import FoundDevice, Registry


@click.group()
def command() -> None:
    """The devices there are."""


@command.command("list")
@output_option()
@spec_dirs_option
def list_(output: str, spec_dirs: tuple[str, ...]) -> None:
    """List the devices that a container can be given, and the files that say so."""
    registry = open_registry(spec_dirs)
    warn_of_errors(registry)
    if output == "name":
        print_names(registry.devices())
    elif output in ("json", "yaml"):
        found = ((name, file) for name, file in registry.sources())
        print_data(
            [{"name": name, "spec": file.path, "priority": file.priority} for name, file in found], output
        )
    else:
        _print_devices(registry, is_wide=output == "wide")


@command.command()
@click.argument("names", metavar="DEVICE...", nargs=-1, required=True, shell_complete=complete_device)
@output_option("yaml", "json")
@spec_dirs_option
def show(names: tuple[str, ...], output: str, spec_dirs: tuple[str, ...]) -> None:
    """Show what devices bring into a container: their own edits and their spec's."""
    from cod.cdi.emit import edits_data
    from cod.cdi.registry import UnresolvableDevices

    registry = open_registry(spec_dirs)
    try:
        registry.resolve(names)
    except UnresolvableDevices:
        warn_of_errors(registry)
        raise
    found = [device for device in map(registry.find, names) if device is not None]
    shown = [
        {
            "name": device.qualified_name,
            "spec": device.path,
            "annotations": device.device.annotations,
            "containerEdits": edits_data(device.device.container_edits),
            "containerEditsOfSpec": edits_data(device.spec.container_edits),
        }
        for device in found
    ]
    print_data(shown, output)


def _print_devices(registry: Registry, *, is_wide: bool) -> None:
    names = registry.devices()
    if not names:
        sys.stderr.write(f"no devices in {', '.join(registry.dirs)}\n")
        return
    if not is_wide:
        print_table(((name, file.path) for name, file in registry.sources()), ("NAME", "SPEC"))
        return
    found = (device for device in map(registry.find, names) if device is not None)
    print_table(map(_wide_row, found), ("NAME", "SPEC", "NODES", "MOUNTS", "HOOKS", "ENV"))


def _wide_row(found: FoundDevice) -> tuple[str, ...]:
    edits = found.spec.container_edits + found.device.container_edits
    nodes = ",".join(node.path for node in edits.device_nodes)
    counts = (len(edits.mounts), len(edits.hooks), len(edits.env))
    return (found.qualified_name, found.path, nodes, *map(str, counts))
