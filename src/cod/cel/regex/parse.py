"""From the text of a regular expression to its tree, or to what is wrong with it, in Go's words.

Source: RE2's syntax page; Go `regexp/syntax`. What RE2 lacks is refused: looking around, back-references,
possessive and atomic groups, conditions.
"""

from __future__ import annotations

from msgspec import Struct

from cod.cel.regex.classes import ANY, PERL, POSIX, category_of, folded, union, without
from cod.cel.regex.tree import At, Characters, Choice, Node, Place, Ranges, Repeat, Sequence, repeats_within

MOST_REPEATS = 1000
_DEEPEST = 100  # groups within groups; ten times less than Go, as Python's own stack is used
_DOT: Ranges = ((0, 9), (11, 0x10FFFF))
_CONTROLS = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_PLACES: dict[str, Place] = {"A": "begin", "z": "end", "b": "word", "B": "no word"}
_OCTAL = "01234567"
_HEXADECIMAL = "0123456789abcdefABCDEF"


class InvalidPattern(Exception):
    """A text that is no regular expression of RE2's language."""


class _Level(Struct):
    """An open group: what it has so far, and the flags to go back to."""

    flags: frozenset[str]
    start: int
    branches: list[Node]
    items: list[Node]

    def close(self) -> Node:
        branch = self.items[0] if len(self.items) == 1 else Sequence(tuple(self.items))
        return Choice((*self.branches, branch)) if self.branches else branch


def parse(text: str) -> Node:
    """The tree of a regular expression. Raises InvalidPattern."""
    return _Parser(text).parse()


class _Parser:
    """Where the reading stands; levels are the open groups, the whole expression first."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.flags: frozenset[str] = frozenset()
        self.levels = [_Level(self.flags, 0, [], [])]

    def parse(self) -> Node:
        while self.position < len(self.text):
            self._read()
        if len(self.levels) > 1:
            raise _wrong("missing closing )", self.text)
        root = self.levels[0].close()
        if not repeats_within(root, MOST_REPEATS):
            raise _wrong("invalid repeat count", self.text)
        return root

    def _read(self) -> None:
        character = self._next()
        if character == "(":
            self._open()
        elif character == ")":
            self._close()
        elif character == "|":
            level = self.levels[-1]
            level.branches.append(_Level(self.flags, 0, [], level.items).close())
            level.items = []
        elif character in "*+?" or (character == "{" and self._counts()):
            self._repeat(character)
        else:
            self._add(self._single(character))

    def _next(self) -> str:
        self.position += 1
        return self.text[self.position - 1]

    def _at(self, what: str) -> bool:
        """Whether a text comes next; if so, it is read."""
        if self.text.startswith(what, self.position):
            self.position += len(what)
            return True
        return False

    def _add(self, node: Node | None) -> None:
        if node is not None:
            self.levels[-1].items.append(node)

    def _single(self, character: str) -> Node | None:
        """What a character stands for outside of groups and repetitions."""
        if character == ".":
            return Characters(ANY if "s" in self.flags else _DOT)
        if character == "^":
            return At("line begin" if "m" in self.flags else "begin")
        if character == "$":
            return At("line end" if "m" in self.flags else "end")
        if character == "[":
            return self._class()
        return self._escape() if character == "\\" else self._literal(ord(character))

    def _literal(self, code: int) -> Node:
        return Characters(self._cases(((code, code),)))

    def _cases(self, ranges: Ranges) -> Ranges:
        """The ranges, with all other cases of their characters where case does not matter."""
        return folded(ranges) if "i" in self.flags else ranges

    # Groups

    def _open(self) -> None:
        start = self.position - 1
        if len(self.levels) > _DEEPEST:
            raise _wrong("expression nests too deeply", self.text)
        flags = self.flags
        if self._at("?") and not self._name(start):
            inner = self._read_flags(start)
            if self.text[self.position - 1] == ")":
                self.flags = inner
                return
            self.flags = inner
        self.levels.append(_Level(flags, start, [], []))

    def _name(self, start: int) -> bool:
        """Whether a name follows, as in `(?P<name>`; it is read, and means nothing."""
        if self.text.startswith(("<=", "<!"), self.position):
            raise _wrong("invalid or unsupported Perl syntax", self.text[start : start + 4])
        if not (self._at("P<") or self._at("<")):
            return False
        end = self.text.find(">", self.position)
        if end < 0:
            raise _wrong("invalid named capture", self.text[start:])
        name = self.text[self.position : end]
        if not name or not all(c.isascii() and (c.isalnum() or c == "_") for c in name):
            raise _wrong("invalid named capture", self.text[start : end + 1])
        self.position = end + 1
        return True

    def _read_flags(self, start: int) -> frozenset[str]:
        """The flags within `(?i-s:` or `(?i)`, and what ends them."""
        flags, is_set, is_empty = set(self.flags), True, True
        while self.position < len(self.text):
            character = self._next()
            if character in "imsU":
                (flags.add if is_set else flags.discard)(character)
                is_empty = False
            elif character == "-" and is_set:
                is_set, is_empty = False, True
            elif character in ":)" and not (is_empty and not is_set):
                return frozenset(flags)
            else:
                break
        raise _wrong("invalid or unsupported Perl syntax", self.text[start : self.position])

    def _close(self) -> None:
        if len(self.levels) == 1:
            raise _wrong("unexpected )", self.text)
        level = self.levels.pop()
        self.flags = level.flags
        self._add(level.close())

    # Repetitions

    def _counts(self) -> bool:
        """Whether `n}`, `n,}` or `n,m}` follows."""
        end = self.text.find("}", self.position)
        least, comma, most = self.text[self.position : max(end, self.position)].partition(",")
        return end > 0 and _is_count(least) and (not comma or not most or _is_count(most))

    def _repeat(self, operator: str) -> None:
        start = self.position - 1
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(operator) or self._read_counts(start)
        is_lazy = self._at("?") != ("U" in self.flags)
        shown = self.text[start : self.position]
        items = self.levels[-1].items
        if not items:
            raise _wrong("missing argument to repetition operator", shown)
        if self.position < len(self.text):
            follows = self._next()
            if follows in "*+?" or (follows == "{" and self._counts()):
                if follows == "{":
                    self.position = self.text.index("}", self.position) + 1
                self._at("?")
                raise _wrong("invalid nested repetition operator", self.text[start : self.position])
            self.position -= 1
        items[-1] = Repeat(items[-1], least, most, is_lazy)

    def _read_counts(self, start: int) -> tuple[int, int | None]:
        end = self.text.index("}", self.position)
        least, comma, most = self.text[self.position : end].partition(",")
        self.position = end + 1
        low = min(int(least[:5]), MOST_REPEATS + 1)
        high = min(int(most[:5]), MOST_REPEATS + 1) if most else None if comma else low
        if low > MOST_REPEATS or (high is not None and (high > MOST_REPEATS or high < low)):
            raise _wrong("invalid repeat count", self.text[start : self.position])
        return low, high

    # Escapes and classes

    def _escape(self) -> Node | None:
        if self.position == len(self.text):
            raise _wrong("trailing backslash at end of expression", "")
        character = self.text[self.position]
        if character in _PLACES:
            self.position += 1
            return At(_PLACES[character])
        if character == "Q":
            self._quoted()
            return None
        ranges = self._shorthand()
        return Characters(ranges) if ranges is not None else self._literal(self._code())

    def _quoted(self) -> None:
        r"""All up to `\E`, each character for itself."""
        start = self.position + 1
        end = self.text.find(r"\E", start)
        self.position = end + 2 if end >= 0 else len(self.text)
        for character in self.text[start : end if end >= 0 else len(self.text)]:
            self._add(self._literal(ord(character)))

    def _shorthand(self) -> Ranges | None:
        r"""The class after a backslash, as of `\d` or `\pL`, if there is one."""
        character = self.text[self.position]
        if character.lower() in PERL:
            self.position += 1
            ranges = self._cases(PERL[character.lower()])
            return ranges if character.islower() else without(ranges)
        if character not in "pP":
            return None
        start = self.position - 1
        self.position += 1
        name = self._category_name(start)
        category = category_of(name.removeprefix("^"))
        if category is None:
            raise _wrong("invalid character class range", self.text[start : self.position])
        ranges = self._cases(category)
        return without(ranges) if (character == "P") != name.startswith("^") else ranges

    def _category_name(self, start: int) -> str:
        if self.position == len(self.text):
            raise _wrong("invalid character class range", self.text[start:])
        if not self._at("{"):
            return self._next()
        end = self.text.find("}", self.position)
        if end < 0:
            raise _wrong("invalid character class range", self.text[start:])
        name = self.text[self.position : end]
        self.position = end + 1
        return name

    def _code(self) -> int:
        """The character after a backslash."""
        start = self.position - 1
        character = self._next()
        follows = self.text[self.position : self.position + 1]
        if character in _OCTAL and (character == "0" or (follows and follows in _OCTAL)):
            digits = character
            while len(digits) < 3 and self.position < len(self.text) and self.text[self.position] in _OCTAL:
                digits += self._next()
            return int(digits, 8)
        if character == "x":
            return self._hexadecimal(start)
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character.isascii() and not character.isalnum():
            return ord(character)
        raise _wrong("invalid escape sequence", self.text[start : self.position])

    def _hexadecimal(self, start: int) -> int:
        if self._at("{"):
            end = self.text.find("}", self.position)
            digits = self.text[self.position : max(end, self.position)]
            self.position = end + 1 if end >= 0 else len(self.text)
        else:
            digits = self.text[self.position : self.position + 2]
            self.position += 2
            digits = digits if len(digits) == 2 else ""
        shown = self.text[start : self.position]
        if not 0 < len(digits) <= 8 or any(digit not in _HEXADECIMAL for digit in digits):
            raise _wrong("invalid escape sequence", shown)
        if int(digits, 16) > 0x10FFFF:
            raise _wrong("invalid escape sequence", shown)
        return int(digits, 16)

    def _class(self) -> Node:
        start = self.position - 1
        is_negated = self._at("^")
        ranges: list[tuple[int, int]] = []
        is_first = True
        while is_first or not self.text.startswith("]", self.position):
            if self.position >= len(self.text):
                raise _wrong("missing closing ]", self.text[start:])
            ranges += self._class_item(start)
            is_first = False
        self.position += 1
        found = union(ranges)
        return Characters(without(found) if is_negated else found)

    def _class_item(self, start: int) -> Ranges:
        """A character, a range, or a class within a class."""
        text, at = self.text, self.position
        if text.startswith("[:", at) and (end := text.find(":]", at + 2)) >= 0:
            return self._posix(end)
        if text[at] == "\\" and at + 1 < len(text):
            self.position += 1
            ranges = self._shorthand()
            if ranges is not None:
                return ranges
            self.position = at
        low = high = self._class_character(start)
        if text.startswith("-", self.position) and not text.startswith("-]", self.position):
            self.position += 1
            high = self._class_character(start)
            if high < low:
                raise _wrong("invalid character class range", text[at : self.position])
        return self._cases(((low, high),))

    def _class_character(self, start: int) -> int:
        if self.position >= len(self.text):
            raise _wrong("missing closing ]", self.text[start:])
        character = self._next()
        if character != "\\":
            return ord(character)
        if self.position >= len(self.text):
            raise _wrong("trailing backslash at end of expression", "")
        return self._code()

    def _posix(self, end: int) -> Ranges:
        shown = self.text[self.position : end + 2]
        name = shown[2:-2]
        ranges = POSIX.get(name.removeprefix("^"))
        if ranges is None:
            raise _wrong("invalid character class range", shown)
        self.position = end + 2
        ranges = self._cases(ranges)
        return without(ranges) if name.startswith("^") else ranges


def _wrong(what: str, where: str) -> InvalidPattern:
    shown = where if len(where) <= 80 else where[:80] + "…"
    return InvalidPattern(f"error parsing regexp: {what}: `{shown}`")


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and (len(text) == 1 or text[0] != "0")
