"""The tree of errors; every other module's errors hang on it.

    CodError
    ├── Refused                    the answer is no                        exit 1
    │   ├── InvalidName            a vendor, class, device or file name     cod.cdi.names
    │   ├── InvalidAnnotation      a cdi.k8s.io/ annotation                 cod.cdi.annotations
    │   ├── InvalidSpec            a CDI spec, with all its problems        cod.cdi.problem
    │   ├── InvalidConfig          an OCI runtime spec                      cod.cdi.config
    │   ├── InjectionFailed        a device that is not as its spec says    cod.cdi.inject
    │   ├── UnresolvableDevices    names that no spec provides              cod.cdi.registry
    │   ├── ConflictingDevice      a name that two specs provide            cod.cdi.registry
    │   ├── InvalidObject          a slice, class or claim, all problems    cod.resource.problem
    │   ├── InvalidQuantity        an amount such as 80Gi                   cod.resource.quantity
    │   ├── InvalidVersion         a semantic version                       cod.resource.semver
    │   ├── InvalidExpression      a selector in CEL, with all problems     cod.cel.problem
    │   ├── InvalidClaim           a request nobody can read                cod.resource
    │   ├── NoFit                  a claim that cannot be met               cod.allocate
    │   ├── Undecided              a claim on which the search was stopped  cod.allocate
    │   ├── AllocationFailed       a claim at which Kubernetes would fail   cod.allocate
    │   ├── NotHeld                a claim that the ledger does not know    cod.ledger
    │   ├── InvalidRequest         an annotation that asks for devices      cod.nri
    │   ├── UnknownClaim           a claim that is not ready on this node   cod.nri
    │   ├── NriCannot              edits that a runtime's NRI has not       cod.nri
    │   ├── InvalidConf            the text that configures the plugin      cod.nri
    │   ├── CallFailed             a call that was answered with an error   cod.nri
    │   ├── InvalidBundle          a directory that is no OCI bundle        cod.runtimes
    │   ├── BrokenBundle           one that cod-runtime cannot use          cod.oci.bundle
    │   ├── InvalidJson            text that is no JSON                     cod.oci.plain_json
    │   ├── InvalidSettings        a runtime.toml, with all its problems    cod.oci.settings
    │   ├── InvalidWish            an annotation or variable of no device   cod.oci.wanted
    │   ├── HookCannot             what a made container can no more get    cod.oci.hooks
    │   ├── LeftOut                edits that a real runtime does not know  cod.oci.features
    │   ├── InvalidEngineConfig    an engine's file we must not change      cod.oci.engines
    │   └── NotCarried             devices that a runtime cannot take whole cod.runtimes
    ├── Misuse                     the command is wrong                     exit 2
    │   └── InvalidIdentity        no name or index of an NRI plugin        cod.nri
    └── Unavailable                the environment lacks something          exit 3
        ├── UnreadableFile         a spec file or directory                 cod.cdi.files
        ├── WriteFailed            a file could not be written              cod.cdi.write
        ├── ConnectionBroken       a connection to a runtime                cod.nri
        ├── LedgerUnavailable      the ledger cannot be opened              cod.ledger
        └── RuntimeUnavailable     a container runtime is missing           cod.runtimes
            ├── CommandNotFound       no such command                       exit 127
            └── CommandNotExecutable  a command that cannot be run          exit 126

An error carries data and no layout: `cod.cli` alone words it for a terminal.
"""

from __future__ import annotations

TYPE_CHECKING = False  # not from typing: `cod.oci` starts with each container, and that takes 9 ms
if TYPE_CHECKING:
    from typing import ClassVar


class CodError(Exception):
    """Anything that goes wrong and is not a bug of ours.

    `what` is one line, without a final stop; where a reference implementation has words for the same
    thing, they are those words. `where` is a path, `path:line:column`, or a name. `causes` are the reasons,
    one a line. `hint` is what to try next.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", causes: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.causes = causes
        self.hint = hint


class Refused(CodError):
    """The question was understood and the answer is no."""


class Misuse(CodError):
    """The command line asks for something that has no meaning."""

    exit_code = 2


class Unavailable(CodError):
    """The environment lacks something: a permission, a program, room on a disk."""

    exit_code = 3
