"""The CEL project's own conformance tests, as far as they are about what Kubernetes has.

What is left out, and why, is said in `FILES`; what comes out otherwise, in `CASES`. Cases with messages of
protobuf or in a container, of which Kubernetes has none, are left out wherever they are.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from cod.cel.check import check
from cod.cel.compile import Compiler, Program
from cod.cel.environment import Environment, library
from cod.cel.functions import EvaluationError, Overload
from cod.cel.parse import parse
from cod.cel.problem import InvalidExpression
from cod.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    UINT,
    Type,
    list_of,
    map_of,
    parameter,
    type_of,
)
from cod.cel.values import Duration, TypeValue, Unsigned

from .recorded import DATA

MESSAGES = "protobuf messages: Kubernetes' environment has no type of them"
FILES = {
    "block_ext": "what an optimizer of cel-go writes; nobody else does",
    "dynamic": MESSAGES,
    "encoders_ext": "base64 is not in Kubernetes' environment",
    "enums": MESSAGES,
    "math_ext": "math is not in Kubernetes' environment",
    "proto2": MESSAGES,
    "proto2_ext": MESSAGES,
    "proto3": MESSAGES,
    "wrappers": MESSAGES,
}
NEWER_STRINGS = "Kubernetes has version 2 of the library of strings, whose texts differ"
FORMATS = """
    scientific notation formatting clause
    default precision for fixed-point clause with int
    default precision for fixed-point clause with uint
    default precision for scientific notation
    default precision for scientific notation with int
    default precision for scientific notation with uint
    NaN support for scientific notation
    positive infinity support for scientific notation
    negative infinity support for scientific notation
    NaN support for decimal
    positive infinity support for decimal
    negative infinity support for decimal
    positive infinity support for fixed-point
    negative infinity support for fixed-point
    list support for string
    map support for string
    map support (all key types)
    dyntype support for scientific notation
    dyntype NaN/infinity support
    dyntype support for lists
    dyntype support for maps
    scientific notation formatting clause in a string variable
"""
PRESENCE = "Kubernetes does not switch on errors where presence is asked of what has no fields"
VERSION_3 = "reverse() is in version 3 of the library of strings, Kubernetes has version 2"
LOST = "the record has lost a backslash"
MAPPED = "Kubernetes refuses IPv4-mapped addresses"
CASES = {
    "network_ext/ipv4/ipv4_equals_ipv6": MAPPED,
    "network_ext/ipv4/ipv4_not_equals_ipv6": MAPPED,
    "optionals/optionals/map_null_entry_no_such_key": PRESENCE,
    "optionals/optionals/map_present_key_invalid_field": PRESENCE,
    **{f"string_ext/format/{name.strip()}": NEWER_STRINGS for name in FORMATS.strip().splitlines()},
    **{f"string_ext/reverse/{name}": VERSION_3 for name in ("empty", "single_character", "multiple")},
    "string_ext/value_errors/indexof_out_of_range": NEWER_STRINGS,
    "string_ext/value_errors/lastindexof_out_of_range": NEWER_STRINGS,
    "parse/bytes_literals/triple_single_quoted_unescaped_punctuation": LOST,
    "parse/bytes_literals/triple_double_quoted_unescaped_punctuation": LOST,
}
_WRAPPER = re.compile(r"google\.protobuf\.\w*Value")
NAMES = sorted(path.stem for path in (DATA / "cel").glob("*.json")) or ["cel"]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in FILES])
def test_answers_as_the_cel_project_says(name: str) -> None:
    path = DATA / "cel" / f"{name}.json"
    if not path.exists():
        pytest.skip("…/shared/data/cel is absent")
    wrong, ran = [], 0
    for section in json.loads(path.read_text()).get("section", []):
        for case in filter(_is_ours, section.get("test", [])):
            id_ = f"{name}/{section['name']}/{case['name']}"
            ran += 1
            flaw = _flaw(case)
            if bool(flaw) is not (id_ in CASES):
                wrong.append(f"{id_}: {case['expr']!r}: {flaw or 'is listed and does not differ'}")
    assert not wrong, f"{len(wrong)} of {ran}:\n" + "\n".join(wrong)
    assert ran or name == "unknowns"


def _is_ours(case: dict[str, Any]) -> bool:
    text = json.dumps(case)
    return "TestAllTypes" not in text and "container" not in case and not _WRAPPER.search(text)


def _flaw(case: dict[str, Any]) -> str:
    """How a case's outcome differs from what it says, "" if it does not."""
    values = {name: _value(value["value"]) for name, value in case.get("bindings", {}).items()}
    environment = _environment(case.get("type_env", ()), values)
    wanted_error = case.get("eval_error")
    try:
        parsed = parse(case["expr"])
        checked = None if case.get("disable_check") else check(parsed, environment)
    except InvalidExpression as invalid:
        return "" if wanted_error and _is_about_types(wanted_error) else str(invalid)
    typed = case.get("typed_result", {})
    if checked and "deduced_type" in typed and checked.type != _type(typed["deduced_type"]):
        return f"is of type {checked.type}, not {_type(typed['deduced_type'])}"
    if case.get("check_only"):
        return ""
    slots = {name: slot for slot, name in enumerate(values)}
    try:
        result = Program(Compiler(parsed, environment, checked, slots=slots))(**values)
    except EvaluationError as error:
        return "" if wanted_error else f"fails: {error}"
    if wanted_error:
        return f"is {result!r}, should fail: {wanted_error['errors'][0]['message']}"
    wanted = _value(case.get("value") or typed.get("result") or {"bool_value": True})
    return "" if _same(result, wanted) else f"is {result!r}, not {wanted!r}"


def _environment(declared: Sequence[dict[str, Any]], values: Iterable[str]) -> Environment:
    variables = dict.fromkeys(values, DYN)
    functions = dict(library())
    for entry in declared:
        if "ident" in entry:
            variables[entry["name"]] = _type(entry["ident"]["type"])
        else:
            overloads = [
                Overload(
                    of["overload_id"],
                    tuple(map(_type, of["params"])),
                    _type(of["result_type"]),
                    lambda *_: None,
                )
                for of in entry["function"]["overloads"]
            ]
            functions[entry["name"]] = functions.get(entry["name"], ()) + tuple(overloads)
    return Environment(functions, variables)


def _is_about_types(error: dict[str, Any]) -> bool:
    return "overload" in error["errors"][0]["message"]


def _type(data: Any) -> Type:
    kind, of = next(iter(data.items())) if isinstance(data, dict) else (data, None)
    match kind:
        case "primitive":
            names = {"BOOL": BOOL, "INT64": INT, "UINT64": UINT, "DOUBLE": DOUBLE, "STRING": STRING}
            return {**names, "BYTES": BYTES}[of]
        case "list_type":
            return list_of(_type(of["elem_type"]))
        case "map_type":
            return map_of(_type(of["key_type"]), _type(of["value_type"]))
        case "abstract_type":
            return Type("opaque", tuple(map(_type, of["parameter_types"])), of["name"])
        case "type_param":
            return parameter(of)
        case "well_known":
            return {"TIMESTAMP": TIMESTAMP, "DURATION": DURATION}[of]
        case "message_type":
            return {"google.protobuf.Timestamp": TIMESTAMP, "google.protobuf.Duration": DURATION}[of]
        case "null":
            return NULL
        case "type":
            return type_of(DYN)
        case "dyn":
            return DYN
    raise AssertionError(f"an unknown type {data}")


def _value(data: dict[str, Any]) -> Any:
    kind, of = next(iter(data.items()))
    match kind:
        case "int64_value":
            return int(of)
        case "uint64_value":
            return Unsigned(of)
        case "double_value":
            return float(of)
        case "bytes_value":
            return base64.b64decode(of)
        case "list_value":
            return [_value(item) for item in of.get("values", [])]
        case "map_value":
            return {_value(entry["key"]): _value(entry["value"]) for entry in of.get("entries", [])}
        case "type_value":
            return TypeValue(Type(of))
        case "object_value" if of["@type"].endswith("Duration"):
            whole, _, rest = of["value"].removesuffix("s").partition(".")
            return Duration(int(whole) * 10**9 + int(rest.ljust(9, "0") or 0))
    return of


def _same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return (one, math.copysign(1, one)) == (other, math.copysign(1, other)) or (
            one != one and other != other
        )
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict):
        return len(one) == len(other) and all(key in other and _same(one[key], other[key]) for key in one)
    return bool(one == other)
