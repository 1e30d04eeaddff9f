from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.resource import InvalidQuantity, Quantity, is_quantity, parse_quantity

MOST = 2**63 - 1
POWERS = {
    **{suffix: Fraction(10) ** power for suffix, power in zip("num", (-9, -6, -3), strict=True)},
    **{suffix: Fraction(10) ** (3 * power) for power, suffix in enumerate(["", *"kMGTPE"])},
    **{f"{suffix}i": Fraction(1024) ** power for power, suffix in enumerate("KMGTPE", 1)},
}


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0", "0"),
        ("0Gi", "0"),
        ("-0", "0"),
        ("1500m", "1500m"),
        ("1.5", "1500m"),
        ("0.50", "500m"),
        ("1.2345", "1234500u"),
        ("1000", "1k"),
        ("1024", "1024"),
        ("1024Mi", "1Gi"),
        ("1536Mi", "1536Mi"),
        ("1.5Gi", "1536Mi"),
        ("0.5Mi", "512Ki"),
        ("-1.5Gi", "-1536Mi"),
        ("100.035Ki", "102435840m"),
        (".001Ki", "1024m"),
        ("512", "512"),
        ("1e3", "1e3"),
        ("1E3", "1e3"),
        ("12E3", "12e3"),
        ("1e-1", "100e-3"),
        ("12E", "12E"),
        ("1000E", "1e21"),
        ("+7", "7"),
        ("007", "7"),
        ("1.", "1"),
        ("1.G", "1G"),
        (".5", "500m"),
        ("18446744073709551616", "18446744073709551616"),
    ],
)
def test_a_quantity_has_one_canonical_form(text: str, canonical: str) -> None:
    assert parse_quantity(text).canonical == canonical


@pytest.mark.parametrize(
    ("text", "printed"), [("1.234", "1.234"), ("+5", "+5"), ("1E3", "1E3"), ("1.0", "1"), ("1000", "1k")]
)
def test_some_forms_near_the_canonical_one_are_printed_as_they_were_written(text: str, printed: str) -> None:
    assert str(parse_quantity(text)) == printed


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("0.9n", "1n"), ("3.001n", "4n"), ("-0.1n", "-1n"), ("0.0000000001", "1n"), ("0.000000000001Ki", "2n")],
)
def test_what_is_finer_than_nano_is_rounded_away_from_zero(text: str, canonical: str) -> None:
    assert parse_quantity(text).canonical == canonical


@pytest.mark.parametrize(("text", "value"), [("9Ei", MOST), ("-9Ei", -MOST), ("9223372036854775807Ki", MOST)])
def test_a_binary_quantity_ends_at_the_largest_int64(text: str, value: int) -> None:
    assert parse_quantity(text) == Quantity(value)


def test_a_decimal_quantity_may_be_larger() -> None:
    assert parse_quantity("12E") > Quantity(MOST)


@pytest.mark.parametrize("text", ["-", "+", ".", "k", "Ki", "E", "-.", "e5"])
def test_a_quantity_without_digits_is_zero_as_kubernetes_reads_it(text: str) -> None:
    assert parse_quantity(text).sign == 0


@pytest.mark.parametrize(
    "text",
    [
        *[
            "abc",
            "1ki",
            "1i",
            ".5i",
            "1Kii",
            "--1",
            "1e",
            "1.1.M",
            "1+1.0M",
            "0.1mi",
            "1eE5",
            "-3.01e-",
            "1e99999999999",
            "١",
            "1_000",
            "0x10",
        ],
        *("", " 1", "1 ", "1 Gi", "1\n", "9" * 1001),
    ],
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    assert not is_quantity(text)
    with pytest.raises(InvalidQuantity) as refusal:
        parse_quantity(text)
    assert refusal.value.causes


def test_the_sum_is_written_as_the_first_or_as_what_is_not_zero() -> None:
    def total(first: str, second: str) -> str:
        return str(parse_quantity(first) + parse_quantity(second))

    assert total("1Gi", "1Gi") == "2Gi"
    assert total("1Gi", "1M") == "1074741824"
    assert total("1M", "1Gi") == "1074741824"
    assert total("0", "1Gi") == "1Gi"
    assert total("100m", "0") == "100m"
    assert str(parse_quantity("0") - parse_quantity("1Gi")) == "-1Gi"
    assert str(parse_quantity("1500m") * 2) == "3"


def test_quantities_so_far_apart_that_the_sum_could_not_be_written_are_not_added() -> None:
    with pytest.raises(InvalidQuantity):
        parse_quantity("1e2000000000") + parse_quantity("1")


def test_an_exponent_may_be_anything_and_costs_nothing() -> None:
    large, small = parse_quantity("1e2000000000"), parse_quantity("1e-2000000000")
    assert large > parse_quantity("999E") > small > Quantity(0)
    assert large.canonical == "100e1999999998"
    assert small.canonical == "1e-9"
    assert large.value == MOST
    assert small.value == 1
    assert large.approximate == float("inf")


@pytest.mark.parametrize(
    ("text", "number"),
    [("1Gi", 2**30), ("50k", 50_000), ("1000m", None), ("0.5Mi", None), ("12E", None), ("0", 0)],
)
def test_an_int64_is_given_where_kubernetes_holds_one(text: str, number: int | None) -> None:
    assert parse_quantity(text).as_int64 == number


def test_values_are_rounded_up() -> None:
    assert parse_quantity("1100m").value == 2
    assert parse_quantity("-1100m").value == -2
    assert parse_quantity("1.0001").milli_value == 1001
    assert parse_quantity("2G").scaled(6) == 2000
    assert parse_quantity("1n").value == 1
    assert parse_quantity("1500m").approximate == 1.5


numbers = st.from_regex(r"[+-]?[0-9]{0,12}(\.[0-9]{0,12})?", fullmatch=True)
suffixes = st.sampled_from([*POWERS, "e3", "E-2", "e+10", "e-12"])
quantities = st.builds("{}{}".format, numbers, suffixes).filter(is_quantity)


def fraction(quantity: Quantity) -> Fraction:
    return quantity.unscaled * Fraction(10) ** quantity.scale


@given(numbers.filter(lambda text: any(map(str.isdigit, text))), st.sampled_from(list(POWERS)))
def test_a_quantity_is_its_number_times_its_suffix(number: str, suffix: str) -> None:
    exact = Fraction(number.rstrip(".")) * POWERS[suffix]
    read = fraction(parse_quantity(number + suffix))
    if suffix.endswith("i") and abs(exact) > MOST:
        assert abs(read) == MOST
    else:
        assert 0 <= (abs(read) - abs(exact)) < Fraction(1, 10**9)


@given(quantities)
def test_the_canonical_form_is_the_same_quantity_in_the_same_form(text: str) -> None:
    quantity = parse_quantity(text)
    again = parse_quantity(quantity.canonical)
    assert again == quantity
    assert hash(again) == hash(quantity)
    assert again.canonical == str(again) == quantity.canonical
    assert parse_quantity(str(quantity)) == quantity
    assert "." not in quantity.canonical


@given(quantities, quantities)
def test_the_order_is_that_of_the_numbers(first: str, second: str) -> None:
    one, other = parse_quantity(first), parse_quantity(second)
    exact = (fraction(one) > fraction(other)) - (fraction(one) < fraction(other))
    assert one.compare(other) == exact == -other.compare(one)
    assert (one < other, one <= other, one == other, one > other) == (
        exact < 0,
        exact <= 0,
        exact == 0,
        exact > 0,
    )
    assert (one != other) == (exact != 0)
    assert (one == other) <= (hash(one) == hash(other))


@given(quantities, quantities)
def test_sums_and_differences_are_exact(first: str, second: str) -> None:
    one, other = parse_quantity(first), parse_quantity(second)
    assert fraction(one + other) == fraction(one) + fraction(other)
    assert fraction(one - other) == fraction(one) - fraction(other)
    assert fraction(one * 3) == fraction(one) * 3
    assert one.has_fraction == (fraction(one).denominator != 1)


@given(st.text(max_size=12))
def test_any_text_is_a_quantity_or_is_refused(text: str) -> None:
    if is_quantity(text):
        str(parse_quantity(text))
