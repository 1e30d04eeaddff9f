"""The rules for what a claim asks for.

Source: Kubernetes `pkg/apis/resource/validation` validateDeviceClaim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cod.resource.claims import (
    CapacityRequests,
    ClaimConfig,
    ClaimDevices,
    ClaimSpec,
    Constraint,
    DerivedAttribute,
    DeviceRequest,
    ExactRequest,
    SubRequest,
)
from cod.resource.limits import (
    MOST_CONFIGS,
    MOST_CONSTRAINTS,
    MOST_DERIVED_ATTRIBUTES,
    MOST_REQUESTS,
    MOST_SUBREQUESTS,
    MOST_TOLERATIONS,
)
from cod.resource.names import (
    full_name_flaws,
    label_flaws,
    label_key_flaws,
    label_value_flaws,
    qualified_name_flaws,
    subdomain_flaws,
)
from cod.resource.problem import Findings, Key, Path
from cod.resource.status import Toleration
from cod.resource.validate_parts import (
    EFFECTS,
    Rules,
    check_expression,
    check_label,
    check_opaque,
    check_quantity,
    check_selectors,
    check_unique,
    fits,
)

Names = Mapping[str, Sequence[str]]
"""The names of a claim's requests, and of each one's subrequests."""

_ONE = "exactly one of `exactly` or `firstAvailable` is required"
_ONE_ATTRIBUTE = 'exactly one of "matchAttribute" or "distinctAttribute" is required'
_UNUSED = (
    "must be referenced by at least one matchAttribute or distinctAttribute constraint targeting this request"
)
_REFERENCE = (
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
)


def check_claim_spec(spec: ClaimSpec, path: Path, rules: Rules) -> None:
    """Check what a claim asks for."""
    devices, here = spec.devices, (*path, "devices")
    names = request_names(devices)
    if fits(devices.requests, MOST_REQUESTS, (*here, "requests"), rules.found):
        for index, request in enumerate(devices.requests):
            _check_request(request, devices.constraints, (*here, "requests", index), rules)
        check_unique((each.name for each in devices.requests), (*here, "requests"), rules.found)
    if fits(devices.constraints, MOST_CONSTRAINTS, (*here, "constraints"), rules.found):
        for index, constraint in enumerate(devices.constraints):
            _check_constraint(constraint, names, (*here, "constraints", index), rules.found)
    if fits(devices.config, MOST_CONFIGS, (*here, "config"), rules.found):
        for index, config in enumerate(devices.config):
            _check_config(config, names, (*here, "config", index), rules)


def request_names(devices: ClaimDevices) -> dict[str, list[str]]:
    """The names of the requests, and of each one's subrequests."""
    return {request.name: [sub.name for sub in request.first_available] for request in devices.requests}


def check_references(references: Sequence[str], names: Names, path: Path, found: Findings) -> None:
    """Check a list of requests that something is meant for."""
    if fits(references, MOST_REQUESTS, path, found):
        for index, reference in enumerate(references):
            check_reference(reference, names, (*path, index), found)
        check_unique(references, path, found)


def check_reference(reference: str, names: Names, path: Path, found: Findings) -> None:
    """Check the name of a request, or of a request and a subrequest."""
    parts = reference.split("/")
    if len(parts) > 2:
        found.invalid(path, reference, _REFERENCE)
        return
    for part in parts:
        found.flawed(path, part, label_flaws(part))
    if parts[0] not in names or (len(parts) == 2 and parts[1] not in names[parts[0]]):
        found.invalid(path, reference, _REFERENCE)


def check_tolerations(tolerations: Sequence[Toleration], path: Path, found: Findings) -> None:
    """Check which taints do not matter."""
    if fits(tolerations, MOST_TOLERATIONS, path, found):
        for index, toleration in enumerate(tolerations):
            _check_toleration(toleration, (*path, index), found)


def _check_request(
    request: DeviceRequest, constraints: Sequence[Constraint], path: Path, rules: Rules
) -> None:
    check_label(request.name, (*path, "name"), rules.found)
    if request.exactly is not None and request.first_available:
        rules.found.invalid(path, None, f"{_ONE}, but multiple fields are set")
    elif request.exactly is not None:
        used = _attributes(request.name, constraints)
        _check_wish(request.exactly, used, (*path, "exactly"), rules)
    elif not request.first_available:
        rules.found.required(path, _ONE)
    elif fits(request.first_available, MOST_SUBREQUESTS, here := (*path, "firstAvailable"), rules.found):
        for index, sub in enumerate(request.first_available):
            check_label(sub.name, (*here, index, "name"), rules.found)
            used = _attributes(f"{request.name}/{sub.name}", constraints)
            _check_wish(sub, used, (*here, index), rules)
        check_unique((sub.name for sub in request.first_available), here, rules.found)


def _check_wish(wish: ExactRequest | SubRequest, used: set[str], path: Path, rules: Rules) -> None:
    found = rules.found
    if not wish.device_class_name:
        found.required((*path, "deviceClassName"))
    else:
        flaws = subdomain_flaws(wish.device_class_name)
        found.flawed((*path, "deviceClassName"), wish.device_class_name, flaws)
    check_selectors(wish.selectors, (*path, "selectors"), rules)
    if wish.allocation_mode not in ("ExactCount", "All"):
        found.unsupported((*path, "allocationMode"), wish.allocation_mode, ("All", "ExactCount"))
    elif wish.allocation_mode == "All" and wish.count not in (0, 1):  # 1 is what stands for "not given"
        found.invalid((*path, "count"), wish.count, "must not be specified when allocationMode is 'All'")
    elif wish.allocation_mode == "ExactCount" and wish.count <= 0:
        found.invalid((*path, "count"), wish.count, "must be greater than zero")
    check_tolerations(wish.tolerations, (*path, "tolerations"), found)
    if wish.capacity is not None:
        _check_capacity(wish.capacity, (*path, "capacity", "requests"), found)
    _check_derived(wish.derived_attributes, used, (*path, "derivedAttributes"), rules)


def _check_capacity(capacity: CapacityRequests, path: Path, found: Findings) -> None:
    for name, amount in capacity.requests.items():
        found.flawed(path, name, qualified_name_flaws(name))
        check_quantity(amount, (*path, Key(name)), found)


def _check_derived(attributes: Sequence[DerivedAttribute], used: set[str], path: Path, rules: Rules) -> None:
    if not fits(attributes, MOST_DERIVED_ATTRIBUTES, path, rules.found):
        return
    for index, attribute in enumerate(attributes):
        here = (*path, index, "name")
        if not attribute.name:
            rules.found.required(here)
        else:
            rules.found.flawed(here, attribute.name, qualified_name_flaws(attribute.name))
            if attribute.name not in used:
                rules.found.invalid(here, attribute.name, _UNUSED)
        check_expression(attribute.expression, (*path, index, "expression"), rules)
    check_unique((each.name for each in attributes), path, rules.found)


def _attributes(reference: str, constraints: Sequence[Constraint]) -> set[str]:
    """The attributes that constraints on a request, or a request and a subrequest, speak of."""
    whole = {reference, reference.partition("/")[0]}
    return {
        each.match_attribute or each.distinct_attribute or ""
        for each in constraints
        if not each.requests or whole.intersection(each.requests)
    }


def _check_constraint(constraint: Constraint, names: Names, path: Path, found: Findings) -> None:
    check_references(constraint.requests, names, (*path, "requests"), found)
    given = {"matchAttribute": constraint.match_attribute, "distinctAttribute": constraint.distinct_attribute}
    present = {field: name for field, name in given.items() if name is not None}
    if len(present) != 1:
        found.required(path, _ONE_ATTRIBUTE + (", but multiple fields are set" if present else ""))
    for field, name in present.items():
        found.flawed((*path, field), name, full_name_flaws(name))


def _check_config(config: ClaimConfig, names: Names, path: Path, rules: Rules) -> None:
    check_references(config.requests, names, (*path, "requests"), rules.found)
    check_opaque(config.opaque, (*path, "opaque"), rules)


def _check_toleration(toleration: Toleration, path: Path, found: Findings) -> None:
    if toleration.key:
        found.flawed((*path, "key"), toleration.key, label_key_flaws(toleration.key))
    if toleration.operator == "Exists":
        if toleration.value:
            found.invalid((*path, "value"), toleration.value, "must be empty for operator `Exists`")
    elif toleration.operator == "Equal":
        found.flawed((*path, "value"), toleration.value, label_value_flaws(toleration.value))
    else:
        found.unsupported((*path, "operator"), toleration.operator, ("Equal", "Exists"))
    if toleration.effect and toleration.effect not in EFFECTS:
        found.unsupported((*path, "effect"), toleration.effect, EFFECTS)
