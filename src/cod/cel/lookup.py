"""What stands in brackets, behind `in` and behind `?`: items of lists, entries of maps, optional values.

Source: cel-go `common/types/list.go`, `map.go`, `optional.go`; `cel/library.go`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cod.cel.effort import spend
from cod.cel.equality import equal, is_number
from cod.cel.functions import EvaluationError, Function, member, of
from cod.cel.keys import ABSENT, find, has
from cod.cel.library.text import text_of, type_name
from cod.cel.types import BOOL, INT, A, B, list_of, map_of, optional_of
from cod.cel.values import NONE, Duration, Optional, Timestamp


def no_such_overload() -> EvaluationError:
    """The error of a call whose arguments have no type that the function takes."""
    return EvaluationError("no such overload")


def contains(value: Any, items: Sequence[Any]) -> bool:
    """Whether a list has a value."""
    spend(len(items))
    return any(equal(value, item) for item in items)


def place(index: Any) -> int:
    """The place in a list that an index means; a double or uint that is a whole number is one, too."""
    if type(index) is int:
        return index
    if not is_number(index):
        raise EvaluationError(f"unsupported index type '{type_name(index)}' in list")
    if not math.isfinite(index) or index != int(index):
        raise EvaluationError(f"unsupported index value {text_of(index)} in list")
    return int(index)


def item(items: Sequence[Any], index: Any) -> Any:
    """What a list has at a place."""
    index = place(index)
    if not 0 <= index < len(items):
        raise EvaluationError(f"index out of bounds: {index}")
    return items[index]


def entry(entries: Mapping[Any, Any], key: Any) -> Any:
    """What a map has under a key."""
    found = find(entries, key)
    if found is not ABSENT:
        return found
    if (default := getattr(entries, "__missing__", None)) is not None:
        return default(key)
    raise missing(key)


def missing(key: Any, hint: Callable[[], str] | None = None) -> EvaluationError:
    """The error where a map has no such key."""
    text = text_of(key)
    return EvaluationError(f"no such key: {type_name(key) if text is None else text}", hint=hint)


def optional_item(items: Sequence[Any], index: Any) -> Optional:
    """What a list has at a place, or none."""
    index = place(index)
    return Optional(items[index], True) if 0 <= index < len(items) else NONE


def optional_entry(entries: Mapping[Any, Any], key: Any) -> Optional:
    """What a map has under a key, or none."""
    found = find(entries, key)
    if found is ABSENT:
        default = getattr(entries, "__missing__", None)
        return NONE if default is None else Optional(default(key), True)
    return Optional(found, True)


def field(value: Any, name: Any) -> Any:
    """What stands after a dot: an entry of a map, or of what an optional value holds."""
    if isinstance(value, Mapping):
        return entry(value, name)
    if isinstance(value, Optional):
        return optional_field(value, name)
    if isinstance(value, (list, tuple)):
        return item(value, name)
    raise missing(name)


def optional_field(value: Any, name: Any) -> Optional:
    """What stands after `.?`, or in `[?…]`: none where there is nothing."""
    if isinstance(value, Optional):
        return optional_field(value.value, name) if value.is_there else NONE
    if isinstance(value, Mapping):
        return optional_entry(value, name)
    if isinstance(value, (list, tuple)):
        return optional_item(value, name)
    return NONE


def has_field(value: Any, name: str) -> bool:
    """What `has()` says of a field."""
    if isinstance(value, Optional):
        return value.is_there and has_field(value.value, name)
    if not isinstance(value, Mapping):
        return isinstance(value, (list, tuple)) and optional_item(value, name).is_there
    return has(value, name) or hasattr(value, "__missing__")


def index(value: Any, key: Any) -> Any:
    """What stands in `[…]`: an item of a list, an entry of a map."""
    return field(value, key)


def is_in(value: Any, within: Any) -> bool:
    """`in`: among the items of a list, or the keys of a map."""
    if isinstance(within, Mapping):
        return has(within, value)
    if isinstance(within, (list, tuple)):
        return contains(value, within)
    raise no_such_overload()


def _some(held: Optional) -> Any:
    if not held.is_there:
        raise EvaluationError("optional.none() dereference")
    return held.value


def is_zero(value: Any) -> bool:
    """Whether a value is what its type begins with: null, false, 0, or empty."""
    if isinstance(value, (Timestamp, Duration)):
        return not value.nanoseconds
    return not value if isinstance(value, (int, float, str, bytes, list, tuple, Mapping)) else value is None


def _inserted(entries: Mapping[Any, Any], key: Any, value: Any) -> dict[Any, Any]:
    if has(entries, key):
        raise EvaluationError(f"insert failed: key {text_of(key)} already exists")
    spend(len(entries))
    return {**entries, key: value}


def _merged(entries: Mapping[Any, Any], more: Mapping[Any, Any]) -> dict[Any, Any]:
    result = dict(entries)
    for key, value in more.items():
        result = _inserted(result, key, value)
    return result


def never(*_: Any) -> Any:
    """What is not called, as its arguments are not all needed: `&&`, `orValue`."""
    raise no_such_overload()


_LIST, _MAP = list_of(A), map_of(A, B)
_OPTIONAL, _OPTIONAL_LIST, _OPTIONAL_MAP = map(optional_of, (A, _LIST, _MAP))

FUNCTIONS: tuple[Function, ...] = (
    Function(
        "@in",
        (
            of("in_list", BOOL, A, _LIST, call=contains),
            of("in_map", BOOL, A, _MAP, call=lambda key, entries: has(entries, key)),
        ),
    ),
    Function(
        "_[_]",
        (
            of("index_list", A, _LIST, INT, call=item),
            of("index_map", B, _MAP, A, call=entry),
            of("optional_list_index_int", _OPTIONAL, _OPTIONAL_LIST, INT, call=optional_field),
            of("optional_map_index_value", optional_of(B), _OPTIONAL_MAP, A, call=optional_field),
        ),
    ),
    Function(
        "_[?_]",
        (
            of("list_optindex_optional_int", _OPTIONAL, _LIST, INT, call=optional_item),
            of("map_optindex_optional_value", optional_of(B), _MAP, A, call=optional_entry),
            of(
                "optional_list_optindex_optional_int",
                _OPTIONAL,
                _OPTIONAL_LIST,
                INT,
                call=optional_field,
            ),
            of(
                "optional_map_optindex_optional_value",
                optional_of(B),
                _OPTIONAL_MAP,
                A,
                call=optional_field,
            ),
        ),
    ),
    Function(
        "cel.@mapInsert",
        (
            of("@mapInsert_map_key_value", _MAP, _MAP, A, B, call=_inserted),
            of("@mapInsert_map_map", _MAP, _MAP, _MAP, call=_merged),
        ),
    ),
    Function("optional.of", (of("optional_of", _OPTIONAL, A, call=lambda value: Optional(value, True)),)),
    Function("optional.none", (of("optional_none", _OPTIONAL, call=lambda: NONE),)),
    Function(
        "optional.ofNonZeroValue",
        (
            of(
                "optional_ofNonZeroValue",
                _OPTIONAL,
                A,
                call=lambda value: NONE if is_zero(value) else Optional(value, True),
            ),
        ),
    ),
    Function("value", (member("optional_value", A, _OPTIONAL, call=_some),)),
    Function("or", (member("optional_or_optional", _OPTIONAL, _OPTIONAL, _OPTIONAL, call=never),)),
    Function("orValue", (member("optional_orValue_value", A, _OPTIONAL, A, call=never),)),
    Function("hasValue", (member("optional_hasValue", BOOL, _OPTIONAL, call=lambda held: held.is_there),)),
)
