"""Tombstones: salted hashes of the identifiers of erased people, kept in the ledger.

A tombstone recognises an identifier when it comes back in a later extract, and does not reveal it.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pandas as pd

from audiencekit.dbt_project import PROJECT, project_vars
from audiencekit.sql import literal, rows_of
from audiencekit.workspace import Workspace

TOMBSTONES = "erasure_tombstones"
REQUEST = "request_id"
NATIONAL = "national phone"  # a phone without its country, for rows whose country is unknown


MAILBOX_MACROS = tuple(
    PROJECT / "macros" / f"{name}.sql" for name in ("google_email", "tiktok_email", "mailbox")
)
# The mailbox of an e-mail, for another spelling of the address.
MAILBOX = "mailbox"


@dataclass(frozen=True)
class Erased:
    """Who is erased in this build: `people` (request_id, customer_key) and their `tombstones` (id_type, id_hash)."""

    people: pd.DataFrame
    tombstones: pd.DataFrame


NO_ERASURE = Erased(
    pd.DataFrame({"request_id": [], "customer_key": []}, dtype="str"),
    pd.DataFrame({"id_type": [], "id_hash": []}, dtype="str"),
)


def salt() -> str:
    """The project's key_salt, which customer keys and tombstones are salted with."""
    return str(project_vars()["key_salt"])


def hash_sql(id_type: str, value: str, country: str = "''") -> str:
    """The tombstone of an identifier, as SQL. Capitals of an e-mail and the grouping of a phone do not matter.

    The same national number belongs to different people in different countries, so its `country` is hashed with
    it. Every other identifier is hashed as it is: two that differ in capitals belong to two people.
    """
    digits = f"nullif(regexp_replace({value}, '[^0-9+]', '', 'g'), '')"
    plain = (
        f"case when {id_type} = 'email' then lower(trim({value})) "
        f"when {id_type} = '{MAILBOX}' then {mailbox_sql(f'lower(trim({value}))')} "
        f"when {id_type} = 'phone' and {digits} not like '+%' then {digits} || '|' || upper(trim({country})) "
        f"when {id_type} in ('phone', '{NATIONAL}') then {digits} else trim({value}) end"
    )
    # A customer key is a hash of an identifier as well, and must not be readable from its tombstone.
    return f"sha256({literal(salt())} || '|tombstone|' || {id_type} || '|' || {plain})"


def mailbox_sql(email: str) -> str:
    """SQL for the mailbox of an address in lower case. Intake runs before dbt, with the same macro."""
    return _mailbox_macros().mailbox(email)


@cache
def _mailbox_macros() -> Any:
    text = "".join(file.read_text() for file in MAILBOX_MACROS)
    return jinja2.Environment().from_string(text).module


def load_tombstones(con: duckdb.DuckDBPyConnection, workspace: Workspace, new: Erased) -> bool:
    """Make the table `tombstones` of those in the ledger and of `new`. Returns whether there are any.

    `erased_at` is the moment of the build that erased the person; null for `new`, whose build is this one.
    """
    con.execute("set TimeZone = 'UTC'")
    con.register("new_tombstones", new.tombstones)
    ledger = sorted((workspace.ledger / TOMBSTONES).glob("*.parquet"))
    earlier = (
        f"select id_type, id_hash, erased_at from {rows_of(*ledger)} union all " if ledger else ""
    )
    con.execute(
        "create table tombstones as select id_type, id_hash, max(erased_at) as erased_at "
        f"from ({earlier} select id_type, id_hash, cast(null as timestamp) from new_tombstones) "
        "as every_tombstone(id_type, id_hash, erased_at) group by id_type, id_hash"
    )
    return con.execute("select count(*) from tombstones").fetchall()[0][0] > 0


def write_tombstones(
    con: duckdb.DuckDBPyConnection, new: Erased, at: datetime, build_id: str, target: Path
) -> None:
    """Write the tombstones of this build as one more file of the ledger."""
    con.register("new_tombstones", new.tombstones)
    con.execute(
        "copy (select id_type, id_hash, cast($at as timestamp) as erased_at, $build as build_id "
        f"from new_tombstones order by all) to {literal(str(target))} (format parquet)",
        {"at": at, "build": build_id},
    )
