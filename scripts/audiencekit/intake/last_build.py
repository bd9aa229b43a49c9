"""The landing tables of the last published build, for the gates: a request for erasure may come with an export from which
its source has already deleted the person, and such a table has not been cut short.
"""

import shutil

import duckdb
import pandas as pd

from audiencekit.intake.contract import Table, load_contract
from audiencekit.intake.erasure import count_marked_rows
from audiencekit.intake.parts import link_parts
from audiencekit.intake.tombstones import MAILBOX, Erased, hash_sql
from audiencekit.sql import literal, rows_of
from audiencekit.workspace import Workspace


def keep_tables(workspace: Workspace) -> None:
    """Keep the intake of a published build until the next one is published. A link takes no space until then."""
    folder = workspace.last_intake
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in load_contract():
        link_parts(workspace.intake / f"{name}.parquet", folder / f"{name}.parquet")


def rows_deleted_by_request(workspace: Workspace, table: Table) -> int:
    """How many rows of people who request their erasure the last published build had, and this intake has not.

    Who they are is known from the identity of the last build.
    """
    requested = Erased(pd.DataFrame(), _tombstones_of_requests(workspace))
    before, now = (
        count_marked_rows(workspace, table, folder / f"{table.name}.parquet", requested)
        for folder in (workspace.last_intake, workspace.intake)
    )
    return max(before - now, 0)


def _tombstones_of_requests(workspace: Workspace) -> pd.DataFrame:
    """The tombstones (id_type, id_hash) of the identifiers that requests name, and of those of the same customers."""
    with duckdb.connect() as con:
        con.execute(f"attach {literal(str(workspace.warehouse))} as warehouse (read_only)")
        return con.execute(
            f"""
            with requests as (
                select distinct id_type, id_value
                from {rows_of(workspace.intake / "erasure_requests.parquet")}
            ),
            people as (
                select distinct customers.customer_key
                from requests
                inner join warehouse.identity.int_identifier_records as records
                    on requests.id_type = records.id_type and requests.id_value = records.raw_value
                inner join warehouse.identity.int_record_customers as customers using (record_id)
            ),
            identifiers as (
                select id_type, id_value from requests
                union
                select identifiers.id_type, identifiers.id_value
                from people
                inner join warehouse.identity.int_identifier_keys as identifiers using (customer_key)
            ),
            named as (
                select id_type, id_value from identifiers
                union
                select '{MAILBOX}', id_value from identifiers where id_type = 'email'
            )
            select id_type, {hash_sql("id_type", "id_value")} as id_hash from named
            """
        ).df()


def has_tables(workspace: Workspace) -> bool:
    """Whether there is a last build to compare with."""
    return workspace.last_intake.exists() and workspace.warehouse.exists()
