from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def nri(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cod", "nri", *words],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "COD_CACHE": "off", **environ},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_help_says_that_nri_fails_open() -> None:
    run = nri("serve", "--help")
    assert run.returncode == 0
    assert "gets NO devices and NO error" in " ".join(run.stdout.split())


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--idx", "5"), "'5' is no index of a plugin"),
        (("--name", "a b"), "'a b' is no name of a plugin"),
    ],
)
def test_an_identity_that_no_runtime_takes_is_wrong_usage(words: tuple[str, ...], problem: str) -> None:
    run = nri("serve", *words)
    assert run.returncode == 2
    assert problem in run.stderr


@pytest.mark.parametrize(
    ("descriptor", "status", "problem"),
    [
        ("x", 2, "no number of a descriptor"),
        ("9" * 12, 2, "no number of a descriptor"),
        ("99", 3, "descriptor 99 is no connected socket"),
        ("0", 3, "descriptor 0"),
    ],
)
def test_a_launch_without_a_socket_says_so(descriptor: str, status: int, problem: str) -> None:
    run = nri("serve", NRI_PLUGIN_SOCKET=descriptor, NRI_PLUGIN_NAME="cod", NRI_PLUGIN_IDX="10")
    assert (run.returncode, problem in run.stderr) == (status, True), run.stderr


def test_a_launched_plugin_ends_with_its_connection() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "cod", "nri", "serve"],
            env={
                **os.environ,
                "PYTHONPATH": str(REPOSITORY / "src"),
                "COD_CACHE": "off",
                "NRI_PLUGIN_SOCKET": str(theirs.fileno()),
                "NRI_PLUGIN_NAME": "lab",
                "NRI_PLUGIN_IDX": "07",
            },
            pass_fds=[theirs.fileno()],
            stderr=subprocess.PIPE,
            text=True,
        )
    with ours:
        first = ours.recv(4096)
        assert b"RegisterPlugin" in first
        assert b"\x0a\x03lab\x12\x0207" in first
    _, told = process.communicate(timeout=10)
    assert process.returncode == 0
    assert told == (
        "connection ended, and the runtime launches nothing again until it is restarted:"
        " containers that start meanwhile get no devices from here, and no error\n"
    )
