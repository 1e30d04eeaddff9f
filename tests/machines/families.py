"""Every family of devices: a machine that has it, and the driver that finds it there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cod.drivers import Driver
from cod.drivers.accel import Accel
from cod.drivers.alveo import Alveo
from cod.drivers.amd import Amd
from cod.drivers.cpu import Cpu
from cod.drivers.dfl import Dfl
from cod.drivers.drm import Drm
from cod.drivers.dsa import Dsa
from cod.drivers.gaudi import Gaudi
from cod.drivers.generic import Generic
from cod.drivers.intel_gpu import IntelGpu
from cod.drivers.nic import Nic
from cod.drivers.nvidia import Nvidia
from cod.drivers.nvme import Nvme
from cod.drivers.qat import Qat
from cod.drivers.vfio import Vfio
from tests.machines.accel import accel, drm
from tests.machines.alveo import alveo
from tests.machines.amd import amd
from tests.machines.dfl import dfl
from tests.machines.dsa import dsa
from tests.machines.edge import edge
from tests.machines.gaudi import gaudi
from tests.machines.intel import intel
from tests.machines.network import network
from tests.machines.numa import numa
from tests.machines.nvidia import cut_dgx, dgx, vgpu_host
from tests.machines.nvme import nvme
from tests.machines.qat import qat
from tests.machines.tree import Tree
from tests.machines.vfio import vfio

FAMILIES: dict[str, tuple[Callable[[Tree], object], Driver]] = {
    "nvidia": (dgx, Nvidia()),
    "nvidia in instances": (cut_dgx, Nvidia()),
    "nvidia vgpu": (vgpu_host, Nvidia()),
    "amd": (amd, Amd()),
    "amd in partitions": (partial(amd, gpus=2, partitions=4), Amd()),
    "intel gpu": (intel, IntelGpu()),
    "gaudi": (gaudi, Gaudi()),
    "qat": (qat, Qat()),
    "dsa": (dsa, Dsa()),
    "dfl": (dfl, Dfl()),
    "alveo": (alveo, Alveo()),
    "accel": (accel, Accel()),
    "drm": (drm, Drm()),
    "nic": (network, Nic()),
    "nvme": (nvme, Nvme()),
    "vfio": (vfio, Vfio()),
    "cpu": (numa, Cpu()),
    "generic": (edge, Generic()),
}
