from __future__ import annotations

import asyncio
import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cod.cdi import Registry
from cod.nri import Identity, Plugin, read_conf
from cod.nri.conf import Conf, InvalidConf
from cod.nri.messages import CREATE_CONTAINER, PLUGIN_METHODS, PLUGIN_SERVICE, Request, Response
from cod.nri.mux import LONGEST, PLUGIN, RUNTIME, ConnectionBroken
from cod.nri.plugin import InvalidIdentity
from cod.nri.ttrpc import DEADLINE_EXCEEDED, REQUEST, RESPONSE, UNIMPLEMENTED, CallFailed, frame
from tests.nri.peer import Peer, pair, with_plugin
from tests.nri.specs import device, write_spec

DEVICES = "cdi-devices.noderesource.dev"
OLD = {"runtime_name": "containerd", "runtime_version": "v1.7.24"}
NEW = {"runtime_name": "containerd", "runtime_version": "v2.1.9"}


def asks(key: str, value: str, name: str = "main", **container: Any) -> dict[str, Any]:
    pod = {"name": "pod-1", "namespace": "lab", "annotations": {key: value}}
    return {"pod": pod, "container": {"name": name, **container}}


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    write_spec(tmp_path, device("a", env=["A=1"]), device("b", env=["B=1"]), env=["ALL=1"])
    write_spec(tmp_path, device("train-7", env=["COD_CLAIM=train-7"]), kind="cod.dev/claim")
    return tmp_path


def test_it_registers_by_its_name_while_it_is_configured(specs: Path) -> None:
    async def work(peer: Peer, _: Plugin) -> None:
        assert (peer.registered.plugin_name, peer.registered.plugin_idx) == ("cod", "50")

    told, ended = with_plugin(specs, work)
    assert told == ["registered with containerd v1.7.24 as 50-cod: the edits of CDI devices"]
    assert ended is None


def test_it_takes_part_in_the_making_of_containers_alone(specs: Path) -> None:
    async def work(peer: Peer, _: Plugin) -> None:
        answer = await peer.call("Configure", **NEW, registration_timeout=5000, request_timeout=2000)
        assert answer.events == CREATE_CONTAINER

    with_plugin(specs, work)


@pytest.mark.parametrize("more", [True, False])
def test_it_is_synchronized_by_many_messages(specs: Path, more: bool) -> None:
    async def work(peer: Peer, _: Plugin) -> None:
        assert (await peer.call("Synchronize", more=more)).more is more

    with_plugin(specs, work)


def test_a_container_gets_names_or_edits_as_its_runtime_takes_them(specs: Path) -> None:
    async def work(peer: Peer, _: Plugin) -> None:
        question = asks(DEVICES, "[acme.com/toy=b, acme.com/toy=a]")
        edits = (await peer.call("CreateContainer", **question)).adjust
        assert [f"{each.key}={each.value}" for each in edits.env] == ["ALL=1", "B=1", "A=1"]
        assert not edits.CDI_devices
        await peer.call("Configure", **NEW)
        names = (await peer.call("CreateContainer", **question)).adjust
        assert [each.name for each in names.CDI_devices] == ["acme.com/toy=b", "acme.com/toy=a"]
        assert not names.env

    with_plugin(specs, work)


def test_a_claim_is_given_by_its_name(specs: Path) -> None:
    async def work(peer: Peer, _: Plugin) -> None:
        await peer.call("Configure", **NEW)
        found = await peer.call("CreateContainer", **asks("claims.cod.dev/container.main", "train-7"))
        assert [each.name for each in found.adjust.CDI_devices] == ["cod.dev/claim=train-7"]

    told, _ = with_plugin(specs, work)
    assert told[-1].startswith("container main of pod lab/pod-1: cod.dev/claim=train-7 in ")


def test_a_claim_that_is_made_later_is_found(specs: Path) -> None:
    async def work(peer: Peer, _: Plugin) -> None:
        question = asks("claims.cod.dev", "late")
        with pytest.raises(CallFailed, match="no claim late is ready on this node"):
            await peer.call("CreateContainer", **question)
        write_spec(specs, device("late", env=["LATE=1"]), kind="cod.dev/claim")
        assert (await peer.call("CreateContainer", **question)).adjust.env[0].key == "LATE"

    told, _ = with_plugin(specs, work)
    assert "container main of pod lab/pod-1: refused: no claim late" in told[1]


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("claims.cod.dev", "[gone, train-7]", r"no claim gone is ready.*\(try: cod claim list"),
        (DEVICES, "acme.com/toy=zz", r"unresolvable CDI devices acme\.com/toy=zz"),
        (DEVICES, "{}", r"annotation cdi-devices\.noderesource\.dev is no list of names"),
    ],
)
def test_what_is_not_there_is_an_error_and_no_container(
    specs: Path, version: dict[str, str], key: str, value: str, problem: str
) -> None:
    async def work(peer: Peer, _: Plugin) -> None:
        await peer.call("Configure", **version)
        with pytest.raises(CallFailed, match=problem):
            await peer.call("CreateContainer", **asks(key, value))

    with_plugin(specs, work)


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize(
    "asked",
    [{}, {"CDI_devices": [{"name": "acme.com/toy=m"}]}, {"annotations": {"cdi.k8s.io/x": "acme.com/toy=m"}}],
)
def test_what_cri_has_given_is_not_given_again(specs: Path, version: dict[str, str], asked: Any) -> None:
    mount = {"hostPath": "/opt/m", "containerPath": "/m"}
    write_spec(specs, device("m", mounts=[mount], additionalGids=[7]))

    async def work(peer: Peer, _: Plugin) -> None:
        await peer.call("Configure", **version)
        question = asks(
            DEVICES, "acme.com/toy=m", mounts=[{"destination": "/m", "source": "/opt/m"}], **asked
        )
        assert not (await peer.call("CreateContainer", **question)).adjust.ByteSize()

    with_plugin(specs, work)


def test_what_cri_was_asked_for_and_has_not_given_is_given(specs: Path) -> None:
    async def work(peer: Peer, _: Plugin) -> None:
        question = asks(DEVICES, "acme.com/toy=a", annotations={"cdi.k8s.io/x": "acme.com/toy=a"})
        assert (await peer.call("CreateContainer", **question)).adjust.env

    with_plugin(specs, work)


def test_a_container_that_asks_for_nothing_is_answered_whatever_the_specs_do(specs: Path) -> None:
    async def work(peer: Peer, plugin: Plugin) -> None:
        with plugin._devices._lock:  # as while a directory hangs
            answer = await peer.call("CreateContainer", **asks("app", "web"))
        assert not answer.HasField("adjust")

    with_plugin(specs, work)


def test_where_the_specs_hang_there_is_an_error_in_time(specs: Path) -> None:
    async def work(peer: Peer, plugin: Plugin) -> None:
        with plugin._devices._lock:
            with pytest.raises(CallFailed, match="found no answer in") as early:
                await peer.call("CreateContainer", 0.5, **asks(DEVICES, "acme.com/toy=a"))
            with pytest.raises(CallFailed, match="directories of CDI specs do not answer"):
                await peer.call("CreateContainer", 2, **asks(DEVICES, "acme.com/toy=a"))
        assert early.value.code == DEADLINE_EXCEEDED
        assert (await peer.call("CreateContainer", **asks(DEVICES, "acme.com/toy=a"))).adjust.env

    with_plugin(specs, work)


def test_events_that_were_not_asked_for_are_unimplemented(specs: Path) -> None:
    async def work(peer: Peer, _: Plugin) -> None:
        for method in ("StateChange", "RunPodSandbox", "ValidateContainerAdjustment"):
            with pytest.raises(CallFailed) as found:
                await peer._client.call(method, b"", 1)
            assert found.value.code == UNIMPLEMENTED
        await peer.call("Shutdown")

    with_plugin(specs, work)


def test_an_answer_that_is_under_way_is_given_before_it_stops(specs: Path) -> None:
    async def run() -> Any:
        ours, theirs = await pair()
        plugin = Plugin(Identity(), lambda _: Registry([specs]), lambda _: None)
        attending = asyncio.create_task(plugin.attend(*ours))
        peer = Peer(*theirs)
        await peer.ready()
        plugin._devices._lock.acquire()
        threading.Timer(0.3, plugin._devices._lock.release).start()
        asking = asyncio.create_task(peer.call("CreateContainer", **asks(DEVICES, "acme.com/toy=a")))
        await asyncio.sleep(0.1)
        attending.cancel()
        answer = await asking
        await asyncio.gather(attending, return_exceptions=True)
        await peer.reading
        return answer

    assert len(asyncio.run(run()).adjust.env) == 2


def test_a_runtime_that_refuses_it_says_why(specs: Path) -> None:
    async def run() -> None:
        ours, theirs = await pair()
        peer = Peer(*theirs, refuse="the index is taken")
        try:
            await Plugin(Identity(), lambda _: Registry([specs]), lambda _: None).attend(*ours)
        finally:
            peer.close()
            await peer.reading

    with pytest.raises(CallFailed, match="the index is taken"):
        asyncio.run(run())


def test_a_refusal_is_told_although_the_connection_ends_with_it(specs: Path) -> None:
    response = Response()
    response.status.code = 2
    response.status.message = "the index is taken"

    async def run() -> None:
        ours, theirs = await pair()
        # In one piece: the answer, and then nothing more.
        answer = frame(1, RESPONSE, response.SerializeToString())
        theirs[1].write(struct.pack(">II", RUNTIME, len(answer)) + answer)
        theirs[1].write_eof()
        await Plugin(Identity(), lambda _: Registry([specs]), lambda _: None).attend(*ours)

    with pytest.raises(CallFailed, match="the index is taken"):
        asyncio.run(run())


def test_a_container_whose_runtime_goes_meanwhile_is_not_called_refused(specs: Path) -> None:
    async def work(peer: Peer, plugin: Plugin) -> None:
        plugin._devices._lock.acquire()
        threading.Timer(0.3, plugin._devices._lock.release).start()
        asking = asyncio.create_task(peer.call("CreateContainer", **asks(DEVICES, "acme.com/toy=a")))
        await asyncio.sleep(0.1)
        asking.cancel()

    told, ended = with_plugin(specs, work)
    assert told[-1] == (
        "container main of pod lab/pod-1: not answered, since the connection has ended:"
        " it starts without its devices"
    )
    assert ended is None


def test_a_runtime_that_reads_nothing_does_not_keep_it(specs: Path) -> None:
    write_spec(specs, device("big", env=[f"V{n}={'x' * 1000}" for n in range(1000)]))
    message, _ = PLUGIN_METHODS["CreateContainer"]
    question = message(**asks(DEVICES, "acme.com/toy=big")).SerializeToString()

    async def run() -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            streams = await asyncio.open_unix_connection(sock=ours)
            plugin = Plugin(Identity(), lambda _: Registry([specs]), lambda _: None)
            attending = asyncio.create_task(plugin.attend(*streams))
            call = Request(service=PLUGIN_SERVICE, method="CreateContainer", payload=question)
            for stream in (1, 3):
                data = frame(stream, REQUEST, call.SerializeToString())
                theirs.sendall(struct.pack(">II", PLUGIN, len(data)) + data)
            await asyncio.sleep(0.3)
            theirs.sendall(b"\xff" * 8)
            await asyncio.wait_for(attending, 6)

    with pytest.raises(ConnectionBroken, match="a frame of 4294967295 bytes"):
        asyncio.run(run())


def test_its_file_of_configuration_names_other_directories(specs: Path, tmp_path_factory: Any) -> None:
    other = tmp_path_factory.mktemp("other")
    write_spec(other, device("there", env=["THERE=1"]))

    def registry_of(conf: str) -> Registry:
        return Registry(read_conf(conf).spec_dirs or [specs])

    async def work(peer: Peer, _: Plugin) -> None:
        await peer.call("Configure", **OLD, config=f"specDirs: [{other}]")
        found = await peer.call("CreateContainer", **asks(DEVICES, "acme.com/toy=there"))
        assert found.adjust.env[0].key == "THERE"
        await peer.call("Configure", **OLD)
        assert (await peer.call("CreateContainer", **asks(DEVICES, "acme.com/toy=a"))).adjust.env

    with_plugin(specs, work, registry_of)


def test_with_a_wrong_file_of_configuration_containers_that_ask_are_refused(specs: Path) -> None:
    async def work(peer: Peer, _: Plugin) -> None:
        await peer.call("Configure", **OLD, config="dirs: []")
        with pytest.raises(CallFailed, match="other keys than specDirs"):
            await peer.call("CreateContainer", **asks(DEVICES, "acme.com/toy=a"))
        assert not (await peer.call("CreateContainer", **asks("app", "web"))).HasField("adjust")

    told, _ = with_plugin(specs, work, lambda conf: Registry(read_conf(conf).spec_dirs))
    assert any(line.startswith("containers that ask for devices are refused: the plugin's ") for line in told)


def test_it_registers_while_the_specs_are_read_and_containers_that_ask_meanwhile_are_refused(
    specs: Path,
) -> None:
    goes_on = threading.Event()

    def registry_of(_: str) -> Registry:
        goes_on.wait()
        return Registry([specs])

    async def work(peer: Peer, _: Plugin) -> None:
        with pytest.raises(CallFailed, match="directories of CDI specs do not answer"):
            await peer.call("CreateContainer", **asks(DEVICES, "acme.com/toy=a"))
        await peer.call("Configure", **OLD)  # as a runtime that comes back
        goes_on.set()
        assert (await peer.call("CreateContainer", **asks(DEVICES, "acme.com/toy=a"))).adjust.env

    with_plugin(specs, work, registry_of)


@pytest.mark.parametrize(
    "text",
    [
        "specDirs: [2020-99-99]",
        "specDirs: [0x_]",
        "? [a]\n: b",
        "specDirs:",
        "[" * 10_000,
        "a: [",
        "specDirs: /etc",
        "specDirs: [cdi]",
        "[1]",
        "7",
        "{specDirs: [], x: 1}",
    ],
)
def test_a_file_of_configuration_that_says_something_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidConf) as found:
        read_conf(text)
    assert found.value.hint == "write: specDirs: [/etc/cdi, /var/run/cdi]"


def test_an_empty_file_of_configuration_says_nothing() -> None:
    assert read_conf("# nothing") == Conf()


@pytest.mark.parametrize(
    "identity",
    [
        ("a b", "10"),
        ("", "10"),
        ("a", "1"),
        ("a", "100"),
        ("a", "x1"),
        ("ä", "10"),
        ("a\n", "10"),
        ("a", "1\n0"),
    ],
)
def test_names_that_no_runtime_takes_are_refused_at_once(identity: tuple[str, str]) -> None:
    with pytest.raises(InvalidIdentity):
        Identity(*identity)


# --- hostile bytes ---

_number = st.one_of(st.sampled_from([0, PLUGIN, RUNTIME]), st.integers(0, 2**32 - 1))
_length = st.one_of(st.integers(0, 40), st.sampled_from([LONGEST, LONGEST + 1, 2**31, 2**32 - 1]))
_message = st.builds(frame, st.integers(0, 9), st.integers(0, 4), st.binary(max_size=40))
_parts = st.one_of(
    st.binary(max_size=60),
    st.builds(lambda number, data: struct.pack(">II", number, len(data)) + data, _number, _message),
    st.builds(
        lambda number, length, data: struct.pack(">II", number, length) + data, _number, _length, _message
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_parts, max_size=8))
def test_hostile_bytes_end_the_connection_with_a_reason_and_nothing_else(parts: list[bytes]) -> None:
    async def run() -> None:
        ours, theirs = await pair()
        plugin = Plugin(Identity(), lambda _: Registry([]), lambda _: None)
        attending = asyncio.create_task(plugin.attend(*ours))
        for part in parts:
            theirs[1].write(part)
            await asyncio.sleep(0)
        theirs[1].close()
        # CallFailed: bytes that happen to refuse the registration.
        with suppress(ConnectionBroken, CallFailed):
            await asyncio.wait_for(attending, 5)

    asyncio.run(run())
