"""Where the options of a command line end, and which they are, in the two dialects that runtimes speak.

Only as exact as finding a verb, a bundle and a detached start needs; the runtime itself judges the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

_NO = ("false", "False", "FALSE", "f", "F", "0")


class Option(Struct, frozen=True):
    """One option: its name without dashes, its value if it has one, and the words it is written with."""

    name: str
    value: str | None
    words: tuple[str, ...]

    @property
    def is_on(self) -> bool:
        """Whether a switch is on: `--detach` is, `--detach=false` is not."""
        return self.value not in _NO


def last_value(options: Sequence[Option], *names: str) -> str:
    """What the last option of these names says; "" where there is none."""
    return next((option.value or "" for option in reversed(options) if option.name in names), "")


def single_words(
    words: Sequence[str], valued: Collection[str] | None = None, *, switches: Collection[str] = ()
) -> tuple[list[Option], int]:
    """The options at the beginning, in the dialect of runc: `-b D`, `-b=D`, `-bundle D`, `--bundle=D`.

    Returns them and the index of the first word that is none. Either `valued` names all that take a value,
    or `switches` names all that take none.
    """
    options: list[Option] = []
    index = 0
    while index < len(words) and words[index].startswith("-") and words[index] not in ("-", "--"):
        name, equals, value = words[index].removeprefix("-").removeprefix("-").partition("=")
        takes_next = not equals and _takes_value(name, valued, switches)
        end = min(index + 1 + takes_next, len(words))
        given = value if equals else words[end - 1] if takes_next else None
        options.append(Option(name, given, tuple(words[index:end])))
        index = end
    return options, index


def clustered(
    words: Sequence[str], *, valued: Collection[str] | None = None, switches: Collection[str] = ()
) -> tuple[list[Option], int]:
    """The options at the beginning, in the dialect of Podman: `-it`, `-eA=B`, `-e A=B`, `--env=A=B`.

    Returns them and the index of the first word that is none. Either `valued` names all that take a value,
    or `switches` names all that take none.
    """
    options: list[Option] = []
    index = 0
    while index < len(words) and words[index].startswith("-") and words[index] not in ("-", "--"):
        word = words[index]
        parts = [_long(word)] if word.startswith("--") else _letters(word, valued, switches)
        *earlier, (name, value) = parts
        options += [Option(each, given, (word,)) for each, given in earlier]
        takes_next = value is None and _takes_value(name, valued, switches)
        end = min(index + 1 + takes_next, len(words))
        options.append(Option(name, words[end - 1] if takes_next else value, tuple(words[index:end])))
        index = end
    return options, index


def permuted(words: Sequence[str], *, switches: Collection[str]) -> list[Option]:
    """All options, in the dialect of GNU: as Podman's, and up to `--` other words may stand between them."""
    options: list[Option] = []
    index = 0
    while index < len(words) and words[index] != "--":
        found, end = clustered(words[index:], switches=switches)
        options += found
        index += end or 1
    return options


def _long(word: str) -> tuple[str, str | None]:
    name, equals, value = word[2:].partition("=")
    return name, value if equals else None


def _letters(
    word: str, valued: Collection[str] | None, switches: Collection[str]
) -> list[tuple[str, str | None]]:
    """The options in a word such as `-itd` or `-eA=B`: after a letter that takes a value comes that."""
    found: list[tuple[str, str | None]] = []
    for place, letter in enumerate(word[1:], 2):
        rest = word[place:]
        if rest.startswith("="):
            return [*found, (letter, rest[1:])]
        if _takes_value(letter, valued, switches):
            return [*found, (letter, rest or None)]
        found.append((letter, None))
    return found


def _takes_value(name: str, valued: Collection[str] | None, switches: Collection[str]) -> bool:
    return name not in switches if valued is None else name in valued
