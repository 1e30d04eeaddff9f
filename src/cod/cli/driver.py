"""`cod driver`: what each driver looked for, what it found, what it left out and why."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from cod.cli.machine import look, reports
from cod.cli.noun import Noun
from cod.cli.output import output_option, print_data, print_names, print_table
from cod.cli.places import complete_driver, host_option
from cod.cli.terminal import printable
from cod.drivers import DriverReport

_FEW = 3  # reasons that the list shows of a driver


@click.group(cls=Noun)
def command() -> None:
    """Drivers: what each looked for, found and left out."""


@command.command("list")
@output_option()
@host_option
def list_(output: str, host: str) -> None:
    """List the drivers: how many devices each found, what it left out and why, what it looks for.

    `wide` shows all that was left out and cuts nothing.
    """
    found = look(host).inventory.reports
    if output in ("json", "yaml"):
        print_data([_data(each) for each in found], output)
    elif output == "name":
        print_names(each.driver for each in found)
    else:
        is_wide = output == "wide"
        cells = ((each.driver, len(each.devices), len(each.skipped), _says(each)) for each in found)
        headers = ("DRIVER", "FOUND", "LEFT OUT", "LOOKS FOR")
        print_table(cells, headers, is_cut=not is_wide)
        sys.stdout.writelines(_left_out(found, is_wide))


@command.command()
@click.argument("names", metavar="DRIVER...", nargs=-1, required=True, shell_complete=complete_driver)
@output_option("text", "yaml", "json")
@host_option
def show(names: tuple[str, ...], output: str, host: str) -> None:
    """Show a driver: what it looked for, its devices, everything it left out and why."""
    found = reports(look(host), dict.fromkeys(names))
    if output == "text":
        sys.stdout.write("\n".join("".join(_lines(each)) for each in found))
    else:
        print_data([_data(each) for each in found], output)


def _says(report: DriverReport) -> str:
    return f"failed: {report.failure}" if report.failure else report.looks_for


def _left_out(found: tuple[DriverReport, ...], is_wide: bool) -> Iterator[str]:
    """Under the table: what was left out, a few of it or all."""
    heading = "\nleft out:\n"
    for report in found:
        shown = report.skipped if is_wide or len(report.skipped) <= _FEW + 1 else report.skipped[:_FEW]
        for each in shown:
            yield heading + f"{printable(f'  {report.driver}: {each.what}: {each.why}')}\n"
            heading = ""
        if more := len(report.skipped) - len(shown):
            yield f"{printable(f'  {report.driver}: … {more} more: cod driver show {report.driver}')}\n"


def _lines(report: DriverReport) -> Iterator[str]:
    yield f"{printable(report.driver)}\n"
    if report.looks_for:
        yield f"{printable(f'  looks for  {report.looks_for}')}\n"
    if report.failure:
        yield f"{printable(f'  failed     {report.failure}')}\n"
    yield f"{printable('  found      ' + (', '.join(report.devices) or 'nothing'))}\n"
    for each in report.skipped:
        yield f"{printable(f'  left out   {each.what}: {each.why}')}\n"


def _data(report: DriverReport) -> dict[str, Any]:
    return {
        "driver": report.driver,
        "looksFor": report.looks_for,
        "devices": list(report.devices),
        "skipped": [{"what": each.what, "why": each.why} for each in report.skipped],
        "failure": report.failure,
    }
