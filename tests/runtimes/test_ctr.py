"""`cod run -- ctr run`: an edited configuration, a CDI name, or flags."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cod.cdi.spec import ContainerEdits, DeviceNode, Hook, Mount, NetDevice
from cod.errors import Misuse
from cod.prepare import Prepared
from cod.runtimes.ctr import read_ctr
from cod.runtimes.translate import NotCarried
from tests.runtimes.stand_in import stand_in

EDITS = ContainerEdits(
    env=("A=b",),
    device_nodes=(DeviceNode("/dev/full", permissions="rw"),),
    mounts=(Mount("/etc", "/e", ("ro", "nosuid")), Mount("tmpfs", "/t", ("size=1m",), "tmpfs")),
)


def ctr(directory: Path, version: str, line: str, edits: ContainerEdits) -> list[str]:
    environ = stand_in(directory / "bin", "ctr", version=f"ctr github.com/containerd/containerd {version}")
    command = read_ctr(tuple(line.split()), environ)
    return list(command.launch(Prepared("cod.dev/claim=m", edits, Path("/run/cdi/m.json")), directory).argv)


def test_an_older_ctr_gets_flags(tmp_path: Path) -> None:
    edits = ContainerEdits(EDITS.env, EDITS.device_nodes, mounts=EDITS.mounts[:1])
    assert ctr(tmp_path, "1.7.24~ds1", "ctr -n x run --rm -t I ID sh -d", edits) == [
        *("ctr", "-n", "x", "run", "--pid-file", f"{tmp_path}/pid", "--env", "A=b"),
        *("--mount", "type=bind,src=/etc,dst=/e,options=ro:nosuid:rbind", "--device", "/dev/full"),
        *("--rm", "-t", "I", "ID", "sh", "-d"),
    ]


def test_a_newer_one_gets_the_claims_name(tmp_path: Path) -> None:
    argv = ctr(tmp_path, "v2.1.9", "ctr run I ID", EDITS)
    assert argv[4:] == ["--device", "cod.dev/claim=m", "I", "ID"]


@pytest.mark.parametrize(
    ("edits", "why"),
    [
        (
            ContainerEdits(device_nodes=(DeviceNode("/dev/x", "/dev/null"),)),
            "/dev/null of the host as",
        ),
        (
            ContainerEdits(device_nodes=(DeviceNode("/dev/full", permissions="r"),)),
            "/dev/full with permissions r: it would allow w, too",
        ),
        (ContainerEdits(hooks=(Hook("poststop", "/h"),)), "the hook /h"),
        (ContainerEdits(additional_gids=(5, 6)), "the groups 5, 6"),
        (ContainerEdits(mounts=(Mount("/a,b", "/c"),)), "the path /a,b"),
    ],
)
def test_what_flags_cannot_say_is_refused(tmp_path: Path, edits: ContainerEdits, why: str) -> None:
    with pytest.raises(NotCarried) as refused:
        ctr(tmp_path, "1.6.20", "ctr run I ID", edits)
    assert refused.value.causes[0].startswith(why)
    assert "--config" in refused.value.hint


@pytest.mark.parametrize(
    "line",
    [
        *("run -d I ID", "run --detach I ID", "c create I ID"),
        "run --privileged --privileged-without-host-devices -d I ID",
    ],
)
def test_other_uses_are_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(Misuse):
        ctr(tmp_path, "1.6.20", f"ctr {line}", EDITS)


def test_a_configuration_is_copied_with_all_there_is(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text('{"ociVersion": "1.0.2", "x": 1}')
    edits = ContainerEdits(env=("A=b",), hooks=(Hook("poststop", "/h"),))
    argv = ctr(tmp_path, "1.6.20", f"ctr run --config {file} --rm ID", edits)
    assert argv[4:] == ["--config", f"{tmp_path}/config.json", "--rm", "ID"]
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["x"], config["process"]["env"], len(config["hooks"]["poststop"])) == (1, ["A=b"], 1)
    assert file.read_text() == '{"ociVersion": "1.0.2", "x": 1}'


@pytest.mark.parametrize("is_known", [True, False])
def test_what_its_oci_runtime_would_leave_out_is_refused(tmp_path: Path, is_known: bool) -> None:
    file = tmp_path / "mine.json"
    file.write_text("{}")
    answer = json.dumps({"linux": {"netDevices": {"enabled": is_known}}})
    stand_in(tmp_path / "bin", "odd-runc", features=answer)
    edits = ContainerEdits(net_devices=(NetDevice("eth7", "net0"),))
    line = f"ctr run --config {file} --runc-binary {tmp_path}/bin/odd-runc ID"
    if is_known:
        assert "--config" in ctr(tmp_path, "1.6.20", line, edits)
    else:
        with pytest.raises(NotCarried, match="odd-runc cannot"):
            ctr(tmp_path, "1.6.20", line, edits)


def test_in_a_user_namespace_a_moved_node_is_refused(tmp_path: Path) -> None:
    edits = ContainerEdits(device_nodes=(DeviceNode("/dev/mine", "/dev/null"),))
    assert "cod.dev/claim=m" in ctr(tmp_path, "2.1.9", "ctr run I ID", edits)
    with pytest.raises(NotCarried) as refused:
        ctr(tmp_path, "2.1.9", "ctr run --uidmap 0:1000:10 I ID", edits)
    assert "user namespace" in refused.value.causes[-1]
