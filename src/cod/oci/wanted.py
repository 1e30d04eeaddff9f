"""Which devices a container asks for: by annotation, and by such variables as the settings name."""

from __future__ import annotations

from cod.cdi.annotations import parse_annotations
from cod.cdi.config import InvalidConfig
from cod.cdi.names import is_qualified_name
from cod.cdi.quote import quote
from cod.errors import Refused

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

CLAIM = "cod.dev/claim"
"""The annotation that names claims, and the kind of the CDI devices that claims are."""

# How CRI engines call what a container is.
_TYPES = ("io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType")

ALL = "all"
MOST_NAMES = 1024
"""Of one container. More are no wish but a way to keep the machine busy, since an image can set variables."""

_NOTHING = ("none", "void")


class InvalidWish(Refused):
    """A container's annotation or variable that names no device."""


def wanted(config: Mapping[str, Any], variables: Mapping[str, str]) -> list[str]:
    """The qualified names of the devices that a configuration asks for, each once, in the order asked for.

    First come annotations `cdi.k8s.io/…`, sorted by their keys, then `cod.dev/claim`, then `variables`, each
    with the kind that its unqualified names are of. `KIND=all` stands for all devices of a kind. The
    sandbox of a pod asks for none, though it has its annotations.

    Raises:
        InvalidConfig: if the annotations or variables are not what the OCI says.
        InvalidAnnotation: if a `cdi.k8s.io/` annotation holds what is no name.
        InvalidWish: if another holds what is no name, or there are too many.
    """
    annotations = _annotations(config)
    if any(annotations.get(key) == "sandbox" for key in _TYPES):
        return []
    names = parse_annotations(annotations)[1]
    if CLAIM in annotations:
        names += _names(annotations[CLAIM].split(","), CLAIM, f"annotation {CLAIM}")
    if variables:
        environment = _environment(config)
        for variable, kind in variables.items():
            if variable in environment:
                words = [each for each in environment[variable].split(",") if each.strip() not in _NOTHING]
                names += _names(words, kind, f"variable {variable}")
    if len(names) > MOST_NAMES:
        raise InvalidWish(f"a container asks for {len(names)} devices: {MOST_NAMES} are the most")
    return [*dict.fromkeys(names)]


def _names(words: Iterable[str], kind: str, source: str) -> list[str]:
    found = []
    for text in filter(None, [word.strip() for word in words]):
        name = text if "=" in text or not kind else f"{kind}={text}"
        if not is_qualified_name(name):
            hint = (
                "write vendor.com/class=name"
                if not kind
                else f"write a name of {kind}, or vendor.com/class=name"
            )
            raise InvalidWish(f"{source}: {quote(text)} is no name of a device", where=source, hint=hint)
        found.append(name)
    return found


def _annotations(config: Mapping[str, Any]) -> dict[str, str]:
    found = config.get("annotations") or {}
    if not (isinstance(found, dict) and all(isinstance(value, str) for value in found.values())):
        raise InvalidConfig("the OCI spec's annotations are no texts by name")
    return found


def _environment(config: Mapping[str, Any]) -> dict[str, str]:
    """The variables of the process; of several of a name the last."""
    process = config.get("process") or {}
    variables = process.get("env") or [] if isinstance(process, dict) else None
    if not (isinstance(variables, list) and all(isinstance(each, str) for each in variables)):
        raise InvalidConfig("the OCI spec's process.env is no list of texts")
    return {name: value for name, _, value in (each.partition("=") for each in variables)}
