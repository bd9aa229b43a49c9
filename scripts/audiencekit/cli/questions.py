"""Commands that answer questions about what is built and published: show, who, same, reviews, status."""

import click
from rich.console import Console

from audiencekit.errors import UserError
from audiencekit.workspace import FIRST_STEP, open_workspace


@click.command()
@click.argument("channel", required=False)
@click.option("--rows", default=3, show_default=True, help="How many rows to show.")
def show(channel: str | None, rows: int) -> None:
    """Print rows of a published audience, for example email or google_ads. Without CHANNEL: one that has rows."""
    from audiencekit.run.summary import print_audience

    print_audience(open_workspace(), channel, rows, Console())


@click.command()
@click.argument("identifier")
def who(identifier: str) -> None:
    """Print what is known of the customer with this IDENTIFIER, as contact_id=K1 or ann@example.com.

    Their identifiers and the sources of their profile, orders, decisions, segments and audiences.
    """
    from audiencekit.identity.person import print_person
    from audiencekit.run.summary import print_note

    workspace, console = open_workspace(), Console()
    print_note(workspace, console)
    print_person(workspace, identifier, console)


@click.command()
@click.argument("left")
@click.argument("right")
def same(left: str, right: str) -> None:
    """Explain why two identifiers, as contact_id=K1 account_id=A2, belong to one person, or do not."""
    from audiencekit.identity.explaining import print_comparison

    print_comparison(open_workspace(), left, right, Console())


@click.command()
@click.option("--rows", default=10, show_default=True, help="How many to show.")
def reviews(rows: int) -> None:
    """Print pairs of records for a person to decide: one person, or two?"""
    from audiencekit.identity.explaining import print_reviews

    print_reviews(open_workspace(), rows, Console())


@click.command()
def status() -> None:
    """Print what is published, and whether the last run stopped. Exits with 1 when it is stale."""
    from audiencekit.run.status import read_status

    label = read_status(open_workspace())
    if not label:
        raise UserError(f"Nothing has run here yet. {FIRST_STEP}")
    click.echo(
        f"{label.state}: {label.build_id or 'nothing published'}, last run as of {label.as_of}"
    )
    if label.why:
        raise UserError(label.why)
