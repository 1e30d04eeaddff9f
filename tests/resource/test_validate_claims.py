from __future__ import annotations

from typing import Any

import pytest

from cod.resource import (
    AllocatedConfig,
    AllocationResult,
    CapacityRequests,
    CELSelector,
    ClaimConfig,
    ClaimDevices,
    ClaimSpec,
    ClaimStatus,
    ClassConfig,
    ClassSpec,
    Condition,
    Constraint,
    ConsumerReference,
    DerivedAttribute,
    DeviceAllocation,
    DeviceClass,
    DeviceRequest,
    DeviceStatus,
    ExactRequest,
    NetworkData,
    NodeSelector,
    ObjectMeta,
    OpaqueConfig,
    ResourceClaim,
    ResourceClaimTemplate,
    Result,
    Selector,
    SubRequest,
    TemplateSpec,
    Toleration,
    problems,
)
from cod.resource.kinds import Object

from .objects import DRIVER, claim, request

OPAQUE = OpaqueConfig(DRIVER, {"mode": "shared"})
SHARED = Constraint(match_attribute="gpu.example.com/numa")
EITHER = DeviceRequest(
    "gpus", first_available=(SubRequest("big", "gpu"), SubRequest("small", "gpu", count=2))
)
RESULT = Result("gpus", DRIVER, "node", "gpu-0")
SHARE = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"


def selectors(*expressions: str) -> tuple[Selector, ...]:
    return tuple(Selector(CELSelector(text)) for text in expressions)


def given(*results: Result, **fields: Any) -> ClaimStatus:
    return ClaimStatus(AllocationResult(DeviceAllocation(results), **fields))


def faults(value: Object) -> list[str]:
    """The faults without their rules: where, and of which kind."""
    return [f"{each.where}: {each.kind}" for each in problems(value)]


@pytest.mark.parametrize(
    "value",
    [
        claim(),
        claim(request(allocation_mode="All")),
        claim(request(selectors=selectors('device.driver == "x"') * 32, admin_access=True)),
        claim(
            request(
                tolerations=(Toleration(operator="Exists"), Toleration("a", value="b", effect="NoExecute"))
            )
        ),
        claim(request(capacity=CapacityRequests({"memory": "10Gi", "example.com/cores": "2"}))),
        claim(EITHER, constraints=(SHARED,), config=(ClaimConfig(("gpus/big",), OPAQUE),)),
        claim(
            request(derived_attributes=(DerivedAttribute("numa", "1"),)),
            constraints=(Constraint(distinct_attribute="a.b/numa"), Constraint((), "numa.x/numa")),
        ),
        claim(*(request(f"r{index}") for index in range(32))),
        claim(status=given(RESULT)),
        claim(EITHER, status=given(Result("gpus/big", DRIVER, "node", "gpu-0", share_id=SHARE))),
    ],
)
def test_a_right_claim_has_no_problem_but_in_its_derived_attributes(value: ResourceClaim) -> None:
    assert [fault for fault in faults(value) if "derivedAttributes" not in fault] == []


@pytest.mark.parametrize(
    ("wish", "fault"),
    [
        (ExactRequest(""), "deviceClassName: Required value"),
        (ExactRequest("A"), "deviceClassName: Invalid value"),
        (ExactRequest("a", "Some"), "allocationMode: Unsupported value"),
        (ExactRequest("a", count=0), "count: Invalid value"),
        (ExactRequest("a", "All", 2), "count: Invalid value"),
        (ExactRequest("a", selectors=selectors("")), "selectors[0].cel.expression: Required value"),
        (ExactRequest("a", selectors=selectors("x" * 10241)), "selectors[0].cel.expression: Too long"),
        (ExactRequest("a", selectors=selectors("1") * 33), "selectors: Too many"),
        (ExactRequest("a", tolerations=(Toleration("a"),) * 17), "tolerations: Too many"),
        (ExactRequest("a", tolerations=(Toleration("a b"),)), "tolerations[0].key: Invalid value"),
        (
            ExactRequest("a", tolerations=(Toleration("a", "Like"),)),
            "tolerations[0].operator: Unsupported value",
        ),
        (
            ExactRequest("a", tolerations=(Toleration("a", "Exists", "b"),)),
            "tolerations[0].value: Invalid value",
        ),
        (
            ExactRequest("a", tolerations=(Toleration("a", effect="x"),)),
            "tolerations[0].effect: Unsupported value",
        ),
        (ExactRequest("a", capacity=CapacityRequests({"m": "x"})), 'capacity.requests["m"]: Invalid value'),
        (ExactRequest("a", capacity=CapacityRequests({"-": "1"})), "capacity.requests: Invalid value"),
        (
            ExactRequest("a", derived_attributes=(DerivedAttribute("x", "1"),)),
            "derivedAttributes[0].name: Invalid value",
        ),
    ],
)
def test_a_wrong_request_has_one_problem_and_its_place(wish: ExactRequest, fault: str) -> None:
    assert faults(claim(DeviceRequest("gpus", wish))) == [f"spec.devices.requests[0].exactly.{fault}"]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (claim(DeviceRequest("a")), ["spec.devices.requests[0]: Required value"]),
        (
            claim(DeviceRequest("a", ExactRequest("b"), EITHER.first_available)),
            ["spec.devices.requests[0]: Invalid value"],
        ),
        (
            claim(request(""), request("A")),
            ["spec.devices.requests[0].name: Required value", "spec.devices.requests[1].name: Invalid value"],
        ),
        (claim(request(), request()), ["spec.devices.requests[1]: Duplicate value"]),
        (claim(*(request(f"r{index}") for index in range(33))), ["spec.devices.requests: Too many"]),
        (
            claim(DeviceRequest("a", first_available=(SubRequest("x", "b"), SubRequest("x", "")))),
            [
                "spec.devices.requests[0].firstAvailable[1].deviceClassName: Required value",
                "spec.devices.requests[0].firstAvailable[1]: Duplicate value",
            ],
        ),
        (
            claim(DeviceRequest("a", first_available=(SubRequest("x", "b"),) * 9)),
            ["spec.devices.requests[0].firstAvailable: Too many"],
        ),
        (claim(constraints=(Constraint(),)), ["spec.devices.constraints[0]: Required value"]),
        (
            claim(constraints=(Constraint((), "a.b/c", "a.b/c"),)),
            ["spec.devices.constraints[0]: Required value"],
        ),
        (
            claim(constraints=(Constraint((), "numa"),)),
            ["spec.devices.constraints[0].matchAttribute: Invalid value"],
        ),
        (
            claim(constraints=(Constraint(("x", "gpus/a", "gpus", "gpus", "a/b/c"), "a.b/c"),)),
            [f"spec.devices.constraints[0].requests[{index}]: Invalid value" for index in (0, 1, 4)]
            + ["spec.devices.constraints[0].requests[3]: Duplicate value"],
        ),
        (claim(constraints=(SHARED,) * 33), ["spec.devices.constraints: Too many"]),
        (claim(config=(ClaimConfig(),)), ["spec.devices.config[0].opaque: Required value"]),
        (
            claim(config=(ClaimConfig((), OpaqueConfig("", [])),)),
            [
                "spec.devices.config[0].opaque.driver: Required value",
                "spec.devices.config[0].opaque.parameters: Invalid value",
            ],
        ),
        (
            claim(
                config=(
                    ClaimConfig((), OpaqueConfig(DRIVER, None)),
                    ClaimConfig((), OpaqueConfig(DRIVER, {"a": "x" * 10240})),
                )
            ),
            [
                "spec.devices.config[0].opaque.parameters: Required value",
                "spec.devices.config[1].opaque.parameters: Too long",
            ],
        ),
    ],
)
def test_a_wrong_claim_has_all_its_problems_and_their_places(value: ResourceClaim, found: list[str]) -> None:
    assert faults(value) == found


def test_a_derived_attribute_is_for_a_constraint() -> None:
    def of(*constraints: Constraint) -> ResourceClaim:
        return claim(request(derived_attributes=(DerivedAttribute("a.b/c", "1"),)), constraints=constraints)

    assert faults(of(Constraint(("gpus",), "a.b/c"))) == []
    assert faults(of(Constraint((), "a.b/c"))) == []
    assert faults(of(Constraint((), "a.b/d"))) == [
        "spec.devices.requests[0].exactly.derivedAttributes[0].name: Invalid value"
    ]


def test_who_knows_cel_is_asked_about_expressions() -> None:
    value = claim(request(selectors=selectors("good", "bad")))
    found = problems(value, lambda text: "no such variable" if text == "bad" else "")
    assert [each.text for each in found] == [
        'spec.devices.requests[0].exactly.selectors[1].cel.expression: Invalid value: "bad": no such variable'
    ]


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (ClaimStatus(reserved_for=(ConsumerReference("pods", "a", "1"),)), ["status.reservedFor: Forbidden"]),
        (
            ClaimStatus(
                given(RESULT).allocation, (ConsumerReference("", "", ""), ConsumerReference("pods", "a", ""))
            ),
            [f"status.reservedFor[0].{field}: Required value" for field in ("resource", "name", "uid")]
            + ["status.reservedFor[1].uid: Required value", "status.reservedFor[1]: Duplicate value"],
        ),
        (
            ClaimStatus(
                given(RESULT).allocation, tuple(ConsumerReference("pods", "a", str(n)) for n in range(257))
            ),
            ["status.reservedFor: Too many"],
        ),
        (given(*(RESULT,) * 33), ["status.allocation.devices.results: Too many"]),
        (
            given(Result("x", "", "A", "B", share_id="1")),
            [
                f"status.allocation.devices.results[0].{fault}"
                for fault in (
                    "request: Invalid value",
                    "driver: Required value",
                    "pool: Invalid value",
                    "device: Invalid value",
                    "shareID: Invalid value",
                )
            ],
        ),
        (
            given(
                Result("gpus", DRIVER, "p", "d", consumed_capacity={"m": "x"}, skip_node_operations=("x",))
            ),
            [
                'status.allocation.devices.results[0].consumedCapacity["m"]: Invalid value',
                "status.allocation.devices.results[0].skipNodeOperations[0]: Unsupported value",
            ],
        ),
        (
            given(RESULT, node_selector=NodeSelector(())),
            ["status.allocation.nodeSelector.nodeSelectorTerms: Required value"],
        ),
        (
            ClaimStatus(AllocationResult(DeviceAllocation((), (AllocatedConfig("Mine", ("x",), OPAQUE),)))),
            [
                "status.allocation.devices.config[0].source: Unsupported value",
                "status.allocation.devices.config[0].requests[0]: Invalid value",
            ],
        ),
        (ClaimStatus(devices=(DeviceStatus(DRIVER, "node", "gpu-0"),)), ["status.devices[0]: Invalid value"]),
    ],
)
def test_what_became_of_a_claim_is_checked(status: ClaimStatus, found: list[str]) -> None:
    assert faults(claim(status=status)) == found


def test_what_drivers_say_of_devices_is_checked() -> None:
    fine = Condition("Ready", "True", "2026-01-02T03:04:05Z", "Up", "")
    network = NetworkData("eth0", ("10.0.0.1/24", "2001:db8::1/64"), "02:00:00:00:00:01")
    device = DeviceStatus(DRIVER, "node", "gpu-0", conditions=(fine,), data={"a": 1}, network_data=network)
    allocation = given(RESULT).allocation
    assert faults(claim(status=ClaimStatus(allocation, devices=(device,)))) == []
    bad = DeviceStatus(
        DRIVER,
        "node",
        "gpu-0",
        conditions=(Condition("a b", "Yes", "", "", "x" * 40_000, -1), Condition("b", "True", "t", "-", "")),
        data=[],
        network_data=NetworkData("e" * 257, ("10.0.0.1", "010.0.0.1/24", "2001:DB8::1/64"), "f" * 129),
    )
    here = "status.devices[0]"
    assert faults(claim(status=ClaimStatus(allocation, devices=(bad, bad))))[:13] == [
        f"{here}.conditions[0].type: Invalid value",
        f"{here}.conditions[0].status: Unsupported value",
        f"{here}.conditions[0].observedGeneration: Invalid value",
        f"{here}.conditions[0].lastTransitionTime: Required value",
        f"{here}.conditions[0].reason: Required value",
        f"{here}.conditions[0].message: Too long",
        f"{here}.conditions[1].reason: Invalid value",
        f"{here}.data: Invalid value",
        f"{here}.networkData.interfaceName: Too long",
        f"{here}.networkData.hardwareAddress: Too long",
        f"{here}.networkData.ips[0]: Invalid value",
        f"{here}.networkData.ips[1]: Invalid value",
        f"{here}.networkData.ips[2]: Invalid value",
    ]


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        (ClassSpec(), []),
        (ClassSpec(selectors("true"), (ClassConfig(OPAQUE),), "example.com/gpu"), []),
        (ClassSpec(selectors("")), ["spec.selectors[0].cel.expression: Required value"]),
        (ClassSpec(config=(ClassConfig(),)), ["spec.config[0].opaque: Required value"]),
        (ClassSpec(config=(ClassConfig(OPAQUE),) * 33), ["spec.config: Too many"]),
        (ClassSpec(extended_resource_name="gpu"), ["spec.extendedResourceName: Invalid value"]),
        (ClassSpec(extended_resource_name="kubernetes.io/gpu"), ["spec.extendedResourceName: Invalid value"]),
        (ClassSpec(extended_resource_name="requests.a.b/gpu"), ["spec.extendedResourceName: Invalid value"]),
    ],
)
def test_a_class_is_checked(spec: ClassSpec, found: list[str]) -> None:
    assert faults(DeviceClass(metadata=ObjectMeta(name="gpu"), spec=spec)) == found


def test_a_template_is_checked_as_the_claims_that_it_makes() -> None:
    meta = ObjectMeta(name="t", namespace="default")
    inner = TemplateSpec(ObjectMeta(labels={"a b": "c"}), ClaimSpec(ClaimDevices((DeviceRequest("a"),))))
    assert faults(ResourceClaimTemplate(metadata=meta, spec=TemplateSpec(spec=claim().spec))) == []
    assert faults(ResourceClaimTemplate(metadata=meta, spec=inner)) == [
        "spec.metadata.labels: Invalid value",
        "spec.spec.devices.requests[0]: Required value",
    ]
