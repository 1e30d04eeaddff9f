"""Random specs, most of them sound: as hypothesis strategies."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

# A busy machine may take long over one example, and that is no failure.
patient = settings(deadline=None, max_examples=50)

words = st.text("abcXYZ019_.:-=/ ", min_size=1, max_size=12)
# YAML takes all of these as they are.
characters = st.characters(exclude_categories=("Cs", "Cc", "Cn"))
texts = (
    words
    | st.text(characters, max_size=6)
    | st.sampled_from(["yes", "null", "~", "010", "1.10", "<<", "a: b", "#x", "é"])
)
numbers = st.sampled_from([0, 1, 44, 2**31, 2**32 - 1])
paths = st.from_regex(r"/[a-z0-9/]{1,12}", fullmatch=True)
variables = st.from_regex(r"[A-Z]{1,4}=[a-z0-9 :,]{0,8}", fullmatch=True)
names = st.from_regex(r"[a-z0-9]([a-z0-9:._-]{0,6}[a-z0-9])?", fullmatch=True)


def objects(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


def lists(items: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(items, min_size=1, max_size=3)


device_nodes = objects(
    {"path": paths},
    {
        "hostPath": paths,
        "type": st.sampled_from("bcup"),
        "major": numbers,
        "minor": numbers,
        "fileMode": numbers,
        "permissions": st.sampled_from(["r", "rw", "rwm", "mm"]),
        "uid": numbers,
        "gid": numbers,
    },
)
mounts = objects(
    {"hostPath": paths, "containerPath": paths}, {"options": lists(words), "type": st.just("bind")}
)
hooks = objects(
    {"hookName": st.sampled_from(["prestart", "createContainer"]), "path": paths},
    {"args": lists(texts), "env": lists(variables), "timeout": numbers},
)
intel_rdt = objects(
    {}, {"closID": names, "l3CacheSchema": words, "schemata": lists(words), "enableMonitoring": st.booleans()}
)
edits = objects(
    {"env": lists(variables)},
    {
        "deviceNodes": lists(device_nodes),
        "hooks": lists(hooks),
        "mounts": lists(mounts),
        "intelRdt": intel_rdt,
        "additionalGids": lists(numbers),
    },
)
annotations = st.dictionaries(texts, texts, min_size=1, max_size=3)
devices = objects({"name": names, "containerEdits": edits}, {"annotations": annotations})
specs = objects(
    {
        "cdiVersion": st.just("1.1.0"),
        "kind": st.sampled_from(["vendor.com/gpu", "v/a.b"]),
        "devices": st.lists(devices, min_size=1, max_size=3, unique_by=lambda device: device["name"]),
    },
    {"annotations": annotations, "containerEdits": edits},
)
"""Specs that keep every rule, as JSON values."""
