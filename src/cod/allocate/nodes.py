"""Nodes, and which of them a node selector selects.

Source: Kubernetes `k8s.io/component-helpers/scheduling/corev1/nodeaffinity`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from cod.resource import NodeSelector, NodeSelectorRequirement, NodeSelectorTerm

NAME_FIELD = "metadata.name"
_WHOLE = re.compile("[+-]?0*[0-9]{1,19}")


class Node(Struct, frozen=True):
    """What node selection looks at."""

    name: str
    labels: Mapping[str, str] = {}


def selects(selector: NodeSelector, node: Node) -> bool:
    """Whether one of the terms is true of a node; a term without conditions never is."""
    return any(_term(each, node) for each in selector.node_selector_terms)


def names_one(node: str) -> NodeSelector:
    """The selector of the node of that name."""
    requirement = NodeSelectorRequirement(NAME_FIELD, "In", (node,))
    return NodeSelector((NodeSelectorTerm(match_fields=(requirement,)),))


def both(selectors: Sequence[NodeSelector]) -> NodeSelector:
    """The selector of the nodes that all of these select, each of which has one term."""
    terms = [term for each in selectors for term in each.node_selector_terms[:1]]
    labels = dict.fromkeys(each for term in terms for each in term.match_expressions)
    fields = dict.fromkeys(each for term in terms for each in term.match_fields)
    return NodeSelector((NodeSelectorTerm(tuple(labels), tuple(fields)),))


def _term(term: NodeSelectorTerm, node: Node) -> bool:
    if not term.match_expressions and not term.match_fields:
        return False
    fields = {NAME_FIELD: node.name}
    return all(_holds(each, node.labels) for each in term.match_expressions) and all(
        _holds(each, fields) for each in term.match_fields
    )


def _holds(requirement: NodeSelectorRequirement, labels: Mapping[str, str]) -> bool:
    there = requirement.key in labels
    value = labels.get(requirement.key, "")
    match requirement.operator:
        case "In":
            return there and value in requirement.values
        case "NotIn":
            return not there or value not in requirement.values
        case "Exists":
            return there
        case "DoesNotExist":
            return not there
        case "Gt" | "Lt":
            return there and _compares(value, requirement)
    return False


def _compares(value: str, requirement: NodeSelectorRequirement) -> bool:
    mine, *bounds = (_whole(each) for each in (value, *requirement.values))
    if mine is None or len(bounds) != 1 or bounds[0] is None:
        return False
    return mine > bounds[0] if requirement.operator == "Gt" else mine < bounds[0]


def _whole(text: str) -> int | None:
    """The int64 that a text is: `int` would also take blanks, underscores and the digits of every script."""
    if not _WHOLE.fullmatch(text):
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None
