"""Salesforce writes one id with 15 characters in reports and with 18 in its API and exports.

The three more characters say which of the first 15 are capitals. Where a landing holds both forms of an id, the longer
one is written everywhere, so that a refusal under one form finds the contact under the other. An id that occurs in one
form only stays as it is.
"""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from audiencekit.intake.contract import Table
from audiencekit.intake.parts import write_table
from audiencekit.sql import rows_of

ID_TYPES = ("contact_id", "account_id")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
# Fifteen letters and digits with at least one of each, and the three further ones.
SHORT_FORM = "(?:[0-9]+[A-Za-z]|[A-Za-z]+[0-9])[A-Za-z0-9]*"
LONG_FORM = "[A-Za-z0-9]{15}[A-Z0-5]{3}"


def long_form(value: str) -> str:
    """SQL for the 18 characters of an id of 15: each further one is a letter for the capitals among five of the first.

    Source: Salesforce, "Convert 15 character IDs to 18 character IDs".
    """
    groups = (
        " + ".join(
            f"cast(substr({value}, {5 * group + place + 1}, 1) between 'A' and 'Z' as integer) * {2**place}"
            for place in range(5)
        )
        for group in range(3)
    )
    return f"{value} || " + " || ".join(f"substr('{LETTERS}', 1 + {bits}, 1)" for bits in groups)


def join_short_and_long_ids(
    con: duckdb.DuckDBPyConnection, tables: Iterable[Table], folder: Path
) -> int:
    """Write ids that occur with 15 and with 18 characters with 18, in every table of the intake in `folder`.

    Returns how many ids occur in both forms.
    """
    columns = [
        (table, column, id_type)
        for table in tables
        for column, id_type in _columns(table)
        if (folder / f"{table.name}.parquet").exists()
    ]
    values = " union ".join(
        f"select {id_type} as id_type, {column} as id_value from {rows_of(folder / f'{table.name}.parquet')} "
        f"where length({column}) in (15, 18)"
        for table, column, id_type in columns
    )
    con.execute(
        f"""
        create or replace temp table long_ids as
        with ids as (
            select id_type, id_value from ({values}) as v
            where id_type in {ID_TYPES}
        )
        select short.id_type as of_type, short.id_value as short_id, min(long.id_value) as long_id
        from ids as short
        inner join ids as long on short.id_type = long.id_type and short.id_value = left(long.id_value, 15)
        where
            length(short.id_value) = 15 and regexp_full_match(short.id_value, '{SHORT_FORM}')
            and regexp_full_match(long.id_value, '{LONG_FORM}')
        group by short.id_type, short.id_value
        having count(*) = 1
        """
    )
    count = con.execute("select count(*) from long_ids").fetchall()[0][0]
    for table, column, id_type in columns if count else []:
        path = folder / f"{table.name}.parquet"
        write_table(
            con,
            f"select rows.* replace (coalesce(long_ids.long_id, rows.{column}) as {column}) "
            f"from {rows_of(path)} as rows left join long_ids on long_ids.of_type = {id_type} "
            f"and rows.{column} = long_ids.short_id",
            path,
        )
    return count


def _columns(table: Table) -> Iterable[tuple[str, str]]:
    """Columns of a table that may hold such ids, and SQL for the type of their identifier."""
    for column in table.columns:
        if column.name in ID_TYPES:
            yield column.name, f"'{column.name}'"
        elif column.name == "merged_into_id":
            yield column.name, f"'{table.key[0]}'"
        elif column.name.endswith("id_value"):
            yield column.name, f"{column.name.removesuffix('value')}type"
