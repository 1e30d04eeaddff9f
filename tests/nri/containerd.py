"""A containerd of another Debian release, with places of its own, and our plugin beside it.

The releases lie in directories below `COD_ROOTS`, `/var/tmp/cod-roots` if it is not set, as debootstrap makes
them. Such a root is entered in a mount namespace of its own and stays as it is: what is written is lost.
Its /dev, /proc, /sys and /tmp are the machine's.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cod.demo import busybox
from tests.nri.cri import Cri
from tests.nri.image import write_image

ROOTS = Path(os.environ.get("COD_ROOTS") or "/var/tmp/cod-roots")
REPOSITORY = Path(__file__).parents[2]
IMAGE = "localhost/cod/busybox:1"
REQUEST_TIMEOUT = 2.0

_ENTER = """
set -e
mount -t tmpfs tmpfs "$PLACE"; cd "$PLACE"; mkdir upper work root
mount -t overlay -o "lowerdir=$ROOT,upperdir=upper,workdir=work" overlay root; cd root
for each in proc sys dev tmp; do mount --rbind "/$each" "$each"; done
[ -e etc/hosts ] || echo '127.0.0.1 localhost' > etc/hosts
mkdir old; pivot_root . old; cd /; umount -l old
exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
"""

_UNSHARE = ("unshare", "-m", "--propagation", "private", "bash", "-c", _ENTER, "enter")

_CRI = {
    1: """
[plugins.'io.containerd.grpc.v1.cri']
sandbox_image = '{image}'
{cri}
""",
    2: """
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = '{image}'
[plugins.'io.containerd.cri.v1.runtime']
{cri}
""",
}

_CONFIG = """
version = {version}
root = '{directory}/root'
state = '{directory}/state'
[grpc]
address = '{directory}/cd.sock'
[ttrpc]
address = '{directory}/cd.ttrpc'
[debug]
level = 'info'
[plugins.'io.containerd.nri.v1.nri']
disable = false
socket_path = '{directory}/nri.sock'
plugin_path = '{directory}/plugins'
plugin_config_path = '{directory}/conf.d'
plugin_request_timeout = '{timeout:g}s'
"""


def why_no_containerd(release: str) -> str:
    """Why containerd of a release cannot be started here; "" where it can."""
    if os.geteuid() != 0:
        return "only root can start containerd"
    if not (ROOTS / release / "usr/bin/containerd").exists():
        return f"no {ROOTS / release} with containerd (debootstrap {release}, apt-get install containerd)"
    return "" if busybox() is not None else "busybox-static not installed"


class Containerd:
    """A daemon that was started; its log is `log`."""

    def __init__(self, release: str) -> None:
        self.root = ROOTS / release
        self.directory = Path(tempfile.mkdtemp(prefix="cod-nri-", dir="/tmp"))
        self.specs = self.directory / "cdi"
        self.log = self.directory / "containerd.log"
        self.nri = self.directory / "nri.sock"
        for name in ("cdi", "plugins", "conf.d", "enter"):
            (self.directory / name).mkdir()
        self._configure()
        self.cri = Cri(self.directory / "cd.sock", self.directory / "logs")
        try:
            self.start()
            self._import_image()
        except BaseException:
            self.close()
            raise

    def _import_image(self) -> None:
        archive = self.directory / "image.tar"
        program = busybox()
        assert program is not None
        write_image(archive, IMAGE, program)
        self.ctr("images", "import", str(archive))

    def _configure(self) -> None:
        version = subprocess.run(
            ["chroot", str(self.root), "/usr/bin/containerd", "--version"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()[2]
        major = int(version.removeprefix("v").partition(".")[0])
        cri = (
            "restrict_oom_score_adj = true\ndisable_apparmor = true\nenable_cdi = true\n"
            f"cdi_spec_dirs = ['{self.specs}']"
        )
        text = _CONFIG + _CRI[major]
        (self.directory / "config.toml").write_text(
            text.format(
                version=major + 1, directory=self.directory, image=IMAGE, cri=cri, timeout=REQUEST_TIMEOUT
            )
        )

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "unshare",
                    "-m",
                    "--propagation",
                    "private",
                    "bash",
                    "-c",
                    _ENTER,
                    "enter",
                    "containerd",
                    "-c",
                    str(self.directory / "config.toml"),
                ],
                env={**os.environ, "ROOT": str(self.root), "PLACE": str(self.directory / "enter")},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self._is_up, 60)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)

    def close(self) -> None:
        self.cri.close()
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def inside(self, *words: str) -> str:
        return subprocess.run(
            self._inside(*words), check=True, capture_output=True, text=True, timeout=60
        ).stdout

    def ctr(self, *words: str) -> str:
        """What `ctr` prints for the containers of CRI."""
        return self.inside("ctr", "-a", str(self.directory / "cd.sock"), "-n", "k8s.io", *words)

    def _is_up(self) -> bool:
        assert self._process.poll() is None, self.log.read_text()
        return self.cri.is_up()

    def _inside(self, *words: str) -> list[str]:
        return ["nsenter", "-t", str(self._process.pid), "-m", "-r", "-w", "/usr/bin/env", *words]


class Served:
    """`cod nri serve`, started; what it tells is in `log`."""

    def __init__(self, containerd: Containerd, *words: str) -> None:
        self.log = containerd.directory / f"plugin-{os.urandom(3).hex()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "cod",
                    "nri",
                    "serve",
                    "--socket",
                    str(containerd.nri),
                    "--spec-dir",
                    str(containerd.specs),
                    *words,
                ],
                env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "COD_CACHE": "off"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> Served:
        self.wait_for("registered with containerd")
        # It takes part once the runtime has synchronized it, which is right after that.
        time.sleep(0.3)
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        self.process.wait(10)

    def told(self) -> str:
        return self.log.read_text()

    def wait_for(self, text: str, times: int = 1) -> None:
        def there() -> bool:
            assert self.process.poll() is None, self.told()
            return self.told().count(text) >= times

        until(there, 20)


def until(condition: Callable[[], object], seconds: float) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


def needs_containerd(release: str) -> pytest.MarkDecorator:
    reason = why_no_containerd(release)
    return pytest.mark.skipif(bool(reason), reason=reason)
