"""Make a claim's devices ready for any runtime: together they are one CDI device, `cod.dev/claim=NAME`.

Its spec is a file that lives as long as the claim. A process that is killed leaves it; `sweep` finds it. The
file's name says which ledger the claim stands in, since several ledgers may share a directory of specs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from cod.cdi.names import qualified_name
from cod.cdi.spec import ContainerEdits, Device, Spec, join
from cod.cdi.version import minimum_version
from cod.cdi.write import remove, transient_spec_name, write
from cod.drivers import FoundDevice
from cod.drivers.protocol import DeviceKey
from cod.errors import Refused
from cod.ledger import ledger_key
from cod.resource import ResourceClaim

VENDOR = "cod.dev"
CLASS = "claim"

_ENDINGS = (".json", ".yaml")


class Prepared(Struct, frozen=True):
    """A claim that a runtime can use: by its CDI name, or by its edits. `path` is its spec, if it has one."""

    name: str
    edits: ContainerEdits
    path: Path | None


def cdi_name(name: str) -> str:
    """The CDI name of a claim: `cod.dev/claim=NAME`."""
    return qualified_name(VENDOR, CLASS, name)


def claim_name(random: Callable[[int], bytes]) -> str:
    """A new name for a claim, such as `claim-0a1b2c`; `random` gives that many bytes (`os.urandom`)."""
    return f"claim-{random(3).hex()}"


def describe(claim: ResourceClaim, found: Mapping[DeviceKey, FoundDevice]) -> Prepared:
    """What a container of this claim gets, without a file. Raises Refused for a device that is gone.

    A device that several requests share, and what several devices have in common, comes into it once.
    """
    keys = dict.fromkeys((each.driver, each.pool, each.device) for each in claim.results)
    devices = [_found(claim, key, found) for key in keys]
    names = ",".join(each.qualified_name for each in devices)
    common = {each.kind: each.common for each in devices}
    edits = _once(join([*common.values(), *(each.edits for each in devices)]))
    edits += ContainerEdits(env=(f"COD_CLAIM={claim.name}", f"COD_DEVICES={names}"))
    return Prepared(name=cdi_name(claim.name), edits=edits, path=None)


def prepare(
    claim: ResourceClaim, found: Mapping[DeviceKey, FoundDevice], spec_dir: Path, ledger: Path
) -> Prepared:
    """Write the CDI spec of a claim of a ledger into a directory, which is made if missing.

    Raises Refused for a device that is gone, InvalidSpec for edits that no spec can have, WriteFailed.
    """
    described = describe(claim, found)
    device = Device(name=claim.name, container_edits=described.edits)
    spec = Spec(kind=f"{VENDOR}/{CLASS}", devices=(device,))
    spec = replace(spec, cdi_version=minimum_version(spec))
    return replace(described, path=write(spec, spec_dir, _prefix(ledger) + claim.name + _ENDINGS[0]))


def unprepare(name: str, spec_dir: Path, ledger: Path) -> None:
    """Remove the spec of a ledger's claim, if there is one. Raises InvalidName or WriteFailed."""
    for ending in _ENDINGS:
        remove(spec_dir, _prefix(ledger) + name + ending)


def sweep(spec_dir: Path, ledger: Path, living: Callable[[], Collection[str]]) -> list[str]:
    """Remove the specs of a ledger's claims that live no more, and return their names.

    `living` reads the names of those that do.

    A claim is taken before its spec is written. So the files are listed first and the names are read after
    that: a claim that has a file and is not among the names has ended. A file that was written anew since
    belongs to a new claim of the same name and stays, and so do the files of other users, who have ledgers of
    their own.

    Raises WriteFailed.
    """
    prefix = _prefix(ledger)
    files = _files(spec_dir, prefix)
    if not files:
        return []
    alive = living()
    swept = []
    for file, identity in files.items():
        name = file.removeprefix(prefix)[: -len(_ENDINGS[0])]
        if name not in alive and _identity(spec_dir / file) == identity and remove(spec_dir, file):
            swept.append(name)
    return swept


def _found(claim: ResourceClaim, device: DeviceKey, found: Mapping[DeviceKey, FoundDevice]) -> FoundDevice:
    if device not in found:
        raise Refused(
            f"device {'/'.join(device)} of claim {claim.name} is gone",
            where=claim.name,
            hint="see what there is: cod device list",
        )
    return found[device]


def _once(edits: ContainerEdits) -> ContainerEdits:
    """The same edits without what is there already; of two device nodes at one path the later one counts."""
    nodes = {each.path: each for each in edits.device_nodes}
    return replace(
        edits,
        env=tuple(dict.fromkeys(edits.env)),
        device_nodes=tuple(nodes.values()),
        net_devices=tuple(dict.fromkeys(edits.net_devices)),
        hooks=tuple(dict.fromkeys(edits.hooks)),
        mounts=tuple(dict.fromkeys(edits.mounts)),
        additional_gids=tuple(dict.fromkeys(edits.additional_gids)),
    )


def _prefix(ledger: Path) -> str:
    """How the names of all spec files of a ledger's claims begin."""
    return transient_spec_name(VENDOR, CLASS, f"{ledger_key(ledger)}_")


def _files(directory: Path, prefix: str) -> dict[str, tuple[int, int]]:
    try:
        names = sorted(os.listdir(directory))  # noqa: PTH208, names are wanted
    except OSError:
        return {}  # what cannot be read was not written by us
    ours = (name for name in names if name.startswith(prefix) and name.endswith(_ENDINGS))
    return {name: identity for name in ours if (identity := _identity(directory / name))}


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file of ours from one that was renamed into its place; nothing for another user's."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return (status.st_ino, status.st_ctime_ns) if status.st_uid == os.geteuid() else None
