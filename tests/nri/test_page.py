"""What `docs/inject-with-nri.md` tells to write is what is read."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from cod.nri.conf import Conf, read_conf
from cod.nri.wanted import wanted

PAGE = (Path(__file__).parents[2] / "docs/inject-with-nri.md").read_text()
POD, CONF = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_pods_annotations_are_understood() -> None:
    annotations = yaml.safe_load(POD)["metadata"]["annotations"]
    main = ("cod.dev/claim=train-7", "vendor.com/gpu=0", "vendor.com/gpu=1")
    assert wanted("main", annotations, {}).names == main
    assert wanted("side", annotations, {}).names == main[:1]


def test_the_file_of_configuration_is_understood() -> None:
    assert read_conf(CONF) == Conf(("/etc/cdi", "/var/run/cdi"))
