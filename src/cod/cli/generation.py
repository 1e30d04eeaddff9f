"""`cod spec generate` and `cod spec diff`: the specs that a machine would have now, and those on disk."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from cod.cdi.emit import to_yaml
from cod.cdi.files import UnreadableFile, read_file
from cod.cdi.load import read
from cod.cdi.registry import Registry, SpecFile
from cod.cdi.spec import Spec
from cod.cdi.version import minimum_version
from cod.cdi.write import file_name, name_for_spec, remove, write
from cod.cli.machine import chosen, look, reports, tell_of_nothing, warn
from cod.cli.output import print_diff
from cod.cli.terminal import printable
from cod.drivers.origin import ANNOTATIONS, DRIVER, origin
from cod.drivers.protocol import Skipped
from cod.drivers.specs import SOUND, generate

_FEW = 3


class Made(Struct, frozen=True):
    """The specs that a machine has now. `drivers` are those that were asked and did not fail."""

    specs: tuple[Spec, ...]
    drivers: frozenset[str]
    is_whole: bool

    def spec(self, kind: str) -> Spec | None:
        """The spec of that kind."""
        return next((each for each in self.specs if each.kind == kind), None)

    def lacks(self, spec: Spec) -> bool:
        """Whether COD made a spec, of drivers that were asked and have nothing of its kind now."""
        drivers = spec.annotations.get(DRIVER)
        return (
            drivers is not None and self.drivers.issuperset(drivers.split(",")) and not self.spec(spec.kind)
        )


def generate_specs(host: str, drivers: Sequence[str], *, is_bare: bool) -> Made:
    """What these drivers, or all, find on a machine, as specs; what is left out is told on stderr."""
    machine = look(host)
    asked = reports(machine, drivers) if drivers else machine.inventory.reports
    generated = generate(chosen(machine, drivers), None if is_bare else origin(machine.host))
    _tell(generated.left_out)
    if not generated.specs:
        tell_of_nothing(machine)
    well = frozenset(each.driver for each in asked if not each.failure)
    is_whole = len(well) == len(asked) and all(each.why in SOUND for each in generated.left_out)
    return Made(generated.specs, well, is_whole)


def print_specs(made: Made) -> int:
    """Print the specs, a YAML document each; 1 if something is missing among them."""
    for spec in made.specs:
        sys.stdout.write(to_yaml(spec).decode())
    return int(not made.is_whole)


def write_specs(made: Made, directory: str, *, force: bool, prune: bool) -> int:
    """Write the specs into a directory and say what became of each; 1 if one of them could not be written."""
    registry = Registry([directory])
    refused = 0
    for spec in made.specs:
        name = file_name(name_for_spec(spec))
        path = os.path.join(directory, name)  # noqa: PTH118 - as it was given
        is_same = to_yaml(spec) == _bytes(path)
        objections = [*_conflicts(spec, path, registry), *(() if is_same else _stranger(path, registry))]
        if is_same:
            _say("unchanged", path)
        elif objections and not force:
            _say("refused", path)
            refused = 1
        else:
            write(spec, directory, name)
            _say("written", path)
        for objection in objections:
            warn(objection)
    for file in registry.files:
        if made.lacks(registry.spec(file)):
            _leave_or_remove(file, directory, prune)
    return max(refused, int(not made.is_whole))


def diff_file(made: Made, path: str) -> int:
    """Compare a file with what would be made now; 1 if they differ."""
    old = read(path)
    return _compare(old, path, made.spec(old.kind))


def diff_registry(made: Made, registry: Registry) -> int:
    """Compare what would be made now with the spec directories; 1 if they differ.

    What COD did not make and this machine's drivers do not offer is nothing to compare with.
    """
    differs = 0
    for spec in made.specs:
        file = _file_of(spec, registry)
        differs |= _compare(registry.spec(file) if file else None, file.path if file else "", spec)
    for file in registry.files:
        old = registry.spec(file)
        if made.lacks(old):
            differs |= _compare(old, file.path, None)
    return max(differs, int(not made.is_whole))


def _file_of(spec: Spec, registry: Registry) -> SpecFile | None:
    """The file that has a spec's kind: the one of the name that COD gives it, else that which counts most."""
    files = [each for each in reversed(registry.files) if each.kind == spec.kind]
    name = file_name(name_for_spec(spec))
    named = [each for each in files if each.path.endswith(f"/{name}")]
    return next(iter(named + files), None)


def _compare(old: Spec | None, path: str, new: Spec | None) -> int:
    before = to_yaml(_plain(old)) if old else b""
    after = to_yaml(_plain(new)) if new else b""
    return print_diff(before, after, path if old else "/dev/null", "generated now" if new else "/dev/null")


def _plain(spec: Spec) -> Spec:
    """A spec without what it was made from, and of the oldest version that knows the rest."""
    kept = {name: value for name, value in spec.annotations.items() if name not in ANNOTATIONS}
    plain = replace(spec, annotations=kept)
    return replace(plain, cdi_version=minimum_version(plain))


def _stranger(path: str, registry: Registry) -> Iterator[str]:
    """Why a file had better not be replaced: it is not one that COD is known to have made."""
    mine = next((each for each in registry.files if each.path == os.path.normpath(path)), None)
    if os.path.lexists(path) and (mine is None or DRIVER not in registry.spec(mine).annotations):
        yield f"{path}: cod spec generate did not make this file: --force replaces it"


def _conflicts(spec: Spec, path: str, registry: Registry) -> Iterator[str]:
    """Why a spec had better not be written: another file of the directory offers the same devices."""
    names = {each.name for each in spec.devices}
    for file in registry.files:
        shared = names.intersection(file.names)
        if shared and file.kind == spec.kind and file.path != os.path.normpath(path):
            some = ", ".join(sorted(shared)[:_FEW]) + (" …" if len(shared) > _FEW else "")
            yield (
                f"{path}: {file.path} has devices of {spec.kind}, too ({some}), and no runtime takes a device"
                " that two files of a directory have: remove that file, or choose another directory"
            )


def _leave_or_remove(file: SpecFile, directory: str, prune: bool) -> None:
    if prune:
        remove(directory, Path(file.path).name)
        _say("removed", file.path)
    else:
        warn(f"{file.path}: this machine has no device of {file.kind} any more: --prune removes it")


def _tell(left_out: Sequence[Skipped]) -> None:
    """Say what is in no spec, a line a kind and reason."""
    groups: dict[tuple[str, str], list[str]] = {}
    for each in left_out:
        kind, _, name = each.what.partition("=")
        groups.setdefault((kind, each.why), []).append(name)
    for (kind, why), names in groups.items():
        some = ", ".join(names[:_FEW]) + (f" and {len(names) - _FEW} more" if len(names) > _FEW else "")
        warn(f"left out of {kind}: {some}: {why}", "note" if why in SOUND else "warning")


def _bytes(path: str) -> bytes:
    try:
        return read_file(path)[0]
    except UnreadableFile:
        return b""


def _say(what: str, path: str) -> None:
    sys.stdout.write(f"{what:<10} {printable(path)}\n")
