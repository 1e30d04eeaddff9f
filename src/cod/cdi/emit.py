"""Write a CDI spec as YAML or JSON, byte for byte as the reference writes it.

A spec first becomes plain data (dicts, lists, text, numbers) in the order of output; two small emitters do
the rest. What is empty is left out, but for the keys that CDI requires.

Source: CDI SPEC.md § CDI JSON Specification; YAML as go.yaml.in/yaml/v3, JSON as Go's encoding/json.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cmp_to_key
from itertools import takewhile
from math import isfinite
from typing import Any

import msgspec

from cod.cdi.quote import quote
from cod.cdi.spec import ContainerEdits, Device, DeviceNode, Hook, IntelRdt, Mount, NetDevice, Spec
from cod.errors import Refused

Data = dict[str, Any]


def to_json(spec: Spec) -> bytes:
    """Write a spec as one line of JSON, without a newline at its end.

    Raises Refused if a text holds bytes that are not UTF-8.
    """
    try:
        json = msgspec.json.encode(to_data(spec))
    except UnicodeEncodeError as error:
        raise _not_utf8(error) from None
    for char in "<>&\u2028\u2029":
        json = json.replace(char.encode(), f"\\u{ord(char):04x}".encode())
    return json


def to_yaml(spec: Spec) -> bytes:
    """Write a spec as a YAML document.

    Raises Refused if a text holds bytes that are not UTF-8.
    """
    data = to_data(spec)
    for part in (data, *data["devices"]):
        if "annotations" in part:
            part["annotations"] = _natural(part["annotations"])
    if not data["containerEdits"]:
        del data["containerEdits"]
    try:
        lines = list(_mapping(data, 0))
    except UnicodeEncodeError as error:
        raise _not_utf8(error) from None
    return "\n".join(("---", *lines, "")).encode()


def _not_utf8(error: UnicodeEncodeError) -> Refused:
    text = quote(error.object[max(0, error.start - 30) : error.end])
    return Refused(f"a text of the spec is not UTF-8: {text}", hint="files in JSON and YAML hold UTF-8 only")


def to_data(spec: Spec) -> Data:
    """Turn a spec into the plain data that its JSON holds, keys in the order of output."""
    data: Data = {"cdiVersion": spec.cdi_version, "kind": spec.kind}
    if spec.annotations:
        data["annotations"] = dict(sorted(spec.annotations.items()))
    data["devices"] = [_device(device) for device in spec.devices]
    data["containerEdits"] = edits_data(spec.container_edits)
    return data


def _device(device: Device) -> Data:
    data: Data = {"name": device.name}
    if device.annotations:
        data["annotations"] = dict(sorted(device.annotations.items()))
    data["containerEdits"] = edits_data(device.container_edits)
    return data


def edits_data(edits: ContainerEdits) -> Data:
    """Turn edits into the plain data that a spec's JSON holds."""
    data = _given(
        env=list(edits.env),
        deviceNodes=[_device_node(node) for node in edits.device_nodes],
        netDevices=[_net_device(device) for device in edits.net_devices],
        hooks=[_hook(hook) for hook in edits.hooks],
        mounts=[_mount(mount) for mount in edits.mounts],
    )
    if edits.intel_rdt is not None:
        data["intelRdt"] = _intel_rdt(edits.intel_rdt)
    return data | _given(additionalGids=list(edits.additional_gids))


def _device_node(node: DeviceNode) -> Data:
    return {"path": node.path} | _given(
        hostPath=node.host_path,
        type=node.type,
        major=node.major or None,
        minor=node.minor or None,
        fileMode=node.file_mode,
        permissions=node.permissions,
        uid=node.uid,
        gid=node.gid,
    )


def _net_device(device: NetDevice) -> Data:
    return {"hostInterfaceName": device.host_interface_name, "name": device.name}


def _hook(hook: Hook) -> Data:
    return {"hookName": hook.hook_name, "path": hook.path} | _given(
        args=list(hook.args), env=list(hook.env), timeout=hook.timeout
    )


def _mount(mount: Mount) -> Data:
    return {"hostPath": mount.host_path, "containerPath": mount.container_path} | _given(
        options=list(mount.options), type=mount.type
    )


def _intel_rdt(rdt: IntelRdt) -> Data:
    return _given(
        closID=rdt.clos_id,
        l3CacheSchema=rdt.l3_cache_schema,
        memBwSchema=rdt.mem_bw_schema,
        schemata=list(rdt.schemata or ()),
        enableMonitoring=rdt.enable_monitoring,
    )


def _given(**values: object) -> Data:
    """Leave out what is empty; a number counts as given, be it 0."""
    return {key: value for key, value in values.items() if value or (value == 0 and value is not False)}


def _mapping(data: Mapping[str, Any], indent: int) -> Iterator[str]:
    """Write a mapping's lines, its keys `indent` columns in."""
    margin, inner = " " * indent, 4 * (indent // 4 + 1)
    for key, value in data.items():
        head, is_simple = _key(key, indent, inner)
        if value and isinstance(value, (dict, list)):
            yield f"{margin}{head}:"
            yield from _mapping(value, inner) if isinstance(value, dict) else _sequence(value, inner)
        elif is_simple:
            yield f"{margin}{head}: {_scalar(value, indent, inner)}"
        else:
            yield f"{margin}? {head}"
            yield f"{margin}: {_scalar(value, indent, inner)}"


def _sequence(items: list[Any], indent: int) -> Iterator[str]:
    """Write a list's lines, its dashes `indent` columns in."""
    margin, inner = " " * indent, indent + 2
    for item in items:
        if isinstance(item, dict):
            lines = _mapping(item, inner)
            yield f"{margin}- {next(lines)[inner:]}"
            yield from lines
        else:
            yield f"{margin}- {_scalar(item, indent, inner)}"


def _key(key: str, indent: int, inner: int) -> tuple[str, bool]:
    """Write a key, and say whether it is simple: on one line and short. Others stand after a `?`."""
    is_simple = (key.isprintable() or not re.search(_BREAK, key)) and len(
        key.encode("utf-8", "replace")
    ) <= _LONGEST_SIMPLE_KEY
    return _scalar(key, indent, inner), is_simple


def _scalar(value: object, indent: int, inner: int) -> str:
    """Write what is no block: its first line goes on behind its parent, that is `indent` columns in."""
    if isinstance(value, str):
        return value if _SURELY_PLAIN(value) and value not in _WORDS else _text(value, indent, inner)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else "[]" if isinstance(value, list) else "{}"


_LONGEST_SIMPLE_KEY = 128  # bytes

# Most texts are names, paths and options; those are plain, unless they are one of the words below.
_SURELY_PLAIN = re.compile(r"[A-Za-z/_][A-Za-z0-9/_.=+-]*").fullmatch

# What YAML 1.2, and then YAML 1.1, takes for a null, a boolean, a float or a merge.
_WORDS = {
    *("", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE", "<<"),
    *(".nan", ".NaN", ".NAN", *(sign + word for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF"))),
    *("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF"),
}

# These are compiled when the first text needs them: few do, and the wide ranges take milliseconds.
_BREAK = "[\n\r\x85\u2028\u2029]"
_UNPRINTABLE = "[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]"
_INDICATOR = r"""^[ #,\[\]{}&*!|>'"%@`]|^---|^\.\.\.|^[?-](?: |\Z)|:(?: |\Z)| \#| \Z"""
_NEVER_PLAIN = f"{_BREAK}|{_UNPRINTABLE}"
_NEVER_SINGLE_QUOTED = f"{_BREAK} | {_BREAK}|{_UNPRINTABLE}"
_NEVER_LITERAL = f" \n| \\Z|[\u2028\u2029]|(?!\t){_UNPRINTABLE}"
_ESCAPED = f'["\\\\]|{_BREAK}|{_UNPRINTABLE}'


def _text(text: str, indent: int, inner: int) -> str:
    """Write a text in the plainest style that can hold it: as it is, on lines of its own, in '…', in "…"."""
    if "\n" in text:
        return _double_quoted(text) if re.search(_NEVER_LITERAL, text) else _literal(text, indent, inner)
    if text in _WORDS or _reads_as_number(text):
        return _double_quoted(text)
    is_common = _is_printable_ascii(text)
    if not re.search(_INDICATOR, text) and (is_common or not re.search(_NEVER_PLAIN, text)):
        return text
    if is_common or not re.search(_NEVER_SINGLE_QUOTED, text):
        return _single_quoted(text, inner)
    return _double_quoted(text)


def _is_printable_ascii(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _literal(text: str, indent: int, inner: int) -> str:
    """Write `|` and the lines; it tells how far in they stand if the first one cannot show it.

    Two things the reference does are not done, since another text would be read back: to tell 4 columns
    wherever the lines stand, and to write line separators of Unicode here.
    """
    hint = str(inner - indent) if text[0] in " \n" else ""
    chomp = "-" if text[-1] != "\n" else "+" if text[-2:] in ("\n", "\n\n") else ""
    lines = text.removesuffix("\n").split("\n")
    return "\n".join((f"|{hint}{chomp}", *(" " * inner + line if line else "" for line in lines)))


def _single_quoted(text: str, inner: int) -> str:
    """Write `'…'`; behind a line separator of Unicode the text goes on `inner` columns in."""
    text = re.sub("(?<=[\u2028\u2029])(?=[^\u2028\u2029])", " " * inner, text)
    return "'" + text.replace("'", "''") + "'"


_SHORT_ESCAPES = dict(zip('\0\a\b\t\n\v\f\r\x1b"\\\x85\xa0\u2028\u2029', '0abtnvfre"\\N_LP', strict=True))


def _double_quoted(text: str) -> str:
    """Write `"…"` with escapes; behind a byte order mark at the start yaml.v3 escapes everything."""
    if _is_printable_ascii(text):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    else:
        escaped = re.sub("(?s:.)" if text[0] == "\ufeff" else _ESCAPED, _escape, text)
    return f'"{escaped}"'


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if char in _SHORT_ESCAPES:
        return "\\" + _SHORT_ESCAPES[char]
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        match.string.encode()  # raises UnicodeEncodeError, with the text in it
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


# Numbers with the bases and signs that Go's strconv takes, odd ones too.
_NUMBER = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
_BASED = r"[-+]?0([xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)|0(o[-+][0-7]+|b[-+][01]+)"
_BASE_60 = r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"
_CLOCK = "(?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9](?:[.,][0-9]+)?"
_ZONE = "(?:Z|[-+](?:[01][0-9]|2[0-4]):(?:[0-5][0-9]|60))"
_TIMESTAMP = "([0-9]{4})-(0?[1-9]|1[0-2])-(0?[1-9]|[12][0-9]|3[01])" + f"(?: +{_CLOCK}|[Tt]{_CLOCK}{_ZONE})?"


def _reads_as_number(text: str) -> bool:
    """Whether some version of YAML takes a plain text for a number or a point in time."""
    if text[0] not in "+-.0123456789":
        return False
    digits = re.sub("(?<=[0-9])_(?=[0-9])" if text[0] == "." else "_", "", text)
    if re.fullmatch(_NUMBER, digits):
        return isfinite(float(digits))
    if "0" in digits[:2] and re.fullmatch(_BASED, digits):
        return _fits_64_bits(digits)
    if ":" in text and re.fullmatch(_BASE_60, text):
        return True
    return text[4:5] == "-" and _is_timestamp(text)


def _fits_64_bits(number: str) -> bool:
    """Whether Go's int64 or, for a number without a sign, uint64 holds a number of base 2, 8 or 16."""
    magnitude = int(number.replace("-", "").replace("+", ""), 0)
    if "-" in number:
        return magnitude <= 2**63
    return magnitude < (2**63 if "+" in number else 2**64)


def _is_timestamp(text: str) -> bool:
    match = re.fullmatch(_TIMESTAMP, text)
    if not match:
        return False
    year, month, day = map(int, match.groups())
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return day <= (28 + is_leap if month == 2 else 30 if month in (4, 6, 9, 11) else 31)


def _natural(annotations: dict[str, str]) -> dict[str, str]:
    """Order annotations as yaml.v3 orders a map: `a2` before `a10`, letters after what is none."""
    return {key: annotations[key] for key in sorted(annotations, key=cmp_to_key(_compare))}


def _compare(a: str, b: str) -> int:
    return -1 if _is_less(a, b) else 1


def _is_less(a: str, b: str) -> bool:
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), None)
    if at is None:
        return len(a) < len(b)
    x, y = a[at], b[at]
    if x.isalpha() and y.isalpha():
        return x < y
    if x.isalpha() or y.isalpha():
        return x.isalpha() == a[:at][-1:].isdecimal()
    shared = takewhile(str.isdecimal, reversed(a[:at]))
    zeros_count = any(digit != "0" for digit in shared)
    return (_number(a[at:], zeros_count), x) < (_number(b[at:], zeros_count), y)


def _number(text: str, zeros_count: bool) -> tuple[int, str, int]:
    """Make the digits that a text begins with comparable by value, then by their count."""
    digits = "".join(takewhile(str.isdecimal, text))
    value = digits if zeros_count else digits.lstrip("0")
    return len(value), value, len(digits)
