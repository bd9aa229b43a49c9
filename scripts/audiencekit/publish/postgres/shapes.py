"""The shape of tables: what PostgreSQL has, what a generation needs, and the changes between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg.sql import SQL, Composable, Identifier

from audiencekit.errors import UserError
from audiencekit.publish.postgres.generation import Table

# As PostgreSQL's format_type spells them. Our timestamps are UTC; `with time zone` tells readers so.
TYPES = {
    "VARCHAR": "text",
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "DATE": "date",
    "TIMESTAMP": "timestamp with time zone",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
}


@dataclass
class Standing:
    """A relation as PostgreSQL has it now; `kind` is r for a table, v for a view …

    `columns` holds types, `comments` what is said of columns and, under '', of the table.
    """

    kind: str
    key: str | None = None
    key_name: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    comments: dict[str, str | None] = field(default_factory=dict)


def read_standing(
    pg: psycopg.Connection, schemas: Mapping[str, str]
) -> dict[tuple[str, str], Standing]:
    """Every relation in our schemas, whoever made it, by schema (as we name it) and name."""
    found: dict[tuple[str, str], Standing] = {}
    names = {schema: name for name, schema in schemas.items()}
    for schema, relation, kind, said, column, data_type, column_said, key_name in pg.execute(
        """
        select
            n.nspname, c.relname, c.relkind::text, obj_description(c.oid, 'pg_class'),
            a.attname, format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum), k.conname
        from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace
        left join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_constraint as k on k.conrelid = c.oid and k.contype = 'p' and a.attnum = any(k.conkey)
        where n.nspname = any(%s) and c.relkind in ('r', 'p', 'v', 'm', 'f')
        order by n.nspname, c.relname, a.attnum
        """,
        [list(names)],
    ).fetchall():
        there = found.setdefault((names[schema], relation), Standing(kind, comments={"": said}))
        if column is None:
            continue
        there.columns[column] = data_type
        there.comments[column] = column_said
        if key_name:
            there.key, there.key_name = column, key_name
    return found


def needed_type(table: Table, column: str) -> str:
    """The PostgreSQL type of a column. Raises UserError for what no reverse-ETL tool takes either."""
    data_type = table.columns[column]
    if data_type.startswith("DECIMAL("):
        return data_type.replace("DECIMAL", "numeric")
    if data_type not in TYPES:
        raise UserError(
            f"{table.name}.{column} is {data_type}, which has no plain type in PostgreSQL. "
            "Cast it in the model; JSON goes as text."
        )
    return TYPES[data_type]


def changes(table: Table, there: Standing | None) -> tuple[list[Composable], list[str]]:
    """The clauses of the `alter table` that gives a table its shape, and what they do in words.

    All rows are written anew, so a column of another type is dropped and added: no values are
    converted, the table is not rewritten, and readers of an older snapshot keep its rows.
    """
    needed = {column: needed_type(table, column) for column in table.columns}
    has = there.columns if there else {}
    gone = [c for c in has if c not in needed]
    retyped = [c for c in needed if c in has and has[c] != needed[c]]
    added = [c for c in needed if c not in has]
    clauses: list[Composable] = []
    rekeyed = table.key != (there.key if there else None) or table.key in retyped
    if rekeyed and there and there.key_name:
        clauses.append(SQL("drop constraint {}").format(Identifier(there.key_name)))
    clauses += [SQL("drop column {}").format(Identifier(c)) for c in gone + retyped]
    for c in retyped + added:
        kind = needed[c] + (" not null" if c == table.key else "")
        clauses.append(SQL("add column {} {}").format(Identifier(c), SQL(kind)))
    if rekeyed and table.key:
        clauses.append(SQL("add primary key ({})").format(Identifier(table.key)))
    if there is None:
        return clauses, ["created"]
    words = [f"column {c} dropped" for c in gone]
    words += [f"column {c} is now {needed[c]} (was {has[c]})" for c in retyped]
    words += [f"column {c} added" for c in added]
    if rekeyed:
        words.append(f"key is now {table.key or 'none'}")
    return clauses, words
