"""What an engine asks of an OCI runtime, as far as the front door needs to know it.

Engines differ in where they put options and how they join them with values (all of these were recorded):

    containerd, Docker   --root R --log F --log-format json create --bundle B --pid-file P ID
    CRI-O                --root=R create --bundle B --pid-file P ID
    Podman               create --bundle B --pid-file P ID        with the bundle elsewhere than the cwd
"""

from __future__ import annotations

from cod.errors import Misuse

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from collections.abc import Sequence

VERBS = ("create", "run", "restore")

# Options of runc, crun and youki whose value is the next word.
_VALUED = {
    "root",
    "log",
    "log-format",
    "criu",
    "rootless",
    "cgroup-manager",
    "bundle",
    "b",
    "config",
    "f",
    "console-socket",
    "pid-file",
    "preserve-fds",
    "image-path",
    "work-path",
    "parent-path",
    "manage-cgroups-mode",
    "empty-ns",
    "status-fd",
    "lsm-profile",
    "lsm-mount-context",
    "page-server",
    "user-log",
}
_BEFORE_VERB = frozenset(("root", "log", "log-format", "criu", "rootless", "cgroup-manager"))


class Call:
    """One call of a runtime. `bundle` is "" for the working directory; `config` is crun's `--config`."""

    __slots__ = ("bundle", "config", "log", "log_format", "verb")

    def __init__(self) -> None:
        self.verb = ""
        self.bundle = ""
        self.config = ""
        self.log = ""
        self.log_format = "text"


def read_arguments(words: Sequence[str]) -> Call:
    """Read the words after a runtime's name.

    The verb is found as `door.sh` finds it. As in the runtimes, the last of an option counts, an option may
    have one dash or two, and none follows a verb and `--`. Raises Misuse for a bundle that is not named.
    """
    call = Call()
    place, end = 0, len(words)
    while place < end:
        word = words[place]
        place += 1
        if not call.verb and word in VERBS:
            call.verb = word
            continue
        if word == "--" and call.verb:
            break
        if not word.startswith("-"):
            continue
        name, joined, value = word.lstrip("-").partition("=")
        if not joined:
            name, value, joined = _attached(word, name)
        if not joined and name in (_VALUED if call.verb else _BEFORE_VERB):
            value = words[place] if place < end else ""
            place += 1
        _keep(call, name, value)
    return call


def _attached(word: str, name: str) -> tuple[str, str, str]:
    """crun takes `-bDIRECTORY` and `-fFILE`, too; no long option begins so with one dash and a `/` or `.`."""
    if word[:2] in ("-b", "-f") and word[2:3] in ("/", "."):
        return name[0], word[2:], "="
    return name, "", ""


def _keep(call: Call, name: str, value: str) -> None:
    if name in ("bundle", "b") and call.verb:
        if not value:
            raise Misuse("--bundle names no directory")
        call.bundle = value
    elif name in ("config", "f") and call.verb:
        call.config = value
    elif name == "log":
        call.log = value
    elif name == "log-format":
        call.log_format = value
