"""`cod claim`: claims that hold devices, and what is to be said of them.

Each command is a module of its own, imported when it is called.
"""

from __future__ import annotations

from importlib import import_module

import click

from cod.cli.noun import Noun

_COMMANDS = {
    "create": "claim_create",
    "list": "claim_list",
    "show": "claim_show",
    "explain": "claim_explain",
    "release": "claim_release",
}


class Claims(Noun):
    """The group, in which `ls` means `list`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All names, in the order of the table."""
        return [*_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, imported now."""
        module = _COMMANDS.get("list" if cmd_name == "ls" else cmd_name)
        if module is None:
            return None
        found: click.Command = import_module(f"cod.cli.{module}").command
        return found


@click.group(cls=Claims)
def command() -> None:
    """Claims: devices that are held under a name, who holds them, and why these."""
