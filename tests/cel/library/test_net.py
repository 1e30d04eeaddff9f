from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.cel.functions import EvaluationError, Price, Size
from cod.cel.library.net import FUNCTIONS, parse_cidr, parse_ip
from cod.cel.library.text import type_name

from .call import call, cost, estimate

NUMBERS = st.integers(0, 2**32 - 1) | st.integers(0, 2**128 - 1)


@pytest.mark.parametrize("text", ["1.2.3.4", "::", "::1", "2001:db8::68", "::1.2.3.4", "1:2:3:4:5:6:7::"])
def test_an_address_is_read(text: str) -> None:
    assert call(FUNCTIONS, "is_ip", text) is True
    assert str(parse_ip(text)) == str(ip_address(text))


@pytest.mark.parametrize(
    "text", ["", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1::2::3", "12345::", "1.2.3.4/8", "localhost"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert call(FUNCTIONS, "is_ip", text) is False
    assert call(FUNCTIONS, "string_to_ip", text).startswith(f'error: IP Address "{text}" parse error')


def test_zones_and_mapped_addresses_are_refused() -> None:
    refused = 'error: IP address "fe80::1%en0" with zone value is not allowed'
    assert call(FUNCTIONS, "string_to_ip", "fe80::1%en0") == refused
    refused = 'error: IPv4-mapped IPv6 address "::ffff:1.2.3.4" is not allowed'
    assert call(FUNCTIONS, "string_to_ip", "::ffff:1.2.3.4") == refused
    assert call(FUNCTIONS, "is_cidr", "::ffff:1.2.3.4/24") is False


@pytest.mark.parametrize(
    ("id_", "true", "false"),
    [
        ("ip_is_unspecified", ["0.0.0.0", "::"], ["0.0.0.1", "::1"]),
        ("ip_is_loopback", ["127.8.8.8", "::1"], ["128.0.0.1", "::2"]),
        (
            "ip_is_link_local_multicast",
            ["224.0.0.9", "ff02::1", "ff12::1"],
            ["224.0.1.1", "ff01::1", "fd00::1"],
        ),
        ("ip_is_link_local_unicast", ["169.254.1.1", "fe80::1", "febf::1"], ["169.255.0.0", "fec0::1"]),
        (
            "ip_is_global_unicast",
            ["10.0.0.1", "2001:db8::1"],
            ["255.255.255.255", "224.0.0.1", "ff00::1", "::"],
        ),
    ],
)
def test_the_kind_of_an_address_is_known(id_: str, true: list[str], false: list[str]) -> None:
    assert [call(FUNCTIONS, id_, parse_ip(text)) for text in true + false] == [True] * len(true) + [
        False
    ] * len(false)


@given(NUMBERS, st.integers(0, 32), NUMBERS)
def test_a_network_contains_what_ipaddress_says(number: int, bits: int, other: int) -> None:
    one, another = ip_address(number), ip_address(other)
    try:
        network = parse_cidr(f"{one}/{bits}")
        address = parse_ip(str(another))
    except EvaluationError:
        assert one.version == 6 or another.version == 6  # IPv4 in IPv6
        return
    theirs = ip_network(f"{one}/{bits}", strict=False)
    assert call(FUNCTIONS, "cidr_contains_ip_ip", network, address) == (another in theirs)
    assert str(network.masked) == str(theirs)
    assert call(FUNCTIONS, "cidr_contains_cidr", network, network.masked) is True


@pytest.mark.parametrize(
    ("id_", "values", "result"),
    [
        ("cidr_contains_cidr_string", ("10.0.0.0/8", "10.0.0.0/9"), True),
        ("cidr_contains_cidr_string", ("10.0.0.0/8", "10.0.0.0/7"), False),
        ("cidr_contains_cidr_string", ("10.0.0.0/8", "::/0"), False),
        ("cidr_contains_ip_string", ("::/0", "10.0.0.1"), False),
        ("cidr_contains_ip_string", ("10.0.0.0/8", "ten"), "error: no such overload"),
        ("cidr_prefix_length", ("10.0.0.0/8",), 8),
        ("cidr_to_string", ("10.1.2.3/8",), "10.1.2.3/8"),
    ],
)
def test_networks_contain_networks(id_: str, values: tuple[str, ...], result: Any) -> None:
    assert call(FUNCTIONS, id_, parse_cidr(values[0]), *values[1:]) == result


@pytest.mark.parametrize(
    "text", ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/+8", "::/129", "10.0.0.0/", "/8"]
)
def test_what_is_no_network_is_refused(text: str) -> None:
    assert call(FUNCTIONS, "is_cidr", text) is False
    assert "network address parse error during conversion from string" in call(
        FUNCTIONS, "string_to_cidr", text
    )


def test_the_parts_of_a_network_are_addresses() -> None:
    assert call(FUNCTIONS, "cidr_ip", parse_cidr("10.0.0.0/8")) == parse_ip("10.0.0.0")
    assert call(FUNCTIONS, "ip_family", parse_ip("::1")) == 6
    assert call(FUNCTIONS, "ip_is_canonical", "2001:DB8::68") is False
    assert type_name(parse_ip("::")) == "net.IP"


def test_comparing_costs_by_the_byte() -> None:
    network = parse_cidr("2001:db8::/33")
    assert cost(FUNCTIONS, "cidr_contains_ip_string", network, "10.0.0.1") == 2
    assert cost(FUNCTIONS, "cidr_contains_cidr", network, network) == 3
    assert estimate(FUNCTIONS, "cidr_contains_ip_ip", None, None) == Price(1, 4)
    assert estimate(FUNCTIONS, "cidr_contains_cidr_string", None, Size(0, 64)) == Price(3, 14)
