"""The tree for a terminal."""

from __future__ import annotations

from pathlib import Path

from cod.show.tree import draw_tree

from .machines import divided, held, ring, simulated


def test_boxes_lie_in_boxes_and_a_held_device_says_by_whom() -> None:
    topology = simulated("sim:2gpu")
    assert draw_tree(topology, held(topology, gpu1="train-7"), "box") == (
        "box   2 gpu · 1 NUMA node · 32 CPUs · 256 GiB\n"
        "├─ NUMA 0   CPUs 0–31 · 256 GiB\n"
        "│  └─ root complex pci0000:10\n"
        "│     └─ switch 0000:11:00.0\n"
        "│        ├─ ○ gpu0   gpu   0000:13:00.0\n"
        "│        └─ ● gpu1   gpu   0000:14:00.0   held by train-7\n"
        "└─ links\n"
        "   └─ sim-link: gpu0 with gpu1, 200 GB/s\n"
        "\n"
        "○ free   ● held\n"
    )


def test_parts_stand_below_what_they_are_parts_of_by_state(tmp_path: Path) -> None:
    topology = divided(tmp_path)
    text = draw_tree(topology, held(topology, gpu0_part2="infer"), "box")
    assert text == (
        "box   2 gpu, 2 nic, 7 parts · 1 NUMA node · 8 CPUs\n"
        "├─ NUMA 0   CPUs 0–7\n"
        "│  └─ root complex pci0000:00\n"
        "│     ├─ ▾ gpu0   gpu   0000:01:00.0   Big <&> Fast   7 parts, 1 held\n"
        "│     │  ├─ ○ gpu0-part0, gpu0-part1, gpu0-part3–gpu0-part6\n"
        "│     │  └─ ● gpu0-part2   held by infer\n"
        "│     ├─ ✕ gpu1   gpu   0000:02:00.0                  unready: ecc-error\n"
        "│     ├─ ○ nic0   nic   0000:03:00.0\n"
        "│     └─ ○ nic1   nic   0000:03:00.1\n"
        "└─ rails\n"
        "   ├─ nic0: gpu0, gpu1\n"
        "   └─ nic1: gpu0, gpu1\n"
        "\n"
        "○ free   ● held   ✕ unready\n"
    )


def test_links_that_are_no_full_mesh_say_how_many_there_are(tmp_path: Path) -> None:
    text = draw_tree(ring(tmp_path), {}, "box")
    assert "└─ NVLink: gpu0–gpu5, 6 of 15 pairs, 1–2 links, 25–50 GB/s" in text


def test_functions_that_no_driver_offers_are_shown_on_demand() -> None:
    topology = simulated("sim:1nic")
    topology = type(topology)(topology.host, (), {}, topology.locality)
    assert "0000:13:00.0" not in draw_tree(topology, {}, "box")
    assert "· 0000:13:00.0   network" in draw_tree(topology, {}, "box", is_all=True)


def test_a_machine_with_nothing_is_a_line(tmp_path: Path) -> None:
    assert draw_tree(ring(tmp_path, 0), {}, "box") == "box   no devices\n"
