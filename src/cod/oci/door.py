"""From a container's configuration to the same one with the devices in it that it asks for."""

from __future__ import annotations

from cod.cdi.cache_place import cache_directory
from cod.cdi.config import InvalidConfig
from cod.cdi.inject import bind_moved_nodes, inject
from cod.cdi.users import beyond_user, has_users, makes_nodes, outer_user
from cod.oci.catalogue import Catalogue, Missing, listing
from cod.oci.edits import Unusual
from cod.oci.kept import identity, is_settled, keep, read_kept
from cod.oci.plain_json import InvalidJson, decode
from cod.oci.settings import PLACE, spec_dirs
from cod.oci.wanted import wanted

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from cod.oci.edits import Part


_LONGEST = 200  # of a file's name


class Door:
    """What is known of the machine: the settings, the spec directories, where answers are kept.

    `settings` is the path of a runtime.toml; `clock` gives the time in ns since the epoch.
    """

    def __init__(
        self, environ: Mapping[str, str], settings: str = PLACE, clock: Callable[[], int] | None = None
    ) -> None:
        self._environ = environ
        self._path = settings
        self._clock = clock or _now
        user = outer_user()
        self._is_root = user == 0
        self._cache = cache_directory(environ, user) or ""
        self._settings = self._read_settings()
        self.dirs = spec_dirs(self._settings, environ, user)

    def wishes(self, config: Mapping[str, Any]) -> list[str]:
        """The devices that a container asks for. Raises as `wanted` does."""
        return wanted(config, self._settings.get("environment", {}))

    def resolve(self, names: Sequence[str]) -> Part:
        """The edits for these devices. Raises UnresolvableDevices or UnreadableFile."""
        path = self._place("specs")
        kept = read_kept(path, [*self.dirs]) if path else None
        if kept is not None and kept.head["listing"] == listing(self.dirs):
            try:
                return Catalogue(kept.block, self.dirs, has_claims=False).resolve(names)
            except (Missing, Unusual):
                pass
        _have_all_of_cod()
        from cod.oci.careful import resolve

        return resolve(names, self.dirs, path, self._cache, self._clock())

    def with_devices(self, config: dict[str, Any], names: Sequence[str], real: str = "") -> dict[str, Any]:
        """A configuration as `config` for the runtime `real`, with these devices in it.

        Raises as `resolve` and `inject` do, or LeftOut.
        """
        edits = self.resolve(names)
        new = self.injected(config, edits, real)
        # Imported for these alone: each start waits for its imports.
        if new != config and (edits.net_devices or edits.intel_rdt is not None or any(beyond_user(edits))):
            from cod.oci.features import check_features

            check_features(real, edits)
        return new

    def injected(self, config: dict[str, Any], edits: Any, real: str = "") -> dict[str, Any]:
        """A configuration as `config` for the runtime `real`, with these edits in it, once.

        Raises as `inject` does.
        """
        new = _once(config, inject(config, edits, map_owners=self._is_root))
        return bind_moved_nodes(new, edits) if has_users(new) and not makes_nodes(real) else new

    def _place(self, what: str) -> str:
        """Where an answer under these settings is kept, "" for nowhere."""
        name = f"runtime-{what}{self._path.replace('/', '-')}"[:_LONGEST]
        return f"{self._cache}/{name}" if self._cache else ""

    def _read_settings(self) -> dict[str, Any]:
        """The settings, kept or read anew. Raises InvalidSettings or Unavailable."""
        path = self._path
        now = identity(path)
        if now is None and path == PLACE:
            return {}
        place = self._place("settings")
        kept = read_kept(place, [path, now]) if place else None
        settings: dict[str, Any] | None = kept.block("settings") if kept is not None else None
        if settings is not None:
            return settings
        from cod.oci.settings import read_settings

        settings = read_settings(path)
        if place and now == identity(path) and is_settled(now, self._clock()):
            _have_all_of_cod()
            keep(place, [path, now], {}, {"settings": settings})
        return settings


def _now() -> int:
    """The time in ns since the epoch."""
    import time

    return time.time_ns()


def read_config(data: bytes, path: str) -> dict[str, Any]:
    """The configuration in the bytes of a file; `path` is what errors call it. Raises InvalidConfig."""
    try:
        config = decode(data)
    except InvalidJson as error:
        raise InvalidConfig("the OCI spec is no JSON", where=path, causes=(error.what,)) from None
    if type(config) is not dict:
        raise InvalidConfig("the OCI spec is no JSON object", where=path)
    return config


def _once(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """`new` without the hooks and device rules that `old` has already, since its engine may know CDI, too.

    A rule before one that forbids is none: the later one counts.
    """
    for keys in (("hooks",), ("linux", "resources")):
        before, after = _at(old, keys), _at(new, keys)
        for key, items in after.items():
            had = before.get(key)
            if type(items) is list and type(had) is list and len(items) > len(had):
                denials = [index for index, each in enumerate(had) if each.get("allow") is False]
                counting = had[denials[-1] :] if denials else had
                after[key] = had + [each for each in items[len(had) :] if each not in counting]
    return new


def _at(config: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    for key in keys:
        found = config.get(key)
        config = found if type(found) is dict else {}
    return config


def _have_all_of_cod() -> None:
    """Let Python find what COD depends on: it was started without its usual places."""
    import sys

    if sys.flags.no_site:
        import site

        site.main()
