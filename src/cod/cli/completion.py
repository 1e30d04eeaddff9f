"""`cod completion`: the script that teaches a shell to complete `cod`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command(
    epilog='\b\nExamples:\n  eval "$(cod completion bash)"\n  cod completion fish | source',
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print a script that completes `cod` in a shell."""
    complete = get_completion_class(shell)
    assert complete is not None
    script = complete(context.find_root().command, {}, "cod", "_COD_COMPLETE")
    click.echo(script.source())
