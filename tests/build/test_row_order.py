"""Every model gives the same rows, to the last bit, in whatever order the rows of its inputs lie.

A build of shuffled files (test_published.py) shows one other order; this shows several, model by model.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from compiled import compiled_models

SEEDS = (1, 2, 3)
# Staging reads files, whose order test_published.py changes.
ROOMS = ("identity", "profiles", "features", "predictions", "segments", "activation", "measurement")


def shuffled(warehouse: Path, seed: int) -> duckdb.DuckDBPyConnection:
    """A copy of a warehouse in memory, the rows of each table in an order that `seed` decides."""
    con = duckdb.connect()
    con.execute(f"attach ':memory:' as copy; attach '{warehouse}' as warehouse (read_only)")
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'warehouse' "
        "union all select schema_name, view_name from duckdb_views() "
        "where database_name = 'warehouse' and not internal"
    ).fetchall()
    for schema, table in tables:
        con.execute(
            f"create schema if not exists copy.{schema}; create table copy.{schema}.{table} as "
            f"select * from warehouse.{schema}.{table} as t order by hash(t, {seed})"
        )
    con.execute(
        "detach warehouse; attach ':memory:' as warehouse; copy from database copy to warehouse"
    )
    con.execute("detach copy")
    return con


def fingerprint(con: duckdb.DuckDBPyConnection, sql: str) -> tuple:
    """Rows and a hash of their contents, in any order."""
    return con.execute(
        f"select count(*), sum(cast(hash(t) as hugeint)), bit_xor(hash(t)) from ({sql}) as t"
    ).fetchall()[0]


@pytest.fixture(scope="module")
def orders(published) -> Iterator[list[duckdb.DuckDBPyConnection]]:
    cons = [shuffled(published.workspace.warehouse, seed) for seed in SEEDS]
    yield cons
    for con in cons:
        con.close()


def differing(orders: list[duckdb.DuckDBPyConnection], queries: dict[str, str]) -> list[str]:
    return [
        name for name, sql in queries.items() if len({fingerprint(con, sql) for con in orders}) > 1
    ]


def test_no_model_depends_on_the_order_of_rows(published, orders):
    models = {name: path.read_text() for name, path in compiled_models(published, ROOMS).items()}
    assert len(models) > 150
    assert differing(orders, models) == []


def test_a_sum_of_doubles_and_an_open_tie_would_be_noticed(orders):
    queries = {
        "mean": "select avg(sqrt(net_revenue)) from warehouse.profiles.fct_orders where net_revenue > 0",
        "tie": "select order_id from warehouse.profiles.fct_orders limit 5",
        "right": "select cast(sum(cast(net_revenue as decimal(18, 4))) as double) from warehouse.profiles.fct_orders",
    }
    assert differing(orders, queries) == ["mean", "tie"]
