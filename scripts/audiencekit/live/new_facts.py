"""The facts of concerned customers, by the models of the refresh cone over their landing rows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from audiencekit.live.concerned import EVENTS
from audiencekit.publish.live_state import Table
from audiencekit.publish.refresh_cone import (
    LEDGER,
    RECORD_IDENTIFIERS,
    RECORDS,
    FactStep,
    RefreshCone,
)
from audiencekit.workspace import Workspace

TOUCHES = "campaign_touches"
# Which record of somebody speaks for a new record, where its identifiers name several customers.
_FIRST = ("account_id", "contact_id", "card_number", "email", "phone")


def run_cone(
    con: duckdb.DuckDBPyConnection, cone: RefreshCone, workspace: Workspace, as_of: datetime
) -> None:
    """Run the steps of the cone as of `as_of` over `refreshed.incoming.<table>`. The results are tables of `refreshed`, while `warehouse` is the published one."""
    con.execute(f"set variable moment = timestamp '{as_of}'")
    relations = [*cone.inputs.values(), *(step.relation for step in cone.steps)]
    for schema in sorted({relation.split(".")[1] for relation in relations}):
        con.execute(f"create schema if not exists refreshed.{schema}")
    for relation in cone.inputs.values():
        con.execute(f"create table {_here(relation)} as {_chosen(con, relation)}")
    for step in cone.steps:
        if step.is_python:
            _run_python(con, step, cone)
        else:
            sql = step.code.replace(LEDGER, str(workspace.ledger).replace("'", "''"))
            con.execute(_here(f"create table {step.relation} as {sql}"))
        if step.adds:
            here = _here(step.relation)
            rows = f"select {', '.join(_columns(con, here))} from"
            con.execute(
                f"insert into {here} {rows} ({_chosen(con, step.relation)}) except {rows} {here}"
            )
        if step.name == RECORD_IDENTIFIERS:
            _give_records_to_customers(con, cone)


def _here(sql: str) -> str:
    """SQL that reads and writes the tables of this refresh in place of those of the build."""
    return sql.replace('"warehouse".', "refreshed.")


def _columns(con: duckdb.DuckDBPyConnection, relation: str) -> list[str]:
    return [row[0] for row in con.execute(f"describe {relation}").fetchall()]


def _chosen(con: duckdb.DuckDBPyConnection, relation: str) -> str:
    """SQL for the rows of a published table that are about the concerned records or their customers, or about nobody."""
    table, columns = relation, _columns(con, relation)
    if "record_id" in columns:
        return f"select * from {table} where record_id in (select record_id from concerned.records)"
    if "customer_key" in columns:
        return (
            f"select * from {table} where customer_key in ("
            f"select customer_key from {_PUBLISHED_RECORDS} semi join concerned.records using (record_id))"
        )
    return f"select * from {table}"


_PUBLISHED_RECORDS = "warehouse.identity.int_record_customers"


def _give_records_to_customers(con: duckdb.DuckDBPyConnection, cone: RefreshCone) -> None:
    """A record that the build did not have belongs to the customer whom its identifiers name, the first of several."""
    identifiers = next(s.relation for s in cone.steps if s.name == RECORD_IDENTIFIERS)
    identifiers = _here(identifiers)
    records, known = _here(cone.inputs[RECORDS]), _here(cone.inputs["int_identifiers"])
    order = " ".join(f"when '{kind}' then {place}" for place, kind in enumerate(_FIRST))
    con.execute(f"""
        insert into {records} by name
        select new.record_id, known.linked_group, known.customer_key
        from {identifiers} as new
        inner join {known} as known on new.id_type = known.id_type and new.id_value = known.id_value
        where new.record_id not in (select record_id from {_PUBLISHED_RECORDS})
        qualify row_number() over (
            partition by new.record_id order by case new.id_type {order} else 9 end, known.id_value
        ) = 1
    """)


class _Model:
    """What a Python model of dbt is given: the tables that it reads, and its config."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, relations: Mapping[str, str], step: FactStep
    ):
        self._con, self._relations, self._step = con, relations, step
        self.config = _Config(step.config)

    def ref(self, name: str) -> duckdb.DuckDBPyRelation:
        return self._con.table(_here(self._relations[name]).replace('"', ""))


class _Config:
    def __init__(self, values: Mapping[str, Any]):
        self._values = values

    def __call__(self, **_: object) -> None:
        """Settings of the materialization, which is a table here."""

    def get(self, name: str) -> Any:
        return self._values.get(name)


def _run_python(con: duckdb.DuckDBPyConnection, step: FactStep, cone: RefreshCone) -> None:
    relations = cone.inputs | {each.name: each.relation for each in cone.steps}
    scope: dict[str, Any] = {}
    exec(compile(step.code, step.name, "exec"), scope)  # the project's own code, as dbt runs it
    model: Callable[..., pd.DataFrame] = scope["model"]
    con.register("result", model(_Model(con, relations, step), None))
    con.execute(f"create table {_here(step.relation)} as from result")
    con.unregister("result")


@dataclass(frozen=True)
class Facts:
    """Rows of the concerned customers by table, in the columns that the evaluator has."""

    tables: dict[str, pa.Table]
    customers: frozenset[str]


def facts_of(
    con: duckdb.DuckDBPyConnection, cone: RefreshCone, names: Iterable[str], as_of: datetime
) -> Facts:
    """The rows of the concerned customers in those of the tables `names` that the cone makes."""
    made = {step.name: _here(step.relation) for step in cone.steps}
    tables = {}
    for name in sorted(made.keys() & set(names)):
        types = dict(
            con.execute(f"select column_name, column_type from (describe {made[name]})").fetchall()
        )
        rows = Table(made[name], types, frozenset(types)).rows(as_of)
        tables[name] = con.execute(
            f"from ({rows}) semi join concerned.customers using (customer_key) order by all"
        ).to_arrow_table()
    keys = con.execute("select customer_key from concerned.customers").fetchall()
    return Facts(tables, frozenset(key for (key,) in keys))


def new_events(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Web events that the build had not, in the columns of the landing table."""
    return con.execute(f"from added.{EVENTS} order by all").to_arrow_table()


def changed_campaigns(con: duckdb.DuckDBPyConnection) -> pa.Table | None:
    """The campaigns with those of new touches, where one is new or has other days; None where all are as in the build."""
    before = "warehouse.profiles.dim_campaigns"
    after = f"""
        select campaign_id, max(campaign_name) as campaign_name, min(starts_on) as starts_on, max(ends_on) as ends_on
        from (
            from {before}
            union all
            select campaign_id, campaign_name, campaign_starts_on, campaign_ends_on from added.{TOUCHES}
        )
        group by campaign_id
    """
    days = "select campaign_id, starts_on, ends_on from"
    if not con.execute(f"{days} ({after}) except {days} {before}").fetchall():
        return None
    return con.execute(f"from ({after}) order by campaign_id").to_arrow_table()
