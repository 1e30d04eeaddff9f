"""What becomes of a claim: the devices it was given, who uses them, what their drivers say.

Source: Kubernetes `k8s.io/api/resource/v1` ResourceClaimStatus.
"""

from __future__ import annotations

from typing import Any

from msgspec import field

from cod.resource.classes import OpaqueConfig
from cod.resource.meta import QuantityText, Value
from cod.resource.nodes import NodeSelector

MOST_DEVICES = 32  # results of one allocation, as in the Kubernetes API


class Toleration(Value, frozen=True, gc=False):
    """Taints that do not matter: of that key, and of that value where `operator` is Equal and not Exists.

    No key means every key, no effect every effect; NoExecute is tolerated for some seconds or for ever.
    """

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None


class Result(Value, frozen=True, gc=False):
    """One device given to one request, or a share of it, under `share_id`, with so much of its capacities."""

    request: str
    driver: str
    pool: str
    device: str
    admin_access: bool = False
    tolerations: tuple[Toleration, ...] = ()
    binding_conditions: tuple[str, ...] = ()
    binding_failure_conditions: tuple[str, ...] = ()
    share_id: str = field(default="", name="shareID")
    consumed_capacity: dict[str, QuantityText] = {}
    skip_node_operations: tuple[str, ...] = ()
    compatibility_groups: dict[str, tuple[str, ...]] = {}


class AllocatedConfig(Value, frozen=True, gc=False):
    """Settings for the devices of these requests; `source` is FromClass or FromClaim."""

    source: str
    requests: tuple[str, ...] = ()
    opaque: OpaqueConfig | None = None


class DeviceAllocation(Value, frozen=True, gc=False):
    """All devices given to a claim, in the order of its requests, and how they are set up."""

    results: tuple[Result, ...] = ()
    config: tuple[AllocatedConfig, ...] = ()


class AllocationResult(Value, frozen=True, gc=False):
    """The answer to a claim; without `node_selector` its devices can be used on every node."""

    devices: DeviceAllocation = DeviceAllocation()
    node_selector: NodeSelector | None = None
    allocation_timestamp: str = ""


class ConsumerReference(Value, frozen=True, gc=False):
    """Who uses a claim, a pod as a rule."""

    resource: str
    name: str
    uid: str
    api_group: str = ""


class Condition(Value, frozen=True, gc=False):
    """Something that is True, False or Unknown, since when, and why."""

    type: str
    status: str
    last_transition_time: str
    reason: str
    message: str
    observed_generation: int = 0


class NetworkData(Value, frozen=True, gc=False):
    """What a network device is called inside, and its addresses."""

    interface_name: str = ""
    ips: tuple[str, ...] = ()
    hardware_address: str = ""


class DeviceStatus(Value, frozen=True, gc=False):
    """What a driver says about a device that was given to a claim."""

    driver: str
    pool: str
    device: str
    share_id: str = field(default="", name="shareID")
    conditions: tuple[Condition, ...] = ()
    data: Any = None
    network_data: NetworkData | None = None


class ClaimStatus(Value, frozen=True, gc=False):
    """What became of a claim; without `allocation` it has no device."""

    allocation: AllocationResult | None = None
    reserved_for: tuple[ConsumerReference, ...] = ()
    devices: tuple[DeviceStatus, ...] = ()
