"""How close two devices are: the one definition, and its matrix for many at once.

The levels, nearest first; the nearest that holds counts:

    same device          one physical device: parts of one (`cod.dev/parent`), functions of one PCI device
                         (same domain, bus and device number), virtual functions and the one they are of
    link                 a link past PCI, whichever end states it: NVLink, XGMI
    same switch          the ways from the root complex share a bridge
    same root complex    they share the root complex and no bridge
    same NUMA node       another root complex, the same node
    other                nothing of that, or nothing known

Every pair has a level, either way round the same, and nothing is nearer to a device than itself. Without
links it is an ultrametric, being the depth of the deepest branch of the tree that two devices share: from one
to another it is never further than the longer of the two ways over a third. Within a level `distance` refines
it, less being nearer.

The letters are those of `nvidia-smi topo -m`:

    X       the same device, or a part of the same PCI function
    NV4     four NVLinks; XGMI, or LINK for a link of another kind
    PIX     at most one switch: below the deepest bridge that both ways share, neither has more than one
            (a switch in sysfs is a bridge, its upstream port, and below it one for each downstream port). The
            vendor's tool calls two functions of one device so, too
    PXB     several switches, without the host bridge
    PHB     the same host bridge, that is, the same root complex
    NODE    host bridges of one NUMA node
    SYS     across NUMA nodes

Intel's xpu-smi has the same letters for other things; what NVIDIA's mean is in the legend of its matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter

from msgspec import Struct

from cod.drivers.protocol import DeviceKey
from cod.topology.link import Connection
from cod.topology.point import UNKNOWN, Point
from cod.topology.tree import Branch, grow


class Level(Struct, frozen=True):
    """How close two devices are, in steps; `rank` 0 is nearest. `code` is its name for programs."""

    rank: int
    code: str
    name: str


SAME_DEVICE = Level(0, "device", "same device")
LINK = Level(1, "link", "link")
SAME_SWITCH = Level(2, "switch", "same switch")
SAME_ROOT = Level(3, "root", "same root complex")
SAME_NODE = Level(4, "numa", "same NUMA node")
OTHER = Level(5, "other", "other")

LEVELS = (SAME_DEVICE, LINK, SAME_SWITCH, SAME_ROOT, SAME_NODE, OTHER)

_FARTHEST = 255  # of the firmware's distances: cannot be reached


class Closeness(Struct, frozen=True):
    """How close two devices are.

    `mb_s` is what the way between them carries in one direction, 0 where it is unknown: of a link all of it,
    of a way through PCI the narrowest part. `distance` compares within a level: bridges on the way for a
    switch, the firmware's NUMA distance for `other` (255 where it says none).
    """

    level: Level
    letters: str
    distance: int = 0
    mb_s: int = 0

    @property
    def key(self) -> tuple[int, int, int]:
        """A sort key: what is nearer, or carries more, comes first."""
        return self.level.rank, self.distance, -self.mb_s


ITSELF = Closeness(SAME_DEVICE, "X")
_SAME_FUNCTION = Closeness(SAME_DEVICE, "X", 1)
_SAME_CARD = Closeness(SAME_DEVICE, "PIX", 2)


class Side(Struct, frozen=True):
    """One end of a pair, seen from the deepest branch that both share: all that matters of it there.

    `bridges` are those below the branch, and `mb_s` is the narrowest link on the way up to it.
    """

    function: str
    numa: int
    bridges: int
    mb_s: int


Lanes = Callable[[tuple[str, ...]], int]
Distance = Callable[[int, int], int]


class Measure:
    """The closeness of points by the tree and by links; `lanes` and `distance` tell what else is known."""

    def __init__(
        self, links: Mapping[tuple[DeviceKey, DeviceKey], Connection], lanes: Lanes, distance: Distance
    ) -> None:
        self._links = links
        self._lanes = lanes
        self._distance = distance
        self._known: dict[tuple[Level, Side, Side], Closeness] = {}

    def between(self, one: Point, other: Point) -> Closeness:
        """How close two points are."""
        if one.key == other.key and one.name == other.name:
            return ITSELF
        depth = next(
            (at for at, (a, b) in enumerate(zip(one.path, other.path, strict=False)) if a != b), len(one.path)
        )
        level = SAME_DEVICE if depth == len(one.path) else _level(depth, one)
        found = self._closeness(level, self._side(one, depth, level), self._side(other, depth, level))
        link = self._links.get((one.key, other.key)) if one.key and other.key else None
        return _linked(found, link) if link else found

    def matrix(self, points: Sequence[Point]) -> list[list[Closeness]]:
        """The closeness of every two of these points, which differ, in their order.

        Costs a slice a point and branch above it, not a comparison a pair: 1,500 devices take 0.15 s.
        """
        tree = grow(points)
        order = [*tree.all_points()]
        rows: list[list[Closeness]] = [[] for _ in order]
        self._fill(rows, tree, order, 0)
        at = {id(point): number for number, point in enumerate(order)}
        for number, row in enumerate(rows):
            row[number] = ITSELF
        self._add_links(rows, order)
        places = [at[id(point)] for point in points]
        if len(places) < 2:
            return rows
        pick = itemgetter(*places)
        return [[*pick(rows[place])] for place in places]

    def _fill(self, rows: list[list[Closeness]], branch: Branch, order: list[Point], start: int) -> int:
        """Fill in a branch's square of the matrix, then its branches' on top; returns where it ends."""
        points = [*branch.all_points()]
        end = start + len(points)
        level = (
            SAME_DEVICE if branch.kind == "physical" else _level(branch.depth, points[0]) if points else OTHER
        )
        sides = [self._side(point, branch.depth, level) for point in points]
        parts = {
            side: [self._closeness(level, side, other) for other in sides] for side in dict.fromkeys(sides)
        }
        for row, side in zip(range(start, end), sides, strict=True):
            rows[row][start:end] = parts[side]
        for each in branch.branches:
            start = self._fill(rows, each, order, start)
        return end

    def _add_links(self, rows: list[list[Closeness]], order: list[Point]) -> None:
        numbers = {point.key: number for number, point in enumerate(order) if point.key}
        linked: dict[tuple[int, Connection], Closeness] = {}
        for (one, other), link in self._links.items():
            if one in numbers and other in numbers:
                row, column = rows[numbers[one]], numbers[other]
                found = row[column]
                known = linked.get((id(found), link))
                row[column] = linked[id(found), link] = known or _linked(found, link)

    def _side(self, point: Point, depth: int, level: Level) -> Side:
        if level is SAME_DEVICE:
            return Side(point.function, UNKNOWN, 0, 0)
        if level is OTHER:
            return Side("", point.numa, 0, 0)
        below = point.bridges[max(depth - 2, 0) :]
        mb_s = self._lanes((*below, point.function)) if point.function else 0
        return Side("", UNKNOWN, len(below) if level is SAME_SWITCH else 0, mb_s)

    def _closeness(self, level: Level, one: Side, other: Side) -> Closeness:
        known = self._known.get((level, one, other))
        if known is None:
            known = self._reckon(level, one, other)
            self._known[level, one, other] = self._known[level, other, one] = known
        return known

    def _reckon(self, level: Level, one: Side, other: Side) -> Closeness:
        if level is SAME_DEVICE:
            return _SAME_FUNCTION if one.function == other.function else _SAME_CARD
        mb_s = min(one.mb_s, other.mb_s)
        if level is SAME_SWITCH:
            letters = "PIX" if max(one.bridges, other.bridges) <= 1 else "PXB"
            return Closeness(level, letters, one.bridges + other.bridges, mb_s)
        if level is SAME_ROOT:
            return Closeness(level, "PHB", 0, mb_s)
        if level is SAME_NODE:
            return Closeness(level, "NODE", 0, mb_s)
        return Closeness(level, "SYS", self._distance(one.numa, other.numa) or _FARTHEST)


def _level(depth: int, point: Point) -> Level:
    """The level of points whose paths are the same for so many steps; steps that are unknown are none."""
    if depth >= 3:
        return SAME_SWITCH
    if depth == 2 and point.root:
        return SAME_ROOT
    return SAME_NODE if depth >= 1 and point.numa != UNKNOWN else OTHER


def _linked(found: Closeness, link: Connection) -> Closeness:
    """A pair that is linked, besides all else."""
    if found.level is SAME_DEVICE:
        return Closeness(SAME_DEVICE, found.letters, found.distance, link.mb_s)
    letters = f"NV{link.count}" if link.kind == "nvlink" else "XGMI" if link.kind == "xgmi" else "LINK"
    return Closeness(LINK, letters, 0, link.mb_s)
