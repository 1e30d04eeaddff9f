"""`cod topology`: what is connected to what, and how closely."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cod.cli.holders import holders
from cod.cli.output import output_option, print_json
from cod.cli.places import host_option, ledger_file, ledger_option
from cod.cli.terminal import printable
from cod.drivers import discover
from cod.host import Host, open_host
from cod.topology import survey

EPILOG = """\
\b
Examples:
  cod topology
  cod --host sim:8gpu topology -o matrix
  cod topology -o svg > machine.svg

The letters of the matrix are those of `nvidia-smi topo -m`.
"""


@click.command(epilog=EPILOG)
@output_option("tree", "matrix", "svg", "json")
@click.option("--all", "is_all", is_flag=True, help="Every PCI function, not only devices.")
@host_option
@ledger_option
def command(output: str, is_all: bool, host: str, ledger: Path | None) -> None:
    """What is connected to what, how closely, and who holds it."""
    machine = open_host(host)
    inventory = discover(machine)
    for failure in inventory.failures:
        sys.stderr.write(f"warning: {printable(f'driver {failure.driver}: {failure.failure}')}\n")
    topology = survey(machine, inventory)
    if output == "matrix":
        from cod.show.matrix import draw_matrix, shown

        points = shown(topology, is_all=is_all)
        if points:
            _print(draw_matrix(topology, points))
        else:
            sys.stderr.write("no devices at a known place; --all shows every PCI function\n")
        return
    held = holders(ledger_file(ledger), inventory)
    name = _name(machine, host)
    if output == "tree":
        from cod.show.tree import draw_tree

        _print(draw_tree(topology, held, name, is_all=is_all))
    elif output == "svg":
        from cod.show.svg import draw_svg

        sys.stdout.write(draw_svg(topology, held, name, is_all=is_all))
    else:
        from cod.show.data import graph_data

        print_json(graph_data(topology, held, name, is_all=is_all))


def _name(machine: Host, host: str) -> str:
    """What to call a machine: as it calls itself, or as who asks does."""
    return machine.node_name if host == "/" else Path(host).name or host


def _print(text: str) -> None:
    sys.stdout.writelines(f"{printable(line)}\n" for line in text.splitlines())
