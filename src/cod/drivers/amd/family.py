"""What tells AMD's GPUs from other devices."""

from __future__ import annotations

VENDOR = 0x1002
KERNEL_DRIVER = "amdgpu"
CLASS = "gpu.amd.com"
