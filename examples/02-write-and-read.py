"""Write a spec into a directory of specs, read it again, remove it."""

import tempfile

from cod import cdi

null = cdi.Device(
    name="null",
    container_edits=cdi.ContainerEdits(device_nodes=(cdi.DeviceNode(path="/dev/null"),)),
)
spec = cdi.Spec(cdi_version="0.3.0", kind="example.com/memory", devices=(null,))

with tempfile.TemporaryDirectory() as directory:
    path = cdi.write(spec, directory)
    print("wrote", path.name)
    print("the same when read:", cdi.read(path) == spec)
    print("removed:", cdi.remove(directory, path.name))
