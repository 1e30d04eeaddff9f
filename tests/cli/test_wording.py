from __future__ import annotations

from cod.cli.terminal import printable
from cod.cli.wording import report
from cod.errors import Refused


def test_an_error_says_what_where_why_and_what_to_try() -> None:
    error = Refused("it broke", where="a/file:3:1", causes=("too old", "too cold"), hint="wait")
    assert report(error) == "error: it broke\n  --> a/file:3:1\n  too old\n  too cold\n  try: wait\n"


def test_an_error_with_nothing_more_is_one_line() -> None:
    assert report(Refused("it broke")) == "error: it broke\n"


def test_nothing_in_an_error_moves_the_cursor_or_forges_a_line() -> None:
    told = report(Refused("a\x1b[2Jb", where="c\rd", causes=("e\nerror: f",)))
    assert told == "error: a\\x1b[2Jb\n  --> c\\rd\n  e\\nerror: f\n"


def test_text_of_any_script_stays_as_it_is() -> None:
    assert printable("größe 大きさ\t×") == "größe 大きさ\t×"
    assert printable("\udcff") == "\\udcff"
