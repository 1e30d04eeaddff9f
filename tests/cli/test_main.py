"""What becomes of errors, signals and closed pipes, and what the command says of itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cod import __version__
from cod.cli import main as command_line
from cod.cli.main import COMMANDS
from cod.errors import Misuse, Refused, Unavailable


def cod(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cod", *words],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_has_every_command_two_examples_and_the_exit_codes() -> None:
    run = cod("--help")
    assert run.returncode == 0
    assert all(f"  {name} " in run.stdout for name in COMMANDS)
    assert run.stdout.count("run -d") >= 2
    assert "130  interrupted" in run.stdout


def test_it_knows_its_version() -> None:
    assert cod("--version").stdout == f"cod {__version__}\n"


@pytest.mark.parametrize(
    "words", [("moon",), ("--moon",), ("run",), ("run", "-d", "kvm"), ("claim", "list", "-o", "x")]
)
def test_wrong_usage_is_2_and_says_where_help_is(words: tuple[str, ...]) -> None:
    run = cod(*words)
    assert (run.returncode, run.stdout) == (2, "")
    assert "--help" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("words", "near"), [(("rnu",), "'run'"), (("claim", "crate"), "'create'"), (("spec", "shwo"), "'show'")]
)
def test_a_command_that_there_is_not_is_told_with_the_nearest(words: tuple[str, ...], near: str) -> None:
    assert cod(*words).stderr.endswith(f"No such command '{words[-1]}'. Did you mean {near}?\n")


@pytest.mark.parametrize("noun", ["claim", "device", "class", "driver", "spec", "nri", "runtime"])
def test_no_summary_of_a_command_is_cut(noun: str) -> None:
    assert "..." not in cod(noun, "--help").stdout.partition("Commands:")[2]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_script(shell: str) -> None:
    assert f"_COD_COMPLETE={shell}_complete" in cod("completion", shell).stdout


def test_a_shell_is_offered_the_commands() -> None:
    run = cod(_COD_COMPLETE="bash_complete", COMP_WORDS="cod cl", COMP_CWORD="1")
    assert "claim" in run.stdout


def failing_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(command_line.cod, "main", fail)
    return command_line.status([])


@pytest.mark.parametrize(("error", "status"), [(Refused("no"), 1), (Misuse("no"), 2), (Unavailable("no"), 3)])
def test_an_error_has_the_status_of_its_kind(
    error: Exception, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing_with(error, monkeypatch) == status
    assert capsys.readouterr() == ("", "error: no\n")


def test_an_interruption_is_130_and_silent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing_with(KeyboardInterrupt(), monkeypatch) == 130
    assert capsys.readouterr() == ("", "")


def test_a_bug_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COD_DEBUG", raising=False)
    assert failing_with(ZeroDivisionError("by 0"), monkeypatch) == 70
    told = capsys.readouterr().err
    assert told.startswith("error: this is a bug in cod: ZeroDivisionError: by 0\n  --> ")
    assert "COD_DEBUG=1" in told


def test_with_cod_debug_a_bug_shows_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COD_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        failing_with(ZeroDivisionError(), monkeypatch)


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    environ = {**os.environ, "COD_LEDGER": str(tmp_path / "l"), "COD_SPEC_DIRS": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-m", "cod", "claim", "list", "-o", "json"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 141


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_closed_streams_are_no_bug(closed: str) -> None:
    script = f'exec "$0" -m cod --version {closed}'
    run = subprocess.run(["sh", "-c", script, sys.executable], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def test_a_full_disk_behind_stdout_is_an_error_and_no_bug() -> None:
    with open("/dev/full", "wb") as full:
        run = subprocess.run(
            [sys.executable, "-m", "cod", "--version"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert run.returncode == 3
    assert run.stderr == b"error: the output cannot be written: no space left on device\n"


@pytest.mark.parametrize(
    ("words", "environ", "there"),
    [
        (("--host", "sim:2gpu", "run"), {}, 2),
        (("run", "--host", "sim:3gpu"), {}, 3),
        (("--host", "sim:2gpu", "run", "--host", "sim:3gpu"), {}, 3),
        (("--host", "sim:2gpu", "run"), {"COD_HOST": "sim:3gpu"}, 2),
        (("run",), {"COD_HOST": "sim:3gpu"}, 3),
    ],
)
def test_the_machine_is_named_after_the_command_before_it_or_by_a_variable(
    tmp_path: Path, words: tuple[str, ...], environ: dict[str, str], there: int
) -> None:
    run = cod(*words, "-d", "sim-gpu:32", "--", "true", **environ, COD_LEDGER=str(tmp_path / "ledger.db"))
    assert run.returncode == 1
    assert f"32 of sim-gpu wanted, {there} there" in run.stderr
