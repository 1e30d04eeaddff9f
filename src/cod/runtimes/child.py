"""A child process that waits until it is let go, and only then becomes the command.

Between its start and its first instruction of its own its number can be written down, so that no moment
exists in which a command has devices and nobody knows who holds them.

The signals of `HELD` do not interrupt us meanwhile. What a terminal sends reaches the child by itself; what
another process sends to us is passed on. Source: signal(7), sigaction(2) § si_code.
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from msgspec import Struct

from cod.errors import Unavailable
from cod.runtimes.command import CommandNotExecutable, CommandNotFound, RuntimeUnavailable

HELD = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGCHLD,
)
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_FROM_KERNEL = 0x80  # si_code of what a terminal sends
_GO = b"g"
_CANNOT_RUN = 126
_PACKAGES = {
    **{name: name for name in ("podman", "runc", "crun", "buildah", "runsc", "apptainer")},
    "bwrap": "bubblewrap",
    "ch-run": "charliecloud",
    "ctr": "containerd",
    "docker": "docker.io",
    "lxc-execute": "lxc",
    "lxc-start": "lxc",
    "systemd-nspawn": "systemd-container",
}


@contextmanager
def signals_held() -> Iterator[set[int]]:
    """Keep the signals of `HELD` waiting; gives the mask that was there before."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    # Whoever started us may ignore it, and then no status of a child is ever known.
    disposition = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        yield {int(number) for number in before}
    finally:
        while signal.sigtimedwait(HELD, 0):
            pass  # what came too late for the child is not meant for us
        signal.signal(signal.SIGCHLD, disposition)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def told_to_end() -> int | None:
    """The number of a signal that waits for us and would have ended us; call it while `signals_held`.

    A signal that came before the child was started never reaches it by itself.
    """
    waiting = signal.sigpending()
    return next(
        (
            number
            for number in ENDING
            if number in waiting and signal.getsignal(number) is not signal.SIG_IGN  # as nohup(1) has it
        ),
        None,
    )


class Child(Struct):
    """A child process. `go` is the pipe it waits at, `failure` the one that tells why it could not start."""

    pid: int
    go: int
    failure: int

    def let_go(self, program: str) -> None:
        """Let it become the command.

        Raises:
            CommandNotFound, CommandNotExecutable: if that cannot be run; the child is gone then.
        """
        with suppress(BrokenPipeError):  # somebody killed it: `wait` will tell
            os.write(self.go, _GO)
        os.close(self.go)
        with open(self.failure, "rb") as pipe:
            reason = pipe.read()
        if reason:
            os.waitpid(self.pid, 0)
            raise not_runnable(program, int(reason))

    def abandon(self) -> None:
        """End it before it has done anything."""
        os.close(self.go)
        os.close(self.failure)
        os.waitpid(self.pid, 0)

    def wait(self, watch: Callable[[], float | None]) -> int:
        """Wait for its end and return its status as a shell has it: 128 and more after a signal.

        `watch` is called meanwhile; it says after how many seconds again, or that it is done.
        """
        pause = watch()
        while True:
            found = signal.sigwaitinfo(HELD) if pause is None else signal.sigtimedwait(HELD, pause)
            if found is not None and found.si_signo != signal.SIGCHLD and _is_for_us_alone(found):
                with suppress(PermissionError):  # it has become another user's, such as sudo
                    os.kill(self.pid, found.si_signo)  # never another's number: it is not waited for yet
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                return _shell_status(status)
            if pause is not None:
                pause = watch()


def start(argv: tuple[str, ...], environment: Mapping[str, str], mask: set[int]) -> Child:
    """Start a child that waits; call it while `signals_held`, and give the mask the command is to have.

    Raises Unavailable where no process can be started.
    """
    try:
        wait_end, go_end = os.pipe()
        read_end, failure_end = os.pipe()
        pid = os.fork()
    except OSError as error:
        raise Unavailable("no process can be started", causes=((error.strerror or "").lower(),)) from error
    if pid == 0:
        os.close(go_end)
        _become(argv, environment, mask, wait_end, failure_end)
    os.close(wait_end)
    os.close(failure_end)
    return Child(pid, go_end, read_end)


def _become(
    argv: tuple[str, ...], environment: Mapping[str, str], mask: set[int], wait_end: int, failure_end: int
) -> None:
    """In the child: wait, then be the command. Never returns."""
    try:
        if os.read(wait_end, 1) != _GO:
            os._exit(_CANNOT_RUN)  # whoever started us is gone
        _restore_signals(mask)
        os.execvpe(argv[0], argv, environment)
    except (OSError, ValueError) as error:  # ValueError: a NUL in a variable
        with suppress(OSError):
            os.write(failure_end, str(getattr(error, "errno", None) or errno.EINVAL).encode())
    finally:
        os._exit(_CANNOT_RUN)


def _restore_signals(mask: set[int]) -> None:
    """Give signals back what Python has changed; what was ignored when we started stays ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _is_for_us_alone(signalled: signal.struct_siginfo) -> bool:
    """Whether the child does not have a signal already.

    A terminal that goes away tells the leader of its session alone, such as what ssh starts; what else it
    sends, the whole foreground group has.
    """
    is_leader = os.getsid(0) == os.getpid()
    return signalled.si_code != _FROM_KERNEL or (signalled.si_signo == signal.SIGHUP and is_leader)


def _shell_status(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def not_runnable(program: str, number: int) -> RuntimeUnavailable:
    """The error for a program that cannot be started; `number` is the system's errno."""
    hint = "give the command's name as a shell would find it"
    if program in _PACKAGES:
        hint = f"apt-get install {_PACKAGES[program]}"
    elif number == errno.EACCES:
        hint = f"is it a program? chmod +x {program}"
    kind = CommandNotFound if number == errno.ENOENT else CommandNotExecutable
    return kind(f"cannot run {program}", causes=(os.strerror(number).lower(),), hint=hint)
