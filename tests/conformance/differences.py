"""Where we answer otherwise than a reference implementation, on purpose: all of it, in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Instead = Callable[[Any], Any]


class Difference(NamedTuple):
    """One way in which our answers differ.

    `cases` lists by file the ids, each with a function that makes our answer of theirs. A function alone
    stands for every case of a file.
    """

    reason: str
    cases: Mapping[str, Mapping[str, Instead] | Instead]


def differences_of(file: str, case_id: str) -> list[tuple[str, Instead]]:
    """List the slugs of the differences that concern a case, and what we answer instead, in order."""
    found = []
    for slug, difference in DIFFERENCES.items():
        listed = difference.cases.get(file, {})
        instead = listed if callable(listed) else listed.get(case_id)
        if instead:
            found.append((slug, instead))
    return found


def listed_cases(file: str) -> set[str]:
    """List the ids that the table names for a file: each should be there."""
    found = [difference.cases.get(file, {}) for difference in DIFFERENCES.values()]
    return {case_id for listed in found if not callable(listed) for case_id in listed}


def _refused(text: str) -> Instead:
    return lambda _: {"error": text, "tree": {}}


def _replaced(old: str, new: str) -> Instead:
    return lambda answer: {
        **answer,
        "tree": {name: text.replace(old, new) for name, text in answer["tree"].items()},
    }


def _unparsed(text: str) -> Instead:
    return lambda _: {"error": f"failed to unmarshal CDI Spec: {text}", "spec": None}


def _null_entry(name: str) -> Instead:
    flaw = f"error unmarshaling JSON: while decoding JSON: invalid null entry in {name}"
    text = f'failed to parse CDI Spec "$ROOT/spec.json": failed to unmarshal CDI Spec: {flaw}'
    return lambda answer: {**dict.fromkeys(answer.keys() - {"panic"}), "error": text}


def _minimum(version: str) -> Instead:
    return lambda answer: {**answer, "min_version": version}


class Injected:
    """Equals the answer to any injection that succeeded."""

    def __eq__(self, answer: object) -> bool:
        return isinstance(answer, dict) and answer["error"] is answer["unresolved"] is None

    __hash__ = None  # type: ignore[assignment]


def _kept(**sources: tuple[str, int]) -> Instead:
    """These devices, from a file of higher precedence, are there and can be injected."""

    def instead(answer: Any) -> Any:
        initial = answer["initial"]
        found = {
            name: {"path": f"$ROOT/{path}", "priority": priority}
            for name, (path, priority) in sources.items()
        }
        initial = {
            **initial,
            "devices": sorted([*initial["devices"], *found]),
            "device_sources": initial["device_sources"] | found,
        }
        return {"initial": initial, "steps": [step_with(found, step) for step in answer["steps"]]}

    def step_with(found: Any, step: Any) -> Any:
        asked = step.get("unresolved") or () if isinstance(step, dict) else ()
        missing = [name for name in asked if name not in found]
        if len(missing) == len(asked):
            return step
        text = f"unresolvable CDI devices {', '.join(missing)}"
        return {**step, "error": text, "unresolved": missing} if missing else Injected()

    return instead


_GONE = object()


def _at(path: str, value: Any) -> Instead:
    """The answer with another value at a path such as `steps 3 error`."""

    def changed(answer: Any, steps: tuple[str, ...]) -> Any:
        if not steps:
            return value
        step, rest = steps[0], steps[1:]
        if isinstance(answer, list):
            index = int(step)
            return [*answer[:index], changed(answer[index], rest), *answer[index + 1 :]]
        made = {**answer, step: changed(answer.get(step, {}), rest)}
        return {key: item for key, item in made.items() if item is not _GONE}

    return lambda answer: changed(answer, tuple(path.split(" ")))


def _without(path: str) -> Instead:
    """The answer without what is at a path."""
    return _at(path, _GONE)


def _all(*changes: Instead) -> Instead:
    def instead(answer: Any) -> Any:
        for change in changes:
            answer = change(answer)
        return answer

    return instead


def _directory_left_out(path: str) -> Instead:
    """A spec directory that is a file is an error of its own; the directories behind it count."""
    text = f"failed to load CDI Spec list $ROOT/{path}: not a directory"
    source = {"path": "$ROOT/run/a.json", "priority": 2}
    return _all(
        _at("initial devices", ["vendor.com/device=d0"]),
        _at("initial device_sources vendor.com/device=d0", source),
        _at("initial vendors", ["vendor.com"]),
        _at("initial classes", ["device"]),
        _at("initial vendor_specs vendor.com", [{"class": "device", **source}]),
        _at(f"initial errors $ROOT/{path}", [text]),
        _at("steps 0 error", [text]),
    )


_ESCAPING = "invalid file name \"{}\", invalid character '/'"
_NODE_GONE = (
    'failed to inject devices: failed to stat CDI host device "/tmp/cdi-vec-host/tmpnode": '
    "no such file or directory"
)
_NULL_NODE = _null_entry("deviceNodes")({"panic": ""})["error"].replace("$ROOT/spec", "$ROOT/etc/a")
_NULL_NODE_LISTING = {
    **{key: [] for key in ("devices", "vendors", "classes")},
    **{key: {} for key in ("device_sources", "vendor_specs")},
    "errors": {"$ROOT/etc/a.json": [f"failed to load CDI Spec {_NULL_NODE}"]},
}
_OLD_NODE = "steps 3 oci linux devices 0"

DIFFERENCES: dict[str, Difference] = {
    "file-mode": Difference(
        "the reference leaves a spec at mode 0600, where only root can read it; ours have 0644",
        {"cdi/write:mode": lambda modes: ["0644" for _ in modes]},
    ),
    "escaping-names": Difference(
        "the reference makes a path of any name, also one that leads elsewhere; we take names only",
        {
            "cdi/write": {
                "name-8": _refused("invalid file name \"./x\", invalid character '/'"),
                "name-9": _refused("invalid file name \"x/\", invalid character '/'"),
            },
            "cdi/cache": {
                "hand-33": _all(
                    _at("steps 0 error", _ESCAPING.format("sub/x")),
                    _at("steps 1 error", _ESCAPING.format("../esc")),
                    _at("steps 2", {}),
                    _at("steps 3 error", _ESCAPING.format("../esc")),
                    _at("steps 4", {}),
                ),
                "hand-34": _all(_at("steps 0 error", 'invalid file name "", not a name'), _at("steps 1", {})),
            },
            "cdi/write:mode": dict.fromkeys(("name-8", "name-9"), lambda _: []),
        },
    ),
    "merge-key": Difference(
        "the reference writes `<<` plain, which readers take for a merge; we quote it, as newer yaml.v3 does",
        {"cdi/write": {"ann-31": _replaced("k: <<", 'k: "<<"')}},
    ),
    "last-device": Difference(
        "of all devices the reference sees `hostPath` and a mount's `type` in the last one only (a loop "
        "variable of Go before 1.22); our minimum is right, and what the reference accepts we accept",
        {
            "cdi/version": dict.fromkeys(
                ("gen-3", "gen-24", "gen-38", "gen-59", "gen-69", "gen-96", "gen-147"), _minimum("0.5.0")
            )
            | dict.fromkeys(("gen-5", "gen-64", "gen-120", "gen-124", "gen-131"), _minimum("0.4.0")),
            "cdi/load": dict.fromkeys(
                [f"gen-valid-{n}" for n in (43, 83, 91, 149, 179, 210, 244, 279)]
                + [f"gen-mut-{n}" for n in (3, 299)],
                _minimum("0.5.0"),
            )
            | dict.fromkeys(
                [f"gen-valid-{n}" for n in (18, 33, 44, 66, 67, 68, 136, 148, 168, 230, 270, 273)]
                + [f"gen-mut-{n}" for n in (263, 379, 411, 429)],
                _minimum("0.4.0"),
            ),
        },
    ),
    "null-entry": Difference(
        "the reference takes `null` among nodes, mounts, hooks and network devices and crashes on it as soon "
        "as it validates; we refuse it when we parse",
        {
            "cdi/parse": {
                "doc-null-nodes": _unparsed(
                    "error unmarshaling JSON: while decoding JSON: invalid null entry in deviceNodes"
                )
            },
            "cdi/load": dict.fromkeys(("hand-227", "hand-228", "gen-mut-244"), _null_entry("deviceNodes"))
            | dict.fromkeys(("hand-247", "hand-248"), _null_entry("mounts"))
            | {"hand-289": _null_entry("hooks")}
            | dict.fromkeys(("hand-373", "hand-374"), _null_entry("netDevices")),
            "cdi/cache": {"hand-42": lambda _: {"initial": _NULL_NODE_LISTING, "steps": []}},
        },
    ),
    "depth": Difference(
        "the reference follows 10,000 levels to say that a list is no string; nothing in a spec is deeper "
        "than eight, and we stop at 64",
        {
            "cdi/parse": {
                "doc-deep-json-ok": _unparsed("error converting YAML to JSON: yaml: exceeded max depth of 64")
            }
        },
    ),
    "flow-key": Difference(
        "goyaml.v2 stumbles over `{}` as a key where libyaml reads it, as YAML allows; both refuse the key",
        {
            "cdi/parse": {
                "yaml-annotation_key-92": _unparsed(
                    "error converting YAML to JSON: yaml: invalid map key: map[interface {}]interface {}{}"
                )
            }
        },
    ),
    "half-edited": Difference(
        "on an error the reference leaves the OCI spec half edited; ours is as it was",
        {
            "cdi/apply": {
                "hand-191": _all(_at("oci process env", ["PATH=/bin", "A=old", "B=2"]), _without("oci linux"))
            }
        },
    ),
    "unknown-fields": Difference(
        "the reference drops what it does not know of an OCI spec; in ours it survives",
        {"cdi/oci_roundtrip": {"read-10": _at("unknown", 1)}},
    ),
    "config-is-json": Difference(
        "the reference reads YAML, nothing and null as an OCI spec, which no runtime does; we refuse them",
        {"cdi/oci_roundtrip": dict.fromkeys(("read-0", "read-2", "read-12"), lambda _: "refused")},
    ),
    "missing-directory": Difference(
        "where the reference follows changes, a spec directory that does not exist is an error; it is none",
        {
            "cdi/cache": {
                "ref-new-0": _all(_without("initial errors $ROOT/etc"), _without("initial errors $ROOT/run"))
            }
        },
    ),
    "conflict-below": Difference(
        "a conflict between two files of low precedence deletes, in the reference, also the device that a "
        "directory of higher precedence provides cleanly; we keep it",
        {
            "cdi/cache": {
                "hand-4": _kept(**{"vendor.com/device=d0": ("run/c.json", 1)}),
                "gen-0": _kept(**{"ULx.com/nic=dev0": ("d1/f2.json", 1)}),
                "gen-12": _kept(
                    **{"Mx.com/nic=dev3": ("d2/f1.yaml", 2), "Mx.com/nic=dev4": ("d2/f0.json", 2)}
                ),
                "gen-14": _kept(**{"Ux.com/fpga=dev1": ("d2/f2.json", 2)}),
                "gen-18": _kept(**{"YUVf1Kx.com/gpu=dev5": ("d2/f1.yaml", 2)}),
                "gen-21": _kept(**{"Mx.com/gpu=dev4": ("d1/f1.json", 1)}),
                "gen-23": _kept(**{"a0eIWx.com/fpga=dev0": ("d1/f0.yaml", 1)}),
                "gen-33": _kept(**{"X6JBBpx.com/gpu=dev4": ("d2/f1.json", 2)}),
                "gen-58": _kept(**{"a8Ix.com/fpga=dev5": ("d2/f0.yaml", 2)}),
                "gen-90": _kept(**{"u5LCiNx.com/nic=dev3": ("d1/f0.json", 1)}),
                "gen-101": _kept(**{"hsP3Zkx.com/gpu=dev2": ("d2/f3.json", 2)}),
                "gen-111": _kept(**{"U4x.com/nic=dev2": ("d1/f2.yaml", 1)}),
            }
        },
    ),
    "stale-host": Difference(
        "the reference keeps the numbers of a host's node until its next refresh; we read them each time",
        {
            "cdi/cache": {
                "hand-18": _all(
                    _at(f"{_OLD_NODE} major", 11),
                    _at(f"{_OLD_NODE} minor", 2),
                    _at(f"{_OLD_NODE} fileMode", 0o666),
                    _at("steps 3 oci linux resources devices 0 major", 11),
                    _at("steps 3 oci linux resources devices 0 minor", 2),
                    _at("steps 5 error", _NODE_GONE),
                    _without("steps 5 oci linux"),
                )
            }
        },
    ),
    "silent-scan": Difference(
        "a spec directory that cannot be listed ends the reference's scan without a word; for us it is an "
        "error, and the others count",
        {
            "cdi/cache": {
                "hand-19": _directory_left_out("etc/f.json"),
                "hand-29": _directory_left_out("etc/f"),
            }
        },
    ),
    "unresolved-of-nil": Difference(
        "of no OCI spec at all the reference calls every device unresolved; it is the spec that is missing",
        {"cdi/cache": {"hand-13": _all(_at("steps 0 unresolved", None), _at("steps 1 unresolved", None))}},
    ),
    "validator-plug-in": Difference(
        "the reference can be given a JSON Schema as a further check of every file; ours is a command, "
        "`cod spec validate --schema`, and a registry loads what runtimes load",
        {
            "cdi/cache": {
                "hand-44": _all(
                    _at("initial devices", ["vendor.com/device=d", "vendor.com/device=d0"]),
                    _at(
                        "initial device_sources vendor.com/device=d",
                        {"path": "$ROOT/etc/b.json", "priority": 0},
                    ),
                    _at(
                        "initial vendor_specs vendor.com",
                        [
                            {"class": "device", "path": f"$ROOT/etc/{name}.json", "priority": 0}
                            for name in ("a", "b")
                        ],
                    ),
                    _without("initial errors $ROOT/etc/b.json"),
                )
            }
        },
    ),
}
