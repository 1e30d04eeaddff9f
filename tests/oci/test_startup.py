"""An engine waits for the front door: what costs time is not imported."""

from __future__ import annotations

import subprocess
import time

import pytest

from tests.oci.front import Front

# What a start imports, all in all. Another module is 0.1 to 10 ms for each container: weigh it first.
OURS = {
    "cod",
    "cod.cdi",
    "cod.cdi.annotations",
    "cod.cdi.cache_place",
    "cod.cdi.config",
    "cod.cdi.inject",
    "cod.cdi.names",
    "cod.cdi.quote",
    "cod.cdi.users",
    "cod.errors",
    "cod.lazy",
    "cod.oci",
    "cod.oci.arguments",
    "cod.oci.bundle",
    "cod.oci.catalogue",
    "cod.oci.door",
    "cod.oci.edits",
    "cod.oci.kept",
    "cod.oci.main",
    "cod.oci.plain_json",
    "cod.oci.settings",
    "cod.oci.wanted",
}
PYTHONS = {"__future__", "_json", "_stat", "stat", "os", "posixpath", "genericpath", "_collections_abc"}
# What every Python imports as it starts.
ALWAYS = {
    "abc",
    "_abc",
    "codecs",
    "_codecs",
    "io",
    "_io",
    "encodings",
    "encodings.aliases",
    "encodings.utf_8",
}


def imported(front: Front, *words: str) -> set[str]:
    front.program.write_text(front.program.read_text().replace(" -ISE ", " -X importtime -ISE "))
    run = front.run(*words)
    assert run.returncode == 0, run.stderr
    return {
        line.rpartition("|")[2].strip() for line in run.stderr.splitlines() if line.startswith("import time:")
    }


@pytest.fixture
def warm(front: Front) -> Front:
    time.sleep(2.1)  # what has just changed is not kept
    assert front.create(front.bundle(annotations={"cdi.k8s.io/x": "cod.test/plain=a"})).returncode == 0
    return front


def test_an_injecting_start_imports_only_what_it_needs(warm: Front) -> None:
    found = imported(
        warm, "create", "-b", str(warm.bundle(annotations={"cdi.k8s.io/x": "cod.test/plain=a"})), "x"
    )
    beyond = {name for name in found if not name.startswith(("_frozen", "zipimport", "winreg", "imp"))}
    builtin = {"marshal", "posix", "time", "sys", "_thread", "_weakref", "_signal", "_imp", "_warnings"}
    assert beyond - OURS - PYTHONS - ALWAYS - builtin - {"imported package"} == set()


def test_what_is_passed_on_starts_no_python(front: Front) -> None:
    front.program.write_text(front.program.read_text().replace("python=", "python=/nonexistent #"))
    assert front.run("--root", "/x", "state", "id").stdout == "--root\n/x\nstate\nid\n"
    run = front.run("create", "id")
    assert (run.returncode, "is gone, or not for this user: install COD" in run.stderr) == (1, True)


def test_what_is_passed_on_forks_nothing(front: Front) -> None:
    """A fork would take as long as the whole script."""
    if subprocess.run(["which", "strace"], capture_output=True, check=False).returncode:
        pytest.skip("strace is not installed")
    trace = front.directory / "trace"
    words = ["strace", "-f", "-o", str(trace), "-e", "trace=process", str(front.program), "state", "id"]
    subprocess.run(words, env=front.environ, check=True, capture_output=True)
    calls = [line.split()[1] for line in trace.read_text().splitlines()]
    assert [call for call in calls if call.startswith(("clone", "fork", "vfork"))] == []
