"""Claims and slices in, devices out: a pure function that knows no file and no clock."""

from cod.allocate.fit import NoFit, Shortage
from cod.allocate.solve import DeviceId, allocate

__all__ = ["DeviceId", "NoFit", "Shortage", "allocate"]
