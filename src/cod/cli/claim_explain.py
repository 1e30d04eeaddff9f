"""`cod claim explain`: why a claim gets no device, or why these."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

import click
from msgspec import Struct
from msgspec.structs import replace

from cod.allocate import Allocator, Node, Options, in_use
from cod.cli.claim_new import named
from cod.cli.cluster import Cluster, read_cluster, refuse_costly, tell_of_selectors
from cod.cli.holders import known_claims
from cod.cli.machine import look
from cod.cli.output import output_option, print_json
from cod.cli.places import claim_spec_dir, host_option, ledger_file, ledger_option
from cod.cli.terminal import printable
from cod.cli.verdict import judge
from cod.cli.verdict_words import data, lines
from cod.cli.wish_options import Wishes, wish_options
from cod.cli.wishes import spec_of
from cod.drivers.protocol import DeviceKey
from cod.errors import Misuse, Refused
from cod.prepare import Site
from cod.resource import ResourceClaim, ResourceSlice
from cod.show.ranges import ranges

EPILOG = """\
\b
Examples:
  kubectl get resourceslices,deviceclasses,resourceclaims -A -o yaml > cluster.yaml
  cod claim explain cluster.yaml
  cod claim explain cluster.yaml -d gpu.nvidia.com:4 --same numa
  cod claim explain -d sim-gpu:9 --host sim:8gpu
  cod claim explain train-7

The status is 0 if every claim fits on a node, and 1 if one does not.
"""


class Question(Struct, frozen=True):
    """Which claims, decided by whom, on which nodes, of which devices."""

    claims: tuple[ResourceClaim, ...]
    allocator: Allocator
    nodes: tuple[Node, ...]
    there: frozenset[DeviceKey]


@click.command("explain", epilog=EPILOG)
@click.argument("targets", metavar="[FILE|NAME]...", nargs=-1)
@wish_options
@click.option(
    "--claim", "only", multiple=True, metavar="NAME", help="Only this claim of the files; repeatable."
)
@click.option("--node", metavar="NAME", help="Only on this node.")
@click.option("--together", "is_together", is_flag=True, help="All claims on one node, as those of one pod.")
@click.option("--strict", "is_strict", is_flag=True, help="As Kubernetes' scheduler would, faults and all.")
@output_option("text", "json")
@host_option
@ledger_option
def command(
    targets: tuple[str, ...],
    wishes: Wishes,
    only: tuple[str, ...],
    node: str | None,
    is_together: bool,
    is_strict: bool,
    output: str,
    host: str,
    ledger: Path | None,
) -> int:
    """Say why a claim gets no device, or why it gets these.

    Files are what `kubectl get … -o yaml` prints: slices, classes, claims, templates, nodes. Claims with
    devices count as holding them, and all others are explained. Where the files have no slices, it is this
    machine, or the one of --host, that is asked. NAME is a claim that is held here.
    """
    options = Options(order="first", strict=True) if is_strict else Options()
    files = tuple(each for each in targets if _is_file(each))
    names = tuple(each for each in targets if each not in files)
    _refuse_mix(files, names, wishes)
    cluster = read_cluster(files) if files else None
    asked = _asked(wishes)
    if cluster is not None and cluster.slices:
        question = _of_cluster(cluster, asked or _chosen(cluster, only), options)
    else:
        question = _of_machine(cluster, asked, names, only, options, host, ledger_file(ledger))
    refuse_costly(question.claims, question.allocator.classes)
    nodes = _on(question.nodes, node)
    groups = [question.claims] if is_together else [(each,) for each in question.claims]
    verdicts = [judge(question.allocator, each, nodes, question.there) for each in groups]
    if output == "json":
        print_json([data(each) for each in verdicts])
    else:
        texts = ("".join(f"{printable(line)}\n" for line in lines(each)) for each in verdicts)
        sys.stdout.write("\n".join(texts))
    return int(not all(each.fits for each in verdicts))


def _is_file(target: str) -> bool:
    return (
        target == "-"
        or "/" in target
        or target.endswith((".yaml", ".yml", ".json"))
        or os.path.exists(target)  # noqa: PTH110, Path's own fails on long names
    )


def _refuse_mix(files: Sequence[str], names: Sequence[str], wishes: Wishes) -> None:
    """Raise Misuse for what does not say one question."""
    if not (files or names or wishes.devices):
        raise Misuse(
            "what is to be explained?",
            causes=("it is files, the name of a claim that is held, or devices that are wanted",),
            hint="cod claim explain cluster.yaml, or cod claim explain -d gpu:2",
        )
    if len(names) > 1 or (names and (files or wishes.devices)):
        raise Misuse(
            f"{names[0]} is the name of a claim, and nothing else goes with it",
            hint="one claim at a time; a file of that name: ./" + names[0],
        )
    if wishes.stray:
        raise Misuse(f"{wishes.stray} says more of devices, and there are none", hint="-d CLASS:2")


def _asked(wishes: Wishes) -> tuple[ResourceClaim, ...]:
    """The claim that options come to, if there are any."""
    return (named(ResourceClaim(spec=spec_of(wishes)), "wanted", time.time()),) if wishes.devices else ()


def _of_cluster(cluster: Cluster, claims: Sequence[ResourceClaim], options: Options) -> Question:
    others = [each for each in cluster.allocated if each not in claims]
    allocator = Allocator(cluster.slices, cluster.classes, in_use(others), options=options)
    tell_of_selectors(cluster)
    return Question(tuple(claims), allocator, cluster.places, _keys(cluster.slices))


def _of_machine(
    cluster: Cluster | None,
    asked: Sequence[ResourceClaim],
    names: Sequence[str],
    only: Sequence[str],
    options: Options,
    host: str,
    ledger: Path,
) -> Question:
    """What is asked, of this machine or the one that is named, with the classes of the files besides."""
    machine = look(host)
    classes = {
        each.name: each for each in (*machine.inventory.classes, *(cluster.classes if cluster else ()))
    }
    inventory = replace(machine.inventory, classes=tuple(classes.values()))
    site = Site(machine.host, inventory, ledger, claim_spec_dir(None))
    held = [each.claim for each in (known_claims(ledger) if machine.host.is_real else [])]
    claims = tuple(asked) or (_chosen(cluster, only) if cluster else ())
    if names:
        claims = tuple(each for each in held if each.name == names[0])
        if not claims:
            from cod.ledger import NotHeld

            raise NotHeld(names[0])
    others = [each for each in held if each not in claims]
    allocator = site.allocator(in_use(others), options)
    there = _keys(inventory.slices)
    known = {(driver, device) for driver, _, device in there}  # a machine may have been renamed since
    has = ((each.driver, each.pool, each.device) for claim in claims for each in claim.results)
    there |= {each for each in has if (each[0], each[2]) in known}
    return Question(tuple(claims), allocator, (site.node,), there)


def _keys(slices: Iterable[ResourceSlice]) -> frozenset[DeviceKey]:
    specs = [each.spec for each in slices]
    return frozenset((each.driver, each.pool.name, device.name) for each in specs for device in each.devices)


def _chosen(cluster: Cluster, only: Sequence[str]) -> tuple[ResourceClaim, ...]:
    """The claims of the files that are to be explained. Raises Refused where there is none."""
    everything = (*cluster.pending, *cluster.allocated)
    found = tuple(each for each in everything if each.name in only) if only else cluster.pending
    missing = [name for name in only if name not in {each.name for each in everything}]
    if found and not missing:
        return found
    known = ", ".join(each.name for each in everything) or "none"
    if missing:
        raise Refused(f"the files have no claim {missing[0]}", causes=(f"their claims: {known}",))
    if cluster.allocated:
        raise Refused(
            "no claim of the files waits for devices",
            causes=(f"these have theirs: {known}",),
            hint=f"why it has these: --claim {cluster.allocated[0].name}",
        )
    raise Refused(
        "the files have no claim",
        hint="kubectl get resourceclaims -A -o yaml; or say what is wanted: -d CLASS:2",
    )


def _on(nodes: tuple[Node, ...], name: str | None) -> tuple[Node, ...]:
    """All nodes, or the one of that name. Raises Refused."""
    if name is None:
        return nodes
    found = tuple(each for each in nodes if each.name == name)
    if not found:
        near = get_close_matches(name, [each.name for each in nodes], n=3, cutoff=0.5)
        hint = f"nearest: {', '.join(near)}" if near else f"nodes: {ranges(each.name for each in nodes)}"
        raise Refused(f"there is no node {name}", hint=hint)
    return found
