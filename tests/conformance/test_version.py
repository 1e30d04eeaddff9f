from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from cod.cdi.version import minimum_version, version_problem

from .recorded import spec_of


def test_versions_are_needed_and_refused_as_by_the_reference(replay: Any) -> None:
    replay("cdi/version", answer)


# The versions that the recording tried on every spec.
DECLARED = (
    *(
        "",
        "0.1.0",
        "0.2.0",
        "0.3.0",
        "0.4.0",
        "0.5.0",
        "0.6",
        "0.6.0",
        "0.6.1",
        "0.7.0",
        "0.8.0",
        "1.0.0",
        "1.1.0",
    ),
    *("1.1.0 ", "1.1.0-rc1", "1.2.0", "V1.1.0", "v0.3.0", "v1.1.0", "vv1.1.0"),
)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    spec = spec_of(request["spec"])
    return {
        "error": None,
        "min_version": minimum_version(spec),
        "validate": {version: version_problem(replace(spec, cdi_version=version)) for version in DECLARED},
    }
