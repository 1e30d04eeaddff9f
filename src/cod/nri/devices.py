"""The devices that the plugin can give: the CDI specs of some directories, and claims among them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from cod.cdi import ContainerEdits, Registry, UnreadableFile
from cod.cdi.files import stat_file
from cod.cdi.registry import SpecFile
from cod.errors import Refused, Unavailable

_PATIENCE = 1.0  # seconds; the usual time for a whole answer is 2
_MOST_TOLD = 3  # names that are not there: to find what may have been meant takes 0.1 s each


class UnknownClaim(Refused):
    """A claim that is asked for and has no spec on this node."""


class Devices:
    """A registry that many threads may ask; `open_registry` makes it when it is first asked.

    It follows the disk, at a cost that does not grow with the number of files: a directory that has changed,
    a file of the answer that has changed, or a name that is not known make it look at all files again.
    """

    def __init__(self, open_registry: Callable[[], Registry]) -> None:
        self._open = open_registry
        self._registry: Registry | None = None
        self._lock = threading.Lock()
        self._marks: list[tuple[int, int] | None] = []
        self._files: dict[str, SpecFile] = {}
        # What reads a spec is imported now, since an answer has no time for it.
        import cod.cdi.load  # noqa: F401

    def read(self) -> None:
        """Look at all files now, so that the first answer need not.

        Raises Unavailable where the directories do not answer, and what `open_registry` raises.
        """
        self.edits(())

    def edits(self, names: Sequence[str], claims: Sequence[str] = ()) -> dict[str, ContainerEdits]:
        """The edits of each device alone, by its name.

        `claims` are those of the names that stand for claims. Raises UnknownClaim, UnresolvableDevices, and
        what `read` raises.
        """
        with self._mine() as registry:
            marks = [_mark(directory) for directory in registry.dirs]
            if marks != self._marks or not self._is_fresh(registry, names):
                self._refresh(registry, marks)
            missing = [name for name in names if registry.find(name) is None]
            unknown = [name for name in missing if name in claims]
            if unknown:
                raise _unknown(unknown[:_MOST_TOLD], registry.dirs)
            registry.resolve(missing[:_MOST_TOLD])
            return {name: registry.resolve([name]) for name in names}

    def together(self, names: Sequence[str]) -> ContainerEdits:
        """The edits of devices whose own were asked for, with what they have in common once."""
        with self._mine() as registry:
            return registry.resolve(names)

    @contextmanager
    def _mine(self) -> Iterator[Registry]:
        """The registry for this thread, if another does not wait for the disk."""
        if not self._lock.acquire(timeout=_PATIENCE):
            raise Unavailable("the directories of CDI specs do not answer")
        try:
            if self._registry is None:
                self._registry = self._open()
            yield self._registry
        finally:
            self._lock.release()

    def _refresh(self, registry: Registry, marks: list[tuple[int, int] | None]) -> None:
        registry.refresh()
        self._marks = marks
        self._files = {file.path: file for file in registry.files}

    def _is_fresh(self, registry: Registry, names: Sequence[str]) -> bool:
        """Whether the files of these devices are as they were read; none is if a device is not known."""
        try:
            found = [registry.find(name) for name in names]
            paths = {each.path for each in found if each is not None}
            return None not in found and all(stat_file(path) == self._files[path].identity for path in paths)
        except UnreadableFile:
            return False


def _unknown(missing: Sequence[str], dirs: Sequence[str]) -> UnknownClaim:
    first, *others = (name.partition("=")[2] for name in missing)
    return UnknownClaim(
        f"no claim {', '.join([first, *others])} is ready on this node:"
        f" no CDI spec in {', '.join(dirs)} has {', '.join(missing)}",
        hint=f"cod claim list shows what there is, cod claim create {first} -d CLASS makes it",
    )


def _mark(directory: str) -> tuple[int, int] | None:
    """What changes when a file comes into a directory, leaves it, or is replaced."""
    try:
        found = os.stat(directory)  # noqa: PTH116 - a Path costs as much again
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
