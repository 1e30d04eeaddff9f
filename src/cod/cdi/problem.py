"""What is wrong with a spec: one `Problem` a flaw, all of a file's together in `InvalidSpec`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from msgspec import Struct

from cod.cdi.quote import quote
from cod.errors import Refused

Path = tuple[str | int, ...]


class Stage(IntEnum):
    """How far the reference gets before it meets a flaw; the earliest is the one that it reports."""

    SYNTAX = 0
    YAML = 1
    DUPLICATE = 2
    CONVERSION = 3
    SHAPE = 4
    RULE = 5


_PARSING = "failed to unmarshal CDI Spec: "
_PREFIXES = {
    Stage.SYNTAX: _PARSING + "error converting YAML to JSON: ",
    Stage.YAML: _PARSING + "error converting YAML to JSON: ",
    Stage.DUPLICATE: _PARSING + "error converting YAML to JSON: yaml: unmarshal errors:\n  ",
    Stage.CONVERSION: _PARSING + "error converting YAML to JSON: ",
    Stage.SHAPE: _PARSING + "error unmarshaling JSON: while decoding JSON: ",
    Stage.RULE: "invalid CDI Spec: ",
}


class Problem(Struct, frozen=True, gc=False):
    """One flaw, in the reference's words, and where it stands.

    `path` leads into the document, such as `("devices", 0, "name")`; `line` and `column` count from 1 and are
    0 where there is no text. `rule` names the rule that is broken: see `cod.cdi.rules`.
    """

    message: str
    path: Path = ()
    stage: Stage = Stage.RULE
    rule: str = "syntax"
    line: int = 0
    column: int = 0

    @property
    def reference_text(self) -> str:
        """The whole error that the reference gives where this is the first flaw it meets."""
        return _PREFIXES[self.stage] + self.message


class InvalidSpec(Refused):
    """A spec that no runtime would take. `problems` holds every flaw, the reference's first one first."""

    def __init__(self, path: str, problems: Sequence[Problem], source: bytes = b"") -> None:
        first = problems[0]
        text = _reference_text(problems)
        if first.stage < Stage.RULE and path:
            separator = ", " if first.rule == "no-data" else ": "
            text = f"failed to parse CDI Spec {quote(path)}{separator}{text}"
        super().__init__(text, where=path)
        self.path = path
        self.problems = tuple(problems)
        self.source = source


def _reference_text(problems: Sequence[Problem]) -> str:
    first = problems[0]
    if first.rule == "no-data":
        return first.message
    if first.stage is not Stage.DUPLICATE:
        return first.reference_text
    repeated = [f"line {p.line}: {p.message}" for p in problems if p.stage is Stage.DUPLICATE]
    return _PREFIXES[Stage.DUPLICATE] + "\n  ".join(repeated)
