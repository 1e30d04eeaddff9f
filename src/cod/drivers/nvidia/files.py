"""The files of NVIDIA's driver that a container needs: libraries, programs, firmware, configurations.

The libraries must be those of the running kernel module. They lie where `libcuda.so.<version>` lies, below a
driver root: `/`, or a directory such as `/run/nvidia/driver` where the driver itself runs in a container. A
container sees each file where it lies below that root. Source: nvidia-container-toolkit `pkg/nvcdi`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.spec import Mount
from cod.drivers.nvidia.elf import soname
from cod.host import Host, Node

ROOTS = ("", "/run/nvidia/driver")

_MACHINES = ("x86_64-linux-gnu", "aarch64-linux-gnu")
_LIBRARIES = (
    "/usr/lib64",
    *(f"/usr/lib/{machine}" for machine in _MACHINES),
    *(f"/usr/lib/{machine}/nvidia/current" for machine in _MACHINES),
    "/lib64",
    *(f"/lib/{machine}" for machine in _MACHINES),
    "/glibc/lib",
)
_PROGRAMS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_PROGRAM_NAMES = (
    "nvidia-smi",
    "nvidia-debugdump",
    "nvidia-persistenced",
    "nvidia-cuda-mps-control",
    "nvidia-cuda-mps-server",
    "nvidia-imex",
    "nvidia-imex-ctl",
)
_SOCKETS = ("/run/nvidia-persistenced/socket", "/run/nvidia-fabricmanager/socket")

_CONFIGURATIONS = ("/etc", "/usr/local/share", "/usr/share")
_GRAPHICS = (
    "glvnd/egl_vendor.d/10_nvidia.json",
    "egl/egl_external_platform.d/*nvidia*.json",
    "nvidia/nvoptix.bin",
)
_GRAPHICS_TO_ETC = (
    "OpenCL/vendors/nvidia.icd",
    "vulkan/icd.d/nvidia_icd.json",
    "vulkan/icd.d/nvidia_icd.x86_64.json",
    "vulkan/icd.d/nvidia_icd.aarch64.json",
    "vulkan/icd.d/nvidia_layers.json",
    "vulkan/implicit_layer.d/nvidia_layers.json",
)
_GRAPHICS_TO_SHARE = ("X11/xorg.conf.d/10-nvidia.conf", "X11/xorg.conf.d/nvidia-drm-outputclass.conf")
_XORG = tuple(
    f"{top}/{part}/{end}"
    for top in ("/usr/lib/xorg", "/usr/lib64/xorg", "/usr/X11R6/lib", "/usr/X11R6/lib64")
    for part in ("modules", "modules/updates")
    for end in ("drivers", "extensions")
)

_MAJORS = (("/dev/nvidia-uvm", "nvidia-uvm"), ("/dev/nvidia-caps/", "nvidia-caps"))  # which change

_READ_ONLY = ("ro", "nosuid", "nodev", "rbind", "rprivate")
_SOCKET = ("nosuid", "nodev", "rbind", "rprivate", "noexec")

_LIBCUDA = re.compile(r"libcuda\.so\.\d{1,4}(\.\d{1,5}){1,3}")
_EGL = r"libnvidia-egl-[a-z0-9]+\.so\.\d+(\.\d+)+"
_NVVM = r"libnvidia-nvvm70\.so\.[\w.]+"


class DriverRoot(Struct, frozen=True):
    """A machine, and the directory in it below which the driver's files lie; "" is its root."""

    host: Host
    root: str = ""

    def node(self, path: str) -> Node | None:
        """A device node: below the driver root if it has its own, else the machine's.

        None with a number that the kernel has given to another driver since: nobody renews the nodes of a
        driver container, or of a machine without udev, when the module is loaded anew.
        """
        name = next((name for start, name in _MAJORS if path.startswith(start)), "")
        major = self.host.majors.get(("c", name))
        found = (self.host.node(each) for each in (self.root + path, path))
        return next((node for node in found if node and major in (None, node.major)), None)

    def mount(self, path: str, seen: str = "", options: tuple[str, ...] = _READ_ONLY) -> Mount:
        """A file of the driver, whose path begins with the root, for a container."""
        return Mount(path, seen or path.removeprefix(self.root), options)

    def real(self, path: str) -> str:
        """The path without links, unless these lead out of the root; "" where there is nothing."""
        found = self.host.resolve(path) or ""
        return found if found.startswith(f"{self.root}/") or not found else path

    def first(self, directories: Iterable[str], name: str) -> Iterator[str]:
        """The file of this name in the first directory that has it, if there is any."""
        paths = (f"{self.root}{each}/{name}" for each in directories)
        yield from (found for found in [next(filter(self.host.exists, paths), "")] if found)


class DriverFiles(Struct, frozen=True):
    """What was found.

    A link is what it points to and where the container sees it: `libcuda.so.1`, `/usr/lib64/libcuda.so`.
    `directory` is where the container sees libcuda.so, `folders` are all its directories with libraries.
    """

    version: str
    directory: str
    mounts: tuple[Mount, ...]
    links: tuple[tuple[str, str], ...]
    folders: tuple[str, ...]
    graphics_mounts: tuple[Mount, ...]
    graphics_links: tuple[tuple[str, str], ...]


def find_files(root: DriverRoot, version: str) -> DriverFiles | None:
    """The files of this version of the driver, of any if it is ""; None where there are no libraries."""
    directory, version = _library_directory(root, version)
    if not directory:
        return None
    libraries, graphics = _libraries(root, directory, version)
    graphics += _xorg(root, directory, version)
    seen = [each.container_path for each in libraries]
    return DriverFiles(
        version=version,
        directory=directory.removeprefix(root.root),
        mounts=(*libraries, *_sockets(root), *_firmware(root, version), *_programs(root, _PROGRAM_NAMES)),
        links=tuple(sorted({link for each in libraries for link in _links(root, each)})),
        folders=tuple(dict.fromkeys(sorted(path.rpartition("/")[0] for path in seen))),
        graphics_mounts=(*graphics, *_programs(root, ("nvidia-xconfig",)), *_configurations(root)),
        graphics_links=tuple(_graphics_links([*seen, *(each.container_path for each in graphics)], version)),
    )


def _library_directory(root: DriverRoot, version: str) -> tuple[str, str]:
    for directory in _LIBRARIES:
        real = root.real(root.root + directory)
        if real and version and root.host.exists(f"{real}/libcuda.so.{version}"):
            return real, version
        if real and not version:
            for name in root.host.matching(real, _LIBCUDA):
                return real, name.removeprefix("libcuda.so.")
    return "", version


def _libraries(root: DriverRoot, directory: str, version: str) -> tuple[list[Mount], list[Mount]]:
    """The libraries of the driver, and those for graphics alone that have versions of their own."""
    ours = re.compile(rf".*\.so\.{re.escape(version)}|{_NVVM}|{_EGL}")
    names = [f"{directory}/{name}" for name in root.host.matching(directory, ours)]
    names += [f"{directory}/vdpau/{name}" for name in root.host.matching(f"{directory}/vdpau", ours)]
    paths = [path for path in dict.fromkeys(map(root.real, names)) if path]
    graphics = [path for path in paths if "/libnvidia-egl-" in path and not path.endswith(f".so.{version}")]
    return [root.mount(path) for path in paths if path not in graphics], [*map(root.mount, graphics)]


def _links(root: DriverRoot, library: Mount) -> Iterator[tuple[str, str]]:
    """The links that programs open a library by: those of the machine, and three that some expect anyway."""
    directory, _, name = library.container_path.rpartition("/")
    there = library.host_path.rpartition("/")[0]
    plain = name.rpartition(".so")[0] + ".so"
    itself = soname(root.host, library.host_path)
    if itself not in ("", name) and root.host.exists(f"{there}/{itself}"):
        yield name, f"{directory}/{itself}"
    if plain not in (itself, name) and root.host.exists(f"{there}/{plain}"):
        yield itself or name, f"{directory}/{plain}"
    if plain == "libcuda.so":
        yield "libcuda.so.1", f"{directory}/libcuda.so"
    elif plain == "libGLX_nvidia.so":
        yield name, f"{directory}/libGLX_indirect.so.0"
    elif plain == "libnvidia-opticalflow.so":
        yield "libnvidia-opticalflow.so.1", f"{directory}/libnvidia-opticalflow.so"


def _xorg(root: DriverRoot, directory: str, version: str) -> Iterator[Mount]:
    near = directory.removeprefix(root.root)
    places = [
        f"{near}/nvidia/xorg",
        *(each.replace("/usr/lib/xorg", f"{near}/xorg") for each in _XORG[:4]),
        *_XORG,
    ]
    for name in ("nvidia_drv.so", f"libglxserver_nvidia.so.{version}"):
        yield from (root.mount(path) for path in root.first(places, name))


def _graphics_links(paths: Iterable[str], version: str) -> Iterator[tuple[str, str]]:
    by_name = {path.rpartition("/")[2]: path.rpartition("/")[0] for path in paths}
    if directory := by_name.get(f"libnvidia-allocator.so.{version}", ""):
        yield "../libnvidia-allocator.so.1", f"{directory}/gbm/nvidia-drm_gbm.so"
    for plain in ("libnvidia-vulkan-producer.so", "libglxserver_nvidia.so"):
        if directory := by_name.get(f"{plain}.{version}", ""):
            yield f"{plain}.{version}", f"{directory}/{plain}"


def _programs(root: DriverRoot, names: Iterable[str]) -> Iterator[Mount]:
    for name in names:
        yield from (root.mount(path) for path in root.first(_PROGRAMS, name))


def _sockets(root: DriverRoot) -> Iterator[Mount]:
    for path in _SOCKETS:
        if root.host.exists(root.root + path):
            yield root.mount(root.root + path, options=_SOCKET)


def _firmware(root: DriverRoot, version: str) -> Iterator[Mount]:
    """The GPU's own firmware, from the directories in which the kernel looks for it."""
    release = root.host.value("/proc/sys/kernel/osrelease")
    custom = root.host.value("/sys/module/firmware_class/parameters/path")
    places = ["/lib/firmware/updates", "/lib/firmware"]
    if re.fullmatch(r"[\w.+~-]+", release):
        places = [each for place in places for each in (f"{place}/{release}", place)]
    if re.fullmatch(r"(/[\w.+~-]+)+", custom):
        places = [custom, *places]
    for place in dict.fromkeys(places):
        paths = root.host.glob(f"{root.root}{place}/nvidia/{version}/gsp*.bin")
        yield from (root.mount(path) for path in paths)


def _configurations(root: DriverRoot) -> Iterator[Mount]:
    for pattern in _GRAPHICS:
        for place in _CONFIGURATIONS:
            yield from (root.mount(path) for path in root.host.glob(f"{root.root}{place}/{pattern}"))
    for names, to in ((_GRAPHICS_TO_ETC, "/etc"), (_GRAPHICS_TO_SHARE, "/usr/share")):
        for name in names:
            yield from (root.mount(path, f"{to}/{name}") for path in root.first((*_CONFIGURATIONS, ""), name))
