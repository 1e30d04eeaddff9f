"""The Container Device Interface for Python: read, check, make and inject CDI specs of 0.3.0 to 1.1.0.

    from cod import cdi

    registry = cdi.Registry()                               # /etc/cdi and /var/run/cdi
    config = registry.inject(config, ["vendor.com/gpu=0"])  # an OCI configuration with the device in it

    spec = cdi.build("vendor.com/gpu")
    spec.device("0").node("/dev/vendor0")
    spec.write("/etc/cdi")

Verdicts, results and the words of errors are the Go reference's; `tests/conformance` replays what it
answered. Every module of the package is a noun of the specification; this one gathers their names, each
imported on first use.
"""

from __future__ import annotations

from cod.lazy import lazy

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from cod.cdi.annotations import (
        InvalidAnnotation,
        annotate,
        annotation_key,
        annotation_value,
        parse_annotations,
    )
    from cod.cdi.build import DeviceBuilder, SpecBuilder, build
    from cod.cdi.cache import SpecCache
    from cod.cdi.cache_place import cache_directory
    from cod.cdi.config import InvalidConfig, read_config, write_config
    from cod.cdi.emit import to_data, to_json, to_yaml
    from cod.cdi.files import UnreadableFile
    from cod.cdi.inject import InjectionFailed, inject
    from cod.cdi.load import check, load, read
    from cod.cdi.names import InvalidName, is_qualified_name, parse_qualified_name, qualified_name
    from cod.cdi.parse import parse
    from cod.cdi.problem import InvalidSpec, Problem
    from cod.cdi.registry import DEFAULT_DIRS, ConflictingDevice, FoundDevice, Registry, UnresolvableDevices
    from cod.cdi.spec import ContainerEdits, Device, DeviceNode, Hook, IntelRdt, Mount, NetDevice, Spec
    from cod.cdi.validate import edits_problems, problems
    from cod.cdi.version import LATEST, VERSIONS, minimum_version
    from cod.cdi.write import WriteFailed, remove, spec_name, transient_spec_name, write

_HOMES = {
    "annotations": "InvalidAnnotation annotate annotation_key annotation_value parse_annotations",
    "build": "DeviceBuilder SpecBuilder build",
    "cache": "SpecCache",
    "cache_place": "cache_directory",
    "config": "InvalidConfig read_config write_config",
    "emit": "to_data to_json to_yaml",
    "files": "UnreadableFile",
    "inject": "InjectionFailed inject",
    "load": "check load read",
    "names": "InvalidName is_qualified_name parse_qualified_name qualified_name",
    "parse": "parse",
    "problem": "InvalidSpec Problem",
    "registry": "DEFAULT_DIRS ConflictingDevice FoundDevice Registry UnresolvableDevices",
    "spec": "ContainerEdits Device DeviceNode Hook IntelRdt Mount NetDevice Spec",
    "validate": "edits_problems problems",
    "version": "LATEST VERSIONS minimum_version",
    "write": "WriteFailed remove spec_name transient_spec_name write",
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = [
    "DEFAULT_DIRS",
    "LATEST",
    "VERSIONS",
    "ConflictingDevice",
    "ContainerEdits",
    "Device",
    "DeviceBuilder",
    "DeviceNode",
    "FoundDevice",
    "Hook",
    "InjectionFailed",
    "IntelRdt",
    "InvalidAnnotation",
    "InvalidConfig",
    "InvalidName",
    "InvalidSpec",
    "Mount",
    "NetDevice",
    "Problem",
    "Registry",
    "Spec",
    "SpecBuilder",
    "SpecCache",
    "UnreadableFile",
    "UnresolvableDevices",
    "WriteFailed",
    "annotate",
    "annotation_key",
    "annotation_value",
    "build",
    "cache_directory",
    "check",
    "edits_problems",
    "inject",
    "is_qualified_name",
    "load",
    "minimum_version",
    "parse",
    "parse_annotations",
    "parse_qualified_name",
    "problems",
    "qualified_name",
    "read",
    "read_config",
    "remove",
    "spec_name",
    "to_data",
    "to_json",
    "to_yaml",
    "transient_spec_name",
    "write",
    "write_config",
]


__getattr__ = lazy(__name__, _HOME_OF)


def __dir__() -> list[str]:
    return __all__
