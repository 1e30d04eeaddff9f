"""Describe two GPUs, and see the spec: it declares the oldest version that knows all it uses."""

from cod import cdi


def gpu(index: int) -> cdi.Device:
    """Describe the GPU with this index: its node, and a variable that says which one it is."""
    node = cdi.DeviceNode(path=f"/dev/gpu{index}", host_path=f"/dev/vendor/gpu{index}", permissions="rw")
    return cdi.Device(
        name=f"gpu{index}",
        container_edits=cdi.ContainerEdits(env=(f"GPU_{index}=1",), device_nodes=(node,)),
    )


devices = (gpu(0), gpu(1))
draft = cdi.Spec(kind="vendor.com/gpu", devices=devices)
spec = cdi.Spec(cdi_version=cdi.minimum_version(draft), kind=draft.kind, devices=devices)

print(cdi.to_yaml(spec).decode(), end="")
