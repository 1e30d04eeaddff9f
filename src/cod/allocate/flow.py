"""Give each request its number of devices where only the devices themselves are short: a largest flow.

Source: Ford and Fulkerson 1956, with devices that the same requests could have put together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise


def flow(wanted: Sequence[int], groups: Mapping[int, int]) -> dict[tuple[int, int], int] | None:
    """How many of each group each request is given, or None where they cannot all be met.

    `groups` has for each set of requests, as an int, the number of devices that just these could have. The
    answer is by request and group. Costs at most requests × groups for each device wanted.
    """
    free = dict(groups)
    given: dict[tuple[int, int], int] = {}
    for request, count in enumerate(wanted):
        while count:
            path = _path(request, free, given, len(wanted))
            if path is None:
                return None
            count -= _push(path, count, free, given)
    return {key: number for key, number in given.items() if number}


_Path = list[tuple[int, int]]  # requests, and the group that each gets its device from


def _path(
    start: int, free: Mapping[int, int], given: Mapping[tuple[int, int], int], requests: int
) -> _Path | None:
    """The shortest chain in which each request takes of a group, and the next gives up what it has there."""
    came_from: dict[int, tuple[int, int] | None] = {start: None}  # of a request: who displaced it, and where
    frontier = [start]
    seen = set()
    for request in frontier:
        for group, left in free.items():
            if not group >> request & 1 or group in seen:
                continue
            seen.add(group)
            if left:
                return _chain(request, group, came_from)
            for other in range(requests):
                if other not in came_from and given.get((other, group)):
                    came_from[other] = (request, group)
                    frontier.append(other)
    return None


def _chain(request: int, group: int, came_from: Mapping[int, tuple[int, int] | None]) -> _Path:
    path = [(request, group)]
    while (before := came_from[request]) is not None:
        path.append(before)
        request = before[0]
    return path


def _push(path: _Path, wanted: int, free: dict[int, int], given: dict[tuple[int, int], int]) -> int:
    """Move as many along a chain as it carries."""
    number = min(wanted, free[path[0][1]])
    for (request, _), (_, group) in pairwise(path):
        number = min(number, given[request, group])
    free[path[0][1]] -= number
    for (request, group), before in zip(path, [*path[1:], None], strict=True):
        given[request, group] = given.get((request, group), 0) + number
        if before is not None:
            given[request, before[1]] -= number
    return number
