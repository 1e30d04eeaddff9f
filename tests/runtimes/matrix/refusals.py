"""Why a container was not started: what a refusal says, in the words of the table.

An error that is none of these is no refusal, and fails the test that saw it.
"""

from __future__ import annotations

import re

_OURS = re.compile(
    r"^error: .* cannot give a container all that these devices need\n((?:  .*\n)+)", re.MULTILINE
)
_OTHERS = (
    (r"(?m)^cod: (the claim.*)$", r"refused: \1"),
    (r"unresolvable CDI devices cod.dev/claim=", "refused: its CDI is older than what the device needs"),
    (r'could not select device driver "cdi"', "refused: Docker before 25 has no CDI"),
    (r"cod-runtime: [^;]* these devices need; (.*); try: ", r"refused: \1"),
    (r"(NRI of containerd \d+\.\d+)\S* (cannot carry .*?) \(try", r"refused: \1 \2"),
)


def reason_in(errors: str) -> str | None:
    """Why a container was refused, for a cell of the table, or None where nobody refused it."""
    if found := _OURS.search(errors):
        lines = [line.strip() for line in found[1].splitlines()]
        causes = [line for line in lines if not line.startswith("try: ")]
        return "refused: " + "; ".join(causes)
    for pattern, text in _OTHERS:
        if match := re.search(pattern, errors):
            return match.expand(text)
    return None
