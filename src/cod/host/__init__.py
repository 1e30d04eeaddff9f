"""One machine as files below one root: the only way of every driver to the machine.

`/`, a recorded tree and a simulated machine (`sim:8gpu`) are the same thing to whoever holds a `Host`.
"""

from cod.host.choose import open_host
from cod.host.files import Node
from cod.host.machine import Host, Simulation, SysDevice
from cod.host.numa import NumaNode
from cod.host.pci import PciFunction

__all__ = ["Host", "Node", "NumaNode", "PciFunction", "Simulation", "SysDevice", "open_host"]
