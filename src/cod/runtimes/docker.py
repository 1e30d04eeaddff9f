"""`docker run …`: by CDI where the daemon has it switched on, else by its flags.

The daemon says what it is (`docker info`): Docker 25 to 28.1 list the directories of CDI specs where the
feature is on, later ones have it on; older ones know no CDI. The container is the daemon's child and outlives
a `docker run` that is killed, so `docker inspect` finds its first process, and that holds the devices too.
Source: docker-run(1), dockerd(8); tried with 20.10 and 26.1.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cod.cdi.spec import Mount
from cod.errors import Misuse
from cod.prepare import Prepared
from cod.runtimes.asking import ask, version_in
from cod.runtimes.by_name import Reader, Told
from cod.runtimes.command import Command, Launch, RuntimeUnavailable
from cod.runtimes.features import check_features
from cod.runtimes.first import First, newly_written
from cod.runtimes.foreground import refuse_background, refuse_verb
from cod.runtimes.options import clustered, last_value
from cod.runtimes.translate import BIND, PROPAGATION, Node, Parts, Way, csv_field, is_read_only, whole

BY_NAME = replace(whole("Docker", "25 or newer with CDI on", "CDI"), gids="`--group-add`")
WAY = Way(
    runtime="Docker",
    when="any other",
    env="`--env`",
    nodes="`--device`, in user namespaces `--mount`, `--device-cgroup-rule`",
    mounts="`--mount`",
    gids="`--group-add`",
    others="closed",
    instead="Docker 25 or newer with CDI on (dockerd's features.cdi), or podman run",
    limits_access=True,
    options=(*BIND, *PROPAGATION),
    unsayable=":",
    unsayable_env="",
)

_GLOBAL_VALUED = ("config", "c", "context", "H", "host", "l", "log-level", "tlscacert", "tlscert", "tlskey")
_RUN_SWITCHES = (
    *("d", "detach", "disable-content-trust", "help", "init", "i", "interactive", "no-healthcheck"),
    *("oom-kill-disable", "privileged", "P", "publish-all", "q", "quiet", "read-only", "rm", "sig-proxy"),
    *("t", "tty", "use-api-socket"),
)
# The newest CDI that needs a look at the daemon's version; what is older knows 0.6.
_KNOWS = ((28, "1.0.0"), (27, "0.7.0"), (0, "0.6.0"))


class _Runtime(Struct):
    path: str = ""


class _Info(Struct, rename="pascal"):
    server_version: str = ""
    kernel_version: str = ""
    security_options: list[str] | None = None
    client_info: dict[str, object] | None = None
    server_errors: list[str] | None = None
    default_runtime: str = ""
    runtimes: dict[str, _Runtime] | None = None
    directories: list[str] | None = msgspec.field(default=None, name="CDISpecDirs")


class Engine(Struct, frozen=True):
    """What is known of an engine: what it reads, and the words to ask it more."""

    reader: Reader
    client: tuple[str, ...]

    def told(self, prepared: Prepared, way: Way) -> Told:
        """The words for a claim. Raises NotCarried."""
        return self.reader.told(prepared, way, lambda parts: flags(parts, self.reader.has_users))


class EngineRun(Struct, frozen=True):
    """A `docker run` or `nerdctl run` in the foreground: the words up to and with the verb, and the rest.

    `id_file` is where the user wants the container's identity written; "" where nowhere. `runtime` is the OCI
    runtime that the engine starts.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    id_file: str
    runtime: str
    engine: Engine
    environ: Mapping[str, str]
    way: Way

    def launch(self, prepared: Prepared, scratch: Path) -> Launch:
        """The command with the devices right after the verb.

        Raises NotCarried, also for what its OCI runtime would leave out.
        """
        told = self.engine.told(prepared, self.way)
        check_features(self.runtime, prepared.edits, self.environ)
        id_file = Path(self.id_file or scratch / "id")
        added = told.words if self.id_file else ("--cidfile", str(id_file), *told.words)
        first = inspected((*self.engine.client, "inspect"), id_file, self.environ)
        return Launch((*self.before, *added, *self.after), first=first, if_it_fails=told.check)


def read_docker(argv: tuple[str, ...], environ: Mapping[str, str]) -> Command:
    """Understand a command that begins with `docker`.

    Raises:
        Misuse: if it is not a `docker run` in the foreground on this machine.
        RuntimeUnavailable: if its daemon does not answer.
    """
    verb = clustered(argv[1:], valued=_GLOBAL_VALUED)[1] + 1
    client = argv[:verb]
    verb += argv[verb : verb + 1] == ("container",)
    if argv[verb : verb + 1] != ("run",):
        refuse_verb("docker", argv[len(client) : verb + 1], "--rm IMAGE COMMAND")
    before, after = argv[: verb + 1], argv[verb + 1 :]
    options = clustered(after, switches=_RUN_SWITCHES)[0]
    refuse_background("docker", options)
    answer = ask((*client, "info", "--format", "{{json .}}"), environ)
    if '"host":' in answer and '"ServerVersion"' not in answer:
        from cod.runtimes.podman import read_podman  # podman-docker: it is Podman by another name

        return read_podman(argv, environ)
    info = _info(answer)
    runtime = last_value(options, "runtime") or info.default_runtime
    runtime = (info.runtimes or {}).get(runtime, _Runtime()).path or "runc"
    engine = _engine(client, info, environ)
    return EngineRun(before, after, last_value(options, "cidfile"), runtime, engine, environ, WAY)


def _info(answer: str) -> _Info:
    try:
        info = msgspec.json.decode(answer.encode(), type=_Info)
    except msgspec.MsgspecError as error:
        raise RuntimeUnavailable("cannot read what docker info says", causes=(str(error),)) from None
    if not info.server_version:
        raise RuntimeUnavailable(
            "docker's daemon does not answer",
            causes=tuple(info.server_errors or ()),
            hint="is dockerd running, and may you use its socket?",
        )
    return info


def _engine(client: tuple[str, ...], info: _Info, environ: Mapping[str, str]) -> Engine:
    _refuse_remote(client, info, environ)
    security = {option.split(",")[0] for option in info.security_options or ()}
    major = (version_in(info.server_version) or (0,))[0]
    knows = next(version for least, version in _KNOWS if major >= least)
    has_users = bool(security & {"name=rootless", "name=userns"})
    return Engine(Reader(tuple(info.directories or ()), knows, has_users, drops_groups=True), client)


def _refuse_remote(client: tuple[str, ...], info: _Info, environ: Mapping[str, str]) -> None:
    endpoint = _endpoint(client, info, environ)
    cause = ""
    if not endpoint.startswith(("unix://", "fd://", "/")):
        cause = f"it is at {endpoint}"
    elif info.kernel_version != os.uname().release:
        cause = f"it runs on Linux {info.kernel_version}, and this is {os.uname().release}"
    if cause:
        raise Misuse(
            "docker would run the container on another machine",
            causes=(cause,),
            hint="run cod there, or leave -H, --context and DOCKER_HOST out",
        )


def _endpoint(client: tuple[str, ...], info: _Info, environ: Mapping[str, str]) -> str:
    options = clustered(client[1:], valued=_GLOBAL_VALUED)[0]
    context = last_value(options, "c", "context")  # counts for more than the variable
    named = last_value(options, "H", "host") or environ.get("DOCKER_HOST")
    if named and not context:
        return named
    context = context or str((info.client_info or {}).get("Context", "default"))
    if context == "default":
        return "unix://"
    words = (*client, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}", context)
    return ask(words, environ).strip()


def flags(parts: Parts, has_users: bool) -> tuple[str, ...]:
    """The parts in the words of Docker."""
    words = [*parts.variables]
    for mount in parts.mounts:
        words += ("--mount", _mount(mount))
    for node in parts.nodes:
        words += _node(node, has_users)
    return (*words, *parts.groups)


def _node(node: Node, has_users: bool) -> tuple[str, ...]:
    if node.is_opened and not (has_users and node.is_moved):
        return ("--device", node.triple)
    bound = ("--mount", _mount(Mount(node.host_path, node.path)))
    return (*bound, "--device-cgroup-rule", node.rule) if node.is_opened else bound


def _mount(mount: Mount) -> str:
    fields = ["type=bind", f"source={mount.host_path}", f"target={mount.container_path}"]
    if is_read_only(mount):
        fields.append("readonly")
    fields += [f"bind-propagation={option}" for option in mount.options if option in PROPAGATION]
    return ",".join(map(csv_field, fields))


def inspected(words: tuple[str, ...], id_file: Path, environ: Mapping[str, str]) -> First:
    """The engine knows the first process of the container whose identity it has written into a file."""
    text = newly_written(id_file)

    def find(_: int) -> int | None:
        if not (container := text()):
            return None
        answer = ask((*words, "--format", "{{.State.Pid}}", container), environ).strip()
        return int(answer) if re.fullmatch("[1-9][0-9]{0,8}", answer) else None

    return find
