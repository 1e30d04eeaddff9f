"""Which nodes a user may open by a group alone."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from cod.cdi.spec import DeviceNode
from cod.runtimes.groups import User, check_groups, lost_group
from cod.runtimes.translate import NotCarried

OTHER = os.getuid() + 4242
ANY = 0xFFFFFFFF
MEMBER = User(OTHER, OTHER, (OTHER, os.getgid()))


@pytest.fixture
def node(tmp_path: Path) -> Path:
    path = tmp_path / "node"
    path.touch()
    return path


@pytest.mark.parametrize(
    ("mode", "access", "user", "is_lost"),
    [
        (0o660, "rw", MEMBER, True),
        (0o660, "rwm", MEMBER, True),
        (0o664, "rw", MEMBER, True),
        (0o664, "r", MEMBER, False),  # everybody may read it
        (0o666, "rw", MEMBER, False),
        (0o640, "rw", MEMBER, False),  # nor could they outside
        (0o660, "rw", User(OTHER, OTHER, ()), False),
        (0o660, "rw", User(OTHER, os.getgid(), (os.getgid(),)), False),  # that one stays theirs
        (0o660, "rw", User(os.getuid(), OTHER, (os.getgid(),)), False),
    ],
)
def test_a_group_counts_where_it_alone_opens_a_node(
    node: Path, mode: int, access: str, user: User, is_lost: bool
) -> None:
    node.chmod(mode)
    assert lost_group(str(node), access, user) == (os.getgid() if is_lost else None)


def test_what_a_list_of_rights_opens_is_not_for_a_group_to_say(node: Path) -> None:
    entries = (
        (1, 6, ANY),
        (2, 6, OTHER),
        (4, 6, ANY),
        (16, 6, ANY),
        (32, 0, ANY),
    )  # acl(5), as the kernel has it
    rights = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *each) for each in entries)
    os.setxattr(node, "system.posix_acl_access", rights)
    assert node.stat().st_mode & 0o777 == 0o660
    assert lost_group(str(node), "rw", MEMBER) is None


def test_a_node_that_would_not_open_is_refused_with_what_to_do(node: Path) -> None:
    node.chmod(0o660)
    check_groups([DeviceNode(path="/dev/acme0", host_path="/nowhere")], MEMBER)
    with pytest.raises(NotCarried) as caught:
        check_groups([DeviceNode(path="/dev/acme0", host_path=str(node))], MEMBER)
    assert str(node) in caught.value.causes[0]
    assert "keep-groups" in caught.value.hint
