"""Engines that read a file of ours beside theirs: Podman, CRI-O, and whoever reads OCI hook files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from cod.oci.engines.order import Order
from cod.oci.hooks import CREATE_RUNTIME, PRECREATE

# Regular expressions of a key and its value.
_ASKS = {r"^(cdi\.k8s\.io/.+|cod\.dev/claim)$": ".+"}


class DropIn(Struct, frozen=True):
    """A file that is all ours."""

    usual: Path
    content: Callable[[Order], str]
    what_next: str
    mode: int = 0o644

    def path(self, order: Order) -> Path:
        """The drop-in."""
        return order.config or self.usual

    def added(self, before: bytes | None, order: Order) -> bytes:  # noqa: ARG002
        """What we write, whatever stood there."""
        return self.content(order).encode()

    def removed(self, now: bytes, order: Order) -> bytes | None:  # noqa: ARG002
        """No file."""
        return None


def _podman(order: Order) -> str:
    default = f"runtime = {json.dumps(order.name)}\n" if order.is_default else ""
    engine = f"[engine]\n{default}\n" if default else ""
    return f"{_HEAD}{engine}[engine.runtimes]\n{order.name} = [{json.dumps(str(order.program))}]\n"


def _crio(order: Order) -> str:
    default = f"[crio.runtime]\ndefault_runtime = {json.dumps(order.name)}\n\n" if order.is_default else ""
    return (
        f"{_HEAD}{default}[crio.runtime.runtimes.{order.name}]\n"
        f"runtime_path = {json.dumps(str(order.program))}\n"
        'runtime_type = "oci"\n'
        f'runtime_root = "/run/{order.name}"\n'
    )


def _hook(stage: str, verb: str) -> Callable[[Order], str]:
    def content(order: Order) -> str:
        hook = {
            "version": "1.0.0",
            "hook": {"path": str(order.program), "args": [order.program.name, verb]},
            "when": {"annotations": _ASKS},
            "stages": [stage],
        }
        return json.dumps(hook, indent=2) + "\n"

    return content


_HEAD = "# Made by `cod runtime install`; `cod runtime uninstall` removes it.\n"
_HOOKS = Path("/usr/share/containers/oci/hooks.d")  # Podman 4.3 does not look into that of /etc

PODMAN = DropIn(
    usual=Path("/etc/containers/containers.conf.d/cod.conf"),
    content=_podman,
    what_next="nothing: Podman reads it with each command",
)
CRIO = DropIn(
    usual=Path("/etc/crio/crio.conf.d/90-cod.conf"), content=_crio, what_next="systemctl restart crio"
)
PRECREATE_HOOK = DropIn(
    usual=_HOOKS / "cod-precreate.json",
    content=_hook("precreate", PRECREATE),
    what_next="nothing: Podman reads it with each container; a user without root names the directory: "
    f"podman --hooks-dir {_HOOKS} run",
)
CREATE_RUNTIME_HOOK = DropIn(
    usual=_HOOKS / "cod-mounts.json",
    content=_hook("createRuntime", CREATE_RUNTIME),
    what_next="nothing: hook files are read with each container",
)
