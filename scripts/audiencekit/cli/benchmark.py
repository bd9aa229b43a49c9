"""The command `bench`: measurements of builds, intake, scoring, activation, identity, recommendations, live and refreshes."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from audiencekit.workspace import open_workspace


@click.command()
@click.option(
    "--customers", default=250_000, show_default=True, help="Size of the synthetic landing."
)
@click.option(
    "--intake",
    default=0,
    metavar="CUSTOMERS",
    help="Only take in a landing of CUSTOMERS, compared with DuckDB that reads and rewrites it.",
)
@click.option(
    "--scores", default=0, metavar="ROWS", help="Only score ROWS customers of the last build."
)
@click.option(
    "--activation",
    default=0,
    metavar="CUSTOMERS",
    help="Only run activation for CUSTOMERS drawn from the last build.",
)
@click.option(
    "--identity",
    default=None,
    type=int,
    metavar="RECORDS",
    help="Only resolve identity, compared with other tools; above 0, also in this many simulated records.",
)
@click.option(
    "--identity-sets",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Only resolve identity in public sets, of which this folder has the files.",
)
@click.option(
    "--recommendations",
    is_flag=True,
    help="Only recommendations of the last build, compared with the library implicit.",
)
@click.option(
    "--live",
    default="",
    metavar="RATES",
    help="Only the live service on the last build, at rates of events a second, as 100,500,1000.",
)
@click.option(
    "--refresh",
    default=0,
    metavar="CUSTOMERS",
    help="Only a run on a landing of CUSTOMERS, and refreshes with extracts of one in a hundred after it.",
)
@click.option(
    "--seconds", default=60, show_default=True, help="How long each rate of --live lasts."
)
@click.option(
    "--lookups", default=100, show_default=True, help="For --live: how many a second meanwhile."
)
@click.option(
    "--live-customers",
    default=0,
    metavar="CUSTOMERS",
    help="For --live: this many customers, copies of those published.",
)
@click.option(
    "--refits",
    is_flag=True,
    help="Only refit the micro-segments of the last build, month by month.",
)
def bench(customers: int, **only: Any) -> None:
    """Compare a build of a synthetic landing with the same SQL in plain DuckDB."""
    workspace, console = open_workspace(), Console()
    folder = workspace.home / "bench"
    if only["identity"] is not None or only["identity_sets"]:
        from audiencekit.bench.identity.comparison import run_identity_bench

        size, sets = only["identity"] or 0, only["identity_sets"]
        run_identity_bench(size, folder / "identity", Console(width=160), sets)
    elif only["recommendations"]:
        from audiencekit.bench.recommendations.comparison import run_recommendations_bench

        run_recommendations_bench(workspace, folder / "recommendations", Console(width=120))
    elif only["live"]:
        from audiencekit.bench.live import Load, run_live_bench

        rates = [int(rate) for rate in only["live"].split(",")]
        load = Load(rates, only["seconds"], only["lookups"], only["live_customers"])
        run_live_bench(workspace, folder / "live", load, Console(width=120))
    elif only["refresh"]:
        from audiencekit.bench.refresh import run_refresh_bench

        run_refresh_bench(only["refresh"], folder / "refresh", Console(width=140))
    elif only["refits"]:
        from audiencekit.bench.refits import run_refits_bench

        run_refits_bench(workspace, console)
    elif only["intake"]:
        from audiencekit.bench.intake import run_intake_bench

        run_intake_bench(only["intake"], folder, Console(width=120))
    elif only["scores"]:
        from audiencekit.bench.scoring import run_scoring_bench

        run_scoring_bench(only["scores"], workspace, folder, console)
    elif only["activation"]:
        from audiencekit.bench.activation import run_activation_bench

        run_activation_bench(only["activation"], workspace, folder / "activation", console)
    else:
        from audiencekit.bench import run_bench

        run_bench(customers, folder, console)
