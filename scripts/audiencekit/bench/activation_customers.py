"""Many customers for the activation benchmark: those of the last build, repeated under their own keys and addresses."""

import duckdb

# The tables about customers that activation and measurement read, and their columns that identify or reach one.
DRAWN: dict[str, tuple[str, ...]] = {
    "profiles.dim_customers": ("contact_id", "account_id", "email", "phone"),
    "profiles.dim_consent": (),
    "profiles.fct_email_events": ("event_id",),
    "profiles.fct_touches": ("touch_id",),
    "profiles.fct_orders": ("order_id",),
    "segments.customer_360": (),
    "segments.segment_membership": (),
    "segments.segment_suppressions": (),
    "segments.segment_history": (),
    "segments.customer_segments": (),
    "identity.int_identifiers": ("id_value",),
    "identity.int_anonymous_visitors": ("anonymous_id",),
}
# A household of the demo buys as often as four customers do elsewhere.
ROWS_TO_DRAW = {"profiles.fct_orders": "hash(r.order_id) % 4 = 0"}
CHANGED_ONE_IN = 100


def draw_customers(con: duckdb.DuckDBPyConnection, customers: int) -> None:
    """Replace every table of DRAWN by one of `customers` customers, who repeat those of the build."""
    con.execute(
        f"""
        create temp table drawn as
        with numbered as (
            select customer_key, row_number() over (order by customer_key) - 1 as place
            from profiles.dim_customers
        )
        select numbered.customer_key as model_key, md5(cast(i as varchar)) as customer_key, cast(i as varchar) as mark
        from range({customers}) as t (i)
        join numbered on numbered.place = i % (select count(*) from numbered)
        """
    )
    for name, identifiers in DRAWN.items():
        kind = con.execute(
            "select table_type from information_schema.tables where table_schema || '.' || table_name = ?",
            [name],
        ).fetchall()[0][0]
        renamed = ", ".join(f"{_own_value(column)} as {column}" for column in identifiers)
        con.execute(
            f"create table activation.bench_drawn as select drawn.customer_key, r.* exclude (customer_key) "
            f"{f'replace ({renamed})' if identifiers else ''} "
            f"from {name} as r join drawn on r.customer_key = drawn.model_key where {ROWS_TO_DRAW.get(name, 'true')}"
        )
        con.execute(f"drop {'view' if kind == 'VIEW' else 'table'} {name}")
        con.execute(f"create table {name} as select * from activation.bench_drawn")
        con.execute("drop table activation.bench_drawn")


def draw_history(con: duckdb.DuckDBPyConnection) -> None:
    """Give every membership two earlier stays in the year before, each with its own days of entry and exit."""
    con.execute(
        """
        create or replace table segments.segment_history as
        with memberships as (
            select *, hash(segment_code || customer_key) as chance from segments.segment_membership
        ),
        moves as (
            select memberships.*, 'entered' as action, 0 as days_ago from memberships
            union all
            select memberships.*, 'entered', 200 + 150 * stay - chance % 50 from memberships, range(2) as stays (stay)
            union all
            select memberships.*, 'left', 150 + 150 * stay - chance % 100 from memberships, range(2) as stays (stay)
        )
        select
            segment_code,
            customer_key,
            action,
            date_trunc('day', entered_at) - to_days(days_ago::integer) as changed_at,
            'bench' as definition_hash,
            'bench' as build_id
        from moves
        """
    )


def _own_value(column: str) -> str:
    """SQL for a value that only this customer has; an e-mail stays an e-mail, and a phone number a phone number."""
    if column == "phone":
        return "'+1' || lpad(cast(2000000000 + drawn.mark::bigint as varchar), 10, '0')"
    return f"drawn.mark || '.' || r.{column}"


def change_some(con: duckdb.DuckDBPyConnection) -> None:
    """One customer in a hundred leaves a segment and gets a new e-mail; a third of them withdraw consent to ads."""
    some = f"hash(customer_key) % {CHANGED_ONE_IN} = 0"
    con.execute(
        f"delete from segments.segment_membership where {some} and segment_code = 'recent_buyers'"
    )
    con.execute(f"update profiles.dim_customers set email = 'new.' || email where {some}")
    con.execute(
        "update profiles.dim_consent set is_allowed = false, basis = 'withdrawn' "
        f"where {some} and purpose = 'ad_user_data' and hash(customer_key) % 3 = 0"
    )
