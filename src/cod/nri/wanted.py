"""What a container asks for by annotations of its pod, or of its own.

    claims.cod.dev/container.NAME: train-7          a claim, as the CDI device cod.dev/claim=train-7
    claims.cod.dev/pod: train-7                     for all containers of the pod
    claims.cod.dev: train-7                         the same, if nothing else is said
    cdi-devices.noderesource.dev/container.NAME: |  CDI devices, by the keys of NRI's own device injector
      - vendor.com/gpu=0
      - vendor.com/gpu=1

The most specific key counts, and of two alike `noderesource.dev` before the older `nri.io`. A value is one
name or a YAML list of names. Source: github.com/containerd/nri, `plugins/device-injector`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import yaml
from msgspec import Struct

from cod.cdi import InvalidName, parse_annotations, parse_qualified_name, qualified_name
from cod.errors import Refused

CLAIMS = ("claims.cod.dev",)
DEVICES = ("cdi-devices.noderesource.dev", "cdi-devices.nri.io")

_LONGEST = 256 << 10  # of all annotations of a pod together, as Kubernetes has it
_MOST = 4096  # names: what an answer costs grows with them

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class InvalidRequest(Refused):
    """An annotation that asks for devices and cannot be read."""


class Wanted(Struct, frozen=True):
    """The qualified names that a container asks for, each once, and where: `claims` are among the `names`."""

    names: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()


NOTHING = Wanted()


def wanted(container: str, pod: Mapping[str, str], own: Mapping[str, str]) -> Wanted:
    """What a container of that name asks for, by the annotations of its pod and its own.

    Where both have the same key, its own counts. Raises InvalidRequest, also for a key that is for none:
    whoever wrote it wants devices.
    """
    for key in (*pod, *own):
        prefix, slash, ending = key.partition("/")
        if slash and prefix in CLAIMS + DEVICES and ending != "pod" and not ending.startswith("container."):
            text = f"annotation {key} is for no container"
            raise InvalidRequest(text, hint=f"write {prefix}/container.NAME, or {prefix}/pod")
    claims = []
    for key, name in _asked(CLAIMS, container, pod, own):
        claims.append(qualified_name("cod.dev", "claim", name))
        _check(key, name, claims[-1], "write the name of a claim, as cod claim list has it")
    names = [*claims]
    for key, name in _asked(DEVICES, container, pod, own):
        _check(key, name, name, "write vendor/class=name")
        names.append(name)
    return Wanted(tuple(dict.fromkeys(names)), tuple(dict.fromkeys(claims))) if names else NOTHING


def asked_of_cri(field: Iterable[str], own: Mapping[str, str]) -> set[str]:
    """The devices that CRI was asked for, in its field or by `cdi.k8s.io/`; it may not give them."""
    try:
        _, annotated = parse_annotations(own)
    except Refused:
        annotated = []
    return {*field, *annotated}


def _asked(
    prefixes: tuple[str, ...], container: str, pod: Mapping[str, str], own: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """The names below the most specific key that is there, each with this key."""
    for ending in (f"/container.{container}", "/pod", ""):
        for prefix in prefixes:
            key = prefix + ending
            for place in (own, pod):
                if key in place:
                    yield from ((key, name) for name in _names(key, place[key]))
                    return


def _names(key: str, text: str) -> list[str]:
    """One name, or those of a flat list. Read as a stream of events, which no text can make deep or large."""
    if len(text) > _LONGEST:
        raise InvalidRequest(f"annotation {key} is longer than {_LONGEST} characters")
    # Of directives, which libyaml compares each with each, no list of names has any.
    if any(line.startswith("%") for line in text.splitlines()):
        raise InvalidRequest(f"annotation {key} is no list of names", hint=_LIST)
    names: list[str] = []
    documents = depth = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            documents += isinstance(event, yaml.DocumentStartEvent)
            if isinstance(event, yaml.ScalarEvent):
                if event.value or depth:
                    names.append(event.value)
            elif isinstance(event, yaml.SequenceStartEvent) and depth == 0:
                depth = 1
            elif isinstance(event, yaml.NodeEvent):
                raise InvalidRequest(f"annotation {key} is no list of names", hint=_LIST)
            if documents > 1:
                raise InvalidRequest(f"annotation {key} is more than one YAML document", hint=_LIST)
            if len(names) > _MOST:
                raise InvalidRequest(f"annotation {key} has more than {_MOST} names")
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" in line {where.line + 1}" if where is not None else ""
        raise InvalidRequest(f"annotation {key} is not YAML{line}", hint=_LIST) from None
    return names


_LIST = "write one name, or a YAML list of names"


def _check(key: str, name: str, qualified: str, hint: str) -> None:
    try:
        parse_qualified_name(qualified)
    except InvalidName as error:
        raise InvalidRequest(f"annotation {key}: {error.what}", where=name, hint=error.hint or hint) from None
