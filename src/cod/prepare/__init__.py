"""Make allocated devices ready for a container, and undo it."""

from cod.prepare.claim import Prepared, claim_name, describe, prepare, sweep, unprepare
from cod.prepare.place import spec_dir

__all__ = ["Prepared", "claim_name", "describe", "prepare", "spec_dir", "sweep", "unprepare"]
