"""To be forgotten: a request takes a person out of every table, file and generation of this build.

The law says who it is by identity, which only dbt knows; so a new request is answered in two steps. dbt
resolves who is who over everything (`int_erased_identifiers`); then every identifier of that person
becomes a tombstone, a salted hash in the ledger, and rows that carry a tombstone leave the intake before
the build begins. From then on intake alone keeps the person out, whatever extract they come back in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import yaml

from audiencekit.errors import UserError
from audiencekit.intake.contract import Table, load_contract
from audiencekit.sql import literal, rows_of
from audiencekit.workspace import PROJECT, Workspace

TOMBSTONES = "erasure_tombstones"
REQUEST = "request_id"
NATIONAL = "national phone"  # a phone without its country, for rows of which no country is known
LARGEST_HOUSEHOLD = 10  # people whom one request may be about, by the phone they share, say
TOKENS = r"""[\s,;|"{}\[\]]+"""


@dataclass(frozen=True)
class Erased:
    """Who is forgotten in this build: `people` (request_id, customer_key) and their `tombstones`."""

    people: pd.DataFrame
    tombstones: pd.DataFrame


NOBODY = Erased(
    pd.DataFrame({"request_id": [], "customer_key": []}, dtype="str"),
    pd.DataFrame({"id_type": [], "id_hash": []}, dtype="str"),
)


def salt() -> str:
    """The project's key_salt, which customer keys and tombstones are salted with."""
    return str(yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]["key_salt"])


def _hash_sql(id_type: str, value: str, country: str = "''") -> str:
    """The tombstone of an identifier, as SQL: of an e-mail in any capitals, of a phone in any grouping.

    A national number is one person's in one `country` and another's in the next, so it counts with it. Every
    other identifier is as it is: two that differ in capitals are two people's.
    """
    digits = f"nullif(regexp_replace({value}, '[^0-9+]', '', 'g'), '')"
    plain = (
        f"case when {id_type} = 'email' then lower(trim({value})) "
        f"when {id_type} = 'phone' and {digits} not like '+%' then {digits} || '|' || upper(trim({country})) "
        f"when {id_type} in ('phone', '{NATIONAL}') then {digits} else trim({value}) end"
    )
    # A customer key is a hash of an identifier, too, and must not be read off its tombstone.
    return f"sha256({literal(salt())} || '|tombstone|' || {id_type} || '|' || {plain})"


def forget(workspace: Workspace, new: Erased = NOBODY) -> None:
    """Take every row that carries a tombstone, of the ledger or `new`, out of the intake.

    Orders stay in revenue and lose their identifiers; every other row goes. How many of each table, and
    who is forgotten now, is written beside the intake for dbt; what `new` takes out is added.
    """
    with duckdb.connect() as con:
        is_anybody = _know_the_dead(con, workspace, new)
        counts = workspace.intake / "erased_counts.parquet"
        gone = _counted(counts) if len(new.people) else {}
        if is_anybody:
            for table in load_contract().values():
                path = workspace.intake / f"{table.name}.parquet"
                if path.exists():
                    gone[table.name] = gone.get(table.name, 0) + _forget_in(con, table, path)
            _forget_in_quarantine(con, workspace.intake / "quarantine.parquet")
        frame = pd.DataFrame({"table_name": list(gone), "rows_erased": list(gone.values())})
        con.register("gone", frame.astype({"table_name": "str", "rows_erased": "int64"}))
        con.execute(f"copy (from gone order by all) to {literal(str(counts))} (format parquet)")
    write_people(workspace, new.people)


def count_forgotten(workspace: Workspace, table: Table) -> int:
    """How many rows of an intake table carry a tombstone of the ledger."""
    with duckdb.connect() as con:
        path = workspace.intake / f"{table.name}.parquet"
        return _mark(con, table, path)[0] if _know_the_dead(con, workspace, NOBODY) else 0


def _know_the_dead(con: duckdb.DuckDBPyConnection, workspace: Workspace, new: Erased) -> bool:
    """Make the table `dead` of all tombstones. Returns whether there are any."""
    con.execute("set TimeZone = 'UTC'")
    con.register("fresh", new.tombstones)
    ledger = workspace.ledger / TOMBSTONES / "*.parquet"
    known = (
        f"select id_type, id_hash from {rows_of(ledger)} union "
        if list(ledger.parent.glob("*.parquet"))
        else ""
    )
    con.execute(f"create table dead as {known} select id_type, id_hash from fresh")
    return con.execute("select count(*) from dead").fetchall()[0][0] > 0


def write_people(workspace: Workspace, people: pd.DataFrame) -> None:
    """Who is forgotten in this build (request_id, customer_key), for dbt; nobody once it is published."""
    target = literal(str(workspace.intake / "erased_people.parquet"))
    with duckdb.connect() as con:
        con.register("people", people)
        con.execute(
            "copy (select cast(request_id as varchar) as request_id, "
            "cast(customer_key as varchar) as customer_key from people order by all) "
            f"to {target} (format parquet)"
        )


def rows_forgotten(workspace: Workspace) -> dict[str, int]:
    """How many rows of each intake table went, or lost identifiers, because somebody is forgotten."""
    return _counted(workspace.intake / "erased_counts.parquet")


def _counted(path: Path) -> dict[str, int]:
    return dict(duckdb.execute(f"select table_name, rows_erased from {rows_of(path)}").fetchall())


def _identifiers(table: Table) -> list[tuple[str, str, str]]:
    """(id_type, column, country) of a table's identifiers as SQL over `rows`; of a pair of columns the one names
    the other.

    A request goes by its own number, so that who asks a second time is answered a second time.
    """
    names = [column.name for column in table.columns]
    if REQUEST in names:
        return [(f"'{REQUEST}'", REQUEST, "''")]
    kinds = ("account_id", "card_number", "contact_id", "anonymous_id", "email", "phone")
    country = "coalesce(rows.country_code, '')" if "country_code" in names else "''"
    found = [
        (f"'{name}'", name, country if name == "phone" else "''") for name in names if name in kinds
    ]
    if "unit_id" in names:
        # An experiment's unit that no table calls an identifier may be any.
        found += [
            (
                f"case when coalesce(rows.id_type, '{kind}') = '{kind}' then '{kind}' end",
                "unit_id",
                "''",
            )
            for kind in ("account_id", "card_number", "contact_id", "email", "phone")
        ]
    pairs = [name.removesuffix("id_value") for name in names if name.endswith("id_value")]
    return found + [(f"rows.{side}id_type", f"{side}id_value", "''") for side in pairs]


def _forget_in(con: duckdb.DuckDBPyConnection, table: Table, path: Path) -> int:
    """Rewrite one intake table without the dead. Returns the rows that went or lost their identifiers."""
    count, is_touched = _mark(con, table, path)
    if is_touched:
        identifiers = _identifiers(table)
        columns = [column for _, column, _ in identifiers]
        blanks = ", ".join(f"case when not is_dead then {c} end as {c}" for c in columns)
        kept = "from marked where not is_dead"
        if table.required:
            kept = f"replace ({blanks}) from marked"
        elif "anonymous_id" in columns:
            kept = (
                f"replace (case when not is_on_device then anonymous_id end as anonymous_id) {kept}"
            )
        _replace(con, f"select * exclude (is_dead, is_on_device) {kept}", path)
    return count


def _mark(con: duckdb.DuckDBPyConnection, table: Table, path: Path) -> tuple[int, bool]:
    """Make `marked` of an intake table: each row, and whether it is of the dead or on a device of theirs.

    Returns how many are of the dead, and whether any is either.
    """
    identifiers = _identifiers(table)
    if not identifiers:
        return 0, False
    # One hash a distinct value: a table of events names few people many times.
    values = " union all ".join(
        f"select distinct {kind} as id_type, {column} as id_value, {country} as country from {rows_of(path)} as rows "
        f"where {column} is not null and {kind} is not null"
        for kind, column, country in identifiers
    )
    id_hash = _hash_sql("v.id_type", "v.id_value", "v.country")
    con.execute(
        f"create or replace table found as select distinct id_type, id_value, country from ({values}) as v "
        f"semi join dead on dead.id_type = v.id_type and dead.id_hash = {id_hash}"
    )
    carries: dict[str, str] = {}
    for kind, column, country in identifiers:
        is_found = (
            f"exists (select 1 from found where found.id_type = {kind} "
            f"and found.id_value = rows.{column} and found.country = {country})"
        )
        carries[column] = f"{carries[column]} or {is_found}" if column in carries else is_found
    # On a device that others use, too, what somebody else did stays theirs. It loses the device: that is nobody's.
    device = carries.pop("anonymous_id", "false")
    is_theirs = f"{device} and rows.account_id is null" if device != "false" else "false"
    con.execute(
        f"create or replace temp table marked as select *, {device} as is_on_device, "
        f"{' or '.join(carries.values())} or {is_theirs} as is_dead from {rows_of(path)} as rows"
    )
    return con.execute(
        "select count(*) filter (where is_dead), count(*) filter (where is_dead or is_on_device) > 0 from marked"
    ).fetchall()[0]


def _forget_in_quarantine(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refused rows are kept as text: one that holds a dead identifier of any kind goes."""
    con.execute(
        f"""
        create or replace table living as
        with words as (
            select row_number() over () as place, * from {rows_of(path)}
        ), spelled as (
            select distinct place, unnest(
                string_split_regex(raw_row, $tokens) || coalesce(json_extract_string(raw_row, '$.*'), [])
            ) as word from words
        ), kinds as (select distinct id_type from dead), hashed as (
            select place, id_type, {_hash_sql("id_type", "word")} as id_hash
            from spelled cross join kinds
        )
        select * exclude (place) from words
        where place not in (select place from hashed semi join dead using (id_type, id_hash))
        """,
        {"tokens": TOKENS},
    )
    _replace(con, "select * from living order by table_name, file_name, row_number", path)


def _replace(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    new = path.with_suffix(".new")
    con.execute(f"copy ({query}) to {literal(str(new))} (format parquet, compression zstd)")
    new.replace(path)


def resolve_requests(
    workspace: Workspace, identify: Callable[[], None], is_accepted: bool = False
) -> Erased:
    """Who the requests of this intake are about. `identify` has dbt build `int_erased_identifiers`.

    Without an unanswered request nothing is built. Raises UserError for a request about more people than a
    household has, or about several by a phone without its country, for what is forgotten does not come back;
    unless it `is_accepted`.
    """
    requests = rows_of(workspace.intake / "erasure_requests.parquet")
    asked = duckdb.execute(
        f"select request_id, bool_or(id_type = 'phone' and trim(id_value) not like '+%') as is_national "
        f"from {requests} group by request_id"
    ).df()
    if asked.empty:
        return NOBODY
    identify()
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        found = con.execute("select * from identity.int_erased_identifiers order by all").df()
    crowds = found[~found["is_former_key"]].groupby("request_id")["customer_key"].nunique()
    national = crowds[crowds.index.isin(asked[asked["is_national"]]["request_id"])]
    if national.max() > 1 and not is_accepted:
        raise UserError(
            f"erasure_requests: request {national.idxmax()} names a phone without its country, and "
            f"{national.max()} people carry it. Write it with + and country code, or say --accept erasure_requests "
            "if all of them are meant."
        )
    if crowds.max() > LARGEST_HOUSEHOLD and not is_accepted:
        raise UserError(
            f"erasure_requests: request {crowds.idxmax()} names an identifier that {crowds.max()} people carry. "
            "Ask for them one by one, or say --accept erasure_requests if all of them are meant."
        )
    tombstones = duckdb.execute(
        f"""
        with named as (
            select id_type, raw_value, country_code from found where raw_value is not null
            union all select '{NATIONAL}', raw_value, '' from found where id_type = 'phone'
            union all select '{REQUEST}', request_id, '' from found
        )
        select distinct id_type, {_hash_sql("id_type", "raw_value", "country_code")} as id_hash
        from named where id_hash is not null order by all
        """
    ).df()
    return Erased(found[["request_id", "customer_key"]].drop_duplicates(), tombstones)


def write_tombstones(
    con: duckdb.DuckDBPyConnection, new: Erased, at: datetime, build_id: str, target: Path
) -> None:
    """The tombstones of this build as one more file of the ledger."""
    con.register("fresh", new.tombstones)
    con.execute(
        "copy (select id_type, id_hash, cast($at as timestamp) as erased_at, $build as build_id "
        f"from fresh order by all) to {literal(str(target))} (format parquet)",
        {"at": at, "build": build_id},
    )
