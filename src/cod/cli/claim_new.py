"""A claim before it is taken: what is wanted, under a name, checked as the API server would."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from msgspec.structs import replace

from cod.cli.claim_files import claims_of, refuse_mix
from cod.cli.claim_words import HELD_BY, HELD_UNTIL
from cod.cli.wish_options import Wishes
from cod.cli.wishes import spec_of
from cod.errors import Misuse
from cod.prepare import claim_name
from cod.prepare.place import PLACE
from cod.resource import ObjectMeta, ResourceClaim, check

_OF_ANOTHER = (HELD_BY, HELD_UNTIL, PLACE)


def wanted(file: str | None, wishes: Wishes) -> list[ResourceClaim]:
    """The claims of a file, or the one that options come to, which has no name yet.

    Raises Misuse, InvalidObject, Unavailable.
    """
    if file is not None:
        refuse_mix(file, "-d" if wishes.devices else wishes.stray)
        return claims_of(file)
    if not wishes.devices:
        raise Misuse(
            f"{wishes.stray} says more of devices, and there are none"
            if wishes.stray
            else "nothing is wanted",
            causes=("what is wanted is said by -d CLASS, or by -f FILE",),
            hint="-d gpu:2; what can be asked for: cod class list",
        )
    return [ResourceClaim(spec=spec_of(wishes))]


def named(claim: ResourceClaim, name: str, now: float) -> ResourceClaim:
    """The claim under this name or its own, else a new one, as made at that time. Raises InvalidObject.

    What COD noted on a claim that was printed and is read again is not true of the new one.
    """
    meta = claim.metadata
    meta = replace(
        meta,
        name=name or meta.name or _generated(meta),
        generate_name="",
        creation_timestamp=datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        annotations={key: text for key, text in meta.annotations.items() if key not in _OF_ANOTHER},
    )
    found = replace(claim, metadata=meta)
    check(found, _flaw if _has_expressions(found) else None)
    return found


def _generated(meta: ObjectMeta) -> str:
    return f"{meta.generate_name}{os.urandom(3).hex()}" if meta.generate_name else claim_name(os.urandom)


def _has_expressions(claim: ResourceClaim) -> bool:
    return any(
        each.selectors
        for request in claim.requests
        for each in (*((request.exactly,) if request.exactly else ()), *request.first_available)
    )


def _flaw(expression: str) -> str:
    from cod.cel import flaw  # CEL takes its time

    return flaw(expression)
