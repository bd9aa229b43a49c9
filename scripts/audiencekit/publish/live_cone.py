"""The live cone: the models that are evaluated again between two builds, for single customers.

A model is in it if its YAML has `live: true`: each of its rows follows from rows of one customer, and of tables that
hold for everybody. Its SQL is what dbt compiled for the build, with the moment as a variable in place of as_of.
"""

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import datetime
from graphlib import TopologicalSorter
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

from audiencekit.errors import UserError
from audiencekit.rules.text import read_definition

# The DuckDB variable in place of as_of. It is set before each evaluation.
MOMENT = "getvariable('moment')"
# Where events of today wait to be staged, in place of the landing table of the build.
INCOMING = '"warehouse"."incoming"'

# The rooms of models whose rows are about a moment.
CALCULATED = ("features", "predictions")


@dataclass(frozen=True)
class Step:
    """One model of the cone: its name, the table or view that holds it (quoted, with its schema), and its SQL."""

    name: str
    relation: str
    is_view: bool
    sql: str


@dataclass(frozen=True)
class Cone:
    """The steps in the order in which they are evaluated, and the other tables that they read.

    `inputs` has the quoted names of those tables by model. `daily` are those of them that a build calculates for its
    own moment: features and predictions that only a build can know, such as a rank among all customers.
    """

    steps: tuple[Step, ...]
    inputs: dict[str, str]
    daily: frozenset[str]


def read_cone(manifest: dict[str, Any], as_of: datetime) -> Cone:
    """The cone of a build, from dbt's manifest of it. Raises UserError where SQL of a model still has as_of in it."""
    nodes = manifest["nodes"]
    live = {key for key, node in nodes.items() if node["config"].get("meta", {}).get("live")}
    parents = {key: set(parents_of(nodes, key)) for key in live}
    inner = {key: parents[key] & live for key in live}
    steps = tuple(_step(nodes[key], as_of) for key in TopologicalSorter(inner).static_order())
    others = set().union(*parents.values()) - live
    inputs = {nodes[key]["name"]: nodes[key]["relation_name"] for key in sorted(others)}
    daily = {nodes[key]["name"] for key in others if nodes[key]["path"].split("/")[0] in CALCULATED}
    return Cone(steps, inputs, frozenset(daily))


def parents_of(nodes: dict[str, Any], key: str) -> Iterator[str]:
    """Tables and views that the SQL of a node reads, also through ephemeral models. Sources are left out."""
    for parent in nodes[key]["depends_on"]["nodes"]:
        if parent in nodes and nodes[parent]["config"]["materialized"] == "ephemeral":
            yield from parents_of(nodes, parent)
        elif parent in nodes:
            yield parent


def _step(node: dict[str, Any], as_of: datetime) -> Step:
    sql = sql_at_moment(node, as_of, "live")
    return Step(node["name"], node["relation_name"], node["config"]["materialized"] == "view", sql)


def sql_at_moment(node: dict[str, Any], as_of: datetime, mark: str) -> str:
    """The compiled SQL of a model that has the `mark`: as of the variable MOMENT, and with landing tables in INCOMING.

    Raises UserError where it has as_of in another form.
    """
    moment = as_of.isoformat(sep=" ")
    sql = node["compiled_code"].replace(f"cast('{moment}' as timestamp)", MOMENT)
    sql = re.sub(r"'(?:[^']|'')*/(\w+)\.parquet/\*\.parquet'", rf'{INCOMING}."\1"', sql)
    if moment in sql:
        raise UserError(
            f"{node['name']} is marked {mark}, and its SQL has as_of in another form than as_of() writes it. "
            f"Use as_of(), or take `{mark}` from its YAML."
        )
    return sql


def live_segments(
    cone: Cone, columns: dict[str, dict[str, str]], definitions: dict[str, str]
) -> dict[str, str]:
    """By segment: empty where it is live, else the first column that only a build can change, and its table.

    `columns` has the SQL types of columns by table, of each table that the cone reads or writes. `definitions` are
    those of dim_segments.
    """
    read = {code: _columns_read(definition) for code, definition in definitions.items()}
    daily = _daily_columns(cone, columns, set().union(*read.values()))
    return {
        code: next((f"{name} of {daily[name]}" for name in sorted(names) if name in daily), "")
        for code, names in read.items()
    }


def _columns_read(definition: str) -> set[str]:
    trees = read_definition(definition).values()
    names = {column.name for tree in trees for column in tree.find_all(exp.Column)}
    return names - {"customer_key"}


def thresholds(definitions: Iterable[str]) -> dict[str, set[float]]:
    """The numbers that rules compare each column with."""
    found: dict[str, set[float]] = {}
    for definition in definitions:
        for tree in read_definition(definition).values():
            for comparison in tree.find_all(exp.Predicate):
                columns = {column.name for column in comparison.find_all(exp.Column)}
                numbers = {
                    float(number.this)
                    for number in comparison.find_all(exp.Literal)
                    if not number.is_string
                }
                for column in columns:
                    found.setdefault(column, set()).update(numbers)
    return {column: numbers for column, numbers in found.items() if numbers}


def windows(cone: Cone) -> set[int]:
    """The lengths of the windows that the steps count in, in microseconds, as the macro in_window writes them."""
    return {
        int(length)
        for step in cone.steps
        for length in re.findall(r"age_micros <= ([0-9]+)(?![0-9.])", step.sql)
    }


def zone(cone: Cone) -> str:
    """The time zone of the shop, as the macro shop_time writes it; UTC if it converts nothing."""
    found = {
        name
        for step in cone.steps
        for name in re.findall(r"timezone\('([^']+)', timezone\('UTC'", step.sql)
    }
    return min(found, default="UTC")


def _daily_columns(
    cone: Cone, columns: dict[str, dict[str, str]], wanted: Set[str]
) -> dict[str, str]:
    """Columns of customer_360 that only a build can change, each with the table outside the cone that it comes from."""
    profile = next(step for step in cone.steps if step.name == "customer_360")
    found: dict[str, str] = {}
    for column, leaves in _leaves(profile, columns, wanted).items():
        of_features = {t for t in cone.daily if column in columns[t]}
        tables = leaves | of_features if "customer_features" in leaves else leaves
        if daily := tables & cone.daily:
            found[column] = min(daily)
    return found


def _leaves(
    step: Step, columns: dict[str, dict[str, str]], wanted: Set[str]
) -> dict[str, set[str]]:
    """The tables that each of the wanted columns of a step comes from."""
    tree = parse_one(step.sql, dialect="duckdb")
    for table in tree.find_all(exp.Table):
        # `columns` is by table: names of models are unique.
        table.set("db", None)
        table.set("catalog", None)
    tables = {table.name for table in tree.find_all(exp.Table)}
    schema: dict[str, object] = {t: types for t, types in columns.items() if t in tables}
    tree = qualify(tree, schema=schema, dialect="duckdb")
    assert isinstance(tree, exp.Query)
    scope = build_scope(tree)
    found = {}
    for column in wanted & set(tree.named_selects):
        nodes = lineage(column, tree, schema=schema, scope=scope, dialect="duckdb").walk()
        found[column] = {n.source.name for n in nodes if isinstance(n.source, exp.Table)}
    return found
