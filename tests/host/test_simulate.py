from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cod.host import open_host

COUNTS = st.dictionaries(
    st.sampled_from(["gpu", "mig", "fpga", "nic", "npu"]), st.integers(1, 40), min_size=1, max_size=5
)


@given(COUNTS)
@settings(max_examples=40, deadline=None)
def test_every_simulated_machine_is_a_machine(counts: dict[str, int]) -> None:
    host = open_host("sim:" + ",".join(f"{count}{kind}" for kind, count in counts.items()))
    cards = [each for each in host.pci.values() if each.driver == "cod-sim"]
    for kind, count in counts.items():
        indices = [
            host.number(f"{each.path}/sim/index")
            for each in cards
            if host.value(f"{each.path}/sim/kind") == kind
        ]
        assert indices == list(range(count))
    for each in cards:
        assert each.root
        assert each.bridges
        assert each.numa_node in host.numa
        assert set(each.cpus) == set(host.numa[each.numa_node].cpus)
        assert all(bridge in host.pci for bridge in each.bridges)
        assert int(each.address[8:10], 16) < 32


def test_four_accelerators_share_a_root_complex_two_a_switch_and_a_nic_stands_beside_them() -> None:
    host = open_host("sim:8gpu")
    by_switch: dict[tuple[str, str], list[str]] = {}
    for each in host.pci.values():
        if each.driver == "cod-sim":
            by_switch.setdefault((each.root, each.bridges[1]), []).append(host.value(f"{each.path}/sim/kind"))
    assert [*by_switch.values()] == [["gpu", "gpu", "nic"]] * 4
    assert [root for root, _ in by_switch] == ["pci0000:10"] * 2 + ["pci0000:30"] * 2


def test_what_is_not_of_sysfs_is_this_machines() -> None:
    host = open_host("sim:2gpu")
    assert host.node("/dev/null") is not None
    assert host.node_name == open_host("/").node_name
    assert host.names("/proc/driver") == []
