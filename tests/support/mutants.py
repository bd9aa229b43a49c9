"""Small changes to a segment's rule, one at a time, and the unit tests that must notice each.

Rules are the project's own SQL and fixtures the project's own dbt unit tests; both are read from the
files, and only the rule under test is changed. The SQL runs in DuckDB, as dbt's unit tests do.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import yaml
from sqlglot import exp, parse_one

COMPARISONS = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.NEQ)


def plain_sql(path: Path) -> str:
    """A rule with every ref('x') as x."""
    return re.sub(r"\{\{\s*ref\('(\w+)'\)\s*\}\}", r"\1", path.read_text())


def mutants(sql: str) -> Iterator[str]:
    """Every rule that differs from `sql` by one comparison, bound, connective, operand or negation."""
    tree = parse_one(sql, dialect="duckdb")
    where = tree.find(exp.Where)
    for place, node in enumerate(where.walk()):
        for changed in _changes(node):
            other = tree.copy()
            target = list(other.find(exp.Where).walk())[place]
            target.replace(changed)
            yield other.sql(dialect="duckdb")


def _changes(node: exp.Expression) -> Iterator[exp.Expression]:
    if isinstance(node, COMPARISONS):
        for kind in COMPARISONS:
            if not isinstance(node, kind):
                yield kind(this=node.this.copy(), expression=node.expression.copy())
    if isinstance(node, exp.And | exp.Or):
        other = exp.Or if isinstance(node, exp.And) else exp.And
        yield other(this=node.this.copy(), expression=node.expression.copy())
        yield node.this.copy()
        yield node.expression.copy()
    if isinstance(node, exp.Literal):
        if node.is_string:
            yield exp.Literal.string(node.this + "_")
        else:
            for step in (-1, 1):
                yield exp.Literal.number(float(node.this) + step)
    if isinstance(node, exp.Is):
        yield exp.Not(this=node.copy())
    if isinstance(node, exp.Not):
        yield node.this.copy()
    if isinstance(node, exp.Between):
        for bound in (node.args["low"], node.args["high"]):
            yield exp.And(
                this=node.copy(), expression=exp.NEQ(this=node.this.copy(), expression=bound.copy())
            )
    if isinstance(node, exp.Column) and not isinstance(
        node.parent, (*COMPARISONS, exp.Is, exp.Between, exp.In)
    ):
        yield exp.Not(this=node.copy())
        yield exp.Coalesce(this=node.copy(), expressions=[exp.true()])


def unit_tests(path: Path) -> list[dict]:
    """The unit tests in a segment's YAML."""
    return yaml.safe_load(path.read_text())["unit_tests"]


def passes(con: duckdb.DuckDBPyConnection, sql: str, test: dict, types: dict[str, str]) -> bool:
    """Whether `sql` gives what the unit test expects of its rows of customer_360."""
    rows = next(g["rows"] for g in test["given"] if g["input"] == "ref('customer_360')")
    columns = list(types)
    con.execute(
        f"create or replace temp table customer_360 ({', '.join(f'{c} {t}' for c, t in types.items())})"
    )
    con.executemany(
        f"insert into customer_360 values ({', '.join('?' * len(columns))})",
        [[row.get(c) for c in columns] for row in rows],
    )
    found = sorted(key for (key,) in con.execute(sql).fetchall())
    return found == sorted(row["customer_key"] for row in test["expect"]["rows"])
