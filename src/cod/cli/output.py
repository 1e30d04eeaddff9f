"""What goes to stdout: a table for people, JSON or YAML in the API's shape, or bare names for scripts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click
from msgspec import Struct

from cod.cli.terminal import printable

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = ("table", "wide", "json", "yaml", "name")
WIDTH = 80  # of a table for people
_GAP = "   "
_NARROWEST = 8


def output_option(*formats: str) -> Callable[[F], F]:
    """The option `-o` with these formats, the first being the default; all formats if none is named.

    The command receives it as `output`.
    """
    offered = formats or FORMATS
    return click.option(
        "-o",
        "--output",
        "output",
        type=click.Choice(offered),
        default=offered[0],
        show_default=True,
        help="How to print it.",
    )


def print_table(
    rows: Iterable[Sequence[object]], headers: Sequence[str], *, width: int | None = None
) -> None:
    """Print columns that are as wide as their widest cell, without blanks at the ends of lines.

    Where a line would be longer than `width`, the widest columns are cut; the first, a name, is whole.
    """
    cells = [list(headers), *([printable(str(cell)) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    if width is not None:
        _narrow(widths, width - len(_GAP) * (len(widths) - 1))
    for row in cells:
        line = _GAP.join(_cell(cell, width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(f"{line.rstrip()}\n")


def print_diff(old: bytes, new: bytes, old_name: str, new_name: str) -> int:
    """Print a unified diff of two texts; 1 if there is one."""
    from difflib import unified_diff

    before, after = (data.decode("utf-8", "replace").splitlines(keepends=True) for data in (old, new))
    lines = list(unified_diff(before, after, printable(old_name), printable(new_name)))
    sys.stdout.writelines(lines)
    return int(bool(lines))


def print_list(items: Iterable[Struct], output: str) -> None:
    """Print objects of the API as one List, which `kubectl apply` takes."""
    from cod.resource import to_data

    data = {"apiVersion": "v1", "kind": "List", "items": [to_data(each) for each in items]}
    if output == "yaml":
        from cod.resource.yaml_text import write_documents

        sys.stdout.write(write_documents([data]))
    else:
        print_json(data)


def _narrow(widths: list[int], room: int) -> None:
    """Take from the widest columns but the first what there is no room for."""
    while sum(widths) > room:
        column = max(range(1, len(widths)), key=widths.__getitem__, default=0)
        if widths[column] <= _NARROWEST:
            return
        widths[column] -= 1


def _cell(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else f"{text[: width - 1]}…"


def print_names(names: Iterable[str]) -> None:
    """Print one name a line."""
    sys.stdout.writelines(f"{name}\n" for name in names)


def print_data(value: object, output: str) -> None:
    """Print a value as `json` or `yaml`; msgspec's Structs are written as their files have them."""
    if output == "yaml":
        _print_yaml(value)
    else:
        print_json(value)


def print_json(value: object) -> None:
    """Print a value as JSON, indented by two."""
    from msgspec import json, to_builtins

    try:
        data = json.encode(value)
    except UnicodeEncodeError:
        data = json.encode(_in_utf8(to_builtins(value, str_keys=True)))
    sys.stdout.write(json.format(data, indent=2).decode() + "\n")


def _print_yaml(value: object) -> None:
    import msgspec
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    yaml.dump(
        _in_utf8(msgspec.to_builtins(value, str_keys=True)),
        sys.stdout,
        Dumper=dumper,
        sort_keys=False,
        allow_unicode=True,
        width=1000,
    )


def _in_utf8(value: Any) -> Any:
    r"""Plain data in which a name of a file that is not UTF-8 shows its odd bytes: `\xff`."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {_in_utf8(key): _in_utf8(item) for key, item in value.items()}
    return [_in_utf8(item) for item in value] if isinstance(value, (list, tuple)) else value
