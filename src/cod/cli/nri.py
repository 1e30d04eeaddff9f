"""`cod nri`: the plugin that gives containers their devices through NRI, the Node Resource Interface."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from select import select
from typing import TYPE_CHECKING

import click

from cod.cli.main import INTERRUPTED
from cod.cli.noun import Noun
from cod.cli.registry import open_registry, spec_dirs_option
from cod.cli.terminal import printable

if TYPE_CHECKING:
    from cod.cdi import Registry

_LONGEST = 1000  # characters of a line: they fit into any pipe that has room


@click.group(cls=Noun)
def command() -> None:
    """NRI: devices for the containers of containerd and CRI-O, by annotations."""


@command.command("serve")
@click.option(
    "--socket", "path", type=click.Path(path_type=Path), metavar="SOCKET", help="The runtime's socket."
)
@click.option(
    "--idx", "index", metavar="NN", help="Two digits: plugins are asked in their order.  [default: 50]"
)
@click.option("--name", metavar="NAME", help="What the runtime calls the plugin.  [default: cod]")
@spec_dirs_option
def serve(path: Path | None, index: str | None, name: str | None, spec_dirs: tuple[str, ...]) -> int:
    """Give containers the devices that annotations ask for, until SIGTERM.

    The annotations are those of the pod or the container: `claims.cod.dev` has the name of a claim, and
    `cdi-devices.noderesource.dev` a list of CDI devices, each also with `/pod` or `/container.NAME`.

    A container that starts while this does not run, or that it is too late for, gets NO devices and NO error:
    so NRI has it. Where that must not be, ask in the CDI_devices field of CRI, require the plugin, or use
    cod-runtime.

    Started by the runtime from /opt/nri/plugins, it takes socket, index and name from there.
    """
    from cod.nri import SOCKET, Identity, Plugin, launched, read_conf
    from cod.nri.serve import serve as serve_plugin

    launch = launched(os.environ) if path is None else None
    identity = launch.identity if launch is not None else Identity(name or "cod", index or "50")

    def registry_of(conf: str) -> Registry:
        return open_registry(spec_dirs or read_conf(conf).spec_dirs)

    plugin = Plugin(identity, registry_of, _tell)
    where = launch.descriptor if launch is not None else path or Path(SOCKET)
    caught = serve_plugin(plugin, where, _tell)
    return INTERRUPTED if caught is signal.SIGINT else 0


def _tell(line: str) -> None:
    # A log that is full or gone, or a pipe that nobody reads, must cost no container its devices.
    with suppress(OSError):
        if select([], [sys.stderr], [], 0)[1]:
            sys.stderr.write(f"{printable(line)[:_LONGEST]}\n")
            sys.stderr.flush()
