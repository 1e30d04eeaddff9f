"""How each engine learns of `cod-runtime`: the file it reads, and what is written there."""

from __future__ import annotations

from cod.oci.engines.containerd import Containerd
from cod.oci.engines.docker import Docker
from cod.oci.engines.dropins import CREATE_RUNTIME_HOOK, CRIO, PODMAN, PRECREATE_HOOK
from cod.oci.engines.order import Engine, InvalidEngineConfig, Order
from cod.oci.engines.program import PROGRAM

ENGINES: dict[str, Engine] = {
    "containerd": Containerd(),
    "docker": Docker(),
    "podman": PODMAN,
    "cri-o": CRIO,
    "hooks": PRECREATE_HOOK,
    "hooks-mounts": CREATE_RUNTIME_HOOK,
    "cod-runtime": PROGRAM,
}
"""By the name that `cod runtime install` takes."""

__all__ = ["ENGINES", "Engine", "InvalidEngineConfig", "Order"]
