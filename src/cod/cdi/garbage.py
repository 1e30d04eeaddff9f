"""What makes many objects and no garbage goes without Python's search for garbage among them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collection() -> Iterator[None]:
    """Python does not look for garbage meanwhile.

    To look through the million objects of a large document's tree takes half a second, again and again as it
    grows, in which no other thread runs. The tree should be gone at the end, or it is looked through then.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
