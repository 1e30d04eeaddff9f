"""IP addresses and networks (CIDR).

Source: Kubernetes `apiserver/pkg/cel/library/ip.go`, `cidr.go` and `cost.go`; Go `net/netip`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from msgspec import Struct

from cod.cel.functions import EvaluationError, Function, Overload, Price, Size
from cod.cel.library.declare import PASSING, PASSING_TWICE, Charge, function, method
from cod.cel.library.price import CHARACTER, passing, size_of, sum_of, traversal
from cod.cel.types import BOOL, CIDR, INT, IP, STRING, Type

_BITS = {4: 32, 6: 128}
_MAPPED = 0xFFFF  # the upper bits of ::ffff:0:0/96


class Ip(Struct, frozen=True):
    """An address of IPv4 or IPv6."""

    type: ClassVar[Type] = IP
    family: int
    number: int

    def __str__(self) -> str:
        from ipaddress import IPv4Address, IPv6Address

        return str(IPv4Address(self.number) if self.family == 4 else IPv6Address(self.number))

    def __len__(self) -> int:
        """Bytes."""
        return _BITS[self.family] // 8

    def is_in(self, network: Cidr) -> bool:
        """Whether this is an address of a network."""
        shift = _BITS[self.family] - network.bits
        is_same = self.family == network.ip.family
        return is_same and self.number >> shift == network.ip.number >> shift

    @property
    def is_unspecified(self) -> bool:
        """0.0.0.0 or ::."""
        return not self.number

    @property
    def is_loopback(self) -> bool:
        """127.0.0.0/8 or ::1."""
        return self.number >> 24 == 127 if self.family == 4 else self.number == 1

    @property
    def is_multicast(self) -> bool:
        """224.0.0.0/4 or ff00::/8."""
        return self.number >> 28 == 0xE if self.family == 4 else self.number >> 120 == 0xFF

    @property
    def is_link_local_multicast(self) -> bool:
        """224.0.0.0/24, or ff02::/16 with any flags."""
        if self.family == 4:
            return self.number >> 8 == 0xE00000
        return (self.number >> 112) & 0xFF0F == 0xFF02

    @property
    def is_link_local_unicast(self) -> bool:
        """169.254.0.0/16 or fe80::/10."""
        return self.number >> 16 == 0xA9FE if self.family == 4 else self.number >> 118 == 0x3FA

    @property
    def is_global_unicast(self) -> bool:
        """None of the above, and no broadcast; private addresses are global, too."""
        is_broadcast = self.family == 4 and self.number == 2**32 - 1
        is_local = self.is_unspecified or self.is_loopback or self.is_link_local_unicast
        return not (is_local or self.is_multicast or is_broadcast)


class Cidr(Struct, frozen=True):
    """A network: an address and how many of its bits count; those that do not may be set."""

    type: ClassVar[Type] = CIDR
    ip: Ip
    bits: int

    def __str__(self) -> str:
        return f"{self.ip}/{self.bits}"

    def __len__(self) -> int:
        """Bytes that count."""
        return -(-self.bits // 8)

    @property
    def masked(self) -> Cidr:
        """The network with no other bits set than those that count."""
        shift = _BITS[self.ip.family] - self.bits
        return Cidr(Ip(self.ip.family, self.ip.number >> shift << shift), self.bits)


def parse_ip(text: str) -> Ip:
    """The address that a text is; without a zone, and none of IPv4 in IPv6."""
    from ipaddress import ip_address

    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        what = f'IP Address "{text}" parse error during conversion from string'
        raise EvaluationError(f'{what}: ParseAddr("{text}"): unable to parse IP') from None
    if "%" in text:
        raise EvaluationError(f'IP address "{text}" with zone value is not allowed')
    number = int(address)
    if address.version == 6 and number >> 32 == _MAPPED:
        raise EvaluationError(f'IPv4-mapped IPv6 address "{text}" is not allowed')
    return Ip(address.version, number)


def parse_cidr(text: str) -> Cidr:
    """The network that a text such as `10.0.0.0/8` is."""
    what = "network address parse error during conversion from string"
    address, slash, bits = text.rpartition("/")
    if not slash:
        raise EvaluationError(f"{what}: {what}: netip.ParsePrefix(\"{text}\"): no '/'")
    try:
        ip = parse_ip(address)
    except EvaluationError as error:
        is_mapped = error.text.startswith("IPv4-mapped")
        why = f'IPv4-mapped IPv6 address "{text}" is not allowed' if is_mapped else error.text
        raise EvaluationError(f"{what}: {why}") from None
    is_number = bits.isascii() and bits.isdigit() and len(bits) <= 3 and (bits == "0" or bits[0] != "0")
    if not is_number or int(bits) > _BITS[ip.family]:
        raise EvaluationError(f'{what}: {what}: netip.ParsePrefix("{text}"): bad bits after slash: "{bits}"')
    return Cidr(ip, int(bits))


def _is(parse: Callable[[str], Any]) -> Callable[[str], bool]:
    def is_such(text: str) -> bool:
        try:
            parse(text)
        except EvaluationError:
            return False
        return True

    return is_such


def contains_ip(network: Cidr, address: Ip | str) -> bool:
    """Whether an address is in a network."""
    if isinstance(address, str):
        try:
            address = parse_ip(address)
        except EvaluationError:
            raise EvaluationError("no such overload") from None  # which is what upstream says
    return address.is_in(network)


def contains_cidr(network: Cidr, other: Cidr | str) -> bool:
    """Whether all addresses of another network are in this one."""
    other = parse_cidr(other) if isinstance(other, str) else other
    return other.ip.is_in(network) and network.bits <= other.bits


def _is_of(what: str) -> Callable[[Ip], bool]:
    return lambda ip: bool(getattr(ip, what))


def _comparing(*, parses: bool, masks: bool) -> Charge:
    """The price of comparing addresses, of 4 to 16 bytes."""
    least, most = (3, 7) if masks else (1, 4)

    def estimate(sizes: Sequence[Size | None]) -> Price:
        return sum_of(Price(least, most), traversal(sizes[1])) if parses else Price(least, most)

    def cost(args: Sequence[Any], _: Any) -> int:
        size = size_of(args[0])
        compared = math.ceil((size + size) * CHARACTER) + (math.ceil(size * CHARACTER) + 1 if masks else 0)
        return compared + (passing(args[1]) if parses else 0)

    return Charge(estimate, cost)


def _of_ip(id_: str, what: str) -> Overload:
    return method(id_, (IP,), BOOL, _is_of(what))


FUNCTIONS: tuple[Function, ...] = (
    Function(
        "ip",
        (
            function("string_to_ip", (STRING,), IP, parse_ip, PASSING),
            method("cidr_ip", (CIDR,), IP, lambda network: network.ip),
        ),
    ),
    Function("isIP", (function("is_ip", (STRING,), BOOL, _is(parse_ip), PASSING),)),
    Function(
        "ip.isCanonical",
        (
            function(
                "ip_is_canonical", (STRING,), BOOL, lambda text: str(parse_ip(text)) == text, PASSING_TWICE
            ),
        ),
    ),
    Function("family", (method("ip_family", (IP,), INT, lambda ip: ip.family),)),
    Function("isUnspecified", (_of_ip("ip_is_unspecified", "is_unspecified"),)),
    Function("isLoopback", (_of_ip("ip_is_loopback", "is_loopback"),)),
    Function("isLinkLocalMulticast", (_of_ip("ip_is_link_local_multicast", "is_link_local_multicast"),)),
    Function("isLinkLocalUnicast", (_of_ip("ip_is_link_local_unicast", "is_link_local_unicast"),)),
    Function("isGlobalUnicast", (_of_ip("ip_is_global_unicast", "is_global_unicast"),)),
    Function("cidr", (function("string_to_cidr", (STRING,), CIDR, parse_cidr, PASSING),)),
    Function("isCIDR", (function("is_cidr", (STRING,), BOOL, _is(parse_cidr), PASSING),)),
    Function(
        "containsIP",
        (
            method(
                "cidr_contains_ip_string",
                (CIDR, STRING),
                BOOL,
                contains_ip,
                _comparing(parses=True, masks=False),
            ),
            method(
                "cidr_contains_ip_ip", (CIDR, IP), BOOL, contains_ip, _comparing(parses=False, masks=False)
            ),
        ),
    ),
    Function(
        "containsCIDR",
        (
            method(
                "cidr_contains_cidr_string",
                (CIDR, STRING),
                BOOL,
                contains_cidr,
                _comparing(parses=True, masks=True),
            ),
            method(
                "cidr_contains_cidr", (CIDR, CIDR), BOOL, contains_cidr, _comparing(parses=False, masks=True)
            ),
        ),
    ),
    Function("prefixLength", (method("cidr_prefix_length", (CIDR,), INT, lambda network: network.bits),)),
    Function("masked", (method("cidr_masked", (CIDR,), CIDR, lambda network: network.masked),)),
    Function(
        "string",
        (function("ip_to_string", (IP,), STRING, str), function("cidr_to_string", (CIDR,), STRING, str)),
    ),
)
