"""Which devices a claim is given: exclusive, by count, always the same for the same input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from cod.allocate.fit import NoFit, Shortage
from cod.allocate.match import match
from cod.allocate.selector import conditions, selects
from cod.errors import Refused
from cod.host.machine import natural_order
from cod.resource import (
    MOST_DEVICES,
    AllocationResult,
    Device,
    DeviceAllocation,
    DeviceClass,
    ExactRequest,
    InvalidClaim,
    ResourceClaim,
    ResourceSlice,
    Result,
)

DeviceId = tuple[str, str, str]

_NOT_YET = "which is not understood yet"


class _Wish(Struct, frozen=True):
    """A request with the devices of its class: all there are, and those that can be had.

    `tainted` says of those that cannot why not.
    """

    request: str
    class_name: str
    count: int
    there: tuple[DeviceId, ...]
    free: tuple[DeviceId, ...]
    tainted: dict[DeviceId, str]


def allocate(
    claim: ResourceClaim,
    classes: Sequence[DeviceClass],
    slices: Sequence[ResourceSlice],
    held: Mapping[DeviceId, str],
) -> AllocationResult:
    """Choose devices for all requests of a claim; `held` says which claim has a device already.

    Raises InvalidClaim, NoFit, or Refused for a class whose selector cannot be evaluated.
    """
    by_name = {each.name: each for each in classes}
    devices = _devices(slices)
    requests = _known(claim)
    _check(claim, requests, by_name, devices)
    wishes = [_wish(name, request, by_name, devices, held) for name, request in requests]
    if (total := sum(wish.count for wish in wishes)) > MOST_DEVICES:
        raise InvalidClaim(
            f"claim {claim.name} asks for {total} devices, and one claim may have {MOST_DEVICES}",
            where=claim.name,
            hint="make several claims of it",
        )
    given = match({wish.request: (wish.count, wish.free) for wish in wishes})
    if any(len(given[wish.request]) < max(wish.count, 1) for wish in wishes):
        raise _no_fit(claim.name, wishes, given, held)
    results = (Result(wish.request, *device) for wish in wishes for device in given[wish.request])
    return AllocationResult(DeviceAllocation(tuple(results)))


def _devices(slices: Sequence[ResourceSlice]) -> dict[DeviceId, Device]:
    """All devices in natural order. Of a pool only the newest generation counts."""
    newest: dict[tuple[str, str], int] = {}
    for each in slices:
        pool = (each.spec.driver, each.spec.pool.name)
        newest[pool] = max(each.spec.pool.generation, newest.get(pool, 0))
    found = {
        (each.spec.driver, each.spec.pool.name, device.name): device
        for each in slices
        if each.spec.pool.generation == newest[each.spec.driver, each.spec.pool.name]
        for device in each.spec.devices
    }
    return dict(sorted(found.items(), key=lambda item: tuple(map(natural_order, item[0]))))


def _known(claim: ResourceClaim) -> list[tuple[str, ExactRequest]]:
    """The requests by their names. Refuses those with wishes that are not understood yet: none is ignored."""
    found = []
    wrong = []
    for each in claim.requests:
        if each.exactly is None or each.first_available:
            what = "firstAvailable" if each.first_available else "nothing"
            wrong.append(f"request {each.name} asks for {what}, and only exactly is understood so far")
            continue
        found.append((each.name, each.exactly))
        wrong += [f"request {each.name} has {wish}, {_NOT_YET}" for wish in _unknown_wishes(each.exactly)]
    devices = claim.spec.devices
    for wish, parts in (("constraints", devices.constraints), ("config", devices.config)):
        for names in dict.fromkeys(", ".join(each.requests) for each in parts):
            wrong.append(f"{f'request {names}' if names else 'the claim'} has {wish}, {_NOT_YET}")
    if devices.unknown or claim.spec.unknown:
        wrong.append(f"the claim has fields that are not known, {_NOT_YET}")
    if wrong:
        raise InvalidClaim(
            f"claim {claim.name} has wishes that cannot be met yet", where=claim.name, causes=tuple(wrong)
        )
    return found


def _unknown_wishes(request: ExactRequest) -> list[str]:
    wishes = {
        "selectors": request.selectors,
        "adminAccess": request.admin_access,
        "tolerations": request.tolerations,
        "capacity": request.capacity,
        "derivedAttributes": request.derived_attributes,
        "fields that are not known": request.unknown,
        f"allocationMode {request.allocation_mode}": request.allocation_mode not in ("ExactCount", "All"),
    }
    return [name for name, given in wishes.items() if given]


def _check(
    claim: ResourceClaim,
    requests: Sequence[tuple[str, ExactRequest]],
    classes: Mapping[str, DeviceClass],
    devices: Mapping[DeviceId, Device],
) -> None:
    """Refuse what no machine could answer, with all that is wrong."""
    wrong = []
    for name, times in Counter(each.name for each in claim.requests).items():
        if times > 1:
            wrong.append(f"{times} requests are called {name}")
    unknown = dict.fromkeys(
        request.device_class_name for _, request in requests if request.device_class_name not in classes
    )
    wrong += [f"there is no class {name}{_near(name, classes)}" for name in unknown]
    for name, request in requests:
        if request.allocation_mode == "ExactCount" and request.count < 1:
            wrong.append(f"request {name} asks for {request.count} devices, which is less than one")
    if not wrong:
        return
    hint = f"classes with devices here: {', '.join(_present(classes, devices)) or 'none'}" if unknown else ""
    what = wrong[0] if len(wrong) == 1 else f"claim {claim.name} has {len(wrong)} faults"
    raise InvalidClaim(what, where=claim.name, causes=tuple(wrong) if len(wrong) > 1 else (), hint=hint)


def _near(name: str, classes: Mapping[str, DeviceClass]) -> str:
    from difflib import get_close_matches  # only a mistake needs it

    near = get_close_matches(name, classes, cutoff=0.5)
    near += [each for each in classes if name and name in each and each not in near]
    return f"; did you mean {' or '.join(near[:3])}?" if near else ""


def _present(classes: Mapping[str, DeviceClass], devices: Mapping[DeviceId, Device]) -> list[str]:
    """The classes that have a device here; one that cannot be evaluated is not known to have any."""
    names = []
    for name, class_ in sorted(classes.items()):
        try:
            wanted = conditions(class_)
        except Refused:
            continue
        if any(selects(wanted, driver, device) for (driver, _, _), device in devices.items()):
            names.append(name)
    return names


def _wish(
    name: str,
    request: ExactRequest,
    classes: Mapping[str, DeviceClass],
    devices: Mapping[DeviceId, Device],
    held: Mapping[DeviceId, str],
) -> _Wish:
    class_name = request.device_class_name
    wanted = conditions(classes[class_name])
    there = tuple(key for key, device in devices.items() if selects(wanted, key[0], device))
    tainted = {key: taint for key in there if key not in held and (taint := _taint(devices[key]))}
    return _Wish(
        request=name,
        class_name=class_name,
        count=request.count if request.allocation_mode == "ExactCount" else len(there),
        there=there,
        free=tuple(key for key in there if key not in held and key not in tainted),
        tainted=tainted,
    )


def _taint(device: Device) -> str:
    """What keeps a device from every claim, since none can tolerate anything yet; "" where nothing does."""
    taints = (each for each in device.taints if each.effect in ("NoSchedule", "NoExecute"))
    return ", ".join(each.value or each.key for each in taints)


def _no_fit(
    claim: str, wishes: Sequence[_Wish], given: Mapping[str, list[DeviceId]], held: Mapping[DeviceId, str]
) -> NoFit:
    shortages = [
        Shortage(
            request=wish.request,
            class_name=wish.class_name,
            wanted=max(wish.count, 1),
            there=len(wish.there),
            free=len(wish.free),
            fits=len(given[wish.request]),
            holders=dict(sorted(Counter(held[key] for key in wish.there if key in held).items())),
            tainted=dict(sorted(Counter(wish.tainted.values()).items())),
        )
        for wish in wishes
        if len(given[wish.request]) < max(wish.count, 1)
    ]
    fitting: Counter[str] = Counter()
    for wish in wishes:
        fitting[wish.class_name] += len(given[wish.request])
    return NoFit(claim, shortages, [f"{name}:{count}" for name, count in fitting.items() if count])
