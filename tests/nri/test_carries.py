from __future__ import annotations

import pytest

from cod.nri.carries import carries, read_version


@pytest.mark.parametrize(
    ("runtime", "version", "names"),
    [
        ("containerd", "v2.1.0", True),
        ("containerd", "2.1.9+unknown", True),
        ("containerd", "v2.1.4-k3s1", True),
        ("containerd", "v2.2.0-rc.1", True),
        ("containerd", "v3.0.0", True),
        ("containerd", "v2.1.0-rc.1", False),
        ("containerd", "2.1.0~rc.1+ds1", False),
        ("containerd", "v2.1.0-rc1", False),
        ("containerd", "v2.1.0-beta.0-123-gdeadbee.m", False),
        ("containerd", "1.7.30~ds1", True),
        ("containerd", "v2.0.11", False),
        ("containerd", "v2.0.0", False),
        ("containerd", "v1.7.30", True),
        ("containerd", "1.7.34", True),
        ("containerd", "1.7.24~ds1", False),
        ("containerd", "v1.7.29", False),
        ("containerd", "unknown", False),
        ("containerd", "", False),
        ("cri-o", "1.34.0", True),
        ("cri-o", "1.37.0", True),
        ("cri-o", "1.34.0-dev", False),
        ("cri-o", "1.33.8", False),
        ("docker", "29.3.0", False),
        ("k3os", "9.9.9", False),
    ],
)
def test_names_go_to_the_versions_that_read_them(runtime: str, version: str, names: bool) -> None:
    assert carries(runtime, version).names is names


def test_docker_takes_variables_and_mounts_alone() -> None:
    found = carries("docker", "29.3.0")
    assert (found.names, found.nodes) == (False, False)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v1.2.3", (1, 2, 3)),
        ("1.2", (1, 2, 0)),
        ("v1.2.3-4-gdeadbee.m", (1, 2, 3)),
        ("1.2.3-rc.1", (1, 2, 2)),
        ("v", (0, 0, 0)),
        ("٣.٤", (0, 0, 0)),
        ("9" * 5000, (0, 0, 0)),
    ],
)
def test_versions_are_read_as_runtimes_write_them(text: str, version: tuple[int, int, int]) -> None:
    assert read_version(text) == version
