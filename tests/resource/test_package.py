from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from cod import resource
from cod.resource import (
    Attribute,
    ClaimStatus,
    Pool,
    ResourceClaim,
    Result,
    SubRequest,
    Taint,
    Toleration,
    ValidRange,
    encode,
)

from .objects import DRIVER, claim, device, slice_of


def test_every_name_of_the_package_can_be_had() -> None:
    assert all(hasattr(resource, name) for name in resource.__all__)
    assert dir(resource) == sorted(resource.__all__)
    assert len(set(resource.__all__)) == len(resource.__all__)
    with pytest.raises(AttributeError):
        resource.nothing  # noqa: B018


def test_what_reads_and_checks_is_imported_when_it_is_needed() -> None:
    code = "import sys, cod.resource; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    late = {"yaml", "hashlib"}
    late |= {
        f"cod.resource.{name}" for name in ("documents", "quantity", "semver", "shape", "validate", "split")
    }
    assert late.isdisjoint(run.stdout.split())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Attribute(int_=0), '{"int":0}'),
        (Attribute(bool_=False), '{"bool":false}'),
        (Attribute(versions=("1.0.0",)), '{"versions":["1.0.0"]}'),
        (Taint("a"), '{"key":"a","effect":"NoSchedule"}'),
        (Pool("node"), '{"name":"node","generation":1,"resourceSliceCount":1}'),
        (Result("r", DRIVER, "p", "d", share_id="1"),
         '{"request":"r","driver":"gpu.example.com","pool":"p","device":"d","shareID":"1"}'),
        (SubRequest("a", "b", "All"), '{"name":"a","deviceClassName":"b","allocationMode":"All"}'),
        (Toleration(operator="Exists"), '{"operator":"Exists"}'),
        (ValidRange("1", step="2"), '{"min":"1","step":"2"}'),
    ],
)  # fmt: skip
def test_a_part_is_written_as_the_api_has_it(value: msgspec.Struct, text: str) -> None:
    assert encode(value).decode() == text
    assert msgspec.json.decode(text, type=type(value)) == value


def test_a_slice_is_written_with_what_it_must_have() -> None:
    assert encode(slice_of(device(attributes={}, capacity={}))).decode() == (
        '{"apiVersion":"resource.k8s.io/v1","kind":"ResourceSlice","metadata":{"name":"node-gpu"},"spec":'
        '{"driver":"gpu.example.com","pool":{"name":"node","generation":1,"resourceSliceCount":1},'
        '"nodeName":"node","devices":[{"name":"gpu-0"}]}}'
    )


def test_a_claim_that_was_stored_before_there_were_all_fields_is_read() -> None:
    text = (
        '{"apiVersion":"resource.k8s.io/v1","kind":"ResourceClaim","metadata":{"name":"claim",'
        '"creationTimestamp":"2026-01-02T03:04:05Z"},"spec":{"devices":{"requests":[{"name":"request-1",'
        '"exactly":{"deviceClassName":"sim-gpu","count":2}}]}},"status":{"allocation":{"devices":{"results":'
        '[{"request":"request-1","driver":"sim.cod.dev","pool":"node","device":"gpu0"}]}}}}'
    )
    stored = msgspec.json.decode(text, type=ResourceClaim)
    assert stored.results == (Result("request-1", "sim.cod.dev", "node", "gpu0"),)
    assert stored.requests[0].exactly is not None
    assert msgspec.json.encode(stored).decode() == text


def test_what_is_unknown_is_stored_with_the_part_it_belongs_to() -> None:
    value = claim(status=ClaimStatus(unknown={"shiny": 1}))
    assert msgspec.json.decode(msgspec.json.encode(value), type=ResourceClaim) == value
    assert b'"status":{"shiny":1}' in encode(value)
