"""`python -m cod` is the command `cod`."""

from cod.cli import start

start()
