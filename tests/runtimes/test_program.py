"""`cod run` with a plain program: what it gets, how it ends, and that devices always come back."""

from __future__ import annotations

import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from cod.errors import Misuse
from cod.runtimes.child import signals_held, start
from cod.runtimes.choose import _KNOWN, command_for
from cod.runtimes.command import CommandNotExecutable, RuntimeUnavailable
from cod.runtimes.program import Program
from tests.runtimes.machine import Machine, until
from tests.runtimes.stand_in import stand_in

ONE = ("run", "-d", "sim-gpu", "--")


def sh(script: str) -> tuple[str, str, str]:
    return "sh", "-c", script


def test_a_program_gets_the_variables_of_its_devices(machine: Machine) -> None:
    run = machine.cod("run", "-d", "sim-gpu:2", "--", "env")
    variables = dict(line.split("=", 1) for line in run.stdout.splitlines() if "=" in line)
    assert variables["COD_DEVICES"] == "sim.cod.dev/gpu=gpu0,sim.cod.dev/gpu=gpu1"
    assert variables["SIM_GPU_1"] == "gpu1"
    assert run.returncode == 0
    assert run.stderr == ""
    assert machine.nothing_is_left()


@pytest.mark.parametrize(
    ("script", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143)]
)
def test_the_status_is_the_commands_own(machine: Machine, script: str, status: int) -> None:
    assert machine.cod(*ONE, *sh(script)).returncode == status
    assert machine.nothing_is_left()


def test_input_output_and_open_files_are_the_commands(machine: Machine) -> None:
    run = machine.cod(*ONE, *sh("cat; echo talk >&2"), input="data")
    assert (run.stdout, run.stderr) == ("data", "talk\n")


def test_a_command_that_does_not_exist_is_127_and_takes_nothing(machine: Machine) -> None:
    run = machine.cod(*ONE, "no-such-command")
    assert run.returncode == 127
    assert run.stderr.startswith("error: cannot run no-such-command\n  no such file or directory\n")
    assert machine.nothing_is_left()


def test_a_file_that_the_kernel_cannot_run_is_126_and_comes_back(machine: Machine) -> None:
    program = machine.directory / "program"
    program.write_bytes(b"\x7fELF and nothing more")
    program.chmod(0o755)
    run = machine.cod(*ONE, str(program))
    assert run.returncode == 126
    assert "exec format error" in run.stderr
    assert machine.nothing_is_left()


def test_a_file_that_is_no_program_is_126_and_takes_nothing(machine: Machine) -> None:
    (machine.directory / "data").touch()
    run = machine.cod(*ONE, str(machine.directory / "data"))
    assert run.returncode == 126
    assert "permission denied" in run.stderr
    assert machine.nothing_is_left()


@pytest.mark.parametrize("environment", [{"A": "b\0c"}, {"A=": "b"}])
def test_variables_that_no_program_can_have_are_an_error(environment: dict[str, str]) -> None:
    with signals_held() as mask:
        child = start(("true",), {"PATH": os.environ["PATH"], **environment}, mask)
        with pytest.raises(CommandNotExecutable) as failed:
            child.let_go("true")
    assert failed.value.causes == ("invalid argument",)


def test_the_command_needs_no_two_dashes_and_keeps_its_own_options(machine: Machine) -> None:
    assert machine.cod("run", "-d", "sim-gpu", "sh", "-c", "echo $0 $1", "-d", "--").stdout == "-d --\n"


def test_while_it_runs_it_and_cod_hold_the_devices(machine: Machine) -> None:
    with machine.start("run", "-d", "sim-gpu:3", "--name", "mine", "--", *sh("echo $$; cat")) as run:
        assert run.stdout is not None
        child = int(run.stdout.readline())
        assert machine.held() == ["gpu0", "gpu1", "gpu2"]
        assert machine.holders() == [run.pid, child]
        run.communicate()
    assert machine.nothing_is_left()


def test_a_killed_cod_leaves_the_devices_with_its_command_until_that_ends(machine: Machine) -> None:
    with machine.start(*ONE, *sh("echo $$; cat")) as run:
        assert run.stdout is not None
        child = int(run.stdout.readline())
        run.kill()
        run.wait()
        assert machine.held() == ["gpu0"]
        assert machine.holders() == [child]
        assert list(machine.specs.iterdir())
        run.communicate()  # ends the input of the command
    until(lambda: machine.held() == [])
    assert list(machine.specs.iterdir()) == []


def test_a_cod_that_is_killed_at_any_moment_leaves_no_device_free_in_use_and_none_held_for_ever(
    machine: Machine,
) -> None:
    started = machine.directory / "started"
    for delay in (0.1, 0.16, 0.22, 0.3, 0.5):
        with machine.start(*ONE, *sh(f"echo $$ > {started}; cat")) as run:
            time.sleep(delay)
            run.kill()
            run.wait()
            in_use = started.exists()
            assert not in_use or machine.held() == ["gpu0"]
            run.communicate()
        until(lambda: machine.held() == [])
        started.unlink(missing_ok=True)
    assert list(machine.specs.glob("*")) == []


def test_a_killed_command_ends_cod_and_gives_back(machine: Machine) -> None:
    with machine.start(*ONE, *sh("echo $$; cat")) as run:
        assert run.stdout is not None
        os.kill(int(run.stdout.readline()), signal.SIGKILL)
        assert run.wait(10) == 137
    assert machine.nothing_is_left()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGQUIT", "SIGINT", "SIGUSR1"])
def test_a_signal_to_cod_reaches_the_command(machine: Machine, name: str) -> None:
    script = (
        f"trap 'echo {name}; exit 9' {name.removeprefix('SIG')}; echo ready; while :; do sleep 0.05; done"
    )
    with machine.start(*ONE, *sh(script)) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
        run.send_signal(getattr(signal, name))
        assert run.stdout.readline() == f"{name}\n"
        assert run.wait(10) == 9
    assert machine.nothing_is_left()


def test_ctrl_c_on_a_terminal_reaches_the_command_once_and_its_status_is_kept(machine: Machine) -> None:
    script = "n=0; trap 'n=$((n+1)); echo got $n' INT; echo ready;until read x; do :; done; echo end; exit 5"
    with _on_a_terminal(machine, *ONE, *sh(script)) as (run, leader):
        shown = _read_until(leader, b"ready")
        os.write(leader, b"\x03")
        shown = _read_until(leader, b"got 1")
        os.write(leader, b"\n")
        shown = _read_until(leader, b"end")
        assert run.wait(10) == 5
    assert b"got 2" not in shown
    assert machine.nothing_is_left()


def test_a_terminal_that_goes_away_reaches_the_command(machine: Machine) -> None:
    # Of a session, only its leader is told: that is cod, as where ssh has started it.
    told = machine.directory / "told"
    script = f"trap 'echo > {told}; exit 9' HUP; echo ready; while :; do sleep 0.05; done"
    with suppress(OSError), _on_a_terminal(machine, *ONE, *sh(script)) as (run, leader):
        _read_until(leader, b"ready")
        os.close(leader)
        assert run.wait(10) == 9
    assert told.exists()
    assert machine.nothing_is_left()


@contextmanager
def _on_a_terminal(machine: Machine, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start `cod` in the foreground of a terminal; gives the process and the terminal's other side."""
    leader, follower = pty.openpty()
    # A session of its own, so that the terminal has it as its foreground group.
    starter = (
        "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    whole = [sys.executable, "-c", starter, *machine.words(*words)]
    with subprocess.Popen(
        whole, env=machine.environ, stdin=follower, stdout=follower, stderr=follower
    ) as run:
        os.close(follower)
        yield run, leader
    os.close(leader)


def _read_until(descriptor: int, wanted: bytes) -> bytes:
    shown = b""
    while wanted not in shown:
        shown += os.read(descriptor, 1000)
    return shown


def test_the_command_has_the_signals_of_a_fresh_process(machine: Machine) -> None:
    script = "grep -E '^Sig(Blk|Ign)' /proc/self/status"
    fresh = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert machine.cod(*ONE, *sh(script)).stdout == fresh.stdout


def test_two_at_once_never_share_and_the_ninth_is_refused(machine: Machine) -> None:
    words = machine.words(*ONE, *sh("echo $COD_DEVICES; cat"))
    runs = [
        subprocess.Popen(
            words,
            env=machine.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    given = []
    for run in runs:
        assert run.stdout is not None
        given.append(run.stdout.readline().strip())
    assert sorted(given) == [f"sim.cod.dev/gpu=gpu{number}" for number in range(8)]
    ninth = machine.cod(*ONE, "true")
    assert ninth.returncode == 1
    assert "1 of sim-gpu wanted, 8 there, 0 free; held by claim-" in ninth.stderr
    for run in runs:
        run.communicate()
    assert machine.cod(*ONE, "true").returncode == 0
    assert machine.nothing_is_left()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-d", "sim-gpu:0"), "cannot read -d 'sim-gpu:0'"),
        (("-d", "sim-gpu:x"), "cannot read -d 'sim-gpu:x'"),
        (("-d", ""), "cannot read -d ''"),
        (("-d", "kvm", "--host", "sim:9moons"), "no simulated machine 'sim:9moons'"),
    ],
)
def test_a_request_that_means_nothing_is_wrong_usage(
    machine: Machine, words: tuple[str, ...], said: str
) -> None:
    run = machine.cod("run", *words, "--", "true")
    assert run.returncode == 2
    assert run.stderr.startswith(f"error: {said}\n")


def test_a_class_nobody_knows_is_refused_with_those_there_are(machine: Machine) -> None:
    run = machine.cod("run", "-d", "sim-gpx", "--", "true")
    assert run.returncode == 1
    assert "did you mean sim-gpu" in run.stderr


def test_the_devices_of_a_recorded_machine_cannot_be_used(machine: Machine, tmp_path: Path) -> None:
    run = machine.cod("run", "-d", "kvm", "--host", str(tmp_path), "--", "true")
    assert run.returncode == 2
    assert "recorded machine" in run.stderr


@pytest.mark.parametrize("name", ["docker-compose", "machinectl", "youki", "crictl"])
def test_what_starts_containers_elsewhere_is_refused(machine: Machine, name: str) -> None:
    program = machine.directory / name
    program.write_text("#!/bin/sh\necho started\n")
    program.chmod(0o755)
    run = machine.cod(*ONE, str(program), "run", "image")
    assert (run.returncode, run.stdout) == (2, "")
    assert "try: use " in run.stderr


@pytest.mark.parametrize(
    "line", ["env A=b podman run I", "nice -n 5 env /usr/bin/docker run I", "timeout 9 crictl run x"]
)
def test_a_runtime_behind_another_program_is_refused(line: str) -> None:
    with pytest.raises(Misuse, match=r"does not see \w+ behind"):
        command_for(tuple(line.split()), os.environ)


@pytest.mark.parametrize("name", _KNOWN)
def test_a_runtime_that_is_known_is_no_plain_program(tmp_path: Path, name: str) -> None:
    environ = stand_in(tmp_path / "bin", name, help="", version="5.0.0", flags="", info="{}")
    with suppress(Misuse, RuntimeUnavailable):  # then it was read, or asked
        assert not isinstance(command_for((name,), environ), Program)


def test_a_program_behind_another_is_taken(machine: Machine) -> None:
    assert machine.cod(*ONE, "env", "P=/podman", *sh("echo $COD_DEVICES"), "docker").stdout[:3] == "sim"
    assert machine.nothing_is_left()


def test_nothing_is_taken_where_the_spec_cannot_be_written(machine: Machine) -> None:
    machine.specs.write_text("a file is in the way")
    run = machine.cod(*ONE, "true")
    assert run.returncode == 3
    machine.specs.unlink()
    assert machine.nothing_is_left()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can rename a machine")
def test_a_machine_that_was_renamed_still_knows_what_is_held(machine: Machine) -> None:
    script = ("unshare", "--uts", "sh", "-c", 'hostname renamed; exec "$@"', "sh")
    with machine.start("run", "-d", "sim-gpu:8", "--", *sh("echo; cat")) as run:
        assert run.stdout is not None
        run.stdout.readline()
        second = subprocess.run(
            [*script, *machine.words(*ONE, *sh("echo $COD_DEVICES"))],
            env=machine.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        run.communicate()
    assert (second.returncode, second.stdout) == (1, "")
    assert "0 free; held by" in second.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_cod_waits_for_the_ledger_ends_it_before_the_command(
    machine: Machine, number: signal.Signals
) -> None:
    started = machine.directory / "started"
    assert machine.held() == []
    with closing(sqlite3.connect(machine.environ["COD_LEDGER"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with machine.start(*ONE, *sh(f"echo > {started}; sleep 30")) as run:
            until(lambda: _waits(run.pid, number))
            run.send_signal(number)
            time.sleep(0.1)
            other.execute("ROLLBACK")
            assert run.wait(10) == 128 + number
    assert not started.exists()
    assert machine.nothing_is_left()


def test_ctrl_c_on_a_terminal_while_cod_waits_for_the_ledger_is_not_lost(machine: Machine) -> None:
    started = machine.directory / "started"
    assert machine.held() == []
    with closing(sqlite3.connect(machine.environ["COD_LEDGER"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with _on_a_terminal(machine, *ONE, *sh(f"echo > {started}; sleep 30")) as (run, leader):
            until(lambda: _waits(run.pid, signal.SIGINT))
            os.write(leader, b"\x03")
            time.sleep(0.1)
            other.execute("ROLLBACK")
            assert run.wait(10) == 130
    assert not started.exists()
    assert machine.nothing_is_left()


def _waits(pid: int, number: int) -> bool:
    """Whether a process has come to where it keeps the signal waiting."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    blocked = next(line for line in lines if line.startswith("SigBlk:"))
    return bool(int(blocked.split()[1], 16) >> (number - 1) & 1)


def test_what_a_killed_cod_left_in_the_temporary_directory_goes_when_its_command_has_ended(
    machine: Machine,
) -> None:
    scratch = machine.directory / "tmp"
    with machine.start(*ONE, *sh("echo; cat")) as run:
        assert run.stdout is not None
        run.stdout.readline()
        run.kill()
        run.wait()
        assert machine.cod("run", "-d", "sim-gpu", "--", "true").returncode == 0
        assert len([*scratch.iterdir()]) == 1  # what its command may still need
        run.communicate()
    until(lambda: machine.held() == [])
    assert machine.cod("run", "-d", "sim-gpu", "--", "true").returncode == 0
    assert machine.nothing_is_left()
