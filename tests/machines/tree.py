"""Build a recorded machine file by file: what the kernel shows, in the shapes in which it shows it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cod.host import Host


class Tree:
    """A machine below a directory. Paths are the machine's own; methods may be called in any order."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def host(self) -> Host:
        return Host(self.root)

    def file(self, path: str, text: str | bytes = "") -> None:
        place = self._place(path)
        place.write_bytes(text if isinstance(text, bytes) else text.encode())

    def files(self, directory: str, texts: Mapping[str, object]) -> None:
        """Files of one line each, as sysfs has them."""
        for name, text in texts.items():
            self.file(f"{directory}/{name}", f"{text}\n")

    def directory(self, path: str) -> None:
        self._place(path).mkdir(exist_ok=True)

    def link(self, path: str, target: str) -> None:
        """A link whose target is a path of the machine, or relative to the link."""
        self._place(path).symlink_to(target)

    def node(
        self,
        path: str,
        major: int,
        minor: int,
        *,
        kind: str = "c",
        mode: int = 0o660,
        uid: int = 0,
        gid: int = 0,
    ) -> None:
        """A device node as a file that says what it is, which nobody needs root to make."""
        self.file(path, f"{kind} {major}:{minor} {mode:04o} {uid} {gid}\n")

    def pci(
        self,
        address: str,
        vendor: int,
        device: int,
        class_: int,
        *,
        driver: str = "",
        numa: int = -1,
        root: str = "pci0000:00",
        bridges: tuple[str, ...] = (),
        iommu_group: str = "",
        **more: object,
    ) -> str:
        """A PCI function below its bridges; returns its directory. `more` are further files of a line."""
        path = "/".join(("/sys/devices", root, *bridges, address))
        self.files(
            path,
            {
                "vendor": f"0x{vendor:04x}",
                "device": f"0x{device:04x}",
                "class": f"0x{class_:06x}",
                "numa_node": numa,
                **more,
            },
        )
        if not (self.root / f"sys/bus/pci/devices/{address}").is_symlink():
            self.link(f"/sys/bus/pci/devices/{address}", path)
        if driver:
            self.link(f"{path}/driver", f"/sys/bus/pci/drivers/{driver}")
            self.link(f"/sys/bus/pci/drivers/{driver}/{address}", path)
        if iommu_group:
            self.link(f"{path}/iommu_group", f"/sys/kernel/iommu_groups/{iommu_group}")
            self.link(f"/sys/kernel/iommu_groups/{iommu_group}/devices/{address}", path)
        return path

    def class_device(
        self,
        class_: str,
        name: str,
        parent: str,
        *,
        node: str = "",
        numbers: tuple[int, int] = (0, 0),
        **more: object,
    ) -> str:
        """A device of a class below its parent's directory; `node` is its name below /dev, made as well."""
        path = f"{parent}/{class_}/{name}"
        self.directory(path)
        self.link(f"/sys/class/{class_}/{name}", path)
        if node:
            self.file(f"{path}/uevent", f"MAJOR={numbers[0]}\nMINOR={numbers[1]}\nDEVNAME={node}\n")
            self.file(f"{path}/dev", f"{numbers[0]}:{numbers[1]}\n")
            self.node(f"/dev/{node}", *numbers)
        self.files(path, more)
        return path

    def _place(self, path: str) -> Path:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        return place
