"""`cod spec generate`, `diff` and `validate`: specs on disk, and whether they are still right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from cod.cdi.load import read
from cod.cdi.registry import Registry
from tests.cli.lab import Lab, Run
from tests.machines.board import VERSION

FILE = "example.com-gpu.yaml"
ONLY = ("--driver", "board.example.com")


def generate(lab: Lab, *words: str) -> Run:
    return lab.cod("spec", "generate", *ONLY, "--output", str(lab.specs), *words)


def test_specs_are_printed_as_documents_with_what_they_were_made_from(lab: Lab) -> None:
    lab.tree.node("/dev/kvm", 10, 232)
    run = lab.cod("spec", "generate", *ONLY, "--driver", "generic")
    assert run.returncode == 0
    kvm, gpu = yaml.safe_load_all(run.stdout)
    assert kvm["kind"] == "cod.dev/kvm"
    assert gpu["annotations"] == {
        "cod.dev/boot": "0b7e3f6a-0000-4000-8000-000000000000",
        "cod.dev/driver": "board.example.com",
        "cod.dev/driver-version": "535.104.5",
        "cod.dev/kernel": "6.1.0-18-amd64",
    }
    assert [each["name"] for each in gpu["devices"]] == ["0", "0:0", "1", "BOARD-0", "BOARD-1", "all"]
    assert "note: left out of example.com/gpu: 0:1, 0:2, 0:3 and 4 more: it is not made yet" in run.stderr


def test_a_driver_that_failed_makes_the_answer_no_unless_it_was_not_asked(lab: Lab) -> None:
    assert lab.cod("spec", "generate").returncode == 1
    assert lab.cod("spec", "generate", *ONLY).returncode == 0


def test_for_old_runtimes_the_annotations_are_left_out(lab: Lab) -> None:
    run = lab.cod("spec", "generate", *ONLY, "--no-annotations")
    assert run.stdout.startswith("---\ncdiVersion: 0.5.0\nkind: example.com/gpu\ndevices:\n")


def test_files_are_written_and_then_unchanged(lab: Lab) -> None:
    path = lab.specs / FILE
    run = generate(lab)
    assert (run.returncode, run.stdout) == (0, f"written    {path}\n")
    assert path.stat().st_mode & 0o777 == 0o644
    assert Registry([lab.specs]).find("example.com/gpu=all") is not None
    before = path.stat().st_mtime_ns
    assert generate(lab).stdout == f"unchanged  {path}\n"
    assert path.stat().st_mtime_ns == before
    assert [each.name for each in lab.specs.iterdir()] == [FILE]


def test_what_is_generated_is_what_is_printed(lab: Lab) -> None:
    generate(lab)
    assert (lab.specs / FILE).read_text() == lab.cod("spec", "generate", *ONLY).stdout


def test_where_another_file_has_the_devices_already_none_is_written(lab: Lab) -> None:
    generate(lab)
    theirs = (lab.specs / FILE).rename(lab.specs / "board.yaml")
    run = generate(lab)
    assert (run.returncode, run.stdout) == (1, f"refused    {lab.specs / FILE}\n")
    assert f"{theirs} has devices of example.com/gpu, too (0, 0:0, 1 …)" in run.stderr
    assert not (lab.specs / FILE).exists()
    run = generate(lab, "--force")
    assert (run.returncode, run.stdout) == (0, f"written    {lab.specs / FILE}\n")
    assert str(theirs) in run.stderr


@pytest.mark.parametrize("text", ["", "cdiVersion: 0.3.0\nkind: example.com/gpu\ndevices: []\n"])
def test_a_file_that_others_made_is_not_replaced_without_force(lab: Lab, text: str) -> None:
    lab.specs.mkdir()
    (lab.specs / FILE).write_text(text)
    run = generate(lab)
    assert (run.returncode, run.stdout) == (1, f"refused    {lab.specs / FILE}\n")
    assert "--force replaces it" in run.stderr
    assert (lab.specs / FILE).read_text() == text
    assert generate(lab, "--force").returncode == 0
    assert read(lab.specs / FILE).kind == "example.com/gpu"


def test_a_file_of_a_kind_that_is_gone_is_told_and_removed_only_if_asked(lab: Lab) -> None:
    lab.tree.node("/dev/kvm", 10, 232)
    words = ("spec", "generate", "--driver", "generic", "--output", str(lab.specs))
    generate(lab)
    lab.cod(*words)
    (lab.tree.root / "dev/kvm").unlink()
    path = lab.specs / "cod.dev-kvm.yaml"
    run = lab.cod(*words)
    assert (run.stdout, path.exists()) == ("", True)
    assert "--prune removes it" in run.stderr
    assert lab.cod(*words, "--prune").stdout == f"removed    {path}\n"
    assert [each.name for each in lab.specs.iterdir()] == [FILE]


def test_what_cannot_be_written_is_3(lab: Lab) -> None:
    lab.specs.write_text("no directory")
    run = generate(lab)
    assert (run.returncode, run.stdout) == (3, "")
    assert str(lab.specs) in run.stderr


@pytest.mark.parametrize("option", ["--force", "--prune"])
def test_options_for_files_want_a_directory(lab: Lab, option: str) -> None:
    assert lab.cod("spec", "generate", option).returncode == 2


def test_that_there_is_nothing_to_write_is_told(lab: Lab) -> None:
    run = lab.cod("spec", "generate", "--driver", "generic", "--output", str(lab.specs))
    assert (run.returncode, run.stdout) == (0, "")
    assert run.stderr.endswith("no devices; what was looked for: cod driver list\n")
    assert not lab.specs.exists()


def test_an_empty_directory_name_is_misuse_and_not_the_working_directory(lab: Lab) -> None:
    run = lab.cod("spec", "generate", "--output", "")
    assert (run.returncode, run.stdout) == (2, "")
    assert "error: --output names no directory" in run.stderr


def test_a_spec_just_made_is_not_stale_and_differs_in_nothing(lab: Lab) -> None:
    generate(lab)
    run = lab.cod("spec", "validate")
    assert (run.returncode, run.stdout, "stale" in run.stderr) == (0, "", False)
    assert lab.cod("spec", "diff", *ONLY).stdout == ""
    assert lab.cod("spec", "diff", *ONLY).returncode == 0


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        (VERSION, "550.54.15\n", "made with driver 535.104.5, this machine has 550.54.15; try"),
        ("/proc/sys/kernel/osrelease", "6.6\n", "made with kernel 6.1.0-18-amd64, this machine has 6.6; try"),
        ("/proc/sys/kernel/random/boot_id", "other\n", "made before this machine was last started; try"),
    ],
)
def test_a_spec_made_before_a_change_is_stale_and_sound(lab: Lab, path: str, text: str, told: str) -> None:
    generate(lab)
    lab.tree.file(path, text)
    run = lab.cod("spec", "validate")
    spec = lab.specs / FILE
    assert run.returncode == 0
    assert run.stdout.startswith(f"{spec}: stale: {told}")
    assert run.stdout.endswith(f"; try: cod spec generate --output {lab.specs}\n")
    assert run.stderr.endswith("1 file checked, none with errors, 1 stale\n")
    (verdict,) = json.loads(lab.cod("spec", "validate", "-o", "json").stdout)
    assert verdict["valid"]
    assert verdict["stale"][0]["now"] == text.strip()
    assert lab.cod("spec", "validate", "-o", "name").stdout == ""
    generate(lab)
    assert lab.cod("spec", "validate").stdout == ""


def test_a_spec_of_a_kind_that_is_gone_is_stale_but_not_where_its_driver_failed(lab: Lab) -> None:
    generate(lab)
    spec = lab.specs / FILE
    spec.write_text(spec.read_text().replace("example.com/gpu", "example.com/old"))
    told = lab.cod("spec", "validate").stdout
    assert "stale: made by driver board.example.com, which finds no such device on this machine" in told
    assert told.endswith(" --prune\n")
    spec.write_text(spec.read_text().replace("driver: board.example.com", "driver: broken"))
    assert lab.cod("spec", "validate").stdout == ""


def test_nothing_is_said_of_files_that_cod_did_not_make(lab: Lab) -> None:
    generate(lab, "--no-annotations")
    lab.tree.file(VERSION, "550\n")
    run = lab.cod("spec", "validate")
    assert (run.stdout, "warning" in run.stderr) == ("", False)  # no driver was asked: one would have failed


def test_diff_compares_the_spec_directories_with_what_would_be_made_now(lab: Lab) -> None:
    generate(lab)
    lab.tree.file(VERSION, "550\n")
    assert lab.cod("spec", "diff", *ONLY).returncode == 0  # annotations apart
    lab.tree.node("/dev/board0p1", 240, 6)
    run = lab.cod("spec", "diff", *ONLY)
    assert run.returncode == 1
    assert run.stdout.startswith(f"--- {lab.specs / FILE}\n+++ generated now\n")
    assert '+    - name: "0:1"\n' in run.stdout
    assert lab.cod("spec", "diff", *ONLY, str(lab.specs)).stdout == run.stdout
    assert lab.cod("spec", "diff", *ONLY, str(lab.specs / FILE)).stdout == run.stdout


def test_diff_shows_what_is_not_on_disk_and_what_is_gone(lab: Lab) -> None:
    run = lab.cod("spec", "diff", *ONLY)
    assert run.returncode == 1
    assert run.stdout.startswith("--- /dev/null\n+++ generated now\n")
    generate(lab)
    for number in range(3):
        (lab.tree.root / f"sys/bus/pci/devices/0000:3{number}:00.0").unlink()
    run = lab.cod("spec", "diff", *ONLY)
    assert run.returncode == 1
    assert run.stdout.startswith(f"--- {lab.specs / FILE}\n+++ /dev/null\n")


def test_diff_takes_no_more_than_two_files(lab: Lab) -> None:
    assert lab.cod("spec", "diff", "a", "b", "c").returncode == 2
    assert lab.cod("spec", "diff", "absent.yaml").returncode == 3


def test_a_simulated_machine_has_specs_too(lab: Lab, tmp_path: Path) -> None:
    directory = tmp_path / "sim"
    words = ("--driver", "sim", "--host", "sim:2gpu", "--output", str(directory))
    assert lab.cod("spec", "generate", *words).stdout == f"written    {directory / 'sim.cod.dev-gpu.yaml'}\n"
