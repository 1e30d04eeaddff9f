"""ResourceClaimTemplate: what a claim made for each pod looks like.

Source: Kubernetes `k8s.io/api/resource/v1` ResourceClaimTemplate.
"""

from __future__ import annotations

from cod.resource.claims import ClaimSpec
from cod.resource.meta import API_VERSION, ObjectMeta, Value, Whole


class TemplateSpec(Value, frozen=True, gc=False):
    """The labels, annotations and wishes of each claim."""

    metadata: ObjectMeta = ObjectMeta()
    spec: ClaimSpec = ClaimSpec()


class ResourceClaimTemplate(Whole, frozen=True, gc=False, kw_only=True):
    """A template, as the API has it."""

    api_version: str = API_VERSION
    kind: str = "ResourceClaimTemplate"
    metadata: ObjectMeta = ObjectMeta()
    spec: TemplateSpec

    @property
    def name(self) -> str:
        """The name by which pods refer to the template."""
        return self.metadata.name
