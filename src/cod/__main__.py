"""`python -m cod` is the command `cod`."""

from cod.cli.main import main

main()
