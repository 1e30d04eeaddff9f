"""The driver in `examples/driver` is what its page shows, installs as a package, and works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from cod.cli.main import COMMANDS

REPOSITORY = Path(__file__).parents[1]
EXAMPLE = REPOSITORY / "examples" / "driver"
PAGE = (REPOSITORY / "docs" / "write-a-driver.md").read_text()

_SHOWN = re.compile(r"\.\./examples/driver/(\S+)\)\n\n```\w+\n(.*?)```", re.DOTALL)


def run(*words: object, **environ: str) -> str:
    """What a program prints, in an environment that knows nothing of this checkout."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COD_"))}
    done = subprocess.run(
        [*map(str, words)],
        env={**inherited, **environ},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with COD and the example, both built here; no package comes from the network."""
    pytest.importorskip("hatchling", reason="hatchling is absent")
    pytest.importorskip("ensurepip", reason="ensurepip is absent")
    place = tmp_path_factory.mktemp("driver") / "venv"
    run(sys.executable, "-m", "venv", place)
    packages = sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)})
    # What COD depends on, and hatchling, which builds it, are those of the environment that runs this test.
    ours = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    lines = (f"import site; site.addsitedir({path!r})\n" for path in ours)
    (Path(packages) / "ours.pth").write_text("".join(lines))
    pip = (place / "bin" / "pip", "install", "--no-index", "--no-deps", "--no-build-isolation")
    run(*pip, "--force-reinstall", REPOSITORY, EXAMPLE)
    return place


def test_the_page_shows_the_files_as_they_are() -> None:
    shown = dict(_SHOWN.findall(PAGE))
    assert set(shown) == {path.name for path in EXAMPLE.iterdir() if path.is_file()}
    for name, text in shown.items():
        assert text == (EXAMPLE / name).read_text()


def test_the_driver_is_tested_on_a_recorded_machine_as_the_page_says(tmp_path: Path) -> None:
    words = (
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--basetemp",
        tmp_path / "t",
        EXAMPLE,
    )
    environ = {"PYTHONPATH": f"{REPOSITORY / 'src'}:{EXAMPLE}", "PYTHONDONTWRITEBYTECODE": "1"}
    assert "1 passed" in run(*words, **environ)


def test_installed_it_is_one_of_the_drivers_and_its_class_can_be_asked_for(venv: Path) -> None:
    code = "from cod.drivers import discover; from cod.host import open_host; f = discover(open_host('/')); "
    code += (
        "print([each.driver for each in f.reports][-1], [each.name for each in f.classes][-1], f.failures)"
    )
    shown = run(venv / "bin" / "python", "-c", code)
    assert shown == "loop.example.com loop.example.com ()\n"
    where = "import cod, cod_example_driver; print(cod.__file__, cod_example_driver.__file__)"
    assert all(path.startswith(str(venv)) for path in run(venv / "bin" / "python", "-c", where).split())


def test_cod_hands_out_its_devices(venv: Path, tmp_path: Path) -> None:
    free = [
        each for each in Path("/sys/class/block").glob("loop?") if not (each / "loop/backing_file").exists()
    ]
    if not any(Path("/dev", each.name).is_block_device() for each in free):
        pytest.skip("a free loop device is absent")
    environ = {"COD_LEDGER": str(tmp_path / "ledger.db"), "COD_SPEC_DIRS": str(tmp_path / "cdi")}
    shown = run(venv / "bin" / "cod", "run", "-d", "loop.example.com", "--", "env", **environ)
    assert re.search(r"^COD_DEVICES=example\.com/loop=loop\d+$", shown, re.MULTILINE)
    assert "venv/bin/cod run -d loop.example.com -- env\n…\nCOD_DEVICES=example.com/loop=loop0\n" in PAGE


@pytest.mark.skipif("driver" not in COMMANDS, reason="`cod driver` is absent")
def test_cod_shows_it_among_the_drivers(venv: Path) -> None:
    shown = run(venv / "bin" / "cod", "driver", "show", "loop.example.com")
    assert shown.startswith("loop.example.com\n  looks for  block devices loop0, loop1 …\n")
