"""The devices that the plugin can give: the CDI specs of some directories, and claims among them."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from cod.cdi import ContainerEdits, Registry, UnresolvableDevices
from cod.errors import Refused, Unavailable

_PATIENCE = 1.0  # seconds; the usual time for a whole answer is 2


class UnknownClaim(Refused):
    """A claim that is asked for and has no spec on this node."""


class Devices:
    """A registry that many threads may ask. A question costs a `stat` a file: 0.4 ms with 100 of them."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        # What reads a spec is imported now, since an answer has no time for it.
        import cod.cdi.load  # noqa: F401

    @property
    def dirs(self) -> tuple[str, ...]:
        """The directories, from the lowest precedence to the highest."""
        return self._registry.dirs

    def edits(self, names: Sequence[str], claims: Sequence[str] = ()) -> list[ContainerEdits]:
        """The edits of each device alone, and at the end those of all together.

        `claims` are those of the names that stand for claims. Raises UnknownClaim, UnresolvableDevices, or
        Unavailable where the directories do not answer.
        """
        if not self._lock.acquire(timeout=_PATIENCE):
            raise Unavailable("the directories of CDI specs do not answer", where=":".join(self.dirs))
        try:
            self._registry.refresh()
            return [*(self._registry.resolve([name]) for name in names), self._registry.resolve(names)]
        except UnresolvableDevices as error:
            raise self._unknown(error, claims) from None
        finally:
            self._lock.release()

    def _unknown(self, error: UnresolvableDevices, claims: Sequence[str]) -> Refused:
        missing = [name for name in claims if self._registry.find(name) is None]
        if not missing:
            return error
        first, *others = (name.partition("=")[2] for name in missing)
        return UnknownClaim(
            f"no claim {', '.join([first, *others])} is ready on this node:"
            f" no CDI spec in {', '.join(self.dirs)} has {', '.join(missing)}",
            hint=f"cod claim list shows what there is, cod claim create {first} -d CLASS makes it",
        )
