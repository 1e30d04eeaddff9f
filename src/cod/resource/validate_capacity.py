"""The rules for capacities, how much of one a request may take, and what a device costs of its node.

Source: Kubernetes `pkg/apis/resource/validation` validateRequestPolicy, validateNodeAllocatableResources.
"""

from __future__ import annotations

from cod.resource.limits import MOST_VALID_VALUES
from cod.resource.names import label_key_flaws
from cod.resource.problem import Findings, Key, Path
from cod.resource.quantity import MOST, Quantity
from cod.resource.slices import (
    Capacity,
    Device,
    NodeAllocatableMapping,
    NodeAllocatableOverhead,
    RequestPolicy,
    ValidRange,
)
from cod.resource.validate_parts import check_quantity, fits


def check_capacity(capacity: Capacity, path: Path, found: Findings, *, shared: bool) -> None:
    """Check how much of something a device has; only one that is shared has a policy for requests."""
    value = check_quantity(capacity.value, (*path, "value"), found)
    policy = capacity.request_policy
    if policy is None:
        return
    here = (*path, "requestPolicy")
    if not shared:
        found.forbidden(here, "allowMultipleAllocations must be true")
        return
    before = len(found)
    default = None if policy.default is None else check_quantity(policy.default, (*here, "default"), found)
    if policy.valid_values and policy.valid_range is not None:
        text = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the'
        text += " same time"
        found.forbidden(here, text)
        return
    if policy.valid_values:
        _check_values(policy, default, value, here, found)
    elif policy.valid_range is not None:
        _check_range(
            policy.valid_range, policy.default, default, value, here, found, intact=len(found) == before
        )


def _check_values(
    policy: RequestPolicy, default: Quantity | None, most: Quantity | None, path: Path, found: Findings
) -> None:
    if policy.default is None:
        found.required((*path, "default"), "required when validValues is defined")
        return
    here = (*path, "validValues")
    if not fits(policy.valid_values, MOST_VALID_VALUES, here, found):
        return
    values = [check_quantity(text, (*here, index), found) for index, text in enumerate(policy.valid_values)]
    seen: set[Quantity] = set()
    for index, value in enumerate(values):
        if value is None:
            continue
        before = values[index - 1] if index else None
        if before is not None and before > value:
            found.invalid((*here, index), str(value), "values must be sorted in ascending order")
        if most is not None and value > most:
            found.invalid((*here, index), str(value), f"option is larger than capacity value: {most}")
        if value in seen:
            found.duplicate((*here, index), str(value))
        seen.add(value)
    if default is not None and default not in seen:
        found.invalid(here, str(default), "default value is not valid according to the requestPolicy")


def _check_range(
    range_: ValidRange,
    default_text: str | None,
    default: Quantity | None,
    most: Quantity | None,
    path: Path,
    found: Findings,
    *,
    intact: bool,
) -> None:
    if default_text is None:
        found.required((*path, "default"), "required when validRange is defined")
        return
    here = (*path, "validRange")
    texts = {"min": range_.min, "max": range_.max, "step": range_.step}
    before = len(found)
    parts = {
        name: check_quantity(text, (*here, name), found) for name, text in texts.items() if text is not None
    }
    if "min" not in parts:
        found.required((*here, "min"), "required when validRange is defined")
        return
    least, highest, step = parts["min"], parts.get("max"), parts.get("step")
    if not intact or len(found) > before or most is None or default is None or least is None:
        return  # what is no quantity cannot be compared
    _check_bounds(least, highest, default, most, here, found)
    if step is not None:
        _check_step({"default": default, "min": least, "max": highest, "step": step}, most, here, found)


def _check_bounds(
    least: Quantity, highest: Quantity | None, default: Quantity, most: Quantity, path: Path, found: Findings
) -> None:
    if least > most:
        found.invalid((*path, "min"), str(least), f"min is larger than capacity value: {most}")
    if default < least:
        found.invalid((*path, "default"), str(default), f"default is less than min: {least}")
    if highest is None:
        return
    if least > highest:
        found.invalid((*path, "max"), str(least), f"min is larger than max: {highest}")
    if highest > most:
        found.invalid((*path, "max"), str(highest), f"max is larger than capacity value: {most}")
    if default > highest:
        found.invalid((*path, "default"), str(default), f"default is more than max: {highest}")


def _check_step(parts: dict[str, Quantity | None], most: Quantity, path: Path, found: Findings) -> None:
    """Check that the amounts lie on steps from the least, reckoned in milli where one has a fraction."""
    given = {name: part for name, part in parts.items() if part is not None}
    least, step = given["min"], given["step"]
    in_milli = any(part.has_fraction for part in given.values())
    unsafe = False
    for name, part in given.items():
        if in_milli and part != Quantity(part.milli_value, -3):
            found.invalid((*path, name), str(part), "value cannot be represented as a milli value")
            unsafe = True
    if unsafe:
        return
    if step.sign <= 0:
        found.invalid((*path, "step"), str(step), "must be greater than zero")
        return
    first = least + step
    if first > most:
        text = f"one step {first} is larger than capacity value: {most}"
        found.invalid((*path, "step"), str(step), text)
    for name, part in given.items():
        if not in_milli and (part.sign < 0 or part > Quantity(MOST)):
            text = (
                "must be greater than or equal to 0" if part.sign < 0 else f"must not be larger than {MOST}"
            )
            found.invalid((*path, name), str(part), text)
            unsafe = True
    if unsafe:
        return
    scale = -3 if in_milli else 0
    for end in filter(None, (parts["default"], parts["max"])):
        if (end.scaled(scale) - least.scaled(scale)) % step.scaled(scale):
            text = f"value is not a multiple of a given step ({step}) from ({least})"
            found.invalid((*path, "step"), str(end), text)


def check_node_allocatable(device: Device, path: Path, found: Findings) -> None:
    """Check what a device takes of the resources that its node counts, too."""
    for name, each in device.node_allocatable_resources.items():
        here = (*path, Key(name))
        if not _is_node_resource(name):
            found.invalid(here, name, "must be a node allocatable resource name")
        if each.mapping is None and each.overhead is None:
            found.required(here, "at least one of mapping or overhead must be set")
        if each.mapping is not None:
            _check_mapping(each.mapping, device, (*here, "mapping"), found)
        if each.overhead is not None:
            _check_overhead(each.overhead, (*here, "overhead"), found)


def _is_node_resource(name: str) -> bool:
    """Whether a node counts a resource itself: not an extended one, which has a domain."""
    if name in ("cpu", "memory", "ephemeral-storage"):
        return True
    return name.startswith("hugepages-") and not label_key_flaws(name)


def _check_mapping(mapping: NodeAllocatableMapping, device: Device, path: Path, found: Findings) -> None:
    if mapping.capacity_key:
        if mapping.capacity_key not in device.capacity:
            found.not_found((*path, "capacityKey"), mapping.capacity_key)
        if mapping.capacity_multiplier is None:
            found.required(
                (*path, "capacityMultiplier"), "capacityMultiplier is required when capacityKey is set"
            )
    elif mapping.capacity_multiplier is not None:
        found.required((*path, "capacityKey"), "capacityKey is required when capacityMultiplier is set")
    for field, text in (
        ("capacityMultiplier", mapping.capacity_multiplier),
        ("deviceMultiplier", mapping.device_multiplier),
    ):
        amount = None if text is None else check_quantity(text, (*path, field), found)
        if amount is not None and amount.sign <= 0:
            found.invalid((*path, field), str(amount), "must be positive")


def _check_overhead(overhead: NodeAllocatableOverhead, path: Path, found: Findings) -> None:
    if overhead.per_pod is None and overhead.per_container is None:
        found.invalid(path, "", "at least one of perPod or perContainer must be set")
    for field, text in (("perPod", overhead.per_pod), ("perContainer", overhead.per_container)):
        amount = None if text is None else check_quantity(text, (*path, field), found)
        if amount is not None and amount.sign < 0:
            found.invalid((*path, field), str(amount), "must be non-negative")
