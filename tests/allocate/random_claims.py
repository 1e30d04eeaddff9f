"""Small random classes and claims for the judges, and who uses some of the devices already."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from random import Random
from typing import Any

from cod.allocate.in_use import Use
from cod.resource import (
    CapacityRequests,
    CELSelector,
    ClaimConfig,
    ClaimDevices,
    ClaimSpec,
    ClassConfig,
    ClassSpec,
    Constraint,
    DeviceClass,
    DeviceRequest,
    ExactRequest,
    ObjectMeta,
    OpaqueConfig,
    ResourceClaim,
    ResourceSlice,
    Selector,
    SubRequest,
    Toleration,
)
from tests.allocate.amounts import amount, shares
from tests.allocate.offers import Key
from tests.allocate.random_slices import DRIVERS, STANDARD, Features

TOLERATIONS = (
    Toleration(key="t", operator="Exists"),
    Toleration(key="t", operator="Equal", value="v", effect="NoSchedule"),
    Toleration(key="u"),
    Toleration(operator="Exists", effect="NoExecute"),
    Toleration(operator="Exists"),
)
EXPRESSIONS = (
    f'device.attributes["{STANDARD}"].y == 0',
    f'"y" in device.attributes["{STANDARD}"] && device.attributes["{STANDARD}"].y == 1',
    f'has(device.attributes["{STANDARD}"].x)',
    f'!has(device.attributes["{STANDARD}"].x) || device.attributes["{STANDARD}"].x == "p"',
    f'device.attributes["{STANDARD}"].x != "q"',
    'device.driver == "a.example.com" && device.attributes["a.example.com"].z',
    "device.allowMultipleAllocations == true",
)
BY_CAPACITY = tuple(
    f'device.driver == "{driver}" && device.capacity["{driver}"].mem.compareTo(quantity("{least}")) >= 0'
    for driver in DRIVERS
    for least in (2, 4)
)


def random_classes(random: Random, features: Features) -> list[DeviceClass]:
    """A class for each driver, and one for every device."""
    found = [_class(name, f'device.driver == "{driver}"') for name, driver in zip("ab", DRIVERS, strict=True)]
    found.append(_class("any"))
    if "selectors" in features:
        found.append(_class("picky", random.choice(EXPRESSIONS)))
    if "config" in features:
        found = [
            DeviceClass(
                metadata=each.metadata,
                spec=ClassSpec(
                    selectors=each.spec.selectors,
                    config=tuple(ClassConfig(opaque=_opaque(random)) for _ in range(random.randint(0, 2))),
                ),
            )
            for each in found
        ]
    return found


def _class(name: str, *expressions: str) -> DeviceClass:
    return DeviceClass(metadata=ObjectMeta(name=name), spec=ClassSpec(selectors=_selectors(expressions)))


def _selectors(expressions: Sequence[str]) -> tuple[Selector, ...]:
    return tuple(Selector(cel=CELSelector(expression=each)) for each in expressions)


def _opaque(random: Random) -> OpaqueConfig:
    return OpaqueConfig(driver=random.choice(DRIVERS), parameters={"n": random.randint(0, 2)})


def random_claims(random: Random, features: Features, classes: Sequence[DeviceClass]) -> list[ResourceClaim]:
    """One to three claims with a few requests each."""
    count = random.choice((1, 2, 2, 3)) if "claims" in features else 1
    most = {1: 4, 2: 2, 3: 1}[count]
    return [_claim(random, features, classes, f"c{number}", most) for number in range(count)]


def _claim(
    random: Random, features: Features, classes: Sequence[DeviceClass], name: str, most: int
) -> ResourceClaim:
    requests = [
        _request(random, features, classes, f"r{number}")
        for number in range(random.randint(1, random.randint(1, most)))
    ]
    devices = ClaimDevices(
        requests=tuple(requests),
        constraints=tuple(
            _constraint(random, features, requests) for _ in range(_how_many(random, features))
        ),
        config=tuple(
            ClaimConfig(requests=_some(random, requests), opaque=_opaque(random))
            for _ in range(random.randint(0, 2) if "config" in features else 0)
        ),
    )
    metadata = ObjectMeta(name=name, namespace="default", uid=f"uid-{name}")
    return ResourceClaim(metadata=metadata, spec=ClaimSpec(devices=devices))


def _how_many(random: Random, features: Features) -> int:
    return random.choice((0, 1, 1, 2)) if features & {"match", "distinct"} else 0


def _request(random: Random, features: Features, classes: Sequence[DeviceClass], name: str) -> DeviceRequest:
    if "alternatives" in features and random.random() < 0.5:
        subs = [
            SubRequest(name=f"s{number}", **_wish(random, features, classes, dear=number == 0))
            for number in range(random.choice((1, 2, 2, 3)))
        ]
        return DeviceRequest(name=name, first_available=tuple(subs))
    wish = _wish(random, features, classes)
    if "admin" in features and random.random() < 0.4:
        wish.pop("capacity", None)  # whether who only looks must be given some is nowhere said
        wish["admin_access"] = True
    return DeviceRequest(name=name, exactly=ExactRequest(**wish))


def _wish(
    random: Random, features: Features, classes: Sequence[DeviceClass], *, dear: bool = False
) -> dict[str, Any]:
    """The fields of a request; a dear one asks for more devices than there may be."""
    often = [each for each in classes for _ in range(4 if each.name == "any" else 1 + (each.name == "a"))]
    wish: dict[str, Any] = {"device_class_name": random.choice(often).name}
    if "all" in features and random.random() < 0.3:
        wish["allocation_mode"] = "All"
    else:
        wish["count"] = random.choice((2, 2, 3, 3, 4) if dear else (1, 1, 1, 1, 2, 2, 3))
    if "selectors" in features and random.random() < 0.4:
        choice = EXPRESSIONS + (BY_CAPACITY if "capacity" in features else ())
        wish["selectors"] = _selectors(random.sample(choice, random.choice((1, 1, 1, 2))))
    if "taints" in features and random.random() < 0.5:
        wish["tolerations"] = tuple(random.sample(TOLERATIONS, random.choice((1, 1, 2))))
    if "capacity" in features and random.random() < 0.6:
        names = random.choice((("mem",),) * 6 + (("bw",), ("mem", "bw"), ("none",)))
        amounts = ("500m", "1", "1", "1", "2", "3", "5")
        wish["capacity"] = CapacityRequests(requests={name: random.choice(amounts) for name in names})
    return wish


def _constraint(random: Random, features: Features, requests: Sequence[DeviceRequest]) -> Constraint:
    attribute = random.choice((f"{STANDARD}/x", f"{STANDARD}/x", f"{STANDARD}/y", "a.example.com/z"))
    kind = random.choice(sorted(features & {"match", "distinct"}))
    names = _some(random, requests)
    if kind == "match":
        return Constraint(requests=names, match_attribute=attribute)
    return Constraint(requests=names, distinct_attribute=attribute)


def _some(random: Random, requests: Sequence[DeviceRequest]) -> tuple[str, ...]:
    """The names of some requests or alternatives; none, which means all, in half of the cases."""
    names = [each.name for each in requests]
    names += [f"{each.name}/{sub.name}" for each in requests for sub in each.first_available]
    return tuple(random.sample(names, random.randint(1, min(3, len(names))))) if random.random() < 0.5 else ()


def random_use(random: Random, slices: Sequence[ResourceSlice]) -> dict[Key, tuple[Use, ...]]:
    """Some devices in use: whole ones, and shares of those that are shared.

    Now and then more than there is, and in a way that the device does not allow any more, as after a change
    of the slices.
    """
    found: dict[Key, tuple[Use, ...]] = {}
    busy = random.choice((0.1, 0.15, 0.4))
    for each in slices:
        for device in each.spec.devices:
            key = (each.spec.driver, each.spec.pool.name, device.name)
            chance = random.random()
            if device.allow_multiple_allocations and chance < 0.3:
                takes = shares(device, {}) or dict.fromkeys(device.capacity, Fraction(1))
                takes = {name: min(part, amount(device.capacity[name].value)) for name, part in takes.items()}
                found[key] = tuple(
                    Use("other", f"share-{'-'.join(key)}-{number}", {k: _text(v) for k, v in takes.items()})
                    for number in range(random.choice((1, 1, 2)))
                )
            elif chance < busy or (device.allow_multiple_allocations and chance < 0.35):
                found[key] = (Use("other"),)
            elif chance > 0.98:
                found[key] = (Use("other", f"share-{'-'.join(key)}"),)
    if random.random() < 0.2:
        found["a.example.com", "n0", "vanished"] = (Use("other"),)
    return found


def _text(part: Fraction) -> str:
    return str(part.numerator) if part.denominator == 1 else f"{int(part * 1000)}m"
