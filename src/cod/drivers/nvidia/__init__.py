"""NVIDIA GPUs, whole, in instances and as vGPUs, and what belongs to all of them."""

from cod.drivers.nvidia.driver import Nvidia

__all__ = ["Nvidia"]
