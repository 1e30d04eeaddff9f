"""Make the spec of two GPUs and print it as YAML."""

from cod import cdi

spec = cdi.build("vendor.com/gpu")
spec.mount("/usr/lib/libvendor.so.1", options=("ro", "nosuid", "nodev", "bind"))
for index in range(2):
    gpu = spec.device(f"gpu{index}")
    gpu.node(f"/dev/gpu{index}", host_path=f"/dev/vendor/gpu{index}", permissions="rw")
    gpu.env(f"GPU_{index}", "1")

print(cdi.to_yaml(spec.spec()).decode(), end="")
