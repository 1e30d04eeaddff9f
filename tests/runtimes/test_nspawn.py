"""`cod run -- systemd-nspawn`."""

from __future__ import annotations

from pathlib import Path

import pytest

from cod.cdi.spec import ContainerEdits, DeviceNode, Mount
from cod.errors import Misuse
from cod.prepare import Prepared
from cod.runtimes.nspawn import read_nspawn
from tests.runtimes.stand_in import stand_in

HELP = """\
  -q --quiet                Do not show status information
     --settings=BOOLEAN     Load additional settings from .nspawn file
  -D --directory=PATH       Root directory for the container
  -M --machine=NAME         Set the machine name for the container
     --volatile[=MODE]      Run the system in volatile mode
"""


@pytest.mark.parametrize(
    ("line", "is_taken"),
    [
        ("systemd-nspawn -qD {}/root.raw sh", False),
        ("systemd-nspawn --directory {}/root/ sh -D /x", False),
        ("systemd-nspawn --settings=override -D /x sh", False),
        ("systemd-nspawn --settings=no -D {}/root sh", True),
        ("systemd-nspawn -D /x sh -D {}/root", True),
        ("systemd-nspawn -D {}/other sh", True),
    ],
)
def test_settings_that_would_be_lost_or_win_are_refused(tmp_path: Path, line: str, is_taken: bool) -> None:
    (tmp_path / "root.nspawn").write_text("[Exec]\n Environment = A=b\n")
    (tmp_path / "other.nspawn").write_text("[Network]\nPrivate=no\n")
    argv = tuple(line.format(tmp_path).split())
    environ = stand_in(tmp_path / "bin", "systemd-nspawn", help=HELP)
    if is_taken:
        assert read_nspawn(argv, environ)
    else:
        with pytest.raises(Misuse, match="settings"):
            read_nspawn(argv, environ)


def test_the_devices_come_before_the_users_options(tmp_path: Path) -> None:
    odd = tmp_path / "a:b"
    odd.touch()
    edits = ContainerEdits(
        env=("A=b c",),
        device_nodes=(DeviceNode(path="/dev/mine", host_path="/dev/null"),),
        mounts=(
            Mount(str(odd), "/c:d", ("ro", "nosuid", "nodev", "rbind", "rprivate")),
            Mount("/etc", "/e", ("rw", "bind")),
        ),
    )
    command = read_nspawn(
        ("systemd-nspawn", "-D", "/r", "sh"), stand_in(tmp_path, "systemd-nspawn", help=HELP)
    )
    launch = command.launch(Prepared("n", edits, None), tmp_path)
    assert launch.argv == (
        *("systemd-nspawn", "--setenv=A=b c", f"--bind-ro={tmp_path}/a\\:b:/c\\:d", "--bind=/etc:/e:norbind"),
        *("--bind=/dev/null:/dev/mine", "-D", "/r", "sh"),
    )
