from __future__ import annotations

from typing import Any

from cod.cdi.load import load
from cod.cdi.names import qualified_name
from cod.cdi.problem import InvalidSpec
from cod.cdi.version import minimum_version

from .test_parse import as_go_writes, with_devices

REFUSED = {"spec": None, "devices": None, "vendor": None, "class": None, "min_version": None}


def test_files_are_loaded_and_refused_as_by_the_reference(replay: Any) -> None:
    replay("cdi/load", answer, expected)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        spec = load(request["s"].encode("utf-8", "surrogatepass"), f"$ROOT/{request['name']}")
    except InvalidSpec as error:
        return {**REFUSED, "error": error.what}
    return {
        "error": None,
        "spec": as_go_writes(spec),
        "devices": sorted(qualified_name(spec.vendor, spec.class_, device.name) for device in spec.devices),
        "vendor": spec.vendor,
        "class": spec.class_,
        "min_version": minimum_version(spec),
    }


def expected(case: dict[str, Any]) -> dict[str, Any]:
    answer = case["expect"]["noschema"]
    if "panic" in answer:
        return {**REFUSED, "error": None, "panic": True}
    if not answer["ok"]:
        return {**REFUSED, "error": answer["error"]}
    found = {key: answer[key] for key in ("vendor", "class", "min_version")}
    return {
        **found,
        "error": None,
        "spec": with_devices(answer["spec"]),
        "devices": sorted(answer["devices"]),
    }
