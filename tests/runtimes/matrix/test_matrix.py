"""One suite for every runtime: a container sees exactly its devices, can open them, cannot open others, and
they come back; and what else a device needs is there, or was refused before the start.

The runtimes are those of this machine, and of the Debian releases that `RELEASES` names. Each test is a
column of the table in `docs/tested-runtimes.md`, each door a row; `COD_DRAW=1 make test-runtimes` draws it.
"""

from __future__ import annotations

import json

import pytest

from tests.runtimes.machine import until
from tests.runtimes.matrix import acme
from tests.runtimes.matrix.cell import Cell
from tests.runtimes.matrix.doors import DOORS, Door
from tests.runtimes.matrix.sandbox import Sandbox
from tests.runtimes.matrix.sandboxes import RELEASES, marks_of, why_not
from tests.runtimes.matrix.table import WORKS, row_of, rows_of_page
from tests.runtimes.matrix.ways import ByCommand

_OPENS = ";".join(f"head -c 16 {acme.CPU.format(number)} | wc -c" for number in range(2))


def _doors() -> list[object]:
    """Every door of every release; what the page has and a release has not is skipped, and says so."""
    params = []
    for release in RELEASES:
        if why_not(release):
            params.append(pytest.param(None, id=release, marks=marks_of(release)))
            continue
        params += [
            pytest.param(
                (door, release), id=f"{release}-{door.program}-{door.how}", marks=marks_of(release, door)
            )
            for door in DOORS
            if door.is_in(release) or row_of(door, release) in rows_of_page()
        ]
    return params


pytestmark = pytest.mark.parametrize("cell", _doors(), indirect=True)


def holders(sandbox: Sandbox) -> list[int]:
    """The processes that hold devices: `cod`, the runtime, the container's first; none for a claim's name."""
    claims = json.loads(sandbox.cod("claim", "list", "-o", "json").stdout)["items"]
    texts = (claim["metadata"]["annotations"].get("cod.dev/held-by", "") for claim in claims)
    return [int(number) for text in texts for number in text.split(",") if number]


def is_held(sandbox: Sandbox) -> bool:
    """Whether anybody holds a device."""
    return sandbox.cod("claim", "list", "-o", "name").stdout != ""


def test_a_container_sees_exactly_its_devices(cell: Cell) -> None:
    column = "exactly its devices"
    lines = cell.ask(column, "cpu.acme.com", "ls -d /dev/cpu/*/cpuid; echo $COD_DEVICES")
    if lines is not None:
        *nodes, devices = lines
        assert devices == "acme.com/cpu=cpu0"
        assert nodes == [acme.CPU.format(number) for number in range(2 if cell.door.dev else 1)]
        cell.says(column, cell.door.dev or WORKS)


def test_it_opens_them(cell: Cell) -> None:
    lines = cell.ask("opens them", "cpu.acme.com:2", _OPENS)
    if lines is not None:
        assert lines == ["16", "16"]
        cell.says("opens them", WORKS)


def test_it_opens_no_others(cell: Cell) -> None:
    other = "/dev/cpu/1/cpuid" if cell.door.dev else "/dev/other"
    script = "mknod /dev/other c 203 1; " * (not cell.door.dev) + f"head -c 16 {other} | wc -c"
    lines = cell.ask("no others", "cpu.acme.com", script)
    if lines is not None:
        is_open = lines != ["0"]
        assert not is_open or cell.door.cgroup
        cell.says("no others", (cell.door.dev or cell.door.cgroup) if is_open else WORKS)


def test_they_come_back_when_it_ends(cell: Cell) -> None:
    lines = cell.ask("come back", "cpu.acme.com:2", "exit 7")
    assert not is_held(cell.sandbox)
    assert not [*cell.sandbox.path(cell.sandbox.claims).glob("*")]
    if lines is not None:
        cell.says("come back", WORKS)


def test_nobody_else_gets_them_while_it_lives_though_cod_and_the_runtime_are_killed(cell: Cell) -> None:
    column = "held while it lives"
    if cell.ask(column, "cpu.acme.com:2", ":") is None:
        return
    sandbox = cell.sandbox
    with cell.way.up(sandbox, "cpu.acme.com:2"):
        refused = sandbox.cod("run", "-d", "cpu.acme.com", "--", "true")
        assert "2 there, 0 free" in refused.stderr
        if isinstance(cell.way, ByCommand):
            _kill_all_but_the_container(sandbox, cell.door)
    until(lambda: not is_held(sandbox), 10)
    cell.says(column, WORKS)


def _kill_all_but_the_container(sandbox: Sandbox, door: Door) -> None:
    """Kill `cod` and the runtime: while the container lives, and some end with their runtime, it holds."""
    until(lambda: len(holders(sandbox)) == (2 if door.is_container else 3), 10)
    *killed, first = holders(sandbox)
    sandbox.signal("KILL", *killed)
    until(lambda: holders(sandbox) in ([], [first]), 10)
    assert is_held(sandbox) == sandbox.lives(first)


def test_a_device_to_read_is_not_written(cell: Cell) -> None:
    script = "head -c 16 /dev/cpu/0/cpuid | wc -c; : > /dev/cpu/0/cpuid && echo written"
    lines = cell.ask("`permissions`", "read.acme.com", script)
    if lines is not None:
        assert lines[0] == "16"
        assert lines[1:] in ([], ["written"])
        assert lines[1:] == [] or cell.door.cgroup
        cell.says("`permissions`", cell.door.cgroup if lines[1:] else WORKS)


def test_a_device_has_another_path_than_on_the_host(cell: Cell) -> None:
    lines = cell.ask("another path", "moved.acme.com", "head -c 16 /dev/acme0 | wc -c")
    if lines is not None:
        assert lines == ["16"]
        cell.says("another path", WORKS)


def test_a_file_is_mounted_and_stays_as_it_is(cell: Cell) -> None:
    script = "cat /opt/acme.txt; echo changed > /opt/acme.txt || echo read-only"
    lines = cell.ask("mounts", "file.acme.com", script)
    if lines is not None:
        assert lines == ["hello", "read-only"]
        assert cell.sandbox.path(acme.FILE).read_text() == "hello\n"
        cell.says("mounts", WORKS)


def test_a_group_is_added(cell: Cell) -> None:
    lines = cell.ask("groups", "group.acme.com", "id -G")
    if lines is not None:
        is_added = str(acme.GROUP) in lines[0].split()
        assert is_added != bool(cell.door.groups)
        cell.says("groups", cell.door.groups or WORKS)


def test_a_hook_runs_once(cell: Cell) -> None:
    hooked = cell.sandbox.path(acme.HOOKED)
    hooked.unlink(missing_ok=True)
    lines = cell.ask("hooks", "hook.acme.com", ":")
    if lines is not None:
        assert hooked.read_text() == "ran\n"
        cell.says("hooks", WORKS)
    else:
        assert not hooked.exists()


def test_a_network_interface_moves_in(cell: Cell) -> None:
    link = ("link", "add", acme.INTERFACE, "type", "veth", "peer", "name", "acme1")
    cell.sandbox.in_network("ip", *link)
    try:
        script = f"grep -c {acme.RENAMED}: /proc/net/dev"
        lines = cell.ask("network interfaces", "net.acme.com", script)
    finally:
        cell.sandbox.in_network("ip", "link", "delete", "acme1")
    if lines is not None:
        assert lines == ["1"]
        cell.says("network interfaces", WORKS)
