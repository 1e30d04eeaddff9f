"""`runc run …` and `crun run …`: the devices go into a private copy of the bundle's configuration.

The user's bundle is not touched. What the copy lies apart from is made absolute: the root file system and, as
the OCI has them relative to the bundle, the sources of bind mounts. Source: runc-run(8), crun(1), OCI runtime
spec, bundle.md and config.md § Mounts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from msgspec import Struct

from cod.errors import Misuse
from cod.prepare import Prepared
from cod.runtimes.bundle import Bundle, read_bundle
from cod.runtimes.command import Launch
from cod.runtimes.features import check_features
from cod.runtimes.first import written_in
from cod.runtimes.foreground import refuse_detached, refuse_verb
from cod.runtimes.options import Option, clustered, last_value, single_words
from cod.runtimes.translate import whole
from cod.runtimes.userns import inject_for

_GLOBAL_VALUED = frozenset(("log", "log-format", "log-level", "root", "criu", "rootless", "cgroup-manager"))
_RUN_VALUED = frozenset(
    (
        *("bundle", "b", "config", "console-socket", "f", "pid-file", "pidfd-socket", "preserve-fds"),
        *("exec-fd", "pass-fd", "user-log"),  # gVisor's
    )
)

WAY = whole("runc, crun", "", "a private copy of the bundle", "as the bundle says")


class BundleRun(Struct, frozen=True):
    """A `runc run` in the foreground: the words around its bundle, and that bundle as it was read.

    `pid_file` is where the user wants the container's first process written; "" where nowhere.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    bundle: Bundle
    pid_file: str
    environ: Mapping[str, str]

    def launch(self, prepared: Prepared, scratch: Path) -> Launch:
        """The command with a private bundle that has the devices.

        Raises NotCarried for what this runtime or user cannot give, InjectionFailed, InvalidConfig.
        """
        check_features(self.before[0], prepared.edits, self.environ)
        config = inject_for(self.before[0], self.bundle.config, prepared.edits)
        private = self.bundle.copied(config, scratch / "bundle")
        pid_file = Path(self.pid_file or scratch / "pid")
        added = ("--bundle", str(private), "--pid-file", str(pid_file))
        return Launch((*self.before, *added, *self.after), first=written_in(pid_file))


def read_runc(argv: tuple[str, ...], environ: Mapping[str, str]) -> BundleRun:
    """Understand a command that begins with `runc` or `crun`. Raises as `read_bundle_run` does."""
    return read_bundle_run(argv, environ, _GLOBAL_VALUED)


def read_bundle_run(
    argv: tuple[str, ...], environ: Mapping[str, str], global_valued: Collection[str]
) -> BundleRun:
    """Understand a command in the dialect of runc, of whose own options those of the names take a value.

    Raises:
        Misuse: if it is not a `run` in the foreground.
        InvalidBundle: if its bundle cannot be read.
    """
    name = Path(argv[0]).name
    read = clustered if name == "crun" else single_words
    verb = read(argv[1:], valued=global_valued)[1] + 1
    if argv[verb : verb + 1] != ("run",):
        refuse_verb(name, argv[verb : verb + 1], "--bundle DIRECTORY ID")
    options, end = read(argv[verb + 1 :], valued=_RUN_VALUED)
    _refuse(name, options)
    ours = ("bundle", "b", "pid-file")
    kept = [word for option in options if option.name not in ours for word in option.words]
    _refuse_late_options(name, argv[verb + 1 + end :])
    bundle = read_bundle(Path(last_value(options, "bundle", "b") or "."))
    after = (*kept, *argv[verb + 1 + end :])
    return BundleRun(argv[: verb + 1], after, bundle, last_value(options, "pid-file"), environ)


def _refuse(name: str, options: list[Option]) -> None:
    refuse_detached(name, options)
    for option in options:
        if option.name in ("config", "f"):
            raise Misuse(
                f"cod run changes the config.json of a bundle, not another file ({option.words[0]})",
                hint="name the file config.json in the bundle",
            )
        if option.name not in _RUN_VALUED and any(
            each.startswith(option.name) for each in ("bundle", "config")
        ):
            # crun takes any beginning of a word, and this one would win over our bundle.
            raise Misuse(f"an option that is not written in full ({option.words[0]})", hint="write --bundle")


def _refuse_late_options(name: str, rest: tuple[str, ...]) -> None:
    """Options after the container's name would win over ours in some versions and be an error in others."""
    for word in rest[1:]:
        if word.startswith("-"):
            raise Misuse(
                f"an option after the container's name ({word})",
                hint=f"options come first: {name} run {word} … ID",
            )
