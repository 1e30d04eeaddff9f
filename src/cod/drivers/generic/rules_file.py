"""Rules files: groups of device nodes as YAML, with every mistake found in its place.

A group with a mistake is not offered, nor is the built-in one that it was to replace; all others are. A file
that is no YAML costs its own groups. Of groups with one name in several files the last counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from difflib import get_close_matches
from typing import Any, TypeVar

import yaml
from msgspec import Struct

from cod.drivers.generic import rules_text as read
from cod.drivers.generic.matches import references, wildcards
from cod.drivers.generic.rules import Group, Member, Usb
from cod.drivers.generic.rules_text import Mistake
from cod.host import Host
from cod.resource.yaml_text import check_depth

MOST_CHARACTERS = 2**18  # of a file
MOST_VALUES = 20_000  # of a file, aliases followed
MOST_LEVELS = 16

T = TypeVar("T")
Groups = dict[str, Group | None]
Readers = Mapping[str, Callable[[yaml.Node], Any]]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SPLIT = "several files in /etc/cod/devices.d"


class RuleProblem(Struct, frozen=True):
    """One mistake in a rules file: where it stands, what is wrong, and what to try.

    `line` and `column` count from 1 and are 0 where the whole file is meant.
    """

    file: str
    line: int
    column: int
    what: str
    hint: str

    @property
    def where(self) -> str:
        """The place, as compilers write it."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    @property
    def text(self) -> str:
        """What is wrong and what to try."""
        return f"{self.what}; try: {self.hint}"


def read_groups(host: Host, files: Iterable[str], built_in: Set[str]) -> tuple[Groups, list[RuleProblem]]:
    """The groups of some files by name, None for one that is off or has a mistake; and all mistakes.

    `built_in` are the names of the groups that may be switched off.
    """
    groups: Groups = {}
    problems: list[RuleProblem] = []
    for file in files:
        found, wrong = parse_groups(host.read(file), file, {*built_in, *groups})
        groups |= found
        problems += wrong
    return groups, problems


def parse_groups(text: str, file: str, built_in: Set[str]) -> tuple[Groups, list[RuleProblem]]:
    """The groups in the text of a file, and its mistakes, as `read_groups` has them."""
    reader = _Reader(file, built_in)
    return reader.groups(text), reader.problems


class _TooLarge(Exception):
    """A file has more values than any file needs."""


class _Reader:
    """Reads one file, and goes on after a mistake."""

    def __init__(self, file: str, known: Set[str]) -> None:
        self.problems: list[RuleProblem] = []
        self._file = file
        self._known = known
        self._left = MOST_VALUES

    def groups(self, text: str) -> Groups:
        root = self._root(text)
        try:
            return self._groups(root) if root is not None else {}
        except Mistake as mistake:
            self._note(mistake)
        except _TooLarge:
            self._problem(f"it has more than {MOST_VALUES} values", _SPLIT)
        return {}

    def _root(self, text: str) -> yaml.Node | None:
        """The document of a file, or None where there is none that can be read."""
        if not text:
            self._problem("it is empty, or may not be read", "chmod 644, or remove it")
        elif len(text) > MOST_CHARACTERS:
            self._problem(f"it has more than {MOST_CHARACTERS} characters", _SPLIT)
        elif "\ufffd" in text:
            self._problem("it is not UTF-8", "write it anew")
        else:
            return self._composed(text)
        return None

    def _composed(self, text: str) -> yaml.Node | None:
        try:
            check_depth(text, MOST_LEVELS)
            root: yaml.Node | None = yaml.compose(text, Loader=_Loader)
        except (yaml.YAMLError, ValueError) as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            why = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            self._problem(f"this is no YAML: {why}", "NAME: {paths: [/dev/…]}", line, column)
            return None
        return root

    def _groups(self, root: yaml.Node) -> Groups:
        found: Groups = {}
        for key, value in read.entries(root, "a rules file", "NAME: {paths: [/dev/…]}"):
            before = len(self.problems)
            name = group = None
            try:
                name = read.group_name(key)
                if name in found:
                    raise Mistake(
                        key, f"there is a group {name} already", "another name, or one group of both"
                    )
                group = self._group(name, key, value)
            except Mistake as mistake:
                self._note(mistake)
            if name is not None:
                found[name] = group if len(self.problems) == before else None
        return found

    def _group(self, name: str, key: yaml.Node, node: yaml.Node) -> Group | None:
        if read.is_off(node):
            if name not in self._known:
                near = get_close_matches(name, self._known, n=1)
                raise Mistake(
                    key, f"there is no group {name} to switch off", near[0] if near else "remove it"
                )
            return None
        before = len(self.problems)
        values = self._fields(
            node,
            f"group {name}",
            {
                "paths": self._members,
                "usb": lambda each: self._list(each, self._usb),
                "join": read.join,
                "with": self._members,
                "permissions": read.permissions,
                "count": read.count,
                "shared": read.shared,
            },
        )
        if len(self.problems) > before:
            return None
        values["with_"] = values.pop("with", ())
        group = Group(name, origin=f"{self._file}:{key.start_mark.line + 1}", **values)
        _check(group, key)
        return group

    def _members(self, node: yaml.Node) -> tuple[Member, ...]:
        return self._list(node, self._member)

    def _member(self, node: yaml.Node) -> Member:
        if isinstance(node, yaml.ScalarNode):
            return Member(read.path(node))
        readers = {
            "path": read.path,
            "permissions": read.permissions,
            "mount": read.mount,
            "optional": read.switch,
            "sysfs": self._sysfs,
        }
        before = len(self.problems)
        values = self._fields(node, "a path", readers)
        if "path" not in values and len(self.problems) == before:
            raise Mistake(node, "here is no path", "path: /dev/…")
        return Member(**{"path": "", **values})

    def _usb(self, node: yaml.Node) -> Usb:
        readers = {"vendor": read.usb_number, "product": read.usb_number, "serial": read.serial}
        return Usb(**self._fields(node, "usb", readers))

    def _sysfs(self, node: yaml.Node) -> dict[str, str]:
        pairs = read.entries(node, "sysfs", "sysfs: {name: PATTERN}")
        return {read.sysfs_name(key): read.pattern(value) for key, value in pairs if self._counts(key)}

    def _fields(self, node: yaml.Node, what: str, readers: Readers) -> dict[str, Any]:
        """The values of a mapping by the readers of its fields; a mistake costs its field."""
        found: dict[str, Any] = {}
        seen = set()
        for key, value in read.entries(node, what, f"{next(iter(readers))}: …"):
            self._counts(key)
            try:
                if key.value not in readers:
                    near = get_close_matches(key.value, readers, n=1)
                    raise Mistake(
                        key, f"{what} has no field {key.value!r}", near[0] if near else ", ".join(readers)
                    )
                if key.value in seen:
                    raise Mistake(key, f"{what} has {key.value} twice", "one of them")
                seen.add(key.value)
                found[key.value] = readers[key.value](value)
            except Mistake as mistake:
                self._note(mistake)
        return found

    def _list(self, node: yaml.Node, reader: Callable[[yaml.Node], T]) -> tuple[T, ...]:
        found = []
        for item in read.items(node):
            self._counts(item)
            try:
                found.append(reader(item))
            except Mistake as mistake:
                self._note(mistake)
        return tuple(found)

    def _counts(self, _: yaml.Node) -> bool:
        """Count a value; a few lines with aliases can stand for more of them than memory holds."""
        self._left -= 1
        if self._left < 0:
            raise _TooLarge
        return True

    def _note(self, mistake: Mistake) -> None:
        mark = mistake.node.start_mark
        self._problem(mistake.what, mistake.hint, mark.line + 1, mark.column + 1)

    def _problem(self, what: str, hint: str, line: int = 0, column: int = 0) -> None:
        self.problems.append(RuleProblem(self._file, line, column, what, hint))


def _check(group: Group, key: yaml.Node) -> None:
    """What no single field shows to be wrong. Raises Mistake."""
    name = f"group {group.name}"
    if not group.paths and not group.usb:
        raise Mistake(key, f"{name} says neither paths nor usb", "paths: [/dev/…]")
    if not group.paths and (group.join or group.with_):
        raise Mistake(key, f"{name} has {'join' if group.join else 'with'} and no paths", "add paths")
    if group.count > 1 and group.shared:
        raise Mistake(key, f"{name} has both count and shared", "shared alone: one device for several claims")
    if any(references(each.path) for each in group.paths):
        raise Mistake(key, f"{name} has {{1}} in paths", "{1} in `with` or `mount`, and * in paths")
    known = 0 if group.join == "all" else min((wildcards(each.path) for each in group.paths), default=0)
    texts = [each.mount for each in group.paths] + [
        text for each in group.with_ for text in (each.path, each.mount)
    ]
    wrong = [number for text in texts for number in references(text) if number > known]
    if wrong:
        hint = "no join: all" if group.join == "all" else "a path with * in it"
        raise Mistake(key, f"{name} has {{{wrong[0]}}}, and not every path has so many wildcards", hint)
