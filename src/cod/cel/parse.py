"""From the text of an expression to its tree: a Pratt parser. Source: cel-spec `doc/langdef.md` § Syntax.

Expressions nest 250 deep at most, as cel-go has it.
"""

from __future__ import annotations

from msgspec import Struct

from cod.cel.macros import expanded
from cod.cel.problem import InvalidExpression, Problem
from cod.cel.syntax import (
    Call,
    Entry,
    Expression,
    Identifier,
    ListLiteral,
    Literal,
    MapLiteral,
    Message,
    Select,
)
from cod.cel.tokens import RESERVED, number, string, tokens

DEEPEST = 250
TOO_DEEP = f"expression recursion limit exceeded: {DEEPEST}"

_POWERS = {"?": 0, "||": 1, "&&": 2, "in": 3, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5} | dict.fromkeys(
    ("==", "!=", "<", "<=", ">", ">="), 3
)
_NAMES = {kind: "@in" if kind == "in" else f"_{kind}_" for kind in _POWERS}
_CONSTANTS = {"true": True, "false": False, "null": None}


class Parsed(Struct, frozen=True):
    """A tree with its text; `spans` says from where to where in it a node was written."""

    text: str
    expression: Expression
    spans: dict[int, tuple[int, int]]

    def source(self, node: Expression) -> str:
        """What a node was written as, "" where a macro made it."""
        start, end = self.spans.get(node.id, (0, 0))
        return self.text[start:end]


class _Unreadable(Exception):
    """The parser cannot go on; what is wrong is noted already."""


def parse(text: str) -> Parsed:
    """The tree of an expression. Raises InvalidExpression."""
    parser = _Parser(text)
    try:
        expression = parser.expression(0)
        if parser.kinds[parser.i] != "<EOF>":
            raise parser.unexpected("<EOF>")
    except RecursionError:
        raise InvalidExpression(text, [Problem(0, TOO_DEEP)]) from None
    except _Unreadable:
        raise InvalidExpression(text, parser.problems) from None
    if parser.problems:
        raise InvalidExpression(text, parser.problems)
    return Parsed(text, expression, parser.spans)


class _Parser:
    __slots__ = ("depth", "ends", "i", "kinds", "last_id", "problems", "spans", "starts", "texts")

    def __init__(self, text: str) -> None:
        read = tokens(text)
        self.kinds, self.texts, self.starts, self.ends = read.kinds, read.texts, read.starts, read.ends
        self.problems = read.problems
        self.spans: dict[int, tuple[int, int]] = {}
        self.i = self.depth = self.last_id = 0

    def new_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def wrong(self, at: int, text: str) -> None:
        self.problems.append(Problem(at, text))

    def unexpected(self, wanted: str) -> _Unreadable:
        found, at = self.texts[self.i], self.starts[self.i]
        self.wrong(at, f"Syntax error: mismatched input '{found}' expecting {wanted}")
        return _Unreadable()

    def deeper(self, at: int, steps: int) -> None:
        """Stop where there are too many levels of nesting, and of steps from the innermost."""
        if self.depth + steps > DEEPEST:
            self.wrong(at, TOO_DEEP)
            raise _Unreadable

    def expect(self, kind: str) -> int:
        """Pass over an operator that must be here, and say where it ends."""
        if self.kinds[self.i] != kind:
            raise self.unexpected(f"'{kind}'")
        self.i += 1
        return self.ends[self.i - 1]

    def accept(self, kind: str) -> bool:
        """Pass over an operator that may be here, and say whether it was."""
        if self.kinds[self.i] == kind:
            self.i += 1
            return True
        return False

    def expression(self, floor: int) -> Expression:
        """An expression of operators that bind as strongly as `floor` or more."""
        start = self.starts[self.i]
        self.depth += 1
        self.deeper(start, 0)
        left = self.operand()
        steps = 0
        while (power := _POWERS.get(kind := self.kinds[self.i], -1)) >= floor:
            at = self.starts[self.i]
            if power in (1, 2):
                left = self.logical(kind, power, left)
            else:
                self.i += 1
                node_id = self.new_id()
                if power == 0:
                    chosen = self.expression(1)
                    self.expect(":")
                    left = Call(node_id, at, "_?_:_", None, (left, chosen, self.expression(0)))
                else:
                    left = Call(node_id, at, _NAMES[kind], None, (left, self.expression(power + 1)))
            self.spans[left.id] = (start, self.ends[self.i - 1])
            steps += 1
            self.deeper(start, steps)
        self.depth -= 1
        return left

    def logical(self, kind: str, power: int, first: Expression) -> Expression:
        """All that stands between the same `&&` or `||`, as a balanced tree."""
        terms, places = [first], []
        while self.kinds[self.i] == kind:
            places.append(self.starts[self.i])
            self.i += 1
            terms.append(self.expression(power + 1))
        return self.balanced(_NAMES[kind], terms, places, 0, len(places) - 1)

    def balanced(
        self, name: str, terms: list[Expression], places: list[int], first: int, last: int
    ) -> Expression:
        middle = (first + last + 1) // 2
        node_id = self.new_id()
        left = terms[middle] if middle == first else self.balanced(name, terms, places, first, middle - 1)
        right = terms[middle + 1] if middle == last else self.balanced(name, terms, places, middle + 1, last)
        return Call(node_id, places[middle], name, None, (left, right))

    def operand(self) -> Expression:
        """A value with all signs before it and all selections after it.

        Few functions stand between one level of nesting and the next: Python's stack is no deeper than 1000.
        """
        kind, start = self.kinds[self.i], self.starts[self.i]
        if kind == "!" or (kind == "-" and self.kinds[self.i + 1] not in ("int", "float")):
            return self.signed(kind)
        if kind == "name" or (kind == "." and self.kinds[self.i + 1] == "name"):
            name = self.name()
            if self.kinds[self.i] == "(":
                node = self.call(name, None)
            else:
                node = Identifier(self.new_id(), start, name)
        elif kind == "(":
            self.i += 1
            node = self.expression(0)
            self.expect(")")
        elif kind == "[":
            node = self.list(start)
        elif kind == "{":
            node = MapLiteral(self.new_id(), start, self.entries(is_message=False))
        else:
            node = self.literal(kind, start)
        if kind != "(":
            self.spans[node.id] = (start, self.ends[self.i - 1])
        steps = 0
        while (kind := self.kinds[self.i]) in (".", "[", "{"):
            if kind == ".":
                node = self.selected(node)
            elif kind == "[":
                node = self.indexed(node)
            else:
                node = self.message(node)
            self.spans[node.id] = (start, self.ends[self.i - 1])
            steps += 1
            self.deeper(start, steps)
        return node

    def signed(self, sign: str) -> Expression:
        """An operand after `!` or `-`: two of them are none."""
        start = self.starts[self.i]
        count = 0
        while self.accept(sign):
            count += 1
        kind = self.kinds[self.i]
        if kind in ("!", "-") and self.kinds[self.i + 1] not in ("int", "float"):
            raise self.unexpected("a value")
        node_id = self.new_id()
        node = self.operand()
        if count % 2:
            node = Call(node_id, start, f"{sign}_", None, (node,))
            self.spans[node_id] = (start, self.ends[self.i - 1])
        return node

    def name(self) -> str:
        """A name that stands before no dot, with the dot that may stand before it."""
        dot = "." if self.accept(".") else ""
        name = self.texts[self.i]
        if name in RESERVED:
            self.wrong(self.starts[self.i], f"Syntax error: reserved identifier: {name}")
        self.i += 1
        return dot + name

    def call(self, function: str, target: Expression | None) -> Expression:
        """A call, or what the macro of that name makes of it."""
        at = self.starts[self.i]
        self.i += 1
        node_id = self.new_id()
        args: list[Expression] = []
        if self.kinds[self.i] != ")":
            args.append(self.expression(0))
            while self.accept(","):
                args.append(self.expression(0))
        self.expect(")")
        node = expanded(self, function, target, args, at)
        return Call(node_id, at, function, target, tuple(args)) if node is None else node

    def literal(self, kind: str, at: int) -> Literal:
        """A value that is written out."""
        sign = "-" if self.accept("-") else ""
        kind, text = self.kinds[self.i], self.texts[self.i]
        self.i += 1
        if kind in _CONSTANTS:
            return Literal(self.new_id(), at, _CONSTANTS[kind])
        value: object = None
        try:
            if kind == "string":
                value = string(text)
            elif kind == "int":
                value = number(sign + text)
            elif kind == "float":
                value = float(sign + text)
            else:
                self.i -= 1
                raise self.unexpected("a value")
        except ValueError as error:
            flaw = "invalid unicode code point" if isinstance(error, UnicodeError) else str(error)
            self.wrong(at, f"Syntax error: {flaw}" if kind == "string" else flaw)
        if kind == "float" and value in (float("inf"), float("-inf")):
            self.wrong(at, "invalid double literal")
        return Literal(self.new_id(), at, value)

    def selected(self, operand: Expression) -> Expression:
        """What follows a dot: a field, or a call with a receiver."""
        at = self.starts[self.i]
        self.i += 1
        is_optional = self.accept("?")
        kind, name = self.kinds[self.i], self.texts[self.i]
        if kind not in ("name", "quoted"):
            raise self.unexpected("a name")
        self.i += 1
        if kind == "name" and not is_optional and self.kinds[self.i] == "(":
            return self.call(name, operand)
        if is_optional:
            field = Literal(self.new_id(), at, name)
            return Call(self.new_id(), at, "_?._", None, (operand, field))
        return Select(self.new_id(), at, operand, name)

    def indexed(self, operand: Expression) -> Expression:
        at = self.starts[self.i]
        self.i += 1
        name = "_[?_]" if self.accept("?") else "_[_]"
        node_id = self.new_id()
        index = self.expression(0)
        self.expect("]")
        return Call(node_id, at, name, None, (operand, index))

    def list(self, at: int) -> ListLiteral:
        self.i += 1
        node_id = self.new_id()
        items: list[Expression] = []
        optional: list[int] = []
        while self.kinds[self.i] != "]":
            if self.accept("?"):
                optional.append(len(items))
            items.append(self.expression(0))
            if not self.accept(","):
                break
        self.expect("]")
        return ListLiteral(node_id, at, tuple(items), frozenset(optional))

    def message(self, named: Expression) -> Expression:
        """The fields of a message, after the name of its type."""
        name = dotted(named)
        if name is None:
            raise self.unexpected("<EOF>")
        at = self.starts[self.i]
        return Message(self.new_id(), at, name, self.entries(is_message=True))

    def entries(self, *, is_message: bool) -> tuple[Entry, ...]:
        """The entries of a map or the fields of a message, and the brace after them."""
        self.i += 1
        found: list[Entry] = []
        while self.kinds[self.i] != "}":
            is_optional = self.accept("?")
            key = self.field() if is_message else self.expression(0)
            at = self.starts[self.i]
            self.expect(":")
            found.append(Entry(self.new_id(), at, key, self.expression(0), is_optional))
            if not self.accept(","):
                break
        self.expect("}")
        return tuple(found)

    def field(self) -> Literal:
        kind, name, at = self.kinds[self.i], self.texts[self.i], self.starts[self.i]
        if kind not in ("name", "quoted"):
            raise self.unexpected("a name")
        self.i += 1
        return Literal(self.new_id(), at, name)


def dotted(node: Expression) -> str | None:
    """The name that a node would be if its dots were part of it, such as `a.b.c`; None where it is none."""
    fields: list[str] = []
    while isinstance(node, Select) and not node.is_test and not node.is_optional:
        fields.append(node.field)
        node = node.operand
    if not isinstance(node, Identifier):
        return None
    return ".".join([node.name, *reversed(fields)])
