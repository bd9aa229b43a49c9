"""Commands that pass on what is published: publish, notify, deliver, share."""

import os

import click

from audiencekit.cli.options import now, retry_policy, surroundings, tries_option, wait_option
from audiencekit.workspace import open_workspace


@click.command()
@click.option(
    "--to", type=click.Choice(["postgres"]), required=True, help="The system to publish to."
)
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
    help="Let this role read the audiences, which hold personal data. Repeatable.",
)
@click.option(
    "--grant-reporting",
    multiple=True,
    metavar="ROLE",
    help="Let this role read the reports. Repeatable.",
)
@click.option(
    "--force", is_flag=True, help="Write it even if it, or a newer one, is already there."
)
def publish(
    to: str,
    schema_prefix: str,
    grant_activation: tuple[str, ...],
    grant_reporting: tuple[str, ...],
    force: bool,
) -> None:
    """Copy the published generation into a PostgreSQL database, all at once or not at all."""
    from audiencekit.publish.postgres import PostgresOptions, publish_to_postgres

    grants = {"activation": grant_activation, "reporting": grant_reporting}
    options = PostgresOptions(schema_prefix, force, grants)
    done = publish_to_postgres(open_workspace(), now(), options, say=click.echo)
    if done.rows is None:
        click.echo(f"{done.build_id} is there already: nothing was written ({done.where}).")
        return
    click.echo(
        f"Published {done.build_id}: {done.rows:,} rows in {done.seconds:.1f} s ({done.where})."
    )


@click.command()
@click.argument("url")
@click.option("--channel", default=None, help="Only this channel's changes. Default: all.")
@click.option("--batch", default=100, show_default=True, help="Changes per message.")
@click.option(
    "--on-failure",
    type=click.Choice(["stop", "skip"]),
    default="stop",
    show_default=True,
    help="When the receiver does not accept a message: stop, or set its changes aside and continue.",
)
@click.option(
    "--retry-dead-letters", is_flag=True, help="Only send changes again that were set aside before."
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

    to = webhook.Receiver(url, channel, batch, retry_policy(tries, wait), on_failure == "stop")
    send = webhook.retry_dead_letters if retry_dead_letters else webhook.notify
    sent = send(open_workspace(), to, messages.signer(os.environ), surroundings())
    click.echo(
        f"{sent.delivered:,} changes delivered, {sent.set_aside:,} set aside, "
        f"{sent.overtaken:,} dropped because a later change arrived."
    )


@click.command()
@click.argument("url")
@click.option("--channel", default="email", show_default=True)
@click.option("--batch", default=100, show_default=True, help="Rows per request.")
@tries_option
@wait_option
def deliver(url: str, channel: str, batch: int, tries: int, wait: float) -> None:
    """Send changed rows and removals of an audience to a REST receiver, with dlt."""
    from audiencekit.delivery.pipeline import RestReceiver
    from audiencekit.delivery.pipeline import deliver as send

    to = RestReceiver(url, channel, batch, retry_policy(tries, wait))
    click.echo(f"{send(open_workspace(), to, surroundings(), os.environ):,} rows delivered.")


@click.command()
@click.option("--k", default=20, show_default=True, help="Leave out groups of fewer customers.")
@click.option(
    "--epsilon", type=float, help="Add differential-privacy noise with this epsilon instead."
)
def share(k: int, epsilon: float | None) -> None:
    """Write aggregates that may be shared: with small groups suppressed, or with noise within the budget."""
    from audiencekit.sharing import share_noised, share_suppressed

    workspace = open_workspace()
    click.echo(
        share_suppressed(workspace, k) if epsilon is None else share_noised(workspace, epsilon)
    )
