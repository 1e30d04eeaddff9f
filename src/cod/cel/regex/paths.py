"""How many ways a backtracking matcher may have to try.

`[a-z]+-[0-9]+` leaves one way: where the letters end is clear, as no letter is a dash. `(a+)+b` leaves no end
of them, and `a*a*b` about the square of the length of the text.
"""

from __future__ import annotations

from typing import NamedTuple

from cod.cel.regex.classes import overlap, union
from cod.cel.regex.tree import At, Characters, Choice, Node, Ranges, Repeat, Sequence, can_be_empty

_FEW = 16  # repetitions that count as so many ways, however long the text


class Ways(NamedTuple):
    """At most `times` · n ^ `power` ways, for a text of n characters; without end where `power` is None."""

    times: int = 1
    power: int | None = 0

    def of(self, length: int) -> float:
        """The most ways for a text of a length."""
        return float("inf") if self.power is None else float(self.times) * float(length + 1) ** self.power

    def then(self, other: Ways) -> Ways:
        """The ways where each of these goes on with each of others."""
        if self.power is None or other.power is None:
            return _ENDLESS
        return Ways(min(self.times * other.times, 10**9), self.power + other.power)

    def beside(self, other: Ways) -> Ways:
        """The ways where either of both is tried."""
        if self.power is None or other.power is None:
            return _ENDLESS
        return Ways(min(self.times + other.times, 10**9), max(self.power, other.power))


_ENDLESS = Ways(0, None)
_ONE = Ways()


def ways_of(node: Node) -> Ways:
    """The ways of a whole expression, from one place of the text on."""
    return _ways(node, ())


def _first(node: Node) -> Ranges:
    """The characters that a node can begin with."""
    if isinstance(node, Characters):
        return node.ranges
    if isinstance(node, At):
        return ()
    if isinstance(node, Repeat):
        return _first(node.item) if node.most != 0 else ()
    if isinstance(node, Choice):
        return union(range_ for branch in node.branches for range_ in _first(branch))
    return _first_of_all(node.items, ())


def _first_of_all(items: tuple[Node, ...], follows: Ranges) -> Ranges:
    """What one after another can begin with, where `follows` comes after them."""
    for item in reversed(items):
        follows = union((*_first(item), *follows)) if can_be_empty(item) else _first(item)
    return follows


def _ways(node: Node, follows: Ranges) -> Ways:
    """The ways of a node, where a character of `follows` has to come next."""
    if isinstance(node, (Characters, At)):
        return _ONE
    if isinstance(node, Sequence):
        ways = _ONE
        for item in reversed(node.items):
            ways = ways.then(_ways(item, follows))
            is_end = isinstance(item, At) and item.place == "end"
            follows = () if is_end else _first_of_all((item,), follows)
        return ways
    if isinstance(node, Choice):
        return _ways_of_choice(node, follows)
    return _ways_of_repeat(node, follows)


def _ways_of_choice(node: Choice, follows: Ranges) -> Ways:
    """All branches are tried, unless what comes next says which one."""
    taken: Ranges = ()
    total, is_clear = Ways(0), True
    most = _ONE
    for branch in node.branches:
        ways, begins = _ways(branch, follows), _first_of_all((branch,), follows)
        is_clear = is_clear and not overlap(taken, begins) and not can_be_empty(branch)
        taken = union((*taken, *begins))
        total = total.beside(ways)
        most = max(most, ways, key=lambda ways: ways.of(100))
    return most if is_clear else total


def _ways_of_repeat(node: Repeat, follows: Ranges) -> Ways:
    """One way where what comes next says whether to go on; else as many as there are numbers of times."""
    if node.most == 0:
        return _ONE
    begins = _first(node.item)
    again = () if node.most == 1 else begins
    ways = _ways(node.item, union((*again, *follows)))
    is_clear = not overlap(begins, follows)
    if node.most == 1:
        if can_be_empty(node.item):
            return ways.then(Ways(2))
        return ways if is_clear or node.least else ways.beside(_ONE)
    if can_be_empty(node.item) or (ways != _ONE and node.most is None):
        return _ENDLESS
    if ways != _ONE:
        return _ENDLESS if node.most is None or node.most > _FEW else _several(ways, node.most)
    if is_clear or node.least == node.most:
        return _ONE
    choices = None if node.most is None else node.most - node.least + 1
    return Ways(choices) if choices is not None and choices <= _FEW else Ways(1, 1)


def _several(ways: Ways, times: int) -> Ways:
    total = Ways(times)
    for _ in range(times):
        total = total.then(ways)
    return total
