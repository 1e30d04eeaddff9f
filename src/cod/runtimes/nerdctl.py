"""`nerdctl run …` (containerd): as Docker's, and by CDI from the version on that has `--cdi-spec-dirs`.

That option is in its help, so the help is asked. Source: nerdctl's command reference; not tried here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from msgspec.structs import replace

from cod.prepare.place import USUAL
from cod.runtimes.asking import ask
from cod.runtimes.by_name import Reader
from cod.runtimes.docker import BY_NAME as DOCKER_BY_NAME
from cod.runtimes.docker import WAY as DOCKER_WAY
from cod.runtimes.docker import Engine, EngineRun
from cod.runtimes.foreground import refuse_background, refuse_verb
from cod.runtimes.options import clustered, last_value

BY_NAME = replace(DOCKER_BY_NAME, runtime="nerdctl", when="with `--cdi-spec-dirs`")
WAY = replace(DOCKER_WAY, runtime="nerdctl", instead="a nerdctl that has --cdi-spec-dirs, or podman run")

# These may stand after the verb, too.
_PERSISTENT_VALUED = (
    *("address", "host", "namespace", "snapshotter", "storage-driver", "cni-path", "cni-netconfpath"),
    *("data-root", "cgroup-manager", "hosts-dir", "bridge-ip", "cdi-spec-dirs", "host-gateway-ip"),
    *("userns-remap", "global-dns", "global-dns-opts", "global-dns-search"),
)
_GLOBAL_VALUED = ("a", "H", "n", *_PERSISTENT_VALUED)
_RUN_SWITCHES = (
    *("d", "detach", "help", "init", "i", "interactive", "no-healthcheck", "oom-kill-disable", "privileged"),
    *("P", "publish-all", "q", "quiet", "read-only", "rm", "rootfs", "sig-proxy", "t", "tty"),
    *("debug", "debug-full", "experimental", "insecure-registry", "kube-hide-dupe", "selinux-enabled"),
)


def read_nerdctl(argv: tuple[str, ...], environ: Mapping[str, str]) -> EngineRun:
    """Understand a command that begins with `nerdctl`.

    Raises:
        Misuse: if it is not a `nerdctl run` in the foreground.
        RuntimeUnavailable: if it does not tell its options.
    """
    globals_, verb = clustered(argv[1:], valued=_GLOBAL_VALUED)
    client = argv[: verb + 1]
    verb = len(client) + (argv[len(client) : len(client) + 1] == ("container",))
    if argv[verb : verb + 1] != ("run",):
        refuse_verb("nerdctl", argv[len(client) : verb + 1], "--rm IMAGE COMMAND")
    before, after = argv[: verb + 1], argv[verb + 1 :]
    options = clustered(after, switches=_RUN_SWITCHES)[0]
    refuse_background("nerdctl", options)
    late = [option for option in options if option.name in _PERSISTENT_VALUED]
    directories: tuple[str, ...] = ()
    if "--cdi-spec-dirs" in ask((argv[0], "--help"), environ):
        named = [option.value or "" for option in (*globals_, *late) if option.name == "cdi-spec-dirs"]
        directories = tuple(",".join(named).split(",")) if named else USUAL[:2]
    has_users = os.geteuid() != 0 or any(option.name == "userns-remap" for option in (*globals_, *late))
    client = (*client, *(word for option in late for word in option.words))
    engine = Engine(Reader(directories, "1.0.0", has_users, drops_groups=True), client)
    runtime = last_value(options, "runtime")
    runtime = runtime if "/" in runtime else "runc"  # else the name of a shim
    return EngineRun(before, after, last_value(options, "cidfile"), runtime, engine, environ, WAY)
