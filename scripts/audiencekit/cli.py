"""The command line. The one place that reads the clock: `--as-of` defaults to now."""

import os
import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from audiencekit import __version__
from audiencekit.errors import UserError
from audiencekit.extras import how_to_install
from audiencekit.workspace import IS_CLONE, PROJECT, open_workspace


class Moment(click.ParamType):
    """A moment in UTC, as 2018-01-01 or 2018-01-01T18:30:00+01:00."""

    name = "moment"

    def convert(self, value, param, ctx):
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} is no moment; write 2018-01-01 or 2018-01-01T18:30:00", param, ctx
            )
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


as_of_option = click.option(
    "--as-of", type=Moment(), default=None, help="The moment to build as of, in UTC. Default: now."
)
accept_option = click.option(
    "--accept",
    multiple=True,
    metavar="NAME",
    help="Let this landing table or channel pass although it lost rows or breaks rules. Repeatable.",
)

tries_option = click.option("--tries", default=6, show_default=True, help="Tries of a request.")
wait_option = click.option(
    "--wait",
    default=1.0,
    show_default=True,
    help="Seconds before the second try; doubled each time.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Customer segments as SQL, and the audiences every channel picks up."""


@cli.command()
@as_of_option
@accept_option
@click.option("--retrain", is_flag=True, help="Train every model anew, due or not.")
@click.argument("landing", type=click.Path(path_type=Path))
def run(landing: Path, as_of: datetime | None, accept: tuple[str, ...], retrain: bool) -> None:
    """Take in the LANDING folder, build, test, check and publish."""
    _run(landing, as_of or _now(), accept, retrain=retrain)


@cli.command()
@click.option("--fresh", is_flag=True, help="Make the demo landing again even if it is there.")
def demo(fresh: bool) -> None:
    """Real retail data with simulated people, through the whole job."""
    from audiencekit.demo import AS_OF, SIMULATED, ensure_demo_landing

    console = Console()
    console.print(f"[bold]0  Demo landing[/]: [yellow]{SIMULATED}[/]")
    landing = ensure_demo_landing(open_workspace().home / "demo", fresh=fresh)
    _run(landing, AS_OF.item(), (), console, note=SIMULATED)
    console.print("[bold]5  Boards[/]")
    _draw(console)
    _write_playbooks(console)


@cli.command()
@as_of_option
@accept_option
@click.argument("landing", type=click.Path(path_type=Path))
def intake(landing: Path, as_of: datetime | None, accept: tuple[str, ...]) -> None:
    """Only check and type the LANDING folder; plain dbt takes it from there."""
    from audiencekit.intake.taking_in import take_in
    from audiencekit.publish.generations import current_manifest
    from audiencekit.publish.ledger import open_ledger

    workspace, moment = open_workspace(), as_of or _now()
    with workspace.locked():
        last = current_manifest(workspace)
        take_in(
            landing,
            workspace,
            moment,
            accept=accept,
            last_time=last.landing_rows if last else None,
            say=click.echo,
        )
        open_ledger(workspace)
    click.echo(f"Next: dbt build --vars '{{as_of: \"{moment}\"}}'")


@cli.command()
@click.argument("channel", default="email")
@click.option("--rows", default=3, show_default=True, help="How many rows to show.")
def show(channel: str, rows: int) -> None:
    """Look at a published audience, as email or google_ads."""
    from audiencekit.run.summary import print_audience

    print_audience(open_workspace(), channel, rows, Console())


@cli.command()
@click.argument("identifier")
def who(identifier: str) -> None:
    """Everything that is one customer's, by an IDENTIFIER as contact_id=K1 or email=ann@example.com."""
    from audiencekit.identity.explaining import print_person

    print_person(open_workspace(), identifier, Console())


@cli.command()
@click.argument("left")
@click.argument("right")
def same(left: str, right: str) -> None:
    """Why two identifiers, as contact_id=K1 account_id=A2, are one person's, or not."""
    from audiencekit.identity.explaining import print_comparison

    print_comparison(open_workspace(), left, right, Console())


@cli.command()
@click.option("--rows", default=10, show_default=True, help="How many to show.")
def reviews(rows: int) -> None:
    """Pairs of records that somebody should look at: one person, or two?"""
    from audiencekit.identity.explaining import print_reviews

    print_reviews(open_workspace(), rows, Console())


@cli.command()
def status() -> None:
    """Say what is published, and whether the last run stopped. Exits with 1 when it is stale."""
    from audiencekit.run.status import read_status

    label = read_status(open_workspace())
    if not label:
        raise UserError(
            "Nothing has run here yet. First `make demo`, or `make run LANDING=folder`."
        )
    click.echo(
        f"{label.state}: {label.build_id or 'nothing published'}, last run as of {label.as_of}"
    )
    if label.why:
        raise UserError(label.why)


@cli.command()
@click.option("--to", type=click.Choice(["postgres"]), required=True, help="Where to.")
@click.option(
    "--schema-prefix",
    default="audiencekit",
    show_default=True,
    help="The schemas are PREFIX_activation and PREFIX_reporting.",
    metavar="PREFIX",
)
@click.option(
    "--grant-activation",
    multiple=True,
    metavar="ROLE",
    help="Let this role read the audiences, personal data in them. Repeatable.",
)
@click.option(
    "--grant-reporting",
    multiple=True,
    metavar="ROLE",
    help="Let this role read the reports. Repeatable.",
)
@click.option(
    "--force", is_flag=True, help="Write it even if it is there already, or a newer one is."
)
def publish(
    to: str,
    schema_prefix: str,
    grant_activation: tuple[str, ...],
    grant_reporting: tuple[str, ...],
    force: bool,
) -> None:
    """Copy the published generation into a PostgreSQL, all at once or not at all."""
    from audiencekit.publish.postgres import publish_to_postgres

    done = publish_to_postgres(
        open_workspace(),
        _now(),
        prefix=schema_prefix,
        force=force,
        grants={"activation": grant_activation, "reporting": grant_reporting},
        say=click.echo,
    )
    if done.rows is None:
        click.echo(f"{done.build_id} is there already: nothing was written ({done.where}).")
        return
    click.echo(
        f"Published {done.build_id}: {done.rows:,} rows in {done.seconds:.1f} s ({done.where})."
    )


@cli.command()
@click.argument("url")
@click.option("--channel", default=None, help="Only this channel's changes. Default: all.")
@click.option("--batch", default=100, show_default=True, help="Changes in a message.")
@click.option(
    "--on-failure",
    type=click.Choice(["stop", "skip"]),
    default="stop",
    show_default=True,
    help="When the receiver does not take a message: stop, or set its changes aside and go on.",
)
@click.option(
    "--retry-dead-letters", is_flag=True, help="Only send again what was set aside before."
)
@tries_option
@wait_option
def notify(
    url: str,
    channel: str | None,
    batch: int,
    on_failure: str,
    retry_dead_letters: bool,
    tries: int,
    wait: float,
) -> None:
    """Send what changed in the audiences to URL, as signed webhooks (docs/pickup.md)."""
    from audiencekit.delivery import messages, webhook

    to = webhook.Receiver(url, channel, batch, _patience(tries, wait), on_failure == "stop")
    send = webhook.retry_dead_letters if retry_dead_letters else webhook.notify
    sent = send(open_workspace(), to, messages.signer(os.environ), _surroundings())
    click.echo(
        f"{sent.delivered:,} changes delivered, {sent.set_aside:,} set aside, "
        f"{sent.overtaken:,} dropped because a later change arrived."
    )


@cli.command()
@click.argument("url")
@click.option("--channel", default="email", show_default=True)
@click.option("--batch", default=100, show_default=True, help="Rows in a request.")
@tries_option
@wait_option
def deliver(url: str, channel: str, batch: int, tries: int, wait: float) -> None:
    """Send the rows of an audience that changed, and removals, to a REST receiver with dlt."""
    from audiencekit.delivery.pipeline import RestReceiver
    from audiencekit.delivery.pipeline import deliver as send

    to = RestReceiver(url, channel, batch, _patience(tries, wait))
    click.echo(f"{send(open_workspace(), to, _surroundings(), os.environ):,} rows delivered.")


def _patience(tries: int, wait: float):
    from audiencekit.delivery.sending import Patience

    return Patience(tries=tries, first_wait=wait)


def _surroundings():
    from audiencekit.delivery.sending import Surroundings

    return Surroundings(_now, random.Random(), time.sleep)


@cli.command()
@click.option("--segment", default=None, help="The segment that one board is about.")
@click.option("--png", is_flag=True, help="Pictures instead of pages.")
@click.option("--open", "is_opened", is_flag=True, help="Open the overview in the browser.")
def boards(segment: str | None, png: bool, is_opened: bool) -> None:
    """Draw the boards of charts/ from what is published."""
    first = _draw(Console(), "png" if png else "html", segment)
    if is_opened:
        click.launch(str(first))


@cli.command()
@click.option("--open", "is_opened", is_flag=True, help="Open the list of them in the browser.")
def playbooks(is_opened: bool) -> None:
    """Write a page for each segment: strategy, numbers, what was tried, who answers for it."""
    from audiencekit.pages.playbooks import write_playbooks

    paths = write_playbooks(open_workspace())
    click.echo(f"{len(paths) - 1} pages, listed in {paths[0]}")
    if is_opened:
        click.launch(str(paths[0]))


def _draw(console: Console, kind: str = "html", segment: str | None = None) -> Path:
    from audiencekit.pages.boards import draw_boards

    with console.status("Drawing"):
        paths = draw_boards(open_workspace(), kind, segment)
    for path in paths:
        console.print(f"  {path}", highlight=False, soft_wrap=True)
    return paths[0]


def _write_playbooks(console: Console) -> None:
    from audiencekit.pages.playbooks import write_playbooks

    index = write_playbooks(open_workspace())[0]
    console.print(f"  {index}", highlight=False, soft_wrap=True)


@cli.command()
@click.option("--k", default=20, show_default=True, help="Leave out groups of fewer customers.")
@click.option("--epsilon", type=float, help="Noise of so much differential privacy instead.")
def share(k: int, epsilon: float | None) -> None:
    """Write aggregates that may go to others: suppressed, or noised within the budget."""
    from audiencekit.sharing import share_noised, share_suppressed

    workspace = open_workspace()
    click.echo(
        share_suppressed(workspace, k) if epsilon is None else share_noised(workspace, epsilon)
    )


@cli.command()
def docs() -> None:
    """Write docs/landing.md from the landing contract, and dbt's own docs."""
    from audiencekit.intake.docs import write_landing_docs
    from audiencekit.run.dbt import run_dbt

    workspace = open_workspace()
    page = (PROJECT / "docs" if IS_CLONE else workspace.home) / "landing.md"
    click.echo(f"Wrote {write_landing_docs(page)}")
    result = run_dbt(workspace, "docs", "generate")
    if not result.success:
        raise UserError(f"dbt docs: {result.exception}")
    click.echo(f"dbt docs: {workspace.home / 'target' / 'index.html'}")


@cli.command()
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
    help="Only find people, beside other tools; with RECORDS above 0, also in so many simulated ones.",
)
@click.option(
    "--refits",
    is_flag=True,
    help="Only refit the micro-segments of the last build, month by month.",
)
def bench(customers: int, scores: int, activation: int, identity: int | None, refits: bool) -> None:
    """Measure a build of a synthetic landing against the same SQL in raw DuckDB."""
    from audiencekit.bench import run_bench
    from audiencekit.bench.activating import run_activation_bench
    from audiencekit.bench.refits import run_refits_bench
    from audiencekit.bench.scoring import run_scoring_bench

    if identity is not None:
        from audiencekit.bench.identity.comparing import run_identity_bench

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


def _run(
    landing: Path,
    as_of: datetime,
    accept: tuple[str, ...],
    console: Console | None = None,
    note: str = "",
    retrain: bool = False,
) -> None:
    from audiencekit.run.job import run as run_job
    from audiencekit.run.summary import print_summary

    console = console or Console()
    workspace = open_workspace()
    result = run_job(landing.resolve(), workspace, as_of, console, accept, note, retrain)
    print_summary(result, workspace, console)


def main() -> None:
    """Entry point: user mistakes end in one or two lines and exit code 1."""
    try:
        cli.main(standalone_mode=False)
    except UserError as problem:
        click.echo(f"Error: {problem}", err=True)
        sys.exit(1)
    except ModuleNotFoundError as problem:
        if not (hint := how_to_install(problem.name)):
            raise
        click.echo(f"Error: {hint}", err=True)
        sys.exit(1)
    except click.ClickException as problem:
        problem.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. What was published before still stands.", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
