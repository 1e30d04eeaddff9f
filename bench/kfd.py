"""What it costs to read how 64 partitions of eight GPUs are linked: 4,200 files of links.

    python -m bench.kfd

A recorded tree is read through its links, and what is remembered of it counts only while none of its files
was written: that asks for the time of each. On a machine itself the kernel counts the changes; root sees that
here, too, with the tree as the root directory of a process. Figures are the best CPU time of some runs.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.machines.amd import amd
from tests.machines.tree import Tree

from cod.drivers.amd.kfd import read_kfd_nodes
from cod.host import open_host

RUNS = 15


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        amd(Tree(Path(directory)), gpus=8, partitions=8)
        print(f"{'CPU ms':<24}{'read':>8}{'remembered':>12}")
        show("recorded tree", directory, f"{directory}/cache")
        if os.geteuid() == 0:
            child = os.fork()
            if child == 0:
                os.chroot(directory)
                os.chdir("/")
                show("the machine itself", "/", "/cache")
                os._exit(0)
            os.waitpid(child, 0)


def show(name: str, root: str, cache: str) -> None:
    read = best(lambda: read_kfd_nodes(open_host(root)))
    read_kfd_nodes(open_host(root, cache=cache))
    remembered = best(lambda: read_kfd_nodes(open_host(root, cache=cache)))
    print(f"{name:<24}{read:>8.1f}{remembered:>12.1f}", flush=True)


def best(action: Callable[[], object]) -> float:
    """The least milliseconds of some runs."""
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return 1000 * min(times)


if __name__ == "__main__":
    main()
