"""The front door of OCI runtimes: `cod-runtime` injects devices, then becomes the real runtime.

An engine starts a runtime three to six times for a container, so every millisecond counts here. The shell
script `door.sh` becomes the real runtime at once unless a container is made. Then `cod.oci.main` runs, in a
Python without its usual start-up; what it imports is chosen by what it costs (`tests/oci/test_startup.py`),
and only where the answer is not at hand does it take the careful way (`cod.oci.careful`), which has all of
`cod`.
"""
