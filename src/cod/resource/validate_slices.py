"""The rules for slices and their devices. A sound device costs about 10 µs.

Source: Kubernetes `pkg/apis/resource/validation` validateResourceSliceSpec.
"""

from __future__ import annotations

from collections.abc import Mapping

from cod.resource.limits import (
    LONGEST_ATTRIBUTE_VALUE,
    MOST_ATTRIBUTE_VALUES,
    MOST_ATTRIBUTES,
    MOST_COMPATIBILITY_GROUPS,
    MOST_CONSUMPTIONS,
    MOST_COUNTER_SETS_OF_SLICE,
    MOST_COUNTERS_OF_SET,
    MOST_TAINTS,
    most_devices,
)
from cod.resource.names import (
    full_name_flaws,
    label_flaws,
    label_key_flaws,
    label_value_flaws,
    qualified_name_flaws,
)
from cod.resource.nodes import NodeSelector
from cod.resource.problem import Findings, Key, Path
from cod.resource.semver import is_version
from cod.resource.slices import Attribute, Counter, CounterConsumption, Device, Pool, SliceSpec, Taint
from cod.resource.validate_capacity import check_capacity, check_node_allocatable
from cod.resource.validate_parts import (
    EFFECTS,
    Rules,
    check_conditions,
    check_driver,
    check_label,
    check_node_name,
    check_node_selector,
    check_pool,
    check_quantity,
    check_skipped,
    check_unique,
    fits,
    size,
)

_LISTS = ("bools", "ints", "strings", "versions")
_ON_SLICE = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
_ON_DEVICE = (
    "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is"
    " set to true in the ResourceSlice spec"
)
_PARTITION_TYPE_MISSING = (
    "device consumes counters and `partitionTypeAttribute` names this attribute, so it must be set"
)
_NOT_ON_DEVICE = (
    "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in"
    " the ResourceSlice spec"
)


def check_slice_spec(spec: SliceSpec, path: Path, rules: Rules) -> None:
    """Check what a slice says."""
    found = rules.found
    check_driver(spec.driver, (*path, "driver"), found)
    _check_pool(spec.pool, (*path, "pool"), found)
    _check_nodes_of_slice(spec, path, found)
    if spec.devices and spec.shared_counters:
        found.invalid(path, "", "only one of `sharedCounters` or `devices` is allowed")
    here = (*path, "devices")
    if fits(spec.devices, most_devices(spec.devices), here, found):
        for index, device in enumerate(spec.devices):
            _check_device(device, spec, (*here, index), found)
        check_unique((device.name for device in spec.devices), here, found)
    _check_counter_sets(spec, (*path, "sharedCounters"), found)
    if spec.partition_type_attribute:
        _check_partition_type(spec, path, found)
    check_skipped(spec.skip_node_operations, (*path, "skipNodeOperations"), found)


def _check_pool(pool: Pool, path: Path, found: Findings) -> None:
    check_pool(pool.name, (*path, "name"), found)
    if pool.resource_slice_count <= 0:
        found.invalid((*path, "resourceSliceCount"), pool.resource_slice_count, "must be greater than zero")
    if pool.generation < 0:
        found.invalid((*path, "generation"), pool.generation, "must be greater than or equal to zero")


def _check_nodes_of_slice(spec: SliceSpec, path: Path, found: Findings) -> None:
    ways = _ways(spec.node_name, spec.node_selector, spec.all_nodes, path, found)
    if spec.node_selector is not None and (count := len(spec.node_selector.node_selector_terms)) != 1:
        here = (*path, "nodeSelector", "nodeSelectorTerms")
        found.invalid(here, count, "must have exactly one node selector term")
    if spec.per_device_node_selection:
        ways.append("`perDeviceNodeSelection`")
    elif spec.per_device_node_selection is not None:
        found.invalid((*path, "perDeviceNodeSelection"), False, "must be either unset or set to true")
    if not ways:
        found.required(path, _ON_SLICE)
    elif len(ways) > 1:
        found.invalid(path, f"{{{', '.join(ways)}}}", f"{_ON_SLICE}, but multiple fields are set")


def _ways(
    name: str, selector: NodeSelector | None, everywhere: bool | None, path: Path, found: Findings
) -> list[str]:
    """The fields that say where devices are available, each of them checked."""
    ways = []
    if name:
        ways.append("`nodeName`")
        check_node_name(name, (*path, "nodeName"), found)
    if selector is not None:
        ways.append("`nodeSelector`")
        check_node_selector(selector, (*path, "nodeSelector"), found)
    if everywhere:
        ways.append("`allNodes`")
    elif everywhere is not None:
        found.invalid((*path, "allNodes"), False, "must be either unset or set to true")
    return ways


def _check_device(device: Device, spec: SliceSpec, path: Path, found: Findings) -> None:
    check_label(device.name, (*path, "name"), found)
    _check_attributes(device, path, found)
    for name, capacity in device.capacity.items():
        _check_name(name, (*path, "capacity"), found)
        check_capacity(
            capacity, (*path, "capacity", Key(name)), found, shared=device.allow_multiple_allocations
        )
    if device.taints and fits(device.taints, MOST_TAINTS, (*path, "taints"), found):
        for index, taint in enumerate(device.taints):
            _check_taint(taint, (*path, "taints", index), found)
    if device.consumes_counters:
        _check_consumptions(device.consumes_counters, (*path, "consumesCounters"), found)
    if spec.per_device_node_selection:
        ways = _ways(device.node_name, device.node_selector, device.all_nodes, path, found)
        if not ways:
            found.required(path, _ON_DEVICE)
        elif len(ways) > 1:
            found.invalid(path, f"{{{', '.join(ways)}}}", _ON_DEVICE)
    elif device.node_name or device.node_selector is not None or device.all_nodes is not None:
        found.invalid(path, None, _NOT_ON_DEVICE)
    if device.binding_conditions or device.binding_failure_conditions:
        check_conditions(device.binding_conditions, device.binding_failure_conditions, path, found)
    if device.node_allocatable_resources:
        check_node_allocatable(device, (*path, "nodeAllocatableResources"), found)


def _check_attributes(device: Device, path: Path, found: Findings) -> None:
    count = len(device.attributes) + len(device.capacity)
    if count > MOST_ATTRIBUTES:
        text = f"the total number of attributes and capacities must not exceed {MOST_ATTRIBUTES}"
        found.invalid(path, count, text)
    values = 0
    for name, attribute in device.attributes.items():
        _check_name(name, (*path, "attributes"), found)
        values += _check_attribute(attribute, name, path, found)
    if values > MOST_ATTRIBUTE_VALUES:
        text = f"the total number of attribute values must not exceed {MOST_ATTRIBUTE_VALUES}"
        found.invalid(path, values, text)


def _check_name(name: str, path: Path, found: Findings) -> None:
    if flaws := qualified_name_flaws(name):
        found.flawed(path, name, flaws)


def _check_attribute(attribute: Attribute, name: str, path: Path, found: Findings) -> int:
    """Check an attribute; how many values it has."""
    given = 0
    if attribute.string is not None:
        given += 1
        if size(attribute.string) > LONGEST_ATTRIBUTE_VALUE:
            found.too_long((*path, "attributes", Key(name), "string"), LONGEST_ATTRIBUTE_VALUE)
    if attribute.int_ is not None:
        given += 1
        _check_int(attribute.int_, (*path, "attributes", Key(name), "int"), found)
    if attribute.bool_ is not None:
        given += 1
    if attribute.version is not None:
        given += 1
        _check_version(attribute.version, (*path, "attributes", Key(name), "version"), found)
    values = 0
    here = (*path, "attributes", Key(name))
    for field in _LISTS:
        items = getattr(attribute, field)
        if items is not None:
            given += 1
            values += len(items)
            _check_list(field, items, (*here, field), found)
    if given != 1:
        found.invalid(here, given or "", "exactly one value must be specified")
    return values or 1


def _check_list(field: str, items: tuple[str | int | bool, ...], path: Path, found: Findings) -> None:
    if not items:
        found.invalid(path, [], "must not be empty if specified")
    for index, item in enumerate(items):
        if field == "versions":
            _check_version(str(item), (*path, index), found)
        elif isinstance(item, str) and size(item) > LONGEST_ATTRIBUTE_VALUE:
            found.too_long((*path, index), LONGEST_ATTRIBUTE_VALUE)
        elif isinstance(item, int):
            _check_int(item, (*path, index), found)


def _check_int(number: int, path: Path, found: Findings) -> None:
    if not -(2**63) <= number < 2**63:
        found.invalid(path, number, "must be an integer of 64 bits")


def _check_version(text: str, path: Path, found: Findings) -> None:
    if not is_version(text):
        found.invalid(path, text, "must be a string compatible with semver.org spec 2.0.0")
    if size(text) > LONGEST_ATTRIBUTE_VALUE:
        found.too_long(path, LONGEST_ATTRIBUTE_VALUE)


def _check_taint(taint: Taint, path: Path, found: Findings) -> None:
    found.flawed((*path, "key"), taint.key, label_key_flaws(taint.key))
    found.flawed((*path, "value"), taint.value, label_value_flaws(taint.value))
    if taint.effect not in EFFECTS:
        found.unsupported((*path, "effect"), taint.effect, EFFECTS)


def _check_counter_sets(spec: SliceSpec, path: Path, found: Findings) -> None:
    if fits(spec.shared_counters, MOST_COUNTER_SETS_OF_SLICE, path, found):
        for index, counter_set in enumerate(spec.shared_counters):
            check_label(counter_set.name, (*path, index, "name"), found)
            _check_counters(counter_set.counters, (*path, index, "counters"), found)
        check_unique((each.name for each in spec.shared_counters), path, found)


def _check_counters(counters: Mapping[str, Counter], path: Path, found: Findings) -> None:
    if not counters:
        found.required(path)
    elif fits(counters, MOST_COUNTERS_OF_SET, path, found):
        for name, counter in counters.items():
            found.flawed(path, name, label_flaws(name))
            check_quantity(counter.value, (*path, Key(name), "value"), found)


def _check_consumptions(consumptions: tuple[CounterConsumption, ...], path: Path, found: Findings) -> None:
    if not fits(consumptions, MOST_CONSUMPTIONS, path, found):
        return
    for index, each in enumerate(consumptions):
        check_label(each.counter_set, (*path, index, "counterSet"), found)
        _check_counters(each.counters, (*path, index, "counters"), found)
        groups = (*path, index, "compatibilityGroups")
        if fits(each.compatibility_groups, MOST_COMPATIBILITY_GROUPS, groups, found):
            check_unique(each.compatibility_groups, groups, found)
    check_unique((each.counter_set for each in consumptions), path, found)


def _check_partition_type(spec: SliceSpec, path: Path, found: Findings) -> None:
    name = spec.partition_type_attribute
    if flaws := full_name_flaws(name):
        found.flawed((*path, "partitionTypeAttribute"), name, flaws)
    if not any(device.consumes_counters for device in spec.devices):
        text = "may only be set on a slice which declares devices that consume counters"
        found.invalid((*path, "partitionTypeAttribute"), name, text)
        return
    if flaws:
        return
    for index, device in enumerate(spec.devices):
        if not device.consumes_counters:
            continue
        here = (*path, "devices", index, "attributes", Key(name))
        attribute = device.attributes.get(name) or device.attributes.get(name.removeprefix(f"{spec.driver}/"))
        if attribute is None:
            found.required(here, _PARTITION_TYPE_MISSING)
        elif attribute.string is None:
            text = "must be a string value because `partitionTypeAttribute` names this attribute"
            found.invalid(here, "", text)
