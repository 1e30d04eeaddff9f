from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cod.cdi.names import InvalidName
from cod.cdi.spec import Spec
from cod.cdi.write import name_for_spec, name_for_transient_spec, spec_name, transient_spec_name


def test_files_of_specs_are_named_as_by_the_reference(replay: Any) -> None:
    replay("cdi/spec_names", answer)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    vendor, class_, transient_id = request["vendor"], request["class"], request["s"]
    spec = Spec(kind=request["name"])
    return {
        "name": spec_name(vendor, class_),
        "transient": transient_spec_name(vendor, class_, transient_id),
        "for_spec": named(lambda: name_for_spec(spec)),
        "for_transient_spec": named(lambda: name_for_transient_spec(spec, transient_id)),
    }


def named(name: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"error": None, "name": name()}
    except InvalidName as error:
        return {"error": error.what, "name": ""}
