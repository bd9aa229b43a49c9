"""Adapters: what each makes of its fixture, and what intake does with files that they read."""

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from audiencekit.errors import UserError
from audiencekit.intake.adapters import FOLDER, load_adapters, recognise
from audiencekit.intake.contract import load_contract
from audiencekit.intake.explain import explain
from audiencekit.intake.gates import Gates
from audiencekit.intake.job import run_intake
from audiencekit.intake.landing_settings import read_settings
from audiencekit.intake.shop import read_shop
from audiencekit.sql import rows_of
from audiencekit.workspace import Workspace

ADAPTERS = sorted(load_adapters())
ORDERS = "order_id,ordered_at,total\n1,2024-01-01,5\n"
SHOPIFY = FOLDER / "shopify_orders" / "fixture" / "orders_export_1.csv"


def take(folder: Path, *fixtures: str, accept: tuple[str, ...] = (), **files: str) -> Path:
    """Take in the fixtures of adapters, and further files; an order, where nothing else makes one."""
    landing = folder / "landing"
    landing.mkdir(exist_ok=True)
    for fixture in fixtures:
        for path in (FOLDER / fixture / "fixture").iterdir():
            (landing / path.name).write_bytes(path.read_bytes())
    for name, text in files.items():
        (landing / name.replace("__", ".")).write_text(text)
    if not any("orders" in load_adapters()[name].outputs for name in fixtures) and not files:
        (landing / "orders.csv").write_text(ORDERS)
    given = read_settings(landing).shop
    gates = Gates(accept, shop=read_shop(given.currency, given.time_zone))
    run_intake(landing, Workspace(folder / "home"), datetime(2025, 1, 1), gates, _quiet)
    return folder / "home" / "intake"


def _quiet(_: str) -> None:
    pass


def rows(intake: Path, table: str, columns: str) -> list[tuple]:
    query = f"select {columns} from {rows_of(intake / f'{table}.parquet')} order by all"
    return duckdb.execute(query).fetchall()


@pytest.mark.parametrize("name", ADAPTERS)
def test_every_adapter_is_complete(name):
    adapter, contract = load_adapters()[name], load_contract()
    assert set(adapter.outputs) <= set(contract) and adapter.outputs
    assert (FOLDER / name / "README.md").read_text().startswith("# ")
    for table in adapter.inputs.values():
        required = [column for column in table.columns if column.required]
        assert len(required) >= 3 or len(required) == len(table.columns) == 2


@pytest.mark.parametrize("name", ADAPTERS)
def test_every_fixture_is_recognised_and_every_column_of_it_is_read_or_harmless(tmp_path, name):
    landing = tmp_path / "landing"
    landing.mkdir()
    files = sorted((FOLDER / name / "fixture").iterdir())
    for path in files:
        (landing / path.name).write_bytes(path.read_bytes())
    lines = list(explain(landing))
    read = [line for line in lines if f"read by adapters/{name} as" in line]
    assert len(read) == len([path for path in files if path.name != "landing.yml"])
    assert not [line for line in lines if "stops the run" in line]


@pytest.mark.parametrize("name", ADAPTERS)
def test_every_column_that_an_adapter_makes_is_one_of_its_table(tmp_path, name):
    intake = take(tmp_path, name)
    for table in load_adapters()[name].outputs:
        assert rows(intake, table, "count(*)") != [(0,)], table
    made = duckdb.execute(
        f"select distinct table_name, ignored_columns from {rows_of(intake / 'tables.parquet')} where ignored_columns <> ''"
    ).fetchall()
    assert made == []


def test_shopify_orders_come_with_their_refunds(tmp_path):
    intake = take(tmp_path, "shopify_orders")
    assert rows(intake, "orders", "order_id, ordered_at, total, status, original_order_id") == [
        ("#1001", datetime(2024, 3, 1, 14), 33, "paid", None),
        ("#1002", datetime(2024, 3, 2, 15), 50, "paid", None),
        ("#1002 refund", datetime(2024, 3, 2, 15), -20, "returned", "#1002"),
        ("#1003", datetime(2024, 3, 3, 15), 10, "cancelled", None),
        ("#1004", datetime(2024, 3, 4, 15), 10, "pending", None),
        ("#1005", datetime(2024, 3, 5, 15), 10, "paid", None),
        ("#1005 refund", datetime(2024, 3, 5, 15), -10, "returned", "#1005"),
    ]
    assert ("#1001", "web", True, "+1 617 555 0100", "USD", "ada@example.com") in rows(
        intake, "orders", "order_id, order_channel, email_opt_in, phone, currency, email"
    )
    assert rows(intake, "order_lines", "order_id, line_number, product_id, quantity, amount")[
        :3
    ] == [
        ("#1001", 1, "TEA-1", 1, 10),
        ("#1001", 2, "CUP-1", 2, 20),
        ("#1002", 1, "TEA-1", 5, 50),
    ]
    paid_by_the_gateway_for_tests = "#1007"
    assert (paid_by_the_gateway_for_tests,) not in rows(intake, "order_lines", "order_id")
    assert rows(intake, "products", "product_id, product_name, brand") == [
        ("CUP-1", "Cup", "Tea House"),
        ("Cup", "Cup", "Tea House"),
        ("TEA-1", "Green tea", "Tea House"),
    ]


def test_a_row_that_cannot_be_read_is_named_by_its_row_in_the_file(tmp_path):
    intake = take(tmp_path, "shopify_orders")
    assert rows(intake, "quarantine", "file_name, row_number, reasons") == [
        ("orders_export_1.csv", 8, "total: not a number (write 1234.50)")
    ]


def test_shopify_customers_are_logins_with_decisions(tmp_path):
    intake = take(tmp_path, "shopify_customers")
    assert rows(
        intake,
        "accounts",
        "account_id, email, phone, postal_code, region, email_opt_in, sms_opt_in",
    ) == [
        ("7001", "ada@example.com", "+16175550100", "02138", "MA", True, False),
        ("7002", "bo@example.com", "+15125550101", "73301", "TX", False, False),
    ]


def test_the_settings_of_a_file_count_for_what_an_adapter_makes_of_it(tmp_path):
    text = SHOPIFY.read_text()
    intake = take(
        tmp_path,
        eu_orders__csv=text,
        us_orders__csv=text.replace(" -0500", ""),
        landing__yml="files:\n  eu*: {source: eu, leave_out: {Name: '#1002'}}\n"
        "  us*: {source: us, time_zone: America/New_York}\n",
    )
    assert rows(intake, "orders", "order_id, ordered_at, total, original_order_id")[:2] == [
        ("eu:#1001", datetime(2024, 3, 1, 14), 33, None),
        ("eu:#1003", datetime(2024, 3, 3, 15), 10, None),
    ]
    assert rows(intake, "orders", "order_id, ordered_at, total, original_order_id")[-1] == (
        *("us:#1005 refund", datetime(2024, 3, 5, 15)),
        *(-10, "us:#1005"),
    )


def test_values_mean_what_landing_yml_says_in_the_tables_that_have_the_column(tmp_path):
    settings = "files: {'*': {values: {status: {paid: cancelled}}}}"
    intake = take(tmp_path, orders__csv=SHOPIFY.read_text(), landing__yml=settings)
    statuses = {status for (status,) in rows(intake, "orders", "status")}
    assert "cancelled" in statuses
    assert "paid" not in statuses


def test_of_two_exports_the_one_with_the_later_date_in_its_name_wins(tmp_path):
    text = SHOPIFY.read_text()
    intake = take(
        tmp_path,
        **{
            "shop 2024-04-01__csv": text,
            "shop 2024-04-02__csv": text.replace("dee@example.com,pending", "dee@example.com,paid"),
        },
    )
    found = set(rows(intake, "orders", "order_id, status"))
    assert ("#1004", "paid") in found and ("#1004", "pending") not in found
    assert len(found) == 7


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("Lineitem discount,", "Unsubscribed,"), "the column Unsubscribed may hold refusals, and adapters/shopify_orders"),
        (("Lineitem discount,", "Test,"), "the columns test change what a row means"),
        (("0,Green tea", '0,Green" tea'), "row 3: row: fewer cells than the header. The row may state a refusal"),
    ],
)  # fmt: skip
def test_what_an_adapter_does_not_read_stops_the_run(tmp_path, change, problem):
    text = SHOPIFY.read_text().replace(*change)
    if change[1] == "Test,":
        text = text.replace(",web,0.00", ",web,true")
    if "row 3" in problem:
        lines = SHOPIFY.read_text().splitlines()
        text = "\n".join([*lines[:2], "#1001,ada@example.com,yes", *lines[3:]])
    with pytest.raises(UserError, match=problem):
        take(tmp_path, shop__csv=text)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ("{adapter: shopyfi}", "landing.yml: shop.csv, adapter: there is no shopyfi. There are: "),
        ("{adapter: shopify_customers}", "shop.csv: its columns are not those of shopify_customers"),
        ("{adapter: none}", "shop.csv: it may hold refusals, and is not read as it is"),
    ],
)  # fmt: skip
def test_landing_yml_names_the_adapter_of_a_file_or_none(tmp_path, settings, problem):
    yml = f"files: {{shop.csv: {settings}}}"
    with pytest.raises(UserError, match=problem):
        take(tmp_path, shop__csv=SHOPIFY.read_text(), landing__yml=yml)


def test_a_file_that_is_named_after_its_table_is_not_taken_by_chance():
    header = [column.name for column in load_contract()["orders"].columns]
    assert recognise("orders.csv", header, load_adapters().values(), has_table=True) is None
    for table in load_contract().values():
        header = [column.name for column in table.columns]
        assert recognise(f"{table.name}.csv", header, load_adapters().values(), True) is None
