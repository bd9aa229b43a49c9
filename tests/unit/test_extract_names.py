"""What the name of a file says of its rows: people who refused, orders that are no sales."""

from datetime import datetime
from pathlib import Path

import pytest

from audiencekit.errors import UserError
from audiencekit.intake.gates import Gates
from audiencekit.intake.job import run_intake
from audiencekit.workspace import Workspace

ORDERS = "order_id,ordered_at,total\n"
CONTACTS = "contact_id,email\n"


def counts(folder: Path, files: dict[str, str], accept: tuple[str, ...] = ()) -> dict[str, int]:
    """The rows that are kept, by table."""
    files = {"orders.csv": ORDERS + "1,2024-01-01,10\n"} | files
    for name, text in files.items():
        path = folder / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    workspace = Workspace(folder / "home")
    run = run_intake(
        folder / "landing", workspace, datetime(2025, 1, 1), Gates(accept), say=lambda _: None
    )
    return {table.table_name: table.rows_kept for table in run if table.is_present}


@pytest.mark.parametrize(
    "name",
    ["contacts.unsubscribed.csv", "contacts/unsubscribed/2024.csv", "contacts.werbesperre.csv", "contacts.deleted.csv",
     "contacts/status=unsubscribed/part-0.csv", "Contacts.Opt-Outs.csv", "static_lists.do_not_mail.csv"],
)  # fmt: skip
def test_an_extract_whose_name_says_refusals_is_not_read_as_ordinary_people(tmp_path, name):
    rows = "list_code,id_type,id_value\nvip,email,a@b.example\n"
    text = CONTACTS + "1,a@b.example\n" if "ontacts" in name else rows
    with pytest.raises(UserError, match="may hold refusals"):
        counts(tmp_path, {name: text})


def test_refusals_in_a_name_are_read_where_a_column_or_landing_yml_says_what_they_are(tmp_path):
    files = {
        "contacts.unsubscribed.csv": "contact_id,email,unsubscribed\n1,a@b.example,yes\n",
        "contacts.dnc.csv": CONTACTS + "2,c@d.example\n",
        "contacts/email_opt_out=true/part-0.csv": CONTACTS + "3,e@f.example\n",
        "products.cleaned.csv": "sku,name\n1,Tea\n",
        "landing.yml": "files: {contacts.dnc.csv: {table: contacts}}",
    }
    assert counts(tmp_path, files) == {"orders": 1, "products": 1, "contacts": 3}


@pytest.mark.parametrize(
    "word",
    ["refunds", "returns", "cancelled", "drafts", "test", "quotes", "void", "credit_memos", "stornos", "gutschriften",
     "Retouren", "rückgaben", "remboursements", "avoirs", "devoluciones", "abonos", "resi", "estornos", "pro-forma"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["orders.{}.csv", "orders/{}/2024.csv"])
def test_an_extract_whose_name_says_that_it_holds_no_sales_stops_the_run(tmp_path, word, name):
    with pytest.raises(UserError, match="its name says that its rows are no sales"):
        counts(tmp_path, {name.format(word): ORDERS + "2,2024-01-01,10\n3,2024-01-01,-10\n"})


def test_lines_of_returns_with_positive_amounts_stop_the_run(tmp_path):
    lines = "order_id,line_number,quantity,amount\n1,1,1,10\n"
    with pytest.raises(UserError, match=r"order_lines\.returns\.csv: .* no sales \(returns\)"):
        counts(tmp_path, {"order_lines.returns.csv": lines})


def test_returns_in_a_name_are_read_where_they_are_what_the_contract_wants(tmp_path):
    files = {
        "orders.refunds.csv": ORDERS + "r1,2024-01-01,-10\nr2,2024-01-01,-5\n",
        "orders.cancelled.csv": "order_id,ordered_at,total,status\n2,2024-01-01,10,cancelled\n",
        "orders.test.csv": ORDERS + "3,2024-01-01,10\n",
        "orders/status=returned/a.csv": ORDERS + "4,2024-01-01,10\n",
        "orders/test=false/a.csv": ORDERS + "5,2024-01-01,10\n",
        "orders.without_returns.csv": ORDERS + "6,2024-01-01,10\n",
        "orders.latest.csv": ORDERS + "7,2024-01-01,10\n",
        "orders.returning_customers.csv": ORDERS + "8,2024-01-01,10\n",
        "orders.stornoway.csv": ORDERS + "9,2024-01-01,10\n",
        "orders.drafts.csv": ORDERS,
        "landing.yml": "files: {orders.test.csv: {table: orders}}",
    }
    assert counts(tmp_path, files) == {"orders": 11}


def test_the_name_of_an_extract_does_not_count_where_its_table_is_accepted(tmp_path):
    rows = {"orders.returns.csv": ORDERS + "2,2024-01-01,10\n"}
    assert counts(tmp_path, rows, ("orders",)) == {"orders": 2}


@pytest.mark.parametrize(
    "name", ["refunds.csv", "Retouren.csv", "credit_memos.txt", "shop/order_refunds.2024.csv", "orders_returns.ods"]
)  # fmt: skip
def test_a_file_of_returns_that_is_not_read_stops_the_run(tmp_path, name):
    with pytest.raises(UserError, match="may hold returns, and is not read"):
        counts(tmp_path, {name: "order,amount\n1,10\n"})


def test_a_document_about_returns_is_passed_over(tmp_path):
    assert counts(tmp_path, {"returns.pdf": "x", "refunds.old.csv": "x"}) == {"orders": 1}
