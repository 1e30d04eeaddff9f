"""A client of CRI, as the kubelet is one: pods, containers, and what they print."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import message_factory

from cod.nri.messages import pool_of

grpc = pytest.importorskip("grpc", reason="grpcio not installed")

SERVICE = "runtime.v1.RuntimeService"
EXITED = 2
LOGS = "/var/log/pods"
IMAGE = "localhost/cod/busybox:1"

_POOL = pool_of(Path(__file__).with_name("cri.binpb").read_bytes())
_METHODS = {method.name: method for method in _POOL.FindServiceByName(SERVICE).methods}


class Cri:
    """One runtime, by its socket; `logs` is where the tests find its directory `LOGS`."""

    def __init__(self, socket: Path, logs: Path) -> None:
        self._channel = grpc.insecure_channel(f"unix://{socket}")
        self._logs = logs
        logs.mkdir(parents=True, exist_ok=True)

    def is_up(self) -> bool:
        """Whether it answers, which it does later than its socket is there."""
        try:
            self.call("ContainerStatus", container_id="none")
        except grpc.RpcError as error:
            return bool(error.code() is grpc.StatusCode.NOT_FOUND)
        return True

    def call(self, method: str, seconds: float = 60, **fields: Any) -> Any:
        found = _METHODS[method]
        question = message_factory.GetMessageClass(found.input_type)
        answer = message_factory.GetMessageClass(found.output_type)
        call = self._channel.unary_unary(
            f"/{SERVICE}/{method}",
            request_serializer=question.SerializeToString,
            response_deserializer=answer.FromString,
        )
        return call(question(**fields), timeout=seconds)

    def pod(self, annotations: Mapping[str, str] = {}, handler: str = "") -> Pod:
        """Make a pod, by a RuntimeClass's handler if one is given. Raises grpc.RpcError."""
        name = f"pod-{os.urandom(4).hex()}"
        config = {
            "metadata": {"name": name, "namespace": "lab", "uid": name},
            "log_directory": LOGS,
            "annotations": dict(annotations),
            "linux": {"security_context": {"namespace_options": {"network": 2}}},
        }
        made = self.call("RunPodSandbox", config=config, runtime_handler=handler)
        return Pod(self, made.pod_sandbox_id, config, self._logs)


class Pod:
    """A pod, for a `with`."""

    def __init__(self, cri: Cri, identity: str, config: dict[str, Any], logs: Path) -> None:
        self._cri = cri
        self._id = identity
        self._config = config
        self._logs = logs

    def __enter__(self) -> Pod:
        return self

    def __exit__(self, *_: object) -> None:
        self._cri.call("StopPodSandbox", pod_sandbox_id=self._id)
        self._cri.call("RemovePodSandbox", pod_sandbox_id=self._id)

    def create(
        self,
        *command: str,
        name: str = "main",
        annotations: Mapping[str, str] = {},
        devices: Iterable[str] = (),
    ) -> str:
        """The id of a container that was made and not started. Raises grpc.RpcError."""
        config = {
            "metadata": {"name": name},
            "image": {"image": IMAGE},
            "command": list(command),
            "annotations": dict(annotations),
            "log_path": f"{self._id}-{name}.log",
            "CDI_devices": [{"name": each} for each in devices],
        }
        made = self._cri.call(
            "CreateContainer", pod_sandbox_id=self._id, config=config, sandbox_config=self._config
        )
        identity: str = made.container_id
        return identity

    def start(self, *command: str, name: str = "main", **options: Any) -> str:
        """The id of a container that was started. Raises grpc.RpcError."""
        identity = self.create(*command, name=name, **options)
        self._cri.call("StartContainer", container_id=identity)
        return identity

    def run(self, script: str, *, name: str = "main", **options: Any) -> str:
        """What a shell in a container of this pod prints, on its error output, too."""
        self.wait(self.start("sh", "-c", script, name=name, **options))
        return "\n".join(text for _, text in self.log(name))

    def wait(self, identity: str) -> int:
        """The status with which a container ends."""
        end = time.monotonic() + 30
        while (status := self._cri.call("ContainerStatus", container_id=identity).status).state != EXITED:
            assert time.monotonic() < end, "the container runs too long"
            time.sleep(0.02)
        code: int = status.exit_code
        return code

    def log(self, name: str = "main") -> list[tuple[str, str]]:
        """The lines that a container has printed, each with its stream, `stdout` or `stderr`."""
        path = self._logs / f"{self._id}-{name}.log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(line.split(" ", 3)[1], line.split(" ", 3)[3]) for line in lines]
