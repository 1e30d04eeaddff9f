"""Semantic versions.

Source: Kubernetes `apiserver/pkg/cel/library/semverlib.go`, version 1, and `cost.go`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cod.cel.functions import EvaluationError, Function, Overload
from cod.cel.library.declare import PASSING, function, method
from cod.cel.types import BOOL, INT, SEMVER, STRING, Type
from cod.resource.semver import InvalidVersion, Version, parse_version


def version_of(text: str, normalize: bool = False) -> Version:
    """The version that a text is; with `normalize`, `v1.02` is one, too."""
    try:
        return parse_version(text, normalize=normalize)
    except InvalidVersion as invalid:
        raise EvaluationError(f"{invalid.what}: {invalid.causes[0]}") from None


def is_version(text: str, normalize: bool = False) -> bool:
    """Whether `version_of` gives one."""
    try:
        parse_version(text, normalize=normalize)
    except InvalidVersion:
        return False
    return True


def _compare(one: Version, other: Version) -> int:
    return (one > other) - (one < other)


def _as_int64(number: int) -> int:
    """What Go makes of an unsigned number."""
    return number - 2**64 if number >= 2**63 else number


def _method(id_: str, other: tuple[Type, ...], result: Type, call: Callable[..., Any]) -> Overload:
    return method(id_, (SEMVER, *other), result, call)


FUNCTIONS: tuple[Function, ...] = (
    Function(
        "semver",
        (
            function("string_to_semver", (STRING,), SEMVER, version_of, PASSING),
            function("string_bool_to_semver", (STRING, BOOL), SEMVER, version_of, PASSING),
        ),
    ),
    Function(
        "isSemver",
        (
            function("is_semver_string", (STRING,), BOOL, is_version, PASSING),
            function("is_semver_string_bool", (STRING, BOOL), BOOL, is_version, PASSING),
        ),
    ),
    Function(
        "isGreaterThan",
        (_method("semver_is_greater_than", (SEMVER,), BOOL, lambda one, other: one > other),),
    ),
    Function(
        "isLessThan", (_method("semver_is_less_than", (SEMVER,), BOOL, lambda one, other: one < other),)
    ),
    Function("compareTo", (_method("semver_compare_to", (SEMVER,), INT, _compare),)),
    Function("major", (_method("semver_major", (), INT, lambda version: _as_int64(version.major)),)),
    Function("minor", (_method("semver_minor", (), INT, lambda version: _as_int64(version.minor)),)),
    Function("patch", (_method("semver_patch", (), INT, lambda version: _as_int64(version.patch)),)),
)
