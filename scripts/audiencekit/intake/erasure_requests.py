"""Erasure requests: which customers they are about, and the tombstones of all their identifiers.

A request names one identifier, and the law means the whole person. Only dbt knows which other identifiers
belong to that person, so a new request takes two steps. First dbt resolves identity over everything
(`int_erased_identifiers`). Then every identifier of the person becomes a tombstone, and rows that contain
one are removed from the intake before the build begins (erasure.py).
"""

from collections.abc import Callable

import duckdb
import pandas as pd

from audiencekit.errors import UserError
from audiencekit.intake.salesforce_ids import ID_TYPES, long_form
from audiencekit.intake.tombstones import MAILBOX, NATIONAL, NO_ERASURE, REQUEST, Erased, hash_sql
from audiencekit.sql import rows_of
from audiencekit.workspace import Workspace

LARGEST_HOUSEHOLD = (
    10  # the most people that one request may be about, for example by a shared phone
)


def resolve_requests(
    workspace: Workspace, identify: Callable[[], object], is_accepted: bool = False
) -> Erased:
    """The customers that the requests of this intake are about. `identify` has dbt build `int_erased_identifiers`.

    Without an unanswered request nothing is built. Raises UserError for a request about more people than a
    household has, or about several people by a phone without its country, because an erasure cannot be undone;
    unless it `is_accepted`.
    """
    requests = rows_of(workspace.intake / "erasure_requests.parquet")
    unanswered = duckdb.execute(
        f"select request_id, bool_or(id_type = 'phone' and trim(id_value) not like '+%') as is_national "
        f"from {requests} group by request_id"
    ).df()
    if unanswered.empty:
        return NO_ERASURE
    identify()
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        identifiers = con.execute("select * from identity.int_erased_identifiers order by all").df()
    if not is_accepted:
        check_people_per_request(identifiers, unanswered)
    return Erased(
        identifiers[["request_id", "customer_key"]].drop_duplicates(), _tombstones_of(identifiers)
    )


def check_people_per_request(identifiers: pd.DataFrame, requests: pd.DataFrame) -> None:
    """Raise UserError for a request that is about too many people."""
    current = identifiers[~identifiers["is_merged_key"]]
    people = current.groupby("request_id")["customer_key"].nunique()
    national = people[people.index.isin(requests[requests["is_national"]]["request_id"])]
    if national.max() > 1:
        raise UserError(
            f"erasure_requests: request {national.idxmax()} names a phone without its country, and "
            f"{national.max()} people have it. Write it with + and country code, or pass "
            "--accept erasure_requests if all of them are meant."
        )
    if people.max() > LARGEST_HOUSEHOLD:
        raise UserError(
            f"erasure_requests: request {people.idxmax()} names an identifier that {people.max()} people have. "
            "Request their erasure one by one, or pass --accept erasure_requests if all of them are meant."
        )


def _tombstones_of(identifiers: pd.DataFrame) -> pd.DataFrame:
    """The tombstones of all identifiers of the people, and of the requests themselves: id_type, id_hash."""
    with duckdb.connect() as con:
        con.register("identifiers", identifiers)
        return con.execute(
            f"""
            with named as (
                select id_type, raw_value, country_code from identifiers where raw_value is not null
                union all select '{NATIONAL}', raw_value, '' from identifiers where id_type = 'phone'
                union all select '{MAILBOX}', raw_value, '' from identifiers where id_type = 'email'
                union all select id_type, left(raw_value, 15), '' from identifiers
                where id_type in {ID_TYPES} and raw_value = {long_form("left(raw_value, 15)")}
                union all select '{REQUEST}', request_id, '' from identifiers
            )
            select distinct id_type, {hash_sql("id_type", "raw_value", "country_code")} as id_hash
            from named where id_hash is not null order by all
            """
        ).df()
