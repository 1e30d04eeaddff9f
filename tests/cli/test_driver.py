"""`cod driver`: what each looked for, found and left out."""

from __future__ import annotations

from tests.cli.lab import Lab


def test_drivers_are_listed_with_what_they_found_and_why_something_was_left_out(lab: Lab) -> None:
    lines = lab.cod("driver", "list").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    rows = {line.split()[0]: line for line in lines if line.strip()}
    assert rows["board.example.com"].split()[1:3] == ["10", "1"]
    assert "PCI functions bound to" in rows["board.example.com"]
    assert "failed: ModuleNotFoundError" in rows["broken"]
    assert lines[-2:] == ["left out:", "  board.example.com: 0000:32:00.0: it has fallen off the bus"]


def test_many_reasons_are_shortened_and_wide_and_show_have_them_all(lab: Lab) -> None:
    for number in range(5):
        path = lab.tree.pci(f"0000:4{number}:00.0", 0xB0A4, 1, 0x030200, driver="board")
        lab.tree.file(f"{path}/lost")
    table = lab.cod("driver", "list").stdout
    assert table.count("fallen off") == 3
    assert "  board.example.com: … 3 more: cod driver show board.example.com\n" in table
    assert lab.cod("driver", "list", "-o", "wide").stdout.count("fallen off") == 6
    assert lab.cod("driver", "show", "board.example.com").stdout.count("fallen off") == 6


def test_a_driver_is_shown_with_all_it_found(lab: Lab) -> None:
    lines = lab.cod("driver", "show", "board.example.com", "broken").stdout.splitlines()
    assert lines[0] == "board.example.com"
    assert lines[1].startswith("  looks for  PCI functions")
    assert lines[2].startswith("  found      gpu0, gpu0-part0")
    assert lines[3] == "  left out   0000:32:00.0: it has fallen off the bus"
    assert lines[5] == "broken"
    assert lines[6].startswith("  failed     ModuleNotFoundError")
    assert lines[7] == "  found      nothing"


def test_data_says_the_same_to_programs(lab: Lab) -> None:
    (board,) = lab.data("driver", "show", "board.example.com")
    assert board["skipped"] == [{"what": "0000:32:00.0", "why": "it has fallen off the bus"}]
    assert board in lab.data("driver", "list")
    assert "generic.cod.dev" in lab.cod("driver", "list", "-o", "name").stdout.split()


def test_a_driver_that_is_not_there_is_refused_with_the_nearest_and_cod_dev_may_be_left_out(lab: Lab) -> None:
    assert "nearest: board.example.com" in lab.cod("driver", "show", "board.example.org").stderr
    assert lab.cod("driver", "show", "generic").stdout.startswith("generic.cod.dev\n")
