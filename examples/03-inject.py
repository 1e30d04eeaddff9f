"""Put a device into the configuration of a container, as a runtime does."""

import json
import tempfile

from cod import cdi

null = cdi.Device(
    name="null",
    container_edits=cdi.ContainerEdits(
        env=("MEMORY=none",), device_nodes=(cdi.DeviceNode(path="/dev/nothing", host_path="/dev/null"),)
    ),
)
spec = cdi.Spec(cdi_version="0.5.0", kind="example.com/memory", devices=(null,))
config = {"ociVersion": "1.0.2", "process": {"args": ["sh"], "env": ["PATH=/bin"]}}

with tempfile.TemporaryDirectory() as directory:
    cdi.write(spec, directory)
    changed = cdi.Registry([directory]).inject(config, ["example.com/memory=null"])

print(json.dumps(changed, indent=2))
