"""What is wrong with an expression: one `Problem` a flaw, all of an expression's together.

The words are cel-go's, and so is the way in which they are shown: line, column and a caret.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from cod.errors import Refused

_MOST = 100  # problems that are shown, as in cel-go: each repeats the text


class Problem(Struct, frozen=True):
    """A flaw, and where it stands: in characters from 0; None where it is of the whole expression."""

    at: int | None
    text: str
    hint: str = ""

    @property
    def message(self) -> str:
        """The flaw, and what may have been meant."""
        return f"{self.text}; {self.hint}" if self.hint else self.text

    def shown(self, expression: str) -> str:
        """The flaw with its place, as cel-go shows it: three lines, the last with a caret."""
        if self.at is None:
            return self.message
        start = expression.rfind("\n", 0, self.at) + 1
        line, column = expression.count("\n", 0, self.at) + 1, self.at - start
        text = expression[start:].partition("\n")[0].replace("\t", " ")
        return f"ERROR: <input>:{line}:{column + 1}: {self.message}\n | {text}\n | {'.' * column}^"


class InvalidExpression(Refused):
    """An expression that the API server would not take; all problems, of which a hundred are shown."""

    def __init__(self, expression: str, problems: Sequence[Problem]) -> None:
        self.expression = expression
        self.problems = tuple(sorted(problems, key=lambda problem: problem.at or 0))
        shown = [problem.shown(expression) for problem in self.problems[:_MOST]]
        if len(self.problems) > _MOST:
            shown.append(f"and {len(self.problems) - _MOST} more")
        placed = any(problem.at is not None for problem in problems)
        self.text = "compilation failed: " * placed + "\n".join(shown)
        hint = next((problem.hint for problem in self.problems if problem.hint), "")
        super().__init__("the expression is invalid", causes=tuple(shown), hint=hint)

    def __str__(self) -> str:
        return self.text


def near(name: str, known: Iterable[str]) -> str:
    """`did you mean model?`, or "" where no known name is like this one."""
    from difflib import get_close_matches  # most expressions have nothing wrong

    found = get_close_matches(name, sorted(known), n=1, cutoff=0.7)
    return f"did you mean {found[0]}?" if found else ""
