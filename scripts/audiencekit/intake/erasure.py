"""Erasure: rows that contain an identifier of an erased person are removed from the intake.

Intake checks every extract against the tombstones (tombstones.py), so an erased person stays out of every
table, file and generation, also when an old extract brings them back. Orders stay in revenue and lose their
identifiers. Which people a new request is about is resolved in erasure_requests.py.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pandas as pd

from audiencekit.dbt_project import seed_file
from audiencekit.identity.contact_points import parse_contact_points
from audiencekit.intake.contract import Table, load_contract
from audiencekit.intake.parts import write_table
from audiencekit.intake.salesforce_ids import ID_TYPES, long_form
from audiencekit.intake.tombstones import (
    MAILBOX,
    NATIONAL,
    NO_ERASURE,
    REQUEST,
    Erased,
    hash_sql,
    load_tombstones,
)
from audiencekit.sql import file_to_read, literal, rows_of
from audiencekit.workspace import Workspace

COUNTRY_NAMES = seed_file("country_names")
PLAIN_EMAIL = r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+\.[A-Za-z]+"
WORD_ENDS = r"""[\s,;|"{}\[\]]+"""


def erase_from_intake(workspace: Workspace, new: Erased = NO_ERASURE) -> None:
    """Remove every row that contains an identifier with a tombstone, in the ledger or `new`, from the tables of the intake.

    Orders stay in revenue and lose their identifiers; every other row is removed. The number of rows of each
    table, and who is erased now, is written next to the intake for dbt, with the number of rows that are dated
    after the erasure: the person may have come back. Rows removed because of `new` are added to those counted before.
    """
    with duckdb.connect() as con:
        has_tombstones = load_tombstones(con, workspace, new)
        counts = workspace.intake / "erased_counts.parquet"
        erased = _read_counts(counts) if len(new.people) else {}
        if has_tombstones:
            for table in load_contract().values():
                path = workspace.intake / f"{table.name}.parquet"
                if path.exists():
                    rows, later = erased.get(table.name, (0, 0))
                    more, more_later = erase_from_table(con, table, path)
                    erased[table.name] = (rows + more, later + more_later)
            erase_from_refused(con, workspace.intake / "quarantine.parquet")
    write_erased_counts(workspace, erased)
    write_people(workspace, new.people)


def write_erased_counts(workspace: Workspace, erased: dict[str, tuple[int, int]]) -> None:
    """Write for dbt by table: rows of erased people, and how many of them are dated after the erasure."""
    target = literal(str(workspace.intake / "erased_counts.parquet"))
    with duckdb.connect() as con:
        con.execute(
            "create table counts (table_name varchar, rows_erased bigint, rows_after_erasure bigint)"
        )
        for name, (rows, later) in erased.items():
            con.execute("insert into counts values (?, ?, ?)", [name, rows, later])
        con.execute(f"copy (from counts order by all) to {target} (format parquet)")


def count_marked_rows(
    workspace: Workspace, table: Table, path: Path, new: Erased = NO_ERASURE
) -> int:
    """How many rows of a landing table contain an identifier with a tombstone, in the ledger or `new`."""
    with duckdb.connect() as con:
        return _mark(con, table, path)[0][0] if load_tombstones(con, workspace, new) else 0


def write_people(workspace: Workspace, people: pd.DataFrame) -> None:
    """Write who is erased in this build (request_id, customer_key), for dbt. No one, once it is published."""
    target = literal(str(workspace.intake / "erased_people.parquet"))
    with duckdb.connect() as con:
        con.register("people", people)
        con.execute(
            "copy (select cast(request_id as varchar) as request_id, "
            "cast(customer_key as varchar) as customer_key from people order by all) "
            f"to {target} (format parquet)"
        )


def rows_erased(workspace: Workspace) -> dict[str, int]:
    """How many rows of each intake table were removed, or lost identifiers, because of erasures."""
    counts = _read_counts(workspace.intake / "erased_counts.parquet")
    return {name: rows for name, (rows, _) in counts.items()}


def _read_counts(path: Path) -> dict[str, tuple[int, int]]:
    """By table: rows of erased people, and how many of them are dated after the erasure."""
    query = f"select table_name, rows_erased, rows_after_erasure from {rows_of(path)}"
    return {name: (rows, later) for name, rows, later in duckdb.execute(query).fetchall()}


def identifiers_of(table: Table) -> list[tuple[str, str, str]]:
    """(id_type, column, country) of a table's identifiers as SQL over `rows`. Where two columns hold the type and the
    value of an identifier, id_type is the first of them.

    A request is recognised by its own number, so that a customer who sends a second request is answered again.
    """
    names = [column.name for column in table.columns]
    if REQUEST in names:
        return [(f"'{REQUEST}'", REQUEST, "''")]
    kinds = ("account_id", "card_number", "contact_id", "anonymous_id", "email", "phone")
    country = "coalesce(rows.country_code, '')" if "country_code" in names else "''"
    identifiers = [
        (f"'{name}'", name, country if name == "phone" else "''") for name in names if name in kinds
    ]
    if "unit_id" in names:
        # The unit of an experiment may be an identifier of any type, unless id_type names it.
        identifiers += [
            (
                f"case when coalesce(rows.id_type, '{kind}') = '{kind}' then '{kind}' end",
                "unit_id",
                "''",
            )
            for kind in ("account_id", "card_number", "contact_id", "email", "phone")
        ]
    pairs = [name.removesuffix("id_value") for name in names if name.endswith("id_value")]
    return identifiers + [(f"rows.{side}id_type", f"{side}id_value", "''") for side in pairs]


def erase_from_table(con: duckdb.DuckDBPyConnection, table: Table, path: Path) -> tuple[int, int]:
    """Rewrite a table of the intake, or one file of it, without erased people. `con` has the table `tombstones`.

    Returns how many rows were removed or lost identifiers, and how many of them are dated after the erasure.
    """
    counts, is_touched = _mark(con, table, path)
    if is_touched:
        identifiers = identifiers_of(table)
        columns = [column for _, column, _ in identifiers]
        blanks = ", ".join(f"case when not is_erased then {c} end as {c}" for c in columns)
        kept = "from marked where not is_erased"
        if table.required:
            kept = f"replace ({blanks}) from marked"
        elif "anonymous_id" in columns:
            kept = (
                f"replace (case when not is_on_device then anonymous_id end as anonymous_id) {kept}"
            )
        write_table(con, f"select * exclude (is_erased, is_on_device, is_later) {kept}", path)
    return counts


def files_with_erased(
    con: duckdb.DuckDBPyConnection, table: Table, files: Sequence[Path]
) -> list[Path]:
    """Those of a table's files that have rows of erased people. `con` has the table `tombstones`."""
    if not files or not _find_erased_values(con, table, rows_of(*files)):
        return []
    paths = ", ".join(literal(file_to_read(path)) for path in files)
    is_named = " or ".join(_is_erased(table).values())
    found = con.execute(
        f"select distinct filename from read_parquet([{paths}], hive_partitioning = false, filename = true) as rows "
        f"where {is_named} order by 1"
    )
    return [Path(name) for (name,) in found.fetchall()]


def _find_erased_values(con: duckdb.DuckDBPyConnection, table: Table, rows: str) -> bool:
    """Make the table `erased_values`: identifiers in the `rows` (SQL) of a table that have a tombstone. Returns whether there are any."""
    identifiers = identifiers_of(table)
    if not identifiers:
        return False
    # Once per distinct value: a table of events names few people many times.
    values = " union all ".join(
        f"select distinct {kind} as id_type, {column} as id_value, {country} as country from {rows} as rows "
        f"where {column} is not null and {kind} is not null"
        for kind, column, country in identifiers
    )
    con.execute(f"create or replace temp table named as select distinct * from ({values})")
    _add_spellings(con)
    id_hash = hash_sql("v.form", "v.spelling", "v.form_country")
    con.execute(
        "create or replace temp table erased_values as "
        "select v.id_type, v.id_value, v.country, max(tombstones.erased_at) as erased_at from spelled as v "
        f"inner join tombstones on tombstones.id_type = v.form and tombstones.id_hash = {id_hash} "
        "group by v.id_type, v.id_value, v.country"
    )
    return bool(con.execute("select count(*) from erased_values").fetchall()[0][0])


def _is_erased(table: Table, further: str = "") -> dict[str, str]:
    """SQL by column of identifiers: whether a row has an erased one there, of which `further` is true as well."""
    conditions: dict[str, str] = {}
    for kind, column, country in identifiers_of(table):
        is_erased = (
            f"exists (select 1 from erased_values as e where e.id_type = {kind} "
            f"and e.id_value = rows.{column} and e.country = {country}{further})"
        )
        conditions[column] = (
            f"{conditions[column]} or {is_erased}" if column in conditions else is_erased
        )
    return conditions


def _mark(con: duckdb.DuckDBPyConnection, table: Table, path: Path) -> tuple[tuple[int, int], bool]:
    """Make the table `marked`: each row, and whether it is of an erased person (is_erased) or on their device.

    Returns how many rows are of erased people, how many of these are dated after the erasure, and whether any row
    is of them or on their device.
    """
    if not _find_erased_values(con, table, rows_of(path)):
        return (0, 0), False
    conditions = _is_erased(table)
    later = {}
    if table.event_at:
        later = _is_erased(table, f" and e.erased_at < rows.{table.event_at}")
    # A request that was answered is not somebody who came back.
    later.pop(REQUEST, None)
    # On a shared device, the events of another account are kept. They lose the device, which belongs to no customer.
    device = conditions.pop("anonymous_id", "false")
    is_anonymous = f"{device} and rows.account_id is null" if device != "false" else "false"
    con.execute(
        f"create or replace temp table marked as select *, {device} as is_on_device, "
        f"{' or '.join(conditions.values())} or {is_anonymous} as is_erased, "
        f"{' or '.join(later.values()) or 'false'} as is_later from {rows_of(path)} as rows"
    )
    erased, erased_later, is_touched = con.execute(
        "select count(*) filter (where is_erased), count(*) filter (where is_erased and is_later), "
        "count(*) filter (where is_erased or is_on_device) > 0 from marked"
    ).fetchall()[0]
    return (erased, erased_later), is_touched


def _add_spellings(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table `spelled`: every value of `named`, and each form of it that a tombstone may have.

    An erased person may come back in another spelling: `Ann <ann@example.com>`, (907) 555-0142 of the United States
    instead of the US, an id with 15 characters.
    """
    con.execute(
        f"""
        create or replace temp table placed as
        select named.*, coalesce(countries.iso_code, upper(trim(named.country))) as iso_code
        from named
        left join read_csv({literal(str(COUNTRY_NAMES))}, all_varchar = true) as countries
            on regexp_replace(lower(named.country), '[^\\p{{L}}\\p{{M}}\\p{{N}}]', '', 'g') = countries.written_name
        """
    )
    parsed = parse_contact_points(
        con.execute(
            "select distinct id_type as kind, id_value as raw_value, iso_code as country_code from placed "
            "where id_type = 'phone' or (id_type = 'email' and not regexp_full_match(id_value, $plain)) "
            "or (id_type = 'email' and contains(lower(id_value), 'xn--')) order by all",
            {"plain": PLAIN_EMAIL},
        ).df(),
        default_country=None,
    )
    con.register("parsed", parsed)
    con.execute(
        f"""
        create or replace temp table spelled as
        select id_type, id_value, country, id_type as form, id_value as spelling, country as form_country from placed
        union
        select id_type, id_value, country, id_type, id_value, iso_code from placed
        union
        select id_type, id_value, country, '{NATIONAL}', id_value, '' from placed
        where id_type = 'phone' and iso_code = ''
        union
        select placed.id_type, placed.id_value, placed.country, placed.id_type, points.point, ''
        from placed
        inner join (
            select kind, raw_value, country_code, coalesce(contact_point, doubtful_point) as point from parsed
        ) as points
            on placed.id_type = points.kind and placed.id_value = points.raw_value
            and placed.iso_code = points.country_code
        where points.point is not null
        union
        select id_type, id_value, country, '{MAILBOX}', id_value, '' from placed where id_type = 'email'
        union
        select placed.id_type, placed.id_value, placed.country, '{MAILBOX}', points.point, ''
        from placed
        inner join (
            select raw_value, coalesce(contact_point, doubtful_point) as point from parsed where kind = 'email'
        ) as points
            on placed.id_type = 'email' and placed.id_value = points.raw_value
        where points.point is not null
        union
        select id_type, id_value, country, id_type, left(id_value, 15), '' from placed
        where id_type in {ID_TYPES} and id_value = {long_form("left(id_value, 15)")}
        """
    )


def erase_from_refused(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refused rows are kept as text. A row that contains an erased identifier of any type is removed."""
    con.execute(
        f"""
        create or replace temp table remaining as
        with refused as (
            select row_number() over () as row_no, * from {rows_of(path)}
        ), cells as (
            select distinct row_no, source, unnest(
                string_split_regex(raw_row, $word_ends) || coalesce(json_extract_string(raw_row, '$.*'), [])
            ) as word from refused
        ), words as (
            select row_no, word from cells
            union all
            select row_no, source || ':' || word from cells where source is not null
        ), kinds as (select distinct id_type from tombstones), hashed as (
            select row_no, id_type, {hash_sql("id_type", "word")} as id_hash
            from words cross join kinds
        )
        select * exclude (row_no) from refused
        where row_no not in (select row_no from hashed semi join tombstones using (id_type, id_hash))
        """,
        {"word_ends": WORD_ENDS},
    )
    write_table(con, "select * from remaining order by table_name, file_name, row_number", path)
