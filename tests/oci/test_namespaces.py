"""Root in a user namespace is the user who has made it."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from cod.cdi.cache_place import cache_directory
from cod.oci.namespaces import ids, outer_user
from cod.oci.settings import DEFAULT_DIRS, spec_dirs


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("         0          0 4294967295\n", None),
        ("0 1000 1\n1 100000 65536\n", ["0", "1000", "1", "1", "100000", "65536"]),
        ("", []),
    ],
)
def test_a_map_is_read(tmp_path: Path, text: str, found: list[str] | None) -> None:
    (tmp_path / "uid_map").write_text(text)
    assert ids(str(tmp_path / "uid_map")) == found
    assert ids(str(tmp_path / "none")) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_root_in_a_users_namespace_is_that_user(tmp_path: Path) -> None:
    (tmp_path / "uid_map").write_text("0 1000 1\n1 100000 65536\n")
    assert (outer_user(str(tmp_path / "uid_map")), outer_user()) == (1000, 0)


def test_a_users_own_specs_count_for_the_user_and_not_for_root() -> None:
    environ = {"HOME": "/home/u", "XDG_RUNTIME_DIR": "/run/user/1234"}
    assert spec_dirs({}, environ, 0) == DEFAULT_DIRS
    assert spec_dirs({}, environ, 1234) == (*DEFAULT_DIRS, "/home/u/.config/cdi", "/run/user/1234/cdi")


def test_a_users_own_specs_are_found_without_variables() -> None:
    user = pwd.getpwall()[1]
    assert spec_dirs({}, {}, user.pw_uid)[-2:] == (
        f"{user.pw_dir}/.config/cdi",
        f"/run/user/{user.pw_uid}/cdi",
    )
    assert spec_dirs({}, {}, 4_000_000_001)[-1] == "/run/user/4000000001/cdi"


def test_a_users_cache_is_the_users_and_not_roots() -> None:
    assert cache_directory({"HOME": "/home/u"}, 0) == "/var/cache/cod"
    assert cache_directory({"HOME": "/home/u"}, 1234) == "/home/u/.cache/cod"
    assert cache_directory({"HOME": "/home/u", "COD_CACHE": "off"}, 1234) is None
