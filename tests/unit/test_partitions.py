"""Folders that are columns, as Hive and Spark write them, and folders of lakehouse tables."""

from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audiencekit.errors import UserError
from audiencekit.intake.gates import Gates
from audiencekit.intake.job import run_intake
from audiencekit.intake.partitions import partitions_of
from audiencekit.sql import rows_of
from audiencekit.workspace import Workspace

ORDERS = "order_id,ordered_at,total\n"


def taken(
    folder: Path, files: dict[str, str | pa.Table], columns: str, table: str = "orders"
) -> list[tuple]:
    """These columns of the rows of a table that are kept."""
    for name, content in files.items():
        path = folder / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, pa.Table):
            pq.write_table(content, path)
        else:
            path.write_text(content)
    workspace = Workspace(folder / "home")
    gates = Gates(["orders"] if table == "orders" else [])
    run_intake(folder / "landing", workspace, datetime(2025, 1, 1), gates, say=lambda _: None)
    rows = rows_of(workspace.intake / f"{table}.parquet")
    return duckdb.execute(f"select {columns} from {rows} order by all").fetchall()


def test_a_folder_is_a_column_of_every_row_below_it(tmp_path):
    order = pa.table({"order_id": ["b"], "ordered_at": ["2024-05-01"], "total": [5.0]})
    files = {
        "orders/currency=EUR/order_channel=web/a.csv": ORDERS + "a,2024-05-01,10\n,,\n\n",
        "orders/currency=JPY/part-0.parquet": order,
        "orders/currency=__HIVE_DEFAULT_PARTITION__/c.csv": ORDERS + "c,2024-05-01,1\n",
    }
    assert taken(tmp_path, files, "order_id, currency, order_channel") == [
        ("a", "EUR", "web"),
        ("b", "JPY", None),
        ("c", None, None),
    ]


def test_a_folder_has_a_required_column_and_its_value_is_decoded(tmp_path):
    text = "order_id,total\na,10\n"
    files = {"orders/order_date=2024-01-01 10%3A30%3A00/a.csv": text}
    assert taken(tmp_path, files, "ordered_at") == [(datetime(2024, 1, 1, 10, 30),)]
    assert partitions_of("orders/a%20b=c%3Dd=e+f/=x/plain/f=1.csv") == {"a b": "c=d=e+f"}


def test_a_refusal_in_the_name_of_a_folder_is_one(tmp_path):
    files = {
        "orders.csv": ORDERS + "a,2024-05-01,10\n",
        "contacts/email_opt_out=true/a.parquet": pa.table({"contact_id": ["1"], "email": ["a@b.c"]}),
        "contacts/email_opt_out=false/a.parquet": pa.table({"contact_id": ["2"], "email": ["d@b.c"]}),
    }  # fmt: skip
    found = taken(tmp_path, files, "contact_id, email_opt_out", "contacts")
    assert found == [("1", True), ("2", False)]


def test_a_folder_that_may_hold_refusals_stops_the_run_as_a_column_would(tmp_path):
    files = {
        "orders.csv": ORDERS + "a,2024-05-01,10\n",
        "contacts/gdpr_state=x/a.csv": "contact_id,email\n1,a@b.c\n",
    }
    with pytest.raises(UserError, match="the column gdpr_state may hold refusals and is not read"):
        taken(tmp_path, files, "contact_id", "contacts")


def test_a_column_of_the_file_comes_before_a_folder_of_its_name_or_its_meaning(tmp_path):
    files = {
        "orders/order_id=7/order_date=2023-01-01/a.csv": ORDERS + "a,2024-05-01,10\n",
    }
    assert taken(tmp_path, files, "order_id, ordered_at") == [("a", datetime(2024, 5, 1))]


def test_folders_that_say_when_do_not_change_what_a_consent_means(tmp_path):
    header = "consent_event_id,id_type,id_value,purpose,status,decided_at\n"
    row = "email,a@b.example,newsletter,granted,2024-05-01 10:00:00\n"
    files = {
        "orders.csv": ORDERS + "a,2024-05-01,10\n",
        "consent_events/year=2024/month=05/a.csv": f"{header}1,{row}",
        "consent_events/dt=2024-06-01/a.csv": f"{header}2,{row}",
        "consent_events/load_date=2024-07-01/a.csv": f"{header}3,{row}",
    }
    found = taken(tmp_path, files, "consent_event_id", "consent_events")
    assert found == [("1",), ("2",), ("3",)]


def test_rows_are_numbered_and_left_out_in_a_file_below_such_a_folder(tmp_path):
    files = {
        "orders/kind=test/a.csv": ORDERS + "a,2024-05-01,10\n",
        "orders/kind=live/a.csv": ORDERS
        + "b,2024-05-01,10\n\norder_id,ordered_at,total\nc,never,1\n",
        "landing.yml": "files: {orders*: {leave_out: {kind: [test]}}}",
    }
    assert taken(tmp_path, files, "order_id") == [("b",)]
    quarantine = tmp_path / "home" / "intake" / "quarantine.parquet"
    found = duckdb.execute(f"select row_number, left(reasons, 15) from {rows_of(quarantine)}")
    assert found.fetchall() == [(4, "row: repeats th"), (5, "ordered_at: not")]


def test_an_adapter_reads_the_columns_of_folders(tmp_path):
    header = "id,Description,Email,Created (UTC),Address Country"
    files = {
        "orders.csv": ORDERS + "a,2024-05-01,10\n",
        "stripe/Delinquent=false/a.csv": f"{header}\n1,x,a@b.c,2024-05-01 10:00:00,US\n",
    }
    assert taken(tmp_path, files, "account_id, email", "accounts") == [("1", "a@b.c")]


@pytest.mark.parametrize(
    ("log", "system"),
    [("_delta_log/0.json", "Delta Lake"), (".hoodie/x", "Hudi"), ("metadata/v1.metadata.json", "Iceberg")],
)  # fmt: skip
def test_the_folder_of_a_lakehouse_table_is_not_read_file_by_file(tmp_path, log, system):
    files = {"orders.csv": ORDERS, "contacts/a.csv": "contact_id\n1\n", f"contacts/{log}": "{}"}
    with pytest.raises(UserError, match=f"contacts: this is a table of {system}, .* plain Parquet"):
        taken(tmp_path, files, "contact_id", "contacts")


def test_a_folder_named_metadata_is_no_lakehouse(tmp_path):
    files = {
        "orders/a.csv": ORDERS + "a,2024-05-01,10\n",
        "orders/metadata/b.csv": ORDERS + "b,2024-05-01,1\n",
    }
    assert taken(tmp_path, files, "order_id") == [("a",), ("b",)]
