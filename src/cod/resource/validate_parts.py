"""Rules for what occurs in more than one kind of object: selectors, settings, drivers, node selectors.

Source: Kubernetes `pkg/apis/resource/validation`, `pkg/apis/core/validation` for node selectors.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence, Sized
from typing import Any, NamedTuple

import msgspec

from cod.resource.classes import OpaqueConfig, Selector
from cod.resource.limits import LONGEST_EXPRESSION, LONGEST_PARAMETERS, MOST_CONDITIONS, MOST_SELECTORS
from cod.resource.names import (
    LONGEST_DRIVER,
    label_flaws,
    label_key_flaws,
    label_value_flaws,
    pool_flaws,
    subdomain_flaws,
)
from cod.resource.nodes import NodeSelector, NodeSelectorRequirement
from cod.resource.problem import Findings, Path
from cod.resource.quantity import InvalidQuantity, Quantity, parse_quantity

CheckExpression = Callable[[str], str]
"""Says what is wrong with a CEL expression, "" if nothing is."""

SKIPPABLE = ("NodePrepareResources", "NodeUnprepareResources", "*")
EFFECTS = ("None", "NoSchedule", "NoExecute")


class Rules(NamedTuple):
    """What a rule needs besides the value: where findings go, and who knows CEL."""

    found: Findings
    check_expression: CheckExpression


def fits(items: Sized, limit: int, path: Path, found: Findings) -> bool:
    """Whether a list or a map has not more items than it may; if it has, its items are not looked at."""
    if len(items) <= limit:
        return True
    found.too_many(path, len(items), limit)
    return False


def check_unique(keys: Iterable[Hashable], path: Path, found: Findings) -> None:
    """Find what is in a list twice; `keys` has what must differ, one an item."""
    seen = set()
    for index, key in enumerate(keys):
        if key in seen:
            found.duplicate((*path, index), key)
        seen.add(key)


def check_driver(name: str, path: Path, found: Findings) -> None:
    """Check the name of a driver."""
    if not name:
        found.required(path)
        return
    if size(name) > LONGEST_DRIVER:
        found.too_long(path, LONGEST_DRIVER)
    found.flawed(path, name, subdomain_flaws(name.lower()))


def check_pool(name: str, path: Path, found: Findings) -> None:
    """Check the name of a pool."""
    if not name:
        found.required(path)
    else:
        found.flawed(path, name, pool_flaws(name))


def check_label(name: str, path: Path, found: Findings) -> None:
    """Check the name of a device, a request, a counter or a counter set."""
    if not name:
        found.required(path)
    else:
        found.flawed(path, name, label_flaws(name))


def check_quantity(text: str, path: Path, found: Findings) -> Quantity | None:
    """The quantity that a text is, if it is one; blanks around it are forgiven in a file."""
    try:
        return parse_quantity(text.strip())
    except InvalidQuantity as error:
        found.invalid(path, text, "; ".join(error.causes))
        return None


def check_selectors(selectors: Sequence[Selector], path: Path, rules: Rules) -> None:
    """Check the conditions of a class or a request."""
    if fits(selectors, MOST_SELECTORS, path, rules.found):
        for index, selector in enumerate(selectors):
            check_expression(selector.cel.expression, (*path, index, "cel", "expression"), rules)


def check_expression(text: str, path: Path, rules: Rules) -> None:
    """Check a CEL expression: its length, and then what whoever knows CEL says."""
    if not text:
        rules.found.required(path)
    elif size(text) > LONGEST_EXPRESSION:
        rules.found.too_long(path, LONGEST_EXPRESSION)
    elif flaw := rules.check_expression(text):
        rules.found.invalid(path, text, flaw)


def check_opaque(config: OpaqueConfig | None, path: Path, rules: Rules) -> None:
    """Check settings for a driver."""
    if config is None:
        rules.found.required(path)
        return
    check_driver(config.driver, (*path, "driver"), rules.found)
    check_raw(config.parameters, (*path, "parameters"), LONGEST_PARAMETERS, rules.found)


def check_raw(data: Any, path: Path, limit: int, found: Findings) -> None:
    """Check a JSON object that only a driver understands."""
    if data is None:
        found.required(path)
    elif len(msgspec.json.encode(data)) > limit:
        found.too_long(path, limit)
    elif not isinstance(data, dict):
        found.invalid(path, "<value omitted>", "must be a valid JSON object")


def check_node_name(name: str, path: Path, found: Findings) -> None:
    """Check the name of a node."""
    found.flawed(path, name, subdomain_flaws(name))


def check_node_selector(selector: NodeSelector, path: Path, found: Findings) -> None:
    """Check which nodes are selected."""
    here = (*path, "nodeSelectorTerms")
    if not selector.node_selector_terms:
        found.required(here, "must have at least one node selector term")
    for index, term in enumerate(selector.node_selector_terms):
        for number, requirement in enumerate(term.match_expressions):
            _check_requirement(requirement, (*here, index, "matchExpressions", number), found)
        for number, requirement in enumerate(term.match_fields):
            _check_field(requirement, (*here, index, "matchFields", number), found)


def _check_requirement(requirement: NodeSelectorRequirement, path: Path, found: Findings) -> None:
    values = requirement.values
    match requirement.operator:
        case "In" | "NotIn":
            if not values:
                found.required((*path, "values"), "must be specified when `operator` is 'In' or 'NotIn'")
        case "Exists" | "DoesNotExist":
            if values:
                found.forbidden(
                    (*path, "values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                )
        case "Gt" | "Lt":
            if len(values) != 1:
                text = "must be specified single value when `operator` is 'Lt' or 'Gt'"
                found.required((*path, "values"), text)
        case _:
            found.invalid((*path, "operator"), requirement.operator, "not a valid selector operator")
    found.flawed((*path, "key"), requirement.key, label_key_flaws(requirement.key))
    for index, value in enumerate(values):
        found.flawed((*path, "values", index), value, label_value_flaws(value))


def _check_field(requirement: NodeSelectorRequirement, path: Path, found: Findings) -> None:
    if requirement.operator not in ("In", "NotIn"):
        found.invalid((*path, "operator"), requirement.operator, "not a valid selector operator")
    elif len(requirement.values) != 1:
        text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        found.required((*path, "values"), text)
    if requirement.key != "metadata.name":
        found.invalid((*path, "key"), requirement.key, "not a valid field selector key")
        return
    for index, value in enumerate(requirement.values):
        found.flawed((*path, "values", index), value, subdomain_flaws(value))


def check_conditions(conditions: Sequence[str], failures: Sequence[str], path: Path, found: Findings) -> None:
    """Check binding conditions and failure conditions: both or none, nothing twice, nothing in both."""
    for names, field in ((conditions, "bindingConditions"), (failures, "bindingFailureConditions")):
        if fits(names, MOST_CONDITIONS, (*path, field), found):
            for index, name in enumerate(names):
                found.flawed((*path, field, index), name, label_key_flaws(name))
        check_unique(names, (*path, field), found)
    for index, name in enumerate(failures):
        if name in conditions:
            text = "bindingFailureConditions must not overlap with bindingConditions"
            found.invalid((*path, "bindingFailureConditions", index), name, text)
    if failures and not conditions:
        text = "bindingConditions are required to use bindingFailureConditions"
        found.invalid((*path, "bindingConditions"), [], text)
    if conditions and not failures:
        text = "bindingFailureConditions are required to use bindingConditions"
        found.invalid((*path, "bindingFailureConditions"), [], text)


def check_skipped(operations: Sequence[str], path: Path, found: Findings) -> None:
    """Check which calls of a node's driver are left out."""
    for index, operation in enumerate(operations):
        if operation not in SKIPPABLE:
            found.unsupported((*path, index), operation, SKIPPABLE)
    check_unique(operations, path, found)
    if "NodePrepareResources" in operations and not {"NodeUnprepareResources", "*"}.intersection(operations):
        text = "NodePrepareResources cannot be skipped unless NodeUnprepareResources is also skipped"
        found.invalid(path, list(operations), text)


def size(text: str) -> int:
    """The length of a text in bytes, which is what limits are in."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
