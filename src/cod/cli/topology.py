"""`cod topology`: what is connected to what, and how closely."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from msgspec.structs import replace

from cod.cli.machine import chosen, look, look_closely
from cod.cli.output import output_option, print_json
from cod.cli.places import driver_option, host_option, ledger_option, read_input
from cod.cli.terminal import printable
from cod.drivers import FoundDevice
from cod.drivers.protocol import DeviceKey
from cod.errors import Refused
from cod.host import Host
from cod.topology import survey

EPILOG = """\
\b
Examples:
  cod topology
  cod --host sim:8gpu topology -o matrix
  cod topology -o svg > machine.svg
  cod topology --driver nvidia --driver nic
  nvidia-smi topo -m | cod topology --nvlink - -o matrix

The letters of the matrix are those of `nvidia-smi topo -m`.
"""


@click.command(epilog=EPILOG)
@output_option("tree", "matrix", "svg", "json")
@click.option(
    "--all", "is_all", is_flag=True, help="Also partitions not made, and PCI functions that no driver offers."
)
@click.option(
    "--nvlink", metavar="FILE|-", help="What `nvidia-smi topo -m` printed, for the links of NVIDIA's GPUs."
)
@driver_option
@host_option
@ledger_option
def command(
    output: str, is_all: bool, nvlink: str | None, drivers: tuple[str, ...], host: str, ledger: Path | None
) -> None:
    """What is connected to what, how closely, and who holds it."""
    machine = look(host) if output == "matrix" else look_closely(host, ledger)
    offered = chosen(machine, drivers)
    found = {key: each for key, each in offered.items() if is_all or each.is_made}
    if nvlink is not None:
        found = _linked(found, nvlink)
    topology = survey(machine.host, replace(machine.inventory, found=found))
    if output == "matrix":
        from cod.show.matrix import draw_matrix, shown

        points = shown(topology, is_all=is_all)
        if points:
            _print(draw_matrix(topology, points))
        else:
            sys.stderr.write("no devices at a known place; --all shows every PCI function\n")
        return
    name = _name(machine.host, host)
    if output == "tree":
        from cod.show.tree import draw_tree

        _print(draw_tree(topology, machine.held, name, is_all=is_all))
    elif output == "svg":
        from cod.show.svg import draw_svg

        sys.stdout.write(draw_svg(topology, machine.held, name, is_all=is_all))
    else:
        from cod.show.data import graph_data

        print_json(graph_data(topology, machine.held, name, is_all=is_all))


def _linked(found: dict[DeviceKey, FoundDevice], path: str) -> dict[DeviceKey, FoundDevice]:
    """The devices with the links that a file, or standard input, says of them. Raises Refused."""
    from cod.drivers.nvidia.nvlink import links_of_topology_text, with_links

    text = read_input(path).decode("utf-8", "replace")
    if not links_of_topology_text(text):
        raise Refused("there is no NVLink in it", where=path, hint="nvidia-smi topo -m > FILE")
    return with_links(found, text)


def _name(host: Host, asked: str) -> str:
    """What to call a machine: as it calls itself, or as who asks does."""
    return host.node_name if asked == "/" else Path(asked).name or asked


def _print(text: str) -> None:
    sys.stdout.writelines(f"{printable(line)}\n" for line in text.splitlines())
