"""The options that we know of a runtime are those in the help of the one that is installed here."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Collection

import pytest

from cod.runtimes import buildah, ctr, docker, lxc, runc

_LINE = re.compile(r"^\s+(-{1,2}\w.*?)(?:\s{2,}|$)", re.MULTILINE)


def options(*words: str) -> tuple[set[str], set[str]]:
    """The options in a help: those that take no value, and those that take one."""
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} not installed")
    run = subprocess.run([*words, "--help"], capture_output=True, text=True, check=False)
    switches: set[str] = set()
    valued: set[str] = set()
    for line in _LINE.findall(run.stdout + run.stderr):
        names = re.findall(r"(?:^|, )-{1,2}([\w-]+)", line)
        (valued if re.search(r"[^,][ =]", line) else switches).update(names)
    assert len(switches) > 3
    assert len(valued) > 3
    return switches, valued


@pytest.mark.parametrize(
    ("words", "known"),
    [
        ("docker", docker._GLOBAL_VALUED),
        ("ctr", ctr._GLOBAL_VALUED),
        ("buildah", buildah._GLOBAL_VALUED),
        ("runc", runc._GLOBAL_VALUED),
        ("runc run", runc._RUN_VALUED),
    ],
)
def test_all_options_that_take_a_value_are_known(words: str, known: Collection[str]) -> None:
    switches, valued = options(*words.split())
    assert valued <= {*known}
    assert not switches & {*known}


@pytest.mark.parametrize(
    ("words", "known"),
    [
        ("docker run", docker._RUN_SWITCHES),
        ("ctr run", ctr._SWITCHES),
        ("lxc-execute", lxc._SWITCHES),
        ("lxc-start", lxc._SWITCHES),
    ],
)
def test_all_options_that_take_none_are_known(words: str, known: Collection[str]) -> None:
    switches, valued = options(*words.split())
    assert switches - {"?"} <= {*known}
    assert not valued & {*known}
