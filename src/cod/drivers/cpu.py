"""CPUs and the memory next to them, a device a NUMA node: a claim can have a GPU and CPUs beside it.

A device has a capacity of `cpus` and of `memory`, of which several claims may take their parts; an allocator
that knows no consumable capacity gives one claim the whole node. A claim that does not say how much takes one
CPU and no memory. CDI has no field for a set of CPUs: the container is told it in a variable,
`COD_CPUS_0=0-31` for NUMA node 0, and whoever starts it sets the cpuset.

CPUs that are offline do not count, and those that are isolated do not either: the scheduler leaves them to
programs that were pinned to them, and who these are for was decided at boot. Source: Linux
Documentation/admin-guide/cputopology.rst, Documentation/admin-guide/kernel-parameters.txt § isolcpus.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.spec import ContainerEdits
from cod.drivers.attributes import LONGEST_STRING, attribute_class, attributes, family
from cod.drivers.protocol import FoundDevice, Skipped
from cod.host import Host, NumaNode
from cod.host.numa import format_list, parse_list
from cod.resource import NUMA_NODE, Capacity, Device, DeviceClass, RequestPolicy, ValidRange

VENDOR = "cod.dev"
SIMULATED = "sim.cod.dev"
CLASS = "cpu"
SIMULATED_CLASS = "sim-cpu"  # nobody can run on a CPU that is simulated

_CPUS = "/sys/devices/system/cpu"
_MIB = 2**20


class Cpu(Struct, frozen=True):
    """The driver of CPUs."""

    name: str = "cpu.cod.dev"
    looks_for: str = "NUMA nodes with CPUs that are online and not isolated"

    def classes(self) -> Iterable[DeviceClass]:
        """`cpu`, and `sim-cpu` for those of a simulated machine."""
        return attribute_class(CLASS), attribute_class(SIMULATED_CLASS)

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """`numa0`, `numa1` …; a machine that knows no NUMA nodes has one device, `numa0`."""
        online = set(parse_list(host.value(f"{_CPUS}/online")))
        isolated = set(parse_list(host.value(f"{_CPUS}/isolated")))
        for node in host.numa.values() or _whole(host, online):
            there = [cpu for cpu in node.cpus if not online or cpu in online]
            usable = tuple(cpu for cpu in there if cpu not in isolated)
            if not node.cpus:
                yield Skipped(f"NUMA node {node.number}", "it has memory and no CPUs")
            elif not usable:
                yield Skipped(
                    f"NUMA node {node.number}", f"its CPUs are {'isolated' if there else 'offline'}"
                )
            else:
                yield _device(host, node, usable, isolated)


def _whole(host: Host, online: set[int]) -> list[NumaNode]:
    """The machine as one node, where the kernel knows of none."""
    words = host.read("/proc/meminfo").partition("MemTotal:")[2].split(maxsplit=1)[:1]
    memory = int(words[0]) * 1024 if words and words[0].isdecimal() and len(words[0]) < 16 else 0
    return [NumaNode(0, tuple(sorted(online)), memory, {})] if online else []


def _device(host: Host, node: NumaNode, cpus: tuple[int, ...], isolated: set[int]) -> FoundDevice:
    is_real = host.simulation is None
    name = f"numa{node.number}"
    listed = format_list(cpus)
    return FoundDevice(
        device=Device(
            name,
            attributes=family(CLASS, CLASS if is_real else SIMULATED_CLASS)
            | attributes(
                {
                    NUMA_NODE: node.number,
                    "cpuList": _fitting(listed),
                    "isolatedCpus": _fitting(format_list(tuple(isolated.intersection(node.cpus)))),
                    "threadsPerCore": _threads(host, cpus),
                }
            ),
            capacity={"cpus": _cpus(len(cpus))} | _memory(node.memory),
            allow_multiple_allocations=True,
        ),
        kind=f"{VENDOR if is_real else SIMULATED}/{CLASS}",
        cdi_name=name,
        edits=ContainerEdits(env=(f"COD_CPUS_{node.number}={listed}",)),
    )


def _fitting(listed: str) -> str:
    """A list of CPUs, unless it is too long for an attribute: a part of it would be wrong."""
    return listed if len(listed) <= LONGEST_STRING else ""


def _threads(host: Host, cpus: tuple[int, ...]) -> int | None:
    """How many of the CPUs that are online share a core, as the first one's says."""
    return len(parse_list(host.value(f"{_CPUS}/cpu{cpus[0]}/topology/thread_siblings_list"))) or None


def _cpus(count: int) -> Capacity:
    # The API takes no step that leads beyond the capacity.
    return Capacity(
        str(count), RequestPolicy("1", valid_range=ValidRange("1", step="1" if count > 1 else None))
    )


def _memory(size: int) -> dict[str, Capacity]:
    """The memory in whole MiB; a claim that does not ask for any takes none, so that others can have it."""
    if size < _MIB:
        return {}
    return {
        "memory": Capacity(f"{size // _MIB}Mi", RequestPolicy("0", valid_range=ValidRange("0", step="1Mi")))
    }
