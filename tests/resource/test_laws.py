"""What holds for every object, and for everything that might be one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cod.resource import KINDS, InvalidObject, decode, encode, from_data, problems, to_data, to_yaml

from .shapes import data_of, json_values

T = TypeVar("T")

many = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
kinds = pytest.mark.parametrize("kind", KINDS)


def headed(kind: str) -> dict[str, str]:
    return {"apiVersion": "resource.k8s.io/v1", "kind": kind}


@kinds
@many
@given(st.data())
def test_what_is_read_is_written_again_with_the_fields_that_nobody_knows(
    kind: str, data: st.DataObject
) -> None:
    given_data = {**data.draw(data_of(KINDS[kind])), **headed(kind)}
    value = from_data(given_data, KINDS[kind])
    assert to_data(value) == given_data
    assert json.loads(encode(value)) == given_data
    assert decode(encode(value)) == [value]
    assert decode(to_yaml(value)) == [value]


@kinds
@many
@given(st.data())
def test_checking_never_raises_whatever_the_data(kind: str, data: st.DataObject) -> None:
    given_data = spoilt(data, {**data.draw(data_of(KINDS[kind])), **headed(kind)})
    value, refusal = read(lambda: from_data(given_data, KINDS[kind]))
    if value is None:
        assert refusal
        return
    assert all(problem.text for problem in problems(value))
    assert from_data(to_data(value), KINDS[kind]) == value


@many
@given(
    st.recursive(
        json_values, lambda inner: st.dictionaries(st.sampled_from(["kind", "items", "spec"]), inner)
    )
)
def test_any_json_is_objects_or_is_refused(data: Any) -> None:
    for text in (json.dumps(data), json.dumps({**headed("ResourceClaim"), "spec": data})):
        value, refusal = read(lambda text=text: decode(text))  # type: ignore[misc]
        assert refusal or value is not None


@many
@given(st.text() | st.binary())
def test_any_text_is_objects_or_is_refused(text: str | bytes) -> None:
    value, refusal = read(lambda: decode(text))
    assert refusal or value is not None


def read(action: Callable[[], T]) -> tuple[T | None, tuple[str, ...]]:
    """What reading gives, or the causes of its refusal."""
    try:
        return action(), ()
    except InvalidObject as refusal:
        return None, refusal.causes


def spoilt(data: st.DataObject, value: Any) -> Any:
    """The value with something else in one place."""
    if not data.draw(st.integers(0, 4)) or not value or not isinstance(value, (dict, list)):
        return data.draw(json_values)
    if isinstance(value, list):
        index = data.draw(st.integers(0, len(value) - 1))
        return [spoilt(data, item) if number == index else item for number, item in enumerate(value)]
    key = data.draw(st.sampled_from(sorted(value)))
    return {**value, key: spoilt(data, value[key])}
