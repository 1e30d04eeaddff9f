"""What a claim wishes beyond Kubernetes: an opaque config of driver `cod.dev`, so that the claim stays valid.

config:
  - requests: [gpu, nic]              # whose devices are meant; none named: those of all requests
    opaque:
      driver: cod.dev
      parameters:
        apiVersion: cod.dev/v1
        kind: Preferences
        closest: true                 # of all sets that would do, the one that is closest together
        prefer:                       # each has a weight, 1 unless given, and costs it …
          - {same: resource.kubernetes.io/numaNode, weight: 10}   # for every two that share no value
          - {spread: resource.kubernetes.io/pcieRoot}             # for every two that share one
          - {fewest: switches}                                    # for every switch after the first
          - {least: memory}           # for every lesser amount that there is on the node
          - {selector: 'device.attributes["cod.dev"].?class.orValue("") == "gpu"'}   # if it is not true
        connected:                    # every device of one request has a link to every one of the other
          - {from: fpga, to: nic, kind: nvlink, minBandwidth: 10G}   # bytes a second
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from cod.allocate.capacity import units
from cod.cel import InvalidExpression, Selector, compile_selector
from cod.resource import ClaimConfig, InvalidQuantity, ResourceClaim, parse_quantity

DRIVER = "cod.dev"
_MB = 10**15  # billionths of a byte
_MOST_MB_S = 10**12

Weight = Annotated[int, Meta(ge=1, le=1000)]


class Soft(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One wish that may go unmet: exactly one of the fields besides the weight."""

    same: str = ""
    spread: str = ""
    fewest: Literal["", "switches"] = ""
    least: str = ""
    selector: str = ""
    weight: Weight = 1


class Connected(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename={"from_": "from"}
):
    """A link that must be there between the devices of two requests; `min_bandwidth` in bytes a second."""

    from_: str
    to: str
    kind: str = ""
    min_bandwidth: str = msgspec.field(default="", name="minBandwidth")

    @property
    def mb_s(self) -> int:
        """The bandwidth in MB/s, rounded up; no link has as much as the most that is told apart."""
        if not self.min_bandwidth:
            return 0
        return min(-(-units(parse_quantity(self.min_bandwidth)) // _MB), _MOST_MB_S)


class Preferences(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How to choose among devices that would do."""

    api_version: Literal["cod.dev/v1"] = msgspec.field(name="apiVersion")
    kind: Literal["Preferences"]
    closest: bool = False
    prefer: tuple[Soft, ...] = ()
    connected: tuple[Connected, ...] = ()


class Scoped(Struct, frozen=True):
    """Preferences, and the requests that they are about; none named: all."""

    requests: tuple[str, ...]
    preferences: Preferences
    selectors: tuple[Selector | None, ...]  # of each of `prefer`


def preferences(claim: ResourceClaim, wrong: list[str]) -> Iterator[Scoped]:
    """The preferences that a claim has; what is wrong with them is added to a list."""
    for number, config in enumerate(claim.spec.devices.config):
        if config.opaque is not None and config.opaque.driver == DRIVER:
            where = f"claim {claim.name}, config #{number}"
            found = _read(config.opaque.parameters, where, wrong)
            if found is not None:
                yield _scoped(config, found, where, wrong)


def _read(parameters: Any, where: str, wrong: list[str]) -> Preferences | None:
    try:
        return msgspec.convert(parameters, Preferences)
    except msgspec.ValidationError as error:
        wrong.append(f"{where}: {str(error)[0].lower()}{str(error)[1:]}")
        return None


def _scoped(config: ClaimConfig, found: Preferences, where: str, wrong: list[str]) -> Scoped:
    selectors: list[Selector | None] = []
    for number, soft in enumerate(found.prefer):
        wishes = [each for each in (soft.same, soft.spread, soft.fewest, soft.least, soft.selector) if each]
        if len(wishes) != 1:
            wrong.append(
                f"{where}, prefer #{number}: one of same, spread, fewest, least and selector is wanted"
            )
        selectors.append(_compiled(soft.selector, f"{where}, prefer #{number}", wrong))
    for number, each in enumerate(found.connected):
        try:
            _ = each.mb_s
        except InvalidQuantity as error:
            wrong.append(f"{where}, connected #{number}: {error.what}")
    return Scoped(config.requests, found, tuple(selectors))


def _compiled(text: str, where: str, wrong: list[str]) -> Selector | None:
    if not text:
        return None
    try:
        return compile_selector(text)
    except InvalidExpression as error:
        wrong.append(f"{where}: {error}")
        return None
