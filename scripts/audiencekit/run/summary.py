"""What a run prints at its end, and what `audiencekit show` prints."""

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

from audiencekit.dbt_project import IS_CLONE
from audiencekit.errors import UserError
from audiencekit.publish.generations import Manifest, current_manifest
from audiencekit.run.job import Run
from audiencekit.workspace import FIRST_STEP, Workspace


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        numeric = name.startswith(
            ("rows", "erased", "members", "share", "people", "dupl", "quar", "held", "used")
        )
        table.add_column(name, justify="right" if numeric else "left")
    return table


def print_summary(run: Run, workspace: Workspace, console: Console) -> None:
    """Print rows in, segments, audiences and where the files are, read from the published files."""
    with duckdb.connect(str(workspace.current / "reporting.duckdb"), read_only=True) as con:
        landing = _table(
            "Landing", "table", "rows in", "quarantined", "held back", "duplicate", "erased", "used"
        )
        for row in con.execute(
            "select table_name, rows_in, rows_quarantined, rows_held_back, rows_duplicate, rows_erased, rows_used "
            "from rpt_landing where is_present order by rows_in desc"
        ).fetchall():
            landing.add_row(row[0], *(f"{n:,}" for n in row[1:]))
        console.print(landing)
        absent = con.execute(
            "select string_agg(table_name, ', ' order by table_name) from rpt_landing where not is_present"
        ).fetchall()[0][0]
        if absent:
            console.print(
                f"Not in the landing: {absent}. docs/landing.md says what each one unlocks.\n"
            )
        _print_notices(con, console)
        segments = _table("Segments", "segment", "members", "share", "status")
        for code, members, share, status in con.execute(
            "select segment_code, members, share, status from rpt_segments order by members desc, segment_code"
        ).fetchall():
            segments.add_row(code, f"{members:,}", f"{share or 0:.1%}", status)
        console.print(segments)
        _print_misfits(con, console)
        audiences = _table(
            "Audiences", "channel", "rows to pick up", "people who allow it", "status"
        )
        for channel, rows, people, status in con.execute(
            "select channel, audience_rows, addressable_people, status from rpt_audiences order by channel"
        ).fetchall():
            audiences.add_row(channel, f"{rows:,}", f"{people:,}", status)
        console.print(audiences)
    quarantined = sum(t.rows_quarantined for t in run.tables)
    console.print(
        f"Published [bold]{run.manifest.build_id}[/], figures in {run.manifest.currency}, in {sum(run.seconds.values()):.0f} s "
        f"({', '.join(f'{k} {v:.0f}' for k, v in run.seconds.items())})"
    )
    for what, path in (
        ("activation", workspace.current / "activation.duckdb"),
        ("reporting", workspace.current / "reporting.duckdb"),
        ("data docs", workspace.data_docs / "index.html"),
    ):
        console.print(f"  {what:<11} {path}", soft_wrap=True, highlight=False)
    if quarantined:
        console.print(
            f"  {'quarantine':<11} {workspace.intake / 'quarantine.parquet'} ({quarantined:,} rows)",
            soft_wrap=True,
            highlight=False,
        )
    _print_note(run.manifest, console)
    first = "email" if run.manifest.rows.get("aud_email") else "crm"
    console.print(f"Next: {'.venv/bin/' if IS_CLONE else ''}audiencekit show {first}")


def _print_notices(con: duckdb.DuckDBPyConnection, console: Console) -> None:
    """Print what in the data could not be read, matched or used as it is: silence would hide it."""
    rows = con.execute(
        "select table_name, cases, notice, details from rpt_notices "
        "order by details is distinct from 'rpt_decisions', notice like 'grant%', cases desc, table_name, notice"
    ).fetchall()
    for table, cases, notice, details in rows:
        console.print(
            f"[yellow]{f'{table}: ' if table else ''}{cases:,} {notice}[/]{f' ({details})' if details else ''}.",
            highlight=False,
            soft_wrap=True,
        )
    if rows:
        console.print()


def _print_misfits(con: duckdb.DuckDBPyConnection, console: Console) -> None:
    """Print the segments whose rule does not fit these customers, and what would."""
    rows = con.execute(
        "select segment_code, members, explanation from rpt_segment_fit order by members desc, segment_code, finding"
    ).fetchall()
    if not rows:
        return
    console.print("Segments that do not fit these customers (rpt_segment_fit)")
    for code, members, explanation in rows:
        console.print(f"  {code}, {members:,}: {explanation}.", highlight=False, soft_wrap=True)
    console.print()


def print_audience(workspace: Workspace, channel: str | None, rows: int, console: Console) -> None:
    """Print the first rows of a channel's published audience, with contact data masked.

    Without a channel: of e-mail, or of the first channel that has rows where e-mail has none.
    """
    path = workspace.current / "activation.duckdb"
    if not path.exists():
        raise UserError(f"Nothing is published under {workspace.published}. {FIRST_STEP}")
    with duckdb.connect(str(path), read_only=True) as con:
        audiences = [
            row[0]
            for row in con.execute("select table_name from duckdb_tables() order by 1").fetchall()
            if row[0].startswith("aud_")
        ]
        sizes = {
            name: con.execute(f"select count(*) from {name}").fetchall()[0][0] for name in audiences
        }
        table = f"aud_{channel}" if channel else _first_with_rows(sizes)
        if table not in audiences:
            channels = ", ".join(name.removeprefix("aud_") for name in audiences)
            raise UserError(f"There is no audience for {channel}. There are: {channels}.")
        total = sizes[table]
        result = con.execute(f"select * from {table} order by audience_row_id limit {int(rows)}")
        names = [column[0] for column in result.description]
        console.print(
            f"[bold]{table}[/]: {total:,} rows. Contact data is masked here, not in the file."
        )
        print_note(workspace, console)
        for record in result.fetchall():
            console.print()
            for name, value in zip(names, record, strict=True):
                console.print(
                    f"  {name:<22} {_masked(name, value)}", highlight=False, soft_wrap=True
                )


def _first_with_rows(sizes: dict[str, int]) -> str:
    """The audience table to show where the user named none."""
    with_rows = [name for name, rows in sizes.items() if rows]
    return "aud_email" if "aud_email" in with_rows or not with_rows else with_rows[0]


def print_note(workspace: Workspace, console: Console) -> None:
    """Print what readers must know about the published data, such as that people are simulated."""
    _print_note(current_manifest(workspace), console)


def _print_note(manifest: Manifest | None, console: Console) -> None:
    if manifest and manifest.note:
        console.print(f"[yellow]{manifest.note}[/]", soft_wrap=True)


def _masked(name: str, value: object) -> str:
    text = "" if value is None else str(value)
    if name == "email" and "@" in text:
        local, domain = text.split("@", 1)
        return f"{local[:1]}***@{domain}"
    return text
