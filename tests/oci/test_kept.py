"""What is kept between two starts never changes an answer."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cod.errors import CodError
from cod.oci.door import Door
from cod.oci.report import text_of
from tests.oci.front import PLAIN, Front, read

ASKS = {"cdi.k8s.io/x": "cod.test/plain=a"}
OTHER = {**PLAIN, "devices": [{"name": "a", "containerEdits": {"env": ["PLAIN_A=2"]}}]}


def given(front: Front, **asks: Any) -> list[str] | str:
    """What a container gets, or why not."""
    config = read(front.bundle(annotations=asks.get("annotations", ASKS), env=asks.get("env", ())))
    try:
        door = Door(front.environ, str(front.settings), asks.get("clock", later))
        variables: list[str] = door.with_devices(config, door.wishes(config))["process"]["env"]
    except CodError as error:
        return text_of(error)
    return variables[1:]


def later() -> int:
    """A time at which all files are as old as files usually are."""
    return time.time_ns() + 10_000_000_000


def found(front: Front, what: str) -> Path:
    return front.cache / f"runtime-{what}{str(front.settings).replace('/', '-')}"


def kept(front: Front) -> Path:
    return found(front, "specs")


@pytest.fixture
def warm(front: Front) -> Front:
    assert given(front) == ["PLAIN_A=1"]
    assert kept(front).exists()
    assert found(front, "settings").exists()
    return front


def is_fast(front: Front, asks: dict[str, str]) -> bool:
    """Whether nothing but what is kept was needed."""
    front.program.write_text(front.program.read_text().replace(" -ISE ", " -X importtime -ISE "))
    run = front.create(front.bundle(annotations=asks))
    assert "cod.oci.door" in run.stderr
    return "msgspec" not in run.stderr and run.returncode == 0


def test_what_is_kept_answers_the_next_time(warm: Front) -> None:
    assert is_fast(warm, ASKS)


def test_the_answer_is_the_same_each_time(warm: Front) -> None:
    assert [given(warm) for _ in range(2)] == [["PLAIN_A=1"]] * 2


def newer(front: Front) -> None:
    front.write(OTHER)


def same_time_other_size(front: Front) -> None:
    path = front.write({**OTHER, "devices": [{"name": "a", "containerEdits": {"env": ["PLAIN_A=2", "B=3"]}}]})
    os.utime(path, (1, 1))


def renamed_into_place(front: Front) -> None:
    path = front.write(OTHER, "tmp.txt")
    os.utime(path, (1, 1))
    path.rename(front.specs / "cod.test-plain.json")


def removed(front: Front) -> None:
    (front.specs / "cod.test-plain.json").unlink()


def in_conflict(front: Front) -> None:
    front.write(PLAIN, "again.json")


def broken(front: Front) -> None:
    (front.specs / "cod.test-plain.json").write_text("{")


def overridden(front: Front) -> None:
    (front.directory / "later").mkdir()
    (front.directory / "later/x.json").write_text(json.dumps(OTHER))
    front.environ["COD_SPEC_DIRS"] += f":{front.directory / 'later'}"


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        (newer, "PLAIN_A=2"),
        (same_time_other_size, "PLAIN_A=2"),
        (renamed_into_place, "PLAIN_A=2"),
        (overridden, "PLAIN_A=2"),
        (removed, "cod.test/plain=a is in no spec file"),
        (in_conflict, "conflicting device"),
        (broken, "left out"),
    ],
)
def test_a_change_of_the_specs_counts_at_once(
    warm: Front, change: Callable[[Front], None], answer: str
) -> None:
    change(warm)
    for _ in range(2):
        assert answer in str(given(warm))


def test_a_change_of_the_settings_counts_at_once(warm: Front) -> None:
    assert given(warm, annotations={}, env=("ASK=b",)) == ["ASK=b"]
    warm.configure(f'runtimes = ["{warm.echo}"]\nenvironment = {{ASK = "cod.test/plain"}}\n')
    assert given(warm, annotations={}, env=("ASK=b",)) == ["ASK=b", "PLAIN_B=1"]


def test_a_spec_just_written_is_not_trusted_to_stay(front: Front) -> None:
    assert given(front, clock=time.time_ns) == ["PLAIN_A=1"]
    assert not kept(front).exists()


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]\n", b"{}\n", b'{"is": 1, "key": 2}\n', b"\xff\xfe\n", b"\n" * 9]
)
def test_what_is_damaged_is_made_anew(warm: Front, data: bytes) -> None:
    whole = kept(warm).read_bytes()
    kept(warm).write_bytes(data)
    assert given(warm) == ["PLAIN_A=1"]
    assert kept(warm).read_bytes() == whole


def test_what_is_cut_short_is_made_anew(warm: Front) -> None:
    whole = kept(warm).read_bytes()
    for length in range(0, len(whole), max(len(whole) // 9, 1)):
        kept(warm).write_bytes(whole[:length])
        assert given(warm) == ["PLAIN_A=1"]


def test_what_is_damaged_inside_is_made_anew(warm: Front) -> None:
    for path in (kept(warm), found(warm, "settings")):
        head, _, body = path.read_bytes().partition(b"\n")
        path.write_bytes(head + b"\n" + b"?" * len(body))
        assert given(warm) == ["PLAIN_A=1"]


def test_a_long_place_to_keep_is_not_cut_short(front: Front) -> None:
    long = front.directory / ("x" * 150) / ("y" * 150)
    front.environ["COD_CACHE"] = str(long)
    assert given(front) == ["PLAIN_A=1"]
    assert {each.name.split("-")[1] for each in long.glob("runtime-*")} == {"specs", "settings"}
    assert [*front.directory.glob("x" * 20 + "*")] == [long.parent]


def test_what_others_may_write_is_not_believed(warm: Front) -> None:
    kept(warm).write_bytes(kept(warm).read_bytes().replace(b"PLAIN_A=1", b"PLAIN_A=9"))
    assert given(warm) == ["PLAIN_A=9"]  # what is ours is
    kept(warm).chmod(0o666)
    assert given(warm) == ["PLAIN_A=1"]


def test_without_a_place_to_keep_all_works(front: Front) -> None:
    for place in ("off", "/proc/nowhere", str(front.settings)):
        front.environ["COD_CACHE"] = place
        assert given(front) == ["PLAIN_A=1"]


CLAIM = {
    "cdiVersion": "0.6.0",
    "kind": "cod.dev/claim",
    "devices": [{"name": "c", "containerEdits": {"env": ["C=1"]}}],
}
CLAIMED = {"cod.dev/claim": "c"}
FILE = "cod.dev-claim_0a1b2c3d_c.json"


def test_a_new_claim_needs_no_careful_way(warm: Front) -> None:
    warm.write(CLAIM, FILE)
    assert given(warm, annotations=CLAIMED) == ["C=1"]
    assert is_fast(warm, CLAIMED)
    (warm.specs / FILE).unlink()
    assert "unresolvable CDI devices cod.dev/claim=c" in given(warm, annotations=CLAIMED)


@pytest.mark.parametrize(
    ("spec", "answer"),
    [
        ({**CLAIM, "cdiVersion": "9"}, ["C=1"]),  # ours alone: nobody writes such a thing under our name
        ({**CLAIM, "kind": "cod.test/x"}, "unresolvable"),
        ({**CLAIM, "devices": []}, "unresolvable"),
        ({**CLAIM, "devices": [{"name": "c", "containerEdits": {"env": "C=1"}}]}, "unresolvable"),
        ({**CLAIM, "devices": [{"name": "c", "containerEdits": {"mounts": [{"x": 1}]}}]}, "unresolvable"),
        ({**CLAIM, "devices": [{"name": "d", "containerEdits": {"env": ["C=1"]}}]}, "unresolvable"),
        ({**CLAIM, "devices": 1}, "unresolvable"),
        ([], "unresolvable"),
    ],
)
def test_a_claims_spec_that_is_not_as_we_write_it_is_judged_with_care(
    warm: Front, spec: Any, answer: object
) -> None:
    (warm.specs / FILE).write_text(json.dumps(spec))
    found = given(warm, annotations=CLAIMED)
    assert found == answer or (isinstance(answer, str) and answer in found)


def test_a_claim_in_yaml_or_in_two_ledgers_is_judged_with_care(warm: Front) -> None:
    (warm.specs / FILE.replace(".json", ".yaml")).write_text(json.dumps(CLAIM))
    assert given(warm, annotations=CLAIMED) == ["C=1"]
    warm.write(CLAIM, FILE)
    assert "conflicting device" in given(warm, annotations=CLAIMED)


def test_a_file_with_a_claims_name_that_is_none_is_seen(front: Front) -> None:
    front.write(PLAIN, FILE)
    for _ in range(2):
        assert "conflicting device" in given(front)
