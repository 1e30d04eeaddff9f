"""The JSON Schema of CDI 1.1.0, for those who check specs by schema; `cod.cdi.load` needs none.

The schema knows shapes only and is looser than the parser: unknown fields pass, and what stands in `env` or
`fileMode` is not looked at. Its verdicts are those of the reference's schema, its words are not.
`schema.json`, beside this module, says where that schema is odd.

Source: CDI SPEC.md § CDI JSON Specification; the reference's `Schema.ValidateData`.
"""

from __future__ import annotations

import json
import re
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

from cod.cdi.document import Node, Unreadable, compose, locate
from cod.cdi.files import MAX_BYTES
from cod.cdi.problem import Path as Place
from cod.cdi.problem import Problem, Stage
from cod.cdi.scalars import as_text
from cod.errors import Unavailable

# Python turns no longer number into an int; this one is beyond any range of the schema.
_LONGEST_INTEGER = 4000
_LARGEST_ANNOTATIONS = 256 * 1024

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_PREFIX = re.compile(rf"{_LABEL}(\.{_LABEL})*").fullmatch
_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]").fullmatch

_TYPE_NAMES: dict[type, str] = {
    type(None): "null", bool: "boolean", int: "number", float: "number",
    str: "string", list: "array", dict: "object",
}  # fmt: skip


def schema_problems(data: bytes, *, only_json: bool = False) -> list[Problem]:
    """Everything in a spec's text that the schema does not take, each with its line and column.

    Text that opens with `{` is read as JSON, other text as YAML unless `only_json`. The keys of annotations
    have to be Kubernetes' qualified names in YAML and may be anything in JSON, as in the reference.

    Raises:
        Unavailable: if the library `jsonschema` is not installed.
    """
    validator = _validator()
    if len(data) > MAX_BYTES:
        message = f"file of {len(data)} bytes is larger than {MAX_BYTES}"
        return [Problem(message, stage=Stage.SYNTAX, rule="too-large")]
    is_json = only_json or data.lstrip().startswith(b"{")
    value, found = _json_value(data) if is_json else _yaml_value(data)
    if found:
        return found
    found = [_misfit(error) for error in validator.iter_errors(value)]
    if not found and not is_json:
        found = _annotation_problems(value)
    return sorted(locate(data, found), key=lambda problem: (problem.line, problem.column))


@cache
def _validator() -> Any:
    try:
        from jsonschema import Draft7Validator
    except ImportError:
        raise Unavailable(
            "the library jsonschema is not installed", hint="pip install 'cod-devices[schema]'"
        ) from None
    return Draft7Validator(json.loads(Path(__file__).with_name("schema.json").read_bytes()))


def _json_value(data: bytes) -> tuple[Any, list[Problem]]:
    try:
        text = data.decode("utf-8", "replace")
        return json.loads(text, parse_int=_integer, parse_constant=_refuse_constant), []
    except json.JSONDecodeError as error:
        line, column = error.lineno, error.colno
        return None, [Problem(error.msg, stage=Stage.SYNTAX, line=line, column=column)]
    except ValueError as error:
        return None, [Problem(str(error), stage=Stage.SYNTAX)]
    except RecursionError:
        return None, [Problem("exceeded max depth", stage=Stage.SYNTAX)]


def _integer(text: str) -> float:
    return int(text) if len(text) <= _LONGEST_INTEGER else float(text)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _yaml_value(data: bytes) -> tuple[Any, list[Problem]]:
    try:
        root, found = compose(data)
    except Unreadable as error:
        return None, [error.problem]
    if root is None:
        return None, found
    return _plain(root, (), {}, found), found


def _plain(node: Node, place: Place, known: dict[int, Any], found: list[Problem]) -> Any:
    """A node's value without positions. What aliases share stays shared, so a bomb of them stays small."""
    value = node.value
    if isinstance(value, float) and not isfinite(value):
        line, column = node.position
        message = f"json: unsupported value: {as_text(value)}"
        found.append(Problem(message, place, Stage.CONVERSION, "wrong-type", line, column))
    if not isinstance(value, (list, dict)):
        return value
    if id(node) not in known:
        known[id(node)] = (
            [_plain(item, (*place, index), known, found) for index, item in enumerate(value)]
            if isinstance(value, list)
            else {name: _plain(item, (*place, name), known, found) for name, (_, item) in value.items()}
        )
    return known[id(node)]


def _misfit(error: Any) -> Problem:
    message = error.message
    if error.validator == "type":  # the library would show the whole value
        message = f"got {_TYPE_NAMES[type(error.instance)]}, want {error.validator_value}"
    return Problem(message, tuple(error.absolute_path), rule="schema")


def _annotation_problems(spec: dict[str, Any]) -> list[Problem]:
    found = _map_problems(spec.get("annotations", {}), ("annotations",), "annotations")
    for index, device in enumerate(spec["devices"]):
        place = ("devices", index, "annotations")
        found += _map_problems(device.get("annotations", {}), place, f"{device['name']}.annotations")
    return found


def _map_problems(annotations: dict[str, Any], place: Place, subject: str) -> list[Problem]:
    """What Kubernetes has against annotations. Source: k8s `ValidateAnnotations`."""
    if not all(isinstance(value, str) for value in annotations.values()):  # the schema overlooks one key, ""
        return [Problem(f"invalid annotation {subject}.: not a string", (*place, ""), rule="annotation")]
    found = []
    for key in annotations:
        if flaw := _key_flaw(key.lower()):
            found.append(Problem(f"{subject}.{key} is invalid: {flaw}", (*place, key), rule="annotation"))
    size = sum(len(text.encode("utf-8", "replace")) for pair in annotations.items() for text in pair)
    if size > _LARGEST_ANNOTATIONS:
        message = f"{subject} is too long: {size} bytes, at most {_LARGEST_ANNOTATIONS} are allowed"
        found.append(Problem(message, place, rule="annotation"))
    return found


def _key_flaw(key: str) -> str | None:
    prefix, slash, name = key.rpartition("/")
    if slash and not (_PREFIX(prefix) and len(prefix) <= 253):
        return "prefix part must be a lowercase DNS name of at most 253 characters"
    if not name:
        return "name part must be non-empty"
    if len(name) > 63:
        return "name part must be no more than 63 characters"
    if not _NAME(name):
        return (
            "name part must consist of alphanumeric characters, '-', '_' or '.', "
            "and must start and end with an alphanumeric character"
        )
    return None
