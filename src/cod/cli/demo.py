"""`cod demo`: see it work."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Run a real container with two simulated accelerators and a real device, and show what it sees.

    Needs root, runc and a static busybox; without them it shows what would be done. Nothing is left behind.
    """
    from cod.demo import Story

    Story(say=_say).tell()


def _say(line: str) -> None:
    click.echo(line)
