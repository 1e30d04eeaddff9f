"""`cod runtime install` and `uninstall`: what they write, and that nothing is left or lost."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.errors import CodError
from cod.oci import register
from cod.oci.engines import ENGINES, InvalidEngineConfig, Order
from tests.test_pages import REPOSITORY

DEBIAN = """\
version = 2

[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "/usr/lib/cni"
"""
DOCKER = """\
{
    "hosts": ["unix:///x"],
\t"log-opts": {"max-size": "10m"},
    "runtimes": {"kata": {"path": "/usr/bin/kata"}}
}
"""


class Root:
    """A system's files below a directory, and `cod runtime` on them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def cod(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cod", "runtime", *words, "--root", str(self.directory)],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def write(self, path: str, text: str) -> Path:
        place = self.directory / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        return place

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.directory)): path.read_bytes()
            for path in self.directory.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path)


@pytest.mark.parametrize("engine", [*ENGINES])
@pytest.mark.parametrize("is_there", [False, True])
def test_what_is_installed_is_undone_byte_for_byte(root: Root, engine: str, is_there: bool) -> None:
    if is_there:
        root.write("etc/docker/daemon.json", DOCKER)
        root.write("etc/containerd/config.toml", DEBIAN).chmod(0o600)
    before = root.files()
    shown = root.cod("install", engine, "--dry-run")
    assert (shown.returncode, root.files()) == (1, before)
    done = root.cod("install", engine)
    assert (done.returncode, done.stdout) == (0, shown.stdout)
    assert "next: " in done.stderr or engine == "cod-runtime"
    after = root.files()
    program = root.directory / "usr/local/bin/cod-runtime"
    assert os.access(program, os.X_OK)
    again = root.cod("install", engine)
    assert (again.returncode, again.stdout, root.files()) == (0, "", after)
    assert "unchanged: " in again.stderr
    gone = root.cod("uninstall", engine)
    assert (gone.returncode, root.files()) == (0, before)
    if is_there:
        assert (root.directory / "etc/containerd/config.toml").stat().st_mode & 0o777 == 0o600
    once_more = root.cod("uninstall", engine)
    assert (once_more.returncode, once_more.stdout) == (0, "")


def test_the_program_stays_while_an_engine_needs_it(root: Root) -> None:
    for engine in ("docker", "podman"):
        root.cod("install", engine)
    root.cod("uninstall", "docker")
    assert (root.directory / "usr/local/bin/cod-runtime").exists()
    root.cod("uninstall", "podman")
    assert root.files() == {}


def test_what_others_have_changed_since_stays(root: Root) -> None:
    path = root.write("etc/docker/daemon.json", DOCKER)
    root.cod("install", "docker")
    path.write_text(path.read_text().replace("10m", "20m"))
    root.cod("uninstall", "docker")
    assert path.read_text() == DOCKER.replace("10m", "20m")
    toml = root.write("etc/containerd/config.toml", DEBIAN)
    root.cod("install", "containerd")
    toml.write_text(toml.read_text() + "\n[debug]\n  level = 'debug'\n")
    root.cod("uninstall", "containerd")
    assert toml.read_text() == DEBIAN + "\n[debug]\n  level = 'debug'\n"


def test_a_newer_cod_writes_anew_and_still_undoes_all(root: Root) -> None:
    path = root.write("etc/docker/daemon.json", DOCKER)
    root.cod("install", "docker")
    assert root.cod("install", "docker", "--default").returncode == 0
    assert json.loads(path.read_text())["default-runtime"] == "cod"
    root.cod("uninstall", "docker")
    assert path.read_text() == DOCKER


@pytest.mark.parametrize("engine", ["docker", "containerd"])
def test_a_second_time_finds_nothing_to_do_after_others_have_changed_the_file(
    root: Root, engine: str
) -> None:
    path, text = {
        "docker": ("etc/docker/daemon.json", DOCKER),
        "containerd": ("etc/containerd/config.toml", DEBIAN),
    }[engine]
    place = root.write(path, text)
    root.cod("install", engine)
    place.write_text(place.read_text().replace("10m", "20m").replace("/usr/lib/cni", "/opt/cni"))
    again = root.cod("install", engine)
    assert (again.returncode, again.stdout) == (0, "")
    root.cod("uninstall", engine)
    assert place.read_text() == text.replace("10m", "20m").replace("/usr/lib/cni", "/opt/cni")


def test_whoever_was_the_default_is_it_again(root: Root) -> None:
    text = DOCKER.replace("{", '{\n    "default-runtime": "kata",', 1)
    path = root.write("etc/docker/daemon.json", text)
    root.cod("install", "docker", "--default")
    assert json.loads(path.read_text())["default-runtime"] == "cod"
    path.write_text(path.read_text().replace("10m", "20m"))
    root.cod("uninstall", "docker")
    assert path.read_text() == text.replace("10m", "20m")


def test_what_was_installed_under_another_name_is_undone_without_it(root: Root) -> None:
    path = root.write("etc/docker/daemon.json", DOCKER)
    root.cod("install", "docker", "--name", "mine", "--program", "/opt/cod-runtime")
    path.write_text(path.read_text().replace("10m", "20m"))
    root.cod("uninstall", "docker")
    assert path.read_text() == DOCKER.replace("10m", "20m")
    assert not (root.directory / "opt/cod-runtime").exists()


@pytest.mark.parametrize(
    ("engine", "path"),
    [
        ("podman", "etc/containers/containers.conf.d/cod.conf"),
        ("cri-o", "etc/crio/crio.conf.d/90-cod.conf"),
        ("hooks", "etc/cod/hooks.d/cod-precreate.json"),
        ("hooks", "etc/containers/containers.conf.d/cod-hooks.conf"),
        ("hooks-mounts", "usr/share/containers/oci/hooks.d/cod-mounts.json"),
    ],
)
def test_a_file_of_others_in_a_drop_ins_place_stays(root: Root, engine: str, path: str) -> None:
    root.write(path, "# mine\n")
    before = root.files()
    for verb in ("install", "uninstall"):
        run = root.cod(verb, engine)
        assert (run.returncode, run.stdout, root.files()) == (1, "", before)
        assert "is there and is not ours" in run.stderr


def test_podman_alone_is_told_of_its_hook_beside_those_that_it_has(root: Root) -> None:
    root.write("etc/containers/containers.conf", '[engine]\nhooks_dir = ["/one"]\n')
    root.write("etc/containers/containers.conf.d/b.conf", '[engine]\nhooks_dir = ["/two", "/three"]\n')
    before = root.files()
    assert root.cod("install", "hooks").returncode == 0
    made = (root.directory / "etc/containers/containers.conf.d/cod-hooks.conf").read_text()
    assert 'hooks_dir = ["/two", "/three", "/etc/cod/hooks.d"]' in made
    assert (root.directory / "etc/cod/hooks.d/cod-precreate.json").exists()
    assert not (root.directory / "usr/share/containers").exists()  # buildah and CRI-O look there, too
    assert root.cod("install", "hooks", "--dry-run").returncode == 0
    assert root.cod("uninstall", "hooks").returncode == 0
    assert root.files() == before


def test_a_configuration_that_podman_could_not_read_is_said(root: Root) -> None:
    root.write("etc/containers/containers.conf", "[engine\n")
    before = root.files()
    run = root.cod("install", "hooks")
    assert (run.returncode, root.files()) == (1, before)
    assert "containers.conf is not what Podman reads" in run.stderr


def test_a_runtime_of_that_name_that_is_not_ours_stays(root: Root) -> None:
    root.write("etc/docker/daemon.json", DOCKER.replace("kata", "cod"))
    before = root.files()
    run = root.cod("install", "docker")
    assert (run.returncode, root.files()) == (1, before)
    assert "has a runtime cod that is not ours" in run.stderr
    assert root.cod("uninstall", "docker").returncode == 0
    assert root.files() == before


@pytest.mark.parametrize("text", ["version = 2\n", "", "# mine\n", "version = 3\n"])
@pytest.mark.parametrize("verbs", [("uninstall",), ("install", "uninstall")])
def test_a_file_that_says_next_to_nothing_stays_too(root: Root, text: str, verbs: tuple[str, ...]) -> None:
    root.write("etc/containerd/config.toml", text)
    before = root.files()
    for verb in verbs:
        assert root.cod(verb, "containerd").returncode == 0
    assert root.files() == before


def test_the_program_stays_while_an_engine_needs_it_whose_file_lies_elsewhere(root: Root) -> None:
    program = root.directory / "usr/local/bin/cod-runtime"
    root.cod("install", "docker")
    root.cod("install", "docker", "--config", "/srv/daemon.json")
    root.cod("uninstall", "docker", "--config", "/srv/daemon.json")
    assert program.exists()
    root.cod("install", "cod-runtime")
    root.cod("uninstall", "cod-runtime")  # docker still needs it
    assert program.exists()
    root.cod("uninstall", "docker")
    assert root.files() == {}


@pytest.mark.parametrize("engine", ["docker", "containerd", "podman"])
def test_what_was_killed_halfway_is_finished_or_undone(root: Root, engine: str) -> None:
    root.write("etc/docker/daemon.json", DOCKER)
    root.write("etc/containerd/config.toml", DEBIAN)
    before = root.files()
    root.cod("install", engine)
    done = root.files()
    (state,) = (name for name in done if name.startswith("var/lib/cod"))
    program = "usr/local/bin/cod-runtime"
    (file,) = (name for name in done if done[name] != before.get(name) and name not in (state, program))
    for is_there in (
        {state},
        {state, program},
        {program, file},
    ):  # the last: killed in uninstall, or state lost
        for verbs in (["uninstall"], ["install", "uninstall"]):
            for name in (state, program, file):
                path = root.directory / name
                path.unlink(missing_ok=True)
                content = done.get(name) if name in is_there else before.get(name)
                if content is not None:
                    path.write_bytes(content)
            for verb in verbs:
                assert root.cod(verb, engine).returncode == 0
            after = root.files()
            after.pop(program, None) if is_there == {program, file} else None
            assert after == before


def test_a_program_of_others_stays(root: Root) -> None:
    root.cod("install", "docker")
    program = root.write("usr/local/bin/cod-runtime", "#!/bin/sh\n")
    assert root.cod("uninstall", "docker").returncode == 0
    assert root.files() == {"usr/local/bin/cod-runtime": program.read_bytes()}


def test_the_program_stays_for_an_engine_that_comes_meanwhile(root: Root) -> None:
    order = Order(root=root.directory)
    register.install("docker", register.installation("docker", order), order)
    changes = register.removal("docker", order)
    root.cod("install", "podman")
    with pytest.raises(InvalidEngineConfig, match="or what needs it"):
        register.uninstall("docker", changes, order)
    assert (root.directory / "usr/local/bin/cod-runtime").exists()


def test_links_of_a_root_lead_nowhere_out_of_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = Root(tmp_path / "image")
    (root.directory / "etc/docker").mkdir(parents=True)
    (root.directory / "etc/docker/daemon.json").symlink_to(outside / "daemon.json")
    (root.directory / "usr").symlink_to("../../../../outside")
    root.cod("install", "docker")
    assert [*outside.iterdir()] == []
    inside = root.directory / str(outside).lstrip("/") / "daemon.json"
    assert json.loads(inside.read_text())["runtimes"]["cod"]
    assert (root.directory / "outside/local/bin/cod-runtime").exists()
    (root.directory / "etc/docker/daemon.json").unlink()
    (root.directory / "etc/docker/daemon.json").symlink_to("daemon.json")
    assert "is a link without end" in root.cod("install", "docker").stderr


def test_a_link_stays_one_and_its_end_changes(root: Root) -> None:
    real = root.write("srv/daemon.json", DOCKER)
    path = root.directory / "etc/docker/daemon.json"
    path.parent.mkdir(parents=True)
    path.symlink_to("/srv/daemon.json")
    root.cod("install", "docker")
    assert path.is_symlink()
    assert "cod" in json.loads(real.read_text())["runtimes"]
    root.cod("uninstall", "docker")
    assert real.read_text() == DOCKER


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_mode_and_owner_of_a_file_stay(root: Root) -> None:
    path = root.write("etc/docker/daemon.json", DOCKER)
    path.chmod(0o640)
    os.chown(path, 12, 34)
    for verb in ("install", "uninstall"):
        root.cod(verb, "docker")
        found = path.stat()
        assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (12, 34, 0o640)


def test_what_somebody_writes_while_we_ask_is_not_lost(root: Root) -> None:
    order = Order(root=root.directory)
    path = root.write("etc/docker/daemon.json", DOCKER)
    changes = register.installation("docker", order)
    path.write_text(DOCKER.replace("10m", "20m"))
    with pytest.raises(InvalidEngineConfig, match="somebody has changed /etc/docker/daemon"):
        register.install("docker", changes, order)
    assert path.read_text() == DOCKER.replace("10m", "20m")
    assert set(root.files()) == {"etc/docker/daemon.json"}


def test_of_many_at_once_all_are_there_or_told(root: Root) -> None:
    root.write("etc/docker/daemon.json", DOCKER)
    words = [sys.executable, "-m", "cod", "runtime", "install", "docker", "--root", str(root.directory)]
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
    runs = [
        subprocess.Popen(words, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=-1)
        for _ in range(4)
    ]
    for run in runs:
        assert b"Traceback" not in run.communicate(timeout=60)[1]
    assert {run.returncode for run in runs} <= {0, 1}
    root.cod("uninstall", "docker")
    assert root.files() == {"etc/docker/daemon.json": DOCKER.encode()}


@pytest.mark.parametrize(
    ("engine", "file", "text", "words"),
    [
        ("docker", "etc/docker/daemon.json", "{", "is no JSON"),
        ("docker", "etc/docker/daemon.json", "[]", "is not as dockerd reads it"),
        ("docker", "etc/docker/daemon.json", '{"runtimes": []}', "is not as dockerd reads it"),
        ("docker", "etc/docker/daemon.json", '{"a": 1, "a": 2}', "a key stands there twice"),
        ("docker", "etc/docker/daemon.json", "[" * 100_000, "is no JSON"),
        ("docker", "etc/docker/daemon.json", "\udcff", "is not UTF-8"),
        ("containerd", "etc/containerd/config.toml", "version = ", "is no TOML"),
        ("containerd", "etc/containerd/config.toml", "version = 9", "is of version 9"),
        ("containerd", "etc/containerd/config.toml", "plugins = {cri = {}}", "cannot be added to"),
        ("containerd", "etc/containerd/config.toml", "version = [1]", "is of version [1]"),
        ("containerd", "etc/containerd/config.toml", 'disabled_plugins = ["cri"]', "disables the plugin cri"),
        (
            "containerd",
            "etc/containerd/config.toml",
            'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.cod]\n',
            "has a runtime cod that is not ours",
        ),
        ("podman", "usr/local/bin/cod-runtime", "#!/bin/sh\n", "is there and is not ours"),
    ],
)
def test_a_file_that_cannot_be_changed_without_harm_is_refused(
    root: Root, engine: str, file: str, text: str, words: str
) -> None:
    path = root.write(file, "")
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    before = root.files()
    run = root.cod("install", engine)
    assert (run.returncode, run.stdout, root.files()) == (1, "", before)
    assert words in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("engine", "path", "text", "place", "lines"),
    [
        (
            "docker",
            "/etc/docker/daemon.json",
            '{\n\t"a": 1 // x\n}',
            "2:9",
            '  |  "a": 1 // x\n  |         ^\n',
        ),
        ("docker", "/etc/docker/daemon.json", "{,}", "1:2", "  | {,}\n  |  ^\n"),
        ("containerd", "/etc/containerd/config.toml", "version = 2\n[x\n", "2:3", "  | [x\n  |   ^\n"),
    ],
)
def test_a_broken_file_is_told_with_its_line(
    root: Root, engine: str, path: str, text: str, place: str, lines: str
) -> None:
    root.write(path[1:], text)
    assert f"  --> {path}:{place}\n{lines}  try: put it right first" in root.cod("install", engine).stderr


def test_a_directory_in_a_files_place_is_told(root: Root) -> None:
    (root.directory / "etc/docker/daemon.json").mkdir(parents=True)
    run = root.cod("install", "docker")
    assert run.returncode == 3
    assert run.stderr.endswith("daemon.json cannot be read: is a directory\n  --> /etc/docker/daemon.json\n")


@pytest.mark.parametrize("words", [("--name", "a b"), ("--name", "runc"), ("--config", "x.json")])
def test_names_and_places_that_cannot_be_are_refused(root: Root, words: tuple[str, ...]) -> None:
    run = root.cod("install", "docker", *words)
    assert (run.returncode, run.stdout, root.files()) == (2, "", {})
    assert "try: --" in run.stderr


def test_who_undoes_what_is_not_there_is_told_what_is(root: Root) -> None:
    assert root.cod("uninstall", "docker").stderr == "not there: /etc/docker/daemon.json\n"
    root.cod("install", "docker", "--config", "/srv/daemon.json", "--name", "devices")
    assert "docker is registered in /srv/daemon.json: --config" in root.cod("uninstall", "docker").stderr
    run = root.cod("uninstall", "cod-runtime")
    assert (run.returncode, run.stdout) == (0, "")
    assert run.stderr == "/usr/local/bin/cod-runtime stays: needed by /srv/daemon.json\n"
    run = root.cod("uninstall", "docker", "--config", "/srv/daemon.json", "--name", "other")
    assert (run.returncode, run.stdout) == (1, "")
    assert "is called devices, not other" in run.stderr


@pytest.mark.parametrize(("engine", "last"), [("docker", "etc/docker"), ("hooks", "etc/containers")])
@pytest.mark.parametrize("is_there", [False, True])
def test_where_a_file_cannot_be_written_all_stays_as_it_was(
    root: Root, engine: str, last: str, is_there: bool
) -> None:
    if is_there:
        root.cod("install", engine)
    place = root.directory / last
    place.rename(place.with_name("aside")) if is_there else place.parent.mkdir(parents=True)
    place.write_text("no directory\n")
    before = root.files()
    run = root.cod("install", engine, "--program", "/opt/cod-runtime")
    assert (run.returncode, root.files()) == (3, before)
    assert last in run.stderr


def test_on_a_terminal_it_asks_and_no_means_no(root: Root) -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "cod", "runtime", "install", "docker", "--root", str(root.directory)]
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
    with subprocess.Popen(words, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, env=environ) as run:
        os.write(ours, b"n\n")
        run.communicate(timeout=30)
    assert run.returncode == 130
    assert root.files() == {}
    with subprocess.Popen(
        [*words, "--yes"], stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, env=environ
    ) as run:
        run.communicate(timeout=30)
    assert run.returncode == 0
    assert "etc/docker/daemon.json" in root.files()


# A part of what `containerd config default` writes since 2.0.
CONTAINERD_2 = """\
version = 3
imports = []

[plugins]
  [plugins.'io.containerd.cri.v1.runtime']
    enable_cdi = true

    [plugins.'io.containerd.cri.v1.runtime'.containerd]
      default_runtime_name = 'runc'

      [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes]
        [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
          runtime_type = 'io.containerd.runc.v2'

          [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
            BinaryName = ''

  [plugins.'io.containerd.grpc.v1.cri']
    disable_tcp_service = true
"""
CRI = '[plugins."io.containerd.grpc.v1.cri"]\n  sandbox_image = "x"\n'
IMPORTS = 'version = 2\nimports = ["/etc/containerd/conf.d/*.toml"]\n'
RUNTIMES = '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]\n  runtime_type = "x"\n'


@pytest.mark.parametrize(
    ("files", "changed"),
    [
        ({}, "config.toml"),
        ({"config.toml": DEBIAN}, "config.toml"),
        ({"config.toml": IMPORTS}, "conf.d/cod-runtime.toml"),
        ({"config.toml": IMPORTS + CRI}, "config.toml"),
        ({"config.toml": IMPORTS, "conf.d/cri.toml": "version = 2\n" + CRI}, "conf.d/cri.toml"),
        ({"config.toml": IMPORTS + CRI, "conf.d/cri.toml": "version = 2\n" + CRI}, "conf.d/cri.toml"),
        ({"config.toml": IMPORTS, "conf.d/other.toml": "version = 2\n[debug]\n"}, "conf.d/cod-runtime.toml"),
        ({"config.toml": "version = 1\n" + IMPORTS.partition("\n")[2]}, "config.toml"),
        ({"config.toml": '[plugins.cri]\nsandbox_image = "x"\n'}, "config.toml"),
        ({"config.toml": "version = 3\n[plugins.'io.containerd.cri.v1.runtime']\n"}, "config.toml"),
        ({"config.toml": CONTAINERD_2}, "config.toml"),
        ({"config.toml": CONTAINERD_2.replace("version = 3", "version = 4")}, "config.toml"),
        ({"config.toml": CONTAINERD_2.replace("[]", '["conf.d/*.toml"]', 1)}, "conf.d/cod-runtime.toml"),
        ({"config.toml": "# mine\n"}, "config.toml"),
    ],
)
def test_containerds_table_goes_where_it_replaces_nothing(
    root: Root, files: dict[str, str], changed: str
) -> None:
    for name, text in files.items():
        root.write(f"etc/containerd/{name}", text)
    before = root.files()
    assert root.cod("install", "containerd").returncode == 0
    after = root.files()
    ours = f"etc/containerd/{changed}"
    others = {name for name in after if name.startswith("etc") and after[name] != before.get(name)}
    assert others == {ours}
    assert after[ours].startswith(before.get(ours, b""))
    plugins = tomllib.loads(after[ours].decode())["plugins"]
    (runtimes,) = (each["containerd"]["runtimes"] for each in plugins.values() if "containerd" in each)
    merges = tomllib.loads(after[ours].decode()).get("version") in (3, 4) and b".runc]" not in after[ours]
    assert set(runtimes) == ({"cod"} if merges else {"runc", "cod"})
    assert runtimes["cod"]["options"] == {"BinaryName": "/usr/local/bin/cod-runtime"}
    root.cod("uninstall", "containerd")
    assert root.files() == before


TABLES = "version = 2\n" + CRI + '[plugins."io.containerd.grpc.v1.cri".containerd]\n' + RUNTIMES
TABLE = '[plugins."io.containerd.grpc.v1.cri".containerd]\n'


@pytest.mark.parametrize(
    ("text", "is_in_place"),
    [
        ("", False),
        (DEBIAN, False),
        ("version = 2\n" + RUNTIMES, False),
        ("version = 2\n" + TABLE, True),
        ("version = 2\n" + TABLE + "\tdefault_runtime_name = 'runc' # why\n" + RUNTIMES, True),
        ("version = 2\n" + TABLE + "\tsnapshotter = 'x'\n" + RUNTIMES, True),
        ("version = 2\r\n" + TABLE.replace("\n", "\r\n") + "default_runtime_name='runc'\r\n", True),
        (CONTAINERD_2, True),
        ("[plugins.cri.containerd]\n  default_runtime_name = 'runc'\n", True),
    ],
)
def test_containerds_default_is_ours_and_again_what_it_was(root: Root, text: str, is_in_place: bool) -> None:
    path = root.write("etc/containerd/config.toml", "")
    path.write_bytes(text.encode())
    run = root.cod("install", "containerd", "--default")
    assert (run.returncode, "instead of:" in run.stdout) == (0, is_in_place)
    plugins = tomllib.loads(path.read_text())["plugins"].values()
    (made,) = (each["containerd"] for each in plugins if "containerd" in each)
    assert made["default_runtime_name"] == "cod"
    assert "cod" in made["runtimes"]
    path.write_bytes(path.read_bytes() + b"[debug]\n")
    assert root.cod("install", "containerd", "--default").stdout == ""
    root.cod("uninstall", "containerd")
    header = "" if text else "version = 2\n"
    assert path.read_bytes() == (header + text + "[debug]\n").encode()


def test_a_table_that_cannot_be_added_to_is_refused(root: Root) -> None:
    text = 'version = 2\nplugins."io.containerd.grpc.v1.cri".containerd = {snapshotter = "x"}\n'
    path = root.write("etc/containerd/config.toml", text)
    run = root.cod("install", "containerd", "--default")
    assert (run.returncode, path.read_text()) == (1, text)
    assert "in a way that cannot be added to" in run.stderr


@pytest.mark.skipif(shutil.which("containerd") is None, reason="containerd is not installed")
@pytest.mark.parametrize(
    "text", [DEBIAN, "version = 2\n", DEBIAN + RUNTIMES, "version = 2\n" + RUNTIMES, TABLES]
)
def test_containerd_itself_has_the_runtime_and_all_it_had(root: Root, text: str) -> None:
    path = root.write("etc/containerd/config.toml", text)

    def dump() -> dict[str, Any]:
        words = ["containerd", "--config", str(path), "config", "dump"]
        run = subprocess.run(words, capture_output=True, text=True, check=True)
        cri: dict[str, Any] = tomllib.loads(run.stdout)["plugins"]["io.containerd.grpc.v1.cri"]
        return cri

    before = dump()
    root.cod("install", "containerd", "--default")
    after = dump()
    assert after["containerd"].pop("default_runtime_name") == "cod"
    assert before["containerd"].pop("default_runtime_name") == "runc"
    runtimes = after["containerd"].pop("runtimes")
    assert set(runtimes) == {"runc", "cod"}
    assert runtimes["cod"]["container_annotations"] == ["cdi.k8s.io/*", "cod.dev/*"]
    had = before["containerd"].pop("runtimes")["runc"]
    assert runtimes["runc"]["runtime_type"] == had["runtime_type"]
    assert after == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner)
)
RUNTIME_MAPS = st.dictionaries(st.text(), st.fixed_dictionaries({"path": st.text()}))


@given(
    st.dictionaries(st.text(), JSON),
    st.none() | RUNTIME_MAPS,
    st.sampled_from([None, 1, 4, "\t"]),
    st.booleans(),
)
def test_any_daemon_json_gains_the_runtime_and_keeps_the_rest(
    data: dict[str, Any], runtimes: dict[str, Any] | None, indent: int | str | None, is_default: bool
) -> None:
    data.pop("runtimes", None)
    if runtimes is not None:
        data["runtimes"] = runtimes
    text = json.dumps(data, indent=indent).encode()
    order = Order(is_default=is_default)
    docker = ENGINES["docker"][0]
    made = json.loads(docker.added(text, order))
    expected = {**data, "runtimes": {**(runtimes or {}), "cod": {"path": "/usr/local/bin/cod-runtime"}}}
    assert made == ({**expected, "default-runtime": "cod"} if is_default else expected)


def test_a_layout_of_its_own_stays() -> None:
    made = ENGINES["docker"][0].added(DOCKER.replace("\t", "    ").encode(), Order()).decode()
    assert '    "hosts": ["unix:///x"],\n' in made
    assert '"kata": {"path": "/usr/bin/kata"}' in made


@given(st.binary(max_size=60) | st.text("[]{}=\"'.\n version2plugins", max_size=60).map(str.encode))
def test_any_bytes_are_changed_or_refused(data: bytes) -> None:
    for name in ("docker", "containerd"):
        order = Order(root=Path("/nonexistent"))
        try:
            made = ENGINES[name][0].added(data, order)
        except InvalidEngineConfig:
            continue
        except CodError as error:
            pytest.fail(str(error))
        assert b"cod-runtime" in made


@pytest.mark.parametrize("verb", ["install", "uninstall"])
def test_the_help_has_every_engine(root: Root, verb: str) -> None:
    lines = root.cod(verb, "--help").stdout.partition("ENGINE is one of")[2].splitlines()
    assert {line.split()[0] for line in lines if line} == {*ENGINES}
