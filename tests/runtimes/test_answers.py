"""What a command becomes depends on what its runtime says of itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from cod.cdi.config import InvalidConfig
from cod.cdi.inject import InjectionFailed
from cod.cdi.spec import ContainerEdits, DeviceNode, Hook, IntelRdt, Mount, NetDevice
from cod.errors import Misuse
from cod.prepare import Prepared
from cod.runtimes.apptainer import read_apptainer
from cod.runtimes.asking import version_in
from cod.runtimes.buildah import read_buildah
from cod.runtimes.command import RuntimeUnavailable
from cod.runtimes.nerdctl import read_nerdctl
from cod.runtimes.podman import read_podman
from cod.runtimes.runc import read_runc
from cod.runtimes.runsc import read_runsc
from cod.runtimes.translate import NotCarried
from cod.runtimes.userns import inject_for
from tests.runtimes.stand_in import stand_in

MOVED = DeviceNode("/dev/mine", "/dev/null", permissions="rw")
EDITS = ContainerEdits(
    env=("A=b",), device_nodes=(MOVED,), mounts=(Mount("/etc", "/e", ("ro", "nosuid", "rbind")),)
)
HOOK = ContainerEdits(hooks=(Hook("createContainer", "/h"),))
NEW = '{"linux": {"netDevices": {"enabled": true}, "intelRdt": {"enabled": true, "schemata": true}}}'
NET = ContainerEdits(net_devices=(NetDevice("eth7", "net0"),))
NAME = ["--device", "cod.dev/claim=m"]
USUAL = Path("/run/cdi/m.json")
FLAGS = ["--env", "A=b", "--volume", "/etc:/e:ro,nosuid,rbind", "--device", "/dev/null:/dev/mine:rw"]


def prepared(edits: ContainerEdits, at: Path = USUAL) -> Prepared:
    return Prepared("cod.dev/claim=m", edits, at)


def podman(
    directory: Path, version: str, edits: ContainerEdits = EDITS, at: Path = USUAL, line: str = "podman run I"
) -> list[str]:
    environ = stand_in(directory / "bin", "podman", version=f"podman version {version}")
    argv = read_podman(tuple(line.split()), environ).launch(prepared(edits, at), Path("/s")).argv
    return [*argv[2 : argv.index("--pidfile")]]


@pytest.mark.parametrize("version", ["4.1.0", "4.3.1", "5.4.2", "5.8.6", "6.0.0-dev"])
def test_a_podman_that_knows_cdi_gets_the_claims_name(tmp_path: Path, version: str) -> None:
    assert podman(tmp_path, version) == NAME


@pytest.mark.parametrize("version", ["3.4.7", "4.0.3"])
def test_an_older_podman_gets_flags(tmp_path: Path, version: str) -> None:
    assert podman(tmp_path, version) == FLAGS


@pytest.mark.parametrize("version", ["3.0.1", "?"])
def test_a_podman_that_does_not_tell_the_first_process_starts_nothing(tmp_path: Path, version: str) -> None:
    with pytest.raises(RuntimeUnavailable, match="older than"):
        podman(tmp_path, version)


def test_a_version_of_any_length_is_read() -> None:
    assert version_in(f"podman version {'9' * 5000}.1") == (999999999, 1, 0)
    assert version_in("ctr github.com/containerd/containerd/v2 2.1.9") == (2, 1, 9)


def test_groups_are_flags_where_its_cdi_does_not_know_them(tmp_path: Path) -> None:
    edits = ContainerEdits(additional_gids=(44,))
    assert podman(tmp_path, "4.9.3", edits) == ["--group-add", "44"]
    assert podman(tmp_path, "5.2.0", edits) == NAME


def test_podman_gets_flags_where_it_does_not_read_the_specs_directory(tmp_path: Path) -> None:
    assert podman(tmp_path, "5.4.2", at=Path("/run/user/1000/cdi/m.json")) == FLAGS


def test_a_hook_in_a_directory_that_only_its_configuration_can_name_is_tried(tmp_path: Path) -> None:
    elsewhere = Path("/srv/cdi/m.json")
    assert podman(tmp_path, "5.8.6", HOOK, elsewhere) == NAME
    with pytest.raises(NotCarried):
        podman(tmp_path, "5.4.2", HOOK, elsewhere)


@pytest.mark.parametrize("option", ["--userns=auto", "--uidmap 0:100:10"])
def test_in_a_user_namespace_a_moved_node_is_a_bind_mount(tmp_path: Path, option: str) -> None:
    edits = ContainerEdits(device_nodes=(MOVED, DeviceNode("/dev/zero")))
    assert podman(tmp_path, "5.4.2", edits, line=f"podman run {option} I") == [
        *("--volume", "/dev/null:/dev/mine", "--device-cgroup-rule", "c 1:3 rw"),
        *("--device", "/dev/zero:/dev/zero:rwm"),
    ]
    assert podman(tmp_path, "5.4.2", line="podman run --userns host I") == NAME
    same = ContainerEdits(device_nodes=(DeviceNode("/dev/zero", "/dev/zero"),))
    assert podman(tmp_path, "5.4.2", same, line=f"podman run {option} I") == NAME


@pytest.mark.parametrize(("features", "is_taken"), [(NEW, True), ("{}", False)])
def test_podmans_own_runtime_is_asked_what_it_would_leave_out(
    tmp_path: Path, features: str, is_taken: bool
) -> None:
    stand_in(tmp_path / "bin", "odd-runc", features=features)
    environ = stand_in(
        tmp_path / "bin", "podman", version="podman version 6.0.0", OCIRuntime=f"{tmp_path}/bin/odd-runc\n"
    )
    launch = read_podman(("podman", "run", "I"), environ).launch
    if is_taken:
        assert "cod.dev/claim=m" in launch(prepared(NET), Path("/s")).argv
    else:
        with pytest.raises(NotCarried, match="odd-runc cannot"):
            launch(prepared(NET), Path("/s"))


def test_podman_gets_a_device_whose_path_has_a_comma(tmp_path: Path) -> None:
    edits = ContainerEdits(device_nodes=(DeviceNode("/dev/a,b", "/dev/null"),))
    assert podman(tmp_path, "4.0.3", edits) == ["--device", '"/dev/null:/dev/a,b:rwm"']


def test_podmans_variable_gives_a_container_users_of_its_own(tmp_path: Path) -> None:
    environ = stand_in(tmp_path / "bin", "podman", version="podman version 5.4.2")
    for value, expected in (("auto", "/dev/null:/dev/mine"), ("host", "cod.dev/claim=m")):
        command = read_podman(("podman", "run", "I"), {**environ, "PODMAN_USERNS": value})
        argv = command.launch(prepared(ContainerEdits(device_nodes=(MOVED,))), Path("/s")).argv
        assert expected in argv


def test_a_podman_that_does_not_answer_starts_nothing(tmp_path: Path) -> None:
    environ = stand_in(tmp_path / "bin", "podman", other="")
    with pytest.raises(RuntimeUnavailable, match="does not say") as failed:
        read_podman(("podman", "run", "I"), environ)
    assert failed.value.causes == ("unknown: --version",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("      --cdi-spec-dirs strings   The directories", ["--cidfile", "/s/id", *NAME]),
        ("Usage", ["--cidfile", "/s/id", "--env", "A=b", "--mount", "type=bind,source=/etc,target=/e"]),
    ],
)
def test_nerdctl_gets_a_name_where_it_has_the_option_for_directories(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    environ = stand_in(tmp_path / "bin", "nerdctl", help=text)
    edits = ContainerEdits(env=("A=b",), mounts=(Mount("/etc", "/e"),))
    command = read_nerdctl(("nerdctl", "-n", "k8s.io", "run", "--rm", "I"), environ)
    argv = command.launch(prepared(edits), Path("/s")).argv
    assert list(argv) == ["nerdctl", "-n", "k8s.io", "run", *expected, "--rm", "I"]


def test_options_of_nerdctl_itself_may_stand_on_either_side_of_its_verb(tmp_path: Path) -> None:
    environ = stand_in(tmp_path / "bin", "nerdctl", help="--cdi-spec-dirs strings")
    line = "nerdctl --kube-hide-dupe run --namespace k8s.io --cdi-spec-dirs=/run/cdi --debug I"
    command = read_nerdctl(tuple(line.split()), environ)
    assert command.engine.client == (
        *("nerdctl", "--kube-hide-dupe", "--namespace", "k8s.io", "--cdi-spec-dirs=/run/cdi"),
    )
    assert command.engine.reader.directories == ("/run/cdi",)


@pytest.mark.parametrize(
    "line", ["nerdctl run -d I", "nerdctl run --debug -d I", "nerdctl compose up", "nerdctl -n run create"]
)
def test_a_nerdctl_that_nobody_waits_for_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(Misuse):
        read_nerdctl(tuple(line.split()), stand_in(tmp_path / "bin", "nerdctl", help=""))


def test_buildah_gets_devices_where_its_run_has_an_option_for_them(tmp_path: Path) -> None:
    environ = stand_in(tmp_path / "bin", "buildah", help="      --device stringArray  Additional devices")
    command = read_buildah(("buildah", "--root", "run", "run", "C", "--", "sh"), environ)
    argv = command.launch(prepared(EDITS), Path("/s")).argv
    assert list(argv) == ["buildah", "--root", "run", "run", *FLAGS, "C", "--", "sh"]
    older = read_buildah(("buildah", "run", "C"), stand_in(tmp_path / "bin", "buildah", help="--env"))
    with pytest.raises(NotCarried, match="buildah cannot"):
        older.launch(prepared(EDITS), Path("/s"))


@pytest.mark.parametrize("program", ["apptainer", "singularity"])
def test_apptainer_gets_binds_and_variables_of_its_own(program: str) -> None:
    edits = ContainerEdits(
        env=("A=b,c",),
        device_nodes=(DeviceNode("/dev/null"),),
        mounts=(Mount("/etc", "/e", ("ro", "nosuid")), Mount("/usr", "/u", ("rw",))),
    )
    launch = read_apptainer((program, "-d", "exec", "-c", "I", "sh")).launch(prepared(edits), Path("/s"))
    assert launch.argv == (
        *(program, "-d", "exec", "--bind", "/etc:/e:ro", "--bind", "/usr:/u", "--bind", "/dev/null"),
        *("-c", "I", "sh"),
    )
    assert launch.environment == (f"{program.upper()}ENV_A=b,c",)


@pytest.mark.parametrize(
    "line",
    [
        "apptainer instance start I x",
        "apptainer build a b",
        "singularity",
        "apptainer exec -c instance://x sh",
    ],
)
def test_an_apptainer_that_nobody_waits_for_is_refused(line: str) -> None:
    with pytest.raises(Misuse):
        read_apptainer(tuple(line.split()))


RUNSC_FLAGS = (
    "  -debug\n    \tenable\n  -nvproxy\n    \tx\n  -platform string\n    \tx\n  -root string\n    \tx\n"
)


def runsc(directory: Path, line: str, edits: ContainerEdits, config: dict[str, object] | None = None) -> None:
    (directory / "config.json").write_text(json.dumps({"ociVersion": "1.0.2", **(config or {})}))
    environ = stand_in(directory / "bin", "runsc", flags=RUNSC_FLAGS)
    scratch = directory / "scratch"
    scratch.mkdir()
    argv = (
        read_runsc(tuple(f"{line} -bundle {directory} ID".split()), environ)
        .launch(prepared(edits), scratch)
        .argv
    )
    assert argv[-1] == "ID"
    assert f"{scratch}/bundle" in argv


@pytest.mark.parametrize("option", ["", " -user-log U -pass-fd 3:4 -exec-fd=5"])
def test_gvisor_gets_a_private_bundle_of_what_it_can_pass_on(tmp_path: Path, option: str) -> None:
    tun = ContainerEdits(env=("A=b",), device_nodes=(DeviceNode("/dev/fuse", type="c", major=10, minor=229),))
    runsc(tmp_path, f"runsc -debug --platform systrap run{option}", tun)


@pytest.mark.parametrize("line", ["runsc --nvproxy run", "runsc run"])
def test_gvisor_gets_devices_that_it_has_a_proxy_for(tmp_path: Path, line: str) -> None:
    gpu = ContainerEdits(device_nodes=(DeviceNode("/dev/nvidia0", type="c", major=195, minor=0),))
    by_annotation = {} if "nvproxy" in line else {"dev.gvisor.flag.nvproxy": "true"}
    runsc(tmp_path, line, gpu, {"annotations": by_annotation})


@pytest.mark.parametrize(
    ("edits", "why"),
    [
        (ContainerEdits(device_nodes=(DeviceNode("/dev/nvidia0"),)), "no proxy for it without --nvproxy"),
        (ContainerEdits(device_nodes=(DeviceNode("/dev/kvm"),)), "no proxy for it"),
        (HOOK, "it skips hooks inside of a container"),
        (ContainerEdits(net_devices=(NetDevice("e", "f"),)), "moves none into a container"),
    ],
)
def test_what_gvisor_would_leave_out_is_refused(tmp_path: Path, edits: ContainerEdits, why: str) -> None:
    with pytest.raises(NotCarried) as refused:
        runsc(tmp_path, "runsc run", edits)
    assert refused.value.causes[0].endswith(why)


@pytest.mark.parametrize(
    ("answers", "edits", "is_taken"),
    [
        ({"features": NEW}, NET, True),
        ({"features": NEW}, ContainerEdits(intel_rdt=IntelRdt(schemata=("L3:0=f",))), True),
        ({"features": NEW}, ContainerEdits(intel_rdt=IntelRdt(enable_monitoring=True)), False),
        ({"features": '{"linux": {"intelRdt": {"enabled": true}}}'}, NET, False),
        ({"features": "{"}, NET, False),
        ({"features": '{"linux": {"netDevices": [1]}}'}, NET, False),
        ({"features": '{"linux": {"intelRdt": "yes"}}'}, ContainerEdits(intel_rdt=IntelRdt()), False),
        ({"features": '{"linux": {"netDevices": {"enabled": "no"}}}'}, NET, False),
        ({"features": "[1]"}, ContainerEdits(intel_rdt=IntelRdt()), False),
        ({}, NET, False),
        ({}, EDITS, True),
    ],
)
def test_what_runc_would_leave_out_silently_is_refused(
    tmp_path: Path, answers: dict[str, str], edits: ContainerEdits, is_taken: bool
) -> None:
    (tmp_path / "config.json").write_text('{"ociVersion": "1.0.2"}')
    environ = stand_in(tmp_path / "bin", "runc", **answers)
    command = read_runc(("runc", "run", "-b", str(tmp_path), "x"), environ)
    if is_taken:
        command.launch(prepared(edits), tmp_path)
    else:
        with pytest.raises(NotCarried, match="this runc cannot"):
            command.launch(prepared(edits), tmp_path)


def test_all_that_runc_would_leave_out_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"ociVersion": "1.0.2"}')
    environ = stand_in(tmp_path / "bin", "runc", features='{"linux": {"intelRdt": {"enabled": true}}}')
    edits = ContainerEdits(
        net_devices=NET.net_devices, intel_rdt=IntelRdt(schemata=("L3:0=f",), enable_monitoring=True)
    )
    with pytest.raises(NotCarried) as refused:
        read_runc(("runc", "run", "-b", str(tmp_path), "x"), environ).launch(prepared(edits), tmp_path)
    assert [cause.split(" ")[1] for cause in refused.value.causes] == ["network", "schemata", "monitoring"]


@pytest.mark.parametrize("node", [DeviceNode("/dev/null", file_mode=0o640), replace(MOVED, uid=4711)])
def test_in_a_user_namespace_a_node_with_another_owner_or_mode_than_the_hosts_is_refused(
    node: DeviceNode,
) -> None:
    config: dict[str, object] = {"linux": {"namespaces": [{"type": "user"}]}}
    with pytest.raises(InjectionFailed, match="of the host has"):
        inject_for("runc", config, ContainerEdits(device_nodes=(node,)))
    assert inject_for("runc", {}, ContainerEdits(device_nodes=(node,)))["linux"]["devices"]


def test_in_a_user_namespace_mounts_that_are_none_are_refused() -> None:
    config: dict[str, object] = {"mounts": 5, "linux": {"namespaces": [{"type": "user"}]}}
    with pytest.raises(InvalidConfig):
        inject_for("runc", config, ContainerEdits(device_nodes=(MOVED,)))


@pytest.mark.parametrize("is_root", [True, False])
def test_the_owners_of_a_mount_are_mapped_by_root_alone(
    monkeypatch: pytest.MonkeyPatch, is_root: bool
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0 if is_root else 1000)
    config: dict[str, object] = {"linux": {"namespaces": [{"type": "user"}]}}
    new = inject_for("runc", config, ContainerEdits(mounts=(Mount("/etc", "/e", ("ro", "bind")),)))
    assert new["mounts"][0]["options"] == ["ro", "bind", *["idmap"] * is_root]


@pytest.mark.parametrize(("program", "user"), [("runc", 0), ("runc", 1000), ("crun", 0), ("crun", 1000)])
def test_in_a_user_namespace_a_node_elsewhere_becomes_a_mount_but_for_crun_of_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, user: int
) -> None:
    (tmp_path / "config.json").write_text('{"linux": {"namespaces": [{"type": "user"}]}}')
    command = read_runc((program, "run", "-b", str(tmp_path), "x"), stand_in(tmp_path / "bin", program))
    monkeypatch.setattr("os.geteuid", lambda: user)
    command.launch(prepared(ContainerEdits(device_nodes=(MOVED,))), tmp_path)
    config = json.loads((tmp_path / "bundle/config.json").read_text())
    is_made = (program, user) == ("crun", 0)
    assert bool(config["linux"]["devices"]) == is_made
    assert [mount["source"] for mount in config.get("mounts", [])] == ["/dev/null"] * (not is_made)
    assert config["linux"]["resources"]["devices"] == [
        {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rw"}
    ]
