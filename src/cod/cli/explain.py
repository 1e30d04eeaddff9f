"""`cod explain`: what the code of an error means."""

from __future__ import annotations

import click

from cod.cdi.rules import RULES
from cod.errors import Misuse


@click.command()
@click.argument("code", type=str)
def command(code: str) -> None:
    """Say what the CODE in `error[CODE]` means, why it is an error, and what to try."""
    rule = RULES.get(code)
    if rule is None:
        from difflib import get_close_matches

        near = get_close_matches(code, RULES, n=3)
        raise Misuse(f"no error has the code {code!r}", hint=f"codes are {', '.join(near or RULES)}")
    click.echo(f"{code}\n  why: {rule.why}\n  try: {rule.hint}")
