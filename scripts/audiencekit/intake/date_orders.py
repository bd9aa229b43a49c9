"""Whether days or months come first in dates such as 03/04/2017, proven by the values of a column."""

import re
from dataclasses import replace

import duckdb

from audiencekit.intake.contract import Table
from audiencekit.intake.csv_text import read_head
from audiencekit.intake.files import LandingFile
from audiencekit.intake.rows import reader
from audiencekit.intake.rules import YEAR_LAST, raw_name
from audiencekit.intake.values import EDGE, is_dated
from audiencekit.sql import literal


def with_date_orders(
    con: duckdb.DuckDBPyConnection, table: Table, file: LandingFile
) -> LandingFile:
    """The file with the order of the dates of each column: that of landing.yml, or else the one of its values.

    31.12.2017 is day first, as every date with points; 12/31/2017 is month first. A column with both, or without
    either, proves nothing.
    """
    dated = {
        column.name: file.positions[column.name]
        for column in table.columns
        if is_dated(column)
        and column.name in file.positions
        and file.types[file.positions[column.name]] == "VARCHAR"
    }
    if file.settings.date_order:
        return replace(file, date_orders=dict.fromkeys(dated, file.settings.date_order))
    if not dated or (file.delimiter and not _may_have(file)):
        return file
    cells = " union all ".join(
        f"select {literal(name)} as name, {raw_name(place)} as cell from file"
        for name, place in dated.items()
    )
    start = literal(f"^{EDGE}*'?{YEAR_LAST}")
    found = con.execute(
        f"""
        with file as ({reader(file)}), cells as ({cells}),
        numbers as (
            select
                name,
                try_cast(regexp_extract(cell, {start}, 1) as integer) as first,
                try_cast(regexp_extract(cell, {start}, 2) as integer) as second,
                regexp_matches(cell, '^[^.]*[0-9][.][0-9]') as has_points
            from cells
            where regexp_matches(cell, {start})
        ),
        proofs as (
            select name, bool_or(first > 12 or has_points) as is_day_first, bool_or(second > 12) as is_month_first
            from numbers
            where least(first, second) <= 12
            group by name
        )
        select name, if(is_day_first, 'DMY', 'MDY') from proofs where is_day_first <> is_month_first
        """
    ).fetchall()
    return replace(file, date_orders=dict(found))


def _may_have(file: LandingFile) -> bool:
    """Whether the beginning of a text file has a date that ends with the year."""
    return bool(re.search(YEAR_LAST, read_head(file.path)))
