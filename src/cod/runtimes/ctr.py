"""`ctr run …` (containerd's own client): a configuration is edited, or flags are added.

With `--config` it takes a whole OCI configuration, of which it gets a private copy with the devices. Else
`ctr` 2.0 and newer take CDI names, and older ones environment, mounts and devices at the host's paths.
Source: ctr run --help, containerd's run_unix.go; tried with 1.6 and 2.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from cod.cdi.config import Config, read_config, write_config
from cod.cdi.spec import Mount
from cod.cdi.write import WriteFailed
from cod.prepare import Prepared
from cod.prepare.place import USUAL
from cod.runtimes.asking import ask, version_in
from cod.runtimes.bundle import content_of
from cod.runtimes.by_name import Reader, Told
from cod.runtimes.command import Launch
from cod.runtimes.features import check_features
from cod.runtimes.first import written_in
from cod.runtimes.foreground import refuse_detached, refuse_verb
from cod.runtimes.options import last_value, single_words
from cod.runtimes.translate import EVERY_OPTION, Parts, Way, is_bind, options_of, whole
from cod.runtimes.userns import inject_for

BY_CONFIG = whole("ctr", "with `--config`", "a private copy of it", "as the configuration says")
BY_NAME = whole("ctr", "2.0 or newer", "CDI")
WAY = Way(
    runtime="ctr",
    when="any other",
    env="`--env`",
    nodes="`--device`",
    mounts="`--mount`",
    others="closed",
    instead="ctr run --config FILE, ctr 2.0 or newer, or runc run, which take all of it",
    opens="rw",  # it says rwm of each; the m is no more than rw where the node is there
    elsewhere=False,
    any_type=True,
    options=EVERY_OPTION,
    unsayable=',"',
    unsayable_env="",
)

_GLOBAL_VALUED = ("address", "a", "timeout", "connect-timeout", "namespace", "n")
_SWITCHES = (
    *("rm", "null-io", "detach", "d", "cni", "runc-systemd-cgroup", "remap-labels", "net-host", "privileged"),
    *("read-only", "tty", "t", "allow-new-privs", "seccomp", "rootfs", "no-pivot"),
    *("isolated", "enable-seccomp", "privileged-without-host-devices", "help", "h"),
)


class CtrRun(Struct, frozen=True):
    """A `ctr run` in the foreground: the words around ours, its configuration if it has one, its reader.

    `pid_file` is where the user wants the container's first process written; "" where nowhere. `runc` is the
    OCI runtime that it names, or the usual one.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    config: str
    pid_file: str
    runc: str
    reader: Reader
    environ: Mapping[str, str]

    def launch(self, prepared: Prepared, scratch: Path) -> Launch:
        """The command with the devices right after the verb.

        Raises NotCarried, also for what its OCI runtime would leave out; InjectionFailed, InvalidConfig.
        """
        pid_file = Path(self.pid_file or scratch / "pid")
        check_features(self.runc, prepared.edits, self.environ)
        told = self._told(prepared, scratch)
        argv = (*self.before, "--pid-file", str(pid_file), *told.words, *self.after)
        return Launch(argv, first=written_in(pid_file), if_it_fails=told.check)

    def _told(self, prepared: Prepared, scratch: Path) -> Told:
        if not self.config:
            return self.reader.told(prepared, WAY, _flags)
        config = read_config(content_of(Path(self.config)), self.config)
        edited = inject_for(self.runc, config, prepared.edits)
        return Told(("--config", str(_written(edited, scratch / "config.json"))))


def _written(config: Config, to: Path) -> Path:
    try:
        to.write_bytes(write_config(config))
    except OSError as error:
        raise WriteFailed("write", to, error) from error
    return to


def _flags(parts: Parts) -> tuple[str, ...]:
    words = [*parts.variables]
    for mount in parts.mounts:
        words += ("--mount", _mount(mount))
    for node in parts.nodes:
        words += ("--device", node.path)
    return tuple(words)


def _mount(mount: Mount) -> str:
    kind = "bind" if is_bind(mount) else mount.type
    options = options_of(mount)
    fields = [f"type={kind}", f"src={mount.host_path or kind}", f"dst={mount.container_path}"]
    return ",".join(fields + [f"options={':'.join(options)}"] * bool(options))


def read_ctr(argv: tuple[str, ...], environ: Mapping[str, str]) -> CtrRun:
    """Understand a command that begins with `ctr`.

    Raises:
        Misuse: if it is not a `ctr run` in the foreground.
        RuntimeUnavailable: if it does not say its version.
    """
    verb = single_words(argv[1:], _GLOBAL_VALUED)[1] + 1
    if argv[verb : verb + 1] != ("run",):
        refuse_verb("ctr", argv[verb : verb + 1], "--rm IMAGE ID COMMAND")
    options, end = single_words(argv[verb + 1 :], switches=_SWITCHES)
    refuse_detached("ctr", options)
    ours = ("config", "c", "pid-file")
    kept = [word for option in options if option.name not in ours for word in option.words]
    directories = USUAL[:2] if version_in(ask((argv[0], "--version"), environ)) >= (2,) else ()
    after = (*kept, *argv[verb + 1 + end :])
    config, pid_file = last_value(options, "config", "c"), last_value(options, "pid-file")
    runc = last_value(options, "runc-binary") or "runc"
    has_users = any(option.name in ("uidmap", "gidmap") for option in options)
    reader = Reader(directories, "0.7.0", has_users)
    return CtrRun(argv[: verb + 1], after, config, pid_file, runc, reader, environ)
