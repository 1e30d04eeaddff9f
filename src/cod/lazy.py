"""Names of a package that are imported on first use, so that asking for one does not load them all."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def lazy(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package; `homes` says in which module of it each name lies. Source: PEP 562.

    A name that a module of the package has, too, is what lies in that module, whoever imported it first.
    """

    class Package(type(sys)):  # type: ignore[misc]
        def __setattr__(self, name: str, value: object) -> None:
            if name not in homes or not isinstance(value, type(sys)):
                super().__setattr__(name, value)

    sys.modules[package].__class__ = Package

    def attribute(name: str) -> Any:
        from importlib import import_module

        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{homes[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return attribute
