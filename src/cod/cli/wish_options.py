"""The options that say which devices are wanted, as they were written."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click
from msgspec import Struct

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: tuple[tuple[str, str, str, str], ...] = (
    ("--where", "where", "[NAME:]CEL", "Only devices of which this is true."),
    ("--same", "same", "[NAMES:]ATTR", "All have the same value: numa, root, DOMAIN/ATTRIBUTE."),
    ("--distinct", "distinct", "[NAMES:]ATTR", "No two have the same value."),
    ("--capacity", "capacity", "[NAME:]CAP=N", "At least so much of a capacity, or a share of so much."),
    ("--tolerate", "tolerate", "KEY[=VALUE]", "Devices with this taint, too."),
    ("--connected", "connected", "A:B[:KIND[:N]]", "Each of A has a link to each of B, of N bytes a second."),
    ("--prefer-same", "prefer_same", "ATTR[*N]", "Rather with the same value; N is the wish's weight."),
    ("--spread", "spread", "ATTR[*N]", "Rather with different values."),
    ("--least", "least", "CAP[*N]", "Rather the least capable that do, by this capacity."),
)


class Wishes(Struct, frozen=True):
    """What was asked for by options, as it was written."""

    devices: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    distinct: tuple[str, ...] = ()
    capacity: tuple[str, ...] = ()
    tolerate: tuple[str, ...] = ()
    connected: tuple[str, ...] = ()
    prefer_same: tuple[str, ...] = ()
    spread: tuple[str, ...] = ()
    least: tuple[str, ...] = ()
    closest: bool = False

    @property
    def stray(self) -> str:
        """An option that was given although it says more of devices that were not asked for; "" if none."""
        named = [option for option, field, _, _ in _OPTIONS if getattr(self, field)]
        named += ["--closest"] if self.closest else []
        return "" if self.devices else next(iter(named), "")


def wish_options(function: F) -> F:
    """`-d` and all that may be said of the devices, given on as `wishes`."""

    @wraps(function)
    def collected(*args: Any, **options: Any) -> Any:
        wishes = Wishes(**{name: options.pop(name) for name in Wishes.__struct_fields__})
        return function(*args, wishes=wishes, **options)

    made: Any = collected
    made = click.option("--closest", is_flag=True, help="Those that are closest together.")(made)
    for option, field, metavar, text in reversed(_OPTIONS):
        made = click.option(option, field, multiple=True, metavar=metavar, help=text)(made)
    described = "What to take: a class, and how many or all; repeatable."
    taken = click.option(
        "-d", "--device", "devices", multiple=True, metavar="[NAME=]CLASS[:N]", help=described
    )
    wrapped: F = taken(made)
    return wrapped
