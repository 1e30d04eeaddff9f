"""The rules a spec can break: why each is one, and what to try. A `Problem` names its rule."""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """Why there is a rule, and what helps whoever broke it."""

    why: str
    hint: str


RULES = {
    "syntax": Rule(
        "a spec is one YAML 1.1 document, and JSON is a part of that",
        "look at the line shown, and at the one above it",
    ),
    "too-large": Rule("no spec of real devices comes near this size", "split it into files of one kind each"),
    "no-data": Rule("an empty file describes no device", "write a spec into it, or remove it"),
    "duplicate-key": Rule(
        "of two equal keys readers would take one or the other", "keep one of them, or merge the two"
    ),
    "unknown-field": Rule(
        "runtimes refuse a whole file for one field that they do not know",
        "check its spelling and its place, or remove it; intelRdt.enableCMT and enableMBM went with CDI 1.1",
    ),
    "wrong-type": Rule(
        "each field takes values of one type",
        "no quotes around numbers; lists in brackets or with dashes",
    ),
    "null-entry": Rule(
        "a null in a list crashes the runtimes that read it", "remove the entry, or fill it in"
    ),
    "version-unknown": Rule(
        "runtimes take only versions that they know",
        "use one of 0.3.0, 0.4.0, 0.5.0, 0.6.0, 0.7.0, 0.8.0, 1.0.0, 1.1.0",
    ),
    "version-too-low": Rule(
        "the spec uses what its version does not have yet", "raise cdiVersion to the version named"
    ),
    "vendor": Rule(
        "kind is vendor/class; a vendor begins with a letter, ends with a letter or digit, and has only "
        "these and _ - . between",
        "write kind: vendor.com/class",
    ),
    "class": Rule(
        "a class begins with a letter, ends with a letter or digit, and has only these and _ - . between",
        "write kind: vendor.com/class",
    ),
    "no-devices": Rule("a spec without a device has nothing to offer", "add a device, or remove the file"),
    "device-name": Rule(
        "a device's name begins and ends with a letter or digit, and has only these and _ - . : between",
        "rename it, for example gpu0 or 0000:03:00.0",
    ),
    "device-empty": Rule(
        "a device that changes nothing in a container cannot be used", "give it a node, a mount or a variable"
    ),
    "device-twice": Rule("a name stands for one device", "rename one of the two, or remove it"),
    "env": Rule("a variable is written NAME=VALUE", "add the = and a name before it"),
    "node-path": Rule("a node needs its path in the container", "add path: /dev/…"),
    "node-type": Rule(
        "a node is b (block), c or u (character) or p (fifo)", "leave type out: it is read from the host"
    ),
    "node-permissions": Rule(
        "permissions are the letters r, w and m, or the word none", "write permissions: rw, or leave it out"
    ),
    "mount-path": Rule(
        "a mount needs a path on the host and one in the container", "give hostPath and containerPath"
    ),
    "hook-name": Rule(
        "the OCI knows six points at which a hook can run",
        "use prestart, createRuntime, createContainer, startContainer, poststart or poststop",
    ),
    "hook-path": Rule("a hook is a program on the host", "give its absolute path"),
    "net-name": Rule(
        "a network device has a name on the host and one in the container", "give hostInterfaceName and name"
    ),
    "net-twice": Rule(
        "an interface moves once, and no two have the same name", "remove one of the two, or rename it"
    ),
    "clos-id": Rule(
        "a class of service is one directory of resctrl", "use a name without / and shorter than 4096 bytes"
    ),
    "annotation": Rule(
        "the schema wants keys as Kubernetes has them: an optional DNS name, a slash, and a short name",
        "rename the key, for example vendor.com/driver-version",
    ),
    "schema": Rule("the JSON Schema of CDI does not allow it", "see the field's type in CDI's SPEC.md"),
}
