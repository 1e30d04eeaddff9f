"""The kinds of objects that COD knows, by their names in a file."""

from __future__ import annotations

from cod.resource.claims import ResourceClaim
from cod.resource.classes import DeviceClass
from cod.resource.slices import ResourceSlice
from cod.resource.templates import ResourceClaimTemplate

Object = ResourceSlice | DeviceClass | ResourceClaim | ResourceClaimTemplate

KINDS: dict[str, type[Object]] = {
    "DeviceClass": DeviceClass,
    "ResourceClaim": ResourceClaim,
    "ResourceClaimTemplate": ResourceClaimTemplate,
    "ResourceSlice": ResourceSlice,
}
