"""The published generation in PostgreSQL, for BI and reverse ETL that live there.

One transaction replaces the rows of every table, so readers see the whole old generation until it
commits and the whole new one after. Rows are deleted and copied anew rather than tables swapped:
readers are never blocked, and views and grants built on our tables stay.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

import psycopg
from psycopg.sql import SQL, Composed, Identifier, Literal

from audiencekit.errors import UserError
from audiencekit.publish.postgres.connecting import connect, explained
from audiencekit.publish.postgres.generation import Generation, Table, copy_rows, open_generation
from audiencekit.publish.postgres.shapes import Standing, changes, needed_type, read_standing
from audiencekit.workspace import Workspace

PREFIX = "audiencekit"
SCHEMAS = ("activation", "reporting")


@dataclass(frozen=True)
class Delivery:
    """What one publish did: `rows` is None when the generation was there already."""

    build_id: str
    rows: int | None
    seconds: float
    where: str


def publish_to_postgres(
    workspace: Workspace,
    published_at: datetime,
    *,
    prefix: str = PREFIX,
    force: bool = False,
    grants: Mapping[str, Sequence[str]] | None = None,
    say: Callable[[str], None] = print,
) -> Delivery:
    """Write the current generation into the schemas `<prefix>_activation` and `<prefix>_reporting`.

    `grants` are roles by 'activation' and 'reporting' that may read; nobody is granted anything
    unasked. `force` also writes a generation older than what is there, or the same again.

    Raises UserError, with PostgreSQL as it was, when anything goes wrong before the commit.
    """
    started = perf_counter()
    schemas = {name: f"{prefix}_{name}" for name in SCHEMAS}
    with open_generation(workspace, published_at) as generation, connect() as pg:
        where = f"{pg.info.dbname} at {pg.info.host}:{pg.info.port}, schemas {', '.join(schemas.values())}"
        # Commits inside `explained`, for a commit can be refused, too.
        with explained("PostgreSQL"), pg.transaction():
            _wait_for_other_publishes(pg, prefix)
            standing = read_standing(pg, schemas)
            held = _held_manifest(pg, schemas, standing)
            rows = None
            if force or not _is_there(generation, held):
                rows = _replace(pg, generation, schemas, standing, held, say)
            _grant(pg, generation, schemas, grants or {})
    return Delivery(generation.manifest.build_id, rows, perf_counter() - started, where)


def _wait_for_other_publishes(pg: psycopg.Connection, prefix: str) -> None:
    """One publish at a time. No wait for a lock is longer than ten seconds, unless PGOPTIONS says so:
    whoever waits for a table to change its shape holds up the readers behind.
    """
    pg.execute(
        "select set_config('lock_timeout', '10s', true) where current_setting('lock_timeout') = '0'"
    )
    pg.execute("set local time zone 'UTC'")
    with explained("Another publish is under way"):
        pg.execute("select pg_advisory_xact_lock(hashtext('audiencekit'), hashtext(%s))", [prefix])


def _held_manifest(
    pg: psycopg.Connection, schemas: Mapping[str, str], standing: Mapping[tuple[str, str], Standing]
) -> str | None:
    """The manifest of the generation PostgreSQL holds, as text; None before the first."""
    there = standing.get(("reporting", "generation"))
    if there is None or "manifest" not in there.columns:
        return None
    place = Identifier(schemas["reporting"], "generation")
    row = pg.execute(SQL("select manifest from {}").format(place)).fetchone()
    return row[0] if row else None


def _is_there(generation: Generation, held: str | None) -> bool:
    """Whether PostgreSQL holds this very generation. Raises UserError if it holds a newer one."""
    if held is None or held == generation.manifest_text:
        return held is not None
    build_id = json.loads(held)["build_id"]
    # Ids sort in the order of builds.
    if generation.manifest.build_id < build_id:
        raise UserError(
            f"PostgreSQL holds {build_id}, which is newer than {generation.manifest.build_id}. "
            "To go back, say --force."
        )
    return False


def _replace(
    pg: psycopg.Connection,
    generation: Generation,
    schemas: Mapping[str, str],
    standing: Mapping[tuple[str, str], Standing],
    held: str | None,
    say: Callable[[str], None],
) -> int:
    """Make PostgreSQL hold this generation and nothing of the one before. Returns rows written."""
    ours = {"generation", *json.loads(held)["rows"]} if held else set()
    places = {(table.schema, table.name) for table in generation.tables}
    for place in places & standing.keys():
        if place[1] not in ours or standing[place].kind != "r":
            raise UserError(
                f"{schemas[place[0]]}.{place[1]} is there already and is not a table of audiencekit's. "
                "Rename or drop it, or choose another --schema-prefix."
            )
    _create_schemas(pg, schemas, generation.manifest.note)
    total = 0
    # A change of shape holds up readers of that table until the commit, so those tables come last.
    plans = [(table, *changes(table, standing.get(table.place))) for table in generation.tables]
    plans.sort(key=lambda plan: plan[0].place in standing and plan[1] != [])
    for table, clauses, words in plans:
        target = Identifier(schemas[table.schema], table.name)
        with explained(f"{schemas[table.schema]}.{table.name}"):
            if table.place in standing:
                pg.execute(SQL("delete from {}").format(target))
            else:
                pg.execute(SQL("create table {} ()").format(target))
            if clauses:
                pg.execute(SQL("alter table {} {}").format(target, SQL(", ").join(clauses)))
            rows = copy_rows(generation, table, pg, target)
            _comment(pg, target, table, standing.get(table.place))
        say(f"  {table.schema}.{table.name:<28} {rows:>12,} rows  {', '.join(words)}".rstrip())
        total += rows
    for schema, name in sorted(standing.keys() - places):
        if name in ours and standing[schema, name].kind == "r":
            with explained(f"{schemas[schema]}.{name}"):
                pg.execute(SQL("drop table {}").format(Identifier(schemas[schema], name)))
            say(f"  {schema}.{name:<28} {'':>12}       dropped: the generation has it no more")
    return total


def _create_schemas(pg: psycopg.Connection, schemas: Mapping[str, str], note: str) -> None:
    """`create … if not exists` asks for more rights than using a schema that is there."""
    found = pg.execute(
        "select nspname, obj_description(oid, 'pg_namespace') from pg_namespace where nspname = any(%s)",
        [list(schemas.values())],
    ).fetchall()
    comments = dict(found)
    said = f"Published by audiencekit, replaced as a whole. {note}".strip()
    for schema in schemas.values():
        if schema not in comments:
            pg.execute(SQL("create schema {}").format(Identifier(schema)))
        if comments.get(schema) != said:
            pg.execute(SQL("comment on schema {} is {}").format(Identifier(schema), Literal(said)))


def _comment(
    pg: psycopg.Connection, target: Identifier, table: Table, standing: Standing | None
) -> None:
    """Say what dbt's YAML says of the table and its columns, where PostgreSQL does not say so yet."""
    before = dict(standing.comments) if standing else {}
    for column in table.columns:
        if standing and standing.columns.get(column) != needed_type(table, column):
            before.pop(column, None)  # dropped with its comment, and added anew
    for column, said in table.comments.items():
        if said == before.get(column):
            continue
        what: Composed = SQL("table {}").format(target)
        if column:
            what = SQL("column {}.{}").format(target, Identifier(column))
        pg.execute(SQL("comment on {} is {}").format(what, Literal(said)))


def _grant(
    pg: psycopg.Connection,
    generation: Generation,
    schemas: Mapping[str, str],
    grants: Mapping[str, Sequence[str]],
) -> None:
    for schema, roles in grants.items():
        tables = [
            Identifier(schemas[schema], t.name) for t in generation.tables if t.schema == schema
        ]
        for role in map(Identifier, roles):
            with explained(f"Granting {schemas[schema]}"):
                pg.execute(
                    SQL("grant usage on schema {} to {}").format(Identifier(schemas[schema]), role)
                )
                pg.execute(SQL("grant select on {} to {}").format(SQL(", ").join(tables), role))
