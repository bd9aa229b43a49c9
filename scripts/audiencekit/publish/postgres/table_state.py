"""Tables as PostgreSQL has them, the shape that a generation needs, and the changes between the two."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg.sql import SQL, Composable, Identifier

from audiencekit.errors import UserError
from audiencekit.publish.postgres.generation import Table

# As PostgreSQL's format_type writes them. Our timestamps are UTC; `with time zone` tells readers so.
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
class TableState:
    """A relation as PostgreSQL has it before the publish. `kind` is r for a table, v for a view …

    `columns` holds types by name; `comments` are by column, and that of the table under ''.
    """

    kind: str
    key: str | None = None
    key_name: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    comments: dict[str, str | None] = field(default_factory=dict)


def read_table_states(
    pg: psycopg.Connection, schemas: Mapping[str, str]
) -> dict[tuple[str, str], TableState]:
    """Every relation in our schemas, also those that others created, by schema (our name of it) and name."""
    states: dict[tuple[str, str], TableState] = {}
    names = {schema: name for name, schema in schemas.items()}
    for schema, relation, kind, comment, column, data_type, column_comment, key_name in pg.execute(
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
        empty = TableState(kind, comments={"": comment})
        state = states.setdefault((names[schema], relation), empty)
        if column is None:
            continue
        state.columns[column] = data_type
        state.comments[column] = column_comment
        if key_name:
            state.key, state.key_name = column, key_name
    return states


def postgres_type(table: Table, column: str) -> str:
    """The PostgreSQL type of a published column. Raises UserError for nested types, which no reverse-ETL tool reads."""
    data_type = table.columns[column]
    if data_type.startswith("DECIMAL("):
        return data_type.replace("DECIMAL", "numeric")
    if data_type not in TYPES:
        raise UserError(
            f"{table.name}.{column} is {data_type}, which has no plain type in PostgreSQL. "
            "Cast it in the model; JSON goes as text."
        )
    return TYPES[data_type]


def shape_changes(table: Table, state: TableState | None) -> tuple[list[Composable], list[str]]:
    """The clauses of the `alter table` that gives a table its shape, and what they do in words.

    All rows are written again, so a column whose type changes is dropped and added: no values are converted,
    the table is not rewritten, and readers of an older snapshot keep its rows.
    """
    needed = {column: postgres_type(table, column) for column in table.columns}
    has = state.columns if state else {}
    dropped = [c for c in has if c not in needed]
    retyped = [c for c in needed if c in has and has[c] != needed[c]]
    added = [c for c in needed if c not in has]
    clauses: list[Composable] = []
    rekeyed = table.key != (state.key if state else None) or table.key in retyped
    if rekeyed and state and state.key_name:
        clauses.append(SQL("drop constraint {}").format(Identifier(state.key_name)))
    clauses += [SQL("drop column {}").format(Identifier(c)) for c in dropped + retyped]
    for c in retyped + added:
        kind = needed[c] + (" not null" if c == table.key else "")
        clauses.append(SQL("add column {} {}").format(Identifier(c), SQL(kind)))
    if rekeyed and table.key:
        clauses.append(SQL("add primary key ({})").format(Identifier(table.key)))
    if state is None:
        return clauses, ["created"]
    words = [f"column {c} dropped" for c in dropped]
    words += [f"column {c} is now {needed[c]} (was {has[c]})" for c in retyped]
    words += [f"column {c} added" for c in added]
    if rekeyed:
        words.append(f"key is now {table.key or 'none'}")
    return clauses, words
