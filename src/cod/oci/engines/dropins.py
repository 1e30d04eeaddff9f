"""Engines that read a file of ours beside theirs: Podman, CRI-O, and whoever reads OCI hook files."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from cod.oci.engines.order import InvalidEngineConfig, Order, quoted, text_of
from cod.oci.hooks import CREATE_RUNTIME, PRECREATE

# Regular expressions of a key and its value.
_ASKS = {r"^(cdi\.k8s\.io/.+|cod\.dev/claim)$": ".+"}


class DropIn(Struct, frozen=True):
    """A file that is all ours: `mark` is in it. `is_fixed`: `--config` does not name this one."""

    usual: Path
    content: Callable[[Order], str]
    mark: str
    what_next: str = ""
    mode: int = 0o644
    is_fixed: bool = False

    def path(self, order: Order) -> Path:
        """The drop-in."""
        return self.usual if self.is_fixed or order.config is None else order.config

    def added(self, before: bytes | None, order: Order) -> bytes:  # noqa: ARG002
        """What we write, whatever stood there."""
        return self.content(order).encode()

    def removed(self, now: bytes, before: bytes | None, order: Order) -> bytes | None:  # noqa: ARG002
        """No file. Raises InvalidEngineConfig for a file that somebody else has made."""
        if self.mark.encode() not in now:
            path = self.path(order)
            hint = "--config names a file that is not there yet, in a directory of drop-ins"
            raise InvalidEngineConfig(f"{path} is there and is not ours", where=str(path), hint=hint)
        return None


def _podman(order: Order) -> str:
    default = f"[engine]\nruntime = {quoted(order.name)}\n\n" if order.is_default else ""
    return f"{_HEAD}{default}[engine.runtimes]\n{order.name} = [{quoted(order.program)}]\n"


def _crio(order: Order) -> str:
    default = f"[crio.runtime]\ndefault_runtime = {quoted(order.name)}\n\n" if order.is_default else ""
    return (
        f"{_HEAD}{default}[crio.runtime.runtimes.{order.name}]\n"
        f"runtime_path = {quoted(order.program)}\n"
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


def _hooks_dir(order: Order) -> str:
    """Podman's directories of hooks, and the one with ours."""
    directories = [*_podmans_hooks_dirs(order), str(PRECREATE_HOOK.path(order).parent)]
    named = ", ".join(map(quoted, dict.fromkeys(directories)))
    return f"{_HEAD}[engine]\nhooks_dir = [{named}]\n"


def _podmans_hooks_dirs(order: Order) -> list[str]:
    """What Podman reads without us: the last of its files that says something counts."""
    main = Path("/etc/containers/containers.conf")
    there = order.place(PODMAN.usual.parent).glob("*.conf")
    names = sorted({each.name for each in there} - {HOOKS_DIR.usual.name})
    found = [str(_HOOKS)]
    for path in (main, *(PODMAN.usual.with_name(name) for name in names)):
        try:
            said = tomllib.loads(text_of(order.content(path) or b"", path)).get("engine", {}).get("hooks_dir")
        except (tomllib.TOMLDecodeError, AttributeError) as error:
            what = f"{path} is not what Podman reads: {error}"
            raise InvalidEngineConfig(what, where=str(path), hint="put it right first") from None
        if isinstance(said, list):
            found = [each for each in said if isinstance(each, str)]
    return found


_HEAD = "# Made by `cod runtime install`; `cod runtime uninstall` removes it.\n"
_HOOKS = Path("/usr/share/containers/oci/hooks.d")  # Podman 4.3 does not look into that of /etc

PODMAN = DropIn(
    usual=Path("/etc/containers/containers.conf.d/cod.conf"),
    content=_podman,
    mark=_HEAD,
    what_next="nothing: Podman reads it with each command",
)
CRIO = DropIn(
    usual=Path("/etc/crio/crio.conf.d/90-cod.conf"),
    content=_crio,
    mark=_HEAD,
    what_next="systemctl restart crio",
)
# In a directory that Podman alone is told of: others know no such stage, and run nothing where they find it.
PRECREATE_HOOK = DropIn(
    usual=Path("/etc/cod/hooks.d/cod-precreate.json"),
    content=_hook("precreate", PRECREATE),
    mark=f'"{PRECREATE}"',
    what_next="nothing: Podman reads it with each container",
)
HOOKS_DIR = DropIn(
    usual=PODMAN.usual.with_name("cod-hooks.conf"), content=_hooks_dir, mark=_HEAD, is_fixed=True
)
CREATE_RUNTIME_HOOK = DropIn(
    usual=_HOOKS / "cod-mounts.json",
    content=_hook("createRuntime", CREATE_RUNTIME),
    mark=f'"{CREATE_RUNTIME}"',
    what_next="nothing: hook files are read with each container",
)
