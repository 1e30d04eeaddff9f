from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.cdi.annotations import (
    InvalidAnnotation,
    annotate,
    annotation_key,
    annotation_value,
    parse_annotations,
)

names = st.from_regex(r"[a-z]{1,5}\.com/[a-z]{1,5}=[a-z0-9]{1,5}", fullmatch=True)
plugins = st.from_regex(r"[a-z]{1,9}\.[a-z]{1,9}", fullmatch=True)
ids = st.from_regex(r"[a-z0-9/]{0,9}[a-z0-9]", fullmatch=True)


@given(plugins, ids, st.lists(names, min_size=1))
def test_devices_that_were_asked_for_are_read_back(plugin: str, device_id: str, devices: list[str]) -> None:
    before = {"other": "annotation"}
    annotations = annotate(before, plugin, device_id, devices)
    assert before == {"other": "annotation"}
    assert parse_annotations(annotations) == ([annotation_key(plugin, device_id)], devices)


def test_requests_are_read_in_the_order_of_their_keys() -> None:
    annotations = annotate({}, "b.gpu", "1", ["b.com/gpu=1"])
    annotations = annotate(annotations, "a.nic", "1", ["a.com/nic=1", "a.com/nic=0"])
    assert parse_annotations(annotations) == (
        ["cdi.k8s.io/a.nic_1", "cdi.k8s.io/b.gpu_1"],
        ["a.com/nic=1", "a.com/nic=0", "b.com/gpu=1"],
    )


def test_slashes_of_a_device_id_become_underscores() -> None:
    assert annotation_key("vendor.gpu", "pod/1/main") == "cdi.k8s.io/vendor.gpu_pod_1_main"


def test_the_same_request_twice_is_refused() -> None:
    annotations = annotate({}, "vendor.gpu", "1", ["vendor.com/gpu=1"])
    with pytest.raises(InvalidAnnotation, match=r'key "cdi\.k8s\.io/vendor\.gpu_1" used'):
        annotate(annotations, "vendor.gpu", "1", ["vendor.com/gpu=2"])


@pytest.mark.parametrize(
    ("plugin", "device_id", "text"),
    [
        ("", "1", "invalid plugin name, empty"),
        ("vendor.gpu", "", "invalid deviceID, empty"),
        ("-v", "1", "invalid name \"-v_1\", first '-' should be alphanumeric"),
        ("v", "1-", "invalid name \"v_1-\", last '-' should be alphanumeric"),
        ("v", "a b", "invalid name \"v_a b\", invalid character ' '"),
        ("é", "1", "invalid name \"é_1\", first 'Ã' should be alphanumeric"),
        ("v" * 60, "123", f'invalid plugin+deviceID "{"v" * 60}_123", too long'),
        ("v\udcff", "1", "invalid name \"v\\xff_1\", invalid character '\ufffd'"),
    ],
)
def test_a_key_that_kubernetes_would_refuse_is_refused(plugin: str, device_id: str, text: str) -> None:
    with pytest.raises(InvalidAnnotation) as refusal:
        annotation_key(plugin, device_id)
    assert refusal.value.what == text


def test_a_key_has_63_bytes_at_most() -> None:
    assert annotation_key("v" * 59, "123").endswith("_123")
    with pytest.raises(InvalidAnnotation, match="too long"):
        annotation_key("v" * 60, "123")


def test_a_name_that_is_not_qualified_is_refused_in_both_directions() -> None:
    with pytest.raises(InvalidAnnotation, match='unqualified device "gpu0", missing vendor'):
        annotation_value(["vendor.com/gpu=0", "gpu0"])
    with pytest.raises(InvalidAnnotation, match=r'invalid CDI device name " vendor\.com/gpu=1"'):
        parse_annotations({"cdi.k8s.io/x": "vendor.com/gpu=0, vendor.com/gpu=1"})
    with pytest.raises(InvalidAnnotation, match='invalid CDI device name ""'):
        parse_annotations({"cdi.k8s.io/x": ""})
