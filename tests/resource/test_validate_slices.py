from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from cod.resource import (
    Attribute,
    Capacity,
    Counter,
    CounterConsumption,
    CounterSet,
    DeviceClass,
    InvalidObject,
    NodeAllocatableMapping,
    NodeAllocatableOverhead,
    NodeAllocatableResource,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    ObjectMeta,
    OwnerReference,
    Pool,
    RequestPolicy,
    ResourceSlice,
    Taint,
    ValidRange,
    check,
    problems,
)

from .objects import TAINT, consumption, device, devices, slice_of, texts

FOR_RACK = NodeSelector((NodeSelectorTerm((NodeSelectorRequirement("rack", "In", ("1",)),)),))
SETS = (CounterSet("set-0", {"memory": Counter("80Gi")}),)


def faults(value: ResourceSlice) -> list[str]:
    """The faults without their rules: where, and of which kind."""
    return [f"{each.where}: {each.kind}" for each in problems(value)]


@pytest.mark.parametrize(
    "value",
    [
        slice_of(),
        slice_of(*devices(128)),
        slice_of(*devices(64, taints=(TAINT,) * 16)),
        slice_of(shared_counters=SETS * 1),
        slice_of(device(consumes_counters=(consumption("a"), consumption("b")))),
        slice_of(device(), node_name="", node_selector=FOR_RACK),
        slice_of(device(), node_name="", all_nodes=True),
        slice_of(device(node_name="n"), node_name="", per_device_node_selection=True),
        slice_of(device(binding_conditions=("example.com/ready",), binding_failure_conditions=("failed",))),
        slice_of(device(attributes={"links": Attribute(ints=(1,) * 48)})),
        slice_of(device(), skip_node_operations=("NodePrepareResources", "NodeUnprepareResources")),
        slice_of(device(), pool=Pool("rack-1/node-2", 0)),
    ],
)
def test_a_right_slice_has_no_problem(value: ResourceSlice) -> None:
    assert texts(value) == []
    check(value)


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({"driver": ""}, "spec.driver: Required value"),
        ({"driver": "a_b"}, "spec.driver: Invalid value"),
        ({"driver": "a" * 64}, "spec.driver: Too long"),
        ({"pool": Pool("")}, "spec.pool.name: Required value"),
        ({"pool": Pool("a//b")}, "spec.pool.name: Invalid value"),
        ({"pool": Pool("a", -1)}, "spec.pool.generation: Invalid value"),
        ({"pool": Pool("a", 1, 0)}, "spec.pool.resourceSliceCount: Invalid value"),
        ({"node_name": ""}, "spec: Required value"),
        ({"all_nodes": True}, "spec: Invalid value"),
        ({"all_nodes": False}, "spec.allNodes: Invalid value"),
        ({"per_device_node_selection": False}, "spec.perDeviceNodeSelection: Invalid value"),
        ({"node_name": "A"}, "spec.nodeName: Invalid value"),
        (
            {"node_name": "", "node_selector": NodeSelector(FOR_RACK.node_selector_terms * 2)},
            "spec.nodeSelector.nodeSelectorTerms: Invalid value",
        ),
        ({"shared_counters": SETS}, "spec: Invalid value"),
        ({"devices": devices(129)}, "spec.devices: Too many"),
        ({"devices": devices(65, taints=(TAINT,))}, "spec.devices: Too many"),
        ({"devices": (device(), device())}, "spec.devices[1]: Duplicate value"),
        ({"devices": (), "shared_counters": SETS * 2}, "spec.sharedCounters[1]: Duplicate value"),
        ({"devices": (), "shared_counters": SETS * 9}, "spec.sharedCounters: Too many"),
        (
            {"devices": (), "shared_counters": (CounterSet("a"),)},
            "spec.sharedCounters[0].counters: Required value",
        ),
        ({"skip_node_operations": ("NodePrepareResources",)}, "spec.skipNodeOperations: Invalid value"),
        ({"skip_node_operations": ("Sleep",)}, "spec.skipNodeOperations[0]: Unsupported value"),
        ({"partition_type_attribute": "gpu.example.com/model"}, "spec.partitionTypeAttribute: Invalid value"),
    ],
)
def test_a_wrong_slice_has_one_problem_and_its_place(spec: dict[str, Any], fault: str) -> None:
    assert faults(slice_of(*spec.pop("devices", (device(),)), **spec)) == [fault]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"name": ""}, "name: Required value"),
        ({"name": "GPU"}, "name: Invalid value"),
        ({"attributes": {"a b": Attribute(int_=1)}}, "attributes: Invalid value"),
        ({"attributes": {"a": Attribute()}}, 'attributes["a"]: Invalid value'),
        ({"attributes": {"a": Attribute(int_=1, bool_=True)}}, 'attributes["a"]: Invalid value'),
        ({"attributes": {"a": Attribute(string="é" * 33)}}, 'attributes["a"].string: Too long'),
        ({"attributes": {"a": Attribute(version="v1")}}, 'attributes["a"].version: Invalid value'),
        ({"attributes": {"a": Attribute(int_=2**63)}}, 'attributes["a"].int: Invalid value'),
        ({"attributes": {"a": Attribute(strings=())}}, 'attributes["a"].strings: Invalid value'),
        (
            {"attributes": {"a": Attribute(versions=("1.0.0", "1"))}},
            'attributes["a"].versions[1]: Invalid value',
        ),
        ({"attributes": {"a": Attribute(strings=("a" * 65,))}}, 'attributes["a"].strings[0]: Too long'),
        ({"attributes": {"a": Attribute(bools=(True,) * 49)}}, "Invalid value"),
        ({"attributes": {f"a{index}": Attribute(int_=1) for index in range(32)}}, "Invalid value"),
        ({"capacity": {"memory": Capacity("80 Gi")}}, 'capacity["memory"].value: Invalid value'),
        ({"capacity": {"a/b/c": Capacity("1")}}, "capacity: Invalid value"),
        ({"capacity": {"a": Capacity("1", RequestPolicy("1"))}}, 'capacity["a"].requestPolicy: Forbidden'),
        ({"taints": (TAINT,) * 17}, "taints: Too many"),
        ({"taints": (Taint("a b"),)}, "taints[0].key: Invalid value"),
        ({"taints": (Taint("a", effect="Maybe"),)}, "taints[0].effect: Unsupported value"),
        ({"taints": (Taint("a", effect=""),)}, "taints[0].effect: Required value"),
        ({"taints": (Taint("a", "b c"),)}, "taints[0].value: Invalid value"),
        ({"consumes_counters": (consumption(), consumption())}, "consumesCounters[1]: Duplicate value"),
        (
            {"consumes_counters": (consumption("a"), consumption("b"), consumption("c"))},
            "consumesCounters: Too many",
        ),
        ({"consumes_counters": (CounterConsumption("a"),)}, "consumesCounters[0].counters: Required value"),
        (
            {"consumes_counters": (consumption(memory="x"),)},
            'consumesCounters[0].counters["memory"].value: Invalid value',
        ),
        ({"consumes_counters": (consumption(A="1"),)}, "consumesCounters[0].counters: Invalid value"),
        ({"node_name": "n"}, "Invalid value"),
        ({"binding_conditions": ("a",)}, "bindingFailureConditions: Invalid value"),
        ({"binding_failure_conditions": ("a",)}, "bindingConditions: Invalid value"),
        (
            {"binding_conditions": ("a", "a"), "binding_failure_conditions": ("b",)},
            "bindingConditions[1]: Duplicate value",
        ),
        (
            {"binding_conditions": ("a",), "binding_failure_conditions": ("a",)},
            "bindingFailureConditions[0]: Invalid value",
        ),
        (
            {"binding_conditions": tuple("abcde"), "binding_failure_conditions": ("f",)},
            "bindingConditions: Too many",
        ),
        (
            {"node_allocatable_resources": {"cpu": NodeAllocatableResource()}},
            'nodeAllocatableResources["cpu"]: Required value',
        ),
        (
            {
                "node_allocatable_resources": {
                    "example.com/x": NodeAllocatableResource(NodeAllocatableMapping(device_multiplier="1"))
                }
            },
            'nodeAllocatableResources["example.com/x"]: Invalid value',
        ),
        (
            {
                "node_allocatable_resources": {
                    "cpu": NodeAllocatableResource(NodeAllocatableMapping("none", "1"))
                }
            },
            'nodeAllocatableResources["cpu"].mapping.capacityKey: Not found',
        ),
        (
            {
                "node_allocatable_resources": {
                    "cpu": NodeAllocatableResource(NodeAllocatableMapping("memory"))
                }
            },
            'nodeAllocatableResources["cpu"].mapping.capacityMultiplier: Required value',
        ),
        (
            {
                "node_allocatable_resources": {
                    "cpu": NodeAllocatableResource(NodeAllocatableMapping(device_multiplier="0"))
                }
            },
            'nodeAllocatableResources["cpu"].mapping.deviceMultiplier: Invalid value',
        ),
        (
            {
                "node_allocatable_resources": {
                    "cpu": NodeAllocatableResource(None, NodeAllocatableOverhead("-1"))
                }
            },
            'nodeAllocatableResources["cpu"].overhead.perPod: Invalid value',
        ),
    ],
)
def test_a_wrong_device_has_one_problem_and_its_place(fields: dict[str, Any], fault: str) -> None:
    place = "spec.devices[1]" + (": " if fault.startswith("Invalid") else ".")
    second = replace(device("gpu-1"), **fields)
    assert faults(slice_of(device("gpu-0"), second)) == [f"{place}{fault}"]


def test_devices_say_where_they_are_if_the_slice_leaves_it_to_them() -> None:
    value = slice_of(
        device("a"),
        device("b", node_name="n", all_nodes=True),
        device("c", all_nodes=False),
        node_name="",
        per_device_node_selection=True,
    )
    assert faults(value) == [
        "spec.devices[0]: Required value",
        "spec.devices[1]: Invalid value",
        "spec.devices[2].allNodes: Invalid value",
        "spec.devices[2]: Required value",
    ]


@pytest.mark.parametrize(
    ("policy", "fault"),
    [
        (RequestPolicy("10", ("5", "10", "100")), ""),
        (RequestPolicy("10"), ""),
        (RequestPolicy("10", valid_range=ValidRange("10", "100", "10")), ""),
        (RequestPolicy("1500m", valid_range=ValidRange("500m", "2500m", "500m")), ""),
        (RequestPolicy(None, ("5",)), "default: Required value"),
        (RequestPolicy("6", ("5",)), "validValues: Invalid value"),
        (RequestPolicy("5", ("10", "5")), "validValues[1]: Invalid value"),
        (RequestPolicy("5", ("5", "5.0")), "validValues[1]: Duplicate value"),
        (RequestPolicy("5", ("5", "101")), "validValues[1]: Invalid value"),
        (RequestPolicy("1", tuple(map(str, range(1, 12)))), "validValues: Too many"),
        (RequestPolicy("1", ("1",), ValidRange("1")), ": Forbidden"),
        (RequestPolicy(None, valid_range=ValidRange("1")), "default: Required value"),
        (RequestPolicy("1", valid_range=ValidRange()), "validRange.min: Required value"),
        (RequestPolicy("1", valid_range=ValidRange("2")), "validRange.default: Invalid value"),
        (RequestPolicy("9", valid_range=ValidRange("1", "8")), "validRange.default: Invalid value"),
        (RequestPolicy("1", valid_range=ValidRange("1", "101")), "validRange.max: Invalid value"),
        (RequestPolicy("1", valid_range=ValidRange("1", step="0")), "validRange.step: Invalid value"),
        (RequestPolicy("1", valid_range=ValidRange("1", step="100")), "validRange.step: Invalid value"),
        (RequestPolicy("2", valid_range=ValidRange("1", step="2")), "validRange.step: Invalid value"),
        (RequestPolicy("1", valid_range=ValidRange("1", step="1n")), "validRange.step: Invalid value"),
        (RequestPolicy("x", valid_range=ValidRange("1")), "default: Invalid value"),
        (RequestPolicy("1", valid_range=ValidRange("x")), "validRange.min: Invalid value"),
    ],
)
def test_how_much_a_request_may_take_is_checked(policy: RequestPolicy, fault: str) -> None:
    capacity = {"memory": Capacity("100", policy)}
    found = faults(slice_of(device(capacity=capacity, allow_multiple_allocations=True)))
    place = 'spec.devices[0].capacity["memory"].requestPolicy' + ("" if fault.startswith(":") else ".")
    assert found == ([f"{place}{fault}"] if fault else [])


def test_the_attribute_that_names_the_type_of_partition_must_be_a_text_on_each() -> None:
    uses = {"consumes_counters": (consumption(),)}
    value = slice_of(
        device("a", **uses),
        device("b"),
        device("c", attributes={}, **uses),
        device(
            "d",
            attributes={"gpu.example.com/model": Attribute(int_=1), "model": Attribute(string="a")},
            **uses,
        ),
        partition_type_attribute="gpu.example.com/model",
    )
    assert faults(value) == [
        'spec.devices[2].attributes["gpu.example.com/model"]: Required value',
        'spec.devices[3].attributes["gpu.example.com/model"]: Invalid value',
    ]


def test_node_selectors_are_checked() -> None:
    wrong = (
        NodeSelectorRequirement("a b", "In", ("1",)),
        NodeSelectorRequirement("a", "In"),
        NodeSelectorRequirement("a", "Exists", ("1",)),
        NodeSelectorRequirement("a", "Gt", ("1", "2")),
        NodeSelectorRequirement("a", "Like", ("1",)),
        NodeSelectorRequirement("a", "NotIn", ("a b",)),
    )
    fields = (NodeSelectorRequirement("metadata.name", "In", ("A",)), NodeSelectorRequirement("x", "Exists"))
    selector = NodeSelector((NodeSelectorTerm(wrong, fields),))
    found = faults(slice_of(device(), node_name="", node_selector=selector))
    here = "spec.nodeSelector.nodeSelectorTerms[0]"
    assert found == [
        f"{here}.matchExpressions[0].key: Invalid value",
        f"{here}.matchExpressions[1].values: Required value",
        f"{here}.matchExpressions[2].values: Forbidden",
        f"{here}.matchExpressions[3].values: Required value",
        f"{here}.matchExpressions[4].operator: Invalid value",
        f"{here}.matchExpressions[5].values[0]: Invalid value",
        f"{here}.matchFields[0].values[0]: Invalid value",
        f"{here}.matchFields[1].operator: Invalid value",
        f"{here}.matchFields[1].key: Invalid value",
    ]


def test_metadata_is_checked() -> None:
    meta = ObjectMeta(
        namespace="default",
        labels={"a b": "c d"},
        annotations={"-": "x" * 300_000},
        owner_references=(
            OwnerReference("v1", "Node", "a", "1", True),
            OwnerReference("v1", "Node", "", "2", True),
        ),
        finalizers=("/",),
        generation=-1,
    )
    assert faults(replace(slice_of(), metadata=meta, api_version="v1", kind="Slice")) == [
        "apiVersion: Unsupported value",
        "kind: Unsupported value",
        "metadata.name: Required value",
        "metadata.namespace: Forbidden",
        "metadata.generation: Invalid value",
        "metadata.labels: Invalid value",
        "metadata.labels: Invalid value",
        "metadata.annotations: Invalid value",
        "metadata.annotations: Too long",
        "metadata.ownerReferences[1].name: Invalid value",
        "metadata.ownerReferences: Invalid value",
        "metadata.finalizers[0]: Invalid value",
        "metadata.finalizers[0]: Invalid value",
    ]
    assert texts(DeviceClass(metadata=ObjectMeta(generate_name="gpu-"))) == []


def test_all_problems_are_told_at_once_in_the_words_of_the_api_server() -> None:
    value = slice_of(device("GPU"), device("b", attributes={"x": Attribute(string="é" * 40)}), driver="")
    with pytest.raises(InvalidObject) as refusal:
        check(value)
    assert refusal.value.what == 'ResourceSlice "node-gpu" is invalid'
    assert refusal.value.causes == (
        "spec.driver: Required value",
        'spec.devices[0].name: Invalid value: "GPU": a lowercase RFC 1123 label must consist of lower case'
        " alphanumeric characters or '-', and must start and end with an alphanumeric character"
        " (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        'spec.devices[1].attributes["x"].string: Too long: may not be more than 64 bytes',
    )
