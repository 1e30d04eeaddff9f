from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cod.drivers import Link
from cod.drivers.nvidia.nvlink import links_of_topology_text
from tests.machines.nvidia import TOPOLOGY

LINKS = {
    0: (Link("gpu-1", "nvlink", 12), Link("gpu-2", "nvlink", 4)),
    1: (Link("gpu-0", "nvlink", 12),),
    2: (Link("gpu-0", "nvlink", 4),),
}


def test_links_are_between_gpus_and_whatever_stands_beside_them() -> None:
    assert links_of_topology_text(TOPOLOGY) == LINKS


def test_a_matrix_that_was_copied_with_blanks_reads_the_same() -> None:
    assert links_of_topology_text(TOPOLOGY.replace("\t", "    ")) == LINKS


def test_text_before_the_matrix_does_not_matter() -> None:
    assert links_of_topology_text(f"$ nvidia-smi topo -m\nGPU 0: found\n\n{TOPOLOGY}") == LINKS


def test_a_single_gpu_has_no_links() -> None:
    assert links_of_topology_text("\tGPU0\tCPU Affinity\tNUMA Affinity\nGPU0\t X \t0-7\t0\n") == {}


@given(st.integers(0, len(TOPOLOGY)), st.text(max_size=3))
def test_a_broken_matrix_never_links_a_gpu_with_itself(place: int, text: str) -> None:
    broken = TOPOLOGY[:place] + text + TOPOLOGY[place + len(text) :]
    for index, links in links_of_topology_text(broken).items():
        assert f"gpu-{index}" not in [link.to for link in links]


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    links_of_topology_text(text)
