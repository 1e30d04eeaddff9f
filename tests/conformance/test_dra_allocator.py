"""Kubernetes' allocator, question by question: its own tables, where it was wrong, and random small cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from cod.allocate import AllocationFailed, NoFit, Options, allocate
from cod.errors import Refused
from cod.resource import AllocationResult, InvalidClaim
from tests.allocate.checker import faults
from tests.allocate.instances import Instance
from tests.allocate.laws import as_node

from .allocations import EDGES, RANDOM, TABLE, Recorded, comparable, recorded

Note = Callable[[str, object], None]
UPSTREAM = Options(order="first", strict=True)
OTHER_WORDS = "an error in other words"


class Answer(NamedTuple):
    """What our allocator says: results, an error, or neither where nothing fits."""

    results: tuple[AllocationResult, ...] | None = None
    error: Refused | None = None

    @property
    def only_for_node(self) -> bool:
        """Whether another node might do."""
        return isinstance(self.error, AllocationFailed) and self.error.only_for_node


def ask(question: Instance, options: Options) -> Answer:
    claims, classes, slices, in_use, node = question
    try:
        return Answer(allocate(claims, classes, slices, in_use, node=as_node(node), options=options))
    except NoFit:
        return Answer()
    except (AllocationFailed, InvalidClaim) as error:
        return Answer(error=error)


def verdict(case: Recorded, answer: Answer) -> str:
    """Nothing where the answer is the recorded one, OTHER_WORDS, or what is wrong with it."""
    if case.error:
        if answer.error is None:
            return f"no error, and wanted {case.error!r}: {answer.results}"
        if answer.only_for_node != case.only_for_node:
            return f"only for this node: {answer.only_for_node}, and wanted {case.only_for_node}"
        said = answer.error.what
        return "" if said in case.error or case.error in said else OTHER_WORDS
    if answer.error is not None:
        return f"an error: {answer.error.what}"
    ours = None if answer.results is None else [comparable(each) for each in answer.results]
    return "" if ours == case.results else f"ours {ours}, wanted {case.results}"


def settle(file: str, verdicts: Iterable[tuple[str, str]], note: Note) -> None:
    """Put a file's verdicts into the table, and fail with those that are wrong."""
    found = [*verdicts]
    wrong = [f"{name}: {each}" for name, each in found if each not in ("", OTHER_WORDS)]
    other = sum(each == OTHER_WORDS for _, each in found)
    name = file.rpartition(".")[0]
    note("tally", [name, len(found), len(found) - other - len(wrong), other, len(wrong)])
    assert not wrong, "\n".join([f"{len(wrong)} of {len(found)} cases of {file}:", *wrong])


def test_the_upstream_table_is_answered_as_it_says(record_property: Note) -> None:
    cases = recorded(TABLE)
    settle(
        TABLE,
        (
            (
                case.name,
                verdict(
                    case, ask(case.question, Options(order="first", strict=True, features=case.features))
                ),
            )
            for case in cases
        ),
        record_property,
    )
    assert len(cases) == 223


def test_where_upstream_was_wrong_the_right_answer_is_given(record_property: Note) -> None:
    cases = recorded(EDGES)
    settle(
        EDGES, ((case.name, verdict(case, ask(case.question, UPSTREAM))) for case in cases), record_property
    )
    assert len(cases) == 24


def test_what_upstream_gives_up_at_is_answered_where_the_allocator_is_not_strict() -> None:
    """A foreign pool that is being updated; a device without the attribute; All against a constraint."""
    found = {}
    for case in recorded(EDGES):
        answer = ask(case.question, Options(order="first"))
        if not case.error:
            assert verdict(case, answer) == "", case.name
            continue
        assert answer.error is None, case.name
        results = answer.results
        found[case.name.partition(" ")[0]] = results and [each.device for each in results[0].devices.results]
        if results is not None:
            assert faults(*case.question, results) == []
    assert found == {"6": ["a"], "6b": None, "7": ["b"]}


def test_random_cases_are_answered_as_an_exhaustive_search_found(record_property: Note) -> None:
    cases = recorded(RANDOM)
    verdicts = []
    for case in cases:
        results = ask(case.question, Options()).results
        if (results is not None) != (case.results is not None):
            verdicts.append((case.name, f"fits: {results is not None}"))
        else:
            wrong = faults(*case.question, results) if results is not None else []
            verdicts.append((case.name, "; ".join(wrong)))
    settle(RANDOM, verdicts, record_property)
    assert len(cases) == 500
    assert sum(case.results is not None for case in cases) == 91


def test_random_cases_are_given_the_first_fit_of_upstream() -> None:
    wrong = {
        case.name: found
        for case in recorded(RANDOM)
        if (found := verdict(case, ask(case.question, UPSTREAM)))
    }
    assert wrong == {}


def test_the_table_is_not_answered_otherwise_in_the_best_order() -> None:
    """Other devices maybe, but as many cases fit, and what is given is right."""
    wrong: dict[str, Any] = {}
    for case in recorded(TABLE):
        if case.error:
            continue
        answer = ask(case.question, Options(features=case.features, strict=True))
        if answer.error is not None or (answer.results is None) != (case.results is None):
            wrong[case.name] = answer
            continue
        found = faults(*case.question, answer.results) if answer.results is not None else []
        if found and "disabled" not in case.name:
            wrong[case.name] = found
    assert wrong == {}
