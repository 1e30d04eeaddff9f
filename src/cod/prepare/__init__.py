"""Make allocated devices ready for a container, and undo it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cod.lazy import lazy
from cod.prepare.claim import Prepared, claim_name, describe, prepare, sweep, unprepare
from cod.prepare.place import spec_dir

if TYPE_CHECKING:
    from cod.prepare.site import Site

__all__ = ["Prepared", "Site", "claim_name", "describe", "prepare", "spec_dir", "sweep", "unprepare"]


__getattr__ = lazy(__name__, {"Site": "site"})
