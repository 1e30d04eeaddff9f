"""Prepared devices into the hands of a command: Podman, runc, crun, or any other program.

`command_for` reads a command line and says how it takes devices; `run` takes them, runs it, gives them back.
"""

from cod.runtimes.choose import command_for
from cod.runtimes.command import Command, CommandNotExecutable, CommandNotFound, Launch, RuntimeUnavailable
from cod.runtimes.session import Order, Outcome, run

__all__ = [
    "Command",
    "CommandNotExecutable",
    "CommandNotFound",
    "Launch",
    "Order",
    "Outcome",
    "RuntimeUnavailable",
    "command_for",
    "run",
]
