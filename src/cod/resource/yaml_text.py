"""YAML documents as plain data, read as Kubernetes' tools do, and written so that they read it back.

What stands plain is read by Go's rules: `0000:17:00.0` and dates are texts, `y` and `on` truth values, 010 is
8. Source: sigs.k8s.io/yaml, goyaml.v2 `resolve`.
"""

from __future__ import annotations

import base64
import re
from typing import Any

import yaml

from cod.resource.problem import InvalidObject, Problem

MOST_NODES = 2_000_000  # more than a text has bytes, aliases followed: a few lines can stand for endless data

MOST_LEVELS = 100  # of nesting; no object comes near it
TOO_DEEP = "it nests too deep"

_PLAIN = "tag:cod.dev,2026:plain"  # of what stands without quotes and without a tag

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_TRUE = ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"]
_WORDS = dict.fromkeys(_TRUE, True) | dict.fromkeys(
    ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], False
)
_INTEGER = re.compile(r"[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|0|[1-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_AMBIGUOUS = re.compile(
    r"[-+.]?[0-9].*|[-+]?\.(inf|nan)|~|=|<<|null|y|n|yes|no|on|off|true|false|", re.IGNORECASE | re.DOTALL
)


class _GoLoader(_Loader):  # type: ignore[misc]
    """Reads what stands plain by Go's rules, and no key twice."""

    yaml_implicit_resolvers: dict[Any, Any] = {
        "<": [("tag:yaml.org,2002:merge", re.compile("<<"))],
        None: [(_PLAIN, re.compile("", re.DOTALL))],
    }


class _GoDumper(_Dumper):  # type: ignore[misc]
    """Writes texts in quotes wherever a reader could take them for something else."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


def _plain(_: Any, node: yaml.ScalarNode) -> Any:
    text = node.value
    if text in _WORDS:
        return _WORDS[text]
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if _INTEGER.fullmatch(text):
        digits = text.replace("_", "")
        return int(digits, 8 if re.match("[-+]?0[0-7]", digits) else 0)
    return float(text) if _FLOAT.fullmatch(text) else text


def _mapping(loader: Any, node: yaml.MappingNode) -> Any:
    found: dict[str, Any] = {}
    yield found
    own = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = _key(loader.construct_object(key_node, deep=True))
        if key in own:
            text = f"key {key!r} already set in map"
            raise yaml.constructor.ConstructorError(None, None, text, key_node.start_mark)
        own.add(key)
    loader.flatten_mapping(node)  # what is merged stands before the map's own
    for key_node, value_node in node.value:
        key = _key(loader.construct_object(key_node, deep=True))
        found[key] = loader.construct_object(value_node, deep=True)


def _key(value: Any) -> str:
    if value is None or isinstance(value, str):
        return "null" if value is None else str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise yaml.constructor.ConstructorError(
        None, None, f"unsupported map key of type {type(value).__name__}", None
    )


def _binary(loader: Any, node: yaml.ScalarNode) -> str:
    return base64.b64encode(loader.construct_yaml_binary(node)).decode()


_GoLoader.add_constructor(_PLAIN, _plain)
_GoLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
_GoLoader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)
_GoLoader.add_constructor("tag:yaml.org,2002:binary", _binary)
_GoDumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style='"' if _AMBIGUOUS.fullmatch(text) else None
    ),
)


def read_documents(text: str | bytes, where: str = "") -> list[Any]:
    """The documents of a text, without empty ones. Raises InvalidObject where it is no YAML."""
    try:
        check_depth(text)
        found = [document for document in yaml.load_all(text, _GoLoader) if document is not None]
        _count(found, [MOST_NODES + len(text)])
    except yaml.reader.ReaderError as error:
        raise _unreadable(f"{error.reason}, at byte {error.position}", where) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark and where else where
        raise _unreadable(getattr(error, "problem", None) or str(error), where) from None
    except RecursionError:  # an alias of what it stands in
        raise _unreadable(TOO_DEEP, where) from None
    except (ValueError, OverflowError) as error:
        raise _unreadable(str(error), where) from None
    return found


def check_depth(text: str | bytes, most: int = MOST_LEVELS) -> None:
    """Refuse what nests too deep, on which some versions of libyaml crash. Raises yaml.YAMLError."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > most:
                mark: Any = event.start_mark  # one of two classes of marks, says the type
                raise yaml.MarkedYAMLError(problem=TOO_DEEP, problem_mark=mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def write_documents(documents: list[Any]) -> str:
    """Documents as YAML, `---` between them."""
    text: str = yaml.dump_all(
        documents,
        Dumper=_GoDumper,
        sort_keys=False,
        allow_unicode=True,
        width=1000,
        explicit_start=len(documents) > 1,
    )
    return text


def _unreadable(why: str, where: str) -> InvalidObject:
    return InvalidObject("YAML", [Problem((), "Syntax error", why)], where=where)


def _count(data: Any, left: list[int]) -> None:
    left[0] -= 1
    if left[0] < 0:
        raise ValueError("document contains excessive aliasing")
    if isinstance(data, (dict, list)):
        for item in data.values() if isinstance(data, dict) else data:
            _count(item, left)
