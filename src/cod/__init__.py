"""COD, container orchestrated devices: describe a device once, hand it to any container runtime."""

__version__ = "0.1.0"
