from __future__ import annotations

from pathlib import Path

import pytest

from cod import cdi
from cod.cdi.build import build


def test_a_built_spec_declares_the_oldest_version_that_knows_it() -> None:
    spec = build("vendor.com/gpu")
    device = spec.device("gpu0").env("A", "1")
    assert spec.spec().cdi_version == "0.3.0"
    device.node("/dev/a", host_path="/dev/b")
    assert spec.spec().cdi_version == "0.5.0"
    device.gid(44)
    assert spec.spec().cdi_version == "0.7.0"
    device.net_device("eth1", "net1")
    assert spec.spec().cdi_version == "1.1.0"


def test_a_built_spec_is_read_back_as_it_was(tmp_path: Path) -> None:
    spec = build("vendor.com/gpu").annotate("vendor.com/driver", "1.2")
    spec.mount("/usr/lib/libv.so", options=("ro", "bind")).hook(
        "createContainer", "/bin/h", "h", "x", timeout=3
    )
    spec.device("0").node("/dev/v0", permissions="rw", type="c", major=9, minor=0).annotate("model", "x")
    for name in ("a.json", "a.yaml"):
        written = cdi.read(spec.write(tmp_path, name))
        assert cdi.to_data(written) == cdi.to_data(spec.spec())


def test_a_flawed_spec_is_not_built() -> None:
    spec = build("vendor.com")
    spec.device("a/b")
    with pytest.raises(cdi.InvalidSpec) as caught:
        spec.spec()
    assert {problem.rule for problem in caught.value.problems} == {"vendor", "device-name", "device-empty"}


def test_the_package_exports_what_it_says() -> None:
    for name in cdi.__all__:
        assert getattr(cdi, name) is not None
    assert sorted(cdi.__all__) == dir(cdi)
