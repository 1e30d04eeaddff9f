"""The spine of `cod run`: take devices, prepare them, start the command, hold while it lives, give back.

The claim has two holders from the command's first instruction on: us and the command. Kill either, and the
devices stay taken until the other has ended too; the next call of `cod` finds out. A container may outlive
its runtime, so its first process becomes a third holder as soon as its number is known, within about 20 ms.
Nothing keeps the ledger open while the command runs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from msgspec import Struct

from cod.errors import CodError
from cod.host.processes import Process
from cod.ledger import NotHeld
from cod.prepare import Site
from cod.resource import ResourceClaim
from cod.runtimes.child import signals_held, start, told_to_end
from cod.runtimes.choose import command_for
from cod.runtimes.command import Launch
from cod.runtimes.first import First
from cod.runtimes.scratch import scratch_of, sweep_scratch

_OFTEN, _SELDOM = 0.02, 0.5  # seconds between looks for the number of a container's first process
_OFTEN_ENOUGH = 250
_LAST_BREATH = 0.5  # seconds that a container's first process may take to end after its runtime


class Order(Struct, frozen=True):
    """Who wants which devices for which command, where, and when (seconds since 1970).

    A claim that `is_held` was taken before and outlives the command.
    """

    claim: ResourceClaim
    argv: tuple[str, ...]
    environ: Mapping[str, str]
    site: Site
    now: float
    is_held: bool = False


class Outcome(Struct, frozen=True):
    """How a command ended: its status as a shell has it, and the process that still holds its devices.

    `check` is what may explain that a runtime failed.
    """

    status: int
    survivor: int | None = None
    check: str = ""


def run(order: Order) -> Outcome:
    """Run a command with its devices and give them back.

    Raises any CodError if the command was not started; then nothing stays held.
    """
    command = command_for(order.argv, order.environ)
    order.site.check_usable()
    with signals_held() as mask:
        claim = _take(order)
        outcome = None
        try:
            prepared = order.site.prepare(claim)
            with scratch_of(order.claim.name, order.site.ledger) as scratch:
                outcome = _hold(order, command.launch(prepared, scratch), mask)
        finally:
            if not order.is_held and (outcome is None or outcome.survivor is None):
                # The status of the command counts for more than what fails here.
                order.site.give_back(order.claim.name)
    return outcome


def _take(order: Order) -> ResourceClaim:
    site = order.site
    myself = site.myself()
    with site.open_ledger() as ledger:
        sweep_scratch(site.ledger, ledger.names)
        if order.is_held:
            ledger.add_holder(order.claim.name, myself)
            return ledger.claim(order.claim.name).claim
    (taken,) = site.take([order.claim], myself, order.argv, order.now)
    return taken


def _hold(order: Order, launch: Launch, mask: set[int]) -> Outcome:
    """Start the command, and wait for its end."""
    variables = (variable.partition("=") for variable in launch.environment)
    child = start(launch.argv, {**order.environ, **{name: value for name, _, value in variables}}, mask)
    try:
        _add_holder(order, child.pid)
    except BaseException:
        child.abandon()
        raise
    # The last moment at which it has done nothing: whoever said meanwhile that we should end is obeyed.
    if number := told_to_end():
        child.abandon()
        return Outcome(128 + number)
    child.let_go(order.argv[0])
    first = _FirstProcess(order, launch.first, child.pid)
    status = child.wait(first.look)
    return Outcome(status, first.survivor(), launch.if_it_fails if 125 <= status <= 127 else "")


def _add_holder(order: Order, pid: int) -> Process | None:
    process = order.site.processes.named(pid)
    if process is not None:
        with order.site.open_ledger() as ledger:
            ledger.add_holder(order.claim.name, process)
    return process


class _FirstProcess:
    """The first process of a container, which its runtime starts at some time."""

    def __init__(self, order: Order, find: First | None, runtime: int) -> None:
        self._order = order
        self._find = find
        self._runtime = runtime
        self._looks = 0
        self._process: Process | None = None

    def look(self) -> float | None:
        """Make it a holder once it is known; seconds until the next look, None if that was the last."""
        if self._find is None or self._process is not None:
            return None
        self._looks += 1
        try:
            if (pid := self._find(self._runtime)) is not None:
                self._process = _add_holder(self._order, pid)
        except NotHeld:
            self._find = None  # somebody released the claim
        except CodError:
            pass  # a runtime that gives no answer, or a ledger in trouble
        return _OFTEN if self._looks < _OFTEN_ENOUGH else _SELDOM

    def survivor(self) -> int | None:
        """Its number, if it lives on after its runtime has ended."""
        self.look()
        if self._process is None:
            return None
        end = time.monotonic() + _LAST_BREATH
        while self._order.site.processes.alive(self._process):
            if time.monotonic() > end:
                return self._process.pid
            time.sleep(_OFTEN)
        return None
