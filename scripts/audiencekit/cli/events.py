"""The command that takes in events while they happen: live."""

from pathlib import Path

import click

from audiencekit.cli.options import clock


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
def live(log: Path, host: str, port: int, origin: tuple[str, ...]) -> None:
    """Take in events of Segment's libraries into LOG, a folder inside your landing folder.

    The next run takes them in from there. The keys that may send are in AUDIENCEKIT_WRITE_KEYS.
    """
    from audiencekit.live.collector import Settings
    from audiencekit.live.server import Address, serve, write_keys

    settings = Settings(write_keys(), clock, origin)
    collector = serve(log, settings, Address(host, port), click.echo)
    counts = ", ".join(f"{count:,} {name}" for name, count in collector.counts.items())
    click.echo(f"Stopped. Calls: {counts}.")
    if collector.counts["held back"]:
        click.echo(
            f"Calls held back may state a refusal that no run can read. Look at {log}/_held.*.jsonl."
        )
