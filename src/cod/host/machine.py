"""A machine, read through its files.

Every path given to a `Host` and every path it returns is as the machine itself sees it (`/dev/kvm`), whatever
directory the machine's root is. Nothing outside the root is ever read, and nothing here raises: a file that
is missing, unreadable or no text is the empty text, a directory that is none has no names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from fnmatch import translate
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from cod.host.files import Disk, Files, Memory, Node, Recorded
from cod.host.memo import Memo
from cod.host.numa import NumaNode, read_numa_nodes
from cod.host.pci import PciFunction, read_functions
from cod.host.pci_names import PciNames

if TYPE_CHECKING:
    from cod.host.in_use import InUse

T = TypeVar("T")

_NUMBER = re.compile(r"([0-9]+)")
_MAGIC = re.compile(r"[*?[]")
_NOT_IN_LABEL = re.compile(r"[^a-z0-9-]+")
_LONGEST_NAME = 64  # of a machine, in Linux
_INT64 = 2**63


class Simulation(Struct, frozen=True):
    """What is simulated on top of this machine: all that lies in these directories is in `files` alone.

    `name` is what the user called the machine, `sim:8gpu`.
    """

    name: str
    files: Memory
    directories: tuple[str, ...] = ("/sys", "/proc/driver")

    def covers(self, path: str) -> bool:
        """Whether a path is simulated."""
        return any(path == each or path.startswith(f"{each}/") for each in self.directories)


class SysDevice(Struct, frozen=True):
    """A device as sysfs has it: its name, its directory without links, the PCI function it belongs to or "".

    `parent` is the directory of the device it hangs on.
    """

    name: str
    path: str
    function: str

    @property
    def parent(self) -> str:
        """The directory above the class it is listed in: that of the device which has it."""
        return self.path.rpartition("/")[0]


class Host(Struct, frozen=True, dict=True):
    """A machine whose files lie below `root`; `simulation` says what is simulated on top of them.

    What is read of PCI and NUMA is read once. For later changes open the machine anew. `cache` is a directory
    in which costly answers are kept for the next process, "" for none.
    """

    root: Path
    simulation: Simulation | None = None
    cache: str = ""

    @property
    def is_real(self) -> bool:
        """Whether a device node found here can be opened: not so in a recorded tree."""
        return self.root == Path("/")

    @property
    def node_name(self) -> str:
        """The machine's name as Kubernetes writes a node's, or `localhost` where it has none.

        That is in lower case; what the name of a node may not have in it, such as `_`, becomes `-`.
        """
        name = self.value("/proc/sys/kernel/hostname").lower()
        if name == "(none)":
            return "localhost"
        labels = (_NOT_IN_LABEL.sub("-", each).strip("-") for each in name[:_LONGEST_NAME].split("."))
        return ".".join(filter(None, labels)) or "localhost"

    @cached_property
    def pci(self) -> dict[str, PciFunction]:
        """All PCI functions by address, in the order of addresses."""
        return read_functions(self)

    @cached_property
    def numa(self) -> dict[int, NumaNode]:
        """The NUMA nodes that are online, by number; numbers may be sparse."""
        return read_numa_nodes(self)

    @cached_property
    def pci_names(self) -> PciNames:
        """The names of PCI vendors and devices, as far as the machine has a pci.ids."""
        return PciNames(self)

    @cached_property
    def in_use(self) -> InUse:
        """What the machine uses itself."""
        from cod.host.in_use import InUse  # few drivers ask

        return InUse(self)

    @cached_property
    def majors(self) -> dict[tuple[str, str], int]:
        """The major numbers by kind (`c` or `b`) and name, as the kernel gave them (`/proc/devices`)."""
        found: dict[tuple[str, str], int] = {}
        kind = "c"
        for line in self.read("/proc/devices").splitlines():
            number, _, name = line.strip().partition(" ")
            if line.startswith("Block"):
                kind = "b"
            elif number.isdecimal() and len(number) < 10:
                found[kind, name] = int(number)
        return found

    def read(self, path: str) -> str:
        """The text of a file, or "" where there is none that can be read."""
        data = self._files(path).read(path)
        return "" if data is None else data.decode("utf-8", "replace")

    def part(self, path: str, start: int, size: int) -> bytes:
        """At most `size` bytes of a file from `start` on, for files too large to be read whole."""
        return self._files(path).part(path, start, size)

    def value(self, path: str) -> str:
        """The text of a file without the blanks around it."""
        return self.read(path).strip()

    def number(self, path: str) -> int | None:
        """The number in a file, decimal or `0x` hexadecimal, or None where there is none of 64 bits."""
        text = self.value(path)
        try:
            number = int(text, 16 if text[:2] in ("0x", "0X") else 10)
        except ValueError:
            return None
        return number if -_INT64 <= number < _INT64 else None

    def names(self, path: str) -> list[str]:
        """The names in a directory, in natural order: `card2` comes before `card10`."""
        return sorted(self._files(path).names(path), key=natural_order)

    def unsorted_names(self, path: str) -> frozenset[str]:
        """The names in a directory; to sort thousands, as `/dev` may have, takes longer than to read them."""
        return frozenset(self._files(path).names(path))

    def matching(self, path: str, pattern: str | re.Pattern[str]) -> list[str]:
        """The names in a directory that a pattern matches whole, in natural order; no others are sorted.

        A pattern given as a text is compiled, which takes 50 µs, only where there are names to match.
        """
        names = self._files(path).names(path)
        return sorted(filter(re.compile(pattern).fullmatch, names), key=natural_order) if names else []

    def exists(self, path: str) -> bool:
        """Whether a file or directory is there; a link counts as what it leads to."""
        return self.resolve(path) is not None

    def resolve(self, path: str) -> str | None:
        """The path without any link in it, or None where nothing is there."""
        return self._files(path).resolve(path)

    def target(self, path: str) -> str:
        """The last name of what a link leads to, as sysfs names a driver or a group; "" where it is none.

        It need not be there: in a recorded tree it often is not.
        """
        return (self._files(path).link(path) or "").rpartition("/")[2]

    def glob(self, pattern: str) -> list[str]:
        """The paths that match, in natural order; `*`, `?` and `[…]` match within one name."""
        found = [""]
        for part in pattern.strip("/").split("/"):
            if _MAGIC.search(part):
                fits = _pattern(part)
                found = [f"{path}/{name}" for path in found for name in self.matching(path or "/", fits)]
            else:
                found = [f"{path}/{part}" for path in found]
        return [path for path in found if self.exists(path)]

    def node(self, path: str) -> Node | None:
        """The device node at a path, or nothing where there is no device node."""
        return self._files(path).node(path)

    def node_of(self, directory: str, path: str = "") -> Node | None:
        """The device node of a device in sysfs, at the path that the kernel names (`DEVNAME`) or at this one.

        Nothing where there is no such node, or one with other numbers than the device has (`dev`).
        """
        name = "" if path else self.variables(directory).get("DEVNAME", "")
        node = self.node(path or f"/dev/{name}") if path or name else None
        numbers = self.value(f"{directory}/dev")
        return node if node and numbers in ("", f"{node.major}:{node.minor}") else None

    def directory_of(self, node: Node) -> str:
        """The directory in sysfs of the device that a node leads to, without links; "" where it has none."""
        kind = "char" if node.kind == "c" else "block"
        return self.resolve(f"/sys/dev/{kind}/{node.major}:{node.minor}") or ""

    def variables(self, directory: str) -> dict[str, str]:
        """What the `uevent` file of a device in sysfs says."""
        lines = (line.partition("=") for line in self.read(f"{directory}/uevent").splitlines())
        return {name: value.strip() for name, equals, value in lines if equals}

    def class_devices(self, name: str) -> list[SysDevice]:
        """The devices of a class (`drm`, `net`, `infiniband` …) in natural order; of `block`, too."""
        return self.devices_in(f"/sys/class/{name}")

    def devices_in(self, directory: str) -> list[SysDevice]:
        """The devices that a directory of sysfs lists, in natural order."""
        found = ((each, self.resolve(f"{directory}/{each}")) for each in self.names(directory))
        return [SysDevice(each, path, self._function(path)) for each, path in found if path]

    def remembered(
        self, name: str, version: str, files: Iterable[str], read: Callable[[], T], type_: type[T]
    ) -> T:
        """What `read` gives, from the cache if it was kept there since the machine started.

        `version` is what the kernel counts up when it changes. In a recorded tree, which has no kernel, none
        of `files` may have been written since either.
        """
        if not self.cache or self.simulation is not None:
            return read()
        from msgspec import DecodeError, MsgspecError, msgpack

        fingerprint = f"{self.value('/proc/sys/kernel/random/boot_id')} {version}"
        if not self.is_real:
            fingerprint += "".join(f" {self._files(path).changed(path)}" for path in files)
        memo = Memo(self.cache, str(self.root))
        if (kept := memo.find(name, fingerprint)) is not None:
            with suppress(DecodeError):
                return msgpack.decode(kept, type=type_)
        found = read()
        with suppress(MsgspecError, OverflowError, TypeError, UnicodeError):
            memo.keep(name, fingerprint, msgpack.encode(found))
        return found

    def _function(self, path: str) -> str:
        """The innermost PCI function in a path of sysfs."""
        for part in reversed(path.split("/")):
            if part in self.pci:
                return part
        return ""

    def _files(self, path: str) -> Files:
        if self.simulation is not None and self.simulation.covers(path):
            return self.simulation.files
        return self._disk

    @cached_property
    def _disk(self) -> Files:
        return Disk() if self.is_real else Recorded(str(self.root))


@cache
def _pattern(part: str) -> re.Pattern[str]:
    return re.compile(translate(part))


def natural_order(text: str) -> tuple[tuple[int, str], ...]:
    """A sort key by which `gpu10` follows `gpu9`."""
    parts = _NUMBER.split(text)
    return tuple(_size(part) if index % 2 else (-1, part) for index, part in enumerate(parts))


def _size(digits: str) -> tuple[int, str]:
    """A sort key for a number of any length; Python refuses to read those of thousands of digits."""
    digits = digits.lstrip("0")
    return len(digits), digits
