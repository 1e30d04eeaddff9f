from __future__ import annotations

from typing import Any

import pytest

from cod.cdi.schema import schema_problems

pytest.importorskip("jsonschema")


def test_the_schema_takes_and_refuses_what_that_of_the_reference_does(replay: Any) -> None:
    replay("cdi/schema", answer, expected)


def answer(request: dict[str, Any]) -> dict[str, bool]:
    data = request["s"].encode("utf-8", "surrogatepass")
    verdict = not schema_problems(data)
    return {
        "validate_data": verdict,
        "validate_file_yaml": verdict,
        "validate_file_json": not schema_problems(data, only_json=True),
    }


def expected(case: dict[str, Any]) -> dict[str, bool]:
    return {operation: error is None for operation, error in case["expect"].items()}
