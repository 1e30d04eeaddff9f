"""The program `cod-runtime` itself: the front door's script, with the places of Python and COD in it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import cod
from cod.oci.engines.order import Order


class Program:
    """`cod-runtime`, for `ctr --runc-binary`, `podman --runtime`, and the engines."""

    what_next = ""
    mode = 0o755

    def path(self, order: Order) -> Path:
        """The program."""
        return order.program

    def added(self, before: bytes | None, order: Order) -> bytes:  # noqa: ARG002
        """The script for this Python and this COD."""
        library = Path(cod.__file__).parents[1]
        script = (library / "cod/oci/door.sh").read_text()
        places = {"PYTHON": sys.executable, "LIBRARY": library, "SETTINGS": order.settings}
        for name, place in places.items():
            script = script.replace(f"@{name}@", shlex.quote(str(place)))
        return script.encode()

    def removed(self, now: bytes, before: bytes | None, order: Order) -> bytes | None:  # noqa: ARG002
        """No file."""
        return None


PROGRAM = Program()
