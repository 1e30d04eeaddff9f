"""Semantic versions 2.0.0, strict: `1.2.3`, `2.0.0-rc.1+build.5`; and their order.

Source: semver.org, § 9 to 11; Kubernetes takes a version attribute by the same grammar, and its CEL library
orders versions without looking at their build.
"""

from __future__ import annotations

import re
from functools import total_ordering

from msgspec import Struct

from cod.errors import Refused

_NUMBER = r"(?:0|[1-9][0-9]*)"
_PRERELEASE = rf"(?:{_NUMBER}|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
_BUILD = r"[0-9a-zA-Z-]+"
_VERSION = re.compile(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})"
    rf"(?:-({_PRERELEASE}(?:\.{_PRERELEASE})*))?"
    rf"(?:\+({_BUILD}(?:\.{_BUILD})*))?"
)
_LARGEST = 2**64 - 1  # what Kubernetes' parser can hold


class InvalidVersion(Refused):
    """A text that is no semantic version."""


@total_ordering
class Version(Struct, frozen=True, gc=False, eq=False):
    """A version; the build says where it came from and does not count when versions are compared."""

    major: int
    minor: int
    patch: int
    prerelease: tuple[int | str, ...] = ()
    build: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        text += "-" + ".".join(map(str, self.prerelease)) if self.prerelease else ""
        return text + ("+" + ".".join(self.build) if self.build else "")

    def __eq__(self, other: object) -> bool:
        return self._rank == other._rank if isinstance(other, Version) else NotImplemented

    def __ne__(self, other: object) -> bool:  # a Struct's own would compare identities
        return not self == other

    def __lt__(self, other: Version) -> bool:
        return self._rank < other._rank

    def __hash__(self) -> int:
        return hash(self._rank)

    @property
    def _rank(self) -> tuple[object, ...]:
        """What sorts as § 11 says: none after all prereleases, numbers before words, fewer before more."""
        parts = tuple((0, part, "") if isinstance(part, int) else (1, 0, part) for part in self.prerelease)
        return self.major, self.minor, self.patch, not self.prerelease, parts


def is_version(text: str) -> bool:
    """Whether a text has the form of a version; its numbers may have any size."""
    return _VERSION.fullmatch(text) is not None


def parse_version(text: str, *, normalize: bool = False) -> Version:
    """The version that a text is. Raises InvalidVersion.

    With `normalize`, a leading v, leading zeros and a missing minor or patch number are forgiven, as
    Kubernetes' CEL function `semver(text, true)` does.
    """
    match = _VERSION.fullmatch(_normal(text) if normalize else text)
    if match is None:
        raise InvalidVersion(
            f"invalid version {text!r}",
            causes=("must be a string compatible with semver.org spec 2.0.0",),
            hint="three numbers with dots, as in 1.2.3",
        )
    prerelease = (
        tuple(int(part) if part.isdigit() else part for part in match[4].split(".")) if match[4] else ()
    )
    major, minor, patch = (int(match[group]) for group in (1, 2, 3))
    if max((major, minor, patch, *(part for part in prerelease if isinstance(part, int)))) > _LARGEST:
        raise InvalidVersion(f"invalid version {text!r}", causes=(f"a number is larger than {_LARGEST}",))
    return Version(major, minor, patch, prerelease, tuple(match[5].split(".")) if match[5] else ())


def _normal(text: str) -> str:
    """The text with what is forgiven put right; what cannot be put right stays wrong."""
    parts = [_without_zeros(part) for part in text.removeprefix("v").split(".", 2)]
    if len(parts) < 3 and set("+-").intersection(parts[-1]):
        return ""
    return ".".join([*parts, "0", "0"][: max(len(parts), 3)])


def _without_zeros(part: str) -> str:
    if len(part) < 2:
        return part
    rest = part.lstrip("0")
    return rest if rest[:1].isdigit() else "0" + rest
