"""NodeSelector: which nodes have access to a device. Source: Kubernetes `k8s.io/api/core/v1` NodeSelector."""

from __future__ import annotations

from cod.resource.meta import Value


class NodeSelectorRequirement(Value, frozen=True, gc=False):
    """One condition on a label or a field; `operator` is In, NotIn, Exists, DoesNotExist, Gt or Lt."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class NodeSelectorTerm(Value, frozen=True, gc=False):
    """Conditions on a node that must all hold; without any, no node is selected."""

    match_expressions: tuple[NodeSelectorRequirement, ...] = ()
    match_fields: tuple[NodeSelectorRequirement, ...] = ()


class NodeSelector(Value, frozen=True, gc=False):
    """Terms of which one must hold. Slices and devices have exactly one."""

    node_selector_terms: tuple[NodeSelectorTerm, ...]
