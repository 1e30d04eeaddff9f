"""What evaluates parts of an expression for many devices at once. All of it needs NumPy.

The answers are FALSE, TRUE or ERROR, combined as CEL says: what decides `&&` and `||` outweighs an error, in
whatever order the terms are looked at; so the cheapest come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy

from cod.cel.closures import Closure, Frame
from cod.cel.device import DEVICE, DRIVER, Path
from cod.cel.functions import EvaluationError
from cod.cel.table import Coded, Codes, DeviceTable

FALSE, TRUE, ERROR = 0, 1, 2
Answers = Any
"""One of FALSE, TRUE and ERROR a row: an array of int8."""
Rows = Any
"""Which devices: an array of indexes, or None for all."""


class Part(Protocol):
    """A part of an expression."""

    def __call__(self, table: DeviceTable, rows: Rows) -> Answers:
        """The answers for some devices of a table."""

    def effort(self, table: DeviceTable) -> int:
        """How many evaluations of closures this takes at most."""


class Grouped:
    """A part whose closure is evaluated once for each group of devices that have the same at some paths.

    Where the paths are not known, each device is a group.
    """

    def __init__(self, paths: tuple[Path, ...] | None, closure: Closure, size: int) -> None:
        self.paths = paths
        self.closure = closure
        self.size = size

    def __call__(self, table: DeviceTable, rows: Rows) -> Answers:
        """The answers, each that of the last device of its group."""
        if rows is None:
            rows = numpy.arange(len(table))
        if self.paths is None:
            return self.evaluated(table, rows)
        groups, count = _grouped([table.coded(path) for path in self.paths], rows)
        one_of = numpy.full(count, -1, rows.dtype)
        one_of[groups] = rows
        there = numpy.flatnonzero(one_of >= 0)
        answers = numpy.zeros(count, numpy.int8)
        answers[there] = self.evaluated(table, one_of[there])
        return answers[groups]

    def evaluated(self, table: DeviceTable, rows: Rows) -> Answers:
        """The answer for each of some devices."""
        devices, closure = table.devices, self.closure
        frame: Frame = [None] * self.size
        answers = []
        for row in rows.tolist():
            frame[DRIVER], frame[DEVICE] = devices[row]
            try:
                value = closure(frame)
            except (EvaluationError, RecursionError):
                value = None
            answers.append(TRUE if value is True else FALSE if value is False else ERROR)
        return numpy.array(answers, numpy.int8)

    def effort(self, table: DeviceTable) -> int:
        """As many as there are groups, if all combinations are there."""
        if self.paths is None:
            return len(table)
        count = 1
        for path in self.paths:
            count *= table.coded(path).size + 1
        return min(count, len(table))


def _grouped(columns: Sequence[Coded], rows: Rows) -> tuple[Codes, int]:
    """A number for each combination of codes, and how many numbers there are: not far more than rows."""
    most = 2 * len(rows) + 1024
    groups, count = numpy.zeros(len(rows), numpy.int64), 1
    for coded in columns:
        codes, more = coded.codes[rows] + 1, coded.size + 1
        if count * more > most:
            groups, count = _renumbered(groups)
            codes, more = _renumbered(codes)
        groups = groups * more + codes
        count *= more
    return _renumbered(groups) if count > most else (groups, count)


def _renumbered(codes: Codes) -> tuple[Codes, int]:
    distinct, numbers = numpy.unique(codes, return_inverse=True)
    return numbers, len(distinct)


class Compared:
    """An attribute that is compared with values that are written out, by their codes.

    Versions and lists are left to closures, which know how they compare.
    """

    def __init__(self, path: Path, keys: Sequence[Any], is_equal: bool, otherwise: Part) -> None:
        self.path = path
        self.keys = keys
        self.is_equal = is_equal
        self.otherwise = otherwise

    def __call__(self, table: DeviceTable, rows: Rows) -> Answers:
        """The answers."""
        column = table.coded(self.path)
        codes = column.codes if rows is None else column.codes[rows]
        of_code = numpy.full(column.size + 1, not self.is_equal, numpy.int8)
        of_code[-1] = ERROR
        for key in self.keys:
            if (code := column.code_of.get(key)) is not None:
                of_code[code] = self.is_equal
        answers = of_code[codes]
        if column.involved:
            left = numpy.flatnonzero(numpy.isin(codes, column.involved))
            answers[left] = self.otherwise(table, left if rows is None else rows[left])
        return answers

    def effort(self, table: DeviceTable) -> int:
        """As many as there are versions and lists."""
        return len(table.coded(self.path).involved)


class Present:
    """Whether there is anything at a path."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, table: DeviceTable, rows: Rows) -> Answers:
        """The answers, of which none is an error."""
        codes = table.coded(self.path).codes
        codes = codes if rows is None else codes[rows]
        return (codes >= 0).astype(numpy.int8)

    def effort(self, _: DeviceTable) -> int:
        """None."""
        return 0


class Logical:
    """`&&`, which FALSE decides, or `||`, which TRUE does; each term only where it is still needed."""

    def __init__(self, terms: Sequence[Part], decisive: int) -> None:
        self.terms = terms
        self.decisive = decisive

    def __call__(self, table: DeviceTable, rows: Rows) -> Answers:
        """The answers."""
        first, *others = sorted(self.terms, key=lambda term: term.effort(table))
        answers = first(table, rows)
        for term in others:
            open_ = numpy.flatnonzero(answers != self.decisive)
            if not len(open_):
                break
            if len(open_) == len(answers):
                more = term(table, rows)
                answers = numpy.where((more == self.decisive) | (answers != ERROR), more, answers)
                continue
            more = term(table, open_ if rows is None else rows[open_])
            before = answers[open_]
            answers[open_] = numpy.where((more == self.decisive) | (before != ERROR), more, before)
        return answers

    def effort(self, table: DeviceTable) -> int:
        """That of all terms."""
        return sum(term.effort(table) for term in self.terms)


class Negated:
    """`!`."""

    def __init__(self, of: Part) -> None:
        self.of = of

    def __call__(self, table: DeviceTable, rows: Rows) -> Answers:
        """The answers."""
        return numpy.array([TRUE, FALSE, ERROR], numpy.int8)[self.of(table, rows)]

    def effort(self, table: DeviceTable) -> int:
        """That of what is negated."""
        return self.of.effort(table)


class Chosen:
    """`?:`, each branch only where it is chosen."""

    def __init__(self, condition: Part, one: Part, other: Part) -> None:
        self.condition = condition
        self.branches = ((TRUE, one), (FALSE, other))

    def __call__(self, table: DeviceTable, rows: Rows) -> Answers:
        """The answers."""
        conditions = self.condition(table, rows)
        answers = conditions.copy()
        for choice, branch in self.branches:
            chosen = numpy.flatnonzero(conditions == choice)
            if len(chosen):
                answers[chosen] = branch(table, chosen if rows is None else rows[chosen])
        return answers

    def effort(self, table: DeviceTable) -> int:
        """That of the condition and of both branches."""
        return sum(part.effort(table) for part in (self.condition, *dict(self.branches).values()))
