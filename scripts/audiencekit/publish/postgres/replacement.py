"""Replace the rows of every table in PostgreSQL by those of a generation, within one transaction."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from audiencekit.errors import UserError
from audiencekit.publish.postgres.connection import postgres_errors
from audiencekit.publish.postgres.generation import Generation, Table, copy_rows
from audiencekit.publish.postgres.table_state import TableState, postgres_type, shape_changes


@dataclass(frozen=True)
class Database:
    """PostgreSQL before the publish: its relations by schema (our name of it) and name, and the manifest it holds.

    `schemas` holds the schema in PostgreSQL by our name of it.
    """

    pg: psycopg.Connection
    schemas: Mapping[str, str]
    states: Mapping[tuple[str, str], TableState]
    manifest_text: str | None

    @property
    def our_tables(self) -> set[str]:
        """Names of the tables that an earlier publish created."""
        if not self.manifest_text:
            return set()
        return {"generation", *json.loads(self.manifest_text)["rows"]}

    def full_name(self, place: tuple[str, str]) -> str:
        """schema.table as PostgreSQL names it."""
        return f"{self.schemas[place[0]]}.{place[1]}"

    def identifier(self, place: tuple[str, str]) -> Identifier:
        return Identifier(self.schemas[place[0]], place[1])


def replace_generation(
    database: Database, generation: Generation, say: Callable[[str], None]
) -> int:
    """Make PostgreSQL hold this generation and nothing of the one before. Returns the rows written."""
    _check_names(database, generation)
    _create_schemas(database, generation.manifest.note)
    total = 0
    plans = [
        (table, *shape_changes(table, database.states.get(table.place)))
        for table in generation.tables
    ]
    # A change of shape blocks readers of that table until the commit, so those tables come last.
    plans.sort(key=lambda plan: plan[0].place in database.states and plan[1] != [])
    for table, clauses, words in plans:
        with postgres_errors(database.full_name(table.place)):
            rows = _replace_table(database, generation, table, clauses)
        say(f"  {table.schema}.{table.name:<28} {rows:>12,} rows  {', '.join(words)}".rstrip())
        total += rows
    _drop_other_tables(database, generation, say)
    return total


def _check_names(database: Database, generation: Generation) -> None:
    """Raise UserError if a relation that we did not create has the name of one of our tables."""
    for place in {table.place for table in generation.tables} & database.states.keys():
        if place[1] not in database.our_tables or database.states[place].kind != "r":
            raise UserError(
                f"{database.full_name(place)} is there already and is not a table of audiencekit's. "
                "Rename or drop it, or choose another --schema-prefix."
            )


def _create_schemas(database: Database, note: str) -> None:
    """Create the schemas that are missing. `create … if not exists` would ask for more rights than needed."""
    pg, names = database.pg, list(database.schemas.values())
    comments: dict[str, str | None] = dict(
        pg.execute(
            "select nspname, obj_description(oid, 'pg_namespace') from pg_namespace where nspname = any(%s)",
            [names],
        ).fetchall()
    )
    text = f"Published by audiencekit, replaced as a whole. {note}".strip()
    for schema in names:
        if schema not in comments:
            pg.execute(SQL("create schema {}").format(Identifier(schema)))
        if comments.get(schema) != text:
            pg.execute(SQL("comment on schema {} is {}").format(Identifier(schema), Literal(text)))


def _replace_table(
    database: Database, generation: Generation, table: Table, clauses: list[Composable]
) -> int:
    """Empty or create the table, change its shape by the `alter table` clauses, and copy the rows."""
    pg, target = database.pg, database.identifier(table.place)
    if table.place in database.states:
        pg.execute(SQL("delete from {}").format(target))
    else:
        pg.execute(SQL("create table {} ()").format(target))
    if clauses:
        pg.execute(SQL("alter table {} {}").format(target, SQL(", ").join(clauses)))
    rows = copy_rows(generation, table, pg, target)
    _comment(pg, target, table, database.states.get(table.place))
    return rows


def _drop_other_tables(
    database: Database, generation: Generation, say: Callable[[str], None]
) -> None:
    """Drop the tables of an earlier publish that this generation does not have."""
    places = {table.place for table in generation.tables}
    for place in sorted(database.states.keys() - places):
        if place[1] in database.our_tables and database.states[place].kind == "r":
            with postgres_errors(database.full_name(place)):
                database.pg.execute(SQL("drop table {}").format(database.identifier(place)))
            say(
                f"  {place[0]}.{place[1]:<28} {'':>12}       dropped: the generation no longer has it"
            )


def _comment(
    pg: psycopg.Connection, target: Identifier, table: Table, state: TableState | None
) -> None:
    """Write dbt's descriptions of the table and its columns as comments, where they differ."""
    before = dict(state.comments) if state else {}
    for column in table.columns:
        if state and state.columns.get(column) != postgres_type(table, column):
            before.pop(column, None)  # the column was dropped with its comment, and added again
    for column, text in table.comments.items():
        if text == before.get(column):
            continue
        what: Composed = SQL("table {}").format(target)
        if column:
            what = SQL("column {}.{}").format(target, Identifier(column))
        pg.execute(SQL("comment on {} is {}").format(what, Literal(text)))
