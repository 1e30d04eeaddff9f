"""How the words of a `podman run` or `runc run` are read, and what becomes of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cod.cdi.spec import ContainerEdits, DeviceNode
from cod.errors import Misuse
from cod.prepare import Prepared
from cod.runtimes.options import clustered, single_words
from cod.runtimes.podman import read_podman
from cod.runtimes.runc import read_runc
from tests.runtimes.stand_in import stand_in

PREPARED = Prepared("cod.dev/claim=mine", ContainerEdits(env=("A=b",)), Path("/run/cdi/mine.yaml"))


@pytest.fixture(scope="module", autouse=True)
def podman_4_9(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    found = stand_in(tmp_path_factory.mktemp("bin"), "podman", version="podman version 4.9.3")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", found["PATH"])
        yield


def podman(line: str, environ: dict[str, str] | None = None) -> list[str]:
    command = read_podman(tuple(line.split()), {"PATH": os.environ["PATH"], **(environ or {})})
    return list(command.launch(PREPARED, Path("/scratch")).argv)


@pytest.mark.parametrize(
    ("line", "before"),
    [
        ("podman run IMAGE", "podman run"),
        ("podman run -it IMAGE sh -d", "podman run"),
        ("podman container run IMAGE", "podman container run"),
        ("podman --root run --runroot=/r run IMAGE", "podman --root run --runroot=/r run"),
        ("podman --log-level debug run IMAGE", "podman --log-level debug run"),
        ("podman --storage-opt x --syslog run IMAGE", "podman --storage-opt x --syslog run"),
        ("podman --remote=false run IMAGE", "podman --remote=false run"),
    ],
)  # fmt: skip
def test_the_device_comes_right_after_podmans_verb(line: str, before: str) -> None:
    rest = line.removeprefix(before).split()
    assert podman(line) == [
        *before.split(), "--device", "cod.dev/claim=mine", "--pidfile", "/scratch/pid", *rest
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "podman run -d IMAGE",
        "podman run --detach IMAGE",
        "podman run --detach=true IMAGE",
        "podman run -itd IMAGE",
        "podman run --hostname h -d IMAGE",
        "podman run --no-hostname -d IMAGE",
        "podman --max-workers 3 run -d IMAGE",
        "podman run --rm -e A=B --name x -d IMAGE",
        "podman run --rm -eA=B -dit IMAGE",
        "podman run --syslog -d IMAGE",
        "podman --root x container run -d IMAGE",
    ],
)
def test_a_detached_container_is_refused(line: str) -> None:
    with pytest.raises(Misuse, match="nobody would hold"):
        podman(line)


@pytest.mark.parametrize(
    "line", ["podman run --restart=always IMAGE", "podman run --restart on-failure:3 IMAGE"]
)
def test_a_container_that_starts_again_by_itself_is_refused(line: str) -> None:
    with pytest.raises(Misuse, match="nobody would hold"):
        podman(line)


@pytest.mark.parametrize(
    "line",
    [
        "podman run --restart=no IMAGE",
        "podman run IMAGE --restart=always",
        "podman run IMAGE -d",
        "podman run -it IMAGE sh -d --detach",
        "podman run --detach=false IMAGE",
        "podman run -e -d IMAGE",
        "podman run --name -d IMAGE",
        "podman run -ed IMAGE",
        "podman run --rm -- IMAGE -d",
    ],
)
def test_what_only_looks_detached_is_not(line: str) -> None:
    assert podman(line)[2] == "--device"


@pytest.mark.parametrize(
    "line",
    ["podman", "podman create IMAGE", "podman start x", "podman container create x", "podman ps"],
)  # fmt: skip
def test_other_verbs_are_refused(line: str) -> None:
    with pytest.raises(Misuse, match="podman run"):
        podman(line)


@pytest.mark.parametrize(
    ("line", "environ"),
    [
        ("podman --remote run IMAGE", {}),
        ("podman -r run IMAGE", {}),
        ("podman --url ssh://x run IMAGE", {}),
        ("podman -c far run IMAGE", {}),
        ("podman run IMAGE", {"CONTAINER_HOST": "unix:///run/x"}),
    ],
)
def test_a_remote_podman_is_refused(line: str, environ: dict[str, str]) -> None:
    with pytest.raises(Misuse, match="another machine"):
        podman(line, environ)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text('{"ociVersion": "1.0.2", "root": {"path": "rootfs"}}')
    return tmp_path


@pytest.mark.parametrize(
    "option",
    ["--bundle D", "-b D", "--bundle=D", "-b=D", "-bundle D", "-bundle=D", "--pidfd-socket S --bundle D"],
)
def test_the_bundle_is_replaced_however_it_is_written(bundle: Path, tmp_path: Path, option: str) -> None:
    line = f"runc --root /r --debug run --no-pivot {option} ID".replace("D ", f"{bundle} ")
    kept = ["--pidfd-socket", "S"] if "pidfd" in option else []
    launch = read_runc(tuple(line.split()), {}).launch(PREPARED, tmp_path)
    assert list(launch.argv) == [
        *["runc", "--root", "/r", "--debug", "run", "--bundle"],
        f"{tmp_path}/bundle",
        "--pid-file",
        f"{tmp_path}/pid",
        *["--no-pivot", *kept, "ID"],
    ]


def test_crun_takes_a_bundle_right_after_the_letter(bundle: Path, tmp_path: Path) -> None:
    launch = read_runc(("crun", "run", f"-b{bundle}", "--keep", "ID"), {}).launch(PREPARED, tmp_path)
    assert launch.argv[-2:] == ("--keep", "ID")
    assert f"-b{bundle}" not in launch.argv


def test_the_private_bundle_has_one_file_and_is_for_us_alone(bundle: Path, tmp_path: Path) -> None:
    launch = read_runc(("runc", "run", "-b", str(bundle), "x"), {}).launch(PREPARED, tmp_path)
    private = Path(launch.argv[launch.argv.index("--bundle") + 1])
    assert [path.name for path in private.iterdir()] == ["config.json"]
    assert private.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "line",
    [
        "runc run -d ID", "runc run --detach ID", "crun run -detach ID", "runc create ID", "runc start ID",
        "runc --root run create ID", "crun run -f other.json ID", "runc run ID --detach",
        "crun run -db D ID", "crun run --det ID", "crun run --bund D ID", "crun run --conf=F ID",
    ],
)  # fmt: skip
def test_other_uses_of_runc_are_refused(bundle: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.chdir(bundle)
    with pytest.raises(Misuse):
        read_runc(tuple(line.split()), {})


def test_options_end_at_the_first_word_that_is_none() -> None:
    options, end = single_words(("--root", "/r", "-d=false", "--", "-x"), ("root",))
    assert [(option.name, option.value, option.is_on) for option in options] == [
        ("root", "/r", True),
        ("d", "false", False),
    ]
    assert end == 3
    assert clustered((), switches=())[1] == 0
    assert clustered(("-e",), switches=())[1] == 1  # a value that is missing is Podman's to complain about


def test_edits_that_cannot_be_made_are_an_error_and_leave_no_bundle(bundle: Path, tmp_path: Path) -> None:
    edits = ContainerEdits(device_nodes=(DeviceNode(path="/dev/x", host_path="/dev/no/such"),))
    command = read_runc(("runc", "run", "-b", str(bundle), "x"), {})
    with pytest.raises(Exception, match="failed to stat CDI host device"):
        command.launch(Prepared("n", edits, None), tmp_path)
    assert not (tmp_path / "bundle").exists()
