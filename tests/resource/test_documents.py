from __future__ import annotations

import json

import pytest
import yaml

from cod.resource import (
    DeviceClass,
    InvalidObject,
    Other,
    ResourceClaim,
    ResourceSlice,
    decode,
    decode_mixed,
    encode,
    from_data,
    to_yaml,
)
from cod.resource.slices import Attribute

from .objects import claim, device, slice_of

CLASS = '{"apiVersion":"resource.k8s.io/v1","kind":"DeviceClass","metadata":{"name":"gpu"},"spec":{}}'

MANIFEST = """\
# two objects and an empty document
apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata:
  name: gpu
  creationTimestamp: null
spec:
  selectors:
  - cel:
      expression: device.driver == "gpu.example.com"
---
---
apiVersion: resource.k8s.io/v1
kind: ResourceSlice
metadata: {name: node}
spec:
  driver: gpu.example.com
  pool: {name: node, generation: 1, resourceSliceCount: 1}
  nodeName: node
  devices:
  - name: gpu-0
    attributes:
      busID: {string: 0000:17:00.0}
      count: {int: 010}
      born: {string: 2026-01-02}
      ecc: {bool: on}
    capacity:
      memory: {value: 80}
      cores: {value: 1.5}
"""


def faults(text: str | bytes) -> list[str]:
    with pytest.raises(InvalidObject) as refusal:
        decode(text)
    return list(refusal.value.causes)


def test_yaml_is_read_as_kubernetes_reads_it() -> None:
    class_, slice_ = decode(MANIFEST)
    assert isinstance(class_, DeviceClass)
    assert isinstance(slice_, ResourceSlice)
    (gpu,) = slice_.spec.devices
    assert gpu.attributes == {
        "busID": Attribute(string="0000:17:00.0"),
        "count": Attribute(int_=8),
        "born": Attribute(string="2026-01-02"),
        "ecc": Attribute(bool_=True),
    }
    assert [each.value for each in gpu.capacity.values()] == ["80", "1.5"]


def test_lists_of_one_kind_of_many_and_of_the_api_server_are_opened() -> None:
    values = [slice_of(device()), claim(), slice_of()]
    assert decode(encode(values)) == values
    assert decode(encode(values[:1] * 3)) == values[:1] * 3
    assert decode(json.dumps([json.loads(encode(each)) for each in values])) == values
    bare = {key: item for key, item in json.loads(CLASS).items() if key not in ("kind", "apiVersion")}
    text = json.dumps(
        {"kind": "DeviceClassList", "apiVersion": "resource.k8s.io/v1", "metadata": {}, "items": [bare, bare]}
    )
    assert decode(text) == decode(CLASS) * 2
    assert decode('{"apiVersion":"v1","kind":"List","items":[]}') == []


def test_yaml_documents_and_json_with_blanks_are_read_too() -> None:
    values = [slice_of(device()), claim()]
    assert decode(to_yaml(values)) == values
    assert decode(json.dumps(json.loads(CLASS), indent=2)) == decode(CLASS)
    assert decode("") == decode("---\n---\n") == decode("null") == []
    assert decode('{"apiVersion":"v1","kind":"List","items":null}') == []


def test_the_kind_may_stand_last() -> None:
    data = json.loads(CLASS)
    assert decode(json.dumps(dict(reversed(data.items())))) == decode(CLASS)


def test_what_is_unknown_stays_where_it_was() -> None:
    data = json.loads(encode(slice_of(device("a"), device("b"))))
    data["spec"]["devices"][1]["shiny"] = {"new": [1, None]}
    data["spec"]["devices"][1]["attributes"]["model"]["complex"] = "1i"
    data["metadata"]["odd"] = None
    data["extra"] = 1
    (value,) = decode(json.dumps(data))
    assert isinstance(value, ResourceSlice)
    assert value.spec.devices[1].unknown == {"shiny": {"new": [1, None]}}
    assert json.loads(encode(value)) == data


def test_all_that_has_a_wrong_type_is_told() -> None:
    data = json.loads(encode(slice_of(device())))
    data["spec"]["driver"] = 1
    data["spec"]["devices"][0]["attributes"] = {"a b": {"int": "1"}, "c": {"bool": 0}, "d": {"int": 2**63}}
    data["spec"]["devices"][0]["capacity"]["memory"]["value"] = True
    assert faults(json.dumps(data)) == [
        'spec.driver: Invalid value: "integer": must be of type string',
        'spec.devices[0].attributes["a b"].int: Invalid value: "string": must be of type integer',
        'spec.devices[0].attributes["c"].bool: Invalid value: "integer": must be of type boolean',
        f'spec.devices[0].attributes["d"].int: Invalid value: {2**63}: must be an integer of 64 bits',
        'spec.devices[0].capacity["memory"].value: Invalid value: "boolean": must be of type string',
    ]


def test_what_is_missing_is_nothing_and_null_is_missing() -> None:
    empty = from_data({"spec": {"driver": None}}, ResourceSlice)
    assert empty.spec.driver == empty.spec.pool.name == empty.metadata.name == ""
    assert from_data({"spec": None}, ResourceClaim).requests == ()


def test_of_each_document_it_is_told_what_is_wrong() -> None:
    text = '{"apiVersion":"v1","kind":"List","items":[{"kind":"Pod","apiVersion":"v1"},7,{"kind":"Pod"}]}'
    assert faults(text + "\n---\nkind: ResourceClaim\napiVersion: resource.k8s.io/v1beta1\n") == [
        'documents[0].items[0].kind: Unsupported value: "Pod": supported values: "DeviceClass",'
        ' "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"',
        "documents[0].items[1]: Invalid value: 7: must be an object with apiVersion and kind",
        "documents[0].items[2].apiVersion: Required value",
        'documents[1].apiVersion: Unsupported value: "resource.k8s.io/v1beta1": supported values:'
        ' "resource.k8s.io/v1"',
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"kind": "DeviceClass"', "Syntax error: "),
        ("kind: [", "Syntax error: "),
        ("a: 1\nb: 2\na: 3\n", "Syntax error: key 'a' already set in map"),
        ("? [1]\n: 2\n", "Syntax error: unsupported map key"),
        (b"\xff\xfe\xfd", "Syntax error: "),
        (CLASS.replace("gpu", "\udcff"), "Syntax error: "),
        (CLASS.encode().replace(b"gpu", b"\xff"), "Syntax error: "),
        ("a: !!python/object:os.system {}", "Syntax error: "),
        (b"a: b\xff", "Syntax error: invalid leading UTF-8 octet, at byte 4"),
        ("a: &a [*a]\n", "Syntax error: "),
        ("&a\nkind: List\nitems: [*a]\n", "Syntax error: it nests too deep"),
        ("[" * 100_000, "Syntax error: it nests too deep"),
    ],
)
def test_what_cannot_be_read_at_all_is_one_problem(text: str | bytes, fault: str) -> None:
    (cause,) = faults(text)
    assert cause.startswith(fault)


def test_a_few_lines_that_stand_for_very_much_are_refused() -> None:
    lines = ["a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert faults("\n".join(lines)) == ["Syntax error: document contains excessive aliasing"]


def test_a_text_may_be_as_long_as_it_likes_if_it_says_all_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cod.resource.yaml_text.MOST_NODES", 10)
    (found,) = decode_mixed("apiVersion: v1\nkind: Node\nmetadata: {name: one}\nspec: [" + "a, " * 99 + "]\n")
    assert found.metadata.name == "one"
    assert faults("a: &a [1, 2, 3, 4]\nb: &b [*a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b]\n") == [
        "Syntax error: document contains excessive aliasing"
    ]


@pytest.mark.parametrize("text", ["foo: bar\n", "apiVersion: v1\n", "apiVersion: 1\nkind: {a: b}\n"])
def test_what_does_not_say_what_it_is_is_no_object_of_another_kind(text: str) -> None:
    with pytest.raises(InvalidObject, match="is invalid"):
        decode_mixed(text)


def test_of_an_older_version_it_is_told_how_to_have_the_newer() -> None:
    with pytest.raises(InvalidObject) as refusal:
        decode_mixed("apiVersion: resource.k8s.io/v1beta1\nkind: ResourceSlice\nspec: {}\n")
    assert "kubectl get resourceslices.v1.resource.k8s.io" in refusal.value.hint


def test_a_yaml_fault_has_its_place() -> None:
    with pytest.raises(InvalidObject) as refusal:
        decode("a: 1\na: 3\n", "claim.yaml")
    assert refusal.value.where == "claim.yaml:2:1"


LIKE_OTHERS = [
    "y",
    "no",
    "1e3",
    "0x1f",
    "010",
    "1_0",
    "~",
    "null",
    ".5",
    "1:30",
    "2026-01-02",
    "=",
    "<<",
    "80Gi",
    ".inf",
    "é",
]


@pytest.mark.parametrize("text", [*LIKE_OTHERS, "", " a", "a\nb"])
def test_a_text_that_looks_like_something_else_stays_a_text_in_yaml(text: str) -> None:
    value = slice_of(device(attributes={"model": Attribute(string=text)}))
    assert decode(to_yaml(value)) == [value]


def test_merged_keys_and_tags_are_understood() -> None:
    text = CLASS[:-3] + "{}}"
    merged = "x: &x {name: gpu}\n"
    (value,) = decode(
        f"{merged}apiVersion: resource.k8s.io/v1\nkind: !!str DeviceClass\nmetadata: {{<<: *x}}\nspec: {{}}"
    )
    assert value.metadata == decode(text)[0].metadata


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "a: " + "{b: " * 5_000, "---\n" + "[" * 101])
def test_what_nests_too_deep_is_refused_before_a_library_can_crash_on_it(text: str) -> None:
    with pytest.raises(InvalidObject):
        decode(text)


MIXED = """\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Node
  metadata: {name: n1, labels: {zone: a, cards: 4}, annotations: {x: y}}
  status: {capacity: {cpu: 4}}
- CLASS
- apiVersion: v1
  kind: Pod
""".replace("CLASS", CLASS)


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_objects_of_other_kinds_are_told_by_their_names_and_labels(form: str) -> None:
    text = MIXED if form == "yaml" else json.dumps(yaml.safe_load(MIXED.replace("cards: 4", "cards: '4'")))
    node, class_, pod = decode_mixed(text)
    assert isinstance(node, Other)
    assert (node.api_version, node.kind, node.metadata.name) == ("v1", "Node", "n1")
    assert node.metadata.labels == {"zone": "a", "cards": "4"}
    assert isinstance(class_, DeviceClass)
    assert isinstance(pod, Other)
    assert (pod.kind, pod.metadata.name) == ("Pod", "")


def test_a_list_of_nodes_is_opened_whether_its_items_say_their_kind_or_not() -> None:
    nodes = [{"metadata": {"name": "a"}}, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "b"}}]
    found = decode_mixed(json.dumps({"apiVersion": "v1", "kind": "NodeList", "items": nodes}))
    assert [(each.kind, each.metadata.name) for each in found] == [("Node", "a"), ("Node", "b")]


def test_what_is_wrong_with_an_object_of_ours_is_told_among_others_too() -> None:
    old = CLASS.replace("/v1", "/v1beta1")
    with pytest.raises(InvalidObject) as refusal:
        decode_mixed(MIXED + f"- {old}\n- 3\n")
    assert len(refusal.value.causes) == 2


@pytest.mark.parametrize("meta", ["3", "[]", "{name: 3, labels: [a]}", "{labels: {a: {b: c}}}", "null"])
def test_an_object_of_another_kind_may_be_as_odd_as_it_likes(meta: str) -> None:
    (found,) = decode_mixed(f"apiVersion: v1\nkind: Odd\nmetadata: {meta}\n")
    assert found.kind == "Odd"
