"""Commands that write pages for people: boards, playbooks, docs."""

import json
from pathlib import Path

import click
from rich.console import Console

from audiencekit.dbt_project import IS_CLONE, PROJECT
from audiencekit.errors import UserError
from audiencekit.workspace import open_workspace


@click.command()
@click.option("--segment", default=None, help="The segment of the board about one segment.")
@click.option("--png", is_flag=True, help="Pictures instead of pages.")
@click.option("--open", "is_opened", is_flag=True, help="Open the overview in the browser.")
def boards(segment: str | None, png: bool, is_opened: bool) -> None:
    """Draw the boards of charts/ from what is published."""
    first = draw(Console(), "png" if png else "html", segment)
    if is_opened:
        click.launch(str(first))


@click.command()
@click.option("--open", "is_opened", is_flag=True, help="Open the list of pages in the browser.")
def playbooks(is_opened: bool) -> None:
    """Write a page for each segment (strategy, numbers, experiments and owner) and one of all messages."""
    from audiencekit.pages.playbooks import write_playbooks

    paths = write_playbooks(open_workspace())
    click.echo(f"{len(paths) - 1} pages, listed in {paths[0]}")
    if is_opened:
        click.launch(str(paths[0]))


@click.command()
def docs() -> None:
    """Write docs/landing.md and docs/landing.schema.json from the landing contract, and generate dbt's docs."""
    from audiencekit.intake.docs import write_landing_docs
    from audiencekit.intake.landing_keys import json_schema
    from audiencekit.run.dbt import run_dbt

    workspace = open_workspace()
    page = (PROJECT / "docs" if IS_CLONE else workspace.home) / "landing.md"
    schema = page.with_name("landing.schema.json")
    schema.write_text(json.dumps(json_schema(), indent=1) + "\n", encoding="utf-8")
    click.echo(f"Wrote {write_landing_docs(page)}")
    result = run_dbt(workspace, "docs", "generate")
    if not result.success:
        raise UserError(f"dbt docs: {result.exception}")
    click.echo(f"dbt docs: {workspace.home / 'target' / 'index.html'}")


def draw(console: Console, kind: str = "html", segment: str | None = None) -> Path:
    """Draw the boards and print their files. Returns the first one.

    Pages of boards link to the playbooks, so these are written, too.
    """
    from audiencekit.pages.boards import draw_boards
    from audiencekit.pages.playbooks import write_playbooks

    workspace = open_workspace()
    with console.status("Drawing"):
        paths = draw_boards(workspace, kind, segment)
        paths += write_playbooks(workspace)[:1] if kind == "html" else []
    for path in paths:
        console.print(f"  {path}", highlight=False, soft_wrap=True)
    return paths[0]
