"""The `config.json` of a bundle: read whole, and replaced by a complete file or not at all."""

from __future__ import annotations

import os
import stat

from cod.errors import Refused, Unavailable

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from types import TracebackType

MOST_BYTES = 64 * 2**20


class BrokenBundle(Refused):
    """A directory that is no bundle, or whose configuration is not what it should be."""


class ConfigFile:
    """A configuration's file, for a `with`. Its directory is opened once and cannot be exchanged."""

    def __init__(self, bundle: str, config: str = "") -> None:
        # crun's own default, too, lies in the bundle; any other is relative to the working directory.
        path = config if config not in ("", "config.json") else f"{bundle or '.'}/config.json"
        directory, slash, self._name = path.rpartition("/")
        self.path = path
        try:
            self._directory = os.open(directory + slash or ".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            raise self._broken("there is no bundle", error) from None

    def __enter__(self) -> ConfigFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._directory)

    def read(self) -> bytes:
        """All of it. Raises BrokenBundle."""
        try:
            flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe would have us wait for ever
            descriptor = os.open(self._name, flags, dir_fd=self._directory)
        except (OSError, ValueError) as error:
            raise self._broken("the bundle's config.json cannot be read", error) from None
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise BrokenBundle("the bundle's config.json is no file", where=self.path)
            data = os.read(descriptor, MOST_BYTES)
            while len(data) <= MOST_BYTES and (more := os.read(descriptor, 1 << 20)):
                data += more
        except OSError as error:
            raise self._broken("the bundle's config.json cannot be read", error) from None
        finally:
            os.close(descriptor)
        if len(data) > MOST_BYTES:
            raise BrokenBundle(
                f"the bundle's config.json has more than {MOST_BYTES >> 20} MiB", where=self.path
            )
        return data

    def replace(self, data: bytes) -> None:
        """Put other bytes in its place; mode and owner stay. After a failure the old file is there as it was.

        Raises BrokenBundle where it is a link, whose end is not ours to write, or Unavailable.
        """
        temporary = f".cod-{os.urandom(8).hex()}.tmp"
        try:
            found = os.stat(self._name, dir_fd=self._directory, follow_symlinks=False)
            if not stat.S_ISREG(found.st_mode):
                raise BrokenBundle("the bundle's config.json is a link: it is not replaced", where=self.path)
            try:
                self._write(temporary, data, found)
                os.rename(temporary, self._name, src_dir_fd=self._directory, dst_dir_fd=self._directory)
            except BaseException:  # an interrupt, too
                self._remove(temporary)
                raise
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise Unavailable(
                f"the bundle's config.json cannot be written: {reason}", where=self.path
            ) from None

    def _write(self, name: str, data: bytes, like: os.stat_result) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(name, flags, 0o600, dir_fd=self._directory)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            if (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(descriptor, like.st_uid, like.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(like.st_mode))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _remove(self, name: str) -> None:
        try:
            os.unlink(name, dir_fd=self._directory)
        except OSError:
            return  # it was not made

    def _broken(self, what: str, error: OSError | ValueError) -> BrokenBundle:
        reason = getattr(error, "strerror", None) or str(error)
        hint = "--bundle names a directory with a config.json"
        return BrokenBundle(what, where=self.path, causes=(reason.lower(),), hint=hint)
