"""Which taints keep a device from a request, and which its tolerations let pass.

Source: Kubernetes `k8s.io/dynamic-resource-allocation/resourceclaim`, tolerations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cod.resource import Taint, Toleration

BARRING = ("NoSchedule", "NoExecute")  # other effects, also unknown ones, keep nothing away


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Whether a toleration is for this taint. No effect is every effect, no key every key."""
    if toleration.effect not in ("", taint.effect) or toleration.key not in ("", taint.key):
        return False
    if toleration.operator == "Exists":
        return True
    return toleration.operator in ("", "Equal") and toleration.value == taint.value


def barrier(taints: Iterable[Taint], tolerations: Sequence[Toleration]) -> Taint | None:
    """The first taint that keeps the device from whoever has these tolerations."""
    for taint in taints:
        if taint.effect in BARRING and not any(tolerates(each, taint) for each in tolerations):
            return taint
    return None
