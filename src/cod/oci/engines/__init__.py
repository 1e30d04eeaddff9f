"""How each engine learns of `cod-runtime`: the files it reads, and what is written there."""

from __future__ import annotations

from cod.oci.engines.containerd import Containerd
from cod.oci.engines.docker import Docker
from cod.oci.engines.dropins import CREATE_RUNTIME_HOOK, CRIO, HOOKS_DIR, PODMAN, PRECREATE_HOOK
from cod.oci.engines.order import Engine, InvalidEngineConfig, Order
from cod.oci.engines.program import PROGRAM

ENGINES: dict[str, tuple[Engine, ...]] = {
    "containerd": (Containerd(),),
    "docker": (Docker(),),
    "podman": (PODMAN,),
    "cri-o": (CRIO,),
    "hooks": (PRECREATE_HOOK, HOOKS_DIR),
    "hooks-mounts": (CREATE_RUNTIME_HOOK,),
    "cod-runtime": (),
}
"""By the name that `cod runtime install` takes: the files that an engine gets beside the program."""

__all__ = ["ENGINES", "PROGRAM", "Engine", "InvalidEngineConfig", "Order"]
