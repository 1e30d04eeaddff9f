"""What `cod-runtime create` does to a bundle."""

from __future__ import annotations

import json
import os
import resource
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cod.cdi import Registry
from tests.oci.front import CPU, PLAIN, Front, env, read

ASKS = {"cdi.k8s.io/x": "cod.test/plain=a"}
CLAIM = {
    "cdiVersion": "0.6.0",
    "kind": "cod.dev/claim",
    "devices": [{"name": "train-7", "containerEdits": {"env": ["COD_CLAIM=train-7"]}}],
}


def messages(front: Front) -> list[str]:
    return [json.loads(line)["msg"] for line in front.log.read_text().splitlines()]


def everything(bundle: Path) -> dict[str, tuple[bytes, int]]:
    return {each.name: (each.read_bytes(), each.lstat().st_ino) for each in bundle.iterdir()}


def test_the_devices_are_in_and_all_else_stays(front: Front) -> None:
    bundle = front.bundle(annotations=ASKS)
    before = read(bundle)
    run = front.create(bundle)
    assert (run.returncode, run.stderr) == (0, "")
    after = read(bundle)
    assert after["process"]["env"] == [*before["process"]["env"], "PLAIN_A=1"]
    after["process"]["env"] = before["process"]["env"]
    assert after == before
    assert [each.name for each in bundle.iterdir()] == ["config.json"]


def test_the_real_runtime_gets_the_same_words(front: Front) -> None:
    bundle = front.bundle(annotations=ASKS)
    run = front.create(bundle, environ={"STATUS": "5"})
    words = f"--root /x --log {front.log} --log-format json create --bundle {bundle} --pid-file /x/pid id"
    assert (run.stdout.split(), run.returncode) == (words.split(), 5)


@pytest.mark.parametrize("verb", ["create", "run", "restore"])
@pytest.mark.parametrize("place", ["--bundle {}", "--bundle={}", "-b {}", "-b={}", "-b{}", "-bundle {}", ""])
def test_each_verb_and_each_way_to_name_a_bundle_injects(front: Front, verb: str, place: str) -> None:
    bundle = front.bundle(annotations=ASKS)
    assert front.run(verb, *place.format(bundle).split(), "id", cwd=bundle).returncode == 0
    assert env(bundle) == ["PLAIN_A=1"]


def test_a_bundle_may_be_relative_and_lie_behind_links(front: Front) -> None:
    bundle = front.bundle(annotations=ASKS)
    (front.directory / "link").symlink_to(bundle)
    assert front.run("create", "-b", "link", "id", cwd=front.directory).returncode == 0
    assert env(bundle) == ["PLAIN_A=1"]


def test_cruns_other_config_is_the_one_that_changes(front: Front) -> None:
    bundle = front.bundle(annotations=ASKS)
    other = front.directory / "other.json"
    shutil.copy(bundle / "config.json", other)
    assert front.run("run", "--config", str(other), "-b", str(bundle), "id").returncode == 0
    assert env(bundle) == []
    assert "PLAIN_A=1" in other.read_text()


def test_cruns_usual_config_lies_in_the_bundle(front: Front) -> None:
    bundle = front.bundle(annotations=ASKS)
    run = front.run("run", "--config", "config.json", "-b", str(bundle), "id", cwd=front.directory)
    assert (run.returncode, env(bundle)) == (0, ["PLAIN_A=1"])


def test_a_config_in_the_root_directory_is_not_one_in_the_working_directory(front: Front) -> None:
    bundle = front.bundle(annotations=ASKS)
    (bundle / "config.json").rename(bundle / "nonesuch.json")
    run = front.run("run", "--config", "/nonesuch.json", "id", cwd=bundle)
    assert (run.returncode, "/nonesuch.json); no such file" in run.stderr) == (1, True)


def test_who_asks_for_nothing_gets_the_same_file(front: Front) -> None:
    bundle = front.bundle(annotations={"other": "cod.test/plain=a"}, env=("COD_CLAIM=x", "CDI_DEVICES=y"))
    before = everything(bundle)
    assert front.create(bundle).returncode == 0
    assert everything(bundle) == before


def test_a_second_time_changes_nothing(front: Front) -> None:
    node = {"path": "/dev/null0", "hostPath": "/dev/null"}
    hook = {"hookName": "createContainer", "path": "/bin/true"}
    edits = {"deviceNodes": [node], "hooks": [hook], "mounts": [{"hostPath": "/a", "containerPath": "/b"}]}
    front.write({**PLAIN, "kind": "cod.test/all", "devices": [{"name": "x", "containerEdits": edits}]})
    bundle = front.bundle(annotations={"cdi.k8s.io/x": "cod.test/all=x"})
    front.create(bundle)
    first = everything(bundle)
    assert b"/dev/null0" in first["config.json"][0]
    assert front.create(bundle).returncode == 0
    assert everything(bundle) == first


def test_a_rule_that_a_later_one_takes_back_is_given_again(front: Front) -> None:
    bundle = front.bundle(annotations={"cdi.k8s.io/x": "cod.test/null=a"})
    rule = {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"}
    for rules, made in (
        ([rule, {"allow": False, "access": "rwm"}], [rule, {"allow": False, "access": "rwm"}, rule]),
        ([{"allow": False, "access": "rwm"}, rule], [{"allow": False, "access": "rwm"}, rule]),
    ):
        config = read(bundle)
        config["linux"]["resources"] = {"devices": rules}
        (bundle / "config.json").write_text(json.dumps(config))
        assert front.create(bundle).returncode == 0
        assert read(bundle)["linux"]["resources"]["devices"] == made


def test_mode_and_owner_of_the_file_stay(front: Front) -> None:
    bundle = front.bundle(annotations=ASKS)
    path = bundle / "config.json"
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 12, 34)
    before = path.stat()
    assert front.create(bundle).returncode == 0
    after = path.stat()
    assert env(bundle) == ["PLAIN_A=1"]
    assert (after.st_uid, after.st_gid, stat.S_IMODE(after.st_mode)) == (before.st_uid, before.st_gid, 0o640)


def test_a_claim_is_asked_for_by_its_name(front: Front) -> None:
    front.write(CLAIM, "cod.dev-claim_0a1b2c3d_train-7.json")
    bundle = front.bundle(annotations={"cod.dev/claim": "train-7"})
    run = front.create(bundle)
    assert (run.returncode, run.stderr, env(bundle)) == (0, "", ["COD_CLAIM=train-7"])


def test_devices_come_in_the_order_asked_for_each_once(front: Front) -> None:
    front.write(CLAIM, "cod.dev-claim_0a1b2c3d_train-7.json")
    asks = {
        "cod.dev/claim": "train-7",
        "cdi.k8s.io/b": "cod.test/plain=a",
        "cdi.k8s.io/a": "cod.test/plain=b,cod.test/plain=a",
    }
    bundle = front.bundle(annotations=asks)
    front.create(bundle)
    assert env(bundle) == ["PLAIN_B=1", "PLAIN_A=1", "COD_CLAIM=train-7"]


ENVIRONMENT = """
[environment]
COD_CLAIM = "cod.dev/claim"
NVIDIA_VISIBLE_DEVICES = "cod.test/plain"
CDI_DEVICES = ""
"""


@pytest.mark.parametrize(
    ("variables", "given"),
    [
        (("NVIDIA_VISIBLE_DEVICES=a",), ["PLAIN_A=1"]),
        (("NVIDIA_VISIBLE_DEVICES=a, b",), ["PLAIN_A=1", "PLAIN_B=1"]),
        (("NVIDIA_VISIBLE_DEVICES=all",), ["PLAIN_A=1", "PLAIN_B=1"]),
        (("NVIDIA_VISIBLE_DEVICES=cod.test/plain=b",), ["PLAIN_B=1"]),
        (("NVIDIA_VISIBLE_DEVICES=void",), []),
        (("NVIDIA_VISIBLE_DEVICES=none",), []),
        (("NVIDIA_VISIBLE_DEVICES=",), []),
        (("NVIDIA_VISIBLE_DEVICES=a", "NVIDIA_VISIBLE_DEVICES=b"), ["PLAIN_B=1"]),
        (("CDI_DEVICES=cod.test/plain=b",), ["PLAIN_B=1"]),
        (("COD_CLAIM=train-7",), ["COD_CLAIM=train-7"]),
        (("OTHER=cod.test/plain=a",), []),
    ],
)
def test_variables_ask_where_the_settings_let_them(
    front: Front, variables: tuple[str, ...], given: list[str]
) -> None:
    front.write(CLAIM, "cod.dev-claim_0a1b2c3d_train-7.json")
    front.configure(f'runtimes = ["{front.echo}"]\n{ENVIRONMENT}')
    bundle = front.bundle(env=variables)
    run = front.create(bundle)
    assert (run.returncode, run.stderr) == (0, "")
    assert [each for each in env(bundle) if each not in variables or each in given] == given


@pytest.mark.parametrize("key", ["io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType"])
def test_a_pods_sandbox_gets_nothing_of_what_its_pod_asks_for(front: Front, key: str) -> None:
    for kind, given in (("sandbox", []), ("container", ["PLAIN_A=1"])):
        bundle = front.bundle(annotations={**ASKS, key: kind})
        assert front.create(bundle).returncode == 0
        assert env(bundle) == given


@pytest.mark.parametrize(
    "asks", ["cod.test/plain=all,cod.test/plain=a", "cod.test/plain=b,cod.test/plain=all"]
)
def test_a_device_asked_for_twice_comes_once(front: Front, asks: str) -> None:
    devices = [
        {"name": name, "containerEdits": {"hooks": [{"hookName": "poststop", "path": f"/bin/{name}"}]}}
        for name in ("a", "b")
    ]
    front.write({**PLAIN, "devices": devices})
    time.sleep(2.1)  # what has just changed is not kept
    for _ in range(2):  # the careful way, then what it kept
        bundle = front.bundle(annotations={"cdi.k8s.io/x": asks})
        assert front.create(bundle).returncode == 0
        assert sorted(hook["path"] for hook in read(bundle)["hooks"]["poststop"]) == ["/bin/a", "/bin/b"]


def test_in_a_users_namespace_a_node_of_another_path_is_bound(front: Front) -> None:
    """As in rootless Podman, whose containers have no user namespace of their own."""
    words = ["unshare", "--user", "--map-root-user"]
    if subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        pytest.skip("unshare --user is not permitted")
    bundle = front.bundle(annotations={"cdi.k8s.io/x": "cod.test/null=a"})
    words += [str(front.program), "create", "--bundle", str(bundle), "id"]
    run = subprocess.run(words, env=front.environ, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    after = read(bundle)
    assert [each["source"] for each in after["mounts"] if each["destination"] == "/dev/null0"] == [
        "/dev/null"
    ]
    assert after["linux"]["devices"] == []


@pytest.mark.parametrize(
    "line",
    [
        "runtimes = [{}]",
        "runtimes=[{}]",
        "runtimes\t=  [ {} ] # [x]",
        "runtimes =[{}]",
        "runtimes  = [{},]\r",
    ],
)
def test_the_real_runtime_may_stand_there_in_any_line(front: Front, line: str) -> None:
    front.configure(line.format(f'"{front.echo}"') + "\n[environment]\n")
    for words in (["state", "x"], ["create", "-b", str(front.bundle()), "x"]):
        run = front.run(*words)
        assert (run.stdout.split(), run.stderr) == (words, "")


@pytest.mark.parametrize(
    "value", ["x" * 100_000, ",".join(map(str, range(10_000))), ",".join(map(str, range(1000)))]
)
def test_an_image_that_asks_for_too_much_keeps_nobody_busy(front: Front, value: str) -> None:
    front.configure(f'runtimes = ["{front.echo}"]\n{ENVIRONMENT}')
    bundle = front.bundle()
    config = read(bundle)
    config["process"]["env"].append(f"NVIDIA_VISIBLE_DEVICES={value}")
    (bundle / "config.json").write_text(json.dumps(config))
    start = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    run = front.create(bundle)
    assert run.returncode == 1
    assert len(run.stderr) < 9000
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - start < 2


def test_a_runtime_of_its_own_is_found_by_its_name(front: Front) -> None:
    places = f"/nonexistent:{front.directory}:{os.environ['PATH']}"
    front.configure('# which\nruntimes = [ "no-such", "cod-runtime","echo" ]  # the first\n')
    for words in (["state", "x"], ["create", "-b", str(front.bundle()), "x"]):
        run = front.run(*words, environ={"PATH": places})
        assert (run.stdout.split(), run.stderr) == (words, "")


def test_no_real_runtime_is_told(front: Front) -> None:
    front.configure('runtimes = ["no-such", "cod-runtime"]\n')
    run = front.run("state", "x", environ={"PATH": f"{front.directory}:{os.environ['PATH']}"})
    assert (run.returncode, run.stdout) == (1, "")
    assert "none of the real runtimes is there" in run.stderr


@pytest.mark.parametrize("linux", ["null", "1", "[]", "{}", '{"namespaces": null}', '{"namespaces": 1}'])
def test_what_devices_do_not_touch_may_be_anything(front: Front, linux: str) -> None:
    bundle = front.bundle()
    asks = '"annotations": {"cdi.k8s.io/x": "cod.test/plain=a"}'
    (bundle / "config.json").write_text(f'{{{asks}, "linux": {linux}, "hooks": 5}}')
    assert front.create(bundle).returncode == 0
    assert read(bundle)["process"]["env"] == ["PLAIN_A=1"]


def fifo(bundle: Path) -> None:
    (bundle / "config.json").unlink()
    os.mkfifo(bundle / "config.json")


def link(bundle: Path) -> None:
    (bundle / "config.json").rename(bundle / "elsewhere.json")
    (bundle / "config.json").symlink_to("elsewhere.json")


def directory(bundle: Path) -> None:
    (bundle / "config.json").unlink()
    (bundle / "config.json").mkdir()


def content(text: str | bytes) -> Any:
    def change(bundle: Path) -> None:
        (bundle / "config.json").write_bytes(text if isinstance(text, bytes) else text.encode())

    return change


def annotated(value: object) -> Any:
    return content(json.dumps({"annotations": value}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda bundle: (bundle / "config.json").unlink(), "config.json cannot be read"),
        (fifo, "config.json is no file"),
        (directory, "is no file"),
        (link, "config.json is a link: it is not replaced"),
        (content(""), "the OCI spec is no JSON"),
        (content("{"), "the OCI spec is no JSON"),
        (content("{} {}"), "the OCI spec is no JSON"),
        (content('{"a": NaN}'), "the OCI spec is no JSON"),
        (content('{"a": ' + "9" * 5000 + "}"), "the OCI spec is no JSON"),
        (content(b'{"a": "\xff"}'), "the OCI spec is no JSON"),
        (content("[" * 100_000), "the OCI spec is no JSON"),
        (content("[]"), "the OCI spec is no JSON object"),
        (annotated([1]), "annotations are no texts by name"),
        (annotated({"cdi.k8s.io/x": 1}), "annotations are no texts by name"),
        (annotated({"cdi.k8s.io/x": "a"}), 'invalid CDI device name "a"'),
        (annotated({"cdi.k8s.io/x": ""}), 'invalid CDI device name ""'),
        (annotated({"cdi.k8s.io/x": "../../x=y"}), "invalid CDI device name"),
        (annotated({"cod.dev/claim": "../x"}), 'annotation cod.dev/claim: "../x" is no name'),
        (annotated({"cod.dev/claim": "none"}), "unresolvable CDI devices cod.dev/claim=none"),
        (annotated({"cod.dev/claim": "gone"}), "unresolvable CDI devices cod.dev/claim=gone"),
        (annotated({"cdi.k8s.io/x": "cod.test/plain=c"}), "did you mean cod.test/plain="),
        (content('{"annotations": {"cdi.k8s.io/x": "cod.test/plain=a"}, "process": 1}'), "is no JSON object"),
        (
            content('{"annotations": {"cdi.k8s.io/x": "cod.test/plain=a"}, "process": {"env": {}}}'),
            "is no list of strings",
        ),
        (
            content(
                '{"annotations": {"cdi.k8s.io/x": "cod.test/null=a"}, "mounts": [1],'
                '"linux": {"namespaces": [1, {"type": "user"}]}}'
            ),
            "is no list of objects",
        ),
        (
            content('{"annotations": {"cdi.k8s.io/x": "cod.test/plain=a"}, "x": 1e999}'),
            "not JSON compliant",
        ),
    ],
)
def test_what_cannot_be_is_told_to_the_engine_and_changes_nothing(
    front: Front, change: Any, words: str
) -> None:
    bundle = front.bundle(annotations=ASKS)
    change(bundle)
    before = {each.name: os.lstat(each).st_ino for each in bundle.iterdir()}
    run = front.create(bundle)
    assert (run.returncode, run.stdout) == (1, "")
    assert words in run.stderr
    assert "Traceback" not in run.stderr
    assert "bug" not in run.stderr
    assert words in messages(front)[0]
    assert {each.name: os.lstat(each).st_ino for each in bundle.iterdir()} == before


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("runtimes = [", "is no TOML"),
        ('runtimes = [\n"x"\n]', "runtimes is a line of plain names"),
        (' runtimes = ["x"]', "runtimes is a line of plain names"),
        ('"runtimes" = ["x"]', "runtimes is a line of plain names"),
        ("enviroment = {}", "it has no key 'enviroment'"),
        ("environment = 1", "environment is no table"),
        ("[environment]\nA = 1", "environment.A is no text"),
        ('[environment]\nA = "gpu"', "environment.A: invalid vendor"),
        ('spec-dirs = ["cdi"]', "begin with /"),
        ("spec-dirs = []", "spec-dirs is no list"),
    ],
)
def test_settings_that_cannot_be_read_stop_containers_and_nothing_else(
    front: Front, settings: str, words: str
) -> None:
    front.configure(settings)
    path = {"PATH": f"{front.directory}/bin:{os.environ['PATH']}"}
    (front.directory / "bin").mkdir()
    (front.directory / "bin/runc").symlink_to(front.echo)
    run = front.create(front.bundle(), environ=path)
    assert run.returncode == 1
    assert words in run.stderr
    assert front.run("delete", "x", environ=path).stdout == "delete\nx\n"


def test_settings_that_are_named_and_not_there_are_told(front: Front) -> None:
    front.settings.unlink()
    front.environ["PATH"] = f"{front.directory}:{os.environ['PATH']}"
    front.echo.rename(front.directory / "runc")
    run = front.create(front.bundle())
    assert "COD_RUNTIME_CONFIG names it" in run.stderr
    assert front.run("delete", "x").stdout == "delete\nx\n"  # what runs can still be ended


def test_a_device_that_is_gone_is_told(front: Front) -> None:
    edits = {"deviceNodes": [{"path": "/dev/nonesuch"}]}
    front.write({**PLAIN, "kind": "cod.test/gone", "devices": [{"name": "x", "containerEdits": edits}]})
    bundle = front.bundle(annotations={"cdi.k8s.io/x": "cod.test/gone=x"})
    before = everything(bundle)
    run = front.create(bundle)
    assert 'failed to stat CDI host device "/dev/nonesuch"' in run.stderr
    assert everything(bundle) == before


def test_a_real_runtime_that_cannot_run_is_told(front: Front) -> None:
    front.echo.write_bytes(b"\x7fELF")
    run = front.create(front.bundle())
    assert run.returncode == 1
    assert "the real runtime cannot be started: exec format error" in messages(front)[0]


def test_a_directory_that_cannot_be_written_leaves_the_file(front: Front) -> None:
    bundle = front.bundle(annotations=ASKS)
    before = everything(bundle)
    bundle.chmod(0o555)
    run = front.create(bundle)
    bundle.chmod(0o755)
    if os.geteuid():  # root may write anyway
        assert (run.returncode, everything(bundle)) == (1, before)


def test_without_json_the_log_has_a_line_as_runc_writes_it(front: Front) -> None:
    front.run("--log", str(front.log), "create", "-b", "/no\nwhere", "id")
    assert (
        'level=error msg="cod-runtime: there is no bundle (/no\\nwhere/config.json)' in front.log.read_text()
    )


NET = {
    "cdiVersion": "1.1.0",
    "kind": "cod.test/net",
    "devices": [
        {"name": "a", "containerEdits": {"netDevices": [{"hostInterfaceName": "veth7", "name": "eth1"}]}}
    ],
}
KNOWS = '#!/bin/sh\n[ "$1" != features ] || echo \'{"linux": {"netDevices": {"enabled": true}}}\'\n'


def test_what_the_real_runtime_would_leave_out_is_refused(front: Front) -> None:
    front.write(NET)
    bundle = front.bundle(annotations={"cdi.k8s.io/x": "cod.test/net=a"})
    before = (bundle / "config.json").read_bytes()
    run = front.create(bundle)
    assert run.returncode == 1
    assert "the network interface veth7: it does not know netDevices, and would leave it out" in run.stderr
    assert "features says what it knows; use a newer one" in front.log.read_text()
    assert (bundle / "config.json").read_bytes() == before
    front.echo.write_text(KNOWS)
    assert front.create(bundle).returncode == 0
    assert read(bundle)["linux"]["netDevices"] == {"veth7": {"name": "eth1"}}


def test_a_hook_that_is_not_told_the_runtime_gives_nothing_that_some_leave_out(front: Front) -> None:
    front.write(NET)
    config = {"ociVersion": "1.0.2", "annotations": {"cdi.k8s.io/x": "cod.test/net=a"}}
    run = front.run("cod-precreate", input=json.dumps(config))
    assert (run.returncode, run.stdout) == (1, "")
    assert "a hook is not told which runtime there is" in run.stderr
    assert "cod runtime install" in run.stderr


def test_the_log_may_be_anything(front: Front) -> None:
    fifo = front.directory / "fifo"
    os.mkfifo(fifo)
    for log in (fifo, front.directory, Path("/nonexistent/log"), Path("\n")):
        run = front.run("--log", str(log), "create", "-b", "/nowhere", "id", cwd=front.directory)
        assert (run.returncode, "there is no bundle" in run.stderr) == (1, True)


def test_the_real_runtime_starts_as_if_python_had_not_been(front: Front) -> None:
    front.echo.write_text(
        "#!/bin/sh\ngrep SigIgn /proc/self/status; env; ls -l /proc/self/fd | grep -c cod\n"
    )
    environ = {"COD_RUNTIME_CONFIG": str(front.settings), "PATH": os.environ["PATH"]}
    front.environ = environ
    run = front.create(front.bundle())
    direct = front.run("state", "x")
    assert run.stdout == direct.stdout
    assert "LC_CTYPE" not in run.stdout


@pytest.mark.parametrize(
    "devices", [["cod.test/cpu=0"], ["cod.test/cpu=1", "cod.test/plain=b", "cod.test/cpu=0"]]
)
def test_what_is_injected_is_what_the_registry_injects(front: Front, devices: list[str]) -> None:
    if not Path("/dev/cpu/1/cpuid").exists():
        pytest.skip("this machine has no two /dev/cpu/*/cpuid")
    front.write(CPU)
    time.sleep(2.1)  # what has just changed is not kept
    bundle = front.bundle(annotations={"cdi.k8s.io/x": ",".join(devices)})
    expected = Registry([front.specs]).inject(read(bundle), devices)
    for _ in range(2):  # the careful way, then what it kept
        again = front.directory / f"again-{os.urandom(3).hex()}"
        shutil.copytree(bundle, again)
        assert front.create(again).returncode == 0
        assert read(again) == expected
        assert [*front.cache.glob("runtime-specs*")]


ENGINE = """\
import subprocess, sys
print("one", file=sys.stderr, flush=True)
run = subprocess.run([sys.argv[1], "cod-precreate"], stdin=open(sys.argv[2]), stderr=subprocess.DEVNULL)
print("ended", run.returncode, file=sys.stderr)
"""


def test_a_hooks_reason_stands_in_the_file_that_its_engine_writes_to(front: Front) -> None:
    config = front.directory / "config.json"
    config.write_text('{"annotations": {"cdi.k8s.io/x": "cod.test/plain=z"}}')
    told = front.directory / "told"
    with told.open("w") as file:
        words = [sys.executable, "-c", ENGINE, str(front.program), str(config)]
        subprocess.run(words, env=front.environ, stderr=file, timeout=50, check=True)
    one, reason, ended = told.read_text().splitlines()
    assert (one, ended) == ("one", "ended 1")
    assert reason.startswith("cod-runtime: unresolvable CDI devices cod.test/plain=z")
