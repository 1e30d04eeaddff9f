"""Why these devices: an answer in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cod.allocate.answer import Aimed, Answer
from cod.show.ranges import ranges, shortened

_LONG = 60  # letters of a list of devices


def lines(answer: Answer) -> Iterator[str]:
    """What each request was given, out of how many, and what came of each wish."""
    for each in answer.given:
        names = ranges(key[2] for key in each.devices) or "no device"
        would = f"of {each.candidates} that would do" if each.candidates else ""
        yield f"request {each.request}: {names}, {would}".rstrip(", ")
        yield from (f"  not {other}: {why}" for other, why in each.instead_of.items())
    width = max((len(each.aim) for each in answer.aimed), default=0)
    counts = Counter((each.aim, _text(each)) for each in answer.aimed)
    for (aim, text), count in counts.items():
        yield f"{aim:<{width}}  {text}{f', {count} times' if count > 1 else ''}"
    if not answer.is_proven:
        yield "the search was stopped with the best that it had found"
    elif answer.aimed:
        yield "no other choice is better"


def _text(aimed: Aimed) -> str:
    names = shortened(ranges(key[2] for key in aimed.devices), _LONG)
    return f"{aimed.text}: {names}" if names else aimed.text
