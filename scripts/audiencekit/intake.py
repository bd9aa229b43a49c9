"""Intake: the one door user files come through.

Every landing table becomes one typed Parquet file with exactly the contract's columns (empty where
the user has no such table). A row that breaks a rule goes to `quarantine.parquet` with its file, row
and reason; `tables.parquet` counts rows in, kept, quarantined and held back. A file that cannot serve
stops the run with a UserError before anything is built.
"""

import difflib
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from audiencekit.contract import Table, load_contract
from audiencekit.errors import UserError
from audiencekit.landing_files import LandingFile, find_files, open_file
from audiencekit.landing_rows import HELD_BACK, judge, kept_rows, no_rows
from audiencekit.landing_rules import literal
from audiencekit.workspace import Workspace

LARGEST_QUARANTINED_SHARE = 0.10
FEW_ROWS = 20
SMALLEST_SHARE_OF_LAST_TIME = 0.5


@dataclass(frozen=True)
class TableIntake:
    """What intake did with one landing table; one row of `tables.parquet`."""

    table_name: str
    is_present: bool
    file_names: str
    rows_in: int
    rows_kept: int
    rows_quarantined: int
    rows_held_back: int
    newest_at: datetime | None
    ignored_columns: str


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
    for name in sorted(set(accept) - set(contract)):
        near = difflib.get_close_matches(name, contract, n=1)
        hint = f"Is it {near[0]}?" if near else f"There are: {', '.join(contract)}."
        raise UserError(f"--accept {name}: no such table. {hint}")
    paths, notes = find_files(landing, contract)
    for note in notes:
        say(note)
    workspace.intake.mkdir(parents=True, exist_ok=True)
    # Written last: without it dbt does not build on what a broken intake left behind.
    (workspace.intake / "run.parquet").unlink(missing_ok=True)
    taken = []
    with (
        TemporaryDirectory(dir=workspace.home, prefix=".intake-") as scratch,
        duckdb.connect() as con,
    ):
        con.execute(f"set TimeZone = 'UTC'; set temp_directory = {literal(scratch)}")
        con.execute(_QUARANTINE_TABLE)
        files = {
            name: [
                open_file(p, str(p.relative_to(landing)), contract[name], con, Path(scratch))
                for p in found
            ]
            for name, found in paths.items()
        }
        try:
            for table in contract.values():
                result = _take_in_table(
                    con, table, files.get(table.name, []), as_of, workspace.intake, Path(scratch)
                )
                _gate(con, result, table, accept, (last_time or {}).get(table.name, 0))
                taken.append(result)
                if result.is_present:
                    say(_spoken(result))
        finally:
            _write(con, _QUARANTINE, workspace.intake / "quarantine.parquet")
        _write_reports(con, taken, as_of, workspace.intake)
    return taken


_QUARANTINE_TABLE = """
    create table quarantine (
        table_name varchar, file_name varchar, row_number bigint, reasons varchar, raw_row varchar
    )
"""
_QUARANTINE = "select * from quarantine order by table_name, file_name, row_number"


def _take_in_table(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    files: list[LandingFile],
    as_of: datetime,
    folder: Path,
    scratch: Path,
) -> TableIntake:
    parts = []
    for number, file in enumerate(files):
        judged = scratch / f"{table.name}.{number}.parquet"
        judge(con, table, file, as_of.isoformat(sep=" "), judged)
        parts.append(kept_rows(con, table, file, judged))
    target = literal(str(folder / f"{table.name}.parquet"))
    con.execute(
        f"copy ({' union all '.join(parts) or no_rows(table)}) to {target} "
        "(format parquet, compression zstd)"
    )
    newest = f"max({table.event_at})" if table.event_at else "cast(null as timestamp)"
    kept, newest_at = con.execute(
        f"select count(*), {newest} from read_parquet({target})"
    ).fetchall()[0]
    held_back, quarantined = con.execute(
        "select count(*) filter (where reasons = $held), count(*) filter (where reasons <> $held) "
        "from quarantine where table_name = $name",
        {"held": HELD_BACK, "name": table.name},
    ).fetchall()[0]
    for judged in scratch.glob(f"{table.name}.*.parquet"):
        judged.unlink()
    return TableIntake(
        table_name=table.name,
        is_present=bool(files),
        file_names=", ".join(file.name for file in files),
        rows_in=kept + quarantined + held_back,
        rows_kept=kept,
        rows_quarantined=quarantined,
        rows_held_back=held_back,
        newest_at=newest_at,
        ignored_columns=", ".join(sorted({name for file in files for name in file.ignored})),
    )


def _gate(
    con: duckdb.DuckDBPyConnection,
    result: TableIntake,
    table: Table,
    accept: Collection[str],
    kept_last_time: int,
) -> None:
    """Refuse a table that is empty, broken, gone, or half the size it was; `accept` overrules."""
    if table.name in accept or not (result.is_present or kept_last_time):
        return
    way_out = f"Mend it, or say --accept {table.name} if it is meant."
    if not result.is_present:
        raise UserError(
            f"{table.name}: the last published build had {kept_last_time:,} rows of it, "
            f"and now there is no such file. {way_out}"
        )
    bad, rows, kept = result.rows_quarantined, result.rows_in, result.rows_kept
    if not rows and not table.may_be_empty:
        raise UserError(
            f"{result.file_names}: a header and no rows. Export it again"
            f"{'' if table.required else ', or remove it if you have no such data'}."
        )
    nothing_left = rows > 0 and kept == 0 and not table.may_be_empty
    many_bad = bad > FEW_ROWS and bad > LARGEST_QUARANTINED_SHARE * rows
    if nothing_left or many_bad or bad > rows / 2:
        what = "no row is usable" if nothing_left else f"{bad:,} of {rows:,} rows are refused"
        raise UserError(f"{table.name}: {what}. {_most_often(con, table)} {way_out}")
    if kept < SMALLEST_SHARE_OF_LAST_TIME * kept_last_time:
        raise UserError(
            f"{table.name}: {kept:,} usable rows, the last published build had "
            f"{kept_last_time:,}. Is the export cut short? {way_out}"
        )


def _most_often(con: duckdb.DuckDBPyConnection, table: Table) -> str:
    reason, count, file_name, row = con.execute(
        "select reasons, count(*), arg_min(file_name, (file_name, row_number)), "
        "arg_min(row_number, (file_name, row_number)) "
        "from quarantine where table_name = ? group by reasons order by count(*) desc, reasons limit 1",
        [table.name],
    ).fetchall()[0]
    return f"Most often: {reason} ({count:,} times, first in {file_name}, row {row})."


def _spoken(result: TableIntake) -> str:
    parts = [f"{result.table_name}: {result.rows_kept:,} rows"]
    if result.rows_quarantined:
        parts.append(f"{result.rows_quarantined:,} to quarantine")
    if result.rows_held_back:
        parts.append(f"{result.rows_held_back:,} {HELD_BACK}")
    if result.ignored_columns:
        parts.append(f"columns left alone: {result.ignored_columns[:120]}")
    return ", ".join(parts)


def _write(con: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    con.execute(f"copy ({query}) to {literal(str(target))} (format parquet)")


def _write_reports(
    con: duckdb.DuckDBPyConnection, taken: list[TableIntake], as_of: datetime, folder: Path
) -> None:
    con.execute(
        "create table tables (table_name varchar, is_present boolean, file_names varchar, "
        "rows_in bigint, rows_kept bigint, rows_quarantined bigint, rows_held_back bigint, "
        "newest_at timestamp, ignored_columns varchar)"
    )
    con.executemany(
        f"insert into tables values ({', '.join('?' * 9)})",
        [list(asdict(result).values()) for result in taken],
    )
    _write(con, "select * from tables order by table_name", folder / "tables.parquet")
    moment = literal(as_of.isoformat(sep=" "))
    _write(con, f"select cast({moment} as timestamp) as as_of", folder / "run.parquet")
