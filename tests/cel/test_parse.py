from __future__ import annotations

import pytest

from cod.cel import InvalidExpression
from cod.cel.parse import Parsed, parse
from cod.cel.syntax import Call, Comprehension, Expression, Identifier, Literal, Select
from cod.cel.values import Unsigned


def literal(text: str) -> object:
    node = parse(text).expression
    assert isinstance(node, Literal)
    return node.value


def shape(node: Expression) -> str:
    """A tree in brackets."""
    match node:
        case Call():
            target = [node.target] if node.target else []
            return f"({' '.join([node.function, *map(shape, (*target, *node.args))])})"
        case Select():
            return f"({shape(node.operand)}.{node.field})"
        case Identifier():
            return node.name
        case Literal():
            return repr(node.value)
    return type(node).__name__


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0x1F", 31),
        ("-9223372036854775808", -(2**63)),
        ("0xFFu", Unsigned(255)),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-2.5e-1", -0.25),
        (r'"a\tb\x41\u00e9\U0001F431\101"', "a\tbAé\U0001f431A"),
        (r"r'\d+'", r"\d+"),
        ('"""a\n"b\'"""', "a\n\"b'"),
        (r"b'\xff\377é'", b"\xff\xff\xc3\xa9"),
        (r"bR'\x'", rb"\x"),
    ],
)
def test_a_literal_is_read_as_the_language_has_it(text: str, value: object) -> None:
    assert literal(text) == value
    assert type(literal(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 + 2 * 3 - 4", "(_-_ (_+_ 1 (_*_ 2 3)) 4)"),
        ("a || b && c == d", "(_||_ a (_&&_ b (_==_ c d)))"),
        ("a ? b : c ? d : e", "(_?_:_ a b (_?_:_ c d e))"),
        ("!a.b", "(!_ (a.b))"),
        ("!!a", "a"),
        ("---a", "(-_ a)"),
        ("-1.5", "-1.5"),
        ("a in b in c", "(@in (@in a b) c)"),
        ("a.b(c)[d].e", "((_[_] (b a c) d).e)"),
        ("a.?b[?c]", "(_[?_] (_?._ a 'b') c)"),
        ("a && b && c && d", "(_&&_ (_&&_ a b) (_&&_ c d))"),
        ("a // no && b", "a"),
        (".a.`b-c/d`", "(.a.b-c/d)"),
    ],
)
def test_operators_bind_as_the_language_has_it(text: str, tree: str) -> None:
    assert shape(parse(text).expression) == tree


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("1 +", ["1:4: Syntax error: mismatched input '<EOF>' expecting a value"]),
        ("(1", ["1:3: Syntax error: mismatched input '<EOF>' expecting ')'"]),
        ("a b", ["1:3: Syntax error: mismatched input 'b' expecting <EOF>"]),
        ("a.1", ["1:2: Syntax error: mismatched input '.1' expecting <EOF>"]),
        ("!-a", ["1:2: Syntax error: mismatched input '-' expecting a value"]),
        (
            "if + for",
            ["1:1: Syntax error: reserved identifier: if", "1:6: Syntax error: reserved identifier: for"],
        ),
        (
            "a # b",
            [
                "1:3: Syntax error: token recognition error at: '#'",
                "1:5: Syntax error: mismatched input 'b' expecting <EOF>",
            ],
        ),
        ("9223372036854775808", ["1:1: invalid int literal"]),
        ("18446744073709551616u", ["1:1: invalid uint literal"]),
        ("1e999", ["1:1: invalid double literal"]),
        (r'"\q"', ["1:1: Syntax error: unable to unescape: \\q"]),
        (r'"\ud800"', ["1:1: Syntax error: invalid unicode code point"]),
        ("has(a)", ["1:4: invalid argument to has() macro"]),
        ("a.all(b.c, true)", ["1:8: argument must be a simple name"]),
        ("a.all(b, b, true)", ["1:10: duplicate variable name: b"]),
        ("\n\n  a.map(1, 2)", ["3:9: argument is not an identifier"]),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, problems: list[str]) -> None:
    with pytest.raises(InvalidExpression) as caught:
        parse(text)
    assert [cause.partition("\n")[0] for cause in caught.value.causes] == [
        f"ERROR: <input>:{problem}" for problem in problems
    ]


def test_a_problem_is_shown_with_its_line_and_a_caret() -> None:
    with pytest.raises(InvalidExpression) as caught:
        parse("true &&\n\tfalse ||| true")
    assert str(caught.value) == (
        "compilation failed: ERROR: <input>:2:10: Syntax error: token recognition error at: '|'\n"
        " |  false ||| true\n"
        " | .........^"
    )


DEEP = [
    "(" * 10_000,
    "(" * 10_000 + "1" + ")" * 10_000,
    "[" * 5_000,
    "{" * 5_000,
    "f(" * 5_000,
    "a[" * 5_000,
    "a ? b : " * 1_200 + "c",
    "a." * 5_000 + "a",
    "1 + " * 2_500 + "1",
    "{1: " * 2_000,
    "[].map(x, " * 1_000,
]


@pytest.mark.parametrize("text", DEEP, ids=[text[:8] for text in DEEP])
def test_what_is_nested_too_deep_is_refused(text: str) -> None:
    with pytest.raises(InvalidExpression, match="expression recursion limit exceeded: 250"):
        parse(text)


@pytest.mark.parametrize(
    "text", ["(" * 249 + "1" + ")" * 249, "f(" * 249 + "1" + ")" * 249, "1" + "+1" * 240]
)
def test_what_is_nested_as_deep_as_may_be_is_read(text: str) -> None:
    assert isinstance(parse(text), Parsed)


@pytest.mark.parametrize(
    "text", ["!" * 9_999 + "a", "-" * 9_999 + "a", " && ".join(["a"] * 2_000), " || ".join(["a"] * 2_000)]
)
def test_what_is_long_but_not_deep_is_read(text: str) -> None:
    assert isinstance(parse(text).expression, Call)


@pytest.mark.parametrize(
    "text",
    [
        "a.all(x, x)",
        "a.exists(x, y, x)",
        "a.exists_one(x, x)",
        "a.existsOne(x, x)",
        "a.map(x, x, x)",
        "a.filter(x, x)",
        "a.transformList(x, y, x)",
        "a.transformMap(x, y, x, y)",
        "a.transformMapEntry(x, y, {x: y})",
        "cel.bind(x, 1, x)",
    ],
)
def test_a_macro_becomes_a_loop(text: str) -> None:
    assert isinstance(parse(text).expression, Comprehension)


def test_a_call_by_a_macros_name_with_other_arguments_is_a_call() -> None:
    assert shape(parse("all(a, b) && a.map(b) && x.bind(a, b, c)").expression).count("Comprehension") == 0


def test_a_part_knows_what_it_was_written_as() -> None:
    parsed = parse("( a.b + 1 ) == f( 2 ) && c")
    assert isinstance(parsed.expression, Call)
    equality, last = parsed.expression.args
    assert isinstance(equality, Call)
    assert [parsed.source(part) for part in (parsed.expression, last, *equality.args)] == [
        parsed.text,
        "c",
        "a.b + 1",
        "f( 2 )",
    ]
