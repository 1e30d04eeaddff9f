"""One machine as files below one root: the only way of every driver to the machine.

`/`, a recorded tree and a simulated machine (`sim:8gpu`) are the same thing to whoever holds a `Host`.
"""

from cod.host.choose import open_host
from cod.host.machine import Host, Node, Simulation

__all__ = ["Host", "Node", "Simulation", "open_host"]
