from __future__ import annotations

import subprocess
import sys

import pytest

from cod.cel import EvaluationError, InvalidExpression, Selector, compile_selector, flaw
from cod.resource import Attribute, CELSelector, ClassSpec, Device, DeviceClass, ObjectMeta, problems
from cod.resource import Selector as Wanted

from .devices import DRIVER, GPU, short


def matches(expression: str, device: Device = GPU, driver: str = DRIVER) -> bool:
    return compile_selector(short(expression)).matches(driver, device)


@pytest.mark.parametrize(
    "expression",
    [
        '$A.model == "A100" && $A["index"] == 3 && $A.ecc',
        '$A.family == "ampere"',
        "$A.driverVersion.isGreaterThan(semver('1.0.0')) && $A.driverVersion.major() == 1",
        "$C.memory.compareTo(quantity('40Gi')) == 0 && $C.memory == quantity('40960Mi')",
        'device.capacity["other.example.com"].memory.isLessThan(quantity("2Gi"))',
        'device.attributes["resource.kubernetes.io"].numaNode == 0',
        'device.attributes["resource.kubernetes.io"]["numaNode"] + 1 == 1',
        f'device.driver == "{DRIVER}" && !device.allowMultipleAllocations',
        '"model" in $A && has($A.model) && !("modell" in $A) && !has($A.modell)',
        '"resource.kubernetes.io" in device.attributes && !("nowhere" in device.attributes)',
        'device.attributes["nowhere"].size() == 0 && !has(device.attributes["nowhere"].x)',
        'has(device.attributes.nowhere) && device.attributes[?"nowhere"].hasValue()',
        '$A.?model.orValue("") == "A100" && $A[?"modell"].orValue("none") == "none"',
        'cel.bind(gpu, $A, gpu.model == "A100" && has(gpu.index) && "ecc" in gpu && gpu.size() == 6)',
        "cel.bind(all, device.attributes, all['resource.kubernetes.io'].numaNode == 0 && all.size() == 2)",
        "cel.bind(d, device, d.driver != '' && d.attributes.size() == 2)",
        '$A.exists(name, name.startsWith("driver")) && device.attributes.all(domain, domain != "x")',
        '$A.links.exists(link, link == "b") && "a" in $A.links && $A.links.includes("a")',
        "[1, 2].exists(device, device == 2)",
        "$A.transformList(name, value, type(value) == string, name).size() == 2",
        "[device].exists(d, d.driver == device.driver && d.capacity.size() == 2)",
        '$A["mo" + "del"] == "A100" && $A[$A.ecc ? "model" : "x"] == "A100"',
        '$A.modell == "x" || true',
        '!("1.2.3" == $A.driverVersion) && $A.driverVersion != "1.2.3" && $A.driverVersion != null',
        "!has($A.model.x) && !has($A.links.x.y) || $A.ecc",
        "!$A.model.?x.hasValue() && !$A.links[?9].hasValue() && !optional.none()[$A.quantum].hasValue()",
    ],
)
def test_a_device_is_seen_as_kubernetes_shows_it(expression: str) -> None:
    assert matches(expression) is True


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ('$A.modell == "x"', "no such key: modell; did you mean model?"),
        ('$A["familly"] == "x"', "no such key: familly; did you mean family?"),
        ("$A.quantum == 1", "no such key: quantum"),
        ("$C.mem.isGreaterThan(quantity('1'))", "no such key: mem"),
        ('device.attributes["nowhere"].model == ""', "no such key: model"),
        ("cel.bind(gpu, $A, gpu.indx == 1)", "no such key: indx; did you mean index?"),
        (
            "$A.model",
            "CEL result of type string could not be converted to bool: "
            "unsupported native conversion from string to 'bool'",
        ),
        (
            "$A.links",
            "CEL result of type list could not be converted to bool: "
            "type conversion error from list to 'bool'",
        ),
        (
            "$A.model.isGreaterThan(semver('1.0.0'))",
            "no such overload: isGreaterThan(string, kubernetes.Semver)",
        ),
        ("$A.index.split(',') == []", "no such overload: split(int, string)"),
        ("$A.index.flatten() == []", "no such overload: int.flatten()"),
        ("$A.ecc + 1 == 2", "no such overload: _+_"),
        ("size($A.index) == 2", "no such overload: size"),
        ("$A.model + 1 == 2", "no such overload"),
        ("$A.model > 1", "no such overload"),
        ("$A.driverVersion == '1.2.3'", "no such overload"),
        ("$A.model.x == 1", "no such key: x"),
        ("$A.links.x == 1", "unsupported index type 'string' in list"),
        ("$A.links[0.5] == 1", "unsupported index value 0.5 in list"),
    ],
)
def test_what_cannot_be_said_of_a_device_is_an_error(expression: str, text: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        matches(expression)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("attribute", "text"),
    [(Attribute(version="1.2"), "parse semantic version"), (Attribute(), "unsupported attribute value")],
)
def test_an_attribute_that_is_none_is_an_error_where_it_is_read(attribute: Attribute, text: str) -> None:
    device = Device("a", attributes={"bad": attribute, "good": Attribute(int_=1)})
    assert matches("$A.good == 1", device)
    with pytest.raises(EvaluationError, match=text):
        matches("$A.bad == 1", device)


@pytest.mark.parametrize(
    ("expression", "reads"),
    [
        ('$A.model == "x" && $C.memory.isInteger()', {(DRIVER, "model"), (DRIVER, "memory")}),
        ('has($A.model) || "x" in $A || $A.?y.hasValue()', {(DRIVER, name) for name in ("model", "x", "y")}),
        ("cel.bind(gpu, $A, gpu.model == gpu.index)", {(DRIVER, "model"), (DRIVER, "index")}),
        ("1 < 2", set()),
        ("$A.exists(name, name == 'x')", None),
        ("'x' in device.attributes", None),
        ("$A[device.driver] == 1", None),
        ("cel.bind(d, device, d.attributes['a'].b == 1)", {("a", "b")}),
    ],
)
def test_a_selector_says_what_it_reads(expression: str, reads: set[tuple[str, str]] | None) -> None:
    found = compile_selector(short(expression)).reads
    assert found == (None if reads is None else frozenset(reads))


def test_a_selector_says_whether_it_reads_the_driver_or_the_sharing() -> None:
    def what(expression: str) -> tuple[bool, bool]:
        selector = compile_selector(short(expression))
        return selector.reads_driver, selector.reads_sharing

    assert what("$A.model == ''") == (False, False)
    assert what("device.driver == ''") == (True, False)
    assert what("device.allowMultipleAllocations") == (False, True)
    assert what("[device].size() == 1") == (True, True)


def test_the_same_expression_is_compiled_once() -> None:
    assert compile_selector("true") is compile_selector("true")
    assert isinstance(compile_selector("true"), Selector)


@pytest.mark.parametrize(
    ("feature", "expression"),
    [
        ("consumable_capacity", "device.allowMultipleAllocations"),
        ("list_attributes", "$A.links.includes('a')"),
    ],
)
def test_a_feature_that_is_off_is_unknown(feature: str, expression: str) -> None:
    assert flaw(short(expression)) == ""
    with pytest.raises(InvalidExpression, match=r"undefined field|undeclared reference"):
        compile_selector(short(expression), **{feature: False})


def test_the_objects_of_kubernetes_are_checked_with_it() -> None:
    def of(expression: str) -> DeviceClass:
        selector = Wanted(cel=CELSelector(expression=expression))
        return DeviceClass(metadata=ObjectMeta(name="gpu"), spec=ClassSpec(selectors=(selector,)))

    assert not problems(of("device.driver == 'd'"), check_expression=flaw)
    (problem,) = problems(of("device.drivr == 'd'"), check_expression=flaw)
    assert "did you mean driver?" in problem.text


def test_nothing_is_imported_before_it_is_used() -> None:
    code = "import sys, cod.cel; print(sorted(name for name in sys.modules if name.startswith('cod.cel.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
