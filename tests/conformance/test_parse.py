from __future__ import annotations

from base64 import b64decode
from typing import Any

from msgspec import Struct
from msgspec.structs import fields

from cod.cdi.parse import parse
from cod.cdi.problem import InvalidSpec
from cod.cdi.spec import Device, DeviceNode, Hook, Mount, NetDevice, Spec


def test_texts_are_parsed_and_refused_as_by_the_reference(replay: Any) -> None:
    replay("cdi/parse", answer, expected)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    data = b64decode(request["b64"]) if "b64" in request else request["s"].encode("utf-8", "surrogatepass")
    try:
        return {"error": None, "spec": as_go_writes(parse(data))}
    except InvalidSpec as error:
        return {"error": error.what, "spec": None}


def expected(case: dict[str, Any]) -> dict[str, Any]:
    answer = case["expect"]
    if not answer["ok"]:
        return {"error": answer["error"], "spec": None}
    if answer["spec"] is None:  # the reference says so one step later
        return {"error": "no Spec data", "spec": None}
    return {"error": None, "spec": with_devices(answer["spec"])}


def with_devices(spec: dict[str, Any]) -> dict[str, Any]:
    """A spec of an answer; Go tells a list that is absent from an empty one, and nothing depends on it."""
    return {**spec, "devices": spec["devices"] or []}


REQUIRED: dict[type, tuple[str, ...]] = {
    Spec: ("cdi_version", "kind", "devices", "container_edits"),
    Device: ("name", "container_edits"),
    DeviceNode: ("path",),
    Mount: ("host_path", "container_path"),
    Hook: ("hook_name", "path"),
    NetDevice: ("host_interface_name", "name"),
}


def as_go_writes(value: Any) -> Any:
    """What the Go types write as JSON: required fields always, others if they are not zero or empty."""
    if isinstance(value, tuple):
        return [as_go_writes(item) for item in value]
    if not isinstance(value, Struct):
        return value
    required = REQUIRED.get(type(value), ())
    return {
        field.encode_name: as_go_writes(found)
        for field in fields(value)
        if is_given(field.name, found := getattr(value, field.name)) or field.name in required
    }


def is_given(name: str, value: Any) -> bool:
    if name in ("major", "minor") and value == 0:
        return False
    return value is not None and value is not False and value not in ("", (), {})
