"""The published generation in a real PostgreSQL: whole, exact, and kind to those who read it."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiencekit.errors import UserError
from audiencekit.publish.generations import _switch
from audiencekit.publish.postgres import PostgresOptions, publish_to_postgres
from audiencekit.workspace import Workspace

NOTE = "Test: people are simulated."
NOW = datetime(2018, 1, 2, 3, 4, 5)

# Tables in the shape of those a build publishes. {n} rows; {mark} tells one generation from another.
ACTIVATION = {
    "aud_email": "select sha256('email' || i) as audience_row_id, 'all' as audience_code, "
    "'simulated' || i || '@example.org' as email, case when i % 3 > 0 then '' end as primary_segment, "
    "timestamp '2018-01-01' - to_microseconds(i * 7919) as entered_at, i % 2 = 0 as subscribed, "
    "sqrt(i) / 3 as score, '{mark}' as build_id, timestamp '2018-01-01' as updated_at from range({n}) as t(i)",
    "audience_changes": "select i + 1 as change_seq, sha256('email' || i) as audience_row_id, "
    "'ADD' as action, '{mark}' as build_id, timestamp '2018-01-01' as occurred_at from range({n}) as t(i)",
}
REPORTING = {
    "rpt_revenue": "select date '2017-01-01' + i::int as month_on, (i / 7)::decimal(18, 4) as revenue, "
    "i * 400_000_000_000_000 as cents, '{mark}' as mark from range({n}) as t(i)",
    "rpt_segments": "select 'simulated \"seg\\ment\" 🦉' || chr(10) || i as segment_code, "
    "case when i > 1 then i / 3 end as share, '{mark}' as mark from range({n}) as t(i)",
}
OURS = [
    f"{prefix}_{file}"
    for prefix in ("audiencekit", "marketing")
    for file in ("activation", "reporting")
]
WHOLE = {"activation": ACTIVATION, "reporting": REPORTING}


def build(number: int) -> str:
    return f"20180101T000000Z-{number:06d}"


def write_generation(
    workspace: Workspace, number: int = 1, rows: int = 20, but: dict | None = None
) -> None:
    """Publish a generation by hand; `but` replaces queries by table, None takes the table away."""
    folder = workspace.generations / build(number)
    folder.mkdir(parents=True)
    counts = {}
    for file, tables in WHOLE.items():
        with duckdb.connect(str(folder / f"{file}.duckdb")) as con:
            for table, query in (tables | (but or {}).get(file, {})).items():
                if query is None:
                    continue
                con.execute(
                    f"create table {table} as {query.format(n=rows + number, mark=build(number))}"
                )
                counts[table] = con.execute(f"select count(*) from {table}").fetchall()[0][0]
    manifest = {
        "build_id": build(number),
        "as_of": "2018-01-01 00:00:00",
        "built_at": "2018-01-01 00:00:00",
        "commit": "abc+",
        "version": "0.1.0",
        "rows": counts,
        "landing_rows": {},
        "note": NOTE,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    _switch(workspace.current, folder)


@pytest.fixture
def url(server, monkeypatch) -> str:
    """The server's database, empty, and named by the environment."""
    with psycopg.connect(server.get_uri(), autocommit=True) as con:
        for schema in ("public", *OURS):
            con.execute(f"drop schema if exists {schema} cascade")
        con.execute("create schema public")
    monkeypatch.setenv("AUDIENCEKIT_POSTGRES_URL", server.get_uri())
    monkeypatch.setenv("PGTZ", "Pacific/Auckland")  # moments are UTC wherever the server lives
    return server.get_uri()


@pytest.fixture
def pg(url) -> Iterator[psycopg.Connection]:
    """Somebody who reads; a wait of two seconds is a failure."""
    with psycopg.connect(url, autocommit=True, options="-c statement_timeout=2s") as con:
        con.execute("set time zone 'UTC'")
        yield con


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    made = Workspace(tmp_path)
    write_generation(made)
    return made


def publish(workspace: Workspace, **options) -> list[str]:
    """Publish and return the printed lines, one for each table."""
    lines: list[str] = []
    say = options.pop("say", lines.append)
    publish_to_postgres(workspace, NOW, PostgresOptions(**options), say)
    return lines


def tables(pg: psycopg.Connection) -> set[str]:
    found = pg.execute(
        "select schemaname || '.' || tablename from pg_tables where schemaname like 'audiencekit%'"
    )
    return {name for (name,) in found}


def keys(pg: psycopg.Connection) -> dict[str, str]:
    """The column of each primary key, by table."""
    found = pg.execute(
        "select relname, attname from pg_constraint join pg_class as c on c.oid = conrelid "
        "join pg_attribute on attrelid = c.oid and attnum = any(conkey) "
        "where contype = 'p' and relnamespace::regnamespace::text like 'audiencekit%'"
    )
    return dict(found.fetchall())


def held(pg: psycopg.Connection) -> set[str]:
    """Every build that any row of any table is of, in one snapshot, as a query that joins tables reads them."""
    marks = (
        (table, "build_id" if "activation" in table or "generation" in table else "mark")
        for table in sorted(tables(pg))
    )
    every = " union ".join(f"select {mark} from {table}" for table, mark in marks)
    return {build for (build,) in pg.execute(every).fetchall()}


def cells(rows: list[tuple]) -> list[tuple]:
    """Rows so that equal means the same to the bit: -0.0 is not 0.0, null is not '', NaN is NaN."""
    plain = [
        tuple(v.replace(tzinfo=None) if isinstance(v, datetime) else v for v in row) for row in rows
    ]
    return sorted(tuple(map(repr, row)) for row in plain)


def in_duckdb(workspace: Workspace, file: str, query: str) -> list[tuple]:
    with duckdb.connect(str(workspace.current / f"{file}.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


def differences(workspace: Workspace, pg: psycopg.Connection) -> list[str]:
    """Tables whose rows PostgreSQL holds otherwise than the published files."""
    wrong = []
    for file in WHOLE:
        for (table,) in in_duckdb(workspace, file, "select table_name from duckdb_tables()"):
            columns = [c for (c, *_) in in_duckdb(workspace, file, f"describe {table}")]
            query = f"select {', '.join(columns)} from"
            there = pg.execute(f"{query} audiencekit_{file}.{table}").fetchall()
            if cells(there) != cells(in_duckdb(workspace, file, f"{query} {table}")):
                wrong.append(table)
    return wrong


def test_postgres_holds_every_table_cell_for_cell(workspace, pg):
    lines = publish(workspace)
    assert differences(workspace, pg) == []
    assert tables(pg) == {
        *(f"audiencekit_activation.{t}" for t in ACTIVATION),
        *(f"audiencekit_reporting.{t}" for t in (*REPORTING, "generation")),
    }
    assert [line.split()[:2] for line in lines if "aud_email" in line] == [
        ["activation.aud_email", "21"]
    ]
    types = dict(
        pg.execute(
            "select column_name, data_type from information_schema.columns "
            "where table_schema like 'audiencekit%'"
        ).fetchall()
    )
    assert types["updated_at"] == "timestamp with time zone"
    assert types["revenue"] == "numeric" and types["cents"] == "bigint"


def test_the_comparison_above_would_notice_one_changed_cell(workspace, pg):
    publish(workspace)
    pg.execute(
        "update audiencekit_activation.aud_email set primary_segment = '' where primary_segment is null"
    )
    pg.execute(
        "update audiencekit_reporting.rpt_segments set share = share + 1e-16 where share < 1"
    )
    assert sorted(differences(workspace, pg)) == ["aud_email", "rpt_segments"]


def test_the_generation_says_which_it_is_and_that_people_are_simulated(workspace, pg):
    publish(workspace)
    row = pg.execute(
        "select build_id, as_of, published_at, commit, note from audiencekit_reporting.generation"
    ).fetchall()
    assert cells(row) == cells([(build(1), datetime(2018, 1, 1), NOW, "abc+", NOTE)])
    comments = pg.execute(
        "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname like 'audiencekit%'"
    ).fetchall()
    assert len(comments) == 2 and all(NOTE in comment for (comment,) in comments)


def test_keys_are_primary_keys_and_dbt_s_words_are_comments(workspace, pg):
    (workspace.home / "target").mkdir()
    columns = {"email": {"description": "Their address", "config": {"meta": {"pii": True}}}}
    node = {"resource_type": "model", "name": "aud_email", "description": "Walled.\n"}
    (workspace.home / "target" / "manifest.json").write_text(
        json.dumps({"nodes": {"m": node | {"columns": columns}}})
    )
    publish(workspace)
    assert keys(pg) == {"aud_email": "audience_row_id", "audience_changes": "change_seq"}
    comments = pg.execute(
        "select obj_description(oid, 'pg_class'), col_description(oid, 3) from pg_class where relname = 'aud_email'"
    ).fetchone()
    assert comments == ("Walled.", "Their address (personal data)")
    email = ACTIVATION["aud_email"].replace("'simulated' || i || '@example.org'", "i")
    write_generation(workspace, 2, but={"activation": {"aud_email": email}})
    publish(workspace)
    column = pg.execute(
        "select format_type(atttypid, atttypmod), col_description(attrelid, attnum) from pg_attribute "
        "where attrelid = 'audiencekit_activation.aud_email'::regclass and attname = 'email'"
    ).fetchone()
    assert column == ("bigint", "Their address (personal data)")


def test_readers_are_never_blocked_and_see_one_generation(workspace, url, pg):
    """One reader asks anew each time, one holds a snapshot since before; both while we write."""
    publish(workspace)
    write_generation(workspace, 2)
    with psycopg.connect(url, options="-c statement_timeout=2s") as patient:
        patient.execute("set transaction isolation level repeatable read")
        assert held(patient) == {build(1)}
        seen: list[set[str]] = []
        lines = publish(workspace, say=lambda line: seen.append(held(pg)))
        assert lines == [] and len(seen) == 5
        assert seen == [{build(1)}] * 5, "what others see before the commit"
        assert held(pg) == {build(2)}, "what others see after it"
        assert held(patient) == {build(1)}, "what a long transaction sees after it"


def test_publishing_waits_for_no_reader(workspace, url):
    publish(workspace)
    write_generation(workspace, 2)
    with psycopg.connect(url) as reader:
        assert held(reader) == {build(1)}
        publish(workspace)
        assert held(reader) == {build(2)}


def test_killed_at_any_moment_one_whole_generation_stays(workspace, pg):
    """kill -9 at a random moment after each table, and after the commit. KILLED_PUBLISHES=30 for more."""
    publish(workspace)
    for number in (2, 3):
        write_generation(workspace, number, rows=8_000)
    chance = random.Random(2018)
    before = after = 0
    for kill in range(int(os.environ.get("KILLED_PUBLISHES", "6"))):
        (standing,) = held(pg)
        new = 3 if standing == build(2) else 2
        _switch(workspace.current, workspace.generations / build(new))
        process = subprocess.Popen(
            [sys.executable, "-m", "audiencekit.cli", "publish", "--to", "postgres", "--force"],
            env=os.environ | {"AUDIENCEKIT_HOME": str(workspace.home), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(1 + kill % 6):  # a line for each of five tables, and one after the commit
            process.stdout.readline()
        time.sleep(chance.uniform(0, 0.05))
        process.kill()
        process.wait()
        process.stdout.close()
        assert held(pg) in ({standing}, {build(new)}), f"kill {kill}"
        if held(pg) == {build(new)}:
            after += 1
        else:
            before += 1
    print(f"\n{before} publishes killed before the commit, {after} after it; whole every time")
    assert before and after
    publish(workspace, force=True)
    assert differences(workspace, pg) == []


def test_a_failure_half_way_leaves_the_old_generation(workspace, pg):
    publish(workspace)
    write_generation(workspace, 2)

    def break_off(line: str) -> None:
        if "rpt_segments" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(workspace, say=break_off)
    assert held(pg) == {build(1)}


def test_a_lost_connection_is_reported_and_leaves_the_old_generation(workspace, pg):
    publish(workspace)
    write_generation(workspace, 2)

    def hang_up(line: str) -> None:
        pg.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'audiencekit'"
        )

    with pytest.raises(UserError, match=r"terminating connection|connection was lost"):
        publish(workspace, say=hang_up)
    assert held(pg) == {build(1)}


def test_a_locked_table_is_named_and_leaves_the_old_generation(workspace, url, pg, monkeypatch):
    publish(workspace)
    write_generation(workspace, 2)
    monkeypatch.setenv("PGOPTIONS", "-c lock_timeout=200ms")
    with psycopg.connect(url) as other:
        other.execute("lock table audiencekit_reporting.rpt_segments in exclusive mode")
        with pytest.raises(
            UserError, match=r"reporting\.rpt_segments: another session holds a lock"
        ):
            publish(workspace)
    assert held(pg) == {build(1)}


def test_a_second_publish_waits_its_turn_and_gives_up(workspace, url, monkeypatch):
    monkeypatch.setenv("PGOPTIONS", "-c lock_timeout=200ms")
    with psycopg.connect(url) as other:
        other.execute(
            "select pg_advisory_xact_lock(hashtext('audiencekit'), hashtext('audiencekit'))"
        )
        with pytest.raises(UserError, match="Another publish is under way"):
            publish(workspace)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "select 1 as change_seq, 'ann@example.org' || chr(0) as email",
            "cannot hold a value at line 1",
        ),
        ("select 'ann@example.org' as audience_row_id from range(2)", "duplicate key"),
        ("select timestamp 'infinity' as at", "cannot hold a value"),
        ("select date '0044-03-15 (BC)' as day", "cannot hold a value"),
        ("select 1 as change_seq, [1] as numbers", r"numbers is INTEGER\[\]"),
    ],
)
def test_what_cannot_be_stored_is_named_without_its_value(workspace, pg, query, message):
    publish(workspace)
    write_generation(workspace, 2, but={"activation": {"zz_odd": query}})
    with pytest.raises(UserError, match=message) as refused:
        publish(workspace)
    assert "zz_odd" in str(refused.value) and "ann@" not in str(refused.value)
    assert held(pg) == {build(1)}


def test_views_of_users_live_on_and_see_the_new_rows(workspace, pg):
    publish(workspace)
    pg.execute("create view wanted as select * from audiencekit_activation.aud_email")
    pg.execute(
        "create materialized view revenue as select mark from audiencekit_reporting.rpt_revenue"
    )
    write_generation(workspace, 2)
    assert not any("column" in line for line in publish(workspace))
    assert pg.execute("select count(*), min(build_id) from wanted").fetchone() == (22, build(2))
    pg.execute("refresh materialized view revenue")
    assert pg.execute("select distinct mark from revenue").fetchall() == [(build(2),)]


def test_columns_come_go_and_change_type_in_one_line_each(workspace, pg):
    publish(workspace)
    pg.execute(
        "create view wanted as select mark, segment_code from audiencekit_reporting.rpt_segments"
    )
    query = "select i as share, 's' || i as segment_code, '{mark}' as mark, true as is_new from range(3) as t(i)"
    write_generation(
        workspace,
        2,
        but={"reporting": {"rpt_segments": query, "rpt_revenue": "select '{mark}' as mark"}},
    )
    lines = publish(workspace)
    changes = {line.split()[0]: line.split("rows")[1].strip() for line in lines}
    assert changes["reporting.rpt_segments"] == (
        "column share is now bigint (was double precision), column is_new added"
    )
    assert changes["reporting.rpt_revenue"] == (
        "column month_on dropped, column revenue dropped, column cents dropped"
    )
    assert changes["activation.aud_email"] == ""
    assert [*changes][-2:] == ["reporting.rpt_revenue", "reporting.rpt_segments"], (
        "what locks comes last"
    )
    assert differences(workspace, pg) == []
    assert pg.execute("select count(*) from wanted").fetchone() == (3,)


def test_a_key_of_another_type_or_name_is_still_a_key(workspace, pg):
    publish(workspace)
    query = "select 'c' || i as change_seq, '{mark}' as build_id from range(3) as t(i)"
    write_generation(workspace, 2, but={"activation": {"audience_changes": query}})
    publish(workspace)
    assert keys(pg)["audience_changes"] == "change_seq"
    renamed = query.replace("change_seq", "audience_row_id")
    write_generation(workspace, 3, but={"activation": {"audience_changes": renamed}})
    assert any("key is now audience_row_id" in line for line in publish(workspace))
    assert keys(pg)["audience_changes"] == "audience_row_id"
    assert differences(workspace, pg) == []


@pytest.mark.parametrize(
    "change",
    [
        {
            "rpt_segments": "select i as share, 's' as segment_code, '{mark}' as mark from range(3) as t(i)"
        },
        {"rpt_segments": "select 's' as segment_code, '{mark}' as mark"},
        {"rpt_segments": None},
    ],
    ids=["another type", "column gone", "table gone"],
)
def test_a_view_in_the_way_is_named_and_nothing_is_written(workspace, pg, change):
    publish(workspace)
    pg.execute("create view big_shares as select share from audiencekit_reporting.rpt_segments")
    write_generation(workspace, 2, but={"reporting": change})
    with pytest.raises(
        UserError, match=r"rpt_segments: .*view big_shares depends on.*Nothing was written"
    ):
        publish(workspace)
    assert held(pg) == {build(1)}


def test_a_table_that_is_gone_is_dropped_and_what_is_not_ours_stays(workspace, pg):
    publish(workspace)
    pg.execute("create table audiencekit_reporting.my_notes as select 'mine' as mark")
    write_generation(workspace, 2, but={"reporting": {"rpt_segments": None}})
    assert any("rpt_segments" in line and "dropped" in line for line in publish(workspace))
    assert "audiencekit_reporting.rpt_segments" not in tables(pg)
    assert held(pg) == {build(2), "mine"}
    write_generation(workspace, 3, but={"reporting": {"my_notes": "select '{mark}' as mark"}})
    with pytest.raises(
        UserError, match="my_notes is there already and is not a table of audiencekit"
    ):
        publish(workspace)
    assert held(pg) == {build(2), "mine"}


def test_a_schema_that_others_use_is_not_taken_over(workspace, pg):
    pg.execute("create schema audiencekit_reporting")
    pg.execute("create table audiencekit_reporting.generation as select 'theirs' as build_id")
    with pytest.raises(UserError, match="generation is there already"):
        publish(workspace)
    assert held(pg) == {"theirs"}
    publish(workspace, prefix="marketing")
    assert pg.execute("select count(*) from marketing_activation.aud_email").fetchone() == (21,)


def row_versions(pg: psycopg.Connection) -> list[tuple]:
    """Where every row lies and which transaction wrote it."""
    return [
        row
        for table in sorted(tables(pg))
        for row in pg.execute(f"select ctid::text, xmin::text from {table}").fetchall()
    ]


def test_a_generation_that_is_there_is_not_written_again(workspace, pg):
    publish(workspace)
    before = row_versions(pg)
    assert publish(workspace) == []
    assert row_versions(pg) == before
    assert len(publish(workspace, force=True)) == 5
    assert row_versions(pg) != before


def test_an_older_generation_is_refused_unless_forced(workspace, pg):
    write_generation(workspace, 2)
    publish(workspace)
    _switch(workspace.current, workspace.generations / build(1))
    with pytest.raises(UserError, match=r"newer than .* say --force"):
        publish(workspace)
    assert held(pg) == {build(2)}
    publish(workspace, force=True)
    assert held(pg) == {build(1)}
    assert differences(workspace, pg) == []


def test_a_damaged_generation_is_not_published(workspace, pg):
    with duckdb.connect(str(workspace.current / "activation.duckdb")) as con:
        con.execute("delete from aud_email where subscribed")
    with pytest.raises(UserError, match="is damaged: rows of aud_email"):
        publish(workspace)
    assert tables(pg) == set()


def test_only_named_roles_may_read_and_each_its_own_wall(workspace, pg):
    pg.execute("drop role if exists bi")
    pg.execute("drop role if exists sender")
    pg.execute("create role bi")
    pg.execute("create role sender")

    def may_read() -> set[tuple[str, str]]:
        return set(
            pg.execute(
                "select r, split_part(t, '.', 1) from unnest(array['bi', 'sender']) as r, unnest(%s::text[]) as t "
                "where has_schema_privilege(r, split_part(t, '.', 1), 'usage') and has_table_privilege(r, t, 'select')",
                [list(tables(pg))],
            ).fetchall()
        )

    publish(workspace)
    assert may_read() == set()
    publish(workspace, grants={"activation": ["sender"], "reporting": ["bi"]})
    assert may_read() == {("bi", "audiencekit_reporting"), ("sender", "audiencekit_activation")}
    with pytest.raises(
        UserError, match='Granting audiencekit_reporting: role "nobody" does not exist'
    ):
        publish(workspace, grants={"reporting": ["nobody"]})
    write_generation(workspace, 2)
    publish(workspace)
    assert may_read() == {("bi", "audiencekit_reporting"), ("sender", "audiencekit_activation")}
    pg.execute("drop owned by bi, sender")


ODD_TEXT = [
    "",
    "NULL",
    "\\.",
    "\\N",
    '"',
    '""',
    "a,b",
    "a\r\nb\n\\.\n",
    "\t",
    " ",
    "🦉",
    "\u2028",
    "'",
]
ROW = st.tuples(
    st.none()
    | st.sampled_from(ODD_TEXT)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    st.none() | st.floats(),
    st.none() | st.datetimes(),
    st.none() | st.dates(),
    st.none() | st.booleans(),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none()
    | st.decimals(
        allow_nan=False, allow_infinity=False, places=9, min_value=-(10**20), max_value=10**20
    ),
)
SCHEMA = pa.schema(
    {
        "words": pa.string(),
        "amount": pa.float64(),
        "moment": pa.timestamp("us"),
        "day": pa.date32(),
        "flag": pa.bool_(),
        "n": pa.int64(),
        "exact": pa.decimal128(38, 9),
    }
)


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(ROW, min_size=1, max_size=60))
def test_odd_values_come_back_to_the_bit(tmp_path_factory, pg, rows):
    workspace = Workspace(tmp_path_factory.mktemp("odd"))
    file = workspace.home / "odd.parquet"
    arrays = [
        pa.array(column, kind)
        for column, kind in zip(zip(*rows, strict=True), SCHEMA.types, strict=True)
    ]
    pyarrow.parquet.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA), file)
    others = {name: dict.fromkeys(tables) for name, tables in WHOLE.items()}
    others["reporting"]["rpt_odd"] = f"select * from '{file}'"
    write_generation(workspace, but=others)
    publish(workspace, force=True)
    assert differences(workspace, pg) == []


@pytest.fixture(scope="session")
def doorkeeper(server) -> str:
    """A role that must show its password, whatever the server trusts otherwise."""
    with psycopg.connect(server.get_uri(), autocommit=True) as con:
        con.execute("create role knocker login password 'right-one'")
        rules = server.pgdata / "pg_hba.conf"
        rules.write_text("local all knocker scram-sha-256\n" + rules.read_text())
        con.execute("select pg_reload_conf()")
    return "knocker"


SECRET = "hush-hush"
WRONG = {
    "nothing is set": ({}, "No PostgreSQL server is named. Set AUDIENCEKIT_POSTGRES_URL"),
    "nobody listens": (
        {"AUDIENCEKIT_POSTGRES_URL": f"postgresql://u:{SECRET}@127.0.0.1:1/db"},
        "Connection refused",
    ),
    "wrong password": (
        {"PGHOST": "{socket}", "PGUSER": "knocker", "PGDATABASE": "postgres", "PGPASSWORD": SECRET},
        "password authentication failed",
    ),
    "no such database": (
        {"AUDIENCEKIT_POSTGRES_URL": f"postgresql://postgres:{SECRET}@/nowhere?host={{socket}}"},
        'database "nowhere" does not exist',
    ),
    **{
        f"a bare sign in the password: {sign}": (
            {"AUDIENCEKIT_POSTGRES_URL": f"postgresql://u:7{sign}{SECRET}@127.0.0.1:1/db"},
            "AUDIENCEKIT_POSTGRES_URL cannot be read",
        )
        for sign in "@/%"
    },
    "no host": (
        {"AUDIENCEKIT_POSTGRES_URL": f"postgresql://u:{SECRET}/db"},
        "cannot be read",
    ),
    "words": ({"AUDIENCEKIT_POSTGRES_URL": f"u {SECRET}"}, "cannot be read"),
}


@pytest.mark.parametrize(("environment", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_connection_ends_in_one_clear_error_without_the_password(
    workspace, server, doorkeeper, monkeypatch, environment, message
):
    for name in [name for name in os.environ if name.startswith(("PG", "AUDIENCEKIT_POSTGRES"))]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        socket = str(server.get_postmaster_info().socket_dir)
        monkeypatch.setenv(name, value.replace("{socket}", socket))
    with pytest.raises(UserError, match=message) as refused:
        publish(workspace)
    assert SECRET not in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def command(home: Path, *options: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "audiencekit.cli", "publish", "--to", "postgres", *options],
        env=os.environ | {"AUDIENCEKIT_HOME": str(home)},
        capture_output=True,
        text=True,
    )


def test_the_command_says_tables_rows_seconds_and_where(workspace, url, tmp_path):
    first = command(workspace.home)
    assert first.returncode == 0, first.stderr
    *lines, last = first.stdout.splitlines()
    assert len(lines) == 5
    assert last.startswith(f"Published {build(1)}: 85 rows in ")
    assert "schemas audiencekit_activation, audiencekit_reporting" in last
    again = command(workspace.home)
    assert again.stdout.startswith(f"{build(1)} is there already: nothing was written")
    nothing = command(tmp_path / "empty")
    assert nothing.returncode == 1 and "Nothing is published" in nothing.stderr
