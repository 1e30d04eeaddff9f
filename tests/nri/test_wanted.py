from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.nri.wanted import InvalidRequest, Wanted, asked_of_cri, wanted

DEVICES = "cdi-devices.noderesource.dev"
OLDER = "cdi-devices.nri.io"


@pytest.mark.parametrize(
    ("annotations", "names"),
    [
        ({}, []),
        ({"app": "[[["}, []),
        ({DEVICES: "a.com/b=0"}, ["a.com/b=0"]),
        ({DEVICES: "- a.com/b=0\n- a.com/b=1\n"}, ["a.com/b=0", "a.com/b=1"]),
        ({DEVICES: '["a.com/b=0", a.com/b=0]'}, ["a.com/b=0"]),
        ({DEVICES: ""}, []),
        ({DEVICES: "[]"}, []),
        ({DEVICES: "# nothing"}, []),
        ({f"{DEVICES}/pod": "a.com/b=1", DEVICES: "a.com/b=0"}, ["a.com/b=1"]),
        ({f"{DEVICES}/container.main": "a.com/b=2", f"{DEVICES}/pod": "a.com/b=1"}, ["a.com/b=2"]),
        ({f"{DEVICES}/container.side": "a.com/b=2"}, []),
        ({f"{DEVICES}/container.main": "[]", DEVICES: "a.com/b=0"}, []),
        ({OLDER: "a.com/b=3"}, ["a.com/b=3"]),
        ({OLDER: "a.com/b=3", DEVICES: "a.com/b=0"}, ["a.com/b=0"]),
        ({f"{OLDER}/pod": "a.com/b=3", DEVICES: "a.com/b=0"}, ["a.com/b=3"]),
        ({"claims.cod.dev": "train-7"}, ["cod.dev/claim=train-7"]),
        ({"claims.cod.dev/pod": "[a, b]"}, ["cod.dev/claim=a", "cod.dev/claim=b"]),
        ({"claims.cod.dev/container.main": "7"}, ["cod.dev/claim=7"]),
        ({"claims.cod.dev": "a", DEVICES: "a.com/b=0"}, ["cod.dev/claim=a", "a.com/b=0"]),
    ],
)
def test_the_most_specific_annotation_says_what_is_wanted(
    annotations: dict[str, str], names: list[str]
) -> None:
    assert wanted("main", annotations, {}).names == tuple(names)
    assert wanted("main", {}, annotations).names == tuple(names)


def test_claims_are_told_from_other_devices() -> None:
    found = wanted("main", {"claims.cod.dev": "a", DEVICES: "a.com/b=0"}, {})
    assert found == Wanted(("cod.dev/claim=a", "a.com/b=0"), ("cod.dev/claim=a",))


def test_a_containers_own_annotation_counts_before_that_of_its_pod() -> None:
    assert wanted("main", {DEVICES: "a.com/b=0"}, {DEVICES: "a.com/b=1"}).names == ("a.com/b=1",)
    assert wanted("main", {f"{DEVICES}/pod": "a.com/b=0"}, {DEVICES: "a.com/b=1"}).names == ("a.com/b=0",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{a: b}", f"annotation {DEVICES} is no list of names"),
        ("[[a.com/b=0]]", f"annotation {DEVICES} is no list of names"),
        ("[*a]", f"annotation {DEVICES} is no list of names"),
        ("- a.com/b=0\n- '", f"annotation {DEVICES} is not YAML in line 2"),
        ("%TAG !a! b\n--- a.com/b=0", f"annotation {DEVICES} is no list of names"),
        ("# a\r%FOO\n--- a.com/b=0", f"annotation {DEVICES} is no list of names"),
        ("[" * 10_000, f"annotation {DEVICES} is not YAML"),
        ("x" * 270_000, f"annotation {DEVICES} is longer than 262144 characters"),
        ("a.com/b=0\n---\na.com/b=1", f"annotation {DEVICES} is more than one YAML document"),
        ("---\n" * 60_000, f"annotation {DEVICES} is more than one YAML document"),
        ("[" + "a.com/b=0," * 20_000 + "]", f"annotation {DEVICES} has more than 4096 names"),
        ("\0", f"annotation {DEVICES} is not YAML"),
        ("gpu0", f'annotation {DEVICES}: unqualified device "gpu0", missing vendor'),
        ("['']", f'annotation {DEVICES}: unqualified device "", missing vendor'),
        ("-a.com/b=0", f'annotation {DEVICES}: invalid device "-a.com/b=0": invalid vendor.'),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_key(text: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as found:
        wanted("main", {DEVICES: text}, {})
    assert found.value.what.startswith(problem)
    assert found.value.hint or " than " in problem


@pytest.mark.parametrize("ending", ["", "pods", "main", "container", "Container.main", "pod/x"])
@pytest.mark.parametrize("prefix", ["claims.cod.dev", DEVICES, OLDER])
def test_a_key_that_is_for_no_container_is_refused(prefix: str, ending: str) -> None:
    for pod, own in ({f"{prefix}/{ending}": "a"}, {}), ({}, {f"{prefix}/{ending}": "a"}):
        with pytest.raises(InvalidRequest, match=f"annotation {prefix}/{ending} is for no container"):
            wanted("main", pod, own)


@pytest.mark.parametrize("name", ["../up", "a b", "-", "a=b", "{x: y}"])
def test_a_name_that_no_claim_can_have_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest, match=r"annotation claims\.cod\.dev"):
        wanted("main", {"claims.cod.dev": name}, {})


@given(st.text(max_size=200))
def test_any_text_is_names_or_refused(text: str) -> None:
    with suppress(InvalidRequest):
        assert all("=" in name for name in wanted("main", {DEVICES: text}, {}).names)


def test_it_is_known_what_cri_was_asked_for() -> None:
    annotations = {"cdi.k8s.io/a": "a.com/b=1,a.com/b=2", "other": "a.com/b=3"}
    assert asked_of_cri(["a.com/b=0"], annotations) == {"a.com/b=0", "a.com/b=1", "a.com/b=2"}
    assert asked_of_cri([], {"cdi.k8s.io/a": "nonsense"}) == set()
