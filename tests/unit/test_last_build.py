"""What the gates expect of a landing when a source has deleted people who ask for their erasure."""

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from audiencekit.errors import UserError
from audiencekit.intake.gates import Gates
from audiencekit.intake.job import run_intake
from audiencekit.intake.last_build import keep_tables
from audiencekit.intake.parts import write_table
from audiencekit.sql import rows_of
from audiencekit.workspace import Workspace

ORDERS = "order_id,ordered_at,total,email\n"
CONSENT = "consent_event_id,id_type,id_value,purpose,status,decided_at\n"
REQUESTS = "request_id,id_type,id_value,requested_at\n"
ANN = "1,2017-01-01,5,Ann <ann@example.com>\n2,2017-01-02,5,a@example.com\n3,2017-01-03,5,ann+x@example.com\n"
BO = "4,2017-01-04,5,bo@example.com\n"
ANN_AGREES = "c1,contact_id,17,email_marketing,granted,2017-01-01\n"
BO_REFUSES = "c2,email,bo@example.com,email_marketing,denied,2017-01-01\n"
ANN_ASKS = "r1,email,ann@example.com,2017-06-01\n"
FULL = {"orders": ORDERS + ANN + BO, "consent_events": CONSENT + ANN_AGREES + BO_REFUSES}


def take_in(home: Path, last: dict[str, int], **tables: str) -> dict[str, int]:
    """The rows that an intake keeps, by table, if no gate stops it."""
    landing = home / "landing"
    landing.mkdir(parents=True, exist_ok=True)
    for file in landing.glob("*.csv"):
        file.unlink()
    for name, text in tables.items():
        (landing / f"{name}.csv").write_text(text)
    taken = run_intake(
        landing,
        Workspace(home),
        datetime(2018, 1, 1),
        Gates(last_time=last),
        say=lambda _: None,
    )
    return {table.table_name: table.rows_kept for table in taken if table.is_present}


@pytest.fixture
def published(tmp_path) -> dict[str, int]:
    """The rows of a build that was published. It knows Ann by a contact id and two addresses."""
    rows = take_in(tmp_path, {}, **FULL)
    workspace = Workspace(tmp_path)
    keep_tables(workspace)
    with duckdb.connect(str(workspace.warehouse)) as con:
        con.execute("""
            create schema identity;
            create table identity.int_identifier_records as from (
                values ('email', 'ann@example.com', 'o1'), ('email', 'a@example.com', 'o2'),
                ('contact_id', '17', 'c'), ('email', 'bo@example.com', 'o4')
            ) as t (id_type, raw_value, record_id);
            create table identity.int_record_customers as from (
                values ('o1', 'ann'), ('o2', 'ann'), ('c', 'ann'), ('o4', 'bo')
            ) as t (record_id, customer_key);
            create table identity.int_identifier_keys as from (
                values ('email', 'ann@example.com', 'ann'), ('email', 'a@example.com', 'ann'),
                ('contact_id', '17', 'ann'), ('email', 'bo@example.com', 'bo')
            ) as t (id_type, id_value, customer_key);
        """)
    return rows


def test_a_source_may_delete_people_with_the_request_itself(tmp_path, published):
    now = {"orders": ORDERS + BO, "consent_events": CONSENT + BO_REFUSES}
    rows = take_in(tmp_path, published, **now, erasure_requests=REQUESTS + ANN_ASKS)
    assert rows == {"orders": 1, "consent_events": 1, "erasure_requests": 1}


def test_a_source_may_keep_people_who_ask(tmp_path, published):
    assert take_in(tmp_path, published, **FULL, erasure_requests=REQUESTS + ANN_ASKS) == {
        "orders": 4,
        "consent_events": 2,
        "erasure_requests": 1,
    }


def test_a_table_of_one_person_may_be_empty_after_them(tmp_path, published):
    of_ann = (
        f"from {rows_of(tmp_path / 'intake/last/consent_events.parquet')} where id_value = '17'"
    )
    with duckdb.connect() as con:
        write_table(con, of_ann, tmp_path / "intake/last/consent_events.parquet")
    now = {"orders": ORDERS + BO, "consent_events": CONSENT}
    last = published | {"consent_events": 1}
    rows = take_in(tmp_path, last, **now, erasure_requests=REQUESTS + ANN_ASKS)
    assert rows["consent_events"] == 0


@pytest.mark.parametrize(
    ("now", "requests", "problem"),
    [
        ({"orders": ORDERS + BO}, "", "orders: 1 usable rows, the last published build had 4"),
        ({"consent_events": CONSENT + ANN_AGREES}, ANN_ASKS, "consent_events only ever grows"),
        ({"consent_events": CONSENT + BO_REFUSES}, "", "consent_events only ever grows"),
        ({"consent_events": CONSENT}, ANN_ASKS, "a header and no rows"),
    ],
)
def test_rows_of_others_must_still_be_there(tmp_path, published, now, requests, problem):
    tables = FULL | now
    if requests:
        tables["erasure_requests"] = REQUESTS + requests
    with pytest.raises(UserError, match=problem):
        take_in(tmp_path, published, **tables)
