from __future__ import annotations

import pytest

from cod.show.words import bandwidth, bandwidths, ranges, size


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["gpu0"], "gpu0"),
        (["gpu0", "gpu1"], "gpu0, gpu1"),
        (["gpu0", "gpu1", "gpu2", "gpu4", "nic0"], "gpu0–gpu2, gpu4, nic0"),
        (["gpu9", "gpu10", "gpu11"], "gpu9–gpu11"),
        (["a", "a"], "a, a"),
        (["²", "x¹"], "², x¹"),
    ],
)
def test_numbered_names_in_a_row_are_a_range(names: list[str], text: str) -> None:
    assert ranges(names) == text


@pytest.mark.parametrize(
    ("mb_s", "text"),
    [(0, ""), (250, "0.2 GB/s"), (15753, "15.8 GB/s"), (25000, "25 GB/s"), (819200, "819 GB/s")],
)
def test_a_bandwidth_is_in_gigabytes(mb_s: int, text: str) -> None:
    assert bandwidth(mb_s) == text


def test_bandwidths_that_differ_are_from_to() -> None:
    assert bandwidths(25_000, 50_000) == "25–50 GB/s"
    assert bandwidths(25_000, 25_000) == bandwidths(0, 25_000) == "25 GB/s"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, ""),
        (1023, "1023 B"),
        (2**30, "1 GiB"),
        (1008 * 2**30, "1008 GiB"),
        (int(1.97 * 2**40), "1.97 TiB"),
        (2**100, "1099511627776 EiB"),
    ],
)
def test_memory_is_in_powers_of_1024(number: int, text: str) -> None:
    assert size(number) == text
