"""Directories of specs: the reference's cache, its listing, errors, injection and writing."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cod.cdi.registry import ConflictingDevice, Registry
from cod.cdi.write import remove, write
from cod.errors import CodError

from .recorded import as_go_omits, spec_of
from .test_apply import host_nodes  # noqa: F401

Step = dict[str, Any]


@pytest.mark.usefixtures("host_nodes")
def test_directories_of_specs_answer_as_by_the_reference(replay: Any, tmp_path: Path) -> None:
    def answer(request: dict[str, Any]) -> Any:
        root = tmp_path / "root"
        try:
            return Play(root, request).answers()
        finally:
            shutil.rmtree(root)

    replay("cdi/cache", answer, lambda case: recorded_answers(case["expect"]))


class Play:
    """One case: a tree of spec directories, a registry over it, and steps."""

    def __init__(self, root: Path, request: dict[str, Any]) -> None:
        self.root = root
        self.request = request
        for directory in request["dirs"]:
            self.make(directory)
        self.dirs = [str(root / directory["name"]) for directory in request["dirs"]]
        self.registry = Registry(self.dirs, follow=bool(request.get("auto_refresh")))

    def make(self, directory: dict[str, Any]) -> None:
        self.root.mkdir(exist_ok=True)
        path = self.root / directory["name"]
        if directory.get("missing"):
            return
        path.mkdir(exist_ok=True, parents=True)
        for name, text in (directory.get("files") or {}).items():
            (path / name).write_text(text)
        for name in directory.get("subdirs") or []:
            (path / name).mkdir()
        for name, target in (directory.get("symlinks") or {}).items():
            (path / name).symlink_to(target.replace("$ROOT", str(self.root)))

    def answers(self) -> dict[str, Any]:
        return {
            "initial": self.list({}),
            "steps": [getattr(self, step["do"])(step) for step in self.request.get("steps") or []],
        }

    def list(self, _: Step) -> dict[str, Any]:
        registry = self.registry
        found = {name: registry.find(name) for name in registry.devices()}
        by_vendor: dict[str, list[dict[str, Any]]] = {}
        for file in registry.files:
            specs = by_vendor.setdefault(file.vendor, [])
            specs.append({"class": file.class_, "path": self.short(file.path), "priority": file.priority})
        return {
            "devices": [*found],
            "device_sources": {
                name: {"path": self.short(device.path), "priority": device.priority}
                for name, device in found.items()
                if device
            },
            "vendors": registry.vendors(),
            "classes": registry.classes(),
            "vendor_specs": by_vendor,
            "errors": {self.short(path): sorted(map(self.text, e)) for path, e in registry.errors.items()},
        }

    def refresh(self, _: Step) -> dict[str, Any]:
        self.registry.refresh()
        texts = [self.text(error) for errors in self.registry.errors.values() for error in errors]
        return {"error": sorted("\n".join(texts).split("\n"))} if texts else {"error": None}

    def get_spec_errors(self, _: Step) -> list[dict[str, Any]]:
        return [
            {"path": self.short(file.path), "error": self.text(error)}
            for file in self.registry.files
            for error in self.registry.errors.get(file.path, ())
        ]

    def spec_dirs(self, _: Step) -> list[str]:
        return [self.short(path) for path in self.registry.dirs]

    def inject(self, step: Step) -> dict[str, Any]:
        config = step["oci"]
        try:
            result = self.registry.inject(config, step["devices"] or [])
        except CodError as error:
            names = list(getattr(error, "names", ())) or None
            return {"error": error.what, "unresolved": names, "oci": as_go_omits(config)}
        return {"error": None, "unresolved": None, "oci": as_go_omits(result)}

    def write_spec(self, step: Step) -> dict[str, Any]:
        return self.attempt(lambda: write(spec_of(step["spec"]), self.dirs[-1], step["name"]))

    def remove_spec(self, step: Step) -> dict[str, Any]:
        return self.attempt(lambda: remove(self.dirs[-1], step["name"]))

    def write_file(self, step: Step) -> dict[str, Any]:
        path = self.root / step["dir"] / step["name"]
        path.with_name("elsewhere.tmp").write_text(step["text"])
        path.with_name("elsewhere.tmp").replace(path)
        return {}

    def write_inplace(self, step: Step) -> dict[str, Any]:
        (self.root / step["dir"] / step["name"]).write_text(step["text"])
        return {}

    def remove_file(self, step: Step) -> dict[str, Any]:
        where = Path("/tmp/cdi-vec-host") if step["dir"].startswith("..") else self.root / step["dir"]
        (where / step["name"]).unlink()
        return {}

    def mkdir(self, step: Step) -> dict[str, Any]:
        (self.root / step["dir"]).mkdir()
        return {}

    def mknod(self, step: Step) -> dict[str, Any]:
        kind, major, minor, mode = step["arg"].split()
        path = Path(step["name"])
        path.unlink(missing_ok=True)
        os.mknod(path, {"c": stat.S_IFCHR}[kind], os.makedev(int(major), int(minor)))
        path.chmod(int(mode, 8))
        return {"error": None}

    def sleep(self, _: Step) -> dict[str, Any]:
        return {}

    def tree(self, _: Step) -> dict[str, Any]:
        files = sorted(path for path in self.root.rglob("*") if path.is_file())
        return {str(path.relative_to(self.root)): path.read_text() for path in files}

    def attempt(self, action: Callable[[], object]) -> dict[str, Any]:
        try:
            action()
        except CodError as error:
            return {"error": error.what.replace(str(self.root), "$ROOT")}
        return {"error": None}

    def text(self, error: CodError) -> str:
        prefix = "" if isinstance(error, ConflictingDevice) else "failed to load CDI Spec "
        return prefix + self.short(error.what)

    def short(self, text: str) -> str:
        return text.replace(str(self.root), "$ROOT")


def recorded_answers(expect: dict[str, Any]) -> dict[str, Any]:
    if "panic" in expect:
        return {"panic": True}
    return {
        "initial": listing(expect["initial"]),
        "steps": [step_answer(step) for step in expect["steps"] or []],
    }


def step_answer(step: Any) -> Any:
    if isinstance(step, dict) and "device_sources" in step:
        return listing(step)
    if isinstance(step, dict) and "oci" in step:
        return {**step, "unresolved": step.get("unresolved"), "oci": as_go_omits(step["oci"])}
    if isinstance(step, dict) and "error_lines_sorted" in step:
        return {"error": step["error_lines_sorted"]}
    if isinstance(step, dict) and any(isinstance(value, dict) and "text" in value for value in step.values()):
        return {name: file["text"] for name, file in step.items()}
    return step


def listing(expect: dict[str, Any]) -> dict[str, Any]:
    lists = {key: expect[key] or [] for key in ("devices", "vendors", "classes")}
    rest = {key: expect[key] for key in ("device_sources", "vendor_specs", "errors")}
    return lists | rest
