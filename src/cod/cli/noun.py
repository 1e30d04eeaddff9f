"""A group of commands, as click has them, with whole summaries, and the nearest name for one that is none."""

from __future__ import annotations

import click


class Noun(click.Group):
    """What `cod claim` and its like are."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches  # only a mistake needs it

            near = get_close_matches(name, self.list_commands(ctx))
            did_you = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise click.UsageError(f"No such command {name!r}.{did_you}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in the help; click cuts a summary that takes more than a line."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, command.get_short_help_str(limit=formatter.width * 2))
                    for name in self.list_commands(ctx)
                    if (command := self.get_command(ctx, name))
                ]
            )
