"""Semantic versions.

Source: Kubernetes `apiserver/pkg/cel/library/semverlib.go`, version 1, and `cost.go`.
"""

from __future__ import annotations

from typing import Any

from cod.cel.functions import EvaluationError, Function, Overload
from cod.cel.library.price import passing, traversal
from cod.cel.types import BOOL, INT, SEMVER, STRING, Type
from cod.resource.semver import InvalidVersion, Version, parse_version

_PARSE = {"estimate": lambda sizes: traversal(sizes[0]), "cost": lambda args, result: passing(args[0])}


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


def _method(id_: str, other: tuple[Type, ...], result: Type, call: Any) -> Overload:
    return Overload(id_, (SEMVER, *other), result, call, is_member=True)


FUNCTIONS: tuple[Function, ...] = (
    Function(
        "semver",
        (
            Overload("string_to_semver", (STRING,), SEMVER, version_of, **_PARSE),
            Overload("string_bool_to_semver", (STRING, BOOL), SEMVER, version_of, **_PARSE),
        ),
    ),
    Function(
        "isSemver",
        (
            Overload("is_semver_string", (STRING,), BOOL, is_version, **_PARSE),
            Overload("is_semver_string_bool", (STRING, BOOL), BOOL, is_version, **_PARSE),
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
