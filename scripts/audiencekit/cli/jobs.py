"""Commands that make and build: init, run, demo, intake."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from audiencekit.cli.options import (
    accept_option,
    as_of_option,
    currency_option,
    landing_argument,
    landing_of,
    now,
    time_zone_option,
)
from audiencekit.cli.pages import draw
from audiencekit.errors import UserError
from audiencekit.workspace import open_workspace

if TYPE_CHECKING:
    from audiencekit.run.job import Options


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Make a dbt project of your own in FOLDER, such as my-shop: rules, features, channels, seeds, boards, settings."""
    from audiencekit.init import create_project

    made = create_project(folder)
    click.echo(f"Made {made}. Its README.md says what goes where.")
    click.echo(
        f"Next: cd {folder} && AUDIENCEKIT_HOME=var/sample audiencekit run sample --as-of 2024-06-01"
    )


@click.command()
@as_of_option
@accept_option
@currency_option
@time_zone_option
@click.option("--retrain", is_flag=True, help="Train every model again, due or not.")
@landing_argument
def run(
    landing: str | None,
    as_of: datetime | None,
    accept: tuple[str, ...],
    currency: str | None,
    time_zone: str | None,
    retrain: bool,
) -> None:
    """Take in LANDING, build, test, check and publish.

    LANDING is a folder of exports, or the URL of a database: postgres://user:$PGPASSWORD@host/shop?schema=shop
    Without it: `landing` of dbt_project.yml.
    """
    from audiencekit.run.job import Options

    console, moment = Console(), as_of or now()
    _run_and_print(
        folder_of(landing_of(landing), moment, console),
        moment,
        Options(accept, retrain=retrain, currency=currency, time_zone=time_zone, clock=now()),
        console,
    )


def folder_of(landing: str, as_of: datetime, console: Console) -> Path:
    """The folder of a landing; of a database, that of the copies of its tables, made anew."""
    from audiencekit.intake.databases import copy_database, is_database
    from audiencekit.run.status import write_status

    if not is_database(landing):
        return Path(landing)
    workspace = open_workspace()
    console.print("[bold]0  Copy[/] the tables of the database, read only")
    with workspace.locked():
        try:
            return copy_database(
                landing, workspace, lambda line: console.print(f"  {line}", highlight=False)
            )
        except UserError as problem:
            write_status(workspace, as_of, str(problem))
            raise


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
@landing_argument
def intake(
    landing: str | None,
    is_explained: bool,
    as_of: datetime | None,
    accept: tuple[str, ...],
    currency: str | None,
    time_zone: str | None,
) -> None:
    """Only check and type LANDING, a folder or the URL of a database, for a plain `dbt build` afterwards."""
    folder = folder_of(landing_of(landing), as_of or now(), Console())
    if is_explained:
        _explain(folder)
        return
    from audiencekit.intake.gates import Gates
    from audiencekit.intake.job import run_intake
    from audiencekit.intake.landing_settings import read_settings
    from audiencekit.intake.shop import read_shop
    from audiencekit.publish.generations import check_as_of, current_manifest
    from audiencekit.publish.ledger import open_ledger

    workspace, moment, given = open_workspace(), as_of or now(), read_settings(folder).shop
    shop = read_shop(currency or given.currency, time_zone or given.time_zone)
    with workspace.locked():
        check_as_of(workspace, moment)
        last = current_manifest(workspace)
        rows, decisions = (last.landing_rows, last.landing_decisions) if last else ({}, {})
        gates = Gates(accept, rows, shop, now(), decisions)
        run_intake(folder, workspace, moment, gates, say=click.echo)
        open_ledger(workspace)
    chosen = {} if shop == read_shop() else asdict(shop)
    options = f" --vars '{{{', '.join(f'{name}: {value}' for name, value in chosen.items())}}}'"
    click.echo(f"Next: dbt build{options if chosen else ''}")


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
