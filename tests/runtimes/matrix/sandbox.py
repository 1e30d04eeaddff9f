"""A throw-away copy of a machine: of this one, or of a Debian release below `COD_ROOTS`.

`tools/setup roots RELEASE` makes the releases. A sandbox is an overlay on one of them, in namespaces of its
own for mounts, processes and the network; so tests use the places that users use, such as `/etc/cdi`, and
whatever was started or written is gone with the sandbox. `/dev`, `/sys` and the kernel are the machine's.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, cast

from tests.runtimes.machine import why_no
from tests.runtimes.matrix.daemon import Daemon

REPOSITORY = Path(__file__).parents[3]
ROOTS = Path(os.environ.get("COD_ROOTS") or "/var/tmp/cod-roots")
HOST = "host"

USER = 54321  # who has no rights

T = TypeVar("T")
Run = subprocess.CompletedProcess[str]

# It tells its number as the tests see it, and ends with its input.
_ENTER = """
set -e
read -r pid _ < /proc/self/stat
mount -t tmpfs tmpfs "$PLACE"
cd "$PLACE"
mkdir upper work root
mount -t overlay -o "lowerdir=$ROOT,upperdir=upper,workdir=work" overlay root
cd root
mount -t proc proc proc
for each in dev sys; do mount --rbind "/$each" "$each"; done
if [ "$VIEW" ]; then umount -R sys/fs/cgroup; mount -t cgroup2 cgroup2 sys/fs/cgroup; fi
for each in run tmp dev/shm var/lib/containers var/lib/containerd var/lib/docker; do
    mkdir -p "$each"
    mount -t tmpfs tmpfs "$each"
done
for each in $SHARED; do
    mkdir -p ".$each"
    mount --rbind "$each" ".$each"
done
[ -e etc/hosts ] || echo '127.0.0.1 localhost' > etc/hosts
mkdir old
pivot_root . old
cd /
umount -l old
echo "$pid"
read -r _ || :
"""
_MAKE_USER = f"""
mount -t tmpfs tmpfs /dev/cpu
for each in 0 1; do mkdir "/dev/cpu/$each"; mknod -m 666 "/dev/cpu/$each/cpuid" c 203 "$each"; done
echo 'ada:x:{USER}:{USER}::/home/ada:/bin/sh' >> /etc/passwd
echo 'ada:x:{USER}:' >> /etc/group
for each in /etc/subuid /etc/subgid; do echo ada:100000:65536 > "$each"; done
mkdir -p /home/ada /run/user/{USER}
mount -t tmpfs tmpfs /home/ada
chown {USER}:{USER} /home/ada /run/user/{USER}
"""
_SETPRIV = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups")
_OWN_PIPE = '{ "$@" 2>&1 >&3 3>&- | cat >&2; } 3>&1'  # that of the tests is root's, and no user can open it
_UNSHARE = ("unshare", "--mount", "--pid", "--net", "--fork", "--propagation", "private")


def root_of(release: str) -> Path:
    """The directory of a release; `host` is this machine."""
    return Path("/") if release == HOST else ROOTS / release


def why_no_sandbox(release: str) -> str:
    """Why there can be none of a release, in one line; "" where there can."""
    if reason := why_no("unshare", "nsenter", "busybox"):
        return reason
    if release != HOST and not (root_of(release) / "etc/cod-packages").exists():
        return f"no {root_of(release)}: tools/setup roots {release}"
    return ""


def codename(release: str) -> str:
    """What a release calls itself: `bookworm` for a host that is Debian 12."""
    if not (file := root_of(release) / "etc/os-release").exists():
        return release
    text = file.read_text()
    names = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return (names.get("VERSION_CODENAME") or names.get("ID", "")).strip('"')


class Sandbox:
    """A machine that was started; `pid` is its first process, which ends with `close`.

    In a view it sees nothing of cgroup v1, whose controllers may be missing then: so a newer system looks.
    `claims` is where the CDI specs of claims lie.
    """

    def __init__(self, release: str, view: str = "") -> None:
        self.release = release
        self._place = tempfile.mkdtemp(prefix="cod-sandbox-")
        shared = [REPOSITORY, *([sys.base_prefix] if release == HOST else [])]
        self._init = subprocess.Popen(
            [*_UNSHARE, "bash", "-c", _ENTER, "sandbox"],
            env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "ROOT": str(root_of(release)),
                "PLACE": self._place,
                "SHARED": " ".join(map(str, shared)),
                "VIEW": view,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._init.stdout is not None
        said = self._init.stdout.readline()
        assert said, f"no sandbox of {release}"
        self.pid = int(said)
        self.environ = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "USER": "root",
            "TERM": "dumb",
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(REPOSITORY / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.claims = "/var/run/cdi"
        self._become: tuple[str, ...] = ()
        self._engines: dict[object, object] = {}
        self._versions: dict[str, str] = {}

    def engine(self, start: Callable[[Sandbox], T]) -> T:
        """What this makes of the sandbox, such as a daemon; it is made once."""
        if start not in self._engines:
            self._engines[start] = start(self)
        return cast(T, self._engines[start])

    def become_user(self) -> None:
        """From now on a user without rights runs all commands; they may open what is below `/dev/cpu`."""
        self.do("sh", "-ec", _MAKE_USER)
        above = {*Path(sys.base_prefix).parents, *REPOSITORY.parents}
        self.run("chmod", "a+x", *map(str, above))
        self._become = (*_SETPRIV, "bash", "-o", "pipefail", "-c", _OWN_PIPE, "bash")
        self.environ |= {"HOME": "/home/ada", "USER": "ada", "XDG_RUNTIME_DIR": f"/run/user/{USER}"}
        self.claims = f"/run/user/{USER}/cdi"

    @property
    def has_user(self) -> bool:
        """Whether a user without rights runs all commands."""
        return bool(self._become)

    @contextmanager
    def as_root(self) -> Iterator[None]:
        """Meanwhile root runs all commands."""
        become, self._become = self._become, ()
        try:
            yield
        finally:
            self._become = become

    def close(self) -> None:
        """End all of its processes."""
        assert self._init.stdin is not None
        self._init.stdin.close()
        self._init.wait(20)
        shutil.rmtree(self._place, ignore_errors=True)

    def path(self, path: str) -> Path:
        """Where the tests find one of its files."""
        return Path(f"/proc/{self.pid}/root") / path.lstrip("/")

    def write(self, path: str, text: str, mode: int = 0o644) -> str:
        """Make a file, and the directories above it."""
        file = self.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return path

    def version_of(self, program: str) -> str:
        """The version that a program tells, such as `5.4.2`, `257`, `0.0~20240729`; `?` if it tells none."""
        if program not in self._versions:
            told = self.run(program, "-version" if program == "runsc" else "--version")
            found = re.search(r"[\d.]+~\d+|\d+(\.\d+)+|\b\d{2,}\b", told.stdout + told.stderr)
            self._versions[program] = found[0] if found else "?"
        return self._versions[program]

    def run(self, *words: str) -> Run:
        """Run a command to its end."""
        return subprocess.run(
            self._inside(words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def do(self, *words: str) -> str:
        """What a command prints that has to succeed."""
        run = self.run(*words)
        assert run.returncode == 0, f"{' '.join(words)}\n{run.stdout}{run.stderr}"
        return run.stdout

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command that is talked to."""
        return subprocess.Popen(
            self._inside(words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def lives(self, number: int) -> bool:
        """Whether a process runs there that has this number there."""
        return _living(self.path(f"/proc/{number}/stat")) != ""

    def signal(self, signal: str, *numbers: int) -> None:
        """Send a signal to processes by the numbers that they have there, if they are still there."""
        self.run("sh", "-c", f'kill -{signal} "$@"', "sh", *map(str, numbers))

    def end(self, name: str) -> None:
        """Kill all of its processes of a name."""
        stats = [stat for stat in self.path("/proc").glob("[0-9]*/stat") if _living(stat) == name]
        self.signal("KILL", *(int(stat.parent.name) for stat in stats))

    def in_network(self, *words: str) -> None:
        """Run a program of this machine in the sandbox's network; it need not succeed."""
        subprocess.run(["nsenter", "-t", str(self.pid), "--net", *words], capture_output=True, check=False)

    def serve(self, log: str, *words: str, environ: Mapping[str, str] = {}) -> Daemon:
        """Start a daemon, which writes to a log."""
        return Daemon(self._inside(words, environ), self.path(log))

    def _inside(self, words: tuple[str, ...], environ: Mapping[str, str] = {}) -> list[str]:
        variables = [f"{name}={value}" for name, value in {**self.environ, **environ}.items()]
        enter = ("nsenter", "-t", str(self.pid), "--mount", "--pid", "--net", "--root", "--wd")
        return [*enter, "env", "-i", *variables, *self._become, *words]

    def cod(self, *words: str) -> Run:
        """Run `cod` with this machine's Python, or the release's own."""
        return self.run(*self.cod_words(*words))

    def cod_words(self, *words: str) -> tuple[str, ...]:
        """The words of a command of `cod`."""
        return (sys.executable if self.release == HOST else "python3", "-m", "cod", *words)


def _living(stat: Path) -> str:
    """What the process of a `/proc/N/stat` calls itself; "" if it has ended."""
    try:
        name, _, rest = stat.read_text().partition(" (")[2].rpartition(") ")
    except OSError:
        return ""
    return "" if rest[0] in "ZX" else name
