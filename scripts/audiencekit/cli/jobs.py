"""Commands that build: run, demo, intake."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from audiencekit.cli.options import (
    accept_option,
    as_of_option,
    currency_option,
    now,
    time_zone_option,
)
from audiencekit.cli.pages import draw, print_playbooks
from audiencekit.workspace import open_workspace

if TYPE_CHECKING:
    from audiencekit.run.job import Options


@click.command()
@as_of_option
@accept_option
@currency_option
@time_zone_option
@click.option("--retrain", is_flag=True, help="Train every model again, due or not.")
@click.argument("landing", type=click.Path(path_type=Path))
def run(
    landing: Path,
    as_of: datetime | None,
    accept: tuple[str, ...],
    currency: str | None,
    time_zone: str | None,
    retrain: bool,
) -> None:
    """Take in the LANDING folder, build, test, check and publish."""
    from audiencekit.run.job import Options

    _run_and_print(
        landing,
        as_of or now(),
        Options(accept, retrain=retrain, currency=currency, time_zone=time_zone, clock=now()),
        Console(),
    )


@click.command()
@click.option("--fresh", is_flag=True, help="Make the demo landing again even if it is there.")
def demo(fresh: bool) -> None:
    """Run the whole job on real retail data with simulated people."""
    from audiencekit.demo import AS_OF, SIMULATED, ensure_demo_landing
    from audiencekit.run.job import Options

    console = Console()
    console.print(f"[bold]0  Demo landing[/]: [yellow]{SIMULATED}[/]")
    landing = ensure_demo_landing(open_workspace().home / "demo", fresh=fresh)
    _run_and_print(landing, AS_OF.item(), Options(note=SIMULATED, clock=now()), console)
    console.print("[bold]5  Boards[/]")
    draw(console)
    print_playbooks(console)


@click.command()
@as_of_option
@accept_option
@currency_option
@time_zone_option
@click.option(
    "--explain",
    "is_explained",
    is_flag=True,
    help="Print what each file and column becomes, and write a landing.yml to start from.",
)
@click.argument("landing", type=click.Path(path_type=Path))
def intake(
    landing: Path,
    is_explained: bool,
    as_of: datetime | None,
    accept: tuple[str, ...],
    currency: str | None,
    time_zone: str | None,
) -> None:
    """Only check and type the LANDING folder, for a plain `dbt build` afterwards."""
    if is_explained:
        _explain(landing)
        return
    from audiencekit.intake.gates import Gates
    from audiencekit.intake.job import run_intake
    from audiencekit.intake.landing_settings import read_settings
    from audiencekit.intake.shop import read_shop
    from audiencekit.publish.generations import check_as_of, current_manifest
    from audiencekit.publish.ledger import open_ledger

    workspace, moment, given = open_workspace(), as_of or now(), read_settings(landing).shop
    shop = read_shop(currency or given.currency, time_zone or given.time_zone)
    with workspace.locked():
        check_as_of(workspace, moment)
        last = current_manifest(workspace)
        rows, decisions = (last.landing_rows, last.landing_decisions) if last else ({}, {})
        gates = Gates(accept, rows, shop, now(), decisions)
        run_intake(landing, workspace, moment, gates, say=click.echo)
        open_ledger(workspace)
    click.echo(
        f"Next: dbt build --vars '{{as_of: \"{moment}\", currency: {shop.currency}, time_zone: {shop.time_zone}}}'"
    )


def _explain(landing: Path) -> None:
    from audiencekit.intake.explain import explain, write_starter

    for line in explain(landing):
        click.echo(line)
    if written := write_starter(landing):
        click.echo(f"Wrote {written}: remove the # of what you need")


def _run_and_print(landing: Path, as_of: datetime, options: "Options", console: Console) -> None:
    from audiencekit.run.job import run as run_job
    from audiencekit.run.summary import print_summary

    workspace = open_workspace()
    result = run_job(landing.resolve(), workspace, as_of, console, options)
    print_summary(result, workspace, console)
