"""How numbers, bandwidths and lists of names are written in pictures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from cod.topology import Fabric, Point, Topology

_KINDS = {"nvlink": "NVLink", "xgmi": "XGMI"}
_LONGEST = 60
_NUMBERED = re.compile(r"(.*?)(\d{1,9})")
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def bandwidth(mb_s: int) -> str:
    """A bandwidth in GB/s, `31.5 GB/s`; "" where it is unknown."""
    if mb_s <= 0:
        return ""
    return f"{mb_s / 1000:.0f} GB/s" if mb_s >= 99_950 else f"{mb_s / 1000:.1f} GB/s".replace(".0 ", " ")


def bandwidths(least: int, most: int) -> str:
    """A bandwidth, or from the least to the most: `25–50 GB/s`."""
    if least == most or not least:
        return bandwidth(most)
    return f"{bandwidth(least).removesuffix(' GB/s')}–{bandwidth(most)}"


def size(number: int) -> str:
    """An amount of memory: `256 GiB`; "" where it is unknown."""
    if number <= 0:
        return ""
    power = min((number.bit_length() - 1) // 10, len(_UNITS) - 1)
    value = number / 1024**power
    return f"{value:.0f} {_UNITS[power]}" if value >= 100 else f"{value:.3g} {_UNITS[power]}"


def count(number: int, noun: str) -> str:
    """A number and its noun: `1 device`, `2 devices`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def ranges(names: Iterable[str]) -> str:
    """Names, the numbered ones as ranges: `gpu0–gpu3, gpu6, nic0`."""
    runs: list[tuple[str, list[str]]] = []
    for name in names:
        prefix, number = _split(name)
        if runs and number >= 0 and _split(runs[-1][1][-1]) == (prefix, number - 1):
            runs[-1][1].append(name)
        else:
            runs.append((prefix, [name]))
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(run) for _, run in runs)


def _split(name: str) -> tuple[str, int]:
    match = _NUMBERED.fullmatch(name)
    return (match[1], int(match[2])) if match else (name, -1)


def cpu_list(numbers: Sequence[int]) -> str:
    """CPUs as `0–31, 64–95`."""
    from cod.host.numa import format_list

    return format_list(tuple(numbers)).replace("-", "–").replace(",", ", ")


def kind(name: str) -> str:
    """A kind of link as its vendor writes it."""
    return _KINDS.get(name, name)


def fabric(each: Fabric) -> str:
    """What links a group of devices, in a sentence."""
    names = [point.name for point in each.members]
    members = ranges(names)
    if len(members) > _LONGEST:
        members = f"{len(names)} devices from {names[0]} to {names[-1]}"
    if len(each.members) == 2:
        text = members.replace(", ", " with ")
    elif each.is_full:
        text = f"{members}, each with each"
    else:
        pairs = len(each.members) * (len(each.members) - 1) // 2
        text = f"{members}, {len(each.edges)} of {pairs} pairs"
    counts = {link.count for link in each.edges.values()}
    side_by_side = max(counts)
    if side_by_side > 1:
        text += f", {side_by_side if len(counts) == 1 else f'{min(counts)}–{side_by_side}'} links"
    speed = bandwidths(*each.mb_s)
    return f"{text}, {speed}" if speed else text


def summary(topology: Topology) -> str:
    """A machine in a line: `8 gpu, 4 nic · 2 NUMA nodes · 64 CPUs · 512 GiB`."""
    types, parts = _counted(topology.devices)
    others = types.pop("", 0)
    types.pop("cpu", None)  # which are counted below
    counts = [f"{number} {type_}" for type_, number in types.items()]
    if others:
        counts.append(f"{others} other" if counts else count(others, "device"))
    if parts:
        counts.append(count(parts, "part"))
    nodes = [node for node in topology.host.numa.values() if node.cpus]
    facts = [", ".join(counts) or "no devices"]
    if nodes:
        facts.append(count(len(nodes), "NUMA node"))
        facts.append(count(sum(len(node.cpus) for node in nodes), "CPU"))
    facts.append(size(sum(node.memory for node in nodes)))
    return " · ".join(filter(None, facts))


def _counted(points: Iterable[Point]) -> tuple[Counter[str], int]:
    """How many whole devices there are of each type, "" for those at no place, and how many parts."""
    types: Counter[str] = Counter()
    parts = 0
    groups: dict[tuple[str, ...], list[Point]] = {}
    for point in points:
        groups.setdefault(point.path, []).append(point)
    for group in groups.values():
        whole = [point for point in group if not point.parent]
        types.update(point.type if point.is_placed else "" for point in whole or group[:1])
        parts += len(group) - len(whole)
    return types, parts
