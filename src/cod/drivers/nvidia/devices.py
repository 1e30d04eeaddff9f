"""NVIDIA's devices as COD offers them: whole GPUs, MIG instances made and possible, vGPUs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from cod.cdi.spec import NO_EDITS, ContainerEdits
from cod.drivers.attributes import PARENT_ATTRIBUTE, Plain, attributes, driver_version, family, place, strings
from cod.drivers.nodes import device_node
from cod.drivers.nvidia.edits import VOID, Hooks, find_hooks, node_edits, user_edits
from cod.drivers.nvidia.files import ROOTS, DriverFiles, DriverRoot, find_files
from cod.drivers.nvidia.gpu import Gpu, find_gpus, kernel_version
from cod.drivers.nvidia.instances import Instance, find_instances, is_cut
from cod.drivers.nvidia.mig import Geometry, Partition, geometry_of
from cod.drivers.nvidia.nodes import node_devices
from cod.drivers.nvidia.nvml import Management, ask_management
from cod.drivers.nvidia.vgpu import Vgpu, creatable_types, find_vgpus
from cod.drivers.protocol import FoundDevice, Skipped
from cod.drivers.taints import NO_TYPE, NOT_MADE, unready
from cod.host import Host, Node, PciFunction
from cod.resource import Attribute, Capacity, CounterSet, Device

KIND = "nvidia.com/gpu"

_CONTROL = "/dev/nvidiactl"
_COMMON = ("/dev/nvidia-modeset", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", _CONTROL)
_DRM = re.compile(r"(card|renderD)\d+")

NO_NODE, PARTITIONED = "no-device-node", "partitioned"


class _Machine(Struct, frozen=True):
    """What a machine's devices share. `by_path` are names below /dev/dri/by-path by what they lead to."""

    root: DriverRoot
    hooks: Hooks
    files: DriverFiles | None
    common: ContainerEdits
    version: dict[str, Attribute]
    by_path: dict[str, list[str]]

    def nodes(self, *paths: str) -> list[tuple[str, Node]]:
        """Those of the device nodes that exist, by the path at which a container sees them."""
        found = ((path, self.root.node(path)) for path in paths)
        return [(path, node) for path, node in found if node]


def offer(
    host: Host, functions: list[PciFunction], root: str, disabled_hooks: tuple[str, ...]
) -> Iterator[FoundDevice | CounterSet | Skipped]:
    """All devices that are made of these PCI functions or belong to them."""
    found = list(find_gpus(host, functions))
    gpus = [each for each in found if isinstance(each, Gpu)]
    vgpus = list(find_vgpus(host, functions))
    yield from (each for each in found if isinstance(each, Skipped))
    machine = _machine(host, root, find_hooks(host, disabled_hooks))
    if gpus:
        yield from _lacking(machine)
    management = ask_management() if gpus and host.is_real else {}
    cut = {each.physical for each in vgpus if each.type_}
    for gpu in gpus:
        says = management.get(gpu.function.address, Management())
        yield from _gpu(machine, gpu, says, cut=gpu.function.address in cut)
    names = {gpu.function.address: gpu.name for gpu in gpus}
    yield from (_vgpu(host, machine, each, names.get(each.physical, "")) for each in vgpus)
    yield from node_devices(machine.root, machine.files, machine.hooks)


def _machine(host: Host, root: str, hooks: Hooks) -> _Machine:
    kernel = kernel_version(host)
    where, files = _files(host, root, kernel)
    nodes = ((path, where.node(path)) for path in _COMMON)
    common = node_edits((path, node) for path, node in nodes if node)
    user = user_edits(files, hooks) if files else ContainerEdits(env=(VOID,))
    return _Machine(
        root=where,
        hooks=hooks,
        files=files,
        common=user + common,
        version=driver_version(kernel or (files.version if files else "")),
        by_path=_by_path(where),
    )


def _files(host: Host, root: str, kernel: str) -> tuple[DriverRoot, DriverFiles | None]:
    """The driver root that is given, or else the first that has the driver's files."""
    roots = [DriverRoot(host, each) for each in ([root.rstrip("/")] if root else ROOTS)]
    for each in roots:
        if files := find_files(each, kernel):
            return each, files
    return roots[0], None


def _lacking(machine: _Machine) -> Iterator[Skipped]:
    """What containers will miss on this machine."""
    if not machine.files:
        where = machine.root.root or "/"
        yield Skipped("user libraries", f"no libcuda.so of the kernel module's version below {where}")
    elif not machine.hooks.program:
        why = "no nvidia-cdi-hook is installed: links are mounted as files, ld.so.cache is left as it is"
        yield Skipped("hooks", why)


def _by_path(root: DriverRoot) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for top in dict.fromkeys((f"{root.root}/dev/dri/by-path", "/dev/dri/by-path")):
        names = root.host.names(top)
        for name in names:
            found.setdefault(root.host.target(f"{top}/{name}"), []).append(name)
        if names:
            break
    return found


def _gpu(machine: _Machine, gpu: Gpu, says: Management, *, cut: bool) -> Iterator[FoundDevice | CounterSet]:
    """A GPU, and the instances that it has or could have."""
    instances = list(find_instances(machine.root.host, gpu.minor))
    cut = cut or is_cut(machine.root.host, gpu.minor)
    geometry = None if cut else geometry_of(gpu.model)
    if geometry:
        yield geometry.counter_set(gpu.name)
    yield _whole(machine, gpu, says, geometry, cut=cut or says.mig)
    yield from (_instance(machine, gpu, each) for each in instances)
    for partition in geometry.partitions if geometry else ():
        yield _partition(machine, gpu, partition)


def _whole(
    machine: _Machine, gpu: Gpu, says: Management, geometry: Geometry | None, *, cut: bool
) -> FoundDevice:
    paths = (f"/dev/nvidia{gpu.minor}", *_drm_paths(machine, gpu.function))
    nodes = machine.nodes(*paths)
    lacks = len(machine.nodes(paths[0], _CONTROL)) < 2
    reason = PARTITIONED if cut else NO_NODE if lacks else ""
    memory = says.memory or gpu.memory
    capacity = geometry.whole.capacity if geometry else {}
    if memory:
        capacity = capacity | {"memory": Capacity(f"{memory // 2**20}Mi")}
    return FoundDevice(
        device=Device(
            name=gpu.name,
            attributes=family("gpu", "gpu.nvidia.com") | _facts(machine, gpu),
            capacity=capacity,
            consumes_counters=(geometry.whole.takes(gpu.name),) if geometry else (),
            taints=unready(reason),
        ),
        kind=KIND,
        cdi_name=str(gpu.index),
        aliases=(gpu.uuid,) if gpu.uuid else (),
        edits=node_edits(nodes, machine.hooks.links(_by_path_links(machine, nodes))),
        common=machine.common,
        links=says.links,
    )


def _facts(machine: _Machine, gpu: Gpu) -> dict[str, Attribute]:
    types = creatable_types(machine.root.host, gpu.function)
    return (
        place(gpu.function)
        | attributes(
            {
                "model": gpu.model,
                "uuid": gpu.uuid,
                "index": gpu.index,
                "minor": gpu.minor,
                "productId": f"{gpu.function.device:04x}",
                "bios": gpu.bios,
                "firmware": gpu.firmware,
                "memoryNumaNode": gpu.memory_node if gpu.memory_node >= 0 else None,
            }
        )
        | strings("creatableVgpuTypes", types)
        | machine.version
    )


def _drm_paths(machine: _Machine, function: PciFunction) -> list[str]:
    names = machine.root.host.names(f"{function.path}/drm")
    return [f"/dev/dri/{name}" for name in names if _DRM.fullmatch(name)]


def _by_path_links(machine: _Machine, nodes: list[tuple[str, Node]]) -> list[tuple[str, str]]:
    """The links by which programs find a DRM node of a known PCI address."""
    found = []
    for path, _ in nodes:
        name = path.removeprefix("/dev/dri/")
        found += [(f"../{name}", f"/dev/dri/by-path/{link}") for link in machine.by_path.get(name, ())]
    return sorted(found, key=lambda each: each[1])


def _instance(machine: _Machine, gpu: Gpu, instance: Instance) -> FoundDevice:
    paths = (f"/dev/nvidia{gpu.minor}", *instance.nodes)
    nodes = machine.nodes(*paths)
    facts: dict[str, Plain] = {
        PARENT_ATTRIBUTE: gpu.name,
        "model": gpu.model,
        "parentUuid": gpu.uuid,
        "gpuInstance": instance.gpu_instance,
        "computeInstance": instance.compute_instance,
    }
    return FoundDevice(
        device=Device(
            name=f"{gpu.name}-mig-gi{instance.gpu_instance}-ci{instance.compute_instance}",
            attributes=family("mig", "mig.nvidia.com")
            | place(gpu.function)
            | attributes(facts)
            | machine.version,
            taints=unready(NO_NODE if len(machine.nodes(*paths, _CONTROL)) < len(paths) + 1 else ""),
        ),
        kind=KIND,
        cdi_name=f"{gpu.index}:{instance.number}",
        edits=node_edits(nodes),
        common=machine.common,
    )


def _partition(machine: _Machine, gpu: Gpu, partition: Partition) -> FoundDevice:
    """An instance that nobody has made: it has a place on the GPU, and nothing for a container yet."""
    name = f"{gpu.name}-mig-{partition.label}"
    facts: dict[str, Plain] = {
        PARENT_ATTRIBUTE: gpu.name,
        "model": gpu.model,
        "parentUuid": gpu.uuid,
        "profile": partition.profile.name,
        "start": partition.start,
    }
    return FoundDevice(
        device=Device(
            name=name,
            attributes=family("mig", "mig.nvidia.com")
            | place(gpu.function)
            | attributes(facts)
            | machine.version,
            capacity=partition.capacity,
            consumes_counters=(partition.takes(gpu.name),),
            taints=unready(NOT_MADE),
        ),
        kind=KIND,
        cdi_name=name,
        edits=NO_EDITS,
    )


def _vgpu(host: Host, machine: _Machine, vgpu: Vgpu, parent: str) -> FoundDevice:
    """A vGPU as a VFIO device; a virtual function without a type has nothing for a container yet."""
    node = host.node(f"/dev/vfio/{vgpu.group}") if vgpu.group and vgpu.type_ else None
    container = host.node("/dev/vfio/vfio") if vgpu.type_ else None
    reason = NO_TYPE if not vgpu.type_ else NO_NODE if not (node and container) else ""
    facts: dict[str, Plain] = {PARENT_ATTRIBUTE: parent, "vgpuType": vgpu.type_, "iommuGroup": vgpu.group}
    return FoundDevice(
        device=Device(
            name=f"vgpu-{vgpu.id_}",
            attributes=family("vgpu", "vgpu.nvidia.com")
            | place(vgpu.function)
            | attributes(facts)
            | strings("creatableVgpuTypes", vgpu.creatable)
            | machine.version,
            taints=unready(reason),
        ),
        kind="nvidia.com/vgpu",
        cdi_name=vgpu.id_,
        edits=ContainerEdits(device_nodes=(device_node(node),) if node else ()),
        common=ContainerEdits(device_nodes=(device_node(container),) if container else ()),
    )
