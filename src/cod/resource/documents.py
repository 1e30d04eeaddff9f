"""Objects out of JSON or YAML: one, several documents, or lists of them, of any of the kinds that COD knows.

Fields that COD does not know stay with the part they belong to, and come out again where `encode` writes it.
What is wrong is told all at once, as data. JSON of known fields costs about 3 µs a device.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from cod.resource.kinds import KINDS, Object
from cod.resource.meta import API_GROUP, API_VERSION
from cod.resource.problem import Findings, InvalidObject, Path, Problem
from cod.resource.shape import fitted

T = TypeVar("T", bound=Struct)

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_NEWER = "Kubernetes 1.34 and newer give v1: kubectl get resourceslices.v1.resource.k8s.io, and so on"

# What nearly every object begins with.
_START = re.compile(
    rb'\s*\{\s*(?:"kind"\s*:\s*"(\w+)"\s*,\s*"apiVersion"\s*:\s*"([\w./]+)"'
    rb'|"apiVersion"\s*:\s*"([\w./]+)"\s*,\s*"kind"\s*:\s*"(\w+)")\s*,'
)


class OtherMeta(Struct, frozen=True):
    """What is read of the metadata of an object of another kind."""

    name: str = ""
    labels: dict[str, str] | None = None


class Other(Struct, frozen=True, rename="camel"):
    """An object of a kind that COD does not know, such as a Node: which it is, and its labels."""

    api_version: str
    kind: str
    metadata: OtherMeta = OtherMeta()


class _Head(Struct, rename="camel"):
    """What says how to read the rest."""

    api_version: str
    kind: str


class _List(Struct):
    """Objects as the API server gives many of them."""

    items: Raw


def decode(document: bytes | str, where: str = "") -> list[Object]:
    """All objects of a JSON or YAML text, in their order; `where` is its name for messages.

    Raises InvalidObject with all that is wrong, for a kind that COD does not know, too.
    """
    return [each for each in _decode(document, where, mixed=False) if not isinstance(each, Other)]


def decode_mixed(document: bytes | str, where: str = "") -> list[Object | Other]:
    """As `decode`, of a text that also holds objects of other kinds: whatever somebody saved of a cluster."""
    return _decode(document, where, mixed=True)


def from_data(data: Any, type_: type[T], path: Path = ()) -> T:
    """An object, or a part of one, out of plain data of its shape. Raises InvalidObject."""
    findings = Findings()
    fit = fitted(data, type_, findings, path)
    if findings:
        raise InvalidObject(type_.__name__, findings)
    return msgspec.convert(fit, type_)


def _decode(document: bytes | str, where: str, *, mixed: bool) -> list[Object | Other]:
    data = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    try:
        return _decode_json(data, mixed)
    except _UNREADABLE:  # a fault, an unknown field, or YAML
        return _decode_slowly(data, where, mixed)


def _decode_json(data: bytes | Raw, mixed: bool) -> list[Object | Other]:
    """The objects of JSON in which everything is known and right; raises where that is not so."""
    version, kind = _kind(data)
    if not kind.endswith("List"):
        return _known(version, kind, [_decoder(version, kind, mixed).decode(data)])
    items = msgspec.json.decode(data, type=_List).items
    kind = kind.removesuffix("List")
    if not kind:  # a List may be mixed; most are not, and are then read in one go
        raws = msgspec.json.decode(items, type=list[Raw])
        kinds = set(map(_kind, raws))
        if len(kinds) != 1:
            return [each for raw in raws for each in _decode_json(raw, mixed)]
        version, kind = kinds.pop()
    return _known(version, kind, _list_decoder(version, kind, mixed).decode(items))


def _kind(data: bytes | Raw) -> tuple[str, str]:
    """API version and kind; they stand first as a rule, so that not all need be read for them."""
    match = _START.match(data)
    if match is None:
        head = msgspec.json.decode(data, type=_Head)
        return head.api_version, head.kind
    return (match[2] or match[3]).decode(), (match[1] or match[4]).decode()


def _known(version: str, kind: str, found: list[Object | Other]) -> list[Object | Other]:
    """The same, if the objects say themselves that they are of that kind."""
    if all(each.kind == kind and each.api_version == version for each in found):
        return found
    raise msgspec.ValidationError("kinds differ")


@cache
def _decoder(version: str, kind: str, mixed: bool) -> msgspec.json.Decoder[Object | Other]:
    return msgspec.json.Decoder(_type(version, kind, mixed))


@cache
def _list_decoder(version: str, kind: str, mixed: bool) -> msgspec.json.Decoder[list[Object | Other]]:
    return msgspec.json.Decoder(list[_type(version, kind, mixed)])  # type: ignore[misc]


def _type(version: str, kind: str, mixed: bool) -> type[Object] | type[Other]:
    if mixed and _is_other(version, kind):
        return Other
    if version != API_VERSION or kind not in KINDS:
        raise msgspec.ValidationError(f"no kind {kind} in {version}")
    return KINDS[kind]


def _is_other(version: str, kind: str) -> bool:
    """Whether it is none of our kinds, in whatever version."""
    return kind not in KINDS or version.partition("/")[0] != API_GROUP


def _decode_slowly(data: bytes, where: str, mixed: bool) -> list[Object | Other]:
    findings = Findings()
    found: list[tuple[Any, type[Object] | type[Other]]] = []
    for path, each in _objects(_documents(data, where)):
        if mixed and _is_some_other(each):
            found.append((_other(each), Other))
        elif type_ := _type_of(each, path, findings):
            fit = fitted(each, type_, findings, path)
            found.append((fit, type_))
    if findings:
        is_old = any(each.path[-1:] == ("apiVersion",) and each.value for each in findings)
        raise InvalidObject(where or "document", findings, where=where, hint=_NEWER if is_old else "")
    return [msgspec.convert(fit, type_) for fit, type_ in found]


def _is_some_other(data: Any) -> bool:
    """Whether it is an object that says what it is, and is none of ours."""
    if not isinstance(data, dict):
        return False
    version, kind = data.get("apiVersion"), data.get("kind")
    if not (isinstance(version, str) and isinstance(kind, str) and version and kind):
        return False
    return _is_other(version, kind)


def _other(data: dict[str, Any]) -> dict[str, Any]:
    """What is read of an object of another kind, whatever else is wrong with it."""
    meta = data.get("metadata")
    meta = meta if isinstance(meta, dict) else {}
    labels = meta.get("labels")
    labels = labels if isinstance(labels, dict) else {}
    return {
        "apiVersion": str(data.get("apiVersion")),
        "kind": str(data.get("kind")),
        "metadata": {
            "name": str(meta.get("name") or ""),
            "labels": {str(key): str(value) for key, value in labels.items()},
        },
    }


def _documents(data: bytes, where: str) -> list[Any]:
    """The documents of a text: JSON if it is that, YAML otherwise."""
    try:
        found = msgspec.json.decode(data)
        return [found] if found is not None else []
    except _UNREADABLE as error:
        looks_like_json = data.lstrip()[:1] in (b"{", b"[") and b"\n---" not in data
        json_fault = str(error) if looks_like_json else ""
        is_deep = isinstance(error, RecursionError)
    from cod.resource.yaml_text import TOO_DEEP, read_documents  # only YAML needs it

    try:
        return read_documents(data, where)
    except InvalidObject:
        if json_fault:
            fault = TOO_DEEP if is_deep else json_fault
            raise InvalidObject("JSON", [Problem((), "Syntax error", fault)], where=where) from None
        raise


def _objects(documents: list[Any]) -> Iterator[tuple[Path, Any]]:
    """All that should be objects, with their place in the text; lists are opened."""
    many = len(documents) > 1
    for number, document in enumerate(documents):
        yield from _opened(document, ("documents", number) if many else ())


def _opened(data: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(data, list):
        for index, item in enumerate(data):
            yield from _opened(item, (*path, index) if path else ("items", index))
    elif isinstance(data, dict) and str(data.get("kind")).endswith("List"):
        items = data.get("items") or []
        for index, item in enumerate(items if isinstance(items, list) else [items]):
            yield from _opened(_with_kind(item, data), (*path, "items", index))
    else:
        yield path, data


def _with_kind(item: Any, parent: dict[str, Any]) -> Any:
    """An item of a list such as ResourceSliceList, of which the API server leaves the kind out."""
    kind = parent.get("kind")
    if not isinstance(item, dict) or "kind" in item or not isinstance(kind, str) or kind == "List":
        return item
    return {"apiVersion": parent.get("apiVersion"), "kind": kind.removesuffix("List"), **item}


def _type_of(data: Any, path: Path, findings: Findings) -> type[Object] | None:
    if not isinstance(data, dict):
        findings.invalid(path, data, "must be an object with apiVersion and kind")
        return None
    version, kind = data.get("apiVersion"), data.get("kind")
    for field, value in (("apiVersion", version), ("kind", kind)):
        if not isinstance(value, str) or not value:
            findings.required((*path, field))
            return None
    if kind in KINDS and version == API_VERSION:
        return KINDS[kind]
    group = str(version).partition("/")[0]
    if group == API_GROUP and kind in KINDS:
        findings.unsupported((*path, "apiVersion"), str(version), (API_VERSION,))
    else:
        findings.unsupported((*path, "kind"), str(kind), tuple(KINDS))
    return None
