"""AMD GPUs, whole and in partitions."""

from cod.drivers.amd.driver import Amd

__all__ = ["Amd"]
