from __future__ import annotations

import json
import os
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cod.allocate import allocate
from cod.cdi.inject import inject
from cod.cdi.names import is_qualified_name
from cod.cdi.write import WriteFailed
from cod.drivers import FoundDevice, discover
from cod.drivers.protocol import DeviceKey
from cod.errors import Refused
from cod.host import open_host
from cod.prepare import claim_name, describe, prepare, sweep, unprepare
from cod.resource import ClaimStatus, ResourceClaim, is_label
from tests.allocate.cases import claim

INVENTORY = discover(open_host("sim:8gpu"))
LEDGER = Path("/nowhere/ledger.db")
PREFIX = f"cod.dev-claim_{crc32(b'/nowhere/ledger.db'):08x}_"


def taken(name: str, count: int = 2) -> ResourceClaim:
    wanted = claim(name, r=("sim-gpu", count))
    (result,) = allocate([wanted], INVENTORY.classes, INVENTORY.slices)
    return replace(wanted, status=ClaimStatus(result))


def found() -> dict[DeviceKey, FoundDevice]:
    return INVENTORY.found


def test_a_claim_becomes_one_cdi_device_in_a_file_of_its_own(tmp_path: Path) -> None:
    prepared = prepare(taken("claim-1"), found(), tmp_path / "cdi", LEDGER)
    assert prepared.name == "cod.dev/claim=claim-1"
    assert prepared.path == tmp_path / "cdi" / f"{PREFIX}claim-1.json"
    spec = json.loads(prepared.path.read_bytes())
    assert (spec["kind"], spec["cdiVersion"]) == ("cod.dev/claim", "0.5.0")
    (device,) = spec["devices"]
    assert device["name"] == "claim-1"
    assert device["containerEdits"]["env"] == [
        "SIM_GPU_0=gpu0",
        "SIM_GPU_1=gpu1",
        "COD_CLAIM=claim-1",
        "COD_DEVICES=sim.cod.dev/gpu=gpu0,sim.cod.dev/gpu=gpu1",
    ]
    nodes = [node["path"] for node in device["containerEdits"]["deviceNodes"]]
    assert nodes == ["/dev/sim/gpu0", "/dev/sim/gpu1"]


def test_a_description_is_the_same_without_a_file(tmp_path: Path) -> None:
    prepared = prepare(taken("c"), found(), tmp_path, LEDGER)
    assert describe(taken("c"), found()) == replace(prepared, path=None)


def test_what_is_prepared_goes_into_a_container_as_it_is() -> None:
    described = describe(taken("c"), found())
    config = inject({"linux": {}}, described.edits)
    assert [node["path"] for node in config["linux"]["devices"]] == ["/dev/sim/gpu0", "/dev/sim/gpu1"]
    for node, edit in zip(config["linux"]["devices"], described.edits.device_nodes, strict=True):
        status = Path(edit.host_path).stat()
        assert (node["major"], node["minor"]) == (os.major(status.st_rdev), os.minor(status.st_rdev))


def test_a_claim_without_devices_is_prepared_too(tmp_path: Path) -> None:
    assert prepare(claim("c"), {}, tmp_path, LEDGER).edits.env == (
        "COD_CLAIM=c",
        "COD_DEVICES=",
    )


def test_a_device_that_is_gone_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="gpu0 of claim c is gone"):
        prepare(taken("c"), {}, tmp_path, LEDGER)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteFailed):
        prepare(taken("c"), found(), tmp_path / "file/cdi", LEDGER)


def test_what_is_unprepared_is_gone_and_may_be_unprepared_again(tmp_path: Path) -> None:
    prepare(taken("a"), found(), tmp_path, LEDGER)
    prepare(taken("b"), found(), tmp_path, LEDGER)
    for _ in range(2):
        unprepare("a", tmp_path, LEDGER)
    unprepare("a", tmp_path / "nowhere", LEDGER)
    assert [path.name for path in tmp_path.iterdir()] == [f"{PREFIX}b.json"]


def test_the_specs_of_claims_that_live_no_more_are_swept_and_no_others(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        prepare(taken(name), found(), tmp_path, LEDGER)
    (tmp_path / f"{PREFIX}d.json").touch()
    others = [
        f"{PREFIX}x.txt",
        "cod.dev-gpu.yaml",
        "nvidia.com-gpu.json",
        ".cod-12.tmp",
        "cod.dev-claim.yaml",
    ]
    for other in others:
        (tmp_path / other).touch()
    assert sweep(tmp_path, LEDGER, lambda: {"b"}) == ["a", "c", "d"]
    assert {path.name for path in tmp_path.iterdir()} == {*others, f"{PREFIX}b.json"}
    assert sweep(tmp_path, LEDGER, lambda: {"b"}) == []
    assert sweep(tmp_path / "nowhere", LEDGER, set) == []


def test_a_claim_that_is_prepared_while_we_sweep_keeps_its_spec(tmp_path: Path) -> None:
    prepare(taken("old"), found(), tmp_path, LEDGER)

    def living() -> set[str]:
        prepare(taken("new"), found(), tmp_path, LEDGER)  # taken and prepared after the files were listed
        return set()

    assert sweep(tmp_path, LEDGER, living) == ["old"]
    assert [path.name for path in tmp_path.iterdir()] == [f"{PREFIX}new.json"]


def test_a_claim_of_an_old_name_that_is_prepared_while_we_sweep_keeps_its_spec(tmp_path: Path) -> None:
    prepare(taken("again"), found(), tmp_path, LEDGER)

    def living() -> set[str]:
        prepare(taken("again", 3), found(), tmp_path, LEDGER)
        return set()

    assert sweep(tmp_path, LEDGER, living) == []
    assert len(list(tmp_path.iterdir())) == 1


def test_the_claims_of_another_ledger_are_not_ours_to_sweep(tmp_path: Path) -> None:
    path = prepare(taken("theirs"), found(), tmp_path, tmp_path / "other.db").path
    assert sweep(tmp_path, LEDGER, set) == []
    unprepare("theirs", tmp_path, LEDGER)
    assert path is not None
    assert path.exists()
    assert sweep(tmp_path, tmp_path / "other.db", set) == ["theirs"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_specs_of_another_user_are_not_ours_to_sweep(tmp_path: Path) -> None:
    path = prepare(taken("theirs"), found(), tmp_path, LEDGER).path
    assert path is not None
    os.chown(path, 65534, 65534)
    assert sweep(tmp_path, LEDGER, set) == []


@given(st.binary(min_size=3, max_size=3))
def test_a_new_name_is_a_label_a_file_name_and_a_cdi_name(entropy: bytes) -> None:
    name = claim_name(lambda size: entropy[:size])
    assert is_label(name)
    assert name == f"claim-{entropy.hex()}"
    assert is_qualified_name(describe(claim(name), {}).name)


@given(st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True))
def test_every_label_is_a_cdi_name(name: str) -> None:
    assert is_label(name)
    assert is_qualified_name(describe(claim(name), {}).name)
