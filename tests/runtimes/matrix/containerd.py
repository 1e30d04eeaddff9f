"""containerd, by CRI and by its own client `ctr`."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

from cod.demo import busybox
from cod.runtimes.asking import version_in
from tests.runtimes.cri import IMAGE, LOGS, Cri, grpc
from tests.runtimes.image import write_image
from tests.runtimes.machine import until
from tests.runtimes.matrix.sandbox import Run, Sandbox
from tests.runtimes.matrix.ways import UP, claimed

REQUEST_TIMEOUT = 2.0  # of NRI, in seconds

_LOG = "/var/log/containerd.log"
_NRI = """
[plugins.'io.containerd.nri.v1.nri']
disable = false
"""
# A root without CAP_SYS_RESOURCE may lower no oom score; and images come from no registry.
_CONFIG = {
    1: """
version = 2
[plugins.'io.containerd.grpc.v1.cri']
sandbox_image = '{image}'
restrict_oom_score_adj = true
disable_apparmor = true
""",
    2: """
version = 3
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = '{image}'
[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true
disable_apparmor = true
""",
}


class Containerd:
    """A daemon that was started, with `cod` among its runtimes and one image."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.version = version_in(sandbox.do("containerd", "--version"))
        self.cri = Cri(sandbox.path("/run/containerd/containerd.sock"), sandbox.path(LOGS))
        text = _CONFIG[self.version[0]].format(image=IMAGE)
        if self.version[:2] == (1, 7):
            text += "enable_cdi = true\n"
        sandbox.write("/etc/containerd/config.toml", text + (_NRI if self.version >= (1, 7) else ""))
        sandbox.do(*sandbox.cod_words("runtime", "install", "containerd"))
        self.start()
        program = busybox()
        assert program is not None
        write_image(sandbox.path("/srv/image.tar"), IMAGE, program)
        self.ctr("images", "import", "/srv/image.tar")

    def start(self) -> None:
        self._process = self.sandbox.serve(_LOG, "containerd")
        until(self._is_up, 60)

    def stop(self) -> None:
        self.sandbox.end("containerd")
        self._process.wait(20)

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self.sandbox.path(_LOG).read_text()

    def ctr(self, *words: str) -> str:
        """What `ctr` prints for the containers of CRI."""
        return self.sandbox.do("ctr", "-n", "k8s.io", *words)

    def _is_up(self) -> bool:
        assert self._process.poll() is None, self.log
        return self.cri.is_up()


class Asked(Struct, frozen=True):
    """How CRI is asked for a device: in which field of a pod or of a container."""

    devices: tuple[str, ...] = ()
    annotations: dict[str, str] = {}
    pod_annotations: dict[str, str] = {}
    handler: str = ""


class ByCri(Struct, frozen=True):
    """A pod as the kubelet makes one; what is asked for is made of a claim's name."""

    containerd: Containerd
    asked: Callable[[str], Asked]
    ignores: str = ""

    def give(self, sandbox: Sandbox, devices: str, script: str) -> Run:
        with claimed(sandbox, devices) as name:
            asked = self.asked(name)
            try:
                with self.containerd.cri.pod(asked.pod_annotations, asked.handler) as pod:
                    code = pod.wait(
                        pod.start("sh", "-c", script, devices=asked.devices, annotations=asked.annotations)
                    )
                    lines = pod.log()
            except grpc.RpcError as error:
                return subprocess.CompletedProcess((), 1, "", f"{error.details()}\n")
        texts = ("".join(f"{text}\n" for of, text in lines if of == each) for each in ("stdout", "stderr"))
        return subprocess.CompletedProcess((), code, *texts)

    @contextmanager
    def up(self, sandbox: Sandbox, devices: str) -> Iterator[None]:
        with claimed(sandbox, devices) as name:
            asked = self.asked(name)
            with self.containerd.cri.pod(asked.pod_annotations, asked.handler) as pod:
                pod.start("sh", "-c", UP, devices=asked.devices, annotations=asked.annotations)
                until(lambda: pod.log() == [("stdout", "up")], 20)
                yield


class Served:
    """`cod nri serve`, started in a sandbox; what it tells is in its log."""

    def __init__(self, containerd: Containerd, *words: str) -> None:
        self._log = f"/var/log/nri-{os.urandom(3).hex()}.log"
        self._sandbox = containerd.sandbox
        command = self._sandbox.cod_words("nri", "serve", *words)
        # The shell tells the number that it has there, and becomes the plugin.
        told = f"{self._log}.pid"
        self._process = self._sandbox.serve(
            self._log, "sh", "-c", f'echo $$ > {told}; exec "$@"', "sh", "env", "COD_CACHE=off", *command
        )
        until(lambda: self._sandbox.path(told).exists() and self._sandbox.path(told).read_text(), 20)
        self._number = int(self._sandbox.path(told).read_text())

    def __enter__(self) -> Served:
        self.wait_for("registered with containerd")
        # It takes part once the runtime has synchronized it, which is right after that.
        time.sleep(0.3)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.signal("CONT")
            self.signal("TERM")
        self._process.wait(10)

    def signal(self, name: str) -> None:
        self._sandbox.signal(name, self._number)

    def wait(self) -> int:
        """The status with which it ends."""
        return self._process.wait(10)

    def told(self) -> str:
        return self._sandbox.path(self._log).read_text()

    def wait_for(self, text: str, times: int = 1) -> None:
        def there() -> bool:
            assert self._process.poll() is None, self.told()
            return self.told().count(text) >= times

        until(there, 20)
