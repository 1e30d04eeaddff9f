"""The story that `cod demo` tells: one claim, one container, and what is seen from inside and from outside.

The commands it shows are the ones it runs. All it makes lies in one private directory that goes at the end.
"""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from cod.allocate import Node, allocate
from cod.cdi.config import write_config
from cod.cdi.inject import inject
from cod.demo.bundle import busybox, config, make_bundle
from cod.drivers import Inventory, discover
from cod.errors import Unavailable
from cod.host import Host, open_host
from cod.host import Node as DeviceNode
from cod.prepare import describe
from cod.resource import (
    ClaimDevices,
    ClaimSpec,
    ClaimStatus,
    DeviceRequest,
    ExactRequest,
    ObjectMeta,
    ResourceClaim,
)
from cod.runtimes import RuntimeUnavailable

MACHINE = "sim:8gpu"
REAL_CLASSES = ("hwrng", "cpuid", "kvm", "fuse", "tun")
READABLE = ("hwrng", "cpuid")
CLOSED = ("kvm", "fuse", "cpuid", "hwrng")  # without tun, which old versions of runc allow everybody
_SEEN = "=== seen"


class Plan(Struct, frozen=True):
    """What to take and to look at: a real device or none, what to read, and what must stay closed."""

    real: DeviceNode | None
    real_class: str
    readable: tuple[str, ...]
    forbidden: DeviceNode | None

    @property
    def devices(self) -> tuple[str, ...]:
        """The options of `cod run`."""
        return ("-d", "sim-gpu:2", *(("-d", self.real_class) if self.real else ()))


class Story(Struct, frozen=True):
    """A demonstration on this machine; each line goes to `say`."""

    say: Callable[[str], None]

    def tell(self) -> None:
        """Tell it. Raises Unavailable if the container could not be started, after telling the rest."""
        host = open_host(MACHINE)
        plan = make_plan(host, discover(host))
        self.say("COD takes devices for a command, gives it just those, and takes them back.")
        self.say("This machine plays one with 8 accelerators; real device nodes stand behind them.\n")
        program, runc = busybox(), shutil.which("runc", path=_path())
        if program is None or runc is None or os.geteuid() != 0:
            self._without_container(host, plan)
            raise _missing(program is not None, runc is not None)
        with tempfile.TemporaryDirectory(prefix="cod-demo-") as directory:
            make_bundle(Path(directory) / "bundle", ("sh", "-c", _script(plan)), program)
            self._with_container(Path(directory), plan)

    def _with_container(self, directory: Path, plan: Plan) -> None:
        environ = {
            **os.environ,
            "PATH": _path(),
            "COD_LEDGER": str(directory / "ledger.db"),
            "COD_SPEC_DIRS": str(directory / "cdi"),
        }
        name = f"demo-{os.getpid()}"
        words = ("run", "--host", MACHINE, *plan.devices, "--", "runc", "run", "--bundle", "bundle", name)
        self.say(f"$ cod {' '.join(words)}")
        errors = directory / "errors"
        with (
            errors.open("wb") as stderr,
            subprocess.Popen(
                _cod(*words),
                cwd=directory,
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            ) as run,
        ):
            assert run.stdin is not None
            assert run.stdout is not None
            for line in run.stdout:
                if line.rstrip() == _SEEN:
                    self._claims(directory, environ, "Meanwhile, outside:")
                    run.stdin.close()  # what the container waits for
                else:
                    self.say(f"  {line.rstrip()}")
        if run.returncode:
            raise _not_started(run.returncode, errors.read_text(errors="replace"))
        self._claims(directory, environ, "The container has ended:")
        self.say(_EXPLANATION)

    def _claims(self, directory: Path, environ: dict[str, str], heading: str) -> None:
        self.say(f"\n{heading}\n$ cod claim list")
        seen = subprocess.run(
            _cod("claim", "list"), cwd=directory, env=environ, capture_output=True, text=True, check=False
        )
        for line in (seen.stdout + seen.stderr).splitlines():
            self.say(f"  {line}")

    def _without_container(self, host: Host, plan: Plan) -> None:
        """Show what would be changed in a container's configuration."""
        inventory = discover(host)
        claim = _allocated(plan, host, inventory)
        prepared = describe(claim, inventory.found)
        self.say(f"A claim for {' '.join(plan.devices)} gets:")
        for result in claim.results:
            self.say(f"  {result.driver}/{result.pool}/{result.device}")
        before = config(("sh",))
        after = inject(before, prepared.edits)
        self.say("\nand this is what cod run changes in the container's config.json:")
        for line in _difference(write_config(before).decode(), write_config(after).decode()):
            self.say(f"  {line}")


def make_plan(host: Host, inventory: Inventory) -> Plan:
    """Choose the first real device that there is, and another one that the container must not open."""
    plain = [found for found in inventory.found.values() if found.kind.startswith("cod.dev/")]
    nodes = {
        found.kind.partition("/")[2]: host.node(found.edits.device_nodes[0].path)
        for found in reversed(plain)
        if found.edits.device_nodes and not found.device.taints
    }
    real_class = next((name for name in REAL_CLASSES if nodes.get(name)), "")
    real = nodes.get(real_class)
    taken = {_number(real)} if real else set()
    simulated = [found for found in inventory.found.values() if found.kind == "sim.cod.dev/gpu"][:2]
    backings = [host.node(found.edits.device_nodes[0].host_path) for found in simulated]
    taken |= {_number(node) for node in backings if node}
    others = (nodes.get(name) for name in CLOSED)
    readable = [found.edits.device_nodes[0].path for found in simulated[:1] if _reads(backings[0])]
    readable += [real.path] if real and real_class in READABLE else []
    forbidden = next((node for node in others if node and _number(node) not in taken), None)
    return Plan(real, real_class, tuple(readable), forbidden)


def _number(node: DeviceNode) -> tuple[int, int]:
    return node.major, node.minor


def _reads(node: DeviceNode | None) -> bool:
    return node is not None and node.path.endswith(("cpuid", "hwrng"))


def _script(plan: Plan) -> str:
    """What the container does: show each command and its output, then wait until its input ends."""
    real = plan.real.path if plan.real else ""
    commands = [f"ls -l /dev/sim/* {real}".rstrip(), "env | grep -E '^(COD|SIM)' | sort"]
    commands += [f"head -c 16 {path} | hexdump -C | head -n 1" for path in plan.readable]
    if plan.forbidden:
        node = plan.forbidden
        path = f"/dev/{Path(node.path).name}"
        commands += [f"mknod {path} {node.kind} {node.major} {node.minor}", f"head -c 1 {path}"]
    lines = [f"echo '# '{_quoted(command)}\n{command}" for command in commands]
    return "\n".join(["exec 2>&1", *lines, f"echo '{_SEEN}'", "cat >/dev/null"])


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _allocated(plan: Plan, host: Host, inventory: Inventory) -> ResourceClaim:
    """A claim as `cod run` makes it, allocated on a machine where nothing is held."""
    exactly = [ExactRequest("sim-gpu", count=2)] + ([ExactRequest(plan.real_class)] if plan.real else [])
    requests = tuple(DeviceRequest(f"request-{number}", each) for number, each in enumerate(exactly, 1))
    claim = ResourceClaim(metadata=ObjectMeta(name="demo"), spec=ClaimSpec(ClaimDevices(requests)))
    (result,) = allocate([claim], inventory.classes, inventory.slices, node=Node(host.node_name))
    return ResourceClaim(metadata=claim.metadata, spec=claim.spec, status=ClaimStatus(result))


def _difference(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def _path() -> str:
    """Where programs are; runc lies where only root looks by itself, and not every root does."""
    return f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"


def _cod(*words: str) -> Sequence[str]:
    return (sys.executable, "-m", "cod", *words)


def _missing(has_busybox: bool, has_runc: bool) -> Unavailable:
    packages = [name for name, there in (("runc", has_runc), ("busybox-static", has_busybox)) if not there]
    is_root = os.geteuid() == 0
    causes = [f"{name} is not installed" for name in packages]
    causes += [] if is_root else ["only root may start this container"]
    sudo = "" if is_root else "sudo "
    install = f"{sudo}apt-get install -y {' '.join(packages)} && " if packages else ""
    return RuntimeUnavailable(
        "the container itself was not started", causes=tuple(causes), hint=f"{install}{sudo}cod demo"
    )


def _not_started(status: int, errors: str) -> Unavailable:
    lines = tuple(line for line in errors.splitlines() if line)
    return RuntimeUnavailable(
        f"the container failed with status {status}",
        causes=lines[-5:],
        hint="run it where cgroups and mounts may be changed: outside of any container",
    )


_EXPLANATION = """
What happened
  * The claim asked for devices by class; COD chose free ones and wrote down who holds them.
  * It described them as one CDI device and put that into a private copy of the bundle's
    config.json: device nodes, the cgroup's rules for them, and variables.
  * runc started an ordinary container from it. It opens its devices, and beyond them
    only what runc gives to all.
  * When the container ended, the devices came back. They would have if cod had been killed, too.

Next
  cod device list                                 what this machine has
  cod --host sim:8gpu topology                    what is connected to what
  cod run --host sim:8gpu -d sim-gpu:2 -- env     the same with any program
  cod run -d kvm -- podman run --rm -it IMAGE     the same with Podman
  cod run --help"""
