"""An NRI plugin: a container gets the devices that annotations ask for, in containerd, CRI-O and Docker.

    serve(Plugin(Identity(), lambda conf: Registry(), print), Path(SOCKET), print)

NRI lets a container start without what a plugin would have given whenever the plugin is late or lost. Every
way from here that can be an error instead of that is one: `docs/inject-with-nri.md` says what is left.

Needs the extra `nri`, that is, protobuf.
"""

from __future__ import annotations

from cod.nri.conf import read_conf
from cod.nri.plugin import Identity, Plugin
from cod.nri.serve import SOCKET, launched, serve

__all__ = ["SOCKET", "Identity", "Plugin", "launched", "read_conf", "serve"]
