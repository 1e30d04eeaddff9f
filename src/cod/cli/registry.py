"""The spec directories that are meant, and the registry over them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cod.cli.terminal import printable

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from cod.cdi.registry import Registry

F = TypeVar("F", bound=Callable[..., Any])


def spec_dirs_option(function: F) -> F:
    """`--spec-dir`, repeatable, given on as `spec_dirs`; empty means the usual ones."""
    return click.option(
        "--spec-dir",
        "spec_dirs",
        multiple=True,
        metavar="DIRECTORY",
        help="Where CDI specs lie, instead of the usual directories; repeatable, a later one takes "
        "precedence.  [env var: COD_SPEC_DIRS, with a colon between]",
    )(function)


def spec_directories(given: tuple[str, ...], environ: Mapping[str, str]) -> tuple[str, ...]:
    """The directories from the lowest precedence to the highest: as given, as `COD_SPEC_DIRS` says, or usual.

    A user's own directories come after the machine's.
    """
    from cod.cdi.registry import DEFAULT_DIRS

    named = given or tuple(each for each in environ.get("COD_SPEC_DIRS", "").split(":") if each)
    if named or os.geteuid() == 0:
        return named or DEFAULT_DIRS
    homes = (
        environ.get("XDG_CONFIG_HOME") or f"{environ.get('HOME', '')}/.config",
        environ.get("XDG_RUNTIME_DIR"),
    )
    return DEFAULT_DIRS + tuple(f"{home}/cdi" for home in homes if home and home.startswith("/"))


def open_registry(given: tuple[str, ...]) -> Registry:
    """The registry over the directories that are meant, with its cache on disk."""
    from cod.cdi.cache import SpecCache
    from cod.cdi.cache_place import cache_directory
    from cod.cdi.registry import Registry

    dirs = spec_directories(given, os.environ)
    directory = cache_directory(os.environ)
    return Registry(dirs, cache=SpecCache(directory, dirs) if directory else None)


def complete_device(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The devices whose names begin so, for the shell."""
    from click.shell_completion import CompletionItem

    names = open_registry(context.params.get("spec_dirs") or ()).devices()
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def warn_of_errors(registry: Registry) -> None:
    """Say on stderr which files were left out, a line each: without them the answer is not the whole one."""
    for path, errors in registry.errors.items():
        click.echo(printable(f"warning: {path}: {errors[0].what}"), err=True)
    wrong = [
        each for each in registry.dirs if any(f"{path}/".startswith(f"{each}/") for path in registry.errors)
    ]
    if wrong:
        from shlex import quote

        click.echo(printable(f"  try: cod spec validate {' '.join(map(quote, wrong))}"), err=True)
