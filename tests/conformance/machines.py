"""Real machines, recorded as trees of sysfs by the hwloc and node-feature-discovery projects."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from cod.host import Host

from .recorded import DATA

HWLOC = (
    "2pa-pcidomain32bits",
    "32em64t-2n8c+dax+nvme+mic+dimms",
    "32intel64-2p8co2t+8ve",
    "40intel64-2g2n4c+pcilocality",
    "40intel64-4n10c+pci-conflicts",
    "fakepcilocalities",
    "nvidia-dgx-gb10",
    "nvidiagpunumanodes",
)


class Machines:
    """The machines by name, each unpacked once; a test that needs one that is absent skips."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def hwloc(self, name: str) -> Host:
        """One of hwloc's, of those in HWLOC."""
        return self(f"hwloc/{name}.tar.bz2")

    def __call__(self, archive: str) -> Host:
        path = DATA / "topology" / archive
        if not path.exists():
            pytest.skip(f"…/shared/data/topology/{archive} is absent")
        place = self._directory / path.name.partition(".")[0]
        if not place.exists():
            with tarfile.open(path) as tar:
                tar.extractall(place, filter="data")
        return Host(next(each for each in place.rglob("sys") if each.is_dir()).parent)
