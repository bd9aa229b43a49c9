"""Which columns of its tables the live cone needs: an evaluation of a few customers costs what its columns cost.

A build has every feature, for reports and for models to train on. Between two builds only those count that a rule, a
permission or a message reads. The others are null there, so that the SQL of the build runs as it is.
"""

import re
from collections.abc import Iterable, Mapping, Sequence, Set

from sqlglot import exp, parse_one
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from audiencekit.publish.live_cone import Step

# SQL types of columns by table.
Columns = Mapping[str, Mapping[str, str]]


def needed_columns(
    steps: Iterable[Step], columns: Columns, read: Mapping[str, Set[str]]
) -> dict[str, set[str]]:
    """By table, the columns that follow from what is `read` of the results, through all steps.

    `steps` are in the order in which they are evaluated, and `columns` has every table that they read or write. A table
    is missing if nothing of it is needed.
    """
    needed = {table: set(names) for table, names in read.items()}
    for step in reversed(list(steps)):
        if wanted := needed.get(step.name):
            for table, names in _read_for(step, wanted, columns).items():
                needed.setdefault(table, set()).update(names)
    return needed


def only(sql: str, types: Mapping[str, str], wanted: Set[str]) -> str:
    """SQL for some columns of a query, in their order; `types` has all of them."""
    names = ", ".join(f'"{name}"' for name in types if name in wanted)
    return f"select {names} from (\n{sql}\n)"


def with_nulls(types: Mapping[str, str], kept: Set[str], named: Set[str]) -> str:
    """A list of columns to select, in their order: those that are kept, and null for others that are named."""
    return ", ".join(
        f'"{name}"' if name in kept else f'cast(null as {sql_type}) as "{name}"'
        for name, sql_type in types.items()
        if name in kept or name in named
    )


def named_after(steps: Sequence[Step], tables: Iterable[str]) -> dict[str, set[str]]:
    """By table, every word of the steps that read it, also through other steps: a column among them has to exist."""
    reads = {step.name: _words(step.sql) for step in steps}
    found: dict[str, set[str]] = {}
    for table in tables:
        readers, words = {table}, set[str]()
        for step in steps:
            if readers & reads[step.name] and step.name != table:
                readers.add(step.name)
                words |= reads[step.name]
        found[table] = words
    return found


def _words(sql: str) -> set[str]:
    return set(re.findall(r"\w+", sql))


def _read_for(step: Step, wanted: Set[str], columns: Columns) -> dict[str, set[str]]:
    """The columns that a step reads of each table for the columns that are wanted of it."""
    tree = parse_one(only(step.sql, columns[step.name], wanted), dialect="duckdb")
    for table in tree.find_all(exp.Table):
        # `columns` is by table: names of models are unique.
        table.set("db", None)
        table.set("catalog", None)
    tables = {table.name for table in tree.find_all(exp.Table)}
    schema: dict[str, object] = {t: dict(types) for t, types in columns.items() if t in tables}
    try:
        tree = pushdown_projections(qualify(tree, schema=schema, dialect="duckdb"))
    except OptimizeError:
        # sqlglot cannot resolve a column, so all of them are kept.
        return {name: set(columns[name]) for name in schema}
    found: dict[str, set[str]] = {}
    for scope in traverse_scope(tree):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table) and source.name in columns:
                found.setdefault(source.name, set()).add(column.name)
    return found
