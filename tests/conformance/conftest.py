"""The fixture `replay`; `tests/conftest.py` prints what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from . import recorded
from .machines import Machines


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Machines:
    """The recorded machines."""
    return Machines(tmp_path_factory.mktemp("machines"))


@pytest.fixture
def replay(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Answer all cases of a file, count how they come out, and fail with every one that nothing explains."""

    def answer_and_check(file: str, *answers: Callable[[dict[str, Any]], Any]) -> None:
        tally = recorded.replay(file, *answers)
        record_property("tally", [tally.file, tally.cases, tally.same, tally.on_purpose, len(tally.wrong)])
        assert not tally.wrong, "\n".join([f"{len(tally.wrong)} cases of {file}:", *tally.wrong])

    return answer_and_check
