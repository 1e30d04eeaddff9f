"""`runsc run …` (gVisor): a private copy of the bundle, as for runc, of what its own kernel can pass on.

gVisor has a kernel of its own, which shows a device only where it has a proxy for it. Hooks that would run in
the container's namespaces are skipped by it without a word, so they are refused here. Source: gVisor user
guide § GPU support and § TPU support, runsc's container.go; tried with 20240729.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from cod.cdi.config import Config
from cod.prepare import Prepared
from cod.runtimes.asking import ask
from cod.runtimes.command import Launch
from cod.runtimes.options import Option, single_words
from cod.runtimes.runc import BundleRun, read_bundle_run
from cod.runtimes.translate import NotCarried, whole

WAY = replace(
    whole("gVisor", "", "a private copy of the bundle"),
    nodes="the same, for devices that it has a proxy for (`--nvproxy`, `--tpuproxy`, tun, fuse)",
    hooks="the same, but for `createContainer` and `startContainer`",
    net_devices="",
    intel_rdt="",
)

_SKIPPED_HOOKS = ("createContainer", "startContainer")
_IN_FLAGS = re.compile(r"^ +-([\w-]+)(?: (\w+))?$", re.MULTILINE)
_OWN = ("/dev/net/tun", "/dev/fuse")  # devices of gVisor's own kernel
_PROXIES = {"nvproxy": ("/dev/nvidia",), "tpuproxy": ("/dev/accel", "/dev/vfio/")}


class RunscRun(Struct, frozen=True):
    """A `runsc run`: as for runc, and the proxies that are on."""

    run: BundleRun
    proxies: tuple[str, ...]

    def launch(self, prepared: Prepared, scratch: Path) -> Launch:
        """The command with a private bundle that has the devices. Raises NotCarried."""
        if problems := tuple(self._problems(prepared)):
            raise NotCarried(
                "gVisor cannot give a container all that these devices need",
                causes=problems,
                hint="use runc run or podman run, which take all of it",
            )
        return self.run.launch(prepared, scratch)

    def _problems(self, prepared: Prepared) -> Iterator[str]:
        edits = prepared.edits
        for node in edits.device_nodes:
            if not (node.path in _OWN or node.path.startswith(self._prefixes())):
                yield f"the device node {node.path}: its kernel has no proxy for it{self._advice(node.path)}"
        for hook in edits.hooks:
            if hook.hook_name in _SKIPPED_HOOKS:
                yield f"the hook {hook.path} ({hook.hook_name}): it skips hooks inside of a container"
        for device in edits.net_devices:
            yield f"the network interface {device.host_interface_name}: it moves none into a container"
        if edits.intel_rdt is not None:
            yield "classes of cache and memory bandwidth (intelRdt): it sets none"

    def _prefixes(self) -> tuple[str, ...]:
        return tuple(prefix for proxy in self.proxies for prefix in _PROXIES[proxy])

    def _advice(self, path: str) -> str:
        fitting = [proxy for proxy, prefixes in _PROXIES.items() if path.startswith(prefixes)]
        return f" without --{fitting[0]}" if fitting else ""


def read_runsc(argv: tuple[str, ...], environ: Mapping[str, str]) -> RunscRun:
    """Understand a command that begins with `runsc`.

    Raises:
        Misuse: if it is not a `run` in the foreground.
        InvalidBundle: if its bundle cannot be read.
        RuntimeUnavailable: if it does not tell its flags.
    """
    flags = _IN_FLAGS.findall(ask((argv[0], "flags"), environ))
    valued = [name for name, kind in flags if kind]
    run = read_bundle_run(argv, environ, valued)
    options = single_words(argv[1:], valued)[0]
    return RunscRun(run, tuple(each for each in _PROXIES if _is_on(each, options, run.bundle.config)))


def _is_on(proxy: str, options: list[Option], config: Config) -> bool:
    if any(option.name == proxy and option.is_on for option in options):
        return True
    annotations = config.get("annotations")
    flag = annotations.get(f"dev.gvisor.flag.{proxy}") if isinstance(annotations, dict) else None
    return flag == "true"
