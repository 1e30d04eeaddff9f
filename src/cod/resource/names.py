"""Names of objects: the DNS labels of devices, requests and claims."""

from __future__ import annotations

import re

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def is_label(text: str) -> bool:
    """Whether a text is a DNS label: up to 63 lower-case letters, digits and inner dashes (RFC 1123)."""
    return _LABEL.fullmatch(text) is not None
