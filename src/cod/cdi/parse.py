"""From the bytes of a spec file to a `Spec`, exactly as the reference reads them, only faster.

Two ways lead to the same answer. Plain JSON, which is what programs write, is decoded by msgspec in one step.
Whatever that step does not take, or what JSON and YAML 1.1 read differently, goes the careful way: the
document's tree (`cod.cdi.document`), then its shape (`cod.cdi.shape`). The careful way alone finds faults,
and both agree wherever the first one answers (a law in `tests/cdi/test_parse.py`).
"""

from __future__ import annotations

from msgspec import DecodeError
from msgspec.json import Decoder, Encoder

from cod.cdi.files import MAX_BYTES, MAX_NODES
from cod.cdi.garbage import no_collection
from cod.cdi.problem import InvalidSpec, Problem, Stage
from cod.cdi.spec import Spec

# YAML looks no further for the colon behind a key.
_LONGEST_KEY = 1000

_decode = Decoder(Spec).decode
_encode = Encoder().encode


def parse(data: bytes, path: str = "") -> Spec:
    """Decode a spec and check its shape, but no rule of CDI.

    Raises:
        InvalidSpec: with every flaw of syntax and shape, each with its line and column. `path` is what its
            message calls the text.
    """
    spec = parse_plain_json(data)
    if spec is not None:
        return spec
    spec, problems = examine(data)
    if problems:
        raise InvalidSpec(path, problems, data)
    assert spec is not None
    return spec


@no_collection()
def examine(data: bytes) -> tuple[Spec | None, list[Problem]]:
    """Decode a spec the careful way: as much of it as can be read, and every flaw of syntax and shape."""
    if len(data) > MAX_BYTES:
        message = f"yaml: file of {len(data)} bytes is larger than {MAX_BYTES}"
        return None, [Problem(message, stage=Stage.SYNTAX, rule="too-large")]
    # The careful way is the only one that needs YAML, which takes 20 ms to import.
    from cod.cdi.document import Unreadable, compose
    from cod.cdi.shape import decode_spec

    try:
        root, problems = compose(data)
    except Unreadable as error:
        return None, [error.problem]
    if root is None or (root.value is None and not problems):
        return None, [Problem("no Spec data", stage=Stage.SYNTAX, rule="no-data")]
    spec = decode_spec(root, problems)
    problems.sort(key=lambda problem: problem.stage)
    return spec, problems


def parse_plain_json(data: bytes) -> Spec | None:
    """The spec in `data`, or None where only the careful way can tell.

    JSON and YAML 1.1 agree on ASCII text in braces that has no escapes. msgspec takes the last of two equal
    keys where YAML refuses them; but then what it read, written out again, has fewer colons than the text.
    And a key is none for YAML if its colon stands in the next line: so every colon has to follow at once.
    """
    if not data.startswith(b"{") or not data.endswith((b"}", b"}\n")) or len(data) > MAX_BYTES:
        return None
    if b"\\" in data or b"\x7f" in data or not data.isascii() or _may_be_too_large(data):
        return None
    try:
        spec = _decode(data)
    except DecodeError:
        return None
    written = _encode(spec)
    if any(written.count(mark) != data.count(mark) for mark in (b":", b'":')) or _has_long_keys(spec):
        return None
    return spec


def _may_be_too_large(data: bytes) -> bool:
    """Whether the careful way may count too many values; each stands behind one of these characters."""
    if len(data) <= MAX_NODES:
        return False
    return 2 * data.count(b":") + sum(map(data.count, (b",", b"[", b"{"))) >= MAX_NODES


def _has_long_keys(spec: Spec) -> bool:
    annotations = [spec.annotations, *(device.annotations for device in spec.devices if device.annotations)]
    return any(len(key) > _LONGEST_KEY for mapping in annotations for key in mapping)
