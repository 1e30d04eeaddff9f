"""Cases on one node that are hard for a search: many ways look alike, and few or none lead anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.allocation.words import (
    DRIVER,
    GPU,
    NODE,
    NUMA,
    Input,
    attribute_is,
    claim,
    device,
    gpu,
    match,
    one_node,
    request,
)
from cod.resource import Device, DeviceRequest, ResourceClaim


def hard_cases() -> Iterator[Input]:
    yield from _groups()
    yield from _pairs()
    yield from _one_too_many()
    yield from _nothing_matches()


def case(
    title: str, devices: Sequence[Device], *claims: ResourceClaim, fits: bool, in_use: Sequence[str] = ()
) -> Input:
    return Input(
        title=title,
        slices=one_node(devices),
        classes=GPU,
        claims=claims,
        allocated=tuple((DRIVER, NODE, name) for name in in_use),
        fits=int(fits),
    )


def _grouped(groups: Sequence[int]) -> list[Device]:
    return [gpu(index, numa=group) for index, group in enumerate(groups)]


def _groups() -> Iterator[Input]:
    """Eight devices with the same attribute, of 16, as one request and as eight."""
    alternating = _grouped([index % 2 for index in range(16)])
    fours = _grouped([index % 4 for index in range(16)])
    second = _grouped([0] * 7 + [1] * 9)
    together = claim("c", [request("r", 8)], [match(NUMA)])
    one = "8 of 16 matchAttribute"
    yield case(f"{one}, 8+8", alternating, together, fits=True)
    yield case(f"{one}, 8+8, one of the first in use", alternating, together, fits=True, in_use=["gpu-0"])
    yield case(f"{one}, 4 groups of 4", fours, together, fits=False)
    yield case(f"{one}, 7+7+2", _grouped([0] * 7 + [1] * 7 + [2] * 2), together, fits=False)
    yield case(f"{one}, 7+9", second, together, fits=True)
    apart = claim("c", singles(8), [match(NUMA)])
    eight = "8 requests of 16 matchAttribute"
    yield case(f"{eight}, 8+8", alternating, apart, fits=True)
    yield case(f"{eight}, 4 groups of 4", fours, apart, fits=False)
    yield case(f"{eight}, 7+9", second, apart, fits=True)
    yield case(f"{eight}, 6+6+4", _grouped([0] * 6 + [1] * 6 + [2] * 4), apart, fits=False)


def singles(count: int) -> list[DeviceRequest]:
    return [request(f"r{number}") for number in range(count)]


def _pairs() -> Iterator[Input]:
    """A GPU and a NIC below the same PCIe root, several times; NICs in the order that is of no help."""
    for count in (4, 6, 8, 12):
        gpus = [device(f"gpu-{n}", {"t": "gpu", "pcieRoot": f"r{n}"}) for n in range(count)]
        nics = [device(f"nic-{n}", {"t": "nic", "pcieRoot": f"r{count - 1 - n}"}) for n in range(count)]
        elsewhere = [*nics[:-1], device(f"nic-{count - 1}", {"t": "nic", "pcieRoot": "other"})]
        wants_gpu = [request(f"g{n}", 1, attribute_is("t", "gpu")) for n in range(count)]
        wants_nic = [request(f"n{n}", 1, attribute_is("t", "nic")) for n in range(count)]
        aligned = [match(f"{DRIVER}/pcieRoot", f"g{n}", f"n{n}") for n in range(count)]
        turns = claim(
            "c", [each for pair in zip(wants_gpu, wants_nic, strict=True) for each in pair], aligned
        )
        gpus_first = claim("c", wants_gpu + wants_nic, aligned)
        pairs = f"{count} GPU+NIC pairs"
        yield case(f"{pairs}, in turns", gpus + nics, turns, fits=True)
        yield case(f"{pairs}, GPUs first", gpus + nics, gpus_first, fits=True)
        yield case(f"{pairs}, one NIC elsewhere, in turns", gpus + elsewhere, turns, fits=False)
        yield case(f"{pairs}, one NIC elsewhere, GPUs first", gpus + elsewhere, gpus_first, fits=False)


def _one_too_many() -> Iterator[Input]:
    """One device more is wanted than there are, and all are alike."""
    for count in (8, 12, 16, 20, 22, 31):
        wanted = claim("c", [request("r", count + 1)])
        yield case(f"{count + 1} of {count} alike", _alike(count), wanted, fits=False)
    for count in (7, 8, 9, 10, 31):
        wanted = claim("c", singles(count + 1))
        yield case(f"{count + 1} requests, {count} alike", _alike(count), wanted, fits=False)
    for count in (7, 8, 9, 31):
        claims = [claim(f"c{number}", [request("r")]) for number in range(count + 1)]
        yield case(f"{count + 1} claims, {count} alike", _alike(count), *claims, fits=False)


def _alike(count: int) -> list[Device]:
    return [gpu(index) for index in range(count)]


def _nothing_matches() -> Iterator[Input]:
    for count in (8, 64, 128):
        wanted = claim("c", [request("r", 1, attribute_is("model", "X"))])
        yield case(f"none of {count} matches", _alike(count), wanted, fits=False)
