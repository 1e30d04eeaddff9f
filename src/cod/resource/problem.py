"""What is wrong with an object: one `Problem` a flaw, all of an object's together in `InvalidObject`.

The words are the API server's. Source: Kubernetes `k8s.io/apimachinery/pkg/util/validation/field`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from msgspec import Struct

from cod.errors import Refused


class Key(str):
    """The key of a map as a step of a path, to be told from the name of a field."""

    __slots__ = ()


Path = tuple[str | int, ...]


class Problem(Struct, frozen=True):
    """One flaw and where it stands.

    `path` leads into the object: names of fields, numbers of items from 0, and a `Key` for what lies in a
    map. `kind` is the sort of flaw, such as "Invalid value"; `value`, as JSON, is what is there, "" if that
    says nothing; `detail` is the rule that is broken.
    """

    path: Path
    kind: str
    detail: str = ""
    value: str = ""

    @property
    def where(self) -> str:
        """The path as it is written: `spec.devices[3].attributes["model"].string`."""
        return written(self.path)

    @property
    def message(self) -> str:
        """The flaw without its place: `Invalid value: "a b": must …`."""
        return ": ".join(part for part in (self.kind, self.value, self.detail) if part)

    @property
    def text(self) -> str:
        """The whole flaw, as the API server writes it."""
        return f"{self.where}: {self.message}" if self.path else self.message


class InvalidObject(Refused):
    """An object, or a document that should hold some, that the API server would not take; all problems."""

    def __init__(self, subject: str, problems: Sequence[Problem], *, where: str = "", hint: str = "") -> None:
        self.problems = tuple(problems)
        causes = tuple(problem.text for problem in problems)
        super().__init__(f"{subject} is invalid", where=where, causes=causes, hint=hint)


class Findings(list[Problem]):
    """The problems found so far; a method for each kind that the API server knows."""

    def invalid(self, path: Path, value: object, detail: str) -> None:
        """A value that breaks a rule."""
        self.append(Problem(path, "Invalid value", detail, shown(value)))

    def flawed(self, path: Path, value: str, flaws: Iterable[str]) -> None:
        """A name with its flaws, of which there may be none."""
        for flaw in flaws:
            self.invalid(path, value, flaw)

    def required(self, path: Path, detail: str = "") -> None:
        """Something that is missing."""
        self.append(Problem(path, "Required value", detail))

    def forbidden(self, path: Path, detail: str) -> None:
        """Something that must not be there."""
        self.append(Problem(path, "Forbidden", detail))

    def duplicate(self, path: Path, value: object) -> None:
        """Something that is there already."""
        self.append(Problem(path, "Duplicate value", "", shown(value)))

    def not_found(self, path: Path, value: object) -> None:
        """The name of something that is not there."""
        self.append(Problem(path, "Not found", "", shown(value)))

    def too_long(self, path: Path, limit: int) -> None:
        """A text of more bytes than it may have."""
        self.append(Problem(path, "Too long", f"may not be more than {limit} bytes"))

    def too_many(self, path: Path, count: int, limit: int) -> None:
        """A list of more items than it may have."""
        self.append(Problem(path, "Too many", f"must have at most {limit} items", str(count)))

    def unsupported(self, path: Path, value: str, choices: Sequence[str]) -> None:
        """A value that is none of those it may be."""
        if not value:
            self.required(path)
            return
        named = ", ".join(f'"{choice}"' for choice in sorted(choices))
        self.append(Problem(path, "Unsupported value", f"supported values: {named}", shown(value)))


def shown(value: object) -> str:
    """A value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 200 else text[:197] + "..."


def written(path: Path) -> str:
    """A path as it is written: `spec.devices[3].attributes["model"].string`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif isinstance(step, Key):
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
        else:
            text += f".{step}" if text else step
    return text
