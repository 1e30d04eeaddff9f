"""containerd, by CRI and by its own client `ctr`."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from msgspec import Struct

from cod.demo import busybox
from cod.runtimes.asking import version_in
from tests.runtimes.cri import IMAGE, LOGS, Cri, grpc
from tests.runtimes.image import write_image
from tests.runtimes.machine import until
from tests.runtimes.matrix.sandbox import Run, Sandbox
from tests.runtimes.matrix.ways import UP, claimed

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
        self._daemon = self.sandbox.serve(_LOG, "containerd")
        until(self._is_up, 60)

    def stop(self) -> None:
        self._daemon.signal(signal.SIGTERM)
        self._daemon.wait()

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._daemon.told

    def ctr(self, *words: str) -> str:
        """What `ctr` prints for the containers of CRI."""
        return self.sandbox.do("ctr", "-n", "k8s.io", *words)

    def _is_up(self) -> bool:
        assert not self._daemon.has_ended, self.log
        return self.cri.is_up()


class Asked(Struct, frozen=True):
    """How CRI is asked for a device: in which field of a pod or of a container."""

    devices: tuple[str, ...] = ()
    annotations: dict[str, str] = {}
    pod_annotations: dict[str, str] = {}
    handler: str = ""


class ByCri(Struct, frozen=True):
    """A pod as the kubelet makes one; what is asked for is made of a claim's name.

    `beside` is what runs meanwhile.
    """

    containerd: Containerd
    asked: Callable[[str], Asked]
    ignores: str = ""
    beside: Callable[[Containerd], AbstractContextManager[object]] = nullcontext

    def give(self, sandbox: Sandbox, devices: str, script: str) -> Run:
        with self.beside(self.containerd), claimed(sandbox, devices) as name:
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
        with self.beside(self.containerd), claimed(sandbox, devices) as name:
            asked = self.asked(name)
            with self.containerd.cri.pod(asked.pod_annotations, asked.handler) as pod:
                pod.start("sh", "-c", UP, devices=asked.devices, annotations=asked.annotations)
                until(lambda: pod.log() == [("stdout", "up")], 20)
                yield


class Served:
    """`cod nri serve`, started in a sandbox, for a `with`."""

    def __init__(self, containerd: Containerd, *words: str) -> None:
        sandbox = containerd.sandbox
        log = f"/var/log/nri-{os.urandom(3).hex()}.log"
        command = sandbox.cod_words("nri", "serve", *words)
        self._daemon = sandbox.serve(log, *command, environ={"COD_CACHE": "off"})

    def __enter__(self) -> Served:
        self.wait_for("registered with containerd")
        # It takes part once the runtime has synchronized it, which is right after that.
        time.sleep(0.3)
        return self

    def __exit__(self, *_: object) -> None:
        if not self._daemon.has_ended:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
        self.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._daemon.signal(number)

    def wait(self) -> int:
        """The status with which it ends."""
        return self._daemon.wait()

    def told(self) -> str:
        """What it has told so far."""
        return self._daemon.told

    def wait_for(self, text: str, times: int = 1) -> None:
        """Wait until it has told this as often."""

        def there() -> bool:
            assert not self._daemon.has_ended, self.told()
            return self.told().count(text) >= times

        until(there, 20)
