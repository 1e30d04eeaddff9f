from __future__ import annotations

import pytest
from msgspec.structs import replace

from cod.allocate import NoFit, allocate
from cod.errors import Refused
from cod.resource import Attribute, Device, InvalidClaim, Taint
from tests.allocate.cases import ANY, GPU, KVM, claim, device, gpus, key, names, selecting, slice_of

EIGHT = [gpus(8)]


def test_the_first_free_devices_in_natural_order_are_given() -> None:
    slices = [slice_of(*(device(f"gpu{number}") for number in (10, 9, 2, 1, 0)))]
    assert names(allocate(claim(r=("sim-gpu", 4)), [GPU], slices, {})) == ["gpu0", "gpu1", "gpu2", "gpu9"]


def test_a_device_that_is_held_is_passed_over() -> None:
    held = {key("gpu0"): "other", key("gpu2"): "other"}
    assert names(allocate(claim(r=("sim-gpu", 2)), [GPU], EIGHT, held)) == ["gpu1", "gpu3"]


def test_results_come_in_the_order_of_the_requests() -> None:
    slices = [slice_of(device("kvm", "kvm"), device("gpu0"), device("gpu1"))]
    result = allocate(claim(b=("sim-gpu", 1), a=("kvm", 1), c=("sim-gpu", 1)), [KVM, GPU], slices, {})
    assert [(each.request, each.device) for each in result.devices.results] == [
        ("b", "gpu0"),
        ("a", "kvm"),
        ("c", "gpu1"),
    ]


def test_a_claim_without_requests_is_met_by_nothing() -> None:
    assert names(allocate(claim(), [], [], {})) == []


def test_all_devices_of_a_class_are_given_where_all_are_wanted() -> None:
    assert len(names(allocate(claim(r=("sim-gpu", -1)), [GPU], EIGHT, {}))) == 8


def test_all_are_refused_where_one_is_held_or_there_is_none() -> None:
    with pytest.raises(NoFit) as caught:
        allocate(claim(r=("sim-gpu", -1)), [GPU], EIGHT, {key("gpu3"): "other"})
    assert caught.value.nearest == ("sim-gpu:7",)
    with pytest.raises(NoFit) as caught:
        allocate(claim(r=("sim-gpu", -1)), [GPU], [], {})
    assert caught.value.causes == ("request r: 1 of sim-gpu wanted, this machine has none",)


def test_a_request_that_can_choose_gives_way_to_one_that_cannot() -> None:
    slices = [slice_of(device("a", "sim-gpu"), device("b", "kvm"))]
    result = allocate(claim(r=("any", 1), s=("sim-gpu", 1)), [ANY, GPU], slices, {})
    assert [(each.request, each.device) for each in result.devices.results] == [("r", "b"), ("s", "a")]


def test_a_refusal_names_what_is_wanted_there_free_and_held_by_whom() -> None:
    held = {key(f"gpu{index}"): "train" if index < 4 else "claim-1" for index in range(6)}
    with pytest.raises(NoFit) as caught:
        allocate(claim(r=("sim-gpu", 3), k=("kvm", 1)), [GPU, KVM], EIGHT, held)
    assert caught.value.causes == (
        "request r: 3 of sim-gpu wanted, 8 there, 2 free; held by claim-1 (2), train (4)",
        "request k: 1 of kvm wanted, this machine has none",
    )
    assert caught.value.nearest == ("sim-gpu:2",)
    assert caught.value.hint == (
        "this would fit: -d sim-gpu:2; see who holds what: cod claim list; see what there is: cod device list"
    )
    assert caught.value.exit_code == 1


def test_two_requests_that_are_too_much_together_are_refused_as_such() -> None:
    with pytest.raises(NoFit) as caught:
        allocate(claim(r=("sim-gpu", 5), s=("sim-gpu", 5)), [GPU], EIGHT, {})
    assert caught.value.causes == (
        "request s: 5 of sim-gpu wanted, 8 there, 8 free, 3 left by this claim's other requests",
    )
    assert caught.value.nearest == ("sim-gpu:8",)


def test_an_unknown_class_is_refused_with_those_like_it_and_those_there_are() -> None:
    with pytest.raises(InvalidClaim, match="there is no class sim-gpus; did you mean sim-gpu") as caught:
        allocate(claim(r=("sim-gpus", 1)), [GPU, KVM], EIGHT, {})
    assert caught.value.hint == "classes with devices here: sim-gpu"
    with pytest.raises(InvalidClaim, match="there is no class gpu; did you mean sim-gpu"):
        allocate(claim(r=("gpu", 1)), [GPU, KVM], EIGHT, {})
    with pytest.raises(InvalidClaim, match=r"there is no class zzz$") as caught:
        allocate(claim(r=("zzz", 1)), [], [], {})
    assert caught.value.hint == "classes with devices here: none"


def test_all_faults_of_a_claim_are_reported_together() -> None:
    wanted = claim(a=("zzz", 1), b=("sim-gpu", 0), c=("yyy", 1), d=("sim-gpu", -5))
    with pytest.raises(InvalidClaim, match="claim c has 4 faults") as caught:
        allocate(wanted, [GPU], EIGHT, {})
    assert len(caught.value.causes) == 4


def test_two_requests_may_not_have_one_name() -> None:
    once = claim(r=("sim-gpu", 1))
    twice = replace(
        once, spec=replace(once.spec, devices=replace(once.spec.devices, requests=once.requests * 2))
    )
    with pytest.raises(InvalidClaim, match="2 requests are called r"):
        allocate(twice, [GPU], EIGHT, {})


@pytest.mark.parametrize("wanted", [claim(r=("sim-gpu", 33)), claim(r=("sim-gpu", 16), s=("sim-gpu", 17))])
def test_more_devices_than_one_claim_may_have_are_no_question_of_room(wanted: object) -> None:
    with pytest.raises(InvalidClaim, match="asks for 33 devices, and one claim may have 32"):
        allocate(wanted, [GPU], [gpus(64)], {})  # type: ignore[arg-type]
    with pytest.raises(InvalidClaim):
        allocate(claim(r=("sim-gpu", -1)), [GPU], [gpus(33)], {})


def test_thirty_two_of_a_thousand_are_given() -> None:
    assert len(names(allocate(claim(r=("sim-gpu", 32)), [GPU], [gpus(1024)], {}))) == 32


def test_of_a_pool_only_the_newest_generation_counts() -> None:
    slices = [slice_of(device("old")), slice_of(device("new"), generation=2)]
    assert names(allocate(claim(r=("sim-gpu", -1)), [GPU], slices, {})) == ["new"]


@pytest.mark.parametrize(
    "expression",
    [
        "true",
        'device.driver == "x"',
        'device.attributes["cod.dev"].class == "a" || true',
        'device.attributes["cod.dev"].class == "a" + "b"',
        'device.attributes["cod.dev"].class == "a\\n"',
        'device.attributes["cod.dev"].class != "a"',
        'has(device.attributes["cod.dev"].class)',
        "",
    ],
)
def test_a_selector_of_another_form_is_refused_and_never_guessed(expression: str) -> None:
    with pytest.raises(Refused, match="cannot be evaluated yet") as caught:
        allocate(claim(r=("special", 1)), [selecting(expression)], EIGHT, {})
    assert caught.value.causes == (expression,)


def test_a_class_that_cannot_be_evaluated_harms_no_claim_for_another() -> None:
    assert names(allocate(claim(r=("sim-gpu", 1)), [selecting("true"), GPU], EIGHT, {})) == ["gpu0"]
    with pytest.raises(InvalidClaim, match="no class zzz"):
        allocate(claim(r=("zzz", 1)), [selecting("true"), GPU], EIGHT, {})


def test_an_attribute_without_a_domain_is_of_the_drivers() -> None:
    slices = [slice_of(Device("x", {"model": Attribute(string="m1")}))]
    special = selecting(""" device.attributes['sim.cod.dev'].model=="m1" """)
    assert names(allocate(claim(r=("special", 1)), [special], slices, {})) == ["x"]
    with pytest.raises(NoFit):
        allocate(
            claim(r=("special", 1)), [selecting('device.attributes["cod.dev"].model == "m1"')], slices, {}
        )


def test_only_a_string_equals_a_string() -> None:
    slices = [slice_of(Device("x", {"cod.dev/class": Attribute(int_=1)}))]
    with pytest.raises(NoFit):
        allocate(
            claim(r=("special", 1)), [selecting('device.attributes["cod.dev"].class == "1"')], slices, {}
        )


def test_a_tainted_device_is_given_to_nobody_and_the_refusal_says_why() -> None:
    ill = replace(device("gpu1"), taints=(Taint("cod.dev/unready", "ecc-error"),))
    warned = replace(device("gpu2"), taints=(Taint("cod.dev/warm", effect="None"),))
    slices = [slice_of(device("gpu0"), ill, warned)]
    assert names(allocate(claim(a=("sim-gpu", 2)), [GPU], slices, {})) == ["gpu0", "gpu2"]
    with pytest.raises(NoFit) as caught:
        allocate(claim(a=("sim-gpu", 3)), [GPU], slices, {})
    assert caught.value.causes == ("request a: 3 of sim-gpu wanted, 3 there, 2 free; unready: ecc-error (1)",)
    with pytest.raises(NoFit):
        allocate(claim(a=("sim-gpu", -1)), [GPU], slices, {})
