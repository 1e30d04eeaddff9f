"""`cod spec`: CDI specs as files: which there are, whether they are sound, what they do to a container."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from cod.cli.noun import Noun
from cod.cli.output import output_option, print_data, print_diff, print_names, print_table
from cod.cli.places import driver_option, host_option, read_input
from cod.cli.registry import complete_device, open_registry, spec_dirs_option, warn_of_errors

if TYPE_CHECKING:
    from cod.cdi.registry import FoundDevice
    from cod.cdi.spec import Spec

GENERATE_EPILOG = """\
\b
Examples:
  cod spec generate --driver nvidia
  cod spec generate --output /etc/cdi
  cod spec diff                          # is what is on disk still right?
"""


@click.group(cls=Noun)
def command() -> None:
    """CDI specs: list, show, generate, validate, inject, compare."""


@command.command("list")
@output_option()
@spec_dirs_option
def list_(output: str, spec_dirs: tuple[str, ...]) -> None:
    """List the sound spec files of the directories."""
    registry = open_registry(spec_dirs)
    warn_of_errors(registry)
    files = registry.files
    if output == "name":
        print_names(file.path for file in files)
    elif output in ("json", "yaml"):
        shown = [
            {"path": file.path, "kind": file.kind, "priority": file.priority, "devices": list(file.names)}
            for file in files
        ]
        print_data(shown, output)
    elif not files:
        sys.stderr.write(f"no specs in {', '.join(registry.dirs)}\n")
    elif output == "wide":
        rows = ((f.kind, len(f.names), registry.spec(f).cdi_version, f.priority, f.path) for f in files)
        print_table(rows, ("KIND", "DEVICES", "VERSION", "PRIORITY", "SPEC"))
    else:
        print_table(((f.kind, len(f.names), f.path) for f in files), ("KIND", "DEVICES", "SPEC"))


@command.command()
@output_option()
@spec_dirs_option
def devices(output: str, spec_dirs: tuple[str, ...]) -> None:
    """List the devices that the specs offer, and the files that say so."""
    registry = open_registry(spec_dirs)
    warn_of_errors(registry)
    if output == "name":
        print_names(registry.devices())
    elif output in ("json", "yaml"):
        found = [
            {"name": name, "spec": file.path, "priority": file.priority} for name, file in registry.sources()
        ]
        print_data(found, output)
    elif not registry.devices():
        sys.stderr.write(f"no devices in {', '.join(registry.dirs)}\n")
    elif output == "wide":
        rows = (_wide_row(each) for each in map(registry.find, registry.devices()) if each is not None)
        print_table(rows, ("NAME", "SPEC", "NODES", "MOUNTS", "HOOKS", "ENV"))
    else:
        print_table(((name, file.path) for name, file in registry.sources()), ("NAME", "SPEC"))


def _wide_row(found: FoundDevice) -> tuple[str, ...]:
    edits = found.spec.container_edits + found.device.container_edits
    nodes = ",".join(node.path for node in edits.device_nodes)
    counts = (len(edits.mounts), len(edits.hooks), len(edits.env))
    return (found.qualified_name, found.path, nodes, *map(str, counts))


@command.command()
@click.argument("what", metavar="FILE|KIND|DEVICE", shell_complete=complete_device)
@output_option("yaml", "json")
@spec_dirs_option
def show(what: str, output: str, spec_dirs: tuple[str, ...]) -> None:
    """Show a spec: by its file, by its kind, or by a device of it."""
    from cod.cdi.emit import to_data

    specs = [to_data(spec) for spec in _specs(what, spec_dirs)]
    if output == "json":
        print_data(specs[0] if len(specs) == 1 else specs, output)
        return
    for number, spec in enumerate(specs):
        if number:
            sys.stdout.write("---\n")
        print_data(spec, output)


def _specs(what: str, spec_dirs: tuple[str, ...]) -> list[Spec]:
    from cod.cdi.load import read
    from cod.cdi.registry import UnresolvableDevices

    if what.endswith((".json", ".yaml")) or what.startswith((".", "/")):
        return [read(what)]
    registry = open_registry(spec_dirs)
    of_kind = [registry.spec(file) for file in registry.files if file.kind == what]
    if of_kind:
        return of_kind
    try:
        registry.resolve([what])
    except UnresolvableDevices:
        warn_of_errors(registry)
        raise
    found = registry.find(what)
    return [found.spec] if found else []


@command.command()
@click.argument("paths", nargs=-1, metavar="[FILE|DIRECTORY|-]...")
@click.option("--schema", "by_schema", is_flag=True, help="Check against the JSON Schema of CDI, too.")
@output_option("table", "json", "yaml", "name")
@host_option
@spec_dirs_option
def validate(
    paths: tuple[str, ...], by_schema: bool, output: str, host: str, spec_dirs: tuple[str, ...]
) -> int:
    """Check spec files, or all files of directories; without any, those of the spec directories.

    Exit status 1 if one is not sound. `-o name` prints only the files that are not. A file that COD made is
    stale if the driver, the kernel or the boot has changed since: that is told and is no fault.
    """
    from cod.cli.registry import spec_directories
    from cod.cli.validation import validate_paths

    # A spec directory need not exist; a path that was given has to.
    directories = (each for each in spec_directories(spec_dirs, os.environ) if os.path.lexists(each))
    return validate_paths(paths or directories, by_schema=by_schema, output=output, host=host)


@command.command()
@click.argument("config", metavar="CONFIG|-")
@click.argument("names", metavar="DEVICE...", nargs=-1, required=True, shell_complete=complete_device)
@click.option("--in-place", is_flag=True, help="Write the result back into CONFIG.")
@click.option("--diff", "as_diff", is_flag=True, help="Show what would change, and change nothing.")
@spec_dirs_option
def inject(
    config: str, names: tuple[str, ...], in_place: bool, as_diff: bool, spec_dirs: tuple[str, ...]
) -> None:
    """Put devices into an OCI runtime spec, as a runtime that knows CDI does.

    CONFIG is the config.json of a bundle, or - for standard input. The result goes to standard output and can
    be run as it is. If a name is unknown, or a device is not there, nothing is written.
    """
    from cod.cdi.config import read_config, write_config
    from cod.cdi.registry import UnresolvableDevices
    from cod.errors import Misuse

    if in_place and config == "-":
        raise Misuse("standard input cannot be changed in place", hint="leave --in-place out")
    before = read_config(read_input(config), config)
    registry = open_registry(spec_dirs)
    try:
        after = registry.inject(before, names)
    except UnresolvableDevices:
        warn_of_errors(registry)
        raise
    if as_diff:
        print_diff(write_config(before), write_config(after), config, f"{config} with the devices")
    elif in_place:
        _write_back(config, write_config(after))
    else:
        sys.stdout.buffer.write(write_config(after))
        sys.stdout.buffer.flush()


@command.command(epilog=GENERATE_EPILOG)
@click.option("--output", "directory", metavar="DIRECTORY", help="Write a file a kind there, not to stdout.")
@click.option("--force", is_flag=True, help="Replace files that others made, and write what will conflict.")
@click.option("--prune", is_flag=True, help="Remove files of kinds that this machine has no more.")
@click.option("--no-annotations", "is_bare", is_flag=True, help="For runtimes that know CDI up to 0.5 only.")
@driver_option
@host_option
def generate(
    directory: str | None, force: bool, prune: bool, is_bare: bool, drivers: tuple[str, ...], host: str
) -> int:
    """Make the CDI specs of what a machine has: a spec a kind.

    Each says in its annotations what it was made from, so that `cod spec validate` can tell a stale one.
    Exit status 1 if a spec could not be made or was not written.
    """
    from cod.cli.generation import generate_specs, print_specs, write_specs
    from cod.errors import Misuse

    if directory is None and (force or prune):
        raise Misuse("--force and --prune are for files", hint="add --output DIRECTORY")
    if directory == "":
        raise Misuse("--output names no directory", hint="--output /etc/cdi, or leave it out for stdout")
    made = generate_specs(host, drivers, is_bare=is_bare)
    return print_specs(made) if directory is None else write_specs(made, directory, force=force, prune=prune)


@command.command()
@click.argument("paths", metavar="[OLD NEW | FILE | DIRECTORY]", nargs=-1)
@driver_option
@host_option
@spec_dirs_option
def diff(paths: tuple[str, ...], drivers: tuple[str, ...], host: str, spec_dirs: tuple[str, ...]) -> int:
    """Compare specs by what they say, not by how it is written.

    Two files with each other; one file, or the files of a directory or of the spec directories, with what
    `cod spec generate` would make now. Exit status 1 if they differ.
    """
    from cod.errors import Misuse

    if len(paths) > 2:
        raise Misuse("only two files can be compared", hint="cod spec diff OLD NEW")
    if len(paths) == 2:
        from cod.cdi.emit import to_yaml
        from cod.cdi.load import read

        return print_diff(to_yaml(read(paths[0])), to_yaml(read(paths[1])), *paths)
    from cod.cli.generation import diff_file, diff_registry, generate_specs

    made = generate_specs(host, drivers, is_bare=True)
    if paths and not os.path.isdir(paths[0]):  # noqa: PTH112 - a path that is not there is told there
        return diff_file(made, paths[0])
    registry = open_registry(paths or spec_dirs)
    warn_of_errors(registry)
    return diff_registry(made, registry)


def _write_back(path: str, data: bytes) -> None:
    """Replace a file's content and keep its mode; a link stays one."""
    from cod.cdi.write import write_bytes

    real = os.path.realpath(path)
    write_bytes(data, real, mode=os.stat(real).st_mode & 0o7777)  # noqa: PTH116 - real is no Path
