"""The options that say what is meant: which machine, drivers, classes, ledger and directory of specs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from cod.host import Host

F = TypeVar("F", bound=Callable[..., Any])


def host_option(function: F) -> F:
    """`--host`, given on as `host`: the name of a machine for `open_host`.

    It may stand before the command, too: `cod --host sim:8gpu topology`. The later one counts.
    """
    return click.option(
        "--host",
        default="/",
        envvar="COD_HOST",
        show_envvar=True,
        metavar="MACHINE",
        callback=_host,
        help="/ is this machine, sim:8gpu a simulated one, a directory one that was recorded.",
    )(function)


def _host(context: click.Context, option: click.Parameter, value: str) -> str:
    """The machine named here, or before the command, or by the variable, or this one."""
    assert option.name is not None
    if context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
        return value
    named_before: str | None = context.find_root().params.get("host")
    return named_before or value


def host_of(name: str) -> Host:
    """The machine of that name; what is costly to read of it is kept for the next command."""
    from cod.cdi.cache_place import cache_directory
    from cod.host import open_host

    return open_host(name, cache=cache_directory(os.environ) or "")


def driver_option(function: F) -> F:
    """`--driver`, repeatable, given on as `drivers`."""
    return click.option(
        "--driver",
        "drivers",
        multiple=True,
        metavar="DRIVER",
        shell_complete=complete_driver,
        help="Only what this driver finds; repeatable.",
    )(function)


def class_option(function: F) -> F:
    """`--class`, repeatable, given on as `classes`."""
    return click.option(
        "--class",
        "classes",
        multiple=True,
        metavar="CLASS",
        shell_complete=complete_class,
        help="Only devices of this class; repeatable.",
    )(function)


def ledger_option(function: F) -> F:
    """`--ledger`, given on as `ledger`: a path, or None for the usual one."""
    return click.option(
        "--ledger",
        type=click.Path(path_type=Path),
        envvar="COD_LEDGER",
        show_envvar=True,
        metavar="FILE",
        help="Who holds what is written there; root and each user have one of their own.",
    )(function)


def spec_dir_option(function: F) -> F:
    """`--spec-dir`, given on as `spec_dir`: a path, or None for the usual one."""
    return click.option(
        "--spec-dir",
        type=click.Path(path_type=Path),
        metavar="DIRECTORY",
        help="Where the CDI spec of the claim is put; otherwise the last of COD_SPEC_DIRS.",
    )(function)


def ledger_file(given: Path | None) -> Path:
    """The ledger that is meant."""
    from cod.ledger import ledger_path

    return given or ledger_path(os.environ)


def claim_spec_dir(given: Path | None) -> Path:
    """The directory for specs of claims that is meant."""
    from cod.prepare import spec_dir

    return given or spec_dir(os.environ)


def complete_driver(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The drivers whose names begin so, for the shell."""
    from cod.cli.machine import complete

    return complete("driver", context, incomplete)


def complete_class(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The classes whose names begin so, for the shell."""
    from cod.cli.machine import complete

    return complete("class", context, incomplete)


def complete_claim(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The claims whose names begin so, for the shell."""
    from click.shell_completion import CompletionItem

    from cod.cli.holders import held_claims

    held = held_claims(ledger_file(context.params.get("ledger")))
    return [CompletionItem(each.claim.name) for each in held if each.claim.name.startswith(incomplete)]


def complete_found(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The devices whose names begin so, for the shell."""
    from cod.cli.machine import complete

    return complete("device", context, incomplete)


def read_input(path: str) -> bytes:
    """The bytes of a file, or of standard input for `-`. Raises UnreadableFile."""
    from cod.cdi.files import read_file, read_stream

    return read_stream(sys.stdin.fileno()) if path == "-" else read_file(path)[0]
