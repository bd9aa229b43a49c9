"""The published generation in PostgreSQL, for BI and reverse ETL that read from there.

One transaction replaces the rows of every table, so readers see the whole old generation until it commits and the
whole new one after. Rows are deleted and copied again, and tables are not swapped: readers are never blocked, and
views and grants on our tables stay.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter

import psycopg
from psycopg.sql import SQL, Identifier

from audiencekit.errors import UserError
from audiencekit.publish.postgres.connection import connect, postgres_errors
from audiencekit.publish.postgres.generation import Generation, open_generation
from audiencekit.publish.postgres.replacement import Database, replace_generation
from audiencekit.publish.postgres.table_state import TableState, read_table_states
from audiencekit.workspace import Workspace

SCHEMAS = ("activation", "reporting")


@dataclass(frozen=True)
class PostgresOptions:
    """How to publish: the schemas are `<prefix>_activation` and `<prefix>_reporting`.

    `grants` are the roles, by 'activation' and 'reporting', that may read; no other role is granted anything.
    `force` also writes a generation that is older than the one in PostgreSQL, or the same one again.
    """

    prefix: str = "audiencekit"
    force: bool = False
    grants: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def schemas(self) -> dict[str, str]:
        """The schema in PostgreSQL by our name of it."""
        return {name: f"{self.prefix}_{name}" for name in SCHEMAS}


@dataclass(frozen=True)
class Delivery:
    """What one publish did. `rows` is None when PostgreSQL already held the generation."""

    build_id: str
    rows: int | None
    seconds: float
    where: str


def publish_to_postgres(
    workspace: Workspace,
    published_at: datetime,
    options: PostgresOptions | None = None,
    say: Callable[[str], None] = print,
) -> Delivery:
    """Write the current generation into PostgreSQL. `say` prints a line for each table.

    Raises UserError, and leaves PostgreSQL as it was, when anything goes wrong before the commit.
    """
    options = options or PostgresOptions()
    started = perf_counter()
    schemas = options.schemas
    with open_generation(workspace, published_at) as generation, connect() as pg:
        where = f"{pg.info.dbname} at {pg.info.host}:{pg.info.port}, schemas {', '.join(schemas.values())}"
        # The commit lies inside `postgres_errors`, because PostgreSQL can refuse a commit, too.
        with postgres_errors("PostgreSQL"), pg.transaction():
            _wait_for_other_publishes(pg, options.prefix)
            states = read_table_states(pg, schemas)
            database = Database(pg, schemas, states, _held_manifest(pg, schemas, states))
            rows = None
            if options.force or not _is_there(generation, database.manifest_text):
                rows = replace_generation(database, generation, say)
            _grant(pg, generation, schemas, options.grants)
    return Delivery(generation.manifest.build_id, rows, perf_counter() - started, where)


def _wait_for_other_publishes(pg: psycopg.Connection, prefix: str) -> None:
    """Wait until no other publish runs. No wait for a lock is longer than ten seconds, unless PGOPTIONS sets one.

    A publish that waits for a lock on a table holds up every reader that comes after it.
    """
    pg.execute(
        "select set_config('lock_timeout', '10s', true) where current_setting('lock_timeout') = '0'"
    )
    pg.execute("set local time zone 'UTC'")
    with postgres_errors("Another publish is under way"):
        pg.execute("select pg_advisory_xact_lock(hashtext('audiencekit'), hashtext(%s))", [prefix])


def _held_manifest(
    pg: psycopg.Connection,
    schemas: Mapping[str, str],
    states: Mapping[tuple[str, str], TableState],
) -> str | None:
    """The manifest of the generation that PostgreSQL holds, as text; None before the first."""
    state = states.get(("reporting", "generation"))
    if state is None or "manifest" not in state.columns:
        return None
    table = Identifier(schemas["reporting"], "generation")
    row = pg.execute(SQL("select manifest from {}").format(table)).fetchone()
    return row[0] if row else None


def _is_there(generation: Generation, held: str | None) -> bool:
    """Whether PostgreSQL holds exactly this generation. Raises UserError if it holds a newer one."""
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
            with postgres_errors(f"Granting {schemas[schema]}"):
                pg.execute(
                    SQL("grant usage on schema {} to {}").format(Identifier(schemas[schema]), role)
                )
                pg.execute(SQL("grant select on {} to {}").format(SQL(", ").join(tables), role))
