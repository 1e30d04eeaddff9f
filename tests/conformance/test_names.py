from __future__ import annotations

from typing import Any

from cod.cdi import names


def test_names_are_taken_and_refused_as_by_the_reference(replay: Any) -> None:
    replay("cdi/names", answer)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    text = request["s"]
    return {
        "device": list(names.split_device(text)),
        "is_qualified": names.is_qualified_name(text),
        "qualified": parsed(text),
        "qualifier": list(names.split_kind(text)),
        "validate_class": names.class_problem(text),
        "validate_device": names.device_name_problem(text),
        "validate_vendor": names.vendor_problem(text),
    }


def parsed(text: str) -> dict[str, Any]:
    try:
        vendor, class_, name = names.parse_qualified_name(text)
    except names.InvalidName as error:
        return {"vendor": "", "class": "", "name": text, "error": error.what}
    return {"vendor": vendor, "class": class_, "name": name, "error": None}
