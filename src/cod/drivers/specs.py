"""The CDI specs of what a machine has: one a kind, made of what the drivers found.

What every device of a kind needs is said once, at the head of its spec. Further names of a device are devices
with the same edits, and `all` is every device that can be used. Nodes and mounts are in order of depth, then
of path, as `nvidia-ctk cdi generate` has them; devices are in natural order. What no runtime could take is
left out and named, so that it harms no other device.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cod.cdi.names import class_problem, device_name_problem, split_kind, vendor_problem
from cod.cdi.spec import NO_EDITS, ContainerEdits, Device, Spec, join
from cod.cdi.validate import edits_problems
from cod.cdi.version import minimum_version
from cod.drivers.origin import Origin, made_from
from cod.drivers.protocol import DeviceKey, FoundDevice, Skipped
from cod.drivers.taints import IN_USE, UNREADY
from cod.host.machine import natural_order

ALL = "all"

NOT_MADE = "it is not made yet"
NOTHING = "it brings nothing into a container"
HOST_USES = "the machine uses it itself"
SOUND = (NOT_MADE, NOTHING, HOST_USES)  # reasons to leave a device out that are no fault of its driver's

T = TypeVar("T")


class Generated(Struct, frozen=True):
    """The specs in order of their kinds, and what is in none of them, by CDI name, with the reason."""

    specs: tuple[Spec, ...] = ()
    left_out: tuple[Skipped, ...] = ()


class _Ready(Struct, frozen=True):
    """A device that a spec can have. `own` are its edits without the common ones."""

    found: FoundDevice
    common: ContainerEdits
    own: ContainerEdits


def generate(found: Mapping[DeviceKey, FoundDevice], origin: Origin | None = None) -> Generated:
    """The specs of these devices, whatever order they come in; `origin` is noted in annotations (CDI 0.6).

    Every spec is valid and of the oldest version that knows all of it.
    """
    kinds: dict[str, dict[DeviceKey, FoundDevice]] = {}
    for key in sorted(found, key=lambda key: _order(key, found[key])):
        kinds.setdefault(found[key].kind, {})[key] = found[key]
    specs: list[Spec] = []
    left_out: list[Skipped] = []
    for kind in sorted(kinds):
        spec = _spec(kind, kinds[kind], origin, left_out)
        specs += [spec] if spec else []
    return Generated(tuple(specs), tuple(left_out))


def why_in_no_spec(found: FoundDevice) -> str:
    """Why no spec has a device, and no runtime knows its CDI name; "" where nothing is in the way."""
    if not found.is_made:
        return NOT_MADE
    if any(taint.key == UNREADY and taint.value == IN_USE for taint in found.device.taints):
        return HOST_USES  # a spec has no taints: whoever may use it could take the disk from under the system
    return NOTHING if not found.edits and (found.device.taints or not found.common) else ""


def _order(key: DeviceKey, found: FoundDevice) -> tuple[object, ...]:
    return natural_order(found.cdi_name), found.cdi_name, key


def _spec(
    kind: str, found: Mapping[DeviceKey, FoundDevice], origin: Origin | None, left_out: list[Skipped]
) -> Spec | None:
    """The spec of a kind, or nothing where no device is left for it."""
    ready: dict[DeviceKey, _Ready] = {}
    taken: set[str] = set()
    for key, each in found.items():
        device = _ready(each)
        if isinstance(device, _Ready) and each.cdi_name in taken:
            device = "another device of the kind has this name"
        if isinstance(device, _Ready):
            ready[key] = device
            taken.add(each.cdi_name)
        else:
            left_out.append(Skipped(each.qualified_name, device))
    if not ready:
        return None
    common = _agreed([each.common for each in ready.values()])
    names = {each.cdi_name for each in found.values()}
    devices = [*_devices(ready.values(), common, names)]
    if ALL not in names and (union := _all(ready.values(), common, left_out)):
        devices.append(Device(ALL, container_edits=union))
    used = {key: found[key] for key in ready}
    annotations = made_from(origin, used) if origin is not None else {}
    spec = Spec(kind=kind, annotations=annotations, devices=tuple(devices), container_edits=common)
    return replace(spec, cdi_version=minimum_version(spec))


def _ready(found: FoundDevice) -> _Ready | str:
    """A device with its edits in order, or why no spec can have it."""
    if reason := why_in_no_spec(found):
        return reason
    vendor, class_ = split_kind(found.kind)
    if problem := vendor_problem(vendor) or class_problem(class_) or device_name_problem(found.cdi_name):
        return problem
    try:
        # Drivers are others' code: what they say has to have the types and the texts that a file can hold.
        parts = (_decoded(found.common), _decoded(found.edits))
    except (msgspec.MsgspecError, TypeError, UnicodeError) as error:
        return f"its edits cannot be written: {error}"
    common, own = map(_in_order, parts)
    flaws = edits_problems(_in_order(join((common, own))))
    return flaws[0].message if flaws else _Ready(found, common, _without(own, common))


def _decoded(edits: ContainerEdits) -> ContainerEdits:
    return msgspec.json.decode(msgspec.json.encode(edits), type=ContainerEdits)


def _agreed(commons: Sequence[ContainerEdits]) -> ContainerEdits:
    """The common edits of a kind; none where its devices do not agree, so that each has to bring its own."""
    return commons[0] if all(each == commons[0] for each in commons) else NO_EDITS


def _edits(device: _Ready, common: ContainerEdits) -> ContainerEdits:
    """What a device brings besides the head of its spec. CDI wants it to be something."""
    if device.common == common and device.own:
        return device.own
    return _in_order(join((device.common, device.own)))


def _devices(ready: Collection[_Ready], common: ContainerEdits, names: set[str]) -> Iterator[Device]:
    """All devices by their names, then by their further names, which are added to `names`; no name twice."""
    for each in ready:
        yield Device(each.found.cdi_name, container_edits=_edits(each, common))
    for each in ready:
        for alias in each.found.aliases:
            if alias not in names and not device_name_problem(alias):
                names.add(alias)
                yield Device(alias, container_edits=_edits(each, common))


def _all(ready: Iterable[_Ready], common: ContainerEdits, left_out: list[Skipped]) -> ContainerEdits:
    """What all devices that can be used bring; nothing where none can, or where no container can have all."""
    usable = [each for each in ready if not each.found.device.taints]
    if not usable:
        return NO_EDITS
    union = _in_order(join([_edits(each, common) for each in usable]))
    if flaws := edits_problems(union):
        left_out.append(Skipped(f"{usable[0].found.kind}={ALL}", flaws[0].message))
        return NO_EDITS
    return union


def _in_order(edits: ContainerEdits) -> ContainerEdits:
    """Edits without repetitions, nodes and mounts by depth and path.

    Of what sets the same thing twice the later counts: so it is the last of equals that stays.
    """
    return replace(
        edits,
        env=_last(edits.env),
        device_nodes=tuple(sorted(_last(edits.device_nodes), key=lambda each: _depth(each.path))),
        net_devices=_first(edits.net_devices),
        hooks=_first(edits.hooks),
        mounts=tuple(sorted(_last(edits.mounts), key=lambda each: _depth(each.container_path))),
        additional_gids=_first(edits.additional_gids),
    )


def _without(edits: ContainerEdits, common: ContainerEdits) -> ContainerEdits:
    """Edits without what is common to the kind."""
    return replace(
        edits,
        env=_rest(edits.env, common.env, lambda each: each.partition("=")[0]),
        device_nodes=_rest(edits.device_nodes, common.device_nodes, lambda each: each.path),
        net_devices=_rest(edits.net_devices, common.net_devices, lambda each: each),
        hooks=_rest(edits.hooks, common.hooks, lambda each: each),
        mounts=_rest(edits.mounts, common.mounts, lambda each: each.container_path),
        intel_rdt=None if edits.intel_rdt == common.intel_rdt else edits.intel_rdt,
        additional_gids=_rest(edits.additional_gids, common.additional_gids, lambda each: each),
    )


def _depth(path: str) -> tuple[int, str]:
    return posixpath.normpath(path).count("/"), path


def _first(items: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))


def _last(items: tuple[T, ...]) -> tuple[T, ...]:
    return _first(items[::-1])[::-1]


def _rest(items: tuple[T, ...], common: tuple[T, ...], place: Callable[[T], Hashable]) -> tuple[T, ...]:
    """The items that are not common; also those that are, where another has their place in between."""
    shared = {*common}.intersection(items)
    if not shared:
        return items
    places = [*map(place, items)]
    return tuple([item for item in items if item not in shared or places.count(place(item)) > 1])
