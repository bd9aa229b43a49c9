"""No model adds doubles: a sum of them depends on the order of rows, in its last digits."""

import json
from collections.abc import Iterator

import duckdb
import pytest
from compiled import compiled_models

# Aggregates whose last digits depend on the order in which they meet doubles.
SENSITIVE = {"sum", "avg", "mean", "product", "favg", "fsum", "stddev", "stddev_samp", "stddev_pop"}
SENSITIVE |= {"variance", "var_samp", "var_pop", "covar_samp", "covar_pop", "corr", "regr_slope"}
ROOMS = ("features", "predictions", "segments", "activation", "measurement")


def nodes_of(plan) -> Iterator[dict]:
    if isinstance(plan, dict):
        yield plan
        for value in plan.values():
            yield from nodes_of(value)
    elif isinstance(plan, list):
        for value in plan:
            yield from nodes_of(value)


def sums_of_doubles(con: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """Aggregates of a query over doubles, as DuckDB binds their arguments. `exact_sum` makes decimals of them."""
    plan = json.loads(con.execute("select json_serialize_plan(?)", [sql]).fetchall()[0][0])
    assert not plan["error"], plan
    return [
        node["name"]
        for node in nodes_of(plan)
        if node.get("name") in SENSITIVE
        and any(a["id"] in ("DOUBLE", "FLOAT") for a in node.get("arguments", []))
    ]


@pytest.fixture(scope="module")
def warehouse(published) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(published.workspace.warehouse), read_only=True) as con:
        yield con


def test_no_model_adds_doubles(published, warehouse):
    models = compiled_models(published, ROOMS)
    assert len(models) > 100
    found = {
        name: sums
        for name, path in models.items()
        if (sums := sums_of_doubles(warehouse, path.read_text()))
    }
    assert found == {}, "exact_sum and exact_mean add decimals, which are the same in any order"


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("select sum(x) from t", ["sum"]),
        ("select avg(x) over (partition by n) from t", ["avg"]),
        ("select sum(n * 0.5::double) filter (where n > 1) from t", ["sum"]),
        ("select sum(case when n > 1 then x else 0 end) from t", ["sum"]),
        ("with a as (select x as n from t) select sum(n) from a", ["sum"]),
        ("select stddev_samp(x) from t", ["stddev_samp"]),
        ("select sum(n), avg(n), sum(case when x > 1 then 1 else 0 end), max(x) from t", []),
        ("select cast(sum(cast(x as decimal(38, 18))) as double) from t", []),
    ],
)
def test_a_sum_of_doubles_would_be_noticed(sql, found):
    with duckdb.connect() as con:
        con.execute("create table t (n bigint, x double)")
        assert sums_of_doubles(con, sql) == found
