from __future__ import annotations

import json
import re

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from cod.cdi.emit import to_data, to_json, to_yaml
from cod.cdi.spec import ContainerEdits, Device, DeviceNode, Hook, IntelRdt, Mount, NetDevice, Spec
from cod.errors import Refused

FULL = Spec(
    cdi_version="1.1.0",
    kind="vendor.com/gpu",
    annotations={"a10": "ten", "a2": "two"},
    devices=(
        Device(
            name="gpu0",
            annotations={"note": "first\nsecond\n"},
            container_edits=ContainerEdits(
                device_nodes=(
                    DeviceNode(
                        path="/dev/gpu0",
                        host_path="/dev/dri/card0",
                        type="c",
                        major=226,
                        minor=0,
                        file_mode=0o660,
                        permissions="rw",
                        uid=0,
                        gid=44,
                    ),
                ),
            ),
        ),
    ),
    container_edits=ContainerEdits(
        env=("GPU=yes", "yes"),
        net_devices=(NetDevice(host_interface_name="eth1", name="eth0"),),
        hooks=(Hook(hook_name="createRuntime", path="/bin/hook", args=("hook", "--fast"), timeout=0),),
        mounts=(Mount(host_path="/lib/a b", container_path="/lib/a: b", options=("ro",)),),
        intel_rdt=IntelRdt(clos_id="c1", schemata=("L3:0=f",), enable_monitoring=True),
        additional_gids=(0, 44),
    ),
)

FULL_YAML = """\
---
cdiVersion: 1.1.0
kind: vendor.com/gpu
annotations:
    a2: two
    a10: ten
devices:
    - name: gpu0
      annotations:
        note: |
            first
            second
      containerEdits:
        deviceNodes:
            - path: /dev/gpu0
              hostPath: /dev/dri/card0
              type: c
              major: 226
              fileMode: 432
              permissions: rw
              uid: 0
              gid: 44
containerEdits:
    env:
        - GPU=yes
        - "yes"
    netDevices:
        - hostInterfaceName: eth1
          name: eth0
    hooks:
        - hookName: createRuntime
          path: /bin/hook
          args:
            - hook
            - --fast
          timeout: 0
    mounts:
        - hostPath: /lib/a b
          containerPath: '/lib/a: b'
          options:
            - ro
    intelRdt:
        closID: c1
        schemata:
            - L3:0=f
        enableMonitoring: true
    additionalGids:
        - 0
        - 44
"""


def test_a_spec_with_everything_in_it_is_written_as_yaml() -> None:
    assert to_yaml(FULL).decode() == FULL_YAML


def test_json_and_yaml_say_the_same() -> None:
    assert json.loads(to_json(FULL)) == yaml.safe_load(to_yaml(FULL)) == to_data(FULL)


def test_an_empty_spec_keeps_the_keys_that_cdi_requires() -> None:
    spec = Spec(devices=(Device(), Device(container_edits=ContainerEdits(intel_rdt=IntelRdt()))))
    assert to_json(spec) == (
        b'{"cdiVersion":"","kind":"","devices":[{"name":"","containerEdits":{}},'
        b'{"name":"","containerEdits":{"intelRdt":{}}}],"containerEdits":{}}'
    )
    assert to_yaml(spec) == (
        b'---\ncdiVersion: ""\nkind: ""\ndevices:\n    - name: ""\n      containerEdits: {}\n'
        b'    - name: ""\n      containerEdits:\n        intelRdt: {}\n'
    )


def test_parts_without_content_keep_the_keys_that_cdi_requires() -> None:
    edits = ContainerEdits(
        device_nodes=(DeviceNode(major=0, minor=0),),
        net_devices=(NetDevice(),),
        hooks=(Hook(),),
        mounts=(Mount(),),
        intel_rdt=IntelRdt(schemata=()),
    )
    assert to_data(Spec(container_edits=edits))["containerEdits"] == {
        "deviceNodes": [{"path": ""}],
        "netDevices": [{"hostInterfaceName": "", "name": ""}],
        "hooks": [{"hookName": "", "path": ""}],
        "mounts": [{"hostPath": "", "containerPath": ""}],
        "intelRdt": {},
    }


@pytest.mark.parametrize(
    ("text", "written"),
    [
        # as it is
        ("/dev/dri/card0", "/dev/dri/card0"),
        ("A=b c", "A=b c"),
        ("PATH=/bin:/usr/bin", "PATH=/bin:/usr/bin"),
        ("--all", "--all"),
        ("?x", "?x"),
        ("12:34:56:78:9a:bc", "12:34:56:78:9a:bc"),
        ("2001-02-30", "2001-02-30"),
        ("0b12", "0b12"),
        # a number, a date, a word with a meaning
        ("", '""'),
        ("null", '"null"'),
        ("No", '"No"'),
        ("1.10", '"1.10"'),
        ("08", '"08"'),
        ("0x1F", '"0x1F"'),
        ("1_000", '"1_000"'),
        (".5", '".5"'),
        ("1e3", '"1e3"'),
        ("2001-02-28", '"2001-02-28"'),
        ("2000-02-29t1:2:3.5-05:00", '"2000-02-29t1:2:3.5-05:00"'),
        ("1:30", '"1:30"'),
        ("<<", '"<<"'),
        # indicators
        ("a: b", "'a: b'"),
        ("a #b", "'a #b'"),
        ("- a", "'- a'"),
        ("---", "'---'"),
        ("*a", "'*a'"),
        (" a", "' a'"),
        ("it's: so", "'it''s: so'"),
        # what only escapes can say
        ("a\tb", '"a\\tb"'),
        ("\x1b[0m", '"\\e[0m"'),
        ("😀", '"\\U0001F600"'),
        ("é", "é"),
        ("\ufeffa", '"\\uFEFF\\x61"'),
        ("a \nb", '"a \\nb"'),
        # lines
        ("a\nb", "|-\n        a\n        b"),
        ("a\n\n", "|+\n        a\n"),
        (" a\nb", "|4-\n         a\n        b"),
    ],
)
def test_a_text_is_written_in_the_style_that_the_reference_chooses(text: str, written: str) -> None:
    expected = f"---\ncdiVersion: 1.1.0\nkind: v.com/gpu\nannotations:\n    k: {written}\ndevices: []\n"
    assert to_yaml(Spec(cdi_version="1.1.0", kind="v.com/gpu", annotations={"k": text})).decode() == expected


def test_keys_that_are_long_or_have_several_lines_stand_behind_a_question_mark() -> None:
    annotations = {"k" * 128: "short", "k" * 129: "long", "a\nb": "lines"}
    lines = to_yaml(Spec(annotations=annotations)).decode().splitlines()
    assert f"    {'k' * 128}: short" in lines
    assert f"    ? {'k' * 129}" in lines
    assert "    : long" in lines
    assert yaml.safe_load("\n".join(lines))["annotations"] == annotations


def test_an_indented_first_line_is_read_back_from_a_list_too() -> None:
    spec = Spec(container_edits=ContainerEdits(env=(" a\nb", "\n a\n")))
    assert yaml.safe_load(to_yaml(spec))["containerEdits"]["env"] == [" a\nb", "\n a\n"]


def test_annotations_have_numbers_in_order_in_yaml_and_bytes_in_order_in_json() -> None:
    spec = Spec(annotations=dict.fromkeys(["b", "a10", "a2", "a02", "a", "B", "a-1", "1", "é"], ""))
    in_yaml = re.findall(r'^    "?(.+?)"?: ""$', to_yaml(spec).decode(), re.MULTILINE)
    assert in_yaml == ["1", "B", "a", "a-1", "a2", "a02", "a10", "b", "é"]
    assert list(json.loads(to_json(spec))["annotations"]) == sorted(spec.annotations)


def test_json_hides_what_html_and_javascript_would_take_amiss() -> None:
    spec = Spec(kind="<a>&\u2028\u2029é\x7f\x01")
    assert b'"kind":"\\u003ca\\u003e\\u0026\\u2028\\u2029\xc3\xa9\x7f\\u0001"' in to_json(spec)


@pytest.mark.parametrize("emit", [to_yaml, to_json])
def test_text_that_is_not_utf8_is_refused_and_shown(emit: object) -> None:
    spec = Spec(container_edits=ContainerEdits(env=("PATH=/opt/\udcff",)))
    with pytest.raises(Refused) as refusal:
        emit(spec)  # type: ignore[operator]
    assert refusal.value.what == 'a text of the spec is not UTF-8: "PATH=/opt/\\xff"'


# Texts that PyYAML reads otherwise than the reference, whose choice of style we follow: `=`, and what looks
# like a number to one of them only.
odd_for_pyyaml = re.compile(r"=|[-+]?\.?[0-9][0-9a-fA-F_.xXoObB:+-]*_?|\d{4}-\d\d?-\d\d?.*").fullmatch
awkward = st.text(alphabet="ab0 19-.:#'\"\n\t\\,?&*[]{}!|>%@`~=/éyN<\u2028\x85\r\ufeff😀", max_size=8)
texts = (st.text(max_size=12) | awkward).filter(lambda text: not odd_for_pyyaml(text))


@given(
    st.lists(texts, max_size=4),
    st.dictionaries(texts, texts, max_size=3),
    st.lists(texts, min_size=1, max_size=2),
)
@example(["\u2028", "a\u2028b", "a\n\u2028", "\n", " \n", "\n\n"], {"\n": "\n", "": ""}, [" a\nb"])
def test_whatever_is_written_is_read_back(
    env: list[str], annotations: dict[str, str], names: list[str]
) -> None:
    devices = tuple(
        Device(name=name, annotations=annotations, container_edits=ContainerEdits(env=tuple(env)))
        for name in names
    )
    spec = replace(FULL, annotations=annotations, devices=devices)
    assert json.loads(to_json(spec)) == to_data(spec)
    assert yaml.safe_load(to_yaml(spec)) == to_data(spec)
