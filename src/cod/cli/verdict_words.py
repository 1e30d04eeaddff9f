"""A verdict in words, and as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from cod.allocate import Node
from cod.cli import answer_words, refusal_words
from cod.cli.verdict import Group, Verdict
from cod.errors import CodError
from cod.resource import AllocationResult, to_data
from cod.show.ranges import ranges, shortened

_LONG = 100  # letters of a list of nodes
_FEW = 5  # groups of nodes without room that are told in full
_KEYS = ("device", "devices", "left")


def lines(verdict: Verdict) -> Iterator[str]:
    """All that there is to say, line by line."""
    if verdict.invalid is not None:
        yield f"invalid: claim {verdict.name}"
        yield from _indented(_error(verdict.invalid))
        return
    nodes = [node for group in verdict.groups for node in group.nodes]
    if len(nodes) < 2:
        (group,) = verdict.groups
        yield f"{_word(group)}: claim {verdict.name}{f' on {nodes[0].name}' if nodes else ''}"
        yield from _indented(_told(group, is_alone=True))
        yield from _indented(_difference(verdict))
        return
    fitting = [node for group in verdict.groups if group.fits for node in group.nodes]
    if fitting:
        yield f"fits: claim {verdict.name} on {len(fitting)} of {len(nodes)} nodes: {_names(fitting)}"
    else:
        yield f"no fit: claim {verdict.name} on none of {len(nodes)} nodes"
    for group in verdict.groups:
        if group.answer or group.devices:
            yield f"  on {group.nodes[0].name}"
            yield from _indented(_indented(_told(group, is_alone=True)))
            break
    yield from _indented(_difference(verdict))
    yield from _indented(_without_room(verdict.groups))


def _without_room(groups: Sequence[Group]) -> Iterator[str]:
    """The groups of nodes on which claims do not fit, the largest first."""
    by_causes: dict[tuple[str, ...], list[Group]] = {}
    for group in groups:
        if group.refusal or group.failure:
            by_causes.setdefault((*_told(group, is_alone=False),), []).append(group)
    failing = [
        (alike[0], [node for each in alike for node in each.nodes], causes)
        for causes, alike in by_causes.items()
    ]
    failing.sort(key=lambda each: -len(each[1]))
    for group, nodes, causes in failing[:_FEW]:
        count = f" ({len(nodes)} nodes)" if len(nodes) > 1 else ""
        yield f"{'undecided on' if group.failure else 'not on'} {_names(nodes)}{count}"
        yield from _indented(iter(causes) if len(nodes) > 1 else _told(group, is_alone=True))
    told = {node.name for _, nodes, _ in failing[:_FEW] for node in nodes}
    names = [node.name for group in groups if not group.fits for node in group.nodes]
    if rest := [name for name in names if name not in told]:
        yield f"nor on {len(rest)} more, for other causes: --node {rest[0]}"


def _word(group: Group) -> str:
    if group.fits:
        return "fits"
    return "undecided" if group.failure else "no fit"


def _told(group: Group, *, is_alone: bool) -> Iterator[str]:
    if group.answer is not None:
        yield from answer_words.lines(group.answer)
    elif group.refusal is not None:
        yield from refusal_words.lines(group.refusal, of_many=not is_alone)
    elif group.failure is not None:
        yield from _error(group.failure)
    for request in dict.fromkeys(each[0] for each in group.devices):
        yield f"request {request}: {ranges(each[3] for each in group.devices if each[0] == request)}"


def _error(error: CodError) -> Iterator[str]:
    for text in (error.what, *error.causes):
        yield from text.splitlines()
    if error.hint:
        yield f"try: {error.hint}"


def _names(nodes: Sequence[Node]) -> str:
    """The names of nodes, of many only the first ones."""
    return shortened(ranges(each.name for each in nodes), _LONG)


def _difference(verdict: Verdict) -> Iterator[str]:
    """That claims would be given other devices today than they have, or have some that are gone."""
    if verdict.gone:
        yield f"it has {ranges(key[2] for key in verdict.gone)}: gone, no slice has it any more"
        return
    answers = [group.answer for group in verdict.groups if group.answer]
    if verdict.has and answers:
        results = [each for result in answers[0].results for each in result.devices.results]
        if {(each.driver, each.pool, each.device) for each in results} != set(verdict.has):
            yield f"it has {ranges(key[2] for key in verdict.has)}: chosen when other devices were free"


def _indented(texts: Iterator[str]) -> Iterator[str]:
    return (f"  {text}" for text in texts)


def data(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain data: nodes by their names, devices as driver/pool/device."""
    found: dict[str, Any] = {"claims": [each.name for each in verdict.claims], "fits": verdict.fits}
    if verdict.has:
        found["has"] = ["/".join(each) for each in verdict.has]
    if verdict.invalid is not None:
        return found | {"invalid": _error_data(verdict.invalid)}
    return found | {"groups": [_group_data(each) for each in verdict.groups]}


def _group_data(group: Group) -> dict[str, Any]:
    found: dict[str, Any] = {"nodes": [each.name for each in group.nodes], "fits": group.fits}
    if group.answer is not None:
        found["answer"] = _plain(group.answer)
    if group.devices:
        found["devices"] = ["/".join(each[1:]) for each in group.devices]
    if group.refusal is not None:
        found["refusal"] = _plain(group.refusal)
    if group.failure is not None:
        found["failure"] = _error_data(group.failure)
    return found


def _error_data(error: CodError) -> dict[str, Any]:
    return {"what": error.what, "causes": [*error.causes], "hint": error.hint}


def _plain(value: Any, field: str = "") -> Any:
    if isinstance(value, AllocationResult):
        return to_data(value)
    if isinstance(value, Struct):
        fields = value.__struct_fields__
        return {_camel(each): _plain(getattr(value, each), each) for each in fields}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        if field in _KEYS and value and all(isinstance(each, str) for each in value):
            return "/".join(value)
        return [_plain(each, field) for each in value]
    return value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))
