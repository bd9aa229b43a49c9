"""The command `bench`: measurements of builds, scoring, activation and identity."""

import click
from rich.console import Console

from audiencekit.workspace import open_workspace


@click.command()
@click.option(
    "--customers", default=250_000, show_default=True, help="Size of the synthetic landing."
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
    "--refits",
    is_flag=True,
    help="Only refit the micro-segments of the last build, month by month.",
)
def bench(customers: int, scores: int, activation: int, identity: int | None, refits: bool) -> None:
    """Compare a build of a synthetic landing with the same SQL in plain DuckDB."""
    from audiencekit.bench import run_bench
    from audiencekit.bench.activation import run_activation_bench
    from audiencekit.bench.refits import run_refits_bench
    from audiencekit.bench.scoring import run_scoring_bench

    if identity is not None:
        from audiencekit.bench.identity.comparison import run_identity_bench

        run_identity_bench(
            identity, open_workspace().home / "bench" / "identity", Console(width=160)
        )
        return
    if refits:
        run_refits_bench(open_workspace(), Console())
        return
    if scores:
        workspace = open_workspace()
        run_scoring_bench(scores, workspace, workspace.home / "bench", Console())
        return
    if activation:
        workspace = open_workspace()
        run_activation_bench(
            activation, workspace, workspace.home / "bench" / "activation", Console()
        )
        return
    run_bench(customers, open_workspace().home / "bench", Console())
