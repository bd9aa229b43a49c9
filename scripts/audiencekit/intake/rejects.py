"""Lines of a CSV that DuckDB did not read as rows, and a check that every row is accounted for."""

from pathlib import Path

import duckdb

from audiencekit.errors import UserError
from audiencekit.intake.csv_text import BROKEN, TOO_LONG
from audiencekit.intake.files import LandingFile
from audiencekit.sql import rows_of

LONGEST_LINE = 2_000_000  # bytes


def collect_rejected_lines(con: duckdb.DuckDBPyConnection, file: LandingFile) -> None:
    """Write the lines that are not among the checked rows to the temp table `rejected`.

    Blank lines have no reason. Checked rows are numbered as if rejected lines did not exist. To get its number in
    the file, a row moves down by `passed` lines, taken from the last rejected line whose `shift` it has reached.
    """
    con.execute(
        "create or replace temp table rejected "
        "(line bigint, shift bigint, passed bigint, reason varchar, raw_row varchar)"
    )
    if file.delimiter is None:
        return
    swallowed = con.execute(
        "select line from reject_errors where error_type in ('UNQUOTED VALUE', 'LINE SIZE OVER MAXIMUM') "
        "and contains(rtrim(csv_line, chr(10)), chr(10)) order by line limit 1"
    ).fetchall()
    if swallowed:
        raise UserError(
            f"{file.name}, row {swallowed[0][0]}: a quote opens and is not closed properly, so the rows "
            "after it cannot be separated. Close or double the quote."
        )
    con.execute(
        f"""
        insert into rejected
        with lines as (
            select
                line,
                case
                    when broken.reason is not null then broken.reason
                    when translate(csv_line, $nothing, '') = '' then null
                    when error_type = 'TOO MANY COLUMNS' then '{TOO_LONG}'
                    when error_type = 'MISSING COLUMNS' then 'row: fewer cells than the header'
                    when error_type = 'INVALID ENCODING' then 'row: not UTF-8'
                    when error_type = 'UNQUOTED VALUE' then 'row: a quote inside a quoted cell is not doubled'
                    when error_type = 'LINE SIZE OVER MAXIMUM' then 'row: longer than {LONGEST_LINE:,} bytes'
                    else 'row: ' || lower(error_type)
                end as reason,
                json_object(
                    'line', case when broken.reason is null then csv_line else regexp_replace(csv_line, $mark, '') end
                ) as raw_row
            from reject_errors
            left join (select unnest($broken_rows) as line, unnest($broken_reasons) as reason) as broken using (line)
            qualify row_number() over (partition by line order by column_idx, error_type) = 1
            union all
            select unnest($blank_lines), null, null
        )
        select line, line - row_number() over (order by line) + 1, row_number() over (order by line), reason, raw_row
        from lines
        """,
        {
            "blank_lines": list(_blank_lines(file)),
            "nothing": f'{file.delimiter}"\n',
            "broken_rows": list(file.broken_rows),
            "broken_reasons": list(file.broken_rows.values()),
            "mark": f".{BROKEN}\n?$",
        },
    )


def _blank_lines(file: LandingFile) -> tuple[int, ...]:
    """Rows that DuckDB skips. In a file of one column a blank line is a row without a value."""
    return file.blank_lines if file.width > 1 else ()


def keep_rejected_lines(
    con: duckdb.DuckDBPyConnection, file: LandingFile, table_name: str
) -> list[tuple[int, str]]:
    """Write the rejected lines of a file to the table `refused`. Returns row number and reason of each."""
    lost = con.execute(
        "select line, reason from rejected where reason is not null order by line"
    ).fetchall()
    con.execute(
        "insert into refused select $table, $file, line, reason, raw_row, $source from rejected "
        "where reason is not null",
        {"table": table_name, "file": file.name, "source": file.settings.source},
    )
    return lost


def row_in_file() -> str:
    """SQL for the number of a checked row in its file, after `passed_lines`."""
    return "row_number + coalesce(passed.lines, 0)"


def passed_lines() -> str:
    """SQL that joins to rows `checked` how many rejected lines come before each."""
    return (
        "asof left join (select shift, max(passed) as lines from rejected group by shift) as passed "
        "on checked.row_number >= passed.shift"
    )


def check_row_count(con: duckdb.DuckDBPyConnection, file: LandingFile, target: Path) -> None:
    """Compare checked and rejected rows with the independent count of the file's rows. Raises UserError."""
    checked, others, first = con.execute(
        f"select (select count(*) from {rows_of(target)}), count(*), "
        "min(line) filter (where reason is not null) from rejected"
    ).fetchall()[0]
    read, expected = checked + others, file.rows + len(file.blank_lines)
    if read != expected:
        where = f" The first doubtful row is {first}." if first else ""
        raise UserError(
            f"{file.name}: {expected:,} rows, of which {read:,} could be read. Was it "
            f"changed during the run, or are its quotes not doubled?{where} Export it again."
        )
