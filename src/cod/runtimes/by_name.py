"""Whether an engine that knows CDI can take a claim by its name: where it looks, and what its CDI knows.

An engine drops a whole spec file that is newer than its library, and then says that there is no such device.
What its containers' user namespaces make of nodes decides, too: runc binds the host's node at the container's
path, so that a node of another path is not found.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

from msgspec import Struct

from cod.cdi.spec import Device, Spec
from cod.cdi.version import VERSIONS, minimum_version
from cod.prepare import Prepared
from cod.runtimes.translate import NotCarried, Parts, Way, group_words


class Obstacle(Struct, frozen=True):
    """Why an engine cannot take a claim by its name; one that is not certain may be tried."""

    why: str
    is_certain: bool = True


class Told(Struct, frozen=True):
    """The words for an engine, and what to check if it fails nevertheless."""

    words: tuple[str, ...]
    check: str = ""


class Reader(Struct, frozen=True):
    """What an engine reads: the directories of specs, and the newest CDI that it knows for certain.

    `may_read_more` is whether its configuration, which it does not tell, can name other directories.
    `drops_groups` is whether it leaves the groups of a spec out without a word, so that flags say them.
    """

    directories: Collection[str]
    knows: str
    has_users: bool = False
    may_read_more: bool = False
    drops_groups: bool = False

    def told(self, prepared: Prepared, way: Way, flags: Callable[[Parts], tuple[str, ...]]) -> Told:
        """The words for a claim: its name if the engine takes that, else those of flags.

        Raises:
            NotCarried: where neither will do.
        """
        obstacle = self.obstacle(prepared)
        groups = prepared.edits.additional_gids if self.drops_groups else ()
        by_name = ("--device", prepared.name, *group_words(groups))
        if obstacle is None:
            return Told(by_name)
        try:
            return Told(flags(way.carried(prepared.edits)))
        except NotCarried as error:
            if not obstacle.is_certain:
                return Told(by_name, obstacle.why)
            error.causes += (f"by CDI neither: {obstacle.why}",)
            raise

    def obstacle(self, prepared: Prepared) -> Obstacle | None:
        """What is in the way of this engine taking the claim by its name."""
        if not self.directories:
            return Obstacle("it has no CDI, or has it switched off")
        if self.has_users and any(
            each.host_path not in ("", each.path) for each in prepared.edits.device_nodes
        ):
            return Obstacle("in a user namespace it finds no node that has another path than on the host")
        if prepared.path is None or not self._looks_into(prepared.path.parent):
            there = f"in {prepared.path.parent}" if prepared.path else "nowhere"
            why = f"the claim's CDI spec was {there}, and it reads {', '.join(self.directories)} only"
            if self.may_read_more:
                why += ", unless its configuration names others"
            return Obstacle(why, is_certain=not self.may_read_more)
        needed = _needed(prepared)
        if VERSIONS.index(needed) > VERSIONS.index(self.knows):
            return Obstacle(f"the claim needs CDI {needed}, and it knows {self.knows} for certain", False)
        return None

    def _looks_into(self, directory: Path) -> bool:
        wanted = os.path.realpath(directory)  # /var/run is /run
        return any(os.path.realpath(each) == wanted for each in self.directories)


def _needed(prepared: Prepared) -> str:
    """The oldest CDI that knows all that a claim needs."""
    name = prepared.name.rpartition("=")[2]
    device = Device(name=name, container_edits=prepared.edits)
    return minimum_version(Spec(kind="cod.dev/claim", devices=(device,)))
