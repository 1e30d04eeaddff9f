"""All CDI devices of a machine: the specs of some directories, by precedence, with conflicts told.

A later directory takes precedence over an earlier one. A file that is broken, or a directory that cannot be
listed, is an error of its own and hides nothing else. Source: CDI SPEC.md § CDI JSON Specification, the
reference's cache; `tests/conformance/differences.py` lists where this registry is right and that one is not.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any

from msgspec import Struct

from cod.cdi.cache import Entry, SpecCache
from cod.cdi.config import InvalidConfig
from cod.cdi.files import Identity, UnreadableFile, list_specs, read_file, stat_file
from cod.cdi.inject import InjectionFailed, inject
from cod.cdi.names import split_kind
from cod.cdi.problem import InvalidSpec
from cod.cdi.quote import quote
from cod.cdi.spec import ContainerEdits, Device, Spec, join
from cod.errors import CodError, Refused

DEFAULT_DIRS = ("/etc/cdi", "/var/run/cdi")


class UnresolvableDevices(Refused):
    """Device names that no spec provides. `names` are these, in the order asked for."""

    def __init__(self, names: Sequence[str], *, causes: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(f"unresolvable CDI devices {', '.join(names)}", causes=causes, hint=hint)
        self.names = tuple(names)


class ConflictingDevice(Refused):
    """A device that two specs of the same directory provide: neither counts."""


class FoundDevice(Struct, frozen=True):
    """A device, the spec that provides it and that spec's file. `priority` counts directories from 0."""

    device: Device
    spec: Spec
    path: str
    priority: int

    @property
    def qualified_name(self) -> str:
        """The device's name as a runtime takes it: `vendor/class=name`."""
        return f"{self.spec.kind}={self.device.name}"


class SpecFile:
    """A spec file without a fault. Its spec may still lie in the cache on disk until it is asked for."""

    def __init__(self, path: str, priority: int, identity: Identity | None, spec: Spec | Entry) -> None:
        self.path = path
        self.priority = priority
        self.identity = identity
        self.kept = spec
        self.kind = spec.kind
        self.names = spec.names if isinstance(spec, Entry) else tuple([d.name for d in spec.devices])
        self._index: dict[str, int] = {}

    @property
    def vendor(self) -> str:
        """The vendor of the spec's kind."""
        return split_kind(self.kind)[0]

    @property
    def class_(self) -> str:
        """The class of the spec's kind."""
        return split_kind(self.kind)[1]

    def position(self, name: str) -> int | None:
        """Where in the file the device of that name stands."""
        if not self._index:
            self._index = {name: position for position, name in enumerate(self.names)}
        return self._index.get(name)

    def spec(self, cache: SpecCache | None) -> Spec:
        """The spec, read on first use. Raises UnreadableFile if that is too late."""
        if isinstance(self.kept, Entry):
            spec = cache.spec(self.kept) if cache is not None else None
            self.kept = self._read_again() if spec is None else spec
        return self.kept

    def _read_again(self) -> Spec:
        """The spec from its file, since the cache was damaged after we had looked into it."""
        data, identity = read_file(self.path)
        if identity != self.identity:
            raise UnreadableFile(self.path, "read", "has changed since the directory was read")
        return _load(data, self.path)


class Registry:
    """The devices of some spec directories, as they were at the last `refresh`.

    Args:
        dirs: from the lowest precedence to the highest.
        cache: the cache on disk, if one is wanted.
        follow: refresh by itself before every question; costs a `stat` a file.
        clock: the time in ns since the epoch.
    """

    def __init__(
        self,
        dirs: Iterable[str | os.PathLike[str]] = DEFAULT_DIRS,
        *,
        cache: SpecCache | None = None,
        follow: bool = False,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.dirs = tuple(os.path.normpath(os.fspath(directory)) for directory in dirs)
        self._cache = cache
        self._follow = follow
        self._clock = clock
        self._files: dict[tuple[str, int], SpecFile] = {}
        self._failures: dict[str, CodError] = {}
        self._errors: dict[str, list[CodError]] = {}
        self._kinds: dict[str, list[SpecFile]] = {}
        self._owners: dict[str, dict[str, SpecFile | None]] = {}
        self.refresh()

    def refresh(self) -> bool:
        """Look at the directories again; whether anything has changed. Unchanged files are not read."""
        files: dict[tuple[str, int], SpecFile] = {}
        failures: dict[str, CodError] = {}
        for priority, directory in enumerate(self.dirs):
            for path in self._listed(directory, failures):
                try:
                    files[path, priority] = self._file(path, priority)
                except (InvalidSpec, UnreadableFile) as error:
                    failures[path] = error
        if files == self._files and _texts(failures) == _texts(self._failures):
            return False
        self._files, self._failures = files, failures
        self._index()
        self._keep()
        return True

    @property
    def errors(self) -> Mapping[str, Sequence[CodError]]:
        """What is wrong, by the path of the file or directory: it hides nothing that stands elsewhere."""
        self._follow_disk()
        return self._errors

    @property
    def files(self) -> tuple[SpecFile, ...]:
        """The files without a fault, in the order they were read: by precedence, then by name."""
        self._follow_disk()
        return tuple(self._files.values())

    def devices(self) -> list[str]:
        """The qualified names of all devices, sorted."""
        return [name for name, _ in self.sources()]

    def sources(self) -> list[tuple[str, SpecFile]]:
        """All devices by qualified name, sorted, each with the file that provides it."""
        self._follow_disk()
        found = [
            (f"{kind}={name}", file)
            for kind, files in self._kinds.items()
            for name, file in (self._owned(kind) if len(files) > 1 else zip(files[0].names, repeat(files[0])))
        ]
        return sorted(found, key=itemgetter(0))

    def vendors(self) -> list[str]:
        """The vendors that have a spec, sorted."""
        self._follow_disk()
        return sorted({split_kind(kind)[0] for kind in self._kinds})

    def classes(self) -> list[str]:
        """The classes that have a spec, sorted."""
        self._follow_disk()
        return sorted({split_kind(kind)[1] for kind in self._kinds})

    def spec(self, file: SpecFile) -> Spec:
        """The spec of one of `files`."""
        return file.spec(self._cache)

    def find(self, name: str) -> FoundDevice | None:
        """The device of that qualified name, or None if there is none or two specs fight for it."""
        self._follow_disk()
        return self._find(name)

    def resolve(self, names: Iterable[str]) -> ContainerEdits:
        """The edits that a container needs for these devices, in the order asked for.

        A file's own edits come before those of its first device. A device named twice counts twice.

        Raises:
            UnresolvableDevices: with all names that no spec provides.
        """
        self._follow_disk()
        parts = []
        seen = set()
        missing = []
        for name in names:
            found = self._find(name)
            if found is None:
                missing.append(name)
                continue
            if found.path not in seen:
                seen.add(found.path)
                parts.append(found.spec.container_edits)
            parts.append(found.device.container_edits)
        if missing:
            raise self._unresolvable(missing)
        return join(parts)

    def inject(self, config: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
        """An OCI configuration as `config`, with these devices in it; `config` itself stays as it is.

        Raises:
            UnresolvableDevices: if a name is not known.
            InvalidConfig: if `config` is not what the OCI says.
            InjectionFailed: if a device is not as its spec says.
        """
        if config is None:
            raise InvalidConfig("can't inject devices, nil OCI Spec")
        edits = self.resolve(names)
        try:
            return inject(config, edits)
        except InjectionFailed as error:
            text = f"failed to inject devices: {error.what}"
            raise InjectionFailed(text, where=error.where, hint=error.hint) from None

    def _listed(self, directory: str, failures: dict[str, CodError]) -> list[str]:
        try:
            return list_specs(directory)
        except UnreadableFile as error:
            failures[directory] = error
            return []

    def _file(self, path: str, priority: int) -> SpecFile:
        """The file at a path: as it was if it has not changed, else from the cache, else read now."""
        known = self._files.get((path, priority))
        if known is not None or self._cache is not None:
            identity = stat_file(path)
            if known is not None and known.identity == identity:
                return known
            if self._cache is not None and (entry := self._cache.find(path, identity)) is not None:
                return SpecFile(path, priority, identity, entry)
        now = self._clock()
        data, identity = read_file(path)
        spec = _load(data, path)
        settled = identity if identity.is_settled(now) else None
        if known is not None and known.kept == spec:
            known.identity = settled
            return known
        return SpecFile(path, priority, settled, spec)

    def _index(self) -> None:
        """Sort the files by kind, and find out who owns a name that several files of a kind provide."""
        self._kinds = {}
        self._owners = {}
        self._errors = {path: [failure] for path, failure in self._failures.items()}
        for file in self._files.values():
            self._kinds.setdefault(file.kind, []).append(file)
        for kind, files in self._kinds.items():
            if len(files) > 1:
                self._owners[kind] = self._settle(kind, files)

    def _settle(self, kind: str, files: list[SpecFile]) -> dict[str, SpecFile | None]:
        """The owner of each name; None where files of the highest precedence that has it conflict."""
        first: dict[str, SpecFile] = {}
        owners: dict[str, SpecFile | None] = {}
        for file in files:
            for name in file.names:
                other = first.get(name)
                if other is None or other.priority < file.priority:
                    first[name] = owners[name] = file
                    continue
                owners[name] = None
                subject = f"conflicting device {quote(f'{kind}={name}')}"
                text = f"{subject} (specs {quote(file.path)}, {quote(other.path)})"
                hint = "remove it from one of the two files, or put one into a directory of higher precedence"
                for path in (file.path, other.path):
                    self._errors.setdefault(path, []).append(ConflictingDevice(text, where=path, hint=hint))
        return owners

    def _owned(self, kind: str) -> Iterator[tuple[str, SpecFile]]:
        return ((name, owner) for name, owner in self._owners[kind].items() if owner is not None)

    def _find(self, name: str) -> FoundDevice | None:
        kind, _, device_name = name.partition("=")
        files = self._kinds.get(kind)
        if files is None:
            return None
        file = files[0] if len(files) == 1 else self._owners[kind].get(device_name)
        position = file.position(device_name) if file is not None else None
        if file is None or position is None:
            return None
        spec = file.spec(self._cache)
        return FoundDevice(spec.devices[position], spec, file.path, file.priority)

    def _keep(self) -> None:
        """Write the cache on disk anew if it lacks a file that was parsed now."""
        if self._cache is None:
            return
        settled = [(f.path, f.identity, f.kept) for f in self._files.values() if f.identity is not None]
        if any(self._cache.find(path, identity) is None for path, identity, _ in settled):
            self._cache.replace(settled)

    def _unresolvable(self, names: list[str]) -> UnresolvableDevices:
        from cod.cdi.suggest import explain_missing

        causes, hint = explain_missing(names, self.devices(), self.dirs, self._errors)
        return UnresolvableDevices(names, causes=causes, hint=hint)

    def _follow_disk(self) -> None:
        if self._follow:
            self.refresh()


def _load(data: bytes, path: str) -> Spec:
    # Where the cache has every file, nothing is parsed: the parser and the rules are 8 ms of imports.
    from cod.cdi.load import load

    return load(data, path)


def _texts(failures: Mapping[str, CodError]) -> dict[str, str]:
    return {path: failure.what for path, failure in failures.items()}
