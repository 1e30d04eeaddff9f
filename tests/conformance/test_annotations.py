from __future__ import annotations

from typing import Any

from cod.cdi.annotations import (
    InvalidAnnotation,
    annotate,
    annotation_key,
    annotation_value,
    parse_annotations,
)


def test_annotations_are_made_and_read_as_by_the_reference(replay: Any) -> None:
    replay("cdi/annotations", answer)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    return ANSWERS[request["op"]](request)


def key(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"error": None, "key": annotation_key(request["plugin"], request["device_id"])}
    except InvalidAnnotation as error:
        return {"error": error.what, "key": ""}


def value(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"error": None, "value": annotation_value(request["devices"])}
    except InvalidAnnotation as error:
        return {"error": error.what, "value": ""}


def update(request: dict[str, Any]) -> dict[str, Any]:
    plugin, device_id, devices = request["plugin"], request["device_id"], request["devices"]
    try:
        updated = annotate(request["annotations"] or {}, plugin, device_id, devices)
    except InvalidAnnotation as error:
        return {"error": error.what, "annotations": request["annotations"]}
    return {"error": None, "annotations": updated}


def parse(request: dict[str, Any]) -> dict[str, Any]:
    try:
        keys, devices = parse_annotations(request["annotations"] or {})
    except InvalidAnnotation as error:
        return {"error": error.what, "keys": None, "devices": None}
    return {"error": None, "keys": keys or None, "devices": devices or None}  # Go's empty list is null


ANSWERS = {
    "annotation_key": key,
    "annotation_value": value,
    "annotation_update": update,
    "annotation_parse": parse,
}
