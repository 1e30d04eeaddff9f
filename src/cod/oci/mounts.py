"""Mounts in a container that is made but not started: in its mount namespace, below its root only.

An image may hold links that lead out of it. So every path is resolved by the kernel as if the root were `/`
(openat2 with RESOLVE_IN_ROOT, Linux 5.6), and only once: a mount goes onto what was opened, and is changed by
a descriptor of its own, whatever another container that shares a volume makes of the path meanwhile.
"""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from cod.errors import Refused, Unavailable

_LIBC = ctypes.CDLL(None, use_errno=True)
_OPEN_TREE, _MOVE_MOUNT, _OPENAT2 = 428, 429, 437
_HERE = -100  # AT_FDCWD
_CLONE = 1 | os.O_CLOEXEC  # OPEN_TREE_CLONE
_WHOLE = 0x8000  # AT_RECURSIVE
_ONTO = 0x04 | 0x40  # MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH
_RESOLVE = 0x10 | 0x02  # RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS
_NEW_MOUNTS = 0x20000  # CLONE_NEWNS

_BIND, _RECURSIVE, _REMOUNT = 4096, 16384, 32
_FLAGS = {"ro": 1, "nosuid": 2, "nodev": 4, "noexec": 8}
_PROPAGATION = {"private": 1 << 18, "slave": 1 << 19, "shared": 1 << 20}
_PLAIN = ("bind", "rbind", "rw", "suid", "dev", "exec", "defaults")


class _How(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64)]


class Container:
    """The root of a made container, seen from inside of its mount namespace."""

    def __init__(self, root: int) -> None:
        self._root = root

    def mount(self, source: str, target: str, options: Sequence[str]) -> None:
        """Bind a file or directory of the host. Raises Refused for an option nobody knows, or Unavailable."""
        flags = sum(_FLAGS[each] for each in dict.fromkeys(options) if each in _FLAGS)
        propagation = [each for each in options if each.removeprefix("r") in _PROPAGATION]
        if unknown := [each for each in options if each not in (*_FLAGS, *_PLAIN, *propagation)]:
            raise Refused(f"a hook cannot mount {target} with {', '.join(unknown)}", where=source)
        changes = [_REMOUNT | _BIND | flags] if flags else []
        for each in propagation:
            more = _RECURSIVE if each.startswith("r") else 0
            changes.append(_PROPAGATION[each.removeprefix("r")] | more)
        whole = _WHOLE if "rbind" in options else 0
        try:
            tree = _call(_OPEN_TREE, _HERE, os.fsencode(source), _CLONE | whole)
            place = self._open(target, os.path.isdir(source))  # noqa: PTH112
            _call(_MOVE_MOUNT, tree, b"", place, b"", _ONTO)
            for change in changes:
                _change(tree, change)
        except OSError as error:
            raise _failed(target, error.errno or 0) from None
        os.close(tree)
        os.close(place)

    def run(self, hook: Any, state: bytes) -> None:
        """Run a spec's own hook, with the container's state on its stdin. Raises Unavailable."""
        try:
            done = subprocess.run(
                [*hook.args] or [hook.path],
                executable=hook.path,
                env=dict(each.partition("=")[::2] for each in hook.env),
                input=state,
                stdout=subprocess.DEVNULL,
                timeout=hook.timeout,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"hook {hook.path} failed: {error}", where=hook.path) from None
        if done.returncode:
            raise Unavailable(f"hook {hook.path} failed with status {done.returncode}", where=hook.path)

    def _open(self, path: str, is_directory: bool) -> int:
        """What is at a path of the container, made if it is not there."""
        try:
            return _open_in(self._root, path)
        except FileNotFoundError:
            above, _, name = path.rstrip("/").rpartition("/")
            if not name:
                raise
        parent = self._open(above or "/", is_directory=True)
        try:
            if is_directory:
                os.mkdir(name, 0o755, dir_fd=parent)
            else:
                os.close(
                    os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644, dir_fd=parent)
                )
        finally:
            os.close(parent)
        return _open_in(self._root, path)


@contextmanager
def inside(pid: int, root: str) -> Iterator[Container]:
    """Enter the mount namespace of a process, for good; its root is a path there. Raises Unavailable."""
    try:
        namespace = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        if _LIBC.setns(namespace, _NEW_MOUNTS):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        os.close(namespace)
        descriptor = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise Unavailable(f"the container's mounts cannot be reached: {error.strerror}", where=root) from None
    try:
        yield Container(descriptor)
    finally:
        os.close(descriptor)


def _open_in(root: int, path: str) -> int:
    how = _How(os.O_PATH | os.O_CLOEXEC, 0, _RESOLVE)
    return _call(_OPENAT2, root, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))


def _change(mount: int, flags: int) -> None:
    if _LIBC.mount(b"", f"/proc/self/fd/{mount}".encode(), None, ctypes.c_ulong(flags), None):
        raise _last_error()


def _call(number: int, *arguments: Any) -> int:
    result: int = _LIBC.syscall(number, *arguments)
    if result < 0:
        raise _last_error()
    return result


def _last_error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


def _failed(target: str, number: int) -> Unavailable:
    hint = "a link in the image leads nowhere" if number == errno.EEXIST else ""
    return Unavailable(f"{target} cannot be mounted: {os.strerror(number).lower()}", where=target, hint=hint)
