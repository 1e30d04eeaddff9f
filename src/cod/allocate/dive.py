"""A quick look for a solution: depth first, the request with the least choice first, and not for long.

What is found is a solution, and that nothing is found means nothing. Where there is much room it is found at
once, however many devices share what is limited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cod.allocate.problem import State, bits

_STEPS = 400


def dive(state: State, spend: Callable[[int], None]) -> list[tuple[int, int]] | None:
    """Requests and devices for all that is still needed, or None. `spend` may raise."""
    picks: list[tuple[int, int]] = []
    untried = [_next(state)]
    for _ in range(_STEPS):
        spend(1)
        found = next(untried[-1], None)
        if found is None:
            untried.pop()
            if not untried:
                return None
            picks.pop()
            continue
        pick, after = found
        picks.append(pick)
        if after.is_done:
            return picks
        untried.append(_next(after))
    return None


def _next(state: State) -> Iterator[tuple[tuple[int, int], State]]:
    """The devices that the next request could have, each with the state after it."""
    number = min(
        (number for number, wanted in enumerate(state.wanted) if wanted),
        key=lambda number: (state.open[number].bit_count() - state.wanted[number], number),
    )
    for device in bits(state.open[number]):
        after = state.take(number, device)
        # The devices of one request have no order: what comes before is not looked at again.
        after.open[number] &= -1 << device
        if all(open_.bit_count() >= wanted for open_, wanted in zip(after.open, after.wanted, strict=True)):
            yield (number, device), after
