"""A spec file as a tree of nodes with positions, read as the reference reads it.

The reference takes every file as YAML 1.1, JSON being a part of that. Here libyaml (by PyYAML) scans and
parses; this module joins its events into nodes, resolves scalars, follows anchors and merge keys and finds
keys given twice. It goes on after a flaw where it can, so that all of them are reported.

Only the first document of a file counts, and what follows it is not looked at, as in the reference.
"""

from __future__ import annotations

from typing import Any

import yaml
from msgspec.structs import replace

from cod.cdi.files import MAX_NODES
from cod.cdi.garbage import no_collection
from cod.cdi.problem import Path, Problem, Stage
from cod.cdi.quote import quote
from cod.cdi.scalars import Scalar, UnreadableScalar, as_key, resolve, resolve_tagged

# Deeper than any spec can be; the reference's own limit is 10,000 levels.
MAX_DEPTH = 64

_MERGE_TAG = "tag:yaml.org,2002:merge"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Node:
    """A value of the document and where it stands.

    `value` is a scalar, a list of nodes, or a dict from key to (the key's node, the value's node).
    `size` counts the nodes below and at it, each alias as often as it is used.
    """

    __slots__ = ("mark", "size", "value")

    def __init__(self, value: Any, mark: Any, size: int = 1) -> None:
        self.value = value
        self.mark = mark
        self.size = size

    @property
    def position(self) -> tuple[int, int]:
        """Line and column, from 1."""
        return self.mark.line + 1, self.mark.column + 1

    def position_of(self, path: Path) -> tuple[int, int]:
        """Line and column of what a path leads to, or of the last that there is on the way.

        A mapping's entry stands at its key if it is a list or a mapping itself, else at its value.
        """
        node, position = self, self.position
        for step in path:
            if isinstance(step, int) and isinstance(node.value, list) and step < len(node.value):
                node = node.value[step]
                position = node.position
            elif isinstance(node.value, dict) and step in node.value:
                key, node = node.value[step]
                position = (key if isinstance(node.value, (list, dict)) else node).position
            else:
                break
        return position


class Unreadable(Exception):
    """The text is no YAML document, or one that the reference gives up on."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def compose(data: bytes) -> tuple[Node | None, list[Problem]]:
    """The first document of `data`, None where there is none, and what is wrong with it.

    Raises `Unreadable` where no tree can be made. Cost: one pass, about 5 µs an event.
    """
    composer = _Composer(data)
    try:
        return composer.document(), composer.problems
    except yaml.MarkedYAMLError as error:
        raise Unreadable(_syntax_problem(error)) from None
    except yaml.YAMLError as error:
        raise Unreadable(_reader_problem(error, data)) from None
    finally:
        composer.loader.dispose()


@no_collection()
def locate(data: bytes, problems: list[Problem]) -> list[Problem]:
    """The same problems, each with the line and column of the place in `data` that its path leads to."""
    try:
        root, _ = compose(data)
    except Unreadable:
        return problems
    if root is None:
        return problems
    places = [root.position_of(problem.path) for problem in problems]
    return [
        replace(problem, line=line, column=column)
        for problem, (line, column) in zip(problems, places, strict=True)
    ]


class _Composer:
    """Joins events into nodes. One use only."""

    def __init__(self, data: bytes) -> None:
        self.loader = _Loader(data)
        self.next_event = self.loader.get_event
        self.problems: list[Problem] = []
        self.anchors: dict[str, Node | None] = {}
        self.nodes = self.aliased = 0
        self.has_slash_escapes = b"\\/" in data
        self.text = data.decode("utf-8-sig", "replace") if self.has_slash_escapes else ""

    def document(self) -> Node | None:
        self.next_event()
        start = self.next_event()
        if isinstance(start, yaml.StreamEndEvent):
            return None
        if start.version not in (None, (1, 1)):
            raise Unreadable(_at(start.start_mark, Stage.SYNTAX, "yaml: found incompatible YAML document"))
        root = self.node(self.next_event(), 0)
        self.next_event()
        return root

    def node(self, event: Any, depth: int) -> Node:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            node = self.scalar(event)
        elif kind is yaml.AliasEvent:
            return self.alias(event)
        elif depth > MAX_DEPTH:
            raise Unreadable(_at(event.start_mark, Stage.SYNTAX, f"yaml: exceeded max depth of {MAX_DEPTH}"))
        else:
            anchor = event.anchor
            if anchor is not None:
                self.anchors[anchor] = None
            join = self.mapping if kind is yaml.MappingStartEvent else self.sequence
            node = join(event, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def count(self, event: Any) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            message = f"yaml: document has more than {MAX_NODES} values"
            raise Unreadable(_at(event.start_mark, Stage.SYNTAX, message))

    def scalar(self, event: Any) -> Node:
        self.count(event)
        text = event.value
        if event.tag is not None:
            try:
                return Node(resolve_tagged(event.tag, text), event.start_mark)
            except UnreadableScalar as error:
                self.problem(event.start_mark, Stage.YAML, f"yaml: {error}")
                return Node(text, event.start_mark)
        if event.implicit[0]:
            return Node(resolve(text), event.start_mark)
        if self.has_slash_escapes and event.style == '"':
            self.refuse_slash_escape(event)
        return Node(text, event.start_mark)

    def alias(self, event: Any) -> Node:
        name = event.anchor
        if name not in self.anchors:
            message = f"yaml: unknown anchor '{name}' referenced"
            raise Unreadable(_at(event.start_mark, Stage.SYNTAX, message))
        node = self.anchors[name]
        if node is None:
            message = f"yaml: anchor '{name}' value contains itself"
            raise Unreadable(_at(event.start_mark, Stage.YAML, message))
        self.nodes += node.size
        self.aliased += node.size
        if self.nodes > MAX_NODES or _excessive(self.aliased, self.nodes):
            message = "yaml: document contains excessive aliasing"
            raise Unreadable(_at(event.start_mark, Stage.YAML, message))
        return node

    def sequence(self, event: Any, depth: int) -> Node:
        before = self.nodes
        self.count(event)
        items = []
        while type(item := self.next_event()) is not yaml.SequenceEndEvent:
            items.append(self.node(item, depth + 1))
        return Node(items, event.start_mark, self.nodes - before)

    def mapping(self, event: Any, depth: int) -> Node:
        before = self.nodes
        self.count(event)
        entries: dict[Any, tuple[Node, Node]] = {}
        while type(key_event := self.next_event()) is not yaml.MappingEndEvent:
            key = self.node(key_event, depth + 1)
            value = self.node(self.next_event(), depth + 1)
            if _is_merge(key_event):
                self.merge(entries, key, value)
            else:
                self.enter(entries, key, value)
        return Node(self.named(entries), event.start_mark, self.nodes - before)

    def enter(self, entries: dict[Any, tuple[Node, Node]], key: Node, value: Node) -> None:
        name = key.value
        if isinstance(name, (list, dict)):
            self.problem(key.mark, Stage.YAML, f"yaml: invalid map key: {_go_value(key)}")
            return
        identity = name if type(name) is str else (type(name), name)
        if identity in entries:
            shown = quote(name) if isinstance(name, str) else as_key(name)
            self.problem(key.mark, Stage.DUPLICATE, f"key {shown} already set in map")
        entries[identity] = (key, value)

    def merge(self, entries: dict[Any, tuple[Node, Node]], key: Node, value: Node) -> None:
        sources = list(reversed(value.value)) if isinstance(value.value, list) else [value]
        for source in sources:
            if not isinstance(source.value, dict):
                message = "yaml: map merge requires map or sequence of maps as the value"
                self.problem(key.mark, Stage.YAML, message)
                return
            for merged_key, merged_value in source.value.values():
                self.enter(entries, merged_key, merged_value)

    def named(self, entries: dict[Any, tuple[Node, Node]]) -> dict[str, tuple[Node, Node]]:
        """The entries under the text of their keys."""
        if all(type(identity) is str for identity in entries):
            return entries
        named = {}
        for key, value in entries.values():
            name: Scalar = key.value
            if name is None or (type(name) is int and name >= 2**63):
                kind, shown = ("%!s(<nil>)", "<nil>") if name is None else ("uint64", hex(name))
                message = f"unsupported map key of type: {kind}, key: {shown}, value: {_go_value(value)}"
                self.problem(key.mark, Stage.CONVERSION, message)
            else:
                named[as_key(name)] = (key, value)
        return named

    def refuse_slash_escape(self, event: Any) -> None:
        r"""libyaml takes `\/` in a quoted scalar and the reference does not."""
        source = self.text[event.start_mark.index : event.end_mark.index]
        if "\\/" in source.replace("\\\\", ""):
            line = event.start_mark.line
            where = f"line {line + 1}: " if line else ""
            message = f"yaml: {where}found unknown escape character"
            raise Unreadable(_at(event.start_mark, Stage.SYNTAX, message))

    def problem(self, mark: Any, stage: Stage, message: str) -> None:
        self.problems.append(_at(mark, stage, message))


def _excessive(aliased: int, nodes: int) -> bool:
    """goyaml's guard against documents that are mostly aliases."""
    if aliased <= 100 or nodes <= 1000:
        return False
    growth = min(max(nodes - 400_000, 0) / 3_600_000, 1.0)
    return aliased / nodes > 0.99 - 0.89 * growth


def _is_merge(event: Any) -> bool:
    return (
        type(event) is yaml.ScalarEvent
        and event.value == "<<"
        and (event.tag == _MERGE_TAG or (event.tag is None and event.implicit[0]))
    )


def _go_value(node: Node) -> str:
    """A value as Go's `%#v` prints it."""
    value = node.value
    if isinstance(value, dict):
        entries = ", ".join(f"{quote(name)}:{_go_value(item)}" for name, (_, item) in value.items())
        return f"map[interface {{}}]interface {{}}{{{entries}}}"
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(_go_value(item) for item in value)}}}"
    if value is None:
        return "interface {}(nil)"
    return quote(value) if isinstance(value, str) else as_key(value)


def _at(mark: Any, stage: Stage, message: str) -> Problem:
    rule = "duplicate-key" if stage is Stage.DUPLICATE else "syntax"
    return Problem(message, stage=stage, rule=rule, line=mark.line + 1, column=mark.column + 1)


def _syntax_problem(error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line = 0
    if error.problem_mark is not None and error.problem_mark.line:
        # goyaml counts a scanner's line from 1 and a parser's from 0.
        line = error.problem_mark.line + isinstance(error, yaml.scanner.ScannerError)
    elif error.context_mark is not None:
        line = error.context_mark.line
    where = f"line {line}: " if line else ""
    message = f"yaml: {where}{error.problem or 'unknown problem parsing YAML content'}"
    return _at(mark, Stage.SYNTAX, message) if mark else Problem(message, stage=Stage.SYNTAX)


def _reader_problem(error: yaml.YAMLError, data: bytes) -> Problem:
    """A character or an encoding that YAML does not know; its position is counted in bytes."""
    reason = getattr(error, "reason", str(error))
    offset = getattr(error, "position", 0)
    before = data[:offset]
    line = before.count(b"\n") + 1
    return Problem(f"yaml: {reason}", stage=Stage.SYNTAX, line=line, column=offset - before.rfind(b"\n"))
