"""containerd: a table for the runtime in the CRI plugin's part of its configuration.

containerd 1.x does not merge files: one that has any of the CRI plugin's section replaces the whole section
of those before it, and a file with one runtime has lost the built-in `runc`. So ours goes into the file whose
section counts today, as a marked block at its end, and brings `runc` where that would be lost. Only where no
file has the section and a directory of drop-ins is imported, ours is a drop-in.

containerd 2, whose files are of version 3 or newer, merges them: there ours is a drop-in if one is read.

Source: containerd's config(5); `mergeConfig` before and since 2.0; `containerd config dump` of 1.6.20 and
2.1.9.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cod.oci.engines.order import ANNOTATIONS, InvalidEngineConfig, Order, quoted, taken, text_of, unread

MAIN = Path("/etc/containerd/config.toml")

_BEGIN = "# cod-runtime: begin; `cod runtime uninstall containerd` removes this block"
_END = "# cod-runtime: end"
_INSTEAD = "# cod-runtime: instead of:"
_OURS = "cod-runtime.toml"
_BLOCK = re.compile(rf"(\r?\n)?{re.escape(_BEGIN)}\r?\n.*?{re.escape(_END)}(\r?\n|$)", re.DOTALL)
_LINE = re.compile(rf"^([ \t]*)[^\n]*{re.escape(_INSTEAD)} ([^\n]*)\n", re.MULTILINE)

# The CRI plugin whose section has the runtimes, by the version of a file.
_PLUGINS = {1: "cri", 2: "io.containerd.grpc.v1.cri", 3: "io.containerd.cri.v1.runtime"}
_PLUGINS[4] = _PLUGINS[3]
_MERGING = 3  # and newer versions


class Containerd:
    """A RuntimeClass's handler, and `crictl runp --runtime NAME`."""

    what_next = "systemctl restart containerd"
    mode = 0o644

    def path(self, order: Order) -> Path:
        """The last file that has the CRI plugin's section; or a drop-in, if imported; or the main one."""
        main = order.config or MAIN
        files = [*_files(main, order)]
        if not files or _version(files[0][1], main) < _MERGING:
            for path, data in reversed(files):
                if _section(data, path) is not None:
                    return Path(path)
        return next(_drop_in(main, files), main)

    def added(self, before: bytes | None, order: Order) -> bytes:
        """With a block at the end."""
        path = self.path(order)
        text = text_of(before or b"", path)
        data = _parse(text, path)
        files = [*_files(order.config or MAIN, order)]
        for each, others in files:
            _refuse(others, each, order)
        if not data:  # nothing, or only what people have noted
            main = files[0][1] if files else {}
            data = {"version": _version(main, path) if main else 2}
            text += f"version = {data['version']}\n"
        made = _merge(text, data, order, path)
        if order.name not in _runtimes(_containerd(_parse(made, path), path)):
            raise InvalidEngineConfig(f"{path} cannot take a runtime", where=str(path))
        return made.encode()

    def removed(self, now: bytes, before: bytes | None, order: Order) -> bytes | None:
        """Without what is ours; without the file, where nothing else stands in it."""
        found = text_of(now, self.path(order))
        text = _without(found)
        is_empty = re.fullmatch(r"(\s*version = \d)?\s*", text) is not None
        return None if text != found and before is None and is_empty else text.encode()


def _without(text: str) -> str:
    return _LINE.sub(lambda line: f"{line[1]}{line[2]}\n" if line[2] else "", _BLOCK.sub("", text))


def _refuse(data: dict[str, Any], path: Path, order: Order) -> None:
    """Refuse a name that is taken, and a containerd whose CRI plugin is off."""
    if order.name in _runtimes(_containerd(data, path)):
        raise taken(path, order)
    disabled = data.get("disabled_plugins")
    if off := [each for each in _PLUGINS.values() if isinstance(disabled, list) and each in disabled]:
        what = f"{path} disables the plugin {off[0]}, which starts a runtime's containers"
        raise InvalidEngineConfig(what, where=str(path), hint="take it out of disabled_plugins first")


def _merge(text: str, data: dict[str, Any], order: Order, path: Path) -> str:
    version = _version(data, path)
    plugin = _PLUGINS[version]
    containerd = _containerd(data, path)
    tables = []
    if order.is_default and (changed := _with_default(text, plugin, order)) is not None:
        text = changed
    elif order.is_default:
        name = quoted(order.name)
        tables.append(f"[plugins.{quoted(plugin)}.containerd]\n  default_runtime_name = {name}\n")
    if (
        version < _MERGING
        and not _runtimes(containerd)
        and containerd.get("default_runtime_name", "runc") == "runc"
    ):
        tables.append(_written(plugin, "runc", None))
    tables.append(_written(plugin, order.name, order.program))
    joined = "" if text.endswith("\n") or not text else "\n"
    made = "{}{}\n{}\n{}{}\n".format(text, joined, _BEGIN, "\n".join(tables), _END)
    _check(made, data, order, path)
    return made


def _with_default(text: str, plugin: str, order: Order) -> str | None:
    """The text with our default in the table that has it, if the text has that table."""
    key = rf"[\"']?{re.escape(plugin)}[\"']?"
    header = rf"^[ \t]*\[[ \t]*plugins[ \t]*\.[ \t]*{key}[ \t]*\.[ \t]*containerd[ \t]*\][^\n]*\n"
    table = re.search(header, text, re.MULTILINE)
    if table is None:
        return None
    default = f"default_runtime_name = {quoted(order.name)} {_INSTEAD} "
    old = r"(?:(?![ \t]*\[)[^\n]*\n)*?([ \t]*)(default_runtime_name[ \t]*=[^\n]*\n)"
    if found := re.compile(old).match(text, table.end()):
        return text[: found.start(2)] + default + text[found.start(2) :]
    return f"{text[: table.end()]}{default}\n{text[table.end() :]}"


def _check(made: str, data: dict[str, Any], order: Order, path: Path) -> None:
    """Refuse a text in which more or less has changed than should."""
    try:
        found = tomllib.loads(made)
    except tomllib.TOMLDecodeError:
        found = {}
    is_default = _containerd(found, path).get("default_runtime_name") == order.name
    if not found or (order.is_default and not is_default) or not _is_within(data, found):
        plugin = _PLUGINS[_version(data, path)]
        what = f"{path} says what [plugins.{quoted(plugin)}.containerd] is in a way that cannot be added to"
        raise InvalidEngineConfig(
            what, where=str(path), hint="write the table as containerd config default does"
        )


def _is_within(old: Any, new: Any) -> bool:
    """Whether all of a file's tables and values are in another, but for the default runtime."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return bool(old == new)
    return all(
        key == "default_runtime_name" or (key in new and _is_within(value, new[key]))
        for key, value in old.items()
    )


def _written(plugin: str, name: str, program: Path | None) -> str:
    place = f"plugins.{quoted(plugin)}.containerd.runtimes.{name}"
    lines = [f"[{place}]", '  runtime_type = "io.containerd.runc.v2"']
    if program is not None:
        names = ", ".join(map(quoted, ANNOTATIONS))
        lines += [f"  {each}_annotations = [{names}]" for each in ("pod", "container")]
        lines += [f"[{place}.options]", f"  BinaryName = {quoted(program)}"]
    return "\n".join(lines) + "\n"


def _files(main: Path, order: Order) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The main file and those it imports, in the order in which they count, without what is ours."""
    data = _data(main, order)
    if data is None:
        return
    yield main, data
    for pattern in _patterns(main, data):
        directory = order.place(pattern.parent)
        for path in (pattern.parent / found.name for found in sorted(directory.glob(pattern.name))):
            imported = _data(path, order)
            if imported is not None:
                yield path, imported


def _data(path: Path, order: Order) -> dict[str, Any] | None:
    content = order.content(path)
    return None if content is None else _parse(_without(text_of(content, path)), path)


def _patterns(main: Path, data: dict[str, Any]) -> list[Path]:
    named = data.get("imports", [])
    texts = [each for each in named if isinstance(each, str)] if isinstance(named, list) else []
    return [main.parent / each for each in texts]


def _drop_in(main: Path, files: list[tuple[Path, dict[str, Any]]]) -> Iterator[Path]:
    """Where a drop-in of ours would be read."""
    if files and _version(files[0][1], main) > 1:
        for pattern in _patterns(main, files[0][1]):
            if "*" in pattern.name and Path(_OURS).match(pattern.name) and "*" not in str(pattern.parent):
                yield pattern.with_name(_OURS)


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        hint = "put it right first: containerd would not take it either"
        raise unread(path, "TOML", text, error, hint) from None
    _version(data, path)
    return data


def _version(data: dict[str, Any], path: Path) -> int:
    version = data.get("version", 1)
    if type(version) is not int or version not in _PLUGINS:
        what = f"{path} is of version {version}, and COD knows {', '.join(map(str, _PLUGINS))}"
        raise InvalidEngineConfig(what, where=str(path))
    return version


def _section(data: dict[str, Any], path: Path) -> dict[str, Any] | None:
    """The CRI plugin's section of a file, or None where it has none."""
    found = _table_of(data, "plugins").get(_PLUGINS[_version(data, path)])
    return found if isinstance(found, dict) else None


def _containerd(data: dict[str, Any], path: Path) -> dict[str, Any]:
    return _table_of(_section(data, path) or {}, "containerd")


def _runtimes(containerd: dict[str, Any]) -> dict[str, Any]:
    return _table_of(containerd, "runtimes")


def _table_of(data: dict[str, Any], key: str) -> dict[str, Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}
