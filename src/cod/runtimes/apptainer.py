"""`apptainer exec|run|shell …` and the same of SingularityCE: variables by environment, the rest as binds.

Usually a container sees the host's `/dev`; with `--contain` it has a small one, into which nodes are bound.
Source: apptainer-exec(1), Apptainer user guide § Bind Paths and § Environment.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from cod.errors import Misuse
from cod.prepare import Prepared
from cod.runtimes.command import Launch
from cod.runtimes.first import inside
from cod.runtimes.foreground import refuse_verb
from cod.runtimes.options import clustered
from cod.runtimes.translate import BIND, PRIVATE, Way, is_read_only

WAY = Way(
    runtime="Apptainer, SingularityCE",
    env="`APPTAINERENV_…`, `SINGULARITYENV_…`",
    nodes="`--bind`",
    mounts="`--bind`",
    others="no device cgroup: closed as far as `--contain` hides them",
    elsewhere=False,
    options=(*BIND, "nosuid", "nodev", *PRIVATE),
    unsayable=":,",
    unsayable_env="",
)

_VERBS = ("exec", "run", "shell")
_GLOBAL_VALUED = ("c", "config")
_PREFIXES = {"apptainer": "APPTAINERENV_", "singularity": "SINGULARITYENV_"}


class ApptainerRun(Struct, frozen=True):
    """An `apptainer exec`: the words up to and with the verb, and those after it."""

    before: tuple[str, ...]
    after: tuple[str, ...]

    def launch(self, prepared: Prepared, scratch: Path) -> Launch:  # noqa: ARG002
        """The command with the devices as binds, and variables that reach a clean environment, too."""
        parts = WAY.carried(prepared.edits)
        words: list[str] = []
        for mount in parts.mounts:
            end = ":ro" if is_read_only(mount) else ""
            words += ("--bind", f"{mount.host_path}:{mount.container_path}{end}")
        for node in parts.nodes:
            words += ("--bind", node.path)
        prefix = _PREFIXES[Path(self.before[0]).name]
        env = tuple(prefix + variable for variable in parts.env)
        return Launch((*self.before, *words, *self.after), environment=env, first=inside("mnt"))


def read_apptainer(argv: tuple[str, ...]) -> ApptainerRun:
    """Understand a command that begins with `apptainer` or `singularity`.

    Raises:
        Misuse: if it starts no container in the foreground.
    """
    name = Path(argv[0]).name
    verb = clustered(argv[1:], valued=_GLOBAL_VALUED)[1] + 1
    if not {*argv[verb : verb + 1]} & {*_VERBS}:
        refuse_verb(name, argv[verb : verb + 1], "IMAGE COMMAND", _VERBS)
    if joined := [word for word in argv[verb + 1 :] if word.startswith("instance://")]:
        raise Misuse(
            f"cod run cannot give devices to a container that runs already ({joined[0]})",
            causes=("its mounts were made when it started",),
            hint=f"cod run -d CLASS -- {name} exec IMAGE COMMAND",
        )
    return ApptainerRun(argv[: verb + 1], argv[verb + 1 :])
