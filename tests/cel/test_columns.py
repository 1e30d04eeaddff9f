"""Selectors over many devices at once: the same answers and errors as one by one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cod.cel import DeviceTable, EvaluationError, Selector, compile_selector, flaw
from cod.cel.columns import column_of_lists
from cod.resource import Attribute, Capacity, Device

from .devices import DRIVER, GPU, short
from .test_laws import EXPRESSIONS

ATTRIBUTES = st.one_of(
    st.sampled_from([-1, 0, 1, 3]).map(lambda value: Attribute(int_=value)),
    st.booleans().map(lambda value: Attribute(bool_=value)),
    st.sampled_from(["", "a", "A100", "true", "1"]).map(lambda value: Attribute(string=value)),
    st.sampled_from(["1.2.3", "2.0.0", "none"]).map(lambda value: Attribute(version=value)),
    st.lists(st.integers(0, 2), max_size=2).map(lambda values: Attribute(ints=tuple(values))),
    st.lists(st.sampled_from("ab"), max_size=2).map(lambda values: Attribute(strings=tuple(values))),
    st.just(Attribute()),
)
NAMES = ["model", "index", "ecc", "driverVersion", "links"]
DEVICES = st.builds(
    Device,
    st.just("device"),
    st.dictionaries(st.sampled_from([*NAMES, *(f"{DRIVER}/{name}" for name in NAMES)]), ATTRIBUTES),
    st.dictionaries(
        st.sampled_from(["memory", f"{DRIVER}/memory"]),
        st.sampled_from(["1Gi", "1024Mi", "40Gi", "x"]).map(Capacity),
    ),
    allow_multiple_allocations=st.booleans(),
)
TABLES = st.lists(st.tuples(st.sampled_from([DRIVER, "other.example.com"]), DEVICES), max_size=12)
TERMS = short(
    """
$A.model=='A100' 'a'==$A.model $A.model!='' ($A.model)in['a','1',''] $A.index==1 $A.index!=3 ($A.index)in[0,1]
$A.ecc==true $A.ecc!=false $A.ecc has($A.model) 'links'in($A) has($C.memory)
$A.driverVersion=='1.2.3' $A.index>0 $A.model.startsWith('A') $A.index==1.0
$A.links.exists(l,l=='a') $C.memory==quantity('1Gi') device.driver=='x'
device.allowMultipleAllocations '$D'in(device.attributes) $A.?model.orValue('a')=='a'
$A.exists(n,n=='ecc') $A.index==$A.ecc $A.model.size()==$A.index true false 1/0==1 $A.links==[0]
$A.index==2u $A.index
""".replace("$D", DRIVER)
).split()
SELECTORS = st.recursive(
    st.sampled_from(TERMS),
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("!({})".format, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds(
            "cel.bind(d, device.attributes['{}'], d.model == 'A100' && {})".format, st.just(DRIVER), inner
        ),
        st.builds("cel.bind(b, dyn({}), b == true || {})".format, inner, inner),
    ),
    max_leaves=8,
)


def one_by_one(selector: Selector, table: DeviceTable) -> list[bool | None]:
    answers: list[bool | None] = []
    for driver, device in table.devices:
        try:
            answers.append(selector.matches(driver, device))
        except EvaluationError:
            answers.append(None)
    return answers


def at_once(selector: Selector, table: DeviceTable) -> list[bool | None]:
    values, errors = selector.column(table)
    assert not numpy.any(numpy.asarray(values) & numpy.asarray(errors))
    return _together(values, errors)


def _together(values: Sequence[bool], errors: Sequence[bool]) -> list[bool | None]:
    return [None if error else bool(value) for value, error in zip(values, errors, strict=True)]


@settings(max_examples=400, deadline=None)
@given(TABLES, SELECTORS)
def test_all_at_once_has_the_answers_and_errors_of_one_by_one(
    devices: list[tuple[str, Device]], text: str
) -> None:
    if flaw(text):
        return
    selector, table = compile_selector(text), DeviceTable(devices)
    expected = one_by_one(selector, table)
    assert at_once(selector, table) == expected
    assert _together(*column_of_lists(selector, table)) == expected


@settings(max_examples=300, deadline=None)
@given(TABLES, EXPRESSIONS.map("dyn({}) == 1".format))
def test_whatever_the_expression_all_at_once_is_as_one_by_one(
    devices: list[tuple[str, Device]], text: str
) -> None:
    if flaw(text):
        return
    selector, table = compile_selector(text), DeviceTable([*devices, (DRIVER, GPU)])
    expected = one_by_one(selector, table)
    assert at_once(selector, table) == expected
    assert _together(*column_of_lists(selector, table)) == expected


def gpu(index: int) -> tuple[str, Device]:
    attributes = {
        "model": Attribute(string=("A100", "H200")[index % 2]),
        "uuid": Attribute(string=f"GPU-{index}"),
        "index": Attribute(int_=index % 5),
    }
    if index % 7 == 0:
        del attributes["index"]
    return DRIVER, Device(f"gpu-{index}", attributes, {"memory": Capacity(("40Gi", "80Gi")[index % 3 // 2])})


MANY = DeviceTable([gpu(index) for index in range(5_000)])


@pytest.mark.parametrize(
    "expression",
    [
        "$A.model == 'H200' && $C.memory.compareTo(quantity('80Gi')) >= 0",
        "$A.uuid == 'GPU-17'",
        "$A.uuid.endsWith('7') && $A.index < 3",
        "$A.uuid < 'GPU-3' || $A.uuid + $A.model == 'GPU-5H200'",
        "$A.index == 3 ? $A.uuid.endsWith('3') : $A.model == 'A100'",
        "!has($A.index) || $A.index == 1",
    ],
)
def test_many_devices_have_the_same_answers(expression: str) -> None:
    selector = compile_selector(short(expression))
    answers = at_once(selector, MANY)
    assert answers == one_by_one(selector, MANY)
    assert True in answers


def test_a_selector_that_costs_too_much_has_errors_all_at_once_too() -> None:
    loops = "lists.range(100).all(a, lists.range(100).all(b, lists.range(100).all(c, a + b + c >= 0)))"
    selector = compile_selector(short(f"$A.index == 4 && {loops}"))
    table = DeviceTable([gpu(index) for index in range(1, 6)])
    assert at_once(selector, table) == [False, False, False, None, False]


def test_codes_tell_values_and_their_types_apart() -> None:
    values = [1, True, "1", None, "a", 1, "1"]
    given_ = {int: "int_", bool: "bool_", str: "string"}
    devices = [
        (DRIVER, Device("d", {} if value is None else {"x": Attribute(**{given_[type(value)]: value})}))
        for value in values
    ]
    table = DeviceTable([*devices, ("other", Device("d", {f"{DRIVER}/x": Attribute(string="a")}))])
    assert list(table.codes(DRIVER, "x")) == [0, 1, 2, -1, 3, 0, 2, 3]
    assert list(table.codes("other", "x")) == [-1] * 8
    assert list(table.driver_codes) == [0] * 7 + [1]
    assert list(table.capacity_codes(DRIVER, "memory")) == [-1] * 8
    assert table.codes(DRIVER, "x") is table.codes(DRIVER, "x")


def test_without_numpy_columns_are_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    table = DeviceTable([gpu(index) for index in range(8)])
    found: Any = compile_selector(short("$A.index == 1")).column(table)
    assert found.values == [False, True, False, False, False, False, True, False]
    assert found.errors == [True, False, False, False, False, False, False, True]
    assert table.codes(DRIVER, "model") == [0, 1] * 4


def test_numpy_is_imported_for_columns_alone() -> None:
    code = (
        "import sys, cod.cel; from cod.resource import Device\n"
        "cod.cel.compile_selector('device.driver == \"d\"').matches('d', Device('d'))\n"
        "cod.cel.DeviceTable([])\n"
        "print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
