"""The picture: well-formed, readable, the same each time, and within bounds."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.drivers import Link
from cod.show.layout import WIDTH
from cod.show.svg import draw_svg
from cod.show.svg_text import escaped, fit, fit_name, text_width
from cod.topology import survey
from tests.machines.found import found, inventory
from tests.machines.tree import Tree

from .machines import divided, held, ring, simulated

SVG = "{http://www.w3.org/2000/svg}"
SIZE = re.compile(r"font-size: (\d+)px")


def parse(text: str) -> ElementTree.Element:
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    return root


def words(root: ElementTree.Element) -> list[str]:
    return ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]


MACHINES = ("sim:2gpu", "sim:8gpu", "sim:64gpu", "sim:rack", "sim:300gpu", "sim:2mig,3fpga,1npu,200nic")


@pytest.mark.parametrize("name", MACHINES)
def test_all_lies_within_the_picture_and_boxes_within_boxes(name: str) -> None:
    root = parse(draw_svg(simulated(name), {}, name))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    assert width <= WIDTH
    for each in root.iter():
        if "x" in each.attrib:
            assert 0 <= float(each.attrib["x"]) <= width
            assert float(each.attrib["x"]) + float(each.attrib.get("width", 0)) <= width + 0.1
            assert float(each.attrib["y"]) + float(each.attrib.get("height", 0)) <= height + 0.1


@pytest.mark.parametrize("name", MACHINES)
def test_cards_do_not_overlap(name: str) -> None:
    root = parse(draw_svg(simulated(name), {}, name))
    cards = [
        tuple(float(each.attrib[side]) for side in ("x", "y", "width", "height"))
        for each in root.iter(f"{SVG}rect")
        if each.attrib.get("class") == "card"
    ]
    rows: dict[float, list[tuple[float, float]]] = {}
    for x, y, width, _ in cards:
        rows.setdefault(y, []).append((x, x + width))
    for row in rows.values():
        row.sort()
        assert all(end <= start for (_, end), (start, _) in pairwise(row))


def test_nothing_is_fetched_and_no_text_is_small() -> None:
    text = draw_svg(simulated("sim:8gpu"), {}, "box")
    assert not re.search(r"<script|<image|href|@import|url\(", text)
    assert text.count("http") == 1  # the namespace
    assert min(map(int, SIZE.findall(text))) >= 11
    assert "prefers-color-scheme: dark" in text


def test_the_same_machine_gives_the_same_picture() -> None:
    assert draw_svg(simulated("sim:8gpu"), {}, "box") == draw_svg(simulated("sim:8gpu"), {}, "box")


def test_states_are_told_by_shape_and_in_words() -> None:
    topology = simulated("sim:8gpu")
    root = parse(draw_svg(topology, held(topology, gpu2="train-7"), "box"))
    assert words(root).count("train-7") == 1
    assert "held" in words(root)
    assert "unready" not in words(root)
    (card,) = (
        each for each in root.iter(f"{SVG}g") if (each.findtext(f"{SVG}title") or "").startswith("gpu2 ")
    )
    assert card.attrib["class"] == "held"
    assert card.findtext(f"{SVG}title") == "gpu2 · held by train-7 · gpu · 0000:23:00.0"


def test_large_machines_name_claims_below() -> None:
    for name in ("sim:64gpu", "sim:300gpu"):
        topology = simulated(name)
        root = parse(draw_svg(topology, held(topology, gpu2="train-7", gpu3="train-7"), "box"))
        assert "train-7: gpu2, gpu3" in words(root)


def test_every_device_of_a_large_machine_is_there_by_name() -> None:
    topology = simulated("sim:300gpu")
    text = draw_svg(topology, {}, "box")
    assert all(f"<title>{point.name} · free" in text for point in topology.devices)
    assert "gpu0–gpu3" in text


def test_parts_are_squares_in_the_card_of_their_device(tmp_path: Path) -> None:
    topology = divided(tmp_path)
    root = parse(draw_svg(topology, held(topology, gpu0_part2="infer"), "box"))
    squares = [
        each.attrib["class"] for each in root.iter(f"{SVG}rect") if "part" in each.attrib.get("class", "")
    ]
    assert squares == ["part free"] * 2 + ["part held"] + ["part free"] * 4
    assert {"7 parts, 1 held", "ecc-error", "Big <&> Fast"} <= set(words(root))


def test_a_full_mesh_is_a_line_and_a_partial_one_has_arcs(tmp_path: Path) -> None:
    assert "gpu0–gpu7, each with each, 200 GB/s" in draw_svg(simulated("sim:8gpu"), {}, "box")
    root = parse(draw_svg(ring(tmp_path), {}, "box"))
    arcs = [each for each in root.iter(f"{SVG}path") if each.attrib.get("class") == "wire"]
    assert len(arcs) == 6
    assert {each.findtext(f"{SVG}title") for each in arcs} >= {
        "gpu0 with gpu1 · 25 GB/s",
        "gpu1 with gpu2 · 50 GB/s",
    }


def test_more_links_than_anybody_could_follow_are_a_line(tmp_path: Path) -> None:
    text = draw_svg(ring(tmp_path, 40), {}, "box")
    assert "40 of 780 pairs" in text
    assert len(parse(text).findall(f"{SVG}path")) == 1  # the sign


HOSTILE = st.text(st.characters(), max_size=20) | st.sampled_from(
    ("</svg><script>", "&amp;", "]]>", "\"'", "\x1b[2J", "\ud800", "\ufffe", "a" * 300, "\u202egpj")
)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_name_breaks_the_picture(name: str, model: str, claim: str) -> None:
    host = Tree(Path("/nowhere")).host
    links = [Link("gpu1", name)]
    devices = [found(host, "gpu0", type_=model, model=model, links=links, unready=claim), found(host, "gpu1")]
    topology = survey(host, inventory(devices))
    root = parse(draw_svg(topology, held(topology, gpu1=claim), name))
    assert not list(root.iter(f"{SVG}script"))


@given(HOSTILE)
def test_escaped_text_is_text(text: str) -> None:
    element = ElementTree.fromstring(f"<a b='{escaped(text)}'>{escaped(text)}</a>")
    assert (element.text or "") == element.attrib["b"]
    if text.isprintable():
        assert (element.text or "") == text


@given(st.text(max_size=40), st.floats(5, 300))
def test_text_that_is_cut_fits(text: str, room: float) -> None:
    assert text_width(fit(text, 11, room), 11) <= room or fit(text, 11, room) == ""
    assert len(fit_name(text, 11, room)) <= max(len(text), 3)


def test_a_name_keeps_its_end_where_names_differ() -> None:
    assert fit_name("gpu-0-mig-1g-10gb-12", 11, 80) == "gpu-0…0gb-12"
    assert fit_name("gpu0", 11, 80) == "gpu0"
