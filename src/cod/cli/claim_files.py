"""Claims out of files, as `-f` names them: ResourceClaims, and ResourceClaimTemplates to make one of each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click
from msgspec.structs import replace

from cod.cli.machine import warn
from cod.errors import Misuse, Refused, Unavailable
from cod.resource import Object, ObjectMeta, Other, ResourceClaim, ResourceClaimTemplate, decode_mixed

F = TypeVar("F", bound=Callable[..., Any])

_MOST = 1 << 30  # bytes: 150,000 nodes


def file_option(function: F) -> F:
    """`-f`, given on as `file`: a path, `-` for standard input, or None."""
    return click.option(
        "-f",
        "--file",
        "file",
        metavar="FILE",
        help="A ResourceClaim or ResourceClaimTemplate, in YAML or JSON; - is standard input.",
    )(function)


def read_objects(path: str) -> list[Object | Other]:
    """All objects of a file of whatever kinds; `-` is standard input, and a pipe will do, too.

    Raises InvalidObject, and Unavailable where it cannot be read.
    """
    name = "standard input" if path == "-" else path
    try:
        with open(sys.stdin.fileno() if path == "-" else path, "rb", closefd=path != "-") as file:
            data = file.read(_MOST + 1)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise Unavailable(f"{name} cannot be read", where=name, causes=(reason,)) from None
    if len(data) > _MOST:
        raise Refused(
            f"{name} is larger than any cluster", where=name, causes=(f"{_MOST >> 20} MiB are read",)
        )
    return decode_mixed(data, name)


def claims_of(path: str) -> list[ResourceClaim]:
    """The claims of a file, in its order; a template is a claim that has the template's name.

    Objects of other kinds are passed over with a note. Raises InvalidObject, Unavailable, and Refused where
    there is no claim.
    """
    name = "standard input" if path == "-" else path
    found = read_objects(path)
    claims = [*_claims(found)]
    others = sorted({each.kind for each in found if not _is_claim(each)})
    if not claims:
        raise Refused(
            "there is no claim in it",
            where=name,
            causes=(f"it has {', '.join(others)} only",) if others else (),
            hint="it should have a ResourceClaim or a ResourceClaimTemplate",
        )
    if others:
        warn(f"{name}: {', '.join(others)} passed over", "note")
    return claims


def claim_of(template: ResourceClaimTemplate) -> ResourceClaim:
    """The claim that a template stands for, under its name."""
    inner = template.spec.metadata
    meta = ObjectMeta(
        name=template.name,
        labels=inner.labels,
        annotations=inner.annotations,
        namespace=template.metadata.namespace,
        generate_name="" if template.name else template.metadata.generate_name,
    )
    return ResourceClaim(metadata=meta, spec=template.spec.spec)


def refuse_mix(file: str | None, stray: str) -> None:
    """Raise Misuse where a file says what is wanted and options do, too."""
    if file is not None and stray:
        raise Misuse(
            f"-f and {stray} exclude each other",
            causes=("what is wanted stands in the file, or is said by options",),
            hint=f"leave one of them out; what options come to: cod claim create NAME {stray} … -o yaml",
        )


def _is_claim(each: object) -> bool:
    return isinstance(each, (ResourceClaim, ResourceClaimTemplate))


def _claims(found: list[Any]) -> Iterator[ResourceClaim]:
    for each in found:
        if isinstance(each, ResourceClaimTemplate):
            yield claim_of(each)
        elif isinstance(each, ResourceClaim):
            yield replace(each, status=type(each.status)())
