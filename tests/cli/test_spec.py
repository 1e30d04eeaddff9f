"""`cod spec` as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cod.cdi.build import build

KIND = "vendor.com/gpu"
CONFIG = '{"ociVersion": "1.0.2", "vendorField": 1, "process": {"env": ["PATH=/bin"]}}'
FLAWED = """\
cdiVersion: 0.3.0
kind: vendor.com/nic
devices:
- name: a
  containerEdits:
    env: [FOO]
    mount: []
- name: a/b
  containerEdits:
    env: ["A=b"]
"""


def cod(*words: str, stdin: str | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cod", *words],
        env={**os.environ, "COD_CACHE": "off", **environ},
        capture_output=True,
        text=True,
        check=False,
        input=stdin,
    )


@pytest.fixture
def specs(tmp_path: Path) -> str:
    spec = build(KIND)
    for name in ("gpu0", "gpu1"):
        spec.device(name).env("GPU", name).node("/dev/null")
    spec.write(tmp_path / "cdi", "gpu.json")
    return str(tmp_path / "cdi")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(CONFIG)
    path.chmod(0o640)
    return path


def test_devices_are_listed_with_their_files(specs: str) -> None:
    table = cod("spec", "devices", "--spec-dir", specs).stdout
    assert table.splitlines() == [
        "NAME                  SPEC",
        f"{KIND}=gpu0   {specs}/gpu.json",
        f"{KIND}=gpu1   {specs}/gpu.json",
    ]
    names = cod("spec", "devices", "-o", "name", COD_SPEC_DIRS=specs).stdout
    assert names == f"{KIND}=gpu0\n{KIND}=gpu1\n"
    listed = json.loads(cod("spec", "devices", "-o", "json", COD_SPEC_DIRS=specs).stdout)
    assert listed[0] == {"name": f"{KIND}=gpu0", "spec": f"{specs}/gpu.json", "priority": 0}
    assert "/dev/null" in cod("spec", "devices", "-o", "wide", COD_SPEC_DIRS=specs).stdout


@pytest.mark.parametrize("what", [KIND, f"{KIND}=gpu0", "FILE"])
def test_a_spec_is_shown_by_kind_by_device_and_by_file(specs: str, what: str) -> None:
    run = cod("spec", "show", what.replace("FILE", f"{specs}/gpu.json"), "-o", "json", COD_SPEC_DIRS=specs)
    assert json.loads(run.stdout)["kind"] == KIND


@pytest.mark.parametrize(
    "words",
    [
        ("spec", "devices"),
        ("spec", "devices", "-o", "json"),
        ("spec", "devices", "-o", "yaml"),
        ("spec", "diff"),
        ("spec", "show", f"{KIND}=gpu0"),
        ("spec", "list", "-o", "json"),
        ("spec", "validate"),
        ("spec", "validate", "-o", "json"),
    ],
)
def test_odd_names_of_files_neither_break_a_command_nor_reach_the_terminal(
    specs: str, words: tuple[str, ...]
) -> None:
    directory = os.fsencode(specs)
    Path(specs, "gpu.json").rename(os.fsdecode(directory + b"/\xff.json"))
    Path(os.fsdecode(directory + b"/\xfe\x1b[31m.yaml")).write_text("x")
    run = cod(*words, COD_SPEC_DIRS=specs)
    assert run.returncode in (0, 1)
    assert "\x1b" not in run.stdout + run.stderr
    assert "bug" not in run.stderr


def test_where_a_file_is_broken_it_says_how_to_check_just_its_directory(specs: str, tmp_path: Path) -> None:
    (Path(specs) / "broken.json").write_text("{")
    run = cod("spec", "list", "--spec-dir", str(tmp_path / "none"), "--spec-dir", specs)
    assert run.returncode == 0
    assert run.stderr.endswith(f"  try: cod spec validate {specs}\n")


def test_specs_are_listed_and_broken_ones_are_told_on_stderr(specs: str) -> None:
    Path(specs, "bad.yaml").write_text(FLAWED)
    run = cod("spec", "list", "-o", "wide", COD_SPEC_DIRS=specs)
    assert run.returncode == 0
    assert run.stdout.splitlines()[1].split() == [KIND, "2", "0.3.0", "0", f"{specs}/gpu.json"]
    assert "bad.yaml" in run.stderr


def test_validate_shows_every_flaw_with_its_line_and_a_caret(specs: str) -> None:
    Path(specs, "bad.yaml").write_text(FLAWED)
    run = cod("spec", "validate", COD_SPEC_DIRS=specs)
    assert run.returncode == 1
    assert run.stderr == "2 files checked, 1 with errors\n"
    assert f"--> {specs}/bad.yaml:6:11\n" in run.stdout
    assert "6 |     env: [FOO]\n  |           ^ devices[0].containerEdits.env[0]\n" in run.stdout
    for rule in ("env", "unknown-field", "device-name"):
        assert f"error[{rule}]: " in run.stdout
        assert "why:" in cod("explain", rule).stdout


def test_validate_reads_standard_input_and_answers_in_json() -> None:
    run = cod("spec", "validate", "-", "-o", "json", stdin=FLAWED)
    assert run.returncode == 1
    (verdict,) = json.loads(run.stdout)
    assert not verdict["valid"]
    assert [problem["line"] for problem in verdict["problems"]] == [7, 6, 8]


def test_validate_tells_two_files_that_offer_the_same_device(specs: str) -> None:
    Path(specs, "twin.json").write_bytes(Path(specs, "gpu.json").read_bytes())
    run = cod("spec", "validate", specs)
    assert run.returncode == 1
    assert f'conflicting device "{KIND}=gpu0"' in run.stdout


def test_validate_of_sound_files_is_0_and_prints_nothing(specs: str) -> None:
    run = cod("spec", "validate", f"{specs}/gpu.json", "--schema")
    assert (run.returncode, run.stdout) == (0, "")


@pytest.mark.parametrize("source", ["FILE", "-"])
def test_inject_prints_a_config_that_a_runtime_takes(specs: str, config: Path, source: str) -> None:
    words = ("spec", "inject", source.replace("FILE", str(config)), f"{KIND}=gpu0")
    run = cod(*words, stdin=CONFIG if source == "-" else None, COD_SPEC_DIRS=specs)
    made = json.loads(run.stdout)
    assert made["vendorField"] == 1
    assert made["process"]["env"] == ["PATH=/bin", "GPU=gpu0"]
    assert made["linux"]["devices"][0]["path"] == "/dev/null"
    assert config.read_text() == CONFIG


def test_inject_in_place_replaces_the_file_and_keeps_its_mode(specs: str, config: Path) -> None:
    run = cod("spec", "inject", "--in-place", str(config), f"{KIND}=gpu1", COD_SPEC_DIRS=specs)
    assert (run.returncode, run.stdout) == (0, "")
    assert "GPU=gpu1" in json.loads(config.read_text())["process"]["env"]
    assert config.stat().st_mode & 0o777 == 0o640


def test_inject_diff_shows_what_would_change_and_changes_nothing(specs: str, config: Path) -> None:
    run = cod("spec", "inject", "--diff", str(config), f"{KIND}=gpu1", COD_SPEC_DIRS=specs)
    assert '+      "GPU=gpu1"' in run.stdout
    assert config.read_text() == CONFIG


def test_inject_of_an_unknown_device_is_1_and_names_the_nearest_and_the_directories(
    specs: str, config: Path
) -> None:
    run = cod("spec", "inject", "--in-place", str(config), f"{KIND}=gpu7", COD_SPEC_DIRS=specs)
    assert (run.returncode, run.stdout) == (1, "")
    assert f"unresolvable CDI devices {KIND}=gpu7" in run.stderr
    assert f"nearest: {KIND}=gpu" in run.stderr
    assert specs in run.stderr
    assert config.read_text() == CONFIG


@pytest.mark.parametrize("broken", ["", "null", "[1]", "{", '{"process": []}'])
def test_inject_into_what_is_no_config_is_refused(specs: str, config: Path, broken: str) -> None:
    config.write_text(broken)
    run = cod("spec", "inject", str(config), f"{KIND}=gpu0", COD_SPEC_DIRS=specs)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("error: the OCI spec")


def test_validate_passes_over_spec_directories_that_do_not_exist(specs: str) -> None:
    run = cod("spec", "validate", COD_SPEC_DIRS=f"{specs}/absent:{specs}")
    assert (run.returncode, run.stderr) == (0, "1 file checked, none with errors\n")


def test_validate_of_a_file_that_is_not_there_is_3(specs: str) -> None:
    run = cod("spec", "validate", f"{specs}/gpu.json", f"{specs}/none.json")
    assert run.returncode == 3
    assert "none.json: no such file or directory" in run.stdout


def test_a_file_that_is_not_there_is_3(specs: str) -> None:
    run = cod("spec", "inject", f"{specs}/none.json", f"{KIND}=gpu0", COD_SPEC_DIRS=specs)
    assert run.returncode == 3
    assert "no such file or directory" in run.stderr


def test_diff_compares_what_specs_say_and_not_how(specs: str, tmp_path: Path) -> None:
    shown = cod("spec", "show", f"{specs}/gpu.json").stdout
    (tmp_path / "same.yaml").write_text(shown)
    (tmp_path / "other.yaml").write_text(shown.replace("gpu1", "gpu2"))
    assert cod("spec", "diff", f"{specs}/gpu.json", str(tmp_path / "same.yaml")).returncode == 0
    run = cod("spec", "diff", f"{specs}/gpu.json", str(tmp_path / "other.yaml"))
    assert run.returncode == 1
    assert "+    - name: gpu2" in run.stdout


def test_the_shell_completes_device_names(specs: str) -> None:
    words = f"cod spec inject --spec-dir {specs} config.json {KIND}=gpu"
    run = cod(_COD_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD="6")
    assert f"plain,{KIND}=gpu0" in run.stdout


@pytest.mark.parametrize("verb", ["list", "devices", "show", "generate", "validate", "inject", "diff"])
def test_every_command_has_help(verb: str) -> None:
    assert cod("spec", verb, "--help").returncode == 0
