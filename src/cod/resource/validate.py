"""The rules of `resource.k8s.io/v1`: everything for which the API server refuses an object, in its words.

Where the API server leaves a list unread that is too long, so does this; otherwise all flaws are found,
whatever the object. What needs more than the object is not checked here: names that must be unique in a pool,
counter sets that must exist, what an update may change. Source: Kubernetes `pkg/apis/resource/validation`.
"""

from __future__ import annotations

from cod.resource.claims import ResourceClaim
from cod.resource.classes import ClassSpec, DeviceClass
from cod.resource.kinds import Object
from cod.resource.limits import LONGEST_ANNOTATIONS, MOST_CONFIGS
from cod.resource.meta import API_VERSION, ObjectMeta
from cod.resource.names import (
    label_flaws,
    label_key_flaws,
    label_value_flaws,
    subdomain_flaws,
)
from cod.resource.problem import Findings, InvalidObject, Path, Problem
from cod.resource.slices import ResourceSlice
from cod.resource.templates import ResourceClaimTemplate
from cod.resource.validate_claims import check_claim_spec
from cod.resource.validate_parts import CheckExpression, Rules, check_opaque, check_selectors, fits
from cod.resource.validate_slices import check_slice_spec
from cod.resource.validate_status import check_status


def problems(value: Object, check_expression: CheckExpression | None = None) -> list[Problem]:
    """Everything that is wrong with an object, in the order of its fields, metadata first.

    `check_expression` says what is wrong with a CEL expression, "" if nothing is; without it none is
    compiled.
    """
    found = Findings()
    rules = Rules(found, check_expression or (lambda _: ""))
    if value.api_version != API_VERSION:
        found.unsupported(("apiVersion",), value.api_version, (API_VERSION,))
    if value.kind != type(value).__name__:
        found.unsupported(("kind",), value.kind, (type(value).__name__,))
    has_namespace = isinstance(value, (ResourceClaim, ResourceClaimTemplate))
    _check_meta(value.metadata, ("metadata",), found, has_namespace=has_namespace)
    match value:
        case ResourceSlice():
            check_slice_spec(value.spec, ("spec",), rules)
        case DeviceClass():
            _check_class_spec(value.spec, ("spec",), rules)
        case ResourceClaim():
            check_claim_spec(value.spec, ("spec",), rules)
            check_status(value, ("status",), rules)
        case ResourceClaimTemplate():
            _check_labels(value.spec.metadata, ("spec", "metadata"), found)
            check_claim_spec(value.spec.spec, ("spec", "spec"), rules)
    return list(found)


def check(value: Object, check_expression: CheckExpression | None = None) -> None:
    """Raise InvalidObject, with all problems, where the API server would refuse an object."""
    if found := problems(value, check_expression):
        raise InvalidObject(f'{type(value).__name__} "{value.metadata.name}"', found)


def _check_meta(meta: ObjectMeta, path: Path, found: Findings, *, has_namespace: bool) -> None:
    if meta.generate_name:
        prefix = meta.generate_name
        text = prefix[:-1] + "a" if len(prefix) > 1 and prefix.endswith("-") else prefix
        found.flawed((*path, "generateName"), prefix, subdomain_flaws(text))
    if meta.name:
        found.flawed((*path, "name"), meta.name, subdomain_flaws(meta.name))
    elif not meta.generate_name:
        found.required((*path, "name"), "name or generateName is required")
    if meta.namespace and not has_namespace:
        found.forbidden((*path, "namespace"), "not allowed on this type")
    elif meta.namespace:
        found.flawed((*path, "namespace"), meta.namespace, label_flaws(meta.namespace))
    if meta.generation < 0:
        found.invalid((*path, "generation"), meta.generation, "must be greater than or equal to 0")
    _check_labels(meta, path, found)
    _check_owners(meta, path, found)
    for index, name in enumerate(meta.finalizers):
        found.flawed((*path, "finalizers", index), name, label_key_flaws(name))


def _check_labels(meta: ObjectMeta, path: Path, found: Findings) -> None:
    for key, value in meta.labels.items():
        found.flawed((*path, "labels"), key, label_key_flaws(key))
        found.flawed((*path, "labels"), value, label_value_flaws(value))
    size = 0
    for key, value in meta.annotations.items():
        found.flawed((*path, "annotations"), key, label_key_flaws(key.lower()))
        size += len(key.encode("utf-8", "replace")) + len(value.encode("utf-8", "replace"))
    if size > LONGEST_ANNOTATIONS:
        found.too_long((*path, "annotations"), LONGEST_ANNOTATIONS)


def _check_owners(meta: ObjectMeta, path: Path, found: Findings) -> None:
    controllers = [each.name for each in meta.owner_references if each.controller]
    for index, owner in enumerate(meta.owner_references):
        here = (*path, "ownerReferences", index)
        named = {"apiVersion": owner.api_version, "kind": owner.kind, "name": owner.name, "uid": owner.uid}
        for field, value in named.items():
            if not value:
                found.invalid((*here, field), value, "must not be empty")
    if len(controllers) > 1:
        text = 'Only one reference can have Controller set to true. Found "true" in references for '
        text += ", ".join(controllers)
        found.invalid((*path, "ownerReferences"), controllers, text)


def _check_class_spec(spec: ClassSpec, path: Path, rules: Rules) -> None:
    check_selectors(spec.selectors, (*path, "selectors"), rules)
    if fits(spec.config, MOST_CONFIGS, (*path, "config"), rules.found):
        for index, config in enumerate(spec.config):
            check_opaque(config.opaque, (*path, "config", index, "opaque"), rules)
    name = spec.extended_resource_name
    if name and not _is_extended_resource(name):
        rules.found.invalid((*path, "extendedResourceName"), name, "must be a valid extended resource name")


def _is_extended_resource(name: str) -> bool:
    """Whether a pod may ask for a resource of that name that is no resource of a node's own."""
    is_native = "/" not in name or "kubernetes.io/" in name
    return not (is_native or name.startswith("requests.")) and not label_key_flaws(f"requests.{name}")
