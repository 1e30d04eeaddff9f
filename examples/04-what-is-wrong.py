"""Learn everything that is wrong with a spec, not only the first thing, and where it stands."""

from cod import cdi

TEXT = b"""\
cdiVersion: "0.3.0"
kind: vendor.com/gpu
devices:
- name: gpu 0
  containerEdits:
    env:
    - GPU
    deviceNodes:
    - path: /dev/gpu0
      permissions: rx
"""

try:
    cdi.load(TEXT, "gpu.yaml")
except cdi.InvalidSpec as error:
    for problem in error.problems:
        print(f"{error.path}:{problem.line}:{problem.column}: {problem.message}")
