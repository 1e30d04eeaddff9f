"""MIG profiles and placements, against those of NVIDIA's own mock of its management library."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cod.drivers.nvidia.mig import A30_24GB, A100_40GB, A100_80GB, Geometry, Profile

from .recorded import DATA

STOCK = {
    "multiprocessors": "MultiprocessorCount",
    "compute-slices": "SliceCount",
    "copy-engines": "CopyEngineCount",
    "decoders": "DecoderCount",
    "jpeg-engines": "JpegCount",
    "ofa-engines": "OfaCount",
}

# The mock gives all seven 1g.10gb of an A100 80GB a decoder, where the GPU has five; the MIG User Guide says
# that its profiles are those of the A100 40GB with twice the memory, and that a 1g has none.
DECODERS_OF_MOCK = {("a100_80gb", "1_SLICE"): 1}


@pytest.mark.parametrize(
    ("model", "profiles", "geometry"),
    [
        ("a100", "a100_40gb", A100_40GB),
        ("a100", "a100_80gb", A100_80GB),
        ("a30", "a30_24gb", A30_24GB),
    ],
)
def test_placements_and_stocks_are_those_of_the_vendor(model: str, profiles: str, geometry: Geometry) -> None:
    path = DATA / "placement/mig_tables.json"
    if not path.exists():
        pytest.skip("…/shared/data/placement/mig_tables.json is absent")
    tables = json.loads(path.read_text())[model]
    ours = dict(zip(_order(geometry), sorted(geometry.profiles, key=_key), strict=True))
    assert {name: [[start, each.slices] for start in each.starts] for name, each in ours.items()} == tables[
        "placements_start_size"
    ]
    recorded: dict[str, Any] = tables["profiles"][f"{profiles}_GpuInstanceProfiles"]
    assert recorded.keys() == ours.keys()
    for name, theirs in recorded.items():
        if "SliceCount" in theirs:  # the record of the A30 lacks the numbers
            wanted = {mine: theirs[their] for mine, their in STOCK.items()}
            if (profiles, name) in DECODERS_OF_MOCK:
                assert wanted.pop("decoders") == DECODERS_OF_MOCK[profiles, name]
                wanted["decoders"] = 0
            assert ours[name].stock == wanted
            assert ours[name].memory_mib == theirs["MemorySizeMB"]


def _key(profile: Profile) -> tuple[int, bool, int]:
    return profile.stock["compute-slices"], profile.slices > 1, profile.stock["ofa-engines"]


def _order(geometry: Geometry) -> list[str]:
    """The vendor's names of our profiles, small ones first: the plain one, then its revisions."""
    if geometry is A30_24GB:
        return ["1_SLICE", "1_SLICE_REV1", "2_SLICE", "2_SLICE_REV1", "4_SLICE"]
    return ["1_SLICE", "1_SLICE_REV1", "1_SLICE_REV2", "2_SLICE", "3_SLICE", "4_SLICE", "7_SLICE"]
