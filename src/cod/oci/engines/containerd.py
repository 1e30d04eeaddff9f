"""containerd: a table for the runtime in the CRI plugin's part of its configuration.

containerd 1.x does not merge files: one that has any of the CRI plugin's section replaces the whole section
of those before it, and a file with one runtime has lost the built-in `runc`. So ours goes into the file whose
section counts today, as a marked block at its end, and brings `runc` where that would be lost. Only where no
file has the section and a directory of drop-ins is imported, ours is a drop-in.

Source: containerd's config(5); `mergeConfig` before 2.0; `containerd config dump` of 1.6.20.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cod.oci.engines.order import ANNOTATIONS, InvalidEngineConfig, Order, text_of

MAIN = Path("/etc/containerd/config.toml")

_BEGIN = "# cod-runtime: begin; `cod runtime uninstall containerd` removes this block\n"
_END = "# cod-runtime: end\n"
_BLOCK = re.compile(rf"\n?{re.escape(_BEGIN)}.*?{re.escape(_END)}", re.DOTALL)

# The CRI plugin's section, by the version of a file.
_SECTIONS = {1: ("cri",), 2: ("io.containerd.grpc.v1.cri",), 3: ("io.containerd.cri.v1.runtime",)}


class Containerd:
    """A RuntimeClass's handler, and `crictl runp --runtime NAME`."""

    what_next = "systemctl restart containerd"
    mode = 0o644

    def path(self, order: Order) -> Path:
        """The last file that has the CRI plugin's section; or a drop-in, if imported; or the main one."""
        main = order.config or MAIN
        for path, data in reversed([*_files(main, order)]):
            if _section(data) is not None:
                return Path(path)
        return next(_drop_in(main, order), main)

    def added(self, before: bytes | None, order: Order) -> bytes:
        """With a block at the end."""
        path = self.path(order)
        text = text_of(before or b"", path)
        data = _parse(text, path)
        if not text.strip():
            data = {"version": _main_version(order)}
            text = f"version = {data['version']}\n"
        made = _merge(text, _block(data, order, path))
        new = _parse(made, path)
        if order.name not in (_section(new) or {}).get("containerd", {}).get("runtimes", {}):
            raise InvalidEngineConfig(f"{path} cannot take a runtime", where=str(path))
        return made.encode()

    def removed(self, now: bytes, order: Order) -> bytes | None:
        """Without the block; without the file, where nothing else stands in it."""
        text = _BLOCK.sub("", text_of(now, self.path(order)))
        return None if text.strip() in ("", "version = 2", "version = 3") else text.encode()


def _merge(text: str, block: str) -> str:
    joined = "" if text.endswith("\n") or not text else "\n"
    return f"{text}{joined}\n{_BEGIN}{block}{_END}"


def _block(data: dict[str, Any], order: Order, path: Path) -> str:
    section = _section(data) or {}
    plugin = _SECTIONS[_version(data, path)][0]
    containerd = section.get("containerd", {})
    runtimes = containerd.get("runtimes", {})
    if order.name in runtimes:
        what = f"{path} has a runtime {order.name} that is not ours"
        raise InvalidEngineConfig(what, where=str(path), hint="choose another name: --name NAME")
    lines = []
    if order.is_default:
        lines.append(_default(containerd, order, path, plugin))
    if not runtimes and containerd.get("default_runtime_name", "runc") == "runc":
        lines.append(_table(plugin, "runc", "io.containerd.runc.v2", None))
    lines.append(_table(plugin, order.name, "io.containerd.runc.v2", order.program))
    return "\n".join(lines)


def _default(containerd: dict[str, Any], order: Order, path: Path, plugin: str) -> str:
    """A default runtime: a table of its own, which TOML has only where the file has none."""
    if containerd:
        what = (
            f"{path} has a table [plugins.{json.dumps(plugin)}.containerd]: the default cannot be added to it"
        )
        hint = f"write there: default_runtime_name = {json.dumps(order.name)}, and install without --default"
        raise InvalidEngineConfig(what, where=str(path), hint=hint)
    return f"[plugins.{json.dumps(plugin)}.containerd]\n  default_runtime_name = {json.dumps(order.name)}\n"


def _table(plugin: str, name: str, kind: str, program: Path | None) -> str:
    place = f"plugins.{json.dumps(plugin)}.containerd.runtimes.{name}"
    lines = [f"[{place}]", f"  runtime_type = {json.dumps(kind)}"]
    if program is not None:
        lines += [f"  {each}_annotations = {json.dumps([*ANNOTATIONS])}" for each in ("pod", "container")]
        lines += [f"[{place}.options]", f"  BinaryName = {json.dumps(str(program))}"]
    return "\n".join(lines) + "\n"


def _files(main: Path, order: Order) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The main file and those it imports, in the order in which they count; what is not there is left out."""
    for path in (main, *_imports(main, order)):
        try:
            content = order.place(path).read_bytes()
        except OSError:
            continue
        yield path, _parse(_BLOCK.sub("", text_of(content, path)), path)


def _patterns(main: Path, order: Order) -> list[Path]:
    try:
        data = _parse(text_of(order.place(main).read_bytes(), main), main)
    except OSError:
        return []
    named = data.get("imports", [])
    texts = [each for each in named if isinstance(each, str)] if isinstance(named, list) else []
    return [main.parent / each for each in texts]


def _imports(main: Path, order: Order) -> Iterator[Path]:
    for pattern in _patterns(main, order):
        directory = order.place(pattern.parent)
        yield from (pattern.parent / found.name for found in sorted(directory.glob(pattern.name)))


def _main_version(order: Order) -> int:
    """The version that a new file has: that of the main one, since files of two versions do not mix."""
    files = [data for _, data in _files(order.config or MAIN, order)]
    return int(files[0].get("version", 1)) if files else 2


def _drop_in(main: Path, order: Order) -> Iterator[Path]:
    if _main_version(order) == 1:
        return
    for pattern in _patterns(main, order):
        if pattern.name == "*.toml":
            yield pattern.with_name("cod-runtime.toml")


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        hint = "put it right first: containerd would not take it either"
        raise InvalidEngineConfig(f"{path} is no TOML: {error}", where=str(path), hint=hint) from None
    if text.strip():
        _version(data, path)
    return data


def _version(data: dict[str, Any], path: Path) -> int:
    version = data.get("version", 1)
    if version not in _SECTIONS:
        what = f"{path} is of version {version}, and COD knows {', '.join(map(str, _SECTIONS))}"
        raise InvalidEngineConfig(what, where=str(path))
    return int(version)


def _section(data: dict[str, Any]) -> dict[str, Any] | None:
    """The CRI plugin's section of a file, or None where it has none."""
    plugins = data.get("plugins", {})
    for names in _SECTIONS.values():
        found = plugins.get(names[0]) if isinstance(plugins, dict) else None
        if isinstance(found, dict):
            return found
    return None
