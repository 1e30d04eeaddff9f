from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from cod.host.processes import Process, Processes

HERE = Processes()


def me() -> Process:
    process = HERE.named(os.getpid())
    assert process is not None
    return process


def test_this_process_is_alive() -> None:
    assert HERE.alive(me())
    assert HERE.exists(os.getpid())
    assert me().boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_a_process_that_ended_is_dead_also_before_its_parent_has_noticed() -> None:
    child = subprocess.Popen(["sleep", "60"])
    process = HERE.named(child.pid)
    assert process is not None
    assert HERE.alive(process)
    child.kill()
    deadline = time.monotonic() + 5
    while HERE.alive(process) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not HERE.alive(process), "a zombie has closed its devices"
    assert not HERE.exists(child.pid)
    child.wait()
    assert not HERE.alive(process)
    assert HERE.named(child.pid) is None


def test_a_number_used_again_is_another_process() -> None:
    assert not HERE.alive(replace(me(), started=me().started - 1))


def test_processes_of_another_boot_are_dead() -> None:
    assert not HERE.alive(replace(me(), boot="another"))


def test_processes_of_another_namespace_count_as_alive() -> None:
    assert HERE.alive(replace(me(), namespace="pid:[1]", pid=2**22 + 1))


def test_a_name_with_brackets_and_blanks_is_no_trouble(tmp_path: Path) -> None:
    program = tmp_path / "a) Z 1 (b"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    with subprocess.Popen([program, "60"]) as child:
        process = HERE.named(child.pid)
        assert process is not None
        assert process.started >= me().started
        assert HERE.alive(process)
        child.kill()


def test_a_process_whose_first_thread_has_ended_is_alive() -> None:
    code = (
        "import ctypes, threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "print(flush=True)\n"
        "ctypes.CDLL(None).pthread_exit(None)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        deadline = time.monotonic() + 5
        while _state(child.pid) != "Z" and time.monotonic() < deadline:
            time.sleep(0.01)
        process = HERE.named(child.pid)
        child.kill()
    assert process is not None


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_the_words_of_a_command_are_read() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        deadline = time.monotonic() + 5
        while HERE.command(child.pid)[:1] != ("sleep",) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert HERE.command(child.pid) == ("sleep", "60")
        child.kill()
    assert HERE.command(child.pid) == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_process_of_another_user_that_proc_does_not_show_counts_as_alive() -> None:
    shown = Processes(Path("/nowhere"))  # a proc that shows no process, as under hidepid
    root = Process(pid=1, started=5, boot="", namespace="")
    child = os.fork()
    if not child:
        os.setresuid(65534, 65534, 65534)
        os._exit(0 if shown.alive(root) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_where_the_boot_cannot_be_seen_a_process_is_judged_by_the_rest(tmp_path: Path) -> None:
    subset = Processes(tmp_path)  # a proc that shows processes and nothing else (proc(5), subset=pid)
    (tmp_path / str(os.getpid())).symlink_to(f"/proc/{os.getpid()}")
    (tmp_path / "self").symlink_to("/proc/self")
    assert subset.boot_id() == ""
    assert subset.alive(me())
    assert not subset.alive(replace(me(), started=me().started - 1))


def test_without_any_proc_every_process_counts_as_alive(tmp_path: Path) -> None:
    assert Processes(tmp_path).alive(me())


def test_a_process_whose_state_cannot_be_read_counts_as_alive_while_it_exists(tmp_path: Path) -> None:
    shown = Processes(tmp_path)  # hidepid=1: there is a directory, and nothing in it can be read
    (tmp_path / "self").symlink_to("/proc/self")
    with subprocess.Popen(["sleep", "60"]) as child:
        (tmp_path / str(child.pid)).mkdir()
        process = replace(me(), pid=child.pid)
        assert shown.alive(process)
        child.kill()
    assert not shown.alive(process)
