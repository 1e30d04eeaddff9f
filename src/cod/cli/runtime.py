"""`cod runtime`: register `cod-runtime` with engines, so that any container can ask for devices."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cod.cli.noun import Noun
from cod.cli.output import print_diff
from cod.errors import Misuse

if TYPE_CHECKING:
    from cod.oci.engines import Order
    from cod.oci.register import Change

F = TypeVar("F", bound=Callable[..., Any])

NAMES = ("containerd", "docker", "podman", "cri-o", "hooks", "hooks-mounts", "cod-runtime")
ENGINES = """\
\b
ENGINE is one of
  containerd    a handler for RuntimeClass and crictl, in its config.toml or a drop-in
  docker        docker run --runtime cod, in daemon.json
  podman        podman run --runtime cod, by a drop-in
  cri-o         a handler for RuntimeClass, by a drop-in
  hooks         Podman 4.3 and newer: every container that asks by annotation, whatever its runtime
  hooks-mounts  engines that read OCI hook files: mounts and links only
  cod-runtime   the program alone: ctr run --runc-binary, podman --runtime
"""

EXAMPLES = """\
\b
Examples:
  cod runtime install docker --dry-run
  cod runtime install docker && systemctl reload docker
  docker run --runtime cod …

"""


@click.group(cls=Noun)
def command() -> None:
    """The OCI runtime `cod-runtime`: devices in any engine's containers."""


def _options(function: F) -> F:
    decorators = [
        click.argument("engine", type=click.Choice(NAMES), metavar="ENGINE"),
        click.option("--name", default="cod", show_default=True, help="What the engine calls the runtime."),
        click.option(
            "--program",
            type=click.Path(path_type=Path),
            default="/usr/local/bin/cod-runtime",
            show_default=True,
            help="Where the program lies.",
        ),
        click.option(
            "--settings",
            type=click.Path(path_type=Path),
            default="/etc/cod/runtime.toml",
            show_default=True,
            help="What the program reads: real runtimes, spec directories, variables that may ask.",
        ),
        click.option(
            "--config",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="The engine's file, where it is not the usual one.",
        ),
        click.option(
            "--root",
            type=click.Path(path_type=Path, exists=True, file_okay=False),
            default="/",
            help="The directory below which all of this lies, such as that of an image.",
        ),
        click.option("--dry-run", is_flag=True, help="Only show the change; status 1 if there is one."),
        click.option("-y", "--yes", is_flag=True, help="Do not ask, on a terminal either."),
    ]
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


@command.command(epilog=EXAMPLES + ENGINES)
@_options
@click.option("--default", "is_default", is_flag=True, help="For containers that name no runtime, too.")
def install(engine: str, dry_run: bool, yes: bool, **given: Any) -> int:
    """Register cod-runtime with an ENGINE.

    It shows the change, asks on a terminal, and writes it. A container then asks for devices by annotation
    (`cdi.k8s.io/NAME=vendor.com/class=device`, `cod.dev/claim=NAME`), or by variables, where
    /etc/cod/runtime.toml lets it.
    """
    from cod.oci import register

    order = _order(given)
    if order.is_default and engine in ("hooks", "hooks-mounts", "cod-runtime"):
        raise Misuse(f"{engine} has no default", hint="leave --default out")
    changes = register.installation(engine, order)
    is_change = _shown(changes)
    if dry_run or not is_change:
        return int(is_change)
    _ask(yes)
    register.install(engine, changes, order)
    _tell_next(engine)
    return 0


@command.command(epilog=ENGINES)
@_options
def uninstall(engine: str, dry_run: bool, yes: bool, **given: Any) -> int:
    """Undo `install`.

    The ENGINE's file is again as it was; what others have changed since stays.
    """
    from cod.oci import register

    order = _order(given)
    changes = register.removal(engine, order)
    is_change = _shown(changes)
    if dry_run:
        return int(is_change)
    if is_change:
        _ask(yes)
    else:
        sys.stderr.writelines(f"{line}\n" for line in register.why_not_removed(engine, order))
    register.uninstall(engine, changes, order)
    if is_change:
        _tell_next(engine)
    return 0


def _order(given: dict[str, Any]) -> Order:
    from cod.ledger.place import state_directory
    from cod.oci.engines import Order

    root = given["root"].resolve()
    if root == Path("/") and os.geteuid():
        given["states"] = state_directory(os.environ) / "runtime"
    return Order(**{**given, "root": root})


def _shown(changes: list[Change]) -> bool:
    """Show what changes, and whether anything does."""
    for change in changes:
        if change.is_one and change.is_program:
            state = "new" if change.before is None else "gone" if change.after is None else "newer"
            sys.stdout.write(f"{change.path}: {state}\n")
        elif change.is_one:
            names = (
                "/dev/null" if content is None else str(change.path)
                for content in (change.before, change.after)
            )
            print_diff(change.before or b"", change.after or b"", *names)
        else:
            state = "not there" if change.before is None else "unchanged"
            sys.stderr.write(f"{state}: {change.path}\n")
    sys.stdout.flush()
    return any(change.is_one for change in changes)


def _tell_next(engine: str) -> None:
    from cod.oci.engines import ENGINES

    for each in ENGINES[engine]:
        if each.what_next:
            sys.stderr.write(f"next: {each.what_next}\n")


def _ask(yes: bool) -> None:
    """On a terminal, ask; scripts are taken at their word."""
    if not yes and sys.stdin.isatty():
        click.confirm("write this?", abort=True, err=True)
