from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cod.nri import messages

REPOSITORY = Path(__file__).parents[2]


def test_the_shipped_messages_are_what_the_proto_files_give() -> None:
    pytest.importorskip("grpc_tools", reason="grpcio-tools not installed")
    run = subprocess.run(
        [sys.executable, str(REPOSITORY / "tools/protocols"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_fields_of_a_newer_runtime_are_skipped() -> None:
    newer = b"\xda\x3f\x03abc"  # field 1019
    assert messages.SynchronizeRequest.FromString(b"\x18\x01" + newer).more


def test_the_mask_asks_for_the_making_of_containers_alone() -> None:
    assert messages.CREATE_CONTAINER == 0b1000


def test_bytes_of_a_request_are_those_of_the_interface() -> None:
    request = messages.RegisterPluginRequest(plugin_name="cod", plugin_idx="50", NRI_version="v0.12.2")
    assert request.SerializeToString() == b"\x0a\x03cod\x12\x0250\x1a\x07v0.12.2"
