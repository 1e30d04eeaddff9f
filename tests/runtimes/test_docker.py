"""`cod run -- docker run`: by CDI where the daemon has it on, else by flags."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cod.cdi.spec import ContainerEdits, DeviceNode, Hook, Mount, NetDevice
from cod.errors import Misuse
from cod.prepare import Prepared
from cod.runtimes.command import RuntimeUnavailable
from cod.runtimes.docker import inspected, read_docker
from cod.runtimes.translate import NotCarried
from tests.runtimes.stand_in import stand_in

EDITS = ContainerEdits(
    env=("A=b,c",),
    device_nodes=(
        DeviceNode("/dev/mine", "/dev/null", permissions="rw"),
        DeviceNode("/dev/zero"),
        DeviceNode("/dev/full", permissions="none"),
    ),
    mounts=(Mount("/etc/hostname", '/h,"1', ("ro", "nosuid", "nodev", "rbind", "rprivate")),),
    additional_gids=(44, 105),
)
AT = Path("/run/cdi/mine.json")


def info(version: str, **more: object) -> str:
    return json.dumps({"ServerVersion": version, "KernelVersion": os.uname().release, **more})


def docker(
    directory: Path, answer: str, *, line: str = "docker run IMAGE", edits: ContainerEdits = EDITS
) -> list[str]:
    environ = stand_in(directory / "bin", "docker", info=answer)
    command = read_docker(tuple(line.split()), environ)
    return list(command.launch(Prepared("cod.dev/claim=mine", edits, AT), Path("/s")).argv)


@pytest.mark.parametrize("directories", [["/etc/cdi", "/var/run/cdi"], ["/run/cdi/"]])
def test_a_daemon_with_cdi_gets_the_claims_name(tmp_path: Path, directories: list[str]) -> None:
    argv = docker(tmp_path, info("28.5.2", CDISpecDirs=directories), line="docker -l info container run I")
    assert argv == [
        *("docker", "-l", "info", "container", "run", "--cidfile", "/s/id"),
        *("--device", "cod.dev/claim=mine", "--group-add", "44", "--group-add", "105", "I"),
    ]


FLAGS = [
    *("--env", "A=b,c", "--mount"),
    'type=bind,source=/etc/hostname,"target=/h,""1",readonly,bind-propagation=rprivate',
    *("--device", "/dev/null:/dev/mine:rw", "--device", "/dev/zero:/dev/zero:rwm"),
    *("--mount", "type=bind,source=/dev/full,target=/dev/full"),
    *("--group-add", "44", "--group-add", "105"),
]


@pytest.mark.parametrize(
    "answer",
    [
        info("20.10.24+dfsg1"),
        info("26.1.5", CDISpecDirs=[]),
        info("27.0.1", CDISpecDirs=None),
        info("28.5.2", CDISpecDirs=["/etc/cdi"]),
        info("25.0.0", CDISpecDirs=["/run/cdi"]),  # its CDI does not know groups
    ],
)
def test_one_that_cannot_take_the_name_gets_flags(tmp_path: Path, answer: str) -> None:
    argv = docker(tmp_path, answer, line="docker run --rm --cidfile /mine IMAGE")
    assert argv == ["docker", "run", *FLAGS, "--rm", "--cidfile", "/mine", "IMAGE"]


@pytest.mark.parametrize("security", ["name=userns", "name=rootless,x=y"])
def test_in_a_user_namespace_a_moved_node_is_a_mount_and_a_rule(tmp_path: Path, security: str) -> None:
    answer = info("28.5.2", CDISpecDirs=["/run/cdi"], SecurityOptions=["name=seccomp", security])
    argv = docker(tmp_path, answer)
    at = argv.index("type=bind,source=/dev/null,target=/dev/mine")
    assert argv[at + 1 : at + 3] == ["--device-cgroup-rule", "c 1:3 rw"]
    assert "/dev/zero:/dev/zero:rwm" in argv


def test_everything_that_flags_cannot_say_is_in_the_refusal(tmp_path: Path) -> None:
    edits = ContainerEdits(
        device_nodes=(DeviceNode("/dev/no/such", type="c", major=203, minor=9),),
        net_devices=(NetDevice("eth7", "net0"),),
        hooks=(Hook("createRuntime", "/bin/hook"),),
        mounts=(Mount("/etc", "/e", ("noexec",)), Mount("tmpfs", "/t", (), "tmpfs")),
    )
    with pytest.raises(NotCarried) as refused:
        docker(tmp_path, info("20.10.24"), edits=edits)
    assert refused.value.causes == (
        "/dev/no/such of the host: no such file or directory",
        "the hook /bin/hook (createRuntime): it runs no OCI hooks",
        "the network interface eth7: it moves none into a container",
        "the option noexec of the mount /e",
        "the mount /t of type tmpfs: it makes bind mounts only",
        "by CDI neither: it has no CDI, or has it switched off",
    )
    assert "Docker 25 or newer" in refused.value.hint


def test_what_only_a_newer_cdi_may_know_is_tried_by_name_and_said_where_it_fails(tmp_path: Path) -> None:
    stand_in(tmp_path / "bin", "runc", features='{"linux": {"netDevices": {"enabled": true}}}')
    environ = stand_in(tmp_path / "bin", "docker", info=info("28.5.2", CDISpecDirs=["/run/cdi"]))
    edits = ContainerEdits(net_devices=(NetDevice("eth7", "net0"),))
    launch = read_docker(("docker", "run", "I"), environ).launch(
        Prepared("cod.dev/claim=m", edits, AT), Path("/s")
    )
    assert launch.argv[-3:] == ("--device", "cod.dev/claim=m", "I")
    assert launch.if_it_fails == "the claim needs CDI 1.1.0, and it knows 1.0.0 for certain"


def test_a_context_that_is_named_counts_for_more_than_the_variable(tmp_path: Path) -> None:
    environ = stand_in(tmp_path / "bin", "docker", info=info("28.5.2"), context="tcp://far:1")
    local = {**environ, "DOCKER_HOST": "unix:///run/docker.sock"}
    assert read_docker(("docker", "run", "I"), local)
    with pytest.raises(Misuse, match="another machine"):
        read_docker(("docker", "-c", "far", "run", "I"), local)


@pytest.mark.parametrize("answer", ["²", "0", "", "9" * 5000, "-1", "<no value>"])
def test_what_docker_says_of_a_container_that_has_no_process_yet_is_none(tmp_path: Path, answer: str) -> None:
    environ = stand_in(tmp_path / "bin", "docker", inspect=answer)
    find = inspected(("docker", "inspect"), tmp_path / "id", environ)
    (tmp_path / "id").write_text("abc")
    assert find(1) is None


@pytest.mark.parametrize(
    ("line", "is_taken"), [("docker run I", False), ("docker run --runtime new I", True)]
)
def test_the_oci_runtime_of_the_daemon_is_asked_what_it_would_leave_out(
    tmp_path: Path, line: str, is_taken: bool
) -> None:
    stand_in(tmp_path / "bin", "old-runc", features="{}")
    stand_in(tmp_path / "bin", "new-runc", features='{"linux": {"netDevices": {"enabled": true}}}')
    answer = info(
        "28.5.2",
        CDISpecDirs=["/run/cdi"],
        DefaultRuntime="old",
        Runtimes={"old": {"path": "old-runc", "status": {}}, "new": {"path": f"{tmp_path}/bin/new-runc"}},
    )
    edits = ContainerEdits(net_devices=(NetDevice("eth7", "net0"),))
    if is_taken:
        assert "cod.dev/claim=mine" in docker(tmp_path, answer, line=line, edits=edits)
    else:
        with pytest.raises(NotCarried, match="old-runc cannot"):
            docker(tmp_path, answer, line=line, edits=edits)


@pytest.mark.parametrize(
    "line",
    [
        "run -d I",
        "run -itd I",
        "run --restart=always I",
        "create I",
        "compose up",
    ],
)
def test_containers_that_nobody_waits_for_are_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(Misuse):
        docker(tmp_path, info("28.5.2"), line=f"docker {line}")


@pytest.mark.parametrize(
    ("line", "more"),
    [
        ("docker -H ssh://far run I", {}),
        ("docker --host=tcp://1.2.3.4:5 run I", {}),
        ("docker run I", {"KernelVersion": "6.10.14-linuxkit"}),
    ],
)
def test_a_daemon_elsewhere_is_refused(tmp_path: Path, line: str, more: dict[str, str]) -> None:
    with pytest.raises(Misuse, match="another machine"):
        docker(tmp_path, info("28.5.2", **more), line=line)


@pytest.mark.parametrize("answer", ["", "[]", '{"ServerVersion": 5}', '{"ServerErrors": ["no daemon"]}'])
def test_a_daemon_that_does_not_answer_is_said(tmp_path: Path, answer: str) -> None:
    with pytest.raises(RuntimeUnavailable):
        docker(tmp_path, answer)
