"""The command that takes in events while they happen: live."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from audiencekit.cli.options import clock, surroundings
from audiencekit.workspace import open_workspace


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
@click.option(
    "--webhook",
    multiple=True,
    metavar="URL",
    help="A receiver of changes, as signed webhooks. Repeatable. The secret is in AUDIENCEKIT_WEBHOOK_SECRET.",
)
@click.option("--batch", default=100, show_default=True, help="Changes per message of a webhook.")
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
    LOG. The keys that may send are in AUDIENCEKIT_WRITE_KEYS, those that may read in AUDIENCEKIT_READ_KEYS.
    """
    from audiencekit.delivery.cursors import receiver_folder
    from audiencekit.delivery.messages import signer
    from audiencekit.live.collector import Settings
    from audiencekit.live.keys import keys_from_environment
    from audiencekit.live.limits import ADDRESS, KEY, Limits, Rate
    from audiencekit.live.lookup import some_logins
    from audiencekit.live.pages import demo_page
    from audiencekit.live.server import Address, open_service, serve
    from audiencekit.live.webhooks import Hook

    workspace, keys = open_workspace(), keys_from_environment()
    sign = signer(os.environ) if webhook else None
    hooks = [
        Hook(url, sign, receiver_folder(workspace, "live", url, None), batch)
        for url in webhook
        if sign
    ]
    moments = _from_build() if demo else clock
    limits = Limits(
        {
            ADDRESS: Rate(calls_per_address, 10 * calls_per_address),
            KEY: Rate(calls_per_key, 10 * calls_per_key),
        }
    )
    settings = Settings(keys, moments, origin, limits)
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


def _from_build() -> Callable[[], datetime]:
    """A clock that shows the moment of the published build now, and goes on from there."""
    from audiencekit.publish.generations import published_manifest

    built_at = datetime.fromisoformat(published_manifest(open_workspace()).as_of)
    ahead = clock() - built_at.replace(tzinfo=clock().tzinfo)
    return lambda: clock() - ahead
