from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cod.cdi.spec import ContainerEdits, Device, DeviceNode, IntelRdt, Mount, NetDevice, Spec
from cod.cdi.version import LATEST, VERSIONS, minimum_version, version_problem

# One use of every feature that came after 0.3.0, as edits.
SINCE = {
    "0.4.0": [ContainerEdits(mounts=(Mount(host_path="/a", container_path="/a", type="bind"),))],
    "0.5.0": [ContainerEdits(device_nodes=(DeviceNode(path="/dev/a", host_path="/dev/b"),))],
    "0.7.0": [
        ContainerEdits(intel_rdt=IntelRdt()),
        ContainerEdits(additional_gids=(0,)),
    ],
    "1.1.0": [
        ContainerEdits(net_devices=(NetDevice(host_interface_name="eth1", name="eth0"),)),
        ContainerEdits(intel_rdt=IntelRdt(schemata=())),
        ContainerEdits(intel_rdt=IntelRdt(enable_monitoring=True)),
    ],
}
EDITS = [(version, edits) for version, several in SINCE.items() for edits in several]
PLAIN = ContainerEdits(env=("A=1",))

devices = st.builds(
    Device,
    name=st.sampled_from(["gpu0", "0", ""]),
    annotations=st.sampled_from([{}, {"a": "b"}]),
    container_edits=st.sampled_from([PLAIN, *(edits for _, edits in EDITS)]),
)
specs = st.builds(
    Spec,
    kind=st.sampled_from(["v.com/gpu", "v.com/gpu.big", "none"]),
    devices=st.lists(devices, max_size=4).map(tuple),
    container_edits=st.sampled_from([PLAIN, *(edits for _, edits in EDITS)]),
)


@pytest.mark.parametrize(("version", "edits"), EDITS)
def test_a_feature_needs_its_version_globally_and_in_any_device(version: str, edits: ContainerEdits) -> None:
    first, last = Device(name="a", container_edits=edits), Device(name="b", container_edits=PLAIN)
    assert minimum_version(Spec(kind="v.com/gpu", container_edits=edits)) == version
    assert minimum_version(Spec(kind="v.com/gpu", devices=(first, last))) == version
    assert minimum_version(Spec(kind="v.com/gpu", devices=(last, first))) == version


def test_what_has_nothing_special_is_fine_with_the_earliest_version() -> None:
    spec = Spec(kind="vendor.com/gpu", devices=(Device(name="gpu0", container_edits=PLAIN),))
    assert minimum_version(spec) == "0.3.0"


def test_a_name_that_begins_with_a_digit_annotations_and_a_dot_in_the_class_need_newer_versions() -> None:
    assert minimum_version(Spec(kind="vendor.com/gpu", devices=(Device(name="0"),))) == "0.5.0"
    assert minimum_version(Spec(kind="vendor.com/gpu", annotations={"a": "b"})) == "0.6.0"
    assert minimum_version(Spec(kind="vendor.com/gpu", devices=(Device(annotations={"a": "b"}),))) == "0.6.0"
    assert minimum_version(Spec(kind="vendor.com/gpu.big")) == "0.6.0"


@given(specs, devices)
def test_another_device_never_makes_an_older_version_do(spec: Spec, device: Device) -> None:
    for more in ((*spec.devices, device), (device, *spec.devices)):
        assert rank(minimum_version(replace(spec, devices=more))) >= rank(minimum_version(spec))


@given(specs)
def test_a_spec_that_declares_its_minimum_or_newer_has_no_problem(spec: Spec) -> None:
    for version in VERSIONS[rank(minimum_version(spec)) :]:
        assert version_problem(replace(spec, cdi_version=version)) is None
        assert version_problem(replace(spec, cdi_version="v" + version)) is None


@given(specs, st.sampled_from(VERSIONS))
def test_a_problem_names_a_version_that_is_newer_than_the_declared_and_no_newer_than_needed(
    spec: Spec, declared: str
) -> None:
    problem = version_problem(replace(spec, cdi_version=declared))
    if problem is not None:
        named = problem.removeprefix("the spec version must be at least v")
        assert rank(declared) < rank(named) <= rank(minimum_version(spec))


def test_a_version_too_low_is_refused_with_the_one_that_will_do() -> None:
    spec = Spec(cdi_version="0.6.0", kind="v.com/gpu", container_edits=ContainerEdits(additional_gids=(1,)))
    assert version_problem(spec) == "the spec version must be at least v0.7.0"


def test_versions_before_the_earliest_are_known_and_never_do() -> None:
    assert version_problem(Spec(cdi_version="0.1.0")) == "the spec version must be at least v0.3.0"


@pytest.mark.parametrize("version", ["", "v", "vv1.0.0", "1.0", "1.1.1", "1.1.0 ", "V1.0.0"])
def test_other_versions_are_unknown(version: str) -> None:
    assert version_problem(Spec(cdi_version=version)) == f'invalid version "{version}"'


def test_a_host_path_that_the_reference_overlooks_is_no_problem_to_read() -> None:
    first = Device(name="a", container_edits=SINCE["0.5.0"][0])
    last = Device(name="b", container_edits=PLAIN)
    spec = Spec(cdi_version="0.3.0", kind="v.com/gpu", devices=(first, last))
    assert version_problem(spec) is None
    assert minimum_version(spec) == "0.5.0"


def rank(version: str) -> int:
    return VERSIONS.index(version)


def test_the_latest_version_is_the_last() -> None:
    assert VERSIONS[-1] == LATEST
    assert sorted(VERSIONS) == list(VERSIONS)
