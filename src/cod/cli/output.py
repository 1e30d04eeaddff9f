"""What goes to stdout: a table for people, JSON or YAML in the API's shape, or bare names for scripts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click
from msgspec import Struct

from cod.cli.terminal import printable, width

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = ("table", "wide", "json", "yaml", "name")
_GAP, _NARROW_GAP = "   ", "  "
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
    rows: Iterable[Sequence[object]],
    headers: Sequence[str],
    *,
    is_cut: bool = False,
    least: Sequence[int] = (),
) -> None:
    """Print columns that are as wide as their widest cell, without blanks at the ends of lines.

    With `is_cut`, where a line would be longer than the terminal is wide, columns stand closer and the widest
    are cut; the first, a name, is whole. A column is cut below its width in `least` only after all others
    are down to theirs.
    """
    cells = [list(headers), *([printable(str(cell)) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    gap = _GAP
    if is_cut and sum(widths) + len(gap) * (len(widths) - 1) > width():
        gap = _NARROW_GAP
        room = width() - len(gap) * (len(widths) - 1)
        _narrow(widths, room, least or [_NARROWEST] * len(widths))
        _narrow(widths, room, [_NARROWEST] * len(widths))
    for row in cells:
        line = gap.join(map(_cell, row, widths))
        sys.stdout.write(f"{line.rstrip()}\n")


def print_diff(old: bytes, new: bytes, old_name: str, new_name: str) -> int:
    """Print a unified diff of two texts; 1 if there is one."""
    from difflib import unified_diff

    before, after = (data.decode("utf-8", "replace").splitlines(keepends=True) for data in (old, new))
    lines = list(unified_diff(before, after, printable(old_name), printable(new_name)))
    for line in lines:
        sys.stdout.write(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
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


def print_objects(objects: Sequence[Struct], output: str) -> None:
    """Print an object of the API as it is, and several as one List."""
    if len(objects) != 1:
        print_list(objects, output)
        return
    from cod.resource import to_data, to_yaml

    if output == "yaml":
        sys.stdout.write(to_yaml(objects[0]))
    else:
        print_json(to_data(objects[0]))


def _narrow(widths: list[int], room: int, least: Sequence[int]) -> None:
    """Take from the widest columns but the first what there is no room for; each keeps its least width."""
    while sum(widths) > room:
        wide = [column for column in range(1, len(widths)) if widths[column] > least[column]]
        if not wide:
            return
        widths[max(wide, key=widths.__getitem__)] -= 1


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
