"""The command `cod`: which module has which command, and what becomes of every error.

A module is imported only when its command runs, so that each starts as fast as it can. Its click command is
called `command`.
"""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module
from typing import NamedTuple, NoReturn, TextIO

import click

from cod import __version__
from cod.cli import wording
from cod.cli.noun import Noun
from cod.errors import CodError, Unavailable

BUG = 70
INTERRUPTED = 130
PIPE_CLOSED = 141

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class Entry(NamedTuple):
    """Where a command lies and what it does, in a line. `part` names one command of a group."""

    module: str
    summary: str
    part: str = ""


COMMANDS = {
    "run": Entry("cod.cli.run", "Take devices, run a command with just those, give them back."),
    "claim": Entry("cod.cli.claim", "Who holds which devices."),
    "device": Entry("cod.cli.device", "The devices there are: where they are, who holds them."),
    "ls": Entry("cod.cli.device", "The same as `cod device list`.", part="list"),
    "class": Entry("cod.cli.classes", "Device classes: what can be asked for."),
    "driver": Entry("cod.cli.driver", "Drivers: what each looked for, found and left out."),
    "spec": Entry("cod.cli.spec", "CDI specs: list, show, generate, validate, inject, compare."),
    "topology": Entry("cod.cli.topology", "What is connected to what: a tree, a matrix, a picture."),
    "nri": Entry("cod.cli.nri", "Devices for containers of containerd and CRI-O, by annotations."),
    "runtime": Entry(
        "cod.cli.runtime", "An OCI runtime that injects devices: for Docker, containerd, Podman, CRI-O."
    ),
    "demo": Entry("cod.cli.demo", "See it work: a container with three devices."),
    "explain": Entry("cod.cli.explain", "What the code of an error means."),
    "completion": Entry("cod.cli.completion", "Completion for bash, zsh or fish."),
}

EPILOG = """\
\b
Examples:
  cod --host sim:8gpu run -d sim-gpu:2 -- env
  cod run -d kvm -- podman run --rm -it debian

\b
Exit codes:
  0    done
  1    the answer is no: invalid, no fit, differs
  2    wrong usage
  3    the environment lacks something
  130  interrupted
`cod run` ends with the command's own status.
"""


class LazyGroup(Noun):
    """A group that imports a command when it is called, and lists all without importing any."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All names, in the order of the table."""
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = import_module(entry.module).command
        if not entry.part:
            return command
        assert isinstance(command, click.Group)
        return command.get_command(ctx, entry.part)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands in the help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="cod %(version)s")
@click.option(
    "--host", metavar="MACHINE", help="Of which machine, for commands that ask: sim:8gpu, a directory."
)
def cod(host: str | None) -> None:
    """Container orchestrated devices: describe a device once, hand it to any container runtime."""


def main() -> NoReturn:
    """Run the command line and end the process."""
    sys.exit(status(sys.argv[1:]))


def status(arguments: list[str]) -> int:
    """Run the command line; every error is told on stderr and becomes an exit status."""
    _ready_streams()
    stdout = sys.stdout
    try:
        result = cod.main(arguments, prog_name="cod", standalone_mode=False)
        sys.stdout.flush()
    except CodError as error:
        return _tell(wording.report(error), error.exit_code)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except SystemExit:
        # So click ends a completion, and also where nobody reads its output: then it has replaced the stream.
        if sys.stdout is stdout:
            raise
        return _pipe_closed(stdout)
    except BrokenPipeError:
        return _pipe_closed(stdout)
    except Exception as error:
        return _tell_unforeseen(error)
    return result if isinstance(result, int) else 0


def _ready_streams() -> None:
    """Make streams that take any text; one that is closed takes it, too, and drops it."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _tell(text: str, exit_code: int) -> int:
    sys.stderr.write(text)
    return exit_code


def _tell_unforeseen(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno in _NO_ROOM and error.filename is None:
        _drop(sys.stdout)
        reason = os.strerror(error.errno).lower()
        return _tell(f"error: the output cannot be written: {reason}\n", Unavailable.exit_code)
    if os.environ.get("COD_DEBUG"):
        raise error
    return _tell(wording.report_bug(error), BUG)


def _pipe_closed(stdout: TextIO) -> int:
    _drop(stdout)
    return PIPE_CLOSED


def _drop(stream: TextIO) -> None:
    """Keep Python from writing at its end what could not be written before."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
