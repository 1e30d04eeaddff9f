"""Options become a claim that Kubernetes takes as it is."""

from __future__ import annotations

from typing import Any

import pytest

from cod.allocate.preferences import preferences
from cod.cel import flaw
from cod.cli.wish_options import Wishes
from cod.cli.wishes import spec_of
from cod.errors import Misuse
from cod.resource import ClaimSpec, ObjectMeta, ResourceClaim, check, to_data

CEL = 'device.driver == "x"'


def spec(*devices: str, **wishes: Any) -> ClaimSpec:
    return spec_of(Wishes(devices=devices, **wishes))


def data(*devices: str, **wishes: Any) -> Any:
    """The part of a claim's file that is about devices; it is one that the API server would take."""
    found = spec(*devices, **wishes)
    check(ResourceClaim(metadata=ObjectMeta(name="c"), spec=found), flaw)
    return to_data(found)["devices"]


@pytest.mark.parametrize(
    ("devices", "requests"),
    [
        (["kvm"], [("kvm", "kvm", 1)]),
        (["gpu.nvidia.com:2"], [("gpu-nvidia-com", "gpu.nvidia.com", 2)]),
        (["train=gpu:4", "nic"], [("train", "gpu", 4), ("nic", "nic", 1)]),
        (["gpu", "gpu:2", "gpu"], [("gpu", "gpu", 1), ("gpu-2", "gpu", 2), ("gpu-3", "gpu", 1)]),
        (["gpu", "gpu=nic"], [("gpu-2", "gpu", 1), ("gpu", "nic", 1)]),
    ],
)
def test_a_request_is_called_as_it_says_or_as_its_class_and_numbered_where_that_comes_twice(
    devices: list[str], requests: list[tuple[str, str, int]]
) -> None:
    found = [(each.name, each.exactly) for each in spec(*devices).devices.requests]
    assert [(name, each.device_class_name, each.count) for name, each in found if each] == requests
    data(*devices)


def test_all_of_a_class_can_be_wanted() -> None:
    assert data("gpu:all")["requests"] == [
        {"name": "gpu", "exactly": {"deviceClassName": "gpu", "allocationMode": "All"}}
    ]


def test_a_condition_is_for_all_requests_or_for_the_one_that_it_names() -> None:
    other = 'device.attributes["a.b/c"].x == "1:2" ? true : false'
    requests = data("a=gpu", "b=nic", where=(CEL, f"b:{other}"))["requests"]
    expressions = [[each["cel"]["expression"] for each in r["exactly"]["selectors"]] for r in requests]
    assert expressions == [[CEL], [CEL, other]]


def test_a_capacity_is_for_all_requests_or_for_the_one_that_it_names() -> None:
    requests = data("a=gpu", "b=cpu", capacity=("memory=40Gi", "b:cpus=4"))["requests"]
    assert [each["exactly"]["capacity"]["requests"] for each in requests] == [
        {"memory": "40Gi"},
        {"memory": "40Gi", "cpus": "4"},
    ]


def test_what_all_share_or_none_is_a_constraint_under_its_full_name() -> None:
    found = data("a=gpu", "b=nic", same=("numa", "a,b:root"), distinct=("a:x.example.com/model",))
    assert found["constraints"] == [
        {"matchAttribute": "resource.kubernetes.io/numaNode"},
        {"requests": ["a", "b"], "matchAttribute": "resource.kubernetes.io/pcieRoot"},
        {"requests": ["a"], "distinctAttribute": "x.example.com/model"},
    ]


def test_a_taint_is_tolerated_whatever_its_value_or_of_one_value() -> None:
    (request,) = data("gpu", tolerate=("cod.dev/unready", "a.b/c=d"))["requests"]
    assert request["exactly"]["tolerations"] == [
        {"key": "cod.dev/unready", "operator": "Exists"},
        {"key": "a.b/c", "value": "d"},
    ]


def test_what_kubernetes_cannot_say_is_a_preference_that_the_allocator_understands() -> None:
    found = spec(
        "a=gpu",
        "b=nic",
        closest=True,
        prefer_same=("numa*10",),
        spread=("root",),
        least=("memory*3",),
        connected=("a:b", "a:b:nvlink:50G"),
    )
    wrong: list[str] = []
    claim = ResourceClaim(metadata=ObjectMeta(name="c"), spec=found)
    check(claim, flaw)
    ((_, scoped),) = enumerate(preferences(claim, wrong))
    assert wrong == []
    assert to_data(scoped.preferences) == {
        "apiVersion": "cod.dev/v1",
        "kind": "Preferences",
        "closest": True,
        "prefer": [
            {"same": "resource.kubernetes.io/numaNode", "weight": 10},
            {"spread": "resource.kubernetes.io/pcieRoot"},
            {"least": "memory", "weight": 3},
        ],
        "connected": [
            {"from": "a", "to": "b"},
            {"from": "a", "to": "b", "kind": "nvlink", "minBandwidth": "50G"},
        ],
    }


def test_without_preferences_there_is_no_config() -> None:
    assert "config" not in data("gpu", same=("numa",))


@pytest.mark.parametrize(
    ("devices", "wishes", "option"),
    [
        (("",), {}, "-d ''"),
        (("gpu:0",), {}, "-d 'gpu:0'"),
        (("gpu:00",), {}, "-d 'gpu:00'"),
        (("gpu:-1",), {}, "-d 'gpu:-1'"),
        (("gpu:2:3",), {}, "-d 'gpu:2:3'"),
        (("=gpu",), {}, "-d '=gpu'"),
        (("A=gpu",), {}, "-d 'A=gpu'"),
        (("a=gpu", "a=nic"), {}, "-d 'a=nic'"),
        (("gpu",), {"where": ("nic:true",)}, "--where 'nic:true'"),
        (("gpu",), {"same": ("model",)}, "--same 'model'"),
        (("gpu",), {"same": ("nic:numa",)}, "--same 'nic:numa'"),
        (("gpu",), {"same": ("gpu,:numa",)}, "--same 'gpu,:numa'"),
        (("gpu",), {"distinct": ("",)}, "--distinct ''"),
        (("gpu",), {"distinct": ("x/y/z",)}, "--distinct 'x/y/z'"),
        (("gpu",), {"capacity": ("memory",)}, "--capacity 'memory'"),
        (("gpu",), {"capacity": ("memory=big",)}, "--capacity 'memory=big'"),
        (("gpu",), {"capacity": ("nic:memory=1",)}, "--capacity 'nic:memory=1'"),
        (("gpu",), {"tolerate": ("=x",)}, "--tolerate '=x'"),
        (("gpu",), {"connected": ("gpu",)}, "--connected 'gpu'"),
        (("gpu",), {"connected": ("gpu:nic",)}, "--connected 'gpu:nic'"),
        (("gpu",), {"connected": ("gpu:gpu:k:fast",)}, "--connected 'gpu:gpu:k:fast'"),
        (("gpu",), {"prefer_same": ("numa*0",)}, "--prefer-same 'numa*0'"),
        (("gpu",), {"spread": ("numa*1001",)}, "--spread 'numa*1001'"),
        (("gpu",), {"least": ("memory*x",)}, "--least 'memory*x'"),
    ],
)
def test_what_cannot_be_read_is_wrong_usage_and_quoted(
    devices: tuple[str, ...], wishes: dict[str, tuple[str, ...]], option: str
) -> None:
    with pytest.raises(Misuse, match="cannot read") as caught:
        spec(*devices, **wishes)
    assert caught.value.what == f"cannot read {option}"
    assert len(caught.value.causes) == 1
    assert option.split()[0] in caught.value.hint or option.split()[0] in ("--distinct", "--prefer-same")


def test_all_that_cannot_be_read_is_told_at_once() -> None:
    with pytest.raises(Misuse, match="3 options cannot be read") as caught:
        spec("gpu:x", "nic", same=("what",), least=("memory*-1",))
    assert len(caught.value.causes) == 3
