"""`cod spec`: CDI specs as files: which there are, whether they are sound, what they do to a container."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from cod.cli.output import output_option, print_data, print_names, print_table
from cod.cli.registry import complete_device, open_registry, spec_dirs_option, warn_of_errors

if TYPE_CHECKING:
    from cod.cdi.spec import Spec


@click.group()
def command() -> None:
    """CDI specs: list, show, validate, inject, compare."""


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
@spec_dirs_option
def validate(paths: tuple[str, ...], by_schema: bool, output: str, spec_dirs: tuple[str, ...]) -> int:
    """Check spec files, or all files of directories; without any, those of the spec directories.

    Exit status 1 if one is not sound. `-o name` prints only the files that are not.
    """
    from cod.cli.registry import spec_directories
    from cod.cli.validation import validate_paths

    # A spec directory need not exist; a path that was given has to.
    directories = (each for each in spec_directories(spec_dirs, os.environ) if os.path.lexists(each))
    return validate_paths(paths or directories, by_schema=by_schema, output=output)


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
    before = read_config(_read(config), config)
    registry = open_registry(spec_dirs)
    try:
        after = registry.inject(before, names)
    except UnresolvableDevices:
        warn_of_errors(registry)
        raise
    if as_diff:
        _print_diff(write_config(before), write_config(after), config)
    elif in_place:
        _write_back(config, write_config(after))
    else:
        sys.stdout.buffer.write(write_config(after))
        sys.stdout.buffer.flush()


@command.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
def diff(old: str, new: str) -> int:
    """Compare two spec files by what they say, not by how it is written.

    Exit status 1 if they differ.
    """
    from cod.cdi.emit import to_yaml
    from cod.cdi.load import read

    return _print_diff(to_yaml(read(old)), to_yaml(read(new)), old, new)


def _read(path: str) -> bytes:
    """The bytes of a file, or of standard input."""
    from cod.cdi.files import read_file, read_stream

    return read_stream(sys.stdin.fileno()) if path == "-" else read_file(path)[0]


def _write_back(path: str, data: bytes) -> None:
    """Replace a file's content and keep its mode; a link stays one."""
    from cod.cdi.write import write_bytes

    real = os.path.realpath(path)
    write_bytes(data, real, mode=os.stat(real).st_mode & 0o7777)  # noqa: PTH116 - real is no Path


def _print_diff(old: bytes, new: bytes, old_name: str, new_name: str = "") -> int:
    """Print a unified diff; 1 if there is one."""
    from difflib import unified_diff

    before, after = (data.decode("utf-8", "replace").splitlines(keepends=True) for data in (old, new))
    lines = list(unified_diff(before, after, old_name, new_name or f"{old_name} with the devices"))
    sys.stdout.writelines(lines)
    return int(bool(lines))
