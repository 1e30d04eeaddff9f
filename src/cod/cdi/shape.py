"""From a document's nodes to a `Spec`: which field takes which values, as the reference decodes them.

Scalars that stand where a string belongs become text; null is the zero value; keys match their fields without
regard to case. Every misfit is a problem with its place, and decoding goes on with the zero value.

The shapes are read off the types in `cod.cdi.spec`, so a new field there needs no change here.
Source: Go encoding/json with `DisallowUnknownFields`, engine v2 for the wording.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from msgspec import inspect

from cod.cdi.document import Node
from cod.cdi.problem import Path, Problem, Stage
from cod.cdi.quote import quote
from cod.cdi.scalars import as_integer, as_text, number_text
from cod.cdi.spec import NetDevice, Spec

Report = list[Problem]
Decode = Callable[[Node, Path, Report], Any]

# The reference's own names of types, which its messages show.
_GO_NAMES = {"fileMode": "fs.FileMode", "uid": "uint32", "gid": "uint32", "timeout": "int"}


def decode_spec(root: Node, problems: Report) -> Spec:
    """The spec that the tree holds; what does not fit is left out and added to `problems`."""
    spec: Spec = _struct_decoder(Spec)(root, (), problems)
    return spec


def _decoder(kind: inspect.Type, go_name: str) -> Decode:
    """The function that decodes one type. `go_name` is what the reference calls the type."""
    if isinstance(kind, inspect.UnionType):
        (inner,) = (member for member in kind.types if not isinstance(member, inspect.NoneType))
        return _nullable(_decoder(inner, go_name))
    if isinstance(kind, inspect.StrType):
        return _text
    if isinstance(kind, inspect.BoolType):
        return _flag
    if isinstance(kind, inspect.IntType):
        return _integer(kind.ge or 0, kind.le or 0, go_name)
    if isinstance(kind, inspect.VarTupleType):
        return _listing(kind.item_type)
    if isinstance(kind, inspect.DictType):
        return _text_map
    assert isinstance(kind, inspect.StructType)
    return _struct_decoder(kind.cls)


def _text(node: Node, path: Path, problems: Report) -> str:
    value = node.value
    if type(value) is str:
        return value
    if isinstance(value, (list, dict)):
        _misfit(node, path, problems, "string")
        return ""
    return as_text(value)


def _flag(node: Node, path: Path, problems: Report) -> bool:
    if isinstance(node.value, bool):
        return node.value
    if node.value is not None:
        _misfit(node, path, problems, "bool")
    return False


def _integer(least: int, most: int, go_name: str) -> Decode:
    def decode(node: Node, path: Path, problems: Report) -> int:
        value = node.value
        if value is None:
            return 0
        number: int | None = None
        if isinstance(value, float):
            # Go does not take "-0" for an unsigned number.
            number = None if least == 0 and str(value) == "-0.0" else as_integer(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            number = value
        if number is None or not least <= number <= most:
            _misfit(node, path, problems, go_name, with_number=True)
            return 0
        return number

    return decode


def _nullable(decode: Decode) -> Decode:
    def decode_nullable(node: Node, path: Path, problems: Report) -> Any:
        return None if node.value is None else decode(node, path, problems)

    return decode_nullable


def _listing(item_kind: inspect.Type) -> Decode:
    go_name = _go_item_name(item_kind)
    # The reference's lists of structs hold pointers, null among them, which it then follows.
    refuses_null = go_name.startswith("*")
    decode_item = _decoder(item_kind, "uint32")

    def decode(node: Node, path: Path, problems: Report) -> tuple[Any, ...]:
        if not isinstance(node.value, list):
            if node.value is not None:
                _misfit(node, path, problems, f"[]{go_name}")
            return ()
        items = []
        for index, item in enumerate(node.value):
            if refuses_null and item.value is None:
                _report(item, (*path, index), problems, f"invalid null entry in {path[-1]}", "null-entry")
            else:
                items.append(decode_item(item, (*path, index), problems))
        return tuple(items)

    return decode


def _go_item_name(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.StructType):
        name = _go_struct_name(kind.cls)
        return name if name == "specs.Device" else f"*{name}"
    return "uint32" if isinstance(kind, inspect.IntType) else "string"


def _go_struct_name(cls: type) -> str:
    return "specs.LinuxNetDevice" if cls is NetDevice else f"specs.{cls.__name__}"


def _text_map(node: Node, path: Path, problems: Report) -> dict[str, str]:
    if not isinstance(node.value, dict):
        if node.value is not None:
            _misfit(node, path, problems, "map[string]string")
        return {}
    return {name: _text(value, (*path, name), problems) for name, (_, value) in sorted(node.value.items())}


@cache
def _struct_decoder(cls: type) -> Decode:
    kind = inspect.type_info(cls)
    assert isinstance(kind, inspect.StructType)
    fields = {
        field.encode_name: (field.name, _decoder(field.type, _GO_NAMES.get(field.encode_name, "int64")))
        for field in kind.fields
    }
    folded = {_fold(name): field for name, field in fields.items()}

    def decode(node: Node, path: Path, problems: Report) -> Any:
        if not isinstance(node.value, dict):
            if node.value is not None:
                _misfit(node, path, problems, _go_struct_name(cls))
            return cls()
        values = {}
        # Go decodes a mapping in the order of its sorted keys; of equal fields the last counts.
        for name, (key, value) in sorted(node.value.items()):
            field = fields.get(name) or folded.get(_fold(name))
            if field is None:
                _report(key, (*path, name), problems, f"json: unknown field {quote(name)}", "unknown-field")
            else:
                values[field[0]] = field[1](value, (*path, name), problems)
        return cls(**values)

    return decode


def _fold(name: str) -> str:
    """A name without its case, by simple folding: one character stays one."""
    folded = name.casefold()
    return folded if len(folded) == len(name) else name


def _misfit(node: Node, path: Path, problems: Report, go_name: str, *, with_number: bool = False) -> None:
    value = node.value
    if isinstance(value, float) and not abs(value) < float("inf"):
        message = f"json: unsupported value: {as_text(value)}"
        _report(node, path, problems, message, "wrong-type", Stage.CONVERSION)
        return
    found = _json_kind(value)
    if with_number and found == "number":
        found = f"number {number_text(value)}"
    place = "Go value"
    if path:
        place = ("" if isinstance(path[-1], int) else "Go struct field ") + "." + ".".join(map(str, path))
    message = f"json: cannot unmarshal {found} into {place} of type {go_name}"
    _report(node, path, problems, message, "wrong-type")


def _json_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _report(
    node: Node, path: Path, problems: Report, message: str, rule: str, stage: Stage = Stage.SHAPE
) -> None:
    line, column = node.position
    problems.append(Problem(message, path=path, stage=stage, rule=rule, line=line, column=column))
