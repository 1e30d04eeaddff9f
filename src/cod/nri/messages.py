"""The messages of NRI and ttrpc, from the descriptor set that lies beside this module.

`nri.proto` and `ttrpc.proto` say what there is; `tools/protocols` compiles them to `messages.binpb`. They are
made at import, in a pool of their own, so that no other package's copy of them can be in the way.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from cod.errors import Unavailable

try:
    from google.protobuf import descriptor_pb2, message_factory
    from google.protobuf.descriptor import MethodDescriptor
    from google.protobuf.descriptor_pool import DescriptorPool
    from google.protobuf.message import DecodeError
except ImportError as error:
    raise Unavailable(
        "NRI needs the Python package protobuf", hint="install it: pip install 'cod-devices[nri]'"
    ) from error

__all__ = [
    "CREATE_CONTAINER",
    "PLUGIN_METHODS",
    "PLUGIN_SERVICE",
    "RUNTIME_SERVICE",
    "ConfigureResponse",
    "ContainerAdjustment",
    "CreateContainerRequest",
    "CreateContainerResponse",
    "DecodeError",
    "RegisterPluginRequest",
    "Request",
    "Response",
    "SynchronizeRequest",
    "SynchronizeResponse",
    "pool_of",
]

_NRI = "nri.pkg.api.v1alpha1"


def pool_of(descriptors: bytes) -> DescriptorPool:
    """A pool of its own with the files of a descriptor set, which stand in the order of their imports."""
    pool = DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


_POOL = pool_of(files(__package__).joinpath("messages.binpb").read_bytes())


def _class_of(descriptor: Any) -> Any:
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    old: Any = message_factory  # protobuf 4.21
    return old.MessageFactory(_POOL).GetPrototype(descriptor)


def _message(name: str) -> Any:
    return _class_of(_POOL.FindMessageTypeByName(name))


Request = _message("ttrpc.Request")
Response = _message("ttrpc.Response")
RegisterPluginRequest = _message(f"{_NRI}.RegisterPluginRequest")
ConfigureResponse = _message(f"{_NRI}.ConfigureResponse")
SynchronizeRequest = _message(f"{_NRI}.SynchronizeRequest")
SynchronizeResponse = _message(f"{_NRI}.SynchronizeResponse")
CreateContainerRequest = _message(f"{_NRI}.CreateContainerRequest")
CreateContainerResponse = _message(f"{_NRI}.CreateContainerResponse")
ContainerAdjustment = _message(f"{_NRI}.ContainerAdjustment")

PLUGIN_SERVICE = f"{_NRI}.Plugin"
RUNTIME_SERVICE = f"{_NRI}.Runtime"


def _types(method: MethodDescriptor) -> tuple[Any, Any]:
    return _class_of(method.input_type), _class_of(method.output_type)


PLUGIN_METHODS = {method.name: _types(method) for method in _POOL.FindServiceByName(PLUGIN_SERVICE).methods}
"""What a runtime may call, each with the types of its question and its answer."""

CREATE_CONTAINER = 1 << (
    _POOL.FindEnumTypeByName(f"{_NRI}.Event").values_by_name["CREATE_CONTAINER"].number - 1
)
"""The event's bit in the mask of events; every version of NRI knows it."""
