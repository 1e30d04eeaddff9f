"""What COD does, shown with a real container: the logic of `cod demo`, on top of all other packages.

`bundle` makes a container's files of nothing but busybox, `story` runs it and tells what is seen.
"""

from cod.demo.bundle import busybox, make_bundle
from cod.demo.story import Story

__all__ = ["Story", "busybox", "make_bundle"]
