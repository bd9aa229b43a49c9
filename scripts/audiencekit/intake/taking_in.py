"""Intake: the one door user files come through.

Every landing table becomes one typed Parquet file with exactly the contract's columns (empty where
the user has no such table). A row that breaks a rule goes to `quarantine.parquet` with its file, row
and reason; `tables.parquet` counts rows in, kept, quarantined and held back. A file that cannot serve
stops the run with a UserError before anything is built. Rows of people who asked to be forgotten go (erasure.py).
"""

import difflib
import shutil
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from audiencekit.errors import UserError
from audiencekit.intake.contract import Table, load_contract
from audiencekit.intake.erasure import count_forgotten, forget
from audiencekit.intake.files import LandingFile, open_file
from audiencekit.intake.folder import find_files
from audiencekit.intake.report import (
    TableIntake,
    count_refused,
    most_often,
    open_quarantine,
    spoken,
    write_counts,
    write_quarantine,
)
from audiencekit.intake.rows import judge, kept_rows, no_rows
from audiencekit.sql import literal, rows_of
from audiencekit.workspace import Workspace

LARGEST_QUARANTINED_SHARE = 0.10
FEW_ROWS = 50
SMALLEST_SHARE_OF_LAST_TIME = 0.5
SCRATCH = ".intake-"


def take_in(
    landing: Path,
    workspace: Workspace,
    as_of: datetime,
    *,
    accept: Collection[str] = (),
    last_time: dict[str, int] | None = None,
    say: Callable[[str], None] = print,
) -> list[TableIntake]:
    """Check and type every landing table as of `as_of` (UTC) into `workspace.intake`.

    `last_time` holds the rows kept by the last published build: a table that is gone or has lost
    half its rows stops the run unless named in `accept`. Raises UserError, naming file and rule.
    """
    contract = load_contract()
    _check_names(accept, contract)
    paths, notes = find_files(landing, contract)
    for note in notes:
        say(note)
    workspace.intake.mkdir(parents=True, exist_ok=True)
    # Written last: without it dbt does not build on what a broken intake left behind.
    (workspace.intake / "run.parquet").unlink(missing_ok=True)
    for left_over in workspace.home.glob(f"{SCRATCH}*"):
        shutil.rmtree(left_over)
    with (
        TemporaryDirectory(dir=workspace.home, prefix=SCRATCH) as folder,
        duckdb.connect() as con,
    ):
        scratch = Path(folder)
        con.execute(f"set TimeZone = 'UTC'; set temp_directory = {literal(folder)}")
        open_quarantine(con)
        files = {
            name: [
                open_file(path, str(path.relative_to(landing)), contract[name], con, scratch)
                for path in found
            ]
            for name, found in paths.items()
        }
        taken = []
        try:
            for table in contract.values():
                mine = files.get(table.name, [])
                result = _take_in_table(con, table, mine, as_of, workspace.intake, scratch)
                if table.name not in accept:
                    forgotten = count_forgotten(workspace, table) if table.append_only else 0
                    _gate(con, result, table, (last_time or {}).get(table.name, 0), forgotten)
                taken.append(result)
                if result.is_present:
                    say(spoken(result))
        finally:
            write_quarantine(con, workspace.intake)
            # Whoever is forgotten stays so, also where a gate stops the run.
            forget(workspace)
        write_counts(con, taken, as_of, workspace.intake)
    return taken


def _check_names(accept: Collection[str], contract: dict[str, Table]) -> None:
    for name in sorted(set(accept) - set(contract)):
        near = difflib.get_close_matches(name, contract, n=1)
        hint = f"Is it {near[0]}?" if near else f"There are: {', '.join(contract)}."
        raise UserError(f"--accept {name}: no such table. {hint}")


def _take_in_table(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    files: list[LandingFile],
    as_of: datetime,
    folder: Path,
    scratch: Path,
) -> TableIntake:
    """Judge a table's files and write its rows that are kept to `folder`."""
    judged = [scratch / f"{table.name}.{number}.parquet" for number in range(len(files))]
    kept = []
    for file, path in zip(files, judged, strict=True):
        judge(con, table, file, as_of.isoformat(sep=" "), path)
        kept.append(kept_rows(con, table, file, path))
    target = folder / f"{table.name}.parquet"
    con.execute(
        f"copy ({' union all '.join(kept) or no_rows(table)}) to {literal(str(target))} "
        "(format parquet, compression zstd)"
    )
    for path in judged:
        path.unlink()
    newest = f"max({table.event_at})" if table.event_at else "cast(null as timestamp)"
    rows, newest_at = con.execute(f"select count(*), {newest} from {rows_of(target)}").fetchall()[0]
    quarantined, held_back = count_refused(con, table)
    return TableIntake(
        table_name=table.name,
        is_present=bool(files),
        file_names=", ".join(file.name for file in files),
        rows_in=rows + quarantined + held_back,
        rows_kept=rows,
        rows_quarantined=quarantined,
        rows_held_back=held_back,
        newest_at=newest_at,
        ignored_columns=", ".join(sorted({name for file in files for name in file.ignored})),
    )


def _gate(
    con: duckdb.DuckDBPyConnection,
    result: TableIntake,
    table: Table,
    last_time: int,
    forgotten: int,
) -> None:
    """Raise UserError for a table that is empty, broken, gone, or half the size it was.

    `last_time` counts no rows of people who are `forgotten`: a source may keep or delete those.
    """
    bad, rows, kept = result.rows_quarantined, result.rows_in, result.rows_kept
    way_out = f"Mend it, or say --accept {table.name} if it is meant."
    if not result.is_present:
        if last_time:
            raise UserError(
                f"{table.name}: the last published build had {last_time:,} rows of it, "
                f"and now there is no such file. {way_out}"
            )
        return
    if not rows and not table.may_be_empty:
        raise UserError(
            f"{result.file_names}: a header and no rows. Export it again"
            f"{'' if table.required else ', or remove it if you have no such data'}."
        )
    nothing_left = rows > 0 and kept == 0 and not table.may_be_empty
    many_bad = bad > FEW_ROWS and bad > LARGEST_QUARANTINED_SHARE * rows
    if nothing_left or many_bad or bad > rows / 2:
        what = "no row is usable" if nothing_left else f"{bad:,} of {rows:,} rows are refused"
        raise UserError(f"{table.name}: {what}. {most_often(con, table)} {way_out}")
    if table.append_only and (bad or kept - forgotten < last_time):
        # A decision that cannot be read, or is gone, may be somebody's no.
        rows = f"{kept - forgotten:,} rows, {last_time:,} the last time."
        lost = most_often(con, table) if bad else rows
        raise UserError(
            f"{table.name} only ever grows, and every row of it must count: {lost} {way_out}"
        )
    if kept < SMALLEST_SHARE_OF_LAST_TIME * last_time:
        raise UserError(
            f"{table.name}: {kept:,} usable rows, the last published build had "
            f"{last_time:,}. Is the export cut short? {way_out}"
        )
