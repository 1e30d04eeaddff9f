"""What anybody may expect of an allocator, in its smallest cases."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cod.allocate import InUse, NoFit, Use, allocate
from cod.resource import (
    AllocationResult,
    Attribute,
    Device,
    InvalidClaim,
    ResourceClaim,
    ResourceSlice,
    Taint,
)
from tests.allocate.cases import ANY, GPU, KVM, claim, device, gpus, key, names, selecting, slice_of

EIGHT = [gpus(8)]


def give(wanted: ResourceClaim, slices: list[ResourceSlice] = EIGHT, in_use: InUse = {}) -> AllocationResult:  # noqa: B006
    (result,) = allocate([wanted], [GPU, KVM, ANY], slices, in_use)
    return result


def held(*devices: str) -> dict[tuple[str, str, str], tuple[Use, ...]]:
    return {key(each): (Use("other"),) for each in devices}


def test_a_device_that_is_held_is_passed_over() -> None:
    assert names(give(claim(r=("sim-gpu", 2)), in_use=held("gpu0", "gpu2"))) == ["gpu1", "gpu3"]


def test_results_come_in_the_order_of_the_requests() -> None:
    slices = [slice_of(device("kvm", "kvm"), device("gpu0"), device("gpu1"))]
    result = give(claim(b=("sim-gpu", 1), a=("kvm", 1), c=("sim-gpu", 1)), slices)
    assert [each.request for each in result.devices.results] == ["b", "a", "c"]
    assert sorted(names(result)) == ["gpu0", "gpu1", "kvm"]


def test_a_claim_without_requests_is_met_by_nothing() -> None:
    assert names(give(claim(), [])) == []


def test_all_devices_of_a_class_are_given_where_all_are_wanted() -> None:
    assert len(names(give(claim(r=("sim-gpu", -1))))) == 8


def test_all_are_refused_where_one_is_held_or_there_is_none() -> None:
    with pytest.raises(NoFit):
        give(claim(r=("sim-gpu", -1)), in_use=held("gpu3"))
    with pytest.raises(NoFit):
        give(claim(r=("sim-gpu", -1)), [])


def test_a_request_that_can_choose_gives_way_to_one_that_cannot() -> None:
    slices = [slice_of(device("a", "sim-gpu"), device("b", "kvm"))]
    result = give(claim(r=("any", 1), s=("sim-gpu", 1)), slices)
    assert [(each.request, each.device) for each in result.devices.results] == [("r", "b"), ("s", "a")]


def test_two_requests_that_are_too_much_together_are_refused() -> None:
    with pytest.raises(NoFit):
        give(claim(r=("sim-gpu", 5), s=("sim-gpu", 5)))


def test_an_unknown_class_is_refused_with_those_like_it_or_those_there_are() -> None:
    with pytest.raises(InvalidClaim, match="there is no class sim-gpus; did you mean sim-gpu") as caught:
        give(claim(r=("sim-gpus", 1)))
    assert caught.value.hint == ""
    with pytest.raises(InvalidClaim, match="there is no class gpu; did you mean sim-gpu"):
        give(claim(r=("gpu", 1)))
    with pytest.raises(InvalidClaim, match=r"there is no class zzz$") as caught:
        give(claim(r=("zzz", 1)))
    assert caught.value.hint == "classes: any, kvm, sim-gpu"


def test_all_faults_of_a_claim_are_reported_together() -> None:
    wanted = claim(a=("zzz", 1), b=("sim-gpu", 0), c=("yyy", 1), d=("sim-gpu", -5))
    with pytest.raises(InvalidClaim, match="4 faults") as caught:
        give(wanted)
    assert len(caught.value.causes) == 4


@pytest.mark.parametrize("wanted", [claim(r=("sim-gpu", 33)), claim(r=("sim-gpu", 16), s=("sim-gpu", 17))])
def test_more_devices_than_one_claim_may_have_are_no_question_of_room(wanted: ResourceClaim) -> None:
    with pytest.raises(InvalidClaim, match="33 exceeds the claim limit of 32"):
        give(wanted, [gpus(64)])
    with pytest.raises(NoFit):
        give(claim(r=("sim-gpu", -1)), [gpus(33)])


def test_thirty_two_of_a_thousand_are_given() -> None:
    assert len(names(give(claim(r=("sim-gpu", 32)), [gpus(1024)]))) == 32


def test_of_a_pool_only_the_newest_generation_counts() -> None:
    slices = [slice_of(device("old")), slice_of(device("new"), generation=2)]
    assert names(give(claim(r=("sim-gpu", -1)), slices)) == ["new"]


def test_a_class_that_nobody_can_read_harms_no_claim_for_another() -> None:
    classes = [selecting("device.nonsense("), GPU]
    (result,) = allocate([claim(r=("sim-gpu", 1))], classes, EIGHT)
    assert len(names(result)) == 1
    with pytest.raises(InvalidClaim, match="special"):
        allocate([claim(r=("special", 1))], classes, EIGHT)


def test_an_attribute_without_a_domain_is_of_the_drivers() -> None:
    slices = [slice_of(Device("x", {"model": Attribute(string="m1")}))]
    special = selecting(""" device.attributes['sim.cod.dev'].model=="m1" """)
    (result,) = allocate([claim(r=("special", 1))], [special], slices)
    assert names(result) == ["x"]
    foreign = selecting('device.attributes["cod.dev"].model == "m1"')
    with pytest.raises(NoFit):
        allocate([claim(r=("special", 1))], [foreign], slices)


def test_a_tainted_device_is_given_to_nobody() -> None:
    ill = replace(device("gpu1"), taints=(Taint("cod.dev/unready", "ecc-error"),))
    warned = replace(device("gpu2"), taints=(Taint("cod.dev/warm", effect="None"),))
    slices = [slice_of(device("gpu0"), ill, warned)]
    assert names(give(claim(a=("sim-gpu", 2)), slices)) == ["gpu0", "gpu2"]
    for count in (3, -1):
        with pytest.raises(NoFit):
            give(claim(a=("sim-gpu", count)), slices)
