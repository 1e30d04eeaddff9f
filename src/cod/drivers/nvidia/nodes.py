"""What lies beside NVIDIA's GPUs and is no more than device nodes.

* IMEX channels, over which GPUs of several machines share memory. Which of them are made, an administrator
  decides.
* GPUDirect Storage (`nvidia-fs`), GDRCopy, NVSwitches: each a device with all its nodes, named `all` as by
  `nvidia-ctk cdi generate --mode gds` and so on.
* `management.nvidia.com/gpu=all`, as NVIDIA's GPU operator calls it: every node, for programs that watch or
  configure GPUs. It reaches GPUs that others hold, so that a claim must tolerate its taint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cod.cdi.spec import ContainerEdits
from cod.drivers.attributes import attributes, family
from cod.drivers.nvidia.edits import VOID, Hooks, management_edits, node_edits
from cod.drivers.nvidia.files import DriverFiles, DriverRoot
from cod.drivers.protocol import FoundDevice, Skipped
from cod.host import Node
from cod.resource import Device, Taint

MANAGEMENT_TAINT = "cod.dev/management"

_CHANNELS = "/dev/nvidia-caps-imex-channels"
_CHANNEL = re.compile(r"channel(\d{1,7})")
_CAPABILITIES = "/dev/nvidia-caps"
_FURTHER = (
    ("gds", re.compile(r"nvidia-fs\d+"), ("/run/udev", "/etc/cufile.json")),
    ("gdrcopy", re.compile(r"gdrdrv"), ()),
    ("nvswitch", re.compile(r"nvidia-nvswitch(ctl|\d+)"), ()),
)
_MANAGED = re.compile(r"nvidia(ctl|-uvm|-uvm-tools|-modeset|\d+)")
_CAPABILITY = re.compile(r"nvidia-cap\d+")

_JUST_VOID = ContainerEdits(env=(VOID,))


def node_devices(
    root: DriverRoot, files: DriverFiles | None, hooks: Hooks
) -> Iterator[FoundDevice | Skipped]:
    """All such devices of a machine."""
    names = [name for name in root.host.names("/dev") if name.startswith(("nvidia", "gdrdrv"))]
    if root.root:
        names += [name for name in root.host.names(f"{root.root}/dev") if name not in names]
    for class_, pattern, mounts in _FURTHER:
        nodes = _nodes(root, "/dev", [name for name in names if pattern.fullmatch(name)])
        if nodes:
            yield _further(root, class_, nodes, mounts)
    channels = _names(root, _CHANNELS)
    yield from _channels(root, channels)
    managed = [
        *_nodes(root, "/dev", [name for name in names if _MANAGED.fullmatch(name)]),
        *_nodes(
            root, _CAPABILITIES, [each for each in _names(root, _CAPABILITIES) if _CAPABILITY.fullmatch(each)]
        ),
        *_nodes(root, _CHANNELS, [each for each in channels if _CHANNEL.fullmatch(each)]),
    ]
    if managed and files:
        yield _management(managed, management_edits(files, hooks))


def _names(root: DriverRoot, directory: str) -> list[str]:
    return root.host.names(root.root + directory) or root.host.names(directory)


def _nodes(root: DriverRoot, directory: str, names: list[str]) -> list[tuple[str, Node]]:
    found = ((f"{directory}/{name}", root.node(f"{directory}/{name}")) for name in names)
    return [(path, node) for path, node in found if node]


def _further(
    root: DriverRoot, class_: str, nodes: list[tuple[str, Node]], mounts: tuple[str, ...]
) -> FoundDevice:
    paths = [root.root + path for path in mounts if root.host.exists(root.root + path)]
    mounted = sorted((root.mount(path) for path in paths), key=lambda each: each.container_path)
    return FoundDevice(
        device=Device(
            name=class_,
            attributes=family(class_, f"{class_}.nvidia.com") | attributes({"nodes": len(nodes)}),
            allow_multiple_allocations=class_ != "nvswitch",  # one fabric manager a machine
        ),
        kind=f"nvidia.com/{class_}",
        cdi_name="all",
        edits=node_edits(nodes) + ContainerEdits(mounts=tuple(mounted)),
        common=_JUST_VOID,
    )


def _channels(root: DriverRoot, names: list[str]) -> Iterator[FoundDevice | Skipped]:
    major = root.host.majors.get(("c", "nvidia-caps-imex-channels"))
    for name in names:
        channel, node = _CHANNEL.fullmatch(name), root.node(f"{_CHANNELS}/{name}")
        if not channel or not node:
            yield Skipped(f"{_CHANNELS}/{name}", "it is no device node of a channel")
        elif major is not None and node.major != major:
            yield Skipped(f"{_CHANNELS}/{name}", f"its major number is {node.major}, not {major} as now")
        else:
            yield FoundDevice(
                device=Device(
                    name=f"imex-channel-{channel[1]}",
                    attributes=family("imex-channel", "imex-channel.nvidia.com")
                    | attributes({"channel": int(channel[1])}),
                ),
                kind="nvidia.com/imex-channel",
                cdi_name=channel[1],
                edits=node_edits([(f"{_CHANNELS}/{name}", node)]),
                common=_JUST_VOID,
            )


def _management(nodes: list[tuple[str, Node]], common: ContainerEdits) -> FoundDevice:
    return FoundDevice(
        device=Device(
            name="management",
            attributes=family("management", "gpu.management.nvidia.com"),
            allow_multiple_allocations=True,
            taints=(Taint(MANAGEMENT_TAINT, "every-gpu"),),
        ),
        kind="management.nvidia.com/gpu",
        cdi_name="all",
        edits=node_edits(nodes),
        common=common,
    )
