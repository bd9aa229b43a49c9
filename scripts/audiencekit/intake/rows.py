"""Read one landing file, once: every row typed and checked, and every line that is no row.

The checked rows go to a Parquet file with the contract's columns and `verdict`: null for a row that is
kept, otherwise the reason why it is not.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from audiencekit.errors import UserError
from audiencekit.intake.change_marks import (
    has_changes,
    is_before,
    is_deleted,
    is_deleted_later,
    sequence_of,
)
from audiencekit.intake.contract import Column, Table
from audiencekit.intake.files import ROW_NUMBER, LandingFile, with_further_decisions
from audiencekit.intake.moments import Moments
from audiencekit.intake.rejects import (
    LONGEST_LINE,
    check_row_count,
    collect_rejected_lines,
    keep_rejected_lines,
    passed_lines,
    row_in_file,
)
from audiencekit.intake.rules import (
    IN_FUTURE,
    dated_in_future,
    is_no_order_yet,
    later_than,
    raw_name,
    rules_for,
)
from audiencekit.intake.sources import with_source
from audiencekit.intake.values import (
    bare_letters,
    bare_name,
    clean_value,
    trimmed_value,
    typed_value,
)
from audiencekit.sql import file_to_read, is_one_of, literal, rows_of

HELD_BACK = "later than as_of"
NOT_YET = "ordered_at: in the future"


@dataclass(frozen=True)
class Special:
    """Rows of a file that are treated in a way of their own: refusals dated in the future, which get the last moment
    before as_of and so count now, and rows that landing.yml leaves out, also those of them that state a refusal.

    `before` are rows as they were before a change. `moments_matter` where a row might be treated otherwise at a later moment.
    """

    from_future: int
    left_out: int
    refusals_left_out: int
    before: int
    moments_matter: bool


BLANK = "blank"
LEFT_OUT = "left out"
# Rows of change data capture, see changes.py.
DELETED, BEFORE = "deleted", "before a change"
# How an identifier looks after pandas wrote a column of whole numbers with gaps.
FLOATED = r"-?\d+\.0"


def check_rows(
    con: duckdb.DuckDBPyConnection, table: Table, file: LandingFile, moments: Moments, target: Path
) -> Special:
    """Write the rows of `file` to `target`, and refused rows to the table `refused`.

    Raises UserError if the file cannot be read or its rows cannot be separated.
    """
    con.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    try:
        con.execute(
            f"copy ({checked_rows(table, file, moments)}) to {literal(str(target))} "
            "(format parquet, compression snappy)"
        )
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException):
        raise  # our SQL is wrong, not the file
    except duckdb.Error as problem:
        why = str(problem).splitlines()[0].replace(str(file.path), file.name)[:200]
        raise UserError(f"{file.name}: cannot be read ({why}). Export it again.") from None
    collect_rejected_lines(con, file)
    check_row_count(con, file, target)
    con.execute(
        f"""
        insert into refused
        select $table, $file, {row_in_file()}, verdict, raw_row, $source
        from {with_row_numbers(file, target)} as checked
        {passed_lines()}
        where verdict not in ($blank, $left_out, $deleted, $before)
        """,
        {
            "table": table.name,
            "file": file.name,
            "source": file.settings.source,
            "blank": BLANK,
            "left_out": LEFT_OUT,
            "deleted": DELETED,
            "before": BEFORE,
        },
    )
    keep_rejected_lines(con, file, table.name)
    later = "is_deleted_later or " if has_changes(file) else ""
    counted = (
        "select count(*) filter (where is_from_future and verdict is null), "
        "count(*) filter (where verdict = $left_out), "
        f"count(*) filter (where verdict = $left_out and {table.is_refusal}), "
        "count(*) filter (where verdict = $before), "
        f"coalesce(bool_or({later}is_from_future or verdict in ($held, $not_yet) or contains(verdict, ': {IN_FUTURE}')), false) "
        f"from {rows_of(target)}"
    )
    values = {"left_out": LEFT_OUT, "before": BEFORE, "held": HELD_BACK, "not_yet": NOT_YET}
    return Special(*con.execute(counted, values).fetchall()[0])


def kept_rows(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    file: LandingFile,
    checked: Path,
    verdict: str | None = None,
) -> str:
    """SQL for the rows that are kept, without the `.0` that pandas appends to identifiers, and with their source.

    With a `verdict`, it is for the rows that have it. The column `position` has the place of each row.
    """
    path = literal(file_to_read(checked))
    rows = f"read_parquet({path}, hive_partitioning = false, file_row_number = true)"
    position = "file_row_number"
    if has_changes(file):
        position = "position"
        order = "order by sequence, file_row_number"
        rows = f"(select *, row_number() over ({order}) as position from {rows})"
    texts = [
        c.name
        for c in table.columns
        if c.data_type == "string" and not c.one_of and c.name in file.positions
    ]
    floated: set[str] = set()

    def bare(name: str) -> str:
        return f"replace({name}, '.0', '')" if name in floated else name

    if (file.delimiter or file.is_adapted) and texts:
        tests = ", ".join(f"bool_and(regexp_full_match({c}, '{FLOATED}'))" for c in texts)
        counted = f"verdict is null or verdict in ('{DELETED}', '{BEFORE}')"
        results = con.execute(f"select {tests} from {rows} where {counted}").fetchall()[0]
        floated = {name for name, is_floated in zip(texts, results, strict=True) if is_floated}
    columns = ", ".join(f"{with_source(c, bare(c.name), file)} as {c.name}" for c in table.columns)
    wanted = f"= {literal(verdict)}" if verdict else "is null"
    return f"select {columns}, {position} as position from {rows} where verdict {wanted}"


def no_rows(table: Table) -> str:
    """SQL for a table without a file."""
    absent = LandingFile("", Path(), (), (), {})
    values = ", ".join(f"{typed_value(c, absent)} as {c.name}" for c in table.columns)
    return f"select {values} where false"


def checked_rows(table: Table, file: LandingFile, moments: Moments) -> str:
    """SQL for every row of `file`: typed, with its verdict and, if refused, its cells, and its number if the file is no text."""
    own, table = table, with_further_decisions(table, [file])
    as_of = moments.as_of.isoformat(sep=" ")
    rules = rules_for(table, file, as_of)
    reasons = ", ".join(f"case when {r.broken} then {literal(r.reason)} end" for r in rules)
    raw_row = ", ".join(
        f"{literal(name)}, cast({cell} as varchar)"
        for name, cell in zip(file.header, _cells(file), strict=True)
    )
    number = (
        "" if file.delimiter else "case when verdict is not null then row_number end as row_number,"
    )
    marks = (
        f"{sequence_of(file)} as sequence, {is_deleted_later(file, as_of)} as is_deleted_later,"
        if has_changes(file)
        else ""
    )
    return f"""
        with typed as ({_typed_rows(table, file)}),

        tested as (
            select
                *,
                case when {" or ".join(r.broken for r in rules)} then concat_ws('; ', {reasons}) end as reasons,
                {later_than(table, as_of)} as is_late,
                {dated_in_future(table, moments.clock)} as is_from_future
            from typed
        ),

        checked as (
            select
                *,
                case
                    when reasons is not null and {_is_blank(file)} then '{BLANK}'
                    when {_repeats_header(file)} then 'row: repeats the header'
                    when {is_before(file)} then '{BEFORE}'
                    when {_deletes(table, file, as_of)} then if(is_late, '{HELD_BACK}', '{DELETED}')
                    when {is_left_out(file)} or {_does_not_count(table, file)} then '{LEFT_OUT}'
                    when reasons is not null then reasons
                    when is_from_future and {is_no_order_yet(table, moments.clock)} then '{NOT_YET}'
                    when is_late and not is_from_future then '{HELD_BACK}'
                end as verdict
            from tested
        )

        select
            {_kept_columns(own, table, as_of)}, verdict, is_from_future, {number} {marks}
            case when verdict is not null then json_object({raw_row}) end as raw_row
        from checked
    """


def _typed_rows(table: Table, file: LandingFile) -> str:
    """SQL for the rows of a file with their cells, cleaned step by step, and the contract's columns.

    Each step is a select of its own, so that no expression is evaluated twice.
    """
    rows = reader(file, rejects=True)
    for value in (trimmed_value, clean_value):
        cells = ", ".join(
            f"{value(c, file)} as {raw_name(file.positions[c.name])}"
            for c in table.columns
            if c.name in file.positions
        )
        rows = f"select * replace ({cells}) from ({rows})"
    typed = ", ".join(f"{typed_value(c, file)} as {c.name}" for c in table.columns)
    return f"select *, {typed} from ({rows})"


def _kept_columns(own: Table, table: Table, as_of: str) -> str:
    """SQL for the columns of the contract. A refusal that is dated in the future has the last moment before as_of.

    `table` also has further columns for the same decisions.
    """
    now = f"cast({literal(as_of)} as timestamp)"
    last_moment = f"{now} - interval 1 second"
    return ", ".join(
        f"case when is_from_future and {c.name} >= {now} then {last_moment} else {c.name} end as {c.name}"
        if c.name in table.clocks
        else f"{_decided(c, table)} as {c.name}"
        for c in own.columns
    )


def _decided(column: Column, table: Table) -> str:
    """SQL for the value of a column. Of several columns of one decision, any refusal counts."""
    further = [each.name for each in table.columns if each.part_of == column.name]
    if not further:
        return column.name
    refused = "greatest" if column.name.endswith("opt_out") else "least"
    return f"{refused}({', '.join([column.name, *further])})"


def _cells(file: LandingFile) -> list[str]:
    return [raw_name(place) for place in range(len(file.header))]


def _own_cells(file: LandingFile) -> list[str]:
    """The cells of the file itself, without the columns that are names of folders."""
    return [raw_name(place) for place in range(file.width)]


def _is_blank(file: LandingFile) -> str:
    """SQL for the rows of a text file without any value."""
    return f"coalesce({', '.join(_own_cells(file))}) is null" if file.delimiter else "false"


def _repeats_header(file: LandingFile) -> str:
    """SQL for rows that are the header again, as in exports that were written one after the other into one file."""
    if file.width < 2 or any(kind != "VARCHAR" for kind in file.types):
        return "false"
    pairs = zip(file.header[: file.width], _own_cells(file), strict=True)
    return " and ".join(f"coalesce(trim({cell}), '') = {literal(name)}" for name, cell in pairs)


def is_left_out(file: LandingFile) -> str:
    """SQL for the rows that landing.yml leaves out. It is compared without case and white space."""
    tests = ["false"]
    for header, values in file.settings.leave_out.items():
        cell = f"lower(trim(cast({raw_name(file.header.index(header))} as varchar)))"
        wanted = [value.strip().lower() for value in values]
        tests.append(is_one_of(f"coalesce({cell}, '')", wanted))
    return " or ".join(tests)


def _deletes(table: Table, file: LandingFile, as_of: str) -> str:
    """SQL for rows that say that the row of their key was deleted. A row that states a refusal does not: it still counts."""
    if not has_changes(file):
        return "false"
    # Further columns of a key may be empty.
    return f"({is_deleted(file, as_of)} and {table.key[0]} is not null and not {table.is_refusal})"


def _does_not_count(table: Table, file: LandingFile) -> str:
    """SQL for rows with a value that the contract leaves out."""
    tests = ["false"]
    for column in table.columns:
        if column.left_out and column.name in file.positions:
            names = map(bare_name, column.left_out)
            tests.append(f"coalesce({is_one_of(bare_letters(column.name), names)}, false)")
    return f"({' or '.join(tests)})"


def values_of(
    con: duckdb.DuckDBPyConnection, file: LandingFile, place: int, most: int = 2
) -> set[str]:
    """Up to `most` values of a column that the contract does not have; an empty cell is ''."""
    cell = f"coalesce(trim(cast({raw_name(place)} as varchar)), '')"
    query = (
        f"select distinct {cell} as value from ({reader(file)}) as file where not ({is_left_out(file)}) "
        f"order by 1 limit {most}"
    )
    return {row[0] for row in con.execute(query).fetchall()}


def reader(file: LandingFile, rejects: bool = False) -> str:
    """SQL that reads a file with its columns called c0, c1, … in the order of its rows. Rows of a file that is no text have
    their row_number, counting the header as row 1; that of text is known when its rows are written (`with_row_numbers`).

    With `rejects`, DuckDB keeps the lines that are no rows. It then fails on broken text if only some columns are read.
    """
    path = literal(file_to_read(file.path))
    cells = _own_cells(file)
    in_folders = "".join(
        f", {'cast(null as varchar)' if value is None else literal(value)} as {raw_name(place)}"
        for place, value in enumerate(file.in_folders, start=file.width)
    )
    if file.is_adapted:
        named = ", ".join(cells)
        number = raw_name(file.header.index(ROW_NUMBER))
        return f"select *, {number} as row_number from {rows_of(file.path)} as file({named})"
    if file.delimiter is None:
        names = ", ".join([*cells, "file_row"])
        rows = f"read_parquet({path}, hive_partitioning = false, file_row_number = true)"
        if "file_row_number" in map(str.lower, file.header):
            rows = f"(select *, row_number() over () - 1 from {rows_of(file.path)})"
        return f"select * exclude (file_row){in_folders}, file_row + 2 as row_number from {rows} as file({names})"
    columns = ", ".join(f"{literal(cell)}: 'varchar'" for cell in cells)
    # Several threads would have to guess whether a line break is inside quotes.
    return (
        f"select *{in_folders} from read_csv({path}, "
        f"delim = {literal(file.delimiter)}, quote = '\"', escape = '\"', header = true, "
        f"auto_detect = false, hive_partitioning = false, columns = {{{columns}}}, max_line_size = {LONGEST_LINE}, "
        f"ignore_errors = true, store_rejects = {str(rejects).lower()}, parallel = {str(file.lines_are_rows).lower()})"
    )


def with_row_numbers(file: LandingFile, rows: Path) -> str:
    """SQL for the rows of `rows`, a Parquet file with every row of `file` in its order, and the number of each.

    Lines of a text file that are no rows are not counted yet; see `passed_lines`.
    """
    if file.delimiter is None:
        return f"(from {rows_of(rows)})"
    path = literal(file_to_read(rows))
    return (
        f"(select * exclude (file_row_number), file_row_number + 2 as row_number "
        f"from read_parquet({path}, hive_partitioning = false, file_row_number = true))"
    )
