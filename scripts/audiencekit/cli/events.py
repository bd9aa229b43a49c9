"""Commands that act between two builds: live, on events while they happen, and refresh, on extracts of the hour."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from audiencekit.cli.jobs import folder_of
from audiencekit.cli.options import (
    Moment,
    accept_option,
    clock,
    landing_argument,
    landing_of,
    now,
    surroundings,
)
from audiencekit.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from audiencekit.live.journal import Journal
    from audiencekit.live.webhooks import Hook

webhook_option = click.option(
    "--webhook",
    multiple=True,
    metavar="URL",
    help="A receiver of changes, as signed webhooks. Repeatable. The secret is in AUDIENCEKIT_WEBHOOK_SECRET.",
)
batch_option = click.option(
    "--batch", default=100, show_default=True, help="Changes per message of a webhook."
)


@click.command()
@click.argument("log", type=click.Path(file_okay=False, path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8765, show_default=True, help="The port to listen on.")
@click.option(
    "--origin",
    multiple=True,
    metavar="URL",
    help="A website whose pages may send events, as https://shop.example. Repeatable.",
)
@webhook_option
@batch_option
@click.option(
    "--trusted-proxy",
    multiple=True,
    metavar="ADDRESS",
    help="The address or network of your proxy, whose X-Forwarded-For says who a visitor is. Repeatable.",
)
@click.option(
    "--calls-per-address",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="Calls a second that one address may send, and ten times as many at once.",
)
@click.option(
    "--calls-per-key",
    type=click.IntRange(min=1),
    default=1_000,
    show_default=True,
    help="Calls a second that one key may send, and ten times as many at once.",
)
@click.option(
    "--demo",
    is_flag=True,
    help="Let time go on from the moment of the build, and serve /demo, a simulated shop to try it on.",
)
def live(
    log: Path,
    host: str,
    port: int,
    origin: tuple[str, ...],
    webhook: tuple[str, ...],
    batch: int,
    trusted_proxy: tuple[str, ...],
    calls_per_address: int,
    calls_per_key: int,
    demo: bool,
) -> None:
    """Take in events of Segment's libraries into LOG, a folder inside your landing folder, and act on them.

    Segments change within seconds, by the rules of the published generation. The next run takes the events in from
    LOG. The keys that may send are in AUDIENCEKIT_WRITE_KEYS, those that may read in AUDIENCEKIT_READ_KEYS. Links to the
    preference page are signed with AUDIENCEKIT_PREFERENCES_SECRET.
    """
    from audiencekit.live.collector import Settings
    from audiencekit.live.keys import keys_from_environment
    from audiencekit.live.limits import ADDRESS, KEY, Limits, Rate
    from audiencekit.live.lookup import some_logins
    from audiencekit.live.pages import demo_page
    from audiencekit.live.preference_tokens import signer_from_environment
    from audiencekit.live.server import Address, open_service, serve

    workspace, keys = open_workspace(), keys_from_environment()
    hooks = _hooks(workspace, webhook, batch)
    moments = _from_build() if demo else clock
    limits = Limits(
        {
            ADDRESS: Rate(calls_per_address, 10 * calls_per_address),
            KEY: Rate(calls_per_key, 10 * calls_per_key),
        }
    )
    settings = Settings(keys, moments, origin, limits, signer_from_environment())
    service = open_service(workspace, log, settings, hooks, surroundings())
    if demo:
        page = demo_page(keys.write[0], some_logins(workspace.current))
        service = replace(service, pages=(page,))
    serve(service, Address(host, port, trusted_proxy), click.echo)
    counts = ", ".join(f"{count:,} {name}" for name, count in service.collector.counts.items())
    click.echo(f"Stopped. Calls: {counts}.")
    if limited := {by: count for by, count in limits.counts.items() if count}:
        by_what = ", ".join(f"{count:,} of one {by}" for by, count in limited.items())
        click.echo(f"Answered with 429, because too many calls came at once: {by_what}.")
    if service.collector.counts["held back"]:
        click.echo(
            f"Calls held back may state a refusal that no run can read. Look at {log}/_held.*.jsonl."
        )


@click.command()
@click.option(
    "--as-of",
    type=Moment(),
    default=None,
    help="The moment to evaluate as of, in UTC. Default: now.",
)
@accept_option
@webhook_option
@batch_option
@landing_argument
def refresh(
    landing: str | None,
    as_of: datetime | None,
    accept: tuple[str, ...],
    webhook: tuple[str, ...],
    batch: int,
) -> None:
    """Take in what came into LANDING, your folder of exports or database, since the last run, and act on it at once.

    Only customers whom new rows concern, or who are due by time, are evaluated, by the rules of the published build. The
    next run takes the same files in. A file that a run would refuse changes nothing.
    """
    from audiencekit.live.extracts import Options
    from audiencekit.live.refresh import Surroundings
    from audiencekit.live.refresh import refresh as run_refresh
    from audiencekit.live.refresh_report import lines_of

    workspace, runtime = open_workspace(), surroundings()
    hooks = _hooks(workspace, webhook, batch)

    def send(journal: "Journal") -> None:
        from audiencekit.live.webhooks import send_all

        for problem in send_all(hooks, journal, runtime):
            click.echo(f"  {problem}. The next refresh sends these changes again.", err=True)

    moment = as_of or now()
    report = run_refresh(
        folder_of(landing_of(landing), moment, Console()),
        workspace,
        Options(moment, now(), accept),
        Surroundings(lambda line: click.echo(f"  {line}"), runtime.sleep, send=send),
    )
    for line in lines_of(report):
        click.echo(line)


def _hooks(workspace: Workspace, urls: Sequence[str], batch: int) -> "list[Hook]":
    """Receivers of changes. Raises UserError where there is no secret to sign with."""
    from audiencekit.delivery.cursors import receiver_folder
    from audiencekit.delivery.messages import signer
    from audiencekit.live.webhooks import Hook

    sign = signer(os.environ) if urls else None
    return [
        Hook(url, sign, receiver_folder(workspace, "live", url, None), batch)
        for url in urls
        if sign
    ]


def _from_build() -> Callable[[], datetime]:
    """A clock that shows the moment of the published build now, and goes on from there."""
    from audiencekit.publish.generations import published_manifest

    built_at = datetime.fromisoformat(published_manifest(open_workspace()).as_of)
    ahead = clock() - built_at.replace(tzinfo=clock().tzinfo)
    return lambda: clock() - ahead
