from __future__ import annotations

import pytest

from cod.cel import Cause, compile_selector

from .devices import DRIVER, GPU, short


def causes(expression: str) -> tuple[Cause, ...]:
    return compile_selector(short(expression)).why_not(DRIVER, GPU).causes


def why(expression: str) -> str:
    text = compile_selector(short(expression)).why_not(DRIVER, GPU).text
    return text.replace(short("$A"), "$A").replace(short("$C"), "$C")


def test_a_cause_has_the_part_that_is_false_and_what_it_saw() -> None:
    (cause,) = causes('$A.ecc && $A.model == "H200"')
    assert cause == Cause(short('$A.model == "H200"'), {"model": "A100"})


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ('$A.model == "H200"', '$A.model == "H200" is false: model is "A100"'),
        (
            '$A.model == "H200" && $C.memory.compareTo(quantity("80Gi")) >= 0',
            '$A.model == "H200" is false: model is "A100"; '
            '$C.memory.compareTo(quantity("80Gi")) >= 0 is false: memory is 40Gi',
        ),
        (
            "$A.ecc && ($A.index > 7 || $A.index < 2)",
            "$A.index > 7 is false: index is 3; $A.index < 2 is false: index is 3",
        ),
        ('cel.bind(g, $A, g.ecc && g.model == "H200")', 'g.model == "H200" is false: model is "A100"'),
        ("cel.bind(n, $A.index, n == 1 && n > 0)", "n == 1 is false: n is 3"),
        ("cel.bind(n, $A.indx, n == 1)", "$A.indx has no value: no such key: indx; did you mean index?"),
        (
            "cel.bind(n, $A.index, cel.bind(n, n + 1, n == 1) && true)",
            "n == 1 is false: n is 4",
        ),
        ("$A.ecc ? $A.index == 1 : true", "$A.index == 1 is false: index is 3"),
        ('"x" in $A', '"x" in $A is false: x is absent'),
        ("has($A.x) && $A.x == 1", "has($A.x) is false: x is absent"),
        ('$A.?model.orValue("") == "H200"', '$A.?model.orValue("") == "H200" is false: model is "A100"'),
        ('$A.links.exists(l, l == "c")', '$A.links.exists(l, l == "c") is false: links is ["a", "b"]'),
        (
            '$C.memory == device.capacity["other.example.com"].memory',
            '$C.memory == device.capacity["other.example.com"].memory is false: '
            "gpu.example.com/memory is 40Gi, other.example.com/memory is 1Gi",
        ),
        ("!$A.ecc", "!$A.ecc is false: ecc is true"),
        ("device.driver == 'x'", "device.driver == 'x' is false: driver is \"gpu.example.com\""),
        (
            '$A.modell == "x" && $A.ecc',
            '$A.modell == "x" has no value: no such key: modell; did you mean model?',
        ),
        (
            "$A.driverVersion\n  .isGreaterThan(semver('2.0.0'))",
            "$A.driverVersion .isGreaterThan(semver('2.0.0')) is false: driverVersion is 1.2.3",
        ),
        ("false", "false is false"),
        ("$A.ecc", ""),
    ],
)
def test_the_text_says_it_for_people(expression: str, text: str) -> None:
    assert why(expression) == text
