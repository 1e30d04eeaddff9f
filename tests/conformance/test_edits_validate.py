from __future__ import annotations

import json
from typing import Any

from cod.cdi.parse import parse
from cod.cdi.validate import edits_problems


def test_edits_are_checked_as_by_the_reference(replay: Any) -> None:
    replay("cdi/edits_validate", answer)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    spec = parse(json.dumps({"containerEdits": request["edits"]}).encode())
    found = edits_problems(spec.container_edits)
    return {"error": found[0].message if found else None}
