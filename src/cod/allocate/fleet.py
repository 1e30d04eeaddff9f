"""Many nodes at once: which of them claims would fit on.

Most nodes of a cluster are alike. So a node is put into numbers, one for everything about each of its devices
that a question looks at, and nodes with the same numbers are decided once, by the same search as a single
node. What devices are like stays the same while claims come and go; what is in use is a number of each node,
kept up to date. Needs NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import msgspec
import numpy as np
from msgspec import Struct

from cod.allocate.in_use import InUse, Use
from cod.allocate.nodes import Node
from cod.allocate.pools import Offer, Offered, Pool, PoolKey, Pools
from cod.allocate.requests import Wishes
from cod.allocate.taints import barrier
from cod.cel.table import Coded, DeviceTable
from cod.drivers.protocol import DeviceKey
from cod.resource import Attribute, ResourceSlice, Taint, Toleration

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes: TypeAlias = NDArray[np.int64]


class Question(Struct, frozen=True):
    """Wishes put to a fleet: the kind of each node, which is all that they look at, and what was decided.

    `fits` is by a node's kind and what is in use there.
    """

    kinds: Codes
    fits: dict[tuple[int, int], bool]


class Fleet:
    """The nodes of a cluster with their devices, by number."""

    def __init__(self, pools: Pools, nodes: Sequence[Node], in_use: InUse) -> None:
        self.nodes = nodes
        self._pools = pools
        self._in_use = in_use
        self._own: list[Sequence[Offered]] = []
        grounds = []
        common: dict[tuple[int, ...], Sequence[ResourceSlice]] = {}
        for node in nodes:
            offer, shared = pools.own_offer(node)
            self._own.append(offer.devices)
            which = tuple(map(id, shared))
            common[which] = shared
            grounds.append((_trouble(offer), which))
        self._grounds = _codes(grounds)
        # Pools that a node sees without having a part of them: what is in use there counts everywhere.
        self._common = {
            (each.spec.driver, each.spec.pool.name) for shared in common.values() for each in shared
        }
        self._devices = [each for devices in self._own for each in devices]
        self._apart = {pool.key for pool in _pools_of(self._devices) if not _is_for_itself(pool, pools)}
        self._natures = _codes(nature for devices in self._own for nature in self._natures_of(devices))
        self.table = DeviceTable([(each.key[0], each.device) for each in self._devices])
        self._rows = self._by_width()
        self._get_ready()
        self._places: dict[DeviceKey, list[int]] = {}
        self._of_pool: dict[PoolKey, list[int]] = {}
        for number, devices in enumerate(self._own):
            for each in devices:
                self._places.setdefault(each.key, []).append(number)
            for key in self._drawn_upon(devices):
                self._of_pool.setdefault(key, []).append(number)
        self._uses: dict[object, int] = {}
        self._uses_of = np.zeros(len(nodes), dtype=np.int64)
        self.changed(in_use, everywhere=True)

    def ask(self, wishes: Wishes) -> Question:
        """Put wishes to the nodes."""
        if wishes.ties or any("/" not in bond.attribute for bond in wishes.bonds):
            # What is linked to what is another thing on each node; and a name without a domain is no column.
            return Question(np.arange(len(self.nodes)), {})
        alternatives = [each for wish in wishes.requests for each in wish.alternatives]
        columns = [self._natures]
        for condition in {each for one in alternatives for each in one.conditions}:
            columns.append(np.asarray(condition.selector.column(self.table).values))
        columns += map(self._barred, {each.tolerations for each in alternatives})
        if any(each.capacity for each in alternatives):
            columns.append(self._capacities)
        codes = _folded(columns)
        attributes = [self.table.coded(("attributes", *_split(bond.attribute))) for bond in wishes.bonds]
        kinds = np.zeros(len(self.nodes), dtype=np.int64)
        for width, numbers, starts in self._rows:
            places = starts[:, None] + np.arange(width)
            parts = [codes[places], *(self._by_place(each, places) for each in attributes)]
            rows = _folded([self._grounds[numbers], *(column for part in parts for column in part.T)])
            kinds[numbers] = rows + kinds.max(initial=-1) + 1
        return Question(kinds, {})

    def fitting(self, question: Question, decide: Callable[[Node], bool]) -> NDArray[np.bool_]:
        """For each node whether the wishes fit there; `decide` asks one node."""
        span = len(self._uses)
        pairs, index, inverse = np.unique(
            question.kinds * span + self._uses_of, return_index=True, return_inverse=True
        )
        verdicts = np.empty(len(pairs), dtype=bool)
        for place, pair in enumerate(pairs.tolist()):
            key = divmod(pair, span)
            if key not in question.fits:
                question.fits[key] = decide(self.nodes[int(index[place])])
            verdicts[place] = question.fits[key]
        return verdicts[inverse]

    def changed(self, keys: Iterable[DeviceKey], *, everywhere: bool = False) -> None:
        """Take note that the use of these devices is another now."""
        numbers: set[int] = set()
        for key in keys:
            if self._is_of_others(key):
                everywhere = True
            else:
                numbers.update(self._places[key])
                numbers.update(self._of_pool.get(key[:2], ()))
        if everywhere:
            others = filter(self._is_of_others, self._in_use)
            self._others = tuple((key, _in_short(self._in_use[key])) for key in sorted(others))
        for number in range(len(self.nodes)) if everywhere else numbers:
            use = self._use(number)
            self._uses_of[number] = self._uses.setdefault(use, len(self._uses))

    def _is_of_others(self, key: DeviceKey) -> bool:
        """Whether a device is one that many nodes see, or none any more."""
        return key not in self._places or key[:2] in self._common

    def _get_ready(self) -> None:
        """Make the columns that are likely to be asked for: what the first device of each driver has."""
        models = {each.key[0]: each for each in reversed(self._devices)}
        for driver, each in models.items():
            for kind, entries in (("attributes", each.device.attributes), ("capacity", each.device.capacity)):
                for name in entries:
                    domain, _, bare = name.rpartition("/")
                    self.table.coded((kind, domain or driver, bare))

    def _use(self, number: int) -> object:
        """All that is in use on a node: of its own devices by their places, of others by their names."""
        in_use, devices = self._in_use, self._own[number]
        own = tuple(
            (place, _in_short(in_use[each.key])) for place, each in enumerate(devices) if each.key in in_use
        )
        pools = self._drawn_upon(devices)
        beside = tuple(key for key in sorted(in_use) if key[:2] in pools) if pools else ()
        return own, beside, self._others

    def _natures_of(self, devices: Sequence[Offered]) -> Iterable[bytes]:
        """What of a node's devices counts whatever is asked: what they share with others."""
        pools: dict[PoolKey, int] = {}
        for each in devices:
            if each.device.consumes_counters:
                key = each.pool.key
                place = pools.setdefault(key, len(pools))
                yield _nature(each, (key, each.pool.generation) if key in self._apart else place)
            else:
                yield _nature(each, None) if each.device.allow_multiple_allocations else b""

    def _drawn_upon(self, devices: Sequence[Offered]) -> set[PoolKey]:
        """The pools of whose counters other devices have a part, too, than those of the node."""
        if not self._apart:
            return set()
        return {each.pool.key for each in devices if each.device.consumes_counters} & self._apart

    def _by_width(self) -> list[tuple[int, Codes, Codes]]:
        """The nodes that have as many devices as each other, and where the devices of each begin."""
        widths = np.array([len(each) for each in self._own], dtype=np.int64)
        starts = np.cumsum(widths) - widths
        return [
            (int(width), numbers, starts[numbers])
            for width in np.unique(widths)
            for numbers in [np.flatnonzero(widths == width)]
        ]

    def _by_place(self, values: Coded, places: Codes) -> Codes:
        """Values of an attribute, row by row, each by the place of the first device that has it.

        So nodes are alike that differ only in what the values are called. That goes for single values, and
        where no device is shared.
        """
        codes: Codes = np.asarray(values.codes)[places]
        is_plain = all(isinstance(each, str) or _is_scalar(each) for each in values.code_of)
        if not 0 < codes.shape[1] <= _WIDEST or not is_plain or self._pools.shared:
            return codes
        first = (codes[:, :, None] == codes[:, None, :]).argmax(axis=2)
        return np.where(codes < 0, -1, first)

    @cached_property
    def _capacities(self) -> Codes:
        return _codes(msgspec.msgpack.encode(each.device.capacity) for each in self._devices)

    @cached_property
    def _tainted(self) -> tuple[Codes, list[tuple[Taint, ...]]]:
        """A number for each set of taints, and the sets."""
        known: dict[tuple[Taint, ...], int] = {}
        codes = [known.setdefault(each.device.taints, len(known)) for each in self._devices]
        return np.array(codes, dtype=np.int64), [*known]

    def _barred(self, tolerations: tuple[Toleration, ...]) -> Codes:
        """1 for each device that is kept away by a taint."""
        codes, sets = self._tainted
        barred = [int(barrier(taints, tolerations) is not None) for taints in sets]
        return np.array(barred, dtype=np.int64)[codes]


_WIDEST = 64  # devices of a node; the comparison of their values grows with the square
_MOST = 2**62


def _nature(each: Offered, pool: object) -> bytes:
    """What a device shares with others; `pool` stands for the one whose counters it draws upon."""
    device = each.device
    counters = each.pool.counter_sets if device.consumes_counters else b""
    capacity = device.capacity if device.allow_multiple_allocations else None
    return msgspec.msgpack.encode((each.key[0], pool, device.consumes_counters, counters, capacity))


def _is_scalar(value: object) -> bool:
    scalars = (value.int_, value.bool_, value.version) if isinstance(value, Attribute) else ()
    return any(each is not None for each in scalars)


def _in_short(uses: Sequence[Use]) -> object:
    """What counts of the uses of a device."""
    return tuple((bool(each.share_id), tuple(sorted(each.consumed.items()))) for each in uses)


def _pools_of(devices: Iterable[Offered]) -> Iterable[Pool]:
    """The pools that have counters."""
    return {id(each.pool): each.pool for each in devices if each.device.consumes_counters}.values()


def _is_for_itself(pool: Pool, pools: Pools) -> bool:
    """Whether only the devices that one node is offered draw upon a pool's counters."""
    return pool.is_of_one_node and not pools.former_takers(pool)


def _trouble(offer: Offer) -> object:
    """The pools that may hide devices, which counts where all are asked for."""
    return tuple(sorted(key[0] for key in offer.broken if key not in offer.obsolete))


def _split(attribute: str) -> tuple[str, str]:
    domain, _, name = attribute.rpartition("/")
    return domain, name


def _codes(values: Iterable[object]) -> Codes:
    """A number for each value, the same for equal ones."""
    known: dict[object, int] = {}
    return np.array([known.setdefault(each, len(known)) for each in values], dtype=np.int64)


def _folded(columns: Iterable[Codes]) -> Codes:
    """A small number for each row of columns of numbers from -1, the same for equal rows."""
    keys, span = np.zeros(1, dtype=np.int64), 1
    for column in columns:
        size = int(column.max(initial=0)) + 2
        if span * size > _MOST:
            _, keys = np.unique(keys, return_inverse=True)
            span = int(keys.max(initial=0)) + 1
        keys = keys * size + (column + 1)
        span *= size
    return np.unique(keys, return_inverse=True)[1]
