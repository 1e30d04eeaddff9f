"""Small random slices for the judges: pools in every state, devices with every feature that is asked for."""

from __future__ import annotations

from random import Random
from typing import Any

from cod.resource import (
    Attribute,
    Capacity,
    Counter,
    CounterConsumption,
    CounterSet,
    Device,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    ObjectMeta,
    Pool,
    RequestPolicy,
    ResourceSlice,
    SliceSpec,
    Taint,
    ValidRange,
)

DRIVERS = ("a.example.com", "b.example.com")
STANDARD = "std.example.com"
SETS = ("s0", "s1")
MOST = 8  # devices of one instance, so that all ways can be tried

POLICIES: tuple[
    tuple[RequestPolicy | None, int], ...
] = (  # each with the least capacity that it may stand at
    (None, 1),
    (RequestPolicy(default="1"), 1),
    (RequestPolicy(default="2", valid_values=("1", "2", "4")), 4),
    (RequestPolicy(default="1", valid_range=ValidRange(min="1")), 1),
    (RequestPolicy(default="1", valid_range=ValidRange(min="1", max="5", step="2")), 6),
    (RequestPolicy(default="500m", valid_range=ValidRange(min="500m", max="2", step="500m")), 2),
    (RequestPolicy(default="3", valid_range=ValidRange(min="2", max="3")), 3),
)
CONDITIONS = (
    NodeSelectorRequirement(key="zone", operator="In", values=("z0",)),
    NodeSelectorRequirement(key="zone", operator="In", values=("z1", "z2")),
    NodeSelectorRequirement(key="zone", operator="NotIn", values=("z1",)),
    NodeSelectorRequirement(key="rack", operator="NotIn", values=("r1",)),
    NodeSelectorRequirement(key="zone", operator="Exists"),
    NodeSelectorRequirement(key="rack", operator="DoesNotExist"),
    NodeSelectorRequirement(key="cards", operator="Gt", values=("1",)),
    NodeSelectorRequirement(key="cards", operator="Gt", values=("2",)),
    NodeSelectorRequirement(key="cards", operator="Lt", values=("10",)),
)

Features = frozenset[str]


def random_slices(random: Random, features: Features) -> list[ResourceSlice]:
    """The slices of one or two drivers, on node n0 and around it."""
    drivers = DRIVERS[: random.choice((1, 1, 2))]
    pools = [(driver, pool) for driver in drivers for pool in _pool_names(random, features)]
    left = MOST
    found = []
    for number, (driver, pool) in enumerate(pools):
        most = min(5, left - (len(pools) - number - 1))
        count = random.randint(1, max(most, 1)) if len(pools) > 1 else random.randint(3, 7)
        left -= count
        found += _pool(random, features, driver, pool, count)
    if "pools" in features and random.random() < 0.3:
        random.shuffle(found)
    return found


def _pool_names(random: Random, features: Features) -> tuple[str, ...]:
    return random.choice((("n0",), ("n0", "p1"))) if "pools" in features else ("n0",)


def _pool(random: Random, features: Features, driver: str, pool: str, count: int) -> list[ResourceSlice]:
    sets = SETS[: random.randint(1, 2)] if "counters" in features and random.random() < 0.8 else ()
    devices = [_device(random, features, driver, f"d{number}", sets) for number in range(count)]
    cut = random.randint(0, count) if "pools" in features or "nodes" in features else 0
    parts = [part for part in (devices[:cut], devices[cut:]) if part]
    specs: list[dict[str, Any]] = [_reach(random, features, part) for part in parts]
    if sets:
        shared = tuple(
            CounterSet(
                name=name, counters={each: Counter(value=str(random.randint(2, 7))) for each in ("c", "e")}
            )
            for name in sets
        )
        where = specs[0] if random.random() < 0.5 or "nodes" not in features else {"all_nodes": True}
        where = {
            key: value for key, value in where.items() if key in ("node_name", "node_selector", "all_nodes")
        }
        specs.append({"shared_counters": shared, **(where or {"all_nodes": True})})
    generation, total = random.randint(1, 3), len(specs)
    if "pools" in features:
        total, more = _disturbed(random, sets, total)
        specs += more
    slices = [
        _slice(f"{number}-{driver}-{pool}", driver, Pool(pool, generation, total), spec)
        for number, spec in enumerate(specs)
    ]
    if "pools" in features and random.random() < 0.1:
        new = {"node_name": "n1", "devices": (Device(name="new"),)}
        slices.append(_slice(f"new-{driver}-{pool}", driver, Pool(pool, generation + 1, 2), new))
    if "pools" in features and random.random() < 0.25:
        old = {"node_name": "n0", "devices": (Device(name="d0"), Device(name="old"))}
        slices.append(_slice(f"old-{driver}-{pool}", driver, Pool(pool, generation - 1, 1), old))
    return slices


def _disturbed(random: Random, sets: tuple[str, ...], total: int) -> tuple[int, list[dict[str, Any]]]:
    """How many slices the pool says it has, and slices that make it invalid; most often all is well."""
    match random.random():
        case chance if chance < 0.1:
            return total + 1, []
        case chance if chance < 0.16:
            return total + 1, [{"node_name": "n0", "devices": (Device(name="d0"),)}]
        case chance if chance < 0.2 and sets:
            consumed = CounterConsumption(counter_set="s9", counters={"c": Counter(value="1")})
            stray = Device(name="stray", consumes_counters=(consumed,))
            return total + 1, [{"node_name": random.choice(("n0", "n1")), "devices": (stray,)}]
        case chance if chance < 0.3:
            return total + 1, [{"node_name": "n1", "devices": (Device(name="elsewhere"),)}]
        case chance if chance < 0.35:
            return total + 1, [{"node_name": "n0", "devices": ()}]
    return total, []


def _slice(name: str, driver: str, pool: Pool, spec: dict[str, Any]) -> ResourceSlice:
    return ResourceSlice(metadata=ObjectMeta(name=name), spec=SliceSpec(driver=driver, pool=pool, **spec))


def _reach(random: Random, features: Features, devices: list[Device]) -> dict[str, Any]:
    """Where some devices may be used, as fields of their slice."""
    if "nodes" not in features:
        return {"node_name": "n0", "devices": tuple(devices)}
    if random.random() < 0.3:
        return {
            "per_device_node_selection": True,
            "devices": tuple(_with(each, **_where(random)) for each in devices),
        }
    return {**_where(random), "devices": tuple(devices)}


def _where(random: Random) -> dict[str, Any]:
    match random.choice(("here", "here", "here", "selector", "selector", "all", "there")):
        case "here":
            return {"node_name": "n0"}
        case "there":
            return {"node_name": "n1"}
        case "all":
            return {"all_nodes": True}
    conditions = tuple(random.sample(CONDITIONS, random.choice((1, 1, 2))))
    return {
        "node_selector": NodeSelector(node_selector_terms=(NodeSelectorTerm(match_expressions=conditions),))
    }


def _with(device: Device, **changes: Any) -> Device:
    return Device(**{name: getattr(device, name) for name in device.__struct_fields__} | changes)


def _device(random: Random, features: Features, driver: str, name: str, sets: tuple[str, ...]) -> Device:
    more: dict[str, Any] = {}
    if sets and random.random() < 0.8:
        more["consumes_counters"] = tuple(
            CounterConsumption(
                counter_set=each,
                counters={
                    name: Counter(value=str(random.randint(1, 3)))
                    for name in random.choice((("c",), ("c",), ("e",), ("c", "e")))
                },
            )
            for each in random.sample(sets, random.randint(1, len(sets)))
        )
    if "taints" in features and random.random() < 0.3:
        more["taints"] = tuple(
            Taint(key=key, value=random.choice(("", "v")), effect=effect)
            for key, effect in random.sample(
                (("t", "NoSchedule"), ("t", "NoExecute"), ("u", "NoSchedule"), ("u", "None")),
                random.choice((1, 1, 2)),
            )
        )
    if "binding" in features and random.random() < 0.4:
        more["binding_conditions"] = ("example.com/ready",)
        more["binding_failure_conditions"] = ("example.com/failed",)
        more["binds_to_node"] = random.random() < 0.5
    if "capacity" in features:
        more |= _capacity(random)
    return Device(name=name, attributes=_attributes(random, features, driver), **more)


def _capacity(random: Random) -> dict[str, Any]:
    shared = random.random() < 0.6
    found = {}
    for name in ("mem", "bw"):
        if random.random() < (0.8 if name == "mem" else 0.3):
            policy, least = random.choice(POLICIES) if shared else (None, 1)
            value = random.choice([each for each in (1, 2, 3, 4, 6, 8) if each >= least])
            found[name] = Capacity(value=str(value), request_policy=policy)
    return {"capacity": found, "allow_multiple_allocations": shared}


def _attributes(random: Random, features: Features, driver: str) -> dict[str, Attribute]:
    found = {}
    if random.random() < 0.9:
        found[f"{STANDARD}/x"] = _x(random, features)
    if random.random() < 0.85:
        found[f"{STANDARD}/y"] = Attribute(int_=random.randint(0, 1))
    if random.random() < 0.8:
        found[random.choice(("z", f"{driver}/z"))] = Attribute(bool_=random.random() < 0.5)
    return found


def _x(random: Random, features: Features) -> Attribute:
    """A text as a rule; now and then something of another type that looks the same."""
    text = random.choice("pqr")
    if "lists" in features:
        if random.random() < 0.6:
            many = tuple(random.sample("pqr", random.choice((1, 2, 2, 2, 3))))
            return (
                Attribute(strings=many) if random.random() < 0.85 else Attribute(ints=tuple(map(ord, many)))
            )
        return Attribute(string=text)
    if "types" in features and random.random() < 0.4:
        version = random.choice(("1.0.0", "1.0.0-p"))
        return random.choice(
            (Attribute(version=version), Attribute(string=version), Attribute(int_=ord(text)))
        )
    return Attribute(string=text)
