"""A front door to try: the program, specs, settings, bundles and what it keeps, all in one directory."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from cod.demo import busybox, make_bundle
from cod.demo.bundle import config
from cod.oci.engines import Order
from cod.oci.engines.program import PROGRAM

Run = subprocess.CompletedProcess[str]

CPU = {
    "cdiVersion": "0.5.0",
    "kind": "cod.test/cpu",
    "containerEdits": {"env": ["CPUS=real"]},
    "devices": [
        {
            "name": str(number),
            "containerEdits": {
                "env": [f"CPU_{number}=yes"],
                "deviceNodes": [{"path": f"/dev/cpu{number}", "hostPath": f"/dev/cpu/{number}/cpuid"}],
            },
        }
        for number in range(2)
    ],
}
PLAIN = {
    "cdiVersion": "0.5.0",
    "kind": "cod.test/plain",
    "devices": [
        {"name": "a", "containerEdits": {"env": ["PLAIN_A=1"]}},
        {"name": "b", "containerEdits": {"env": ["PLAIN_B=1"]}},
    ],
}
NULL = {
    "cdiVersion": "0.5.0",
    "kind": "cod.test/null",
    "devices": [
        {"name": "a", "containerEdits": {"deviceNodes": [{"path": "/dev/null0", "hostPath": "/dev/null"}]}}
    ],
}
# A real runtime that says how it was called, and with what; it is a program as any other.
ECHO = """\
#!/bin/sh
for word; do printf '%s\\n' "$word"; done
exit ${STATUS:-0}
"""


class Front:
    """Runs `cod-runtime` as an engine would."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.specs = directory / "cdi"
        self.cache = directory / "cache"
        self.settings = directory / "runtime.toml"
        self.log = directory / "log.json"
        for each in (self.specs, self.cache):
            each.mkdir()
        self.program = directory / "cod-runtime"
        self.program.write_bytes(PROGRAM.added(None, Order()))
        self.program.chmod(0o755)
        self.echo = directory / "echo"
        self.echo.write_text(ECHO)
        self.echo.chmod(0o755)
        self.environ = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            "COD_SPEC_DIRS": str(self.specs),
            "COD_CACHE": str(self.cache),
            "COD_RUNTIME_CONFIG": str(self.settings),
        }
        self.configure(f'runtimes = ["{self.echo}"]\n')
        self.write(PLAIN)
        self.write(NULL)

    def configure(self, text: str) -> None:
        self.settings.write_text(text)

    def write(self, spec: dict[str, Any], name: str = "") -> Path:
        path = self.specs / (name or f"{spec['kind'].replace('/', '-')}.json")
        path.write_text(json.dumps(spec))
        return path

    def bundle(self, *, annotations: dict[str, str] | None = None, env: tuple[str, ...] = ()) -> Path:
        """A bundle without a root file system: enough for a runtime that does not start anything."""
        bundle = self.directory / f"bundle-{os.urandom(3).hex()}"
        bundle.mkdir()
        made = config(["true"])
        made["process"]["env"] += env
        made["x-unknown"] = {"kept": [1, 2.5, None, "é", 2**70]}
        if annotations:
            made["annotations"] = annotations
        (bundle / "config.json").write_text(json.dumps(made, indent=3))
        return bundle

    def real_bundle(self, script: str, annotations: dict[str, str]) -> Path:
        """A bundle that runs a script with busybox."""
        program = busybox()
        assert program is not None
        bundle = make_bundle(self.directory / f"real-{os.urandom(3).hex()}", ["sh", "-c", script], program)
        found = read(bundle)
        found["annotations"] = annotations
        (bundle / "config.json").write_text(json.dumps(found))
        return bundle

    def run(self, *words: str, **options: Any) -> Run:
        environ = {**self.environ, **options.pop("environ", {})}
        return subprocess.run(
            [str(self.program), *words],
            env=environ,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
            **options,
        )

    def create(self, bundle: Path, **options: Any) -> Run:
        words = ("--root", "/x", "--log", str(self.log), "--log-format", "json", "create")
        return self.run(*words, "--bundle", str(bundle), "--pid-file", "/x/pid", "id", **options)


def read(bundle: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((bundle / "config.json").read_text())
    return found


def env(bundle: Path) -> list[str]:
    """The variables of a bundle's process, without the first, which each has."""
    variables: list[str] = read(bundle)["process"]["env"]
    return variables[1:]
