"""Intake: the one door user files come through.

Every landing table becomes one typed Parquet file with exactly the contract's columns (empty where
the user has no such table). A row that breaks a rule goes to `quarantine.parquet` with its file, row
and reason; `tables.parquet` counts rows in, kept, quarantined and held back. A file that cannot serve
stops the run with a UserError before anything is built.
"""

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from audiencekit.contract import Table, load_contract
from audiencekit.errors import UserError
from audiencekit.landing_files import LandingFile, find_files, open_file
from audiencekit.landing_rules import later_than, literal, raw_name, rules_for, typed_value
from audiencekit.workspace import Workspace

LARGEST_QUARANTINED_SHARE = 0.10
FEW_ROWS = 50
SMALLEST_SHARE_OF_LAST_TIME = 0.5
HELD_BACK = "later than as_of"


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
    unknown = set(accept) - set(contract)
    if unknown:
        raise UserError(f"--accept {sorted(unknown)[0]}: no such table. {', '.join(contract)}.")
    files, notes = find_files(landing, contract)
    for note in notes:
        say(note)
    workspace.intake.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    con.execute(_QUARANTINE_TABLE)
    opened = {
        name: [open_file(path, contract[name], con) for path in paths]
        for name, paths in files.items()
    }
    taken = []
    for table in contract.values():
        result = _take_in_table(con, table, opened.get(table.name, []), as_of, workspace.intake)
        _gate(con, result, table, accept, (last_time or {}).get(table.name, 0))
        taken.append(result)
        if result.is_present:
            say(_spoken(result))
    _write_reports(con, taken, as_of, workspace.intake)
    return taken


_QUARANTINE_TABLE = """
    create table quarantine (
        table_name varchar, file_name varchar, row_number bigint, reasons varchar, raw_row varchar
    )
"""


def _take_in_table(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    files: list[LandingFile],
    as_of: datetime,
    folder: Path,
) -> TableIntake:
    moment = as_of.isoformat(sep=" ")
    target = folder / f"{table.name}.parquet"
    names = ", ".join(c.name for c in table.columns)
    selects = [_good_rows(table, file, moment) for file in files] or [_no_rows(table)]
    for file in files:
        _quarantine_bad_rows(con, table, file, moment)
    con.execute(
        f"copy (select {names} from ({' union all '.join(selects)})) "
        f"to {literal(str(target))} (format parquet, compression zstd)"
    )
    newest = f"max({table.event_at})" if table.event_at else "cast(null as timestamp)"
    kept, newest_at = con.execute(
        f"select count(*), {newest} from read_parquet({literal(str(target))})"
    ).fetchall()[0]
    held_back, quarantined = con.execute(
        "select count(*) filter (where reasons = $held), count(*) filter (where reasons <> $held) "
        "from quarantine where table_name = $name",
        {"held": HELD_BACK, "name": table.name},
    ).fetchall()[0]
    ignored = sorted({name for file in files for name in file.ignored})
    return TableIntake(
        table_name=table.name,
        is_present=bool(files),
        file_names=", ".join(file.path.name for file in files),
        rows_in=kept + quarantined + held_back,
        rows_kept=kept,
        rows_quarantined=quarantined,
        rows_held_back=held_back,
        newest_at=newest_at,
        ignored_columns=", ".join(ignored),
    )


def _reader(file: LandingFile, *, store_rejects: bool = False) -> str:
    """SQL that reads a file with its columns called c0, c1, …"""
    path = literal(str(file.path))
    if file.delimiter is None:
        renamed = ", ".join(
            f'"{n.replace(chr(34), chr(34) * 2)}" as {raw_name(i)}'
            for i, n in enumerate(file.header)
        )
        return f"select {renamed}, file_row_number + 2 as row_number from read_parquet({path}, file_row_number = true)"
    columns = ", ".join(f"'{raw_name(i)}': 'varchar'" for i in range(len(file.header)))
    rejects = ", store_rejects = true" if store_rejects else ""
    return (
        f"select *, row_number() over () + 1 as row_number from read_csv({path}, "
        f"delim = {literal(file.delimiter)}, quote = '\"', escape = '\"', header = true, "
        f"auto_detect = false, columns = {{{columns}}}, encoding = '{file.encoding}', "
        f"ignore_errors = true{rejects})"
    )


def _typed(table: Table, file: LandingFile, *, store_rejects: bool = False) -> str:
    values = ", ".join(f"{typed_value(c, file)} as {c.name}" for c in table.columns)
    return f"select *, {values} from ({_reader(file, store_rejects=store_rejects)})"


def _good_rows(table: Table, file: LandingFile, moment: str) -> str:
    broken = [f"coalesce({r.broken}, false)" for r in rules_for(table, file, moment)]
    broken.append(f"coalesce({later_than(table, moment)}, false)")
    names = ", ".join(c.name for c in table.columns)
    return f"select {names} from ({_typed(table, file)}) where not ({' or '.join(broken)})"


def _no_rows(table: Table) -> str:
    absent = LandingFile(Path(), (), (), {})
    values = ", ".join(f"{typed_value(c, absent)} as {c.name}" for c in table.columns)
    return f"select {values} where false"


def _quarantine_bad_rows(
    con: duckdb.DuckDBPyConnection, table: Table, file: LandingFile, moment: str
) -> None:
    """Put the rows of `file` that break a rule, and lines that are no rows, into quarantine."""
    rules = rules_for(table, file, moment)
    broken = " or ".join(f"coalesce({r.broken}, false)" for r in rules)
    reasons = ", ".join(f"case when {r.broken} then {literal(r.reason)} end" for r in rules)
    cells = ", ".join(
        f"{literal(name)}: cast({raw_name(i)} as varchar)" for i, name in enumerate(file.header)
    )
    con.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    try:
        con.execute(
            "create or replace temp table bad as "
            f"select row_number, to_json({{{cells}}}) as raw_row, case when {broken} "
            f"then concat_ws('; ', {reasons}) else {literal(HELD_BACK)} end as reasons "
            f"from ({_typed(table, file, store_rejects=file.delimiter is not None)}) "
            f"where {broken} or coalesce({later_than(table, moment)}, false)"
        )
    except duckdb.Error as problem:
        raise UserError(
            f"{file.path.name}: cannot be read ({str(problem).splitlines()[0][:200]}). "
            "Check that every row ends the same way and has the header's columns."
        ) from None
    _collect_rejected_lines(con, file)
    con.execute(
        "insert into quarantine "
        "select $table, $file, row_number + (select count(*) from rejected where shift <= row_number), "
        "reasons, raw_row from bad "
        "union all select $table, $file, line, reason, raw_row from rejected",
        {"table": table.name, "file": file.path.name},
    )


def _collect_rejected_lines(con: duckdb.DuckDBPyConnection, file: LandingFile) -> None:
    """Lines DuckDB could not split into the header's columns, as the temp table `rejected`.

    Row numbers of the rows that did parse run on without them: a row moves down by one for each
    rejected line whose `shift` it has reached. Raises UserError for a quote that never closes,
    for what follows it cannot be told apart.
    """
    con.execute(
        "create or replace temp table rejected "
        "(line bigint, shift bigint, reason varchar, raw_row varchar)"
    )
    if file.delimiter is None:
        return
    con.execute(
        """
        insert into rejected
        select
            line, line - row_number() over (order by line) + 1,
            case error_type
                when 'TOO MANY COLUMNS' then 'row: more cells than the header'
                when 'MISSING COLUMNS' then 'row: fewer cells than the header'
                when 'INVALID ENCODING' then 'row: not UTF-8'
                when 'UNQUOTED VALUE' then 'row: a quote inside a quoted cell is not doubled'
                else 'row: ' || lower(error_type)
            end,
            to_json({'line': csv_line})
        from (select * from reject_errors qualify row_number() over (partition by line order by column_idx) = 1)
        """
    )
    swallowed = con.execute(
        "select line from reject_errors where error_type = 'UNQUOTED VALUE' "
        "and contains(rtrim(csv_line, chr(10) || chr(13)), chr(10)) limit 1"
    ).fetchall()
    if swallowed:
        raise UserError(
            f"{file.path.name}, row {swallowed[0][0]}: a quote opens and never closes, so the rows "
            "after it cannot be told apart. Close or double the quote."
        )


def _gate(
    con: duckdb.DuckDBPyConnection,
    result: TableIntake,
    table: Table,
    accept: Collection[str],
    kept_last_time: int,
) -> None:
    """Refuse a table that is mostly broken, gone, or half the size it was; `accept` overrules."""
    if table.name in accept:
        return
    way_out = f"Mend it, or say --accept {table.name} if it is meant."
    if kept_last_time and not result.is_present:
        raise UserError(
            f"{table.name}: the last published build had {kept_last_time:,} rows of it, "
            f"and now there is no such file. {way_out}"
        )
    if not result.is_present:
        return
    bad, rows = result.rows_quarantined, result.rows_in
    nothing_left = rows > 0 and result.rows_kept == 0 and not table.may_be_empty
    if nothing_left or (bad > FEW_ROWS and bad > LARGEST_QUARANTINED_SHARE * rows):
        reason, count, file_name, row = con.execute(
            "select reasons, count(*), min_by(file_name, row_number), min(row_number) "
            "from quarantine where table_name = ? group by reasons "
            "order by count(*) desc, reasons limit 1",
            [table.name],
        ).fetchall()[0]
        what = "no row is usable" if nothing_left else f"{bad:,} of {rows:,} rows are refused"
        raise UserError(
            f"{table.name}: {what}. Most often: {reason} ({count:,} times, "
            f"first in {file_name}, row {row}). {way_out}"
        )
    if result.rows_kept < SMALLEST_SHARE_OF_LAST_TIME * kept_last_time:
        raise UserError(
            f"{table.name}: {result.rows_kept:,} usable rows, the last published build had "
            f"{kept_last_time:,}. Is the export cut short? {way_out}"
        )


def _spoken(result: TableIntake) -> str:
    parts = [f"{result.table_name}: {result.rows_kept:,} rows"]
    if result.rows_quarantined:
        parts.append(f"{result.rows_quarantined:,} to quarantine")
    if result.rows_held_back:
        parts.append(f"{result.rows_held_back:,} {HELD_BACK}")
    if result.ignored_columns:
        parts.append(f"columns left alone: {result.ignored_columns[:120]}")
    return ", ".join(parts)


def _write_reports(
    con: duckdb.DuckDBPyConnection, taken: list[TableIntake], as_of: datetime, folder: Path
) -> None:
    def write(query: str, name: str) -> None:
        target = literal(str(folder / f"{name}.parquet"))
        con.execute(f"copy ({query}) to {target} (format parquet)")

    con.execute(
        "create table tables (table_name varchar, is_present boolean, file_names varchar, "
        "rows_in bigint, rows_kept bigint, rows_quarantined bigint, rows_held_back bigint, "
        "newest_at timestamp, ignored_columns varchar)"
    )
    con.executemany(
        f"insert into tables values ({', '.join('?' * 9)})",
        [list(asdict(result).values()) for result in taken],
    )
    write("select * from tables order by table_name", "tables")
    write("select * from quarantine order by table_name, file_name, row_number", "quarantine")
    write(f"select cast({literal(as_of.isoformat(sep=' '))} as timestamp) as as_of", "run")
