from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module

import cod
from cod import errors


def all_errors() -> set[type[errors.CodError]]:
    for module in pkgutil.walk_packages(cod.__path__, "cod."):
        if module.name != "cod.__main__":
            import_module(module.name)
    found: set[type[errors.CodError]] = set()
    todo = [errors.CodError]
    while todo:
        error = todo.pop()
        found.add(error)
        todo += error.__subclasses__()
    return {error for error in found if error.__module__.startswith("cod.")}


def test_the_tree_of_errors_shows_every_error_and_where_it_lives() -> None:
    drawn = inspect.getdoc(errors) or ""
    for error in all_errors():
        line = next((line for line in drawn.splitlines() if f" {error.__name__} " in f"{line} "), "")
        assert line, f"{error.__name__} is not drawn"
        assert error.__module__.startswith(line.split()[-1]) or not line.split()[-1].startswith("cod.")


def test_every_error_ends_a_command_with_a_status_of_its_own_kind() -> None:
    assert {error.exit_code for error in all_errors()} <= {1, 2, 3, 126, 127}
