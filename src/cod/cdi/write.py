"""Write a CDI spec to a file that is complete or absent, whatever happens meanwhile.

Source: CDI SPEC.md § Overview; names as the reference's WriteSpec. Two things differ on purpose: a file has
mode 0644, not 0600, and no name leads out of the directory.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from cod.cdi.emit import to_json, to_yaml
from cod.cdi.names import InvalidName, split_kind
from cod.cdi.problem import InvalidSpec
from cod.cdi.quote import quote
from cod.cdi.spec import Spec
from cod.cdi.validate import problems
from cod.errors import Unavailable

_EXTENSIONS = (".json", ".yaml")


class WriteFailed(Unavailable):
    """A file could not be written or removed; what was there before is there still."""

    def __init__(self, action: str, path: Path, error: OSError) -> None:
        hint = _HINTS.get(error.errno or 0, "").format(directory=path.parent)
        reason = (error.strerror or str(error)).lower()
        super().__init__(f"failed to {action} file: {reason}", where=str(path), hint=hint)


_HINTS = {
    errno.EACCES: "only some users may write to {directory}: try sudo, or choose another directory",
    errno.EPERM: "only some users may write to {directory}: try sudo, or choose another directory",
    errno.EROFS: "the file system of {directory} is read-only: choose another directory",
    errno.ENOSPC: "the file system of {directory} is full: make room, or choose another directory",
    errno.EDQUOT: "your quota on the file system of {directory} is used up: make room there",
    errno.ENAMETOOLONG: "choose a shorter name: most file systems take 255 bytes",
    errno.ENOENT: "{directory} cannot be made there: choose another directory",
    errno.EEXIST: "it is there already: remove it first, or ask for it to be overwritten",
    errno.EISDIR: "a directory of that name is in the way: choose another name",
    errno.ENOTDIR: "a part of {directory} is a file: choose another directory",
}


def write(
    spec: Spec, directory: str | os.PathLike[str], name: str | None = None, *, overwrite: bool = True
) -> Path:
    """Write a spec into a directory, which is made if missing, and return the file's path.

    The file is YAML, unless the name ends in `.json`. Without a name it is `vendor-class.yaml`.

    Raises InvalidSpec, InvalidName, or WriteFailed; then nothing is written.
    """
    path = Path(directory) / file_name(name_for_spec(spec) if name is None else name)
    if found := problems(spec):
        raise InvalidSpec(str(path), found)
    data = to_json(spec) if path.name.endswith(".json") else to_yaml(spec)
    write_bytes(data, path, overwrite=overwrite)
    return path


def remove(directory: str | os.PathLike[str], name: str) -> bool:
    """Remove the file that `write` made under this name; False if there is none.

    Raises InvalidName or WriteFailed.
    """
    path = Path(directory) / file_name(name)
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise WriteFailed("remove", path, error) from error
    _sync_directory(path.parent)
    return True


def write_bytes(
    data: bytes, path: str | os.PathLike[str], mode: int = 0o644, *, overwrite: bool = True
) -> None:
    """Write a file that is complete or absent: after any failure the old one is there, or none.

    Missing directories are made with mode 0755. The umask does not count. On return the data is on the disk.

    Raises WriteFailed, also if the file exists and may not be overwritten.
    """
    path = Path(path)
    try:
        _make_directory(path.parent)
        _replace(data, path, mode, overwrite)
    except OSError as error:
        raise WriteFailed("write", path, error) from error


def _replace(data: bytes, path: Path, mode: int, overwrite: bool) -> None:
    # In the same directory, since a rename does not cross file systems and the reference's watcher notices a
    # new spec by the old name of a file renamed; and with an ending that no reader of specs picks up.
    temporary = path.with_name(f".cod-{os.urandom(8).hex()}.tmp")
    try:
        with open(temporary, "xb", opener=_private) as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        if overwrite:
            temporary.replace(path)
        else:
            path.hardlink_to(temporary)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_directory(path.parent)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _make_directory(directory: Path) -> None:
    missing = [each for each in (directory, *directory.parents) if not each.exists()]
    for each in reversed(missing):
        with suppress(FileExistsError):
            each.mkdir()
            each.chmod(0o755)
            _sync_directory(each.parent)


def _sync_directory(directory: Path) -> None:
    """Put a directory's entries on the disk, if its file system can; the files are complete in any case."""
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def file_name(name: str) -> str:
    """Give a name the ending `.yaml`, unless it ends in `.json` or `.yaml`.

    Raises InvalidName for a name that is empty or would lead out of the directory.
    """
    if name in ("", ".", ".."):
        raise InvalidName(
            f"invalid file name {quote(name)}, not a name", hint="give it a name such as gpus.yaml"
        )
    for separator, shown in (("/", "/"), ("\0", "\\x00")):
        if separator in name:
            raise InvalidName(f"invalid file name {quote(name)}, invalid character '{shown}'")
    return name if name.endswith(_EXTENSIONS) else f"{name}.yaml"


def spec_name(vendor: str, class_: str) -> str:
    """Name the file of the one spec that a vendor has for a class, without an ending: `vendor-class`."""
    return f"{vendor}-{class_}"


def transient_spec_name(vendor: str, class_: str, transient_id: str) -> str:
    """Name the file of a spec that lives as long as something else, such as a claim or a container.

    `transient_id` tells the specs of a kind on a host apart; of its `/` become `_`.
    """
    return f"{spec_name(vendor, class_)}_{transient_id.replace('/', '_')}"


def name_for_spec(spec: Spec) -> str:
    """Name a spec's file by its kind. Raises InvalidName if it has none."""
    return spec_name(*_vendor_and_class(spec))


def name_for_transient_spec(spec: Spec, transient_id: str) -> str:
    """Name a transient spec's file by its kind. Raises InvalidName if it has none."""
    return transient_spec_name(*_vendor_and_class(spec), transient_id)


def _vendor_and_class(spec: Spec) -> tuple[str, str]:
    vendor, class_ = split_kind(spec.kind)
    if not vendor:
        raise InvalidName(f"invalid vendor/class {quote(spec.kind)} in Spec")
    return vendor, class_
