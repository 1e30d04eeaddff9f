"""The rules for what becomes of a claim.

Source: Kubernetes `pkg/apis/resource/validation` validateResourceClaimStatusUpdate.
"""

from __future__ import annotations

import re

from cod.resource.claims import ResourceClaim
from cod.resource.limits import (
    LONGEST_HARDWARE_ADDRESS,
    LONGEST_INTERFACE_NAME,
    LONGEST_STATUS_DATA,
    MOST_ADDRESSES,
    MOST_CONFIGS,
    MOST_CONSUMERS,
    MOST_RESULTS,
    MOST_STATUS_CONDITIONS,
)
from cod.resource.names import label_key_flaws, qualified_name_flaws
from cod.resource.problem import Findings, Key, Path
from cod.resource.status import (
    AllocatedConfig,
    AllocationResult,
    Condition,
    ConsumerReference,
    DeviceStatus,
    NetworkData,
    Result,
)
from cod.resource.validate_claims import (
    Names,
    check_reference,
    check_references,
    check_tolerations,
    request_names,
)
from cod.resource.validate_parts import (
    Rules,
    check_conditions,
    check_driver,
    check_label,
    check_node_selector,
    check_opaque,
    check_pool,
    check_quantity,
    check_raw,
    check_skipped,
    check_unique,
    fits,
    size,
)

_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REASON = re.compile("[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?")
_STATES = ("False", "True", "Unknown")
_LONGEST_REASON = 1024
_LONGEST_MESSAGE = 32768


def check_status(claim: ResourceClaim, path: Path, rules: Rules) -> None:
    """Check what became of a claim."""
    status, found = claim.status, rules.found
    here = (*path, "reservedFor")
    if fits(status.reserved_for, MOST_CONSUMERS, here, found):
        for index, consumer in enumerate(status.reserved_for):
            _check_consumer(consumer, (*here, index), found)
        check_unique((each.uid for each in status.reserved_for), here, found)
    allocated = {(each.driver, each.pool, each.device, each.share_id) for each in claim.results}
    devices = [(each.driver, each.pool, each.device, each.share_id) for each in status.devices]
    for index, device in enumerate(status.devices):
        _check_device(device, (*path, "devices", index), found, allocated=devices[index] in allocated)
    check_unique(devices, (*path, "devices"), found)
    if status.reserved_for and status.allocation is None:
        found.forbidden(here, "may not be specified when `allocated` is not set")
    if status.allocation is not None:
        _check_allocation(status.allocation, request_names(claim.spec.devices), (*path, "allocation"), rules)


def _check_consumer(consumer: ConsumerReference, path: Path, found: Findings) -> None:
    named = {"resource": consumer.resource, "name": consumer.name, "uid": consumer.uid}
    for field, value in named.items():
        if not value:
            found.required((*path, field))


def _check_allocation(allocation: AllocationResult, names: Names, path: Path, rules: Rules) -> None:
    devices, found = allocation.devices, rules.found
    results = (*path, "devices", "results")
    if fits(devices.results, MOST_RESULTS, results, found):
        for index, result in enumerate(devices.results):
            _check_result(result, names, (*results, index), found)
    configs = (*path, "devices", "config")
    if fits(devices.config, 2 * MOST_CONFIGS, configs, found):  # the class's and the claim's
        for index, config in enumerate(devices.config):
            _check_config(config, names, (*configs, index), rules)
    if allocation.node_selector is not None:
        check_node_selector(allocation.node_selector, (*path, "nodeSelector"), found)


def _check_result(result: Result, names: Names, path: Path, found: Findings) -> None:
    check_reference(result.request, names, (*path, "request"), found)
    check_driver(result.driver, (*path, "driver"), found)
    check_pool(result.pool, (*path, "pool"), found)
    check_label(result.device, (*path, "device"), found)
    check_conditions(result.binding_conditions, result.binding_failure_conditions, path, found)
    check_tolerations(result.tolerations, (*path, "tolerations"), found)
    if result.share_id:
        _check_uid(result.share_id, (*path, "shareID"), found)
    for name, amount in result.consumed_capacity.items():
        found.flawed((*path, "consumedCapacity"), name, qualified_name_flaws(name))
        check_quantity(amount, (*path, "consumedCapacity", Key(name)), found)
    check_skipped(result.skip_node_operations, (*path, "skipNodeOperations"), found)


def _check_config(config: AllocatedConfig, names: Names, path: Path, rules: Rules) -> None:
    if config.source not in ("FromClaim", "FromClass"):
        rules.found.unsupported((*path, "source"), config.source, ("FromClaim", "FromClass"))
    check_references(config.requests, names, (*path, "requests"), rules.found)
    check_opaque(config.opaque, (*path, "opaque"), rules)


def _check_uid(text: str, path: Path, found: Findings) -> None:
    if not _UUID.fullmatch(text):
        why = (
            "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase"
            " hexadecimal characters"
        )
        found.invalid(path, text, why)


def _check_device(device: DeviceStatus, path: Path, found: Findings, *, allocated: bool) -> None:
    check_driver(device.driver, (*path, "driver"), found)
    check_pool(device.pool, (*path, "pool"), found)
    check_label(device.device, (*path, "device"), found)
    if device.share_id:
        _check_uid(device.share_id, (*path, "shareID"), found)
    if not allocated:
        name = f"{device.driver}/{device.pool}/{device.device}"
        found.invalid(path, name, "must be an allocated device in the claim")
    here = (*path, "conditions")
    if fits(device.conditions, MOST_STATUS_CONDITIONS, here, found):
        for index, condition in enumerate(device.conditions):
            _check_condition(condition, (*here, index), found)
        check_unique((each.type for each in device.conditions), here, found)
    if device.data is not None:
        check_raw(device.data, (*path, "data"), LONGEST_STATUS_DATA, found)
    if device.network_data is not None:
        _check_network(device.network_data, (*path, "networkData"), found)


def _check_condition(condition: Condition, path: Path, found: Findings) -> None:
    found.flawed((*path, "type"), condition.type, label_key_flaws(condition.type))
    if condition.status not in _STATES:
        found.unsupported((*path, "status"), condition.status, _STATES)
    if condition.observed_generation < 0:
        number = condition.observed_generation
        found.invalid((*path, "observedGeneration"), number, "must be greater than or equal to zero")
    if not condition.last_transition_time:
        found.required((*path, "lastTransitionTime"), "must be set")
    if not condition.reason:
        found.required((*path, "reason"), "must be set")
    elif size(condition.reason) > _LONGEST_REASON:
        found.too_long((*path, "reason"), _LONGEST_REASON)
    elif not _REASON.fullmatch(condition.reason):
        text = "a condition reason must start with alphabetic character, optionally followed by a string of"
        text += " alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'"
        found.invalid((*path, "reason"), condition.reason, text)
    if size(condition.message) > _LONGEST_MESSAGE:
        found.too_long((*path, "message"), _LONGEST_MESSAGE)


def _check_network(data: NetworkData, path: Path, found: Findings) -> None:
    if size(data.interface_name) > LONGEST_INTERFACE_NAME:
        found.too_long((*path, "interfaceName"), LONGEST_INTERFACE_NAME)
    if size(data.hardware_address) > LONGEST_HARDWARE_ADDRESS:
        found.too_long((*path, "hardwareAddress"), LONGEST_HARDWARE_ADDRESS)
    if fits(data.ips, MOST_ADDRESSES, (*path, "ips"), found):
        for index, address in enumerate(data.ips):
            _check_address(address, (*path, "ips", index), found)
        check_unique(data.ips, (*path, "ips"), found)


def _check_address(text: str, path: Path, found: Findings) -> None:
    from ipaddress import ip_interface  # only a network device needs it

    try:
        address = ip_interface(text)
    except ValueError:
        address = None
    if address is None or "/" not in text or "%" in text:
        found.invalid(
            path, text, "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)"
        )
    elif (right := f"{address.ip}/{address.network.prefixlen}") != text:
        found.invalid(path, text, f'must be in canonical form ("{right}")')
