"""Where a user's containers find specs."""

from __future__ import annotations

import pwd

from cod.oci.settings import DEFAULT_DIRS, spec_dirs


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
