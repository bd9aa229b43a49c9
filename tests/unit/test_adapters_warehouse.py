"""Adapters of tables that ELT tools land in a warehouse: what each makes of its fixture, and of generated tables."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from audiencekit.errors import UserError
from audiencekit.intake.adapters import FOLDER, load_adapters, recognise
from audiencekit.intake.gates import Gates
from audiencekit.intake.job import run_intake
from audiencekit.sql import rows_of
from audiencekit.workspace import Workspace

SYNCED = "2024-06-01 00:00:00"
ORDERS = "order_id,ordered_at,total\n1,2024-01-01,5\n"


def take(landing: Path) -> Path:
    """Take in a landing folder, and return the folder of what came out."""
    home = landing.parent / "home"
    run_intake(landing, Workspace(home), datetime(2025, 1, 1), Gates(), lambda _: None)
    return home / "intake"


def fixture(tmp_path: Path, name: str, change: dict[str, tuple[str, str]] | None = None) -> Path:
    """Take in the fixture of an adapter; `change` has by file name a text and what takes its place."""
    landing = tmp_path / "landing"
    landing.mkdir()
    for path in (FOLDER / name / "fixture").iterdir():
        text = path.read_text()
        if change and path.name in change:
            old, new = change[path.name]
            assert old in text
            text = text.replace(old, new)
        (landing / path.name).write_text(text)
    if "orders" not in load_adapters()[name].outputs:
        (landing / "orders.csv").write_text(ORDERS)
    return take(landing)


def rows(intake: Path, table: str, columns: str) -> list[tuple]:
    query = f"select {columns} from {rows_of(intake / f'{table}.parquet')} order by all"
    return duckdb.execute(query).fetchall()


def frame(intake: Path, table: str) -> pd.DataFrame:
    return duckdb.execute(f"select * from {rows_of(intake / f'{table}.parquet')}").df()


def write(landing: Path, ending: str = "csv", **tables: list[dict]) -> None:
    """Write tables as a tool would: Fivetran has the time of the sync in each row. Ids with gaps become floats."""
    landing.mkdir(exist_ok=True)
    for name, records in tables.items():
        rows_out = pd.DataFrame(records)
        if not any(column.startswith(("_dlt", "_airbyte")) for column in rows_out.columns):
            rows_out = rows_out.assign(
                _fivetran_synced=[record.get("_fivetran_synced", SYNCED) for record in records]
            )
        path = landing / f"{name}.{ending}"
        if ending == "csv":
            rows_out.to_csv(path, index=False)
        else:
            duckdb.sql("select * from rows_out").write_parquet(str(path))


def test_shopify_orders_of_fivetran_come_with_their_refunds_once(tmp_path):
    intake = fixture(tmp_path, "fivetran_shopify")
    assert rows(intake, "orders", "order_id, ordered_at, total, status, original_order_id, currency") == [
        ("1001", datetime(2024, 3, 1, 14), 33, "paid", None, "USD"),
        ("1002", datetime(2024, 3, 2, 15), 50, "paid", None, "USD"),
        ("1003", datetime(2024, 3, 3, 15), 10, "cancelled", None, "USD"),
        ("1004", datetime(2024, 3, 4, 15), 10, "pending", None, "USD"),
        ("1005", datetime(2023, 12, 5, 15), 10, "paid", None, "USD"),
        ("1008", datetime(2024, 3, 8, 15), 40, "paid", None, "USD"),
        # In euros as a transaction, in the shop's currency by its lines and shipping.
        ("refund 301", datetime(2024, 3, 9, 10), -25, "returned", "1002", "USD"),
        # Two payments that succeeded, one that failed.
        ("refund 303", datetime(2024, 3, 21, 9), -10, "returned", "1005", "USD"),
        # No payment: unpaid goods were taken off the order.
        ("refund 306", datetime(2024, 3, 23, 9), -5, "returned", "1008", "USD"),
    ]  # fmt: skip
    assert rows(intake, "orders", "order_id, account_id, email, order_channel, country_code")[
        1
    ] == (
        *("1002", "502", "bo@example.com"),
        *("store", "DE"),
    )


def test_shopify_customers_of_fivetran_keep_their_refusals(tmp_path):
    intake = fixture(tmp_path, "fivetran_shopify")
    assert rows(intake, "accounts", "account_id, email_opt_in, unsubscribed_at, sms_opt_in") == [
        ("501", True, None, None),
        ("502", False, datetime(2024, 3, 5, 8), False),
        ("503", True, None, True),
        ("504", None, None, None),
        ("505", False, None, None),
    ]
    assert rows(intake, "accounts", "account_id, phone, street, address_2, postal_code")[0] == (
        *("501", "+49305550100", "2 High St"),
        *("Flat 3", "01067"),
    )
    # Cy subscribed after the order; the box that was left open then refuses nothing any more.
    assert rows(intake, "orders", "order_id, email_opt_in")[:6] == [
        ("1001", True),
        ("1002", False),
        ("1003", None),
        ("1004", False),
        ("1005", True),
        ("1008", False),
    ]


def test_shopify_lines_of_fivetran_are_net_of_discounts_and_know_their_products(tmp_path):
    intake = fixture(tmp_path, "fivetran_shopify")
    assert rows(intake, "order_lines", "order_id, line_number, product_id, quantity, amount, discount") == [
        ("1001", 1, "701", 1, 10, 0),
        ("1001", 2, "702", 2, 18, 2),
        ("1002", 1, "701", 5, 50, 0),
        ("1005", 1, "Gift wrap", 1, 10, 0),
    ]  # fmt: skip
    assert rows(intake, "products", "product_id, product_name, category") == [
        ("701", "Green tea", "Tea"),
        ("702", "Cup", None),
        ("Gift wrap", "Gift wrap", None),
    ]
    assert rows(intake, "web_events", "event_id, event_name, account_id") == [
        ("checkout 8001", "checkout", "502")
    ]


def test_a_shopify_amount_that_is_no_number_is_refused_in_the_file_it_is_in(tmp_path):
    change = {"transaction.csv": ("303,6.00", "303,six")}
    intake = fixture(tmp_path, "fivetran_shopify", change)
    assert rows(intake, "quarantine", "reasons") == [("total: not a number (write 1234.50)",)]


def test_a_state_of_consent_that_is_not_known_stops_the_run(tmp_path):
    change = {"customer.csv": (",subscribed,single", ",paused,single")}
    with pytest.raises(UserError, match="email_opt_in"):
        fixture(tmp_path, "fivetran_shopify", change)


def test_of_two_files_of_a_fivetran_table_the_row_synced_later_counts(tmp_path):
    landing = tmp_path / "landing"
    order = {
        **{"id": 1, "customer_id": 5, "email": "a@example.com", "created_at": "2024-01-01 00:00:00"},
        **{"total_price": 10, "financial_status": "paid", "cancelled_at": None, "currency": "USD"},
        **{"buyer_accepts_marketing": True, "updated_at": "2024-01-01 00:00:00", "test": False},
    }  # fmt: skip
    refund = {
        "id": 3,
        "order_id": 1,
        "created_at": "2024-02-01 00:00:00",
        "note": "",
        "restock": False,
    }
    paid = {
        "id": 4,
        "order_id": 1,
        "refund_id": 3,
        "amount": 4,
        "kind": "refund",
        "status": "success",
        "gateway": "x",
    }
    write(
        landing,
        orders_monday=[order, {**order, "id": 2}],
        orders_tuesday=[
            {**order, "total_price": 9, "_fivetran_synced": "2024-06-02 00:00:00"},
            {
                **order,
                "id": 2,
                "_fivetran_deleted": True,
                "_fivetran_synced": "2024-06-02 00:00:00",
            },
        ],
        refunds_monday=[refund],
        refunds_tuesday=[{**refund, "_fivetran_synced": "2024-06-02 00:00:00"}],
        payments_monday=[paid],
        payments_tuesday=[{**paid, "_fivetran_synced": "2024-06-02 00:00:00"}],
    )
    assert rows(take(landing), "orders", "order_id, total") == [("1", 9), ("refund 3", -4)]


GRAPHQL = {
    "order": {
        "total_price": "total_price_set_shop_amount",
        "financial_status": "display_financial_status",
        "buyer_accepts_marketing": "customer_accepts_marketing",
        "currency": "total_price_set_shop_currency_code",
    },
    "order_line_refund": {
        "subtotal": "subtotal_set_shop_amount",
        "total_tax": "total_tax_set_shop_amount",
    },
    "order_adjustment": {
        "amount": "amount_set_shop_amount",
        "tax_amount": "tax_amount_set_shop_amount",
    },
    "transaction": {"amount": "amount_set_shop_amount", "currency": "amount_set_shop_currency_code"},
}  # fmt: skip


TABLES = ("order", "refund", "order_line_refund", "order_adjustment", "transaction", "customer")
START = datetime(2024, 1, 1)
STATES = [*["paid"] * 5, "pending", "authorized", "voided", "partially_refunded", "refunded"]


def shop_of(seed: int) -> dict[str, list[dict]]:
    """The tables of an invented shop of 400 orders, in the REST layout."""
    draw = random.Random(seed)
    tables: dict[str, list[dict]] = {name: [] for name in TABLES}
    tables["customer"] = [_customer(number, draw) for number in range(90)]
    for number in range(400):
        order = _order(number, draw)
        tables["order"].append(order)
        for part in range(draw.choice([0, 0, 1, 2])):
            _add_refund(tables, order, part, draw)
    return tables


def _customer(number: int, draw: random.Random) -> dict:
    states = ["subscribed", "not_subscribed", "unsubscribed", "pending", ""]
    return {
        "id": 500 + number,
        "first_name": "A",
        "last_name": "B",
        "email": f"p{number}@example.com",
        "tax_exempt": False,
        "verified_email": True,
        "accepts_marketing": draw.random() < 0.5,
        "email_marketing_consent_state": draw.choice(states),
        "email_marketing_consent_updated_at": START,
        "created_at": START,
        "updated_at": START + timedelta(days=9),
        "_fivetran_deleted": number % 30 == 7,
    }


def _order(number: int, draw: random.Random) -> dict:
    customer = draw.choice([*range(500, 590), None])
    return {
        "id": 1000 + number,
        "customer_id": customer,
        "email": f"p{customer}@example.com",
        "created_at": START + timedelta(hours=number + 1),
        "total_price": draw.randrange(100, 9000) / 100,
        "financial_status": draw.choice(STATES),
        "cancelled_at": START + timedelta(days=30) if draw.random() < 0.05 else None,
        "currency": "USD",
        "buyer_accepts_marketing": draw.random() < 0.5,
        "test": draw.random() < 0.05,
        "_fivetran_deleted": draw.random() < 0.05,
    }


def _add_refund(tables: dict, order: dict, part: int, draw: random.Random) -> None:
    """A refund that is in two to four tables, or only in its lines, or failed. `kept` is what the customer got back."""
    number = order["id"] * 10 + part
    amount = round(order["total_price"] / draw.choice([2.5, 4, 5]), 2)
    tax, shipping = round(amount * 0.1, 2), round(amount * 0.2, 2)
    kind = draw.choice(["paid", "paid in two", "by lines", "failed"])
    refund = {"id": number, "order_id": order["id"], "note": "", "restock": False}
    refund |= {"created_at": order["created_at"] + timedelta(days=3)}
    tables["refund"].append({**refund, "kept": 0 if kind == "failed" else amount})
    line = {"refund_id": number, "order_line_id": 1, "quantity": 1, "restock_type": "return"}
    line |= {"id": number * 10, "subtotal": round(amount - tax - shipping, 2), "total_tax": tax}
    tables["order_line_refund"].append(line)
    adjustment = {"id": number * 10 + 1, "refund_id": number, "amount": -shipping, "tax_amount": 0}
    tables["order_adjustment"].append({**adjustment, "reason": "Shipping refund"})
    payment = {"order_id": order["id"], "refund_id": number, "kind": "refund", "gateway": "x"}
    payment |= {"currency": "USD", "test": False, "status": "success"}
    half = round(amount / 2, 2)
    payments = {
        "paid": [{"amount": amount}],
        "paid in two": [{"amount": half}, {"amount": round(amount - half, 2)}],
        "by lines": [],
        "failed": [{"amount": amount, "status": "failure"}],
    }[kind]
    payments.append({"amount": order["total_price"], "kind": "sale", "refund_id": None})
    tables["transaction"] += [
        {**payment, "id": number * 10 + place, **each} for place, each in enumerate(payments)
    ]


@pytest.mark.parametrize("is_graphql", [False, True])
def test_generated_shopify_tables_agree_with_a_reckoning_of_their_own(tmp_path, is_graphql):
    tables = shop_of(7)
    written = {
        name: [
            {
                (GRAPHQL.get(name, {}) if is_graphql else {}).get(key, key): value
                for key, value in record.items()
                if key != "kept"
            }
            for record in records
        ]
        for name, records in tables.items()
    }
    for record in written["customer"] if not is_graphql else ():
        record["default_address_id"] = None
    # What customers saw in their own currency changes nothing.
    for number, record in enumerate(written["order"] if is_graphql else ()):
        for amount in ("total_price", "subtotal_price", "total_tax", "total_tip_received"):
            record[f"{amount}_set_pres_currency_code"] = ("EUR", "USD")[number % 2]
    write(tmp_path / "landing", "parquet" if is_graphql else "csv", **written)
    made = frame(intake := take(tmp_path / "landing"), "orders")

    orders = pd.DataFrame(tables["order"])
    orders = orders[~orders["test"] & ~orders["_fivetran_deleted"]]
    is_purchase = orders["cancelled_at"].isna() & ~orders["financial_status"].isin(
        ["pending", "authorized", "voided"]
    )
    purchases = orders[is_purchase]
    refunds = pd.DataFrame(tables["refund"])
    refunds = refunds[refunds["order_id"].isin(purchases["id"]) & (refunds["kept"] > 0)]

    counted = made[~made["status"].isin(["pending", "cancelled"])]
    sales, returned = counted[counted["total"] > 0], counted[counted["total"] < 0]
    assert len(made) - len(returned) == len(orders)
    assert len(sales) == len(purchases) > 200
    assert sales["account_id"].nunique() == purchases["customer_id"].nunique()
    assert len(returned) == len(refunds) > 100
    assert counted["total"].sum() == pytest.approx(
        purchases["total_price"].sum() - refunds["kept"].sum(), abs=0.001
    )
    assert set(returned["original_order_id"]) == set(refunds["order_id"].astype(str))

    customers = pd.DataFrame(tables["customer"])
    customers = customers[~customers["_fivetran_deleted"]]
    state = customers["email_marketing_consent_state"]
    refused = (state == "unsubscribed") | ((state == "") & ~customers["accepts_marketing"])
    accounts = frame(intake, "accounts")
    assert len(accounts) == len(customers)
    assert (accounts["email_opt_in"] == False).sum() == refused.sum() > 10  # noqa: E712
    subscribed = set(customers.loc[state == "subscribed", "id"])
    left_open = orders[~orders["buyer_accepts_marketing"] & ~orders["customer_id"].isin(subscribed)]
    late = orders[~orders["buyer_accepts_marketing"] & orders["customer_id"].isin(subscribed)]
    assert (made["email_opt_in"] == False).sum() == len(left_open) + len(late)  # noqa: E712


def test_klaviyo_profiles_of_fivetran_keep_their_refusals(tmp_path):
    intake = fixture(tmp_path, "fivetran_klaviyo")
    assert rows(intake, "contacts", "contact_id, email_opt_in, email_opt_out, unsubscribed_at, sms_opt_in") == [
        ("P1", True, None, None, None),
        ("P2", False, True, datetime(2024, 3, 5, 8), False),
        ("P3", None, None, None, True),
        # The address bounced, which refuses nothing.
        ("P4", True, None, None, None),
        # Suppressed by hand.
        ("P5", True, True, None, None),
        ("P6", False, None, None, None),
    ]  # fmt: skip


def test_klaviyo_events_of_fivetran_are_those_of_e_mail_and_of_consent(tmp_path):
    intake = fixture(tmp_path, "fivetran_klaviyo")
    columns = "event_id, occurred_at, event_name, email, campaign_id, machine"
    assert rows(intake, "email_events", columns) == [
        ("E1", datetime(2024, 3, 1, 9), "delivered", "ada@example.com", "C1", None),
        ("E2", datetime(2024, 3, 1, 9, 0, 1), "opened", "ada@example.com", "C1", "true"),
        # The name of its metric is in the table metric.
        ("E3", datetime(2024, 3, 1, 10), "clicked", "ada@example.com", "C1", None),
        ("E4", datetime(2024, 3, 5, 8), "unsubscribed", "bo@example.com", "F1", None),
        ("E5", datetime(2024, 3, 6, 8), "complained", "cy@example.com", "C1", None),
        # Of a deleted profile only the refusal counts.
        ("E8", datetime(2024, 3, 8, 9), "unsubscribed", "gil@example.com", "C1", None),
        ("exclusion P4", datetime(2024, 2, 1, 8), "bounced", "dee@example.com", None, None),
        ("exclusion P5", datetime(2024, 2, 2, 8), "unsubscribed", "eve@example.com", None, None),
        ("exclusion P6 of L1", datetime(2024, 2, 4, 8), "unsubscribed", "fay@example.com", None, None),
    ]  # fmt: skip
    columns = "consent_event_id, id_type, id_value, purpose, status"
    assert rows(intake, "consent_events", columns) == [
        ("E10", "contact_id", "P1", "email_marketing", "granted"),
        ("E10", "contact_id", "P1", "newsletter", "granted"),
        ("E11", "contact_id", "P2", "sms_marketing", "withdrawn"),
        # Profiles that are not in the table person.
        ("E9", "contact_id", "P9", "email_marketing", "withdrawn"),
        ("E9", "contact_id", "P9", "newsletter", "withdrawn"),
        ("exclusion P8", "contact_id", "P8", "email_marketing", "withdrawn"),
        ("exclusion P8", "contact_id", "P8", "newsletter", "withdrawn"),
    ]


def test_a_property_of_a_profile_that_may_be_a_refusal_stops_the_run(tmp_path):
    change = {"person.csv": ("external_id", "custom_newsletter_stop")}
    with pytest.raises(UserError, match="custom_newsletter_stop may hold refusals"):
        fixture(tmp_path, "fivetran_klaviyo", change)


def test_hubspot_contacts_of_fivetran_keep_opt_outs_and_merges(tmp_path):
    intake = fixture(tmp_path, "fivetran_hubspot")
    columns = "contact_id, email_opt_out, ads_opt_out, merged_ids, merged_into_id, phone"
    assert rows(intake, "contacts", columns) == [
        ("101", None, None, "103;104", None, "+16175550100"),
        ("102", True, True, None, None, "+15125550101"),
        # Merged away and deleted: it stays, with its refusal.
        ("103", True, None, None, "101", None),
        # Opted out of one type of e-mail.
        ("105", True, None, None, None, None),
        ("106", None, None, "108", None, None),
        ("108", None, None, None, "106", None),
    ]


def test_hubspot_events_of_fivetran_say_what_people_did(tmp_path):
    intake = fixture(tmp_path, "fivetran_hubspot")
    assert rows(intake, "email_events", "event_id, event_name, email, campaign_id, machine") == [
        ("e1", "sent", "ada@example.com", "C1", None),
        ("e10", "complained", "hal@example.com", "C1", None),
        ("e2", "opened", "ada@example.com", "C1", "true"),
        ("e3", "clicked", "ada@example.com", "C1", None),
        ("e4", "bounced", "bo@example.com", "C1", None),
        ("e6", "unsubscribed", "dee@example.com", "C1", None),
        ("e7", "unsubscribed", "eve@example.com", "C1", None),
        # A change that is not explained may be a refusal.
        ("e9", "unsubscribed", "gil@example.com", "C1", None),
        ("s6", "bounced", "ivy@example.com", None, None),
    ]


def test_a_grant_of_one_type_of_e_mail_is_none_while_another_is_refused(tmp_path):
    intake = fixture(tmp_path, "fivetran_hubspot")
    columns = "consent_event_id, id_value, purpose, status, decided_at"
    newsletter = [row for row in rows(intake, "consent_events", columns) if row[2] == "newsletter"]
    assert newsletter == [
        ("s1", "ada@example.com", "newsletter", "granted", datetime(2023, 1, 1, 10)),
        ("s2", "cy@example.com", "newsletter", "withdrawn", datetime(2023, 2, 1, 10)),
        ("s4", "dee@example.com", "newsletter", "withdrawn", datetime(2023, 2, 1, 10)),
        ("s5", "dee@example.com", "newsletter", "granted", datetime(2023, 3, 1, 10)),
    ]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_columns_of_a_pattern_are_read_together(tmp_path, ending):
    person = {
        **{"id": 1, "property_email": "a@example.com", "property_firstname": "A"},
        **{"property_lastname": "B", "property_createdate": "2024-01-01 00:00:00"},
    }
    people = [
        {**person, "property_hs_email_optout_1": True, "property_hs_email_optout_22": None},
        {**person, "id": 2, "property_hs_email_optout_1": None, "property_hs_email_optout_22": True},
        {**person, "id": 3, "property_hs_email_optout_1": False, "property_hs_email_optout_22": None},
    ]  # fmt: skip
    write(tmp_path / "landing", ending, contact=people)
    (tmp_path / "landing" / "orders.csv").write_text(ORDERS)
    intake = take(tmp_path / "landing")
    assert rows(intake, "contacts", "contact_id, email_opt_out") == [
        ("1", True),
        ("2", True),
        ("3", None),
    ]


def test_stripe_charges_of_fivetran_are_orders_and_refunds_count_once(tmp_path):
    intake = fixture(tmp_path, "fivetran_stripe")
    assert rows(intake, "orders", "order_id, total, status, original_order_id, account_id, email") == [
        ("ch_1", 33, "paid", None, "cus_1", "ada@example.com"),
        ("ch_2", 50, "paid", None, "cus_2", "bo@example.com"),
        ("ch_3", 10, "cancelled", None, "cus_1", "ada@example.com"),
        ("ch_4", 10, "paid", None, "cus_1", "ada@example.com"),
        # Authorised, and not captured.
        ("ch_5", 99, "pending", None, "cus_1", "ada@example.com"),
        ("ch_7", 40, "paid", None, None, "eve@example.com"),
        ("ch_8", 20, "paid", None, "cus_2", "bo@example.com"),
        # 60 were authorised and 40 captured; what was freed is no refund.
        ("ch_9", 40, "paid", None, "cus_2", "bo@example.com"),
        # A dispute that was lost.
        ("dp_1", -20, "returned", "ch_8", "cus_2", "bo@example.com"),
        ("re_1", -12, "returned", "ch_2", "cus_2", "bo@example.com"),
        ("re_2", -8, "returned", "ch_2", "cus_2", "bo@example.com"),
        # No row of refunds explains what the charge says.
        ("refund of ch_7", -15, "returned", "ch_7", None, "eve@example.com"),
    ]  # fmt: skip
    assert rows(intake, "accounts", "account_id, first_name, last_name, street, postal_code") == [
        ("cus_1", "Ada", "Lovett", "1 High St", "02138"),
        ("cus_2", "Bo van", "Day", "2 Low St", "73301"),
    ]


@pytest.mark.parametrize(
    "tool",
    [{"customer_id": None}, {"customer": None, "_dlt_load_id": "1711929600.1", "_dlt_id": "d1"}],
)
def test_yen_have_no_cents_and_dinars_have_a_thousand(tmp_path, tool):
    charge = {
        **{"id": "ch_1", "amount": 5000, "amount_refunded": 0, "captured": True, "created": "2024-01-01 00:00:00"},
        **{"currency": "jpy", **tool, "paid": True, "status": "succeeded", "livemode": True},
    }  # fmt: skip
    dinar = {**charge, "id": "ch_2", "amount": 5500, "currency": "kwd"}
    write(tmp_path / "landing", charge=[charge, dinar])
    rates = "currency,valid_from,rate\nJPY,2023-01-01,0.007\nKWD,2023-01-01,3.2\n"
    (tmp_path / "landing" / "exchange_rates.csv").write_text(rates)
    intake = take(tmp_path / "landing")
    assert rows(intake, "orders", "order_id, total, currency") == [
        ("ch_1", 5000, "JPY"),
        ("ch_2", 5.5, "KWD"),
    ]


def test_generated_stripe_tables_agree_with_a_reckoning_of_their_own(tmp_path):
    draw = random.Random(3)
    charges, refunds = [], []
    for number in range(400):
        amount, status = (
            draw.randrange(100, 9000),
            draw.choice(["succeeded"] * 6 + ["failed", "pending"]),
        )
        charge = {
            **{
                "id": f"ch_{number}",
                "amount": amount,
                "amount_refunded": 0,
                "currency": "usd",
                "paid": status == "succeeded",
            },
            **{
                "captured": status == "succeeded" and draw.random() < 0.9,
                "status": status,
                "livemode": draw.random() < 0.95,
            },
            **{
                "created": f"2024-0{1 + number % 9}-11 10:00:00",
                "customer_id": draw.choice([None, f"cus_{number % 70}"]),
            },
        }
        for part in range(draw.choice([0, 0, 1, 2]) if charge["captured"] else 0):
            kind = draw.choice(["succeeded", "failed", "not in refunds"])
            value = amount // 4
            if kind != "failed":
                charge["amount_refunded"] += value
            if kind != "not in refunds":
                refunds.append(
                    {
                        "id": f"re_{number}_{part}",
                        "charge_id": charge["id"],
                        "amount": value,
                        "status": kind,
                    }
                    | {"created": "2024-10-01 00:00:00", "currency": "usd", "reason": None}
                )
        charges.append(charge)
    write(tmp_path / "landing", charge=charges, refund=refunds)
    made = frame(take(tmp_path / "landing"), "orders")

    table = pd.DataFrame(charges)
    live = table[table["livemode"]]
    purchases = live[live["captured"]]
    counted = made[~made["status"].isin(["pending", "cancelled"])]
    assert len(made[made["status"] != "returned"]) == len(live)
    assert (counted["total"] > 0).sum() == len(purchases) > 200
    returned = -counted.loc[counted["total"] < 0, "total"].sum()
    assert returned == pytest.approx(purchases["amount_refunded"].sum() / 100, abs=0.001)
    net = (purchases["amount"] - purchases["amount_refunded"]).sum() / 100
    assert counted["total"].sum() == pytest.approx(net, abs=0.001)
    assert counted["account_id"].nunique() == purchases["customer_id"].nunique()


def test_salesforce_people_of_fivetran_keep_opt_outs_and_merges(tmp_path):
    intake = fixture(tmp_path, "fivetran_salesforce")
    columns = "contact_id, email_opt_out, sms_opt_out, ads_opt_out, merged_into_id"
    assert rows(intake, "contacts", columns) == [
        ("003A", False, False, True, None),
        ("003B", True, True, None, None),
        # Merged away and deleted: it stays, with its refusal.
        ("003C", True, False, None, "003A"),
        ("003E", True, False, True, None),
        # A lead that became a contact.
        ("00QA", False, False, None, "003A"),
        ("00QB", True, False, None, None),
    ]
    assert rows(intake, "email_events", "event_name, email, occurred_at") == [
        ("bounced", "eve@example.com", datetime(2024, 2, 1, 9))
    ]


def test_salesforce_people_of_airbyte_and_dlt_keep_opt_outs_and_merges(tmp_path):
    intake = fixture(tmp_path, "airbyte_dlt_salesforce")
    ada, bo, merged, eli = (f"003xx000000AbC{letter}AAK" for letter in "defi")
    flo, converted = (f"00Qxx000000AbC{letter}EAK" for letter in "de")
    columns = "contact_id, email_opt_out, sms_opt_out, ads_opt_out, merged_into_id"
    assert rows(intake, "contacts", columns) == [
        (ada, False, False, True, None),
        # The row that was loaded later counts.
        (bo, True, True, None, None),
        # Merged away and deleted: it stays, with its refusal.
        (merged, True, False, None, ada),
        # Opted out of solicitation as an individual, and of text messages in Marketing Cloud.
        (eli, True, True, True, None),
        (flo, True, True, None, None),
        # A lead that became a contact, whose id has 15 characters there.
        (converted, True, False, None, ada),
    ]
    # Who had opted out and was deleted is still not to be mailed.
    assert rows(intake, "email_events", "event_name, email, occurred_at") == [
        ("bounced", "eli@example.com", datetime(2023, 4, 30, 7)),
        ("bounced", "gil@example.com", datetime(2023, 1, 30, 7)),
        ("unsubscribed", "cy@example.com", datetime(2023, 3, 1, 8)),
        ("unsubscribed", "gil@example.com", datetime(2023, 2, 1, 9)),
    ]
    details = "phone, first_name, birth_date, street, region, postal_code, created_at, updated_at"
    assert rows(intake, "contacts", details)[0] == (
        *("+15125550105", "Eli", None, None, None, None),
        *(datetime(2022, 9, 1, 9), datetime(2023, 5, 1, 8)),
    )


def test_an_opt_out_of_a_deleted_contact_of_fivetran_is_kept(tmp_path):
    change = {"contact.csv": ("FALSE,FALSE,TRUE,,FALSE", "TRUE,FALSE,TRUE,,FALSE")}
    intake = fixture(tmp_path, "fivetran_salesforce", change)
    assert ("unsubscribed", "dee@example.com") in rows(intake, "email_events", "event_name, email")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_salesforce_table_of_dlt_without_its_empty_columns_is_known(tmp_path, ending):
    person = {
        **{"id": "003A", "last_name": "B", "email": "a@example.com", "has_opted_out_of_email": True},
        **{"last_modified_date": datetime(2024, 1, 2), "_dlt_load_id": "1.5", "_dlt_id": "x"},
    }  # fmt: skip
    write(
        tmp_path / "landing",
        ending,
        contact=[person],
        orders=[{"order_id": 1, "ordered_at": "2024-01-01", "total": 5}],
    )
    assert rows(take(tmp_path / "landing"), "contacts", "contact_id, email_opt_out") == [
        ("003A", True)
    ]


@pytest.mark.parametrize(
    ("tool", "adapter"),
    [
        ({"_airbyte_extracted_at": SYNCED, "_airbyte_meta": "{}"}, "airbyte_dlt_salesforce"),
        ({"_dlt_load_id": "1717286400.25", "_dlt_id": "x"}, "airbyte_dlt_salesforce"),
        ({"_fivetran_synced": SYNCED}, "fivetran_salesforce"),
        ({}, "salesforce_contacts"),
    ],
)
def test_the_columns_of_the_tool_say_whose_table_of_salesforce_it_is(tool, adapter):
    path = FOLDER / "salesforce_contacts" / "fixture" / "Contact.csv"
    header = [*path.read_text().splitlines()[0].replace('"', "").split(","), *tool]
    found = recognise("contact.csv", header, load_adapters().values(), has_table=False)
    assert found.adapter.name == adapter


def test_hubspot_contacts_of_dlt_keep_opt_outs_also_of_deleted_ones(tmp_path):
    intake = fixture(tmp_path, "dlt_hubspot")
    columns = "contact_id, email, email_opt_out, ads_opt_out, merged_ids, phone"
    assert rows(intake, "contacts", columns) == [
        ("101", "ada@example.com", False, None, "98;99", "+16175550100"),
        ("102", "bo@example.com", True, True, None, "+15125550101"),
        # Opted out of one type of e-mail.
        ("103", "cy@example.com", True, None, None, None),
        ("106", "fay@example.com; fay.gray@example.org", False, None, None, None),
    ]
    assert rows(intake, "email_events", "event_name, email, occurred_at") == [
        ("unsubscribed", "dee@example.com; dee.poe@example.org", datetime(2024, 2, 1, 10))
    ]
    details = "first_name, street, region, postal_code, created_at, updated_at"
    assert rows(intake, "contacts", details)[0] == (
        *("Ada", "1 High St", "Massachusetts", "02138"),
        *(datetime(2023, 1, 1, 10), datetime(2024, 3, 1, 10)),
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("hs_email_optout_1002", "newsletter_consent"), "newsletter_consent may hold refusals"),
        (("hs_email_optout,", "hs_email_other,"), "hs_email_optout_1001 may hold refusals and is not read"),
        (("10:00:00Z,true,,,,false", "10:00:00Z,by phone,,,,false"), "email_opt_out: not yes or no"),
    ],
)  # fmt: skip
def test_what_hubspot_of_dlt_may_have_refused_stops_the_run(tmp_path, change, problem):
    with pytest.raises(UserError, match=problem):
        fixture(tmp_path, "dlt_hubspot", {"contacts.csv": change})


def test_stripe_charges_of_dlt_are_orders_and_refunds_count_once(tmp_path):
    intake = fixture(tmp_path, "dlt_stripe")
    assert rows(intake, "orders", "order_id, total, status, original_order_id, account_id, email") == [
        ("ch_1", 33, "paid", None, "cus_1", "ada@example.com"),
        ("ch_10", 5, "pending", None, "cus_1", "ada@example.com"),
        ("ch_2", 50, "paid", None, "cus_2", "bo@example.com"),
        ("ch_3", 10, "cancelled", None, "cus_1", "ada@example.com"),
        # Authorised, and not captured.
        ("ch_5", 99, "pending", None, "cus_1", "ada@example.com"),
        ("ch_7", 40.05, "paid", None, None, "eve@example.com"),
        ("ch_8", 20, "paid", None, "cus_2", "bo@example.com"),
        # 60 were authorised and 40 captured; what was freed is no refund.
        ("ch_9", 40, "paid", None, "cus_2", "bo@example.com"),
        # A dispute that was lost.
        ("dp_1", -20, "returned", "ch_8", "cus_2", "bo@example.com"),
        ("re_1", -12, "returned", "ch_2", "cus_2", "bo@example.com"),
        ("re_2", -8, "returned", "ch_2", "cus_2", "bo@example.com"),
        # Given back after that capture.
        ("re_6", -10, "returned", "ch_9", "cus_2", "bo@example.com"),
        # No row of refunds explains what the charge says.
        ("refund of ch_7", -15.1, "returned", "ch_7", None, "eve@example.com"),
    ]  # fmt: skip
    # Seconds since 1970, and timestamps.
    times = dict(rows(intake, "orders", "order_id, ordered_at"))
    assert times["ch_1"] == datetime(2024, 3, 1, 14)
    assert times["re_1"] == datetime(2024, 3, 9, 10)
    columns = "account_id, first_name, last_name, street, address_2, postal_code, created_at"
    assert rows(intake, "accounts", columns) == [
        ("cus_1", "Ada", "Lovett", "1 High St", None, "02138", datetime(2024, 1, 1, 10)),
        ("cus_2", "Bo van", "Day", "2 Low St", "Flat 3", "73301", datetime(2024, 1, 2, 10)),
    ]


def test_shopify_orders_of_airbyte_come_with_their_refunds_once(tmp_path):
    intake = fixture(tmp_path, "airbyte_shopify")
    assert rows(intake, "orders", "order_id, ordered_at, total, status, original_order_id") == [
        ("1001", datetime(2024, 3, 1, 14), 33, "paid", None),
        ("1002", datetime(2024, 3, 2, 14), 50, "paid", None),
        ("1003", datetime(2024, 3, 3, 14), 10, "cancelled", None),
        ("1004", datetime(2024, 3, 4, 14), 10, "pending", None),
        ("1007", datetime(2024, 3, 7, 14), 40, "paid", None),
        # In the order, in the stream of refunds, in its payments and in its lines.
        ("refund 301", datetime(2024, 3, 9, 15), -20, "returned", "1002"),
        # Paid back in euros: by its lines and shipping.
        ("refund 303", datetime(2024, 3, 9, 15), -10, "returned", "1007"),
    ]
    assert rows(intake, "orders", "order_id, account_id, email_opt_in, email_opt_out")[:3] == [
        ("1001", "501", True, None),
        ("1002", "502", False, True),
        ("1003", "503", False, None),
    ]
    columns = "order_id, line_number, product_id, quantity, amount, discount"
    assert rows(intake, "order_lines", columns) == [
        ("1001", 1, "701", 1, 10, 0),
        ("1001", 2, "702", 2, 18, 2),
    ]


def test_shopify_customers_of_airbyte_keep_their_refusals(tmp_path):
    intake = fixture(tmp_path, "airbyte_shopify")
    assert rows(intake, "accounts", "account_id, email_opt_in, unsubscribed_at, sms_opt_in") == [
        ("501", True, None, None),
        ("502", False, datetime(2024, 3, 5, 13), False),
        ("503", None, None, None),
    ]


def test_refunds_of_airbyte_that_are_no_json_are_refused(tmp_path):
    change = {"orders.csv": ('[{""id"": 303', '[{""id"" 303')}
    intake = fixture(tmp_path, "airbyte_shopify", change)
    assert rows(intake, "quarantine", "file_name, reasons") == [
        ("orders.csv", "total: not a number (write 1234.50)")
    ]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_generated_orders_of_airbyte_agree_with_a_reckoning_of_their_own(tmp_path, ending):
    tables = shop_of(11)
    by_order: dict[int, list] = {}
    for refund in tables["refund"]:
        mine = {"id": refund["id"], "created_at": str(refund["created_at"])}
        for name, table in (
            ("refund_line_items", "order_line_refund"),
            ("order_adjustments", "order_adjustment"),
            ("transactions", "transaction"),
        ):
            found = [row for row in tables[table] if row["refund_id"] == refund["id"]]
            mine[name] = [{key: str(value) for key, value in row.items()} for row in found]
        by_order.setdefault(refund["order_id"], []).append(mine)
    orders = pd.DataFrame(tables["order"])
    orders["refunds"] = [json.dumps(by_order.get(number, [])) for number in orders["id"]]
    orders["customer"] = [
        json.dumps({"id": int(number)}) if number == number else None
        for number in orders["customer_id"]
    ]
    orders["deleted_at"] = orders["created_at"].where(orders["_fivetran_deleted"])
    orders["_airbyte_extracted_at"] = SYNCED
    stream = orders.drop(columns=["_fivetran_deleted", "customer_id"])
    write(tmp_path / "landing", ending, stream=stream.to_dict("records"))
    made = frame(take(tmp_path / "landing"), "orders")

    orders = orders[~orders["test"] & orders["deleted_at"].isna()]
    is_purchase = orders["cancelled_at"].isna() & ~orders["financial_status"].isin(
        ["pending", "authorized", "voided"]
    )
    purchases = orders[is_purchase]
    refunds = pd.DataFrame(tables["refund"])
    refunds = refunds[refunds["order_id"].isin(purchases["id"]) & (refunds["kept"] > 0)]
    counted = made[~made["status"].isin(["pending", "cancelled"])]
    assert (counted["total"] > 0).sum() == len(purchases) > 200
    assert (counted["total"] < 0).sum() == len(refunds) > 100
    assert counted["total"].sum() == pytest.approx(
        purchases["total_price"].sum() - refunds["kept"].sum(), abs=0.001
    )
    assert counted["account_id"].nunique() == purchases["customer_id"].nunique()
    assert (made["email_opt_in"] == False).sum() == (~orders["buyer_accepts_marketing"]).sum()  # noqa: E712


def test_shopify_orders_of_dlt_come_with_their_refunds_once(tmp_path):
    intake = fixture(tmp_path, "dlt_shopify")
    assert rows(intake, "orders", "order_id, total, status, original_order_id, account_id") == [
        ("1001", 33, "paid", None, "501"),
        ("1002", 50, "paid", None, "502"),
        ("1003", 10, "cancelled", None, "503"),
        ("1004", 10, "pending", None, "503"),
        ("1006", 40, "paid", None, "501"),
        ("refund 301", -20, "returned", "1002", "502"),
        # No payment: by its lines and shipping. The payment of 304 failed.
        ("refund 303", -10, "returned", "1006", "501"),
    ]
    assert rows(intake, "order_lines", "order_id, line_number, amount, discount") == [
        ("1001", 1, 10, 0),
        ("1001", 2, 18, 2),
    ]


def test_shopify_customers_of_dlt_keep_their_refusals(tmp_path):
    intake = fixture(tmp_path, "dlt_shopify")
    assert rows(intake, "accounts", "account_id, email_opt_in, unsubscribed_at, sms_opt_in") == [
        ("501", True, None, None),
        ("502", False, datetime(2024, 3, 5, 8), False),
        ("503", None, None, None),
    ]
    assert rows(intake, "orders", "order_id, email_opt_in, email_opt_out")[:3] == [
        ("1001", True, None),
        ("1002", False, True),
        ("1003", False, None),
    ]


def test_generated_tables_of_dlt_agree_with_a_reckoning_of_their_own(tmp_path):
    tables = shop_of(5)
    ids = {"_dlt_load_id": "1.1"}
    orders = [
        {"_dlt_id": f"o{row['id']}", **ids, **row}
        for row in tables["order"]
        if not row["_fivetran_deleted"]
    ]
    for order in orders:
        order["customer__id"] = order.pop("customer_id")
        order.pop("_fivetran_deleted")
    refunds = [
        {"_dlt_id": f"r{row['id']}", "_dlt_parent_id": f"o{row['order_id']}", **row}
        for row in tables["refund"]
    ]

    def children(table: str) -> list[dict]:
        return [
            {"_dlt_id": f"{table}{row['id']}", "_dlt_parent_id": f"r{row['refund_id']}", **row}
            | {"line_item_id": 1}
            for row in tables[table]
        ]

    adjustments = [{"kind": "shipping_refund", **row} for row in children("order_adjustment")]
    write(
        tmp_path / "landing",
        orders=orders,
        orders__refunds=refunds,
        orders__refunds__transactions=children("transaction"),
        orders__refunds__refund_line_items=children("order_line_refund"),
        orders__refunds__order_adjustments=adjustments,
    )
    made = frame(take(tmp_path / "landing"), "orders")

    kept = pd.DataFrame(orders)
    kept = kept[~kept["test"]]
    is_purchase = kept["cancelled_at"].isna() & ~kept["financial_status"].isin(
        ["pending", "authorized", "voided"]
    )
    purchases = kept[is_purchase]
    returned = pd.DataFrame(tables["refund"])
    returned = returned[returned["order_id"].isin(purchases["id"]) & (returned["kept"] > 0)]
    counted = made[~made["status"].isin(["pending", "cancelled"])]
    assert len(made[made["status"] != "returned"]) == len(kept)
    assert (counted["total"] > 0).sum() == len(purchases) > 200
    assert (counted["total"] < 0).sum() == len(returned) > 100
    assert counted["total"].sum() == pytest.approx(
        purchases["total_price"].sum() - returned["kept"].sum(), abs=0.001
    )
    assert counted["account_id"].nunique() == purchases["customer__id"].nunique()


def test_stripe_charges_of_airbyte_are_orders_and_refunds_count_once(tmp_path):
    intake = fixture(tmp_path, "airbyte_stripe")
    assert rows(intake, "orders", "order_id, total, status, original_order_id, account_id, email") == [
        ("ch_1", 33, "paid", None, "cus_1", "ada@example.com"),
        ("ch_10", 12.5, "pending", None, "cus_3", "cy@example.com"),
        # It was pending in an earlier sync.
        ("ch_2", 50, "paid", None, "cus_2", "bo@example.com"),
        ("ch_3", 10, "cancelled", None, "cus_1", "ada@example.com"),
        ("ch_4", 10, "paid", None, "cus_1", "ada@example.com"),
        # Authorised, and not captured.
        ("ch_5", 99, "pending", None, "cus_1", "ada@example.com"),
        ("ch_7", 40, "paid", None, None, "eve@example.com"),
        ("ch_8", 20, "paid", None, "cus_2", "bo@example.com"),
        # 60 were authorised and 40 captured; what was freed is no refund.
        ("ch_9", 40, "paid", None, "cus_2", "bo@example.com"),
        # A dispute that was lost.
        ("dp_1", -20, "returned", "ch_8", "cus_2", "bo@example.com"),
        ("re_1", -12, "returned", "ch_2", "cus_2", "bo@example.com"),
        ("re_2", -8, "returned", "ch_2", "cus_2", "bo@example.com"),
        # No row of refunds explains what the charge says.
        ("refund of ch_7", -15, "returned", "ch_7", None, "eve@example.com"),
    ]  # fmt: skip
    times = dict(rows(intake, "orders", "order_id, ordered_at"))
    assert times["ch_1"] == datetime(2024, 3, 1, 14)
    assert times["re_1"] == datetime(2024, 3, 9, 10)
    places = {row[0]: row[1:] for row in rows(intake, "orders", "order_id, country_code, phone")}
    assert places["ch_2"] == ("DE", "+493055501")
    assert places["ch_7"] == ("FR", "+33155501")
    assert rows(intake, "quarantine", "file_name, row_number, reasons") == [
        ("charges.csv", 13, "total: not a number (write 1234.50)")
    ]


def test_stripe_customers_of_airbyte_are_neither_deleted_nor_tests(tmp_path):
    intake = fixture(tmp_path, "airbyte_stripe")
    columns = "account_id, first_name, last_name, phone, street, address_2, postal_code"
    assert rows(intake, "accounts", columns) == [
        ("cus_1", "Ada", "Lovett", "+16175550100", "1 High St", "Flat 3", "02138"),
        # The address of the bill has no street, that of the parcel has.
        ("cus_2", "Bo van", "Day", "+15125550101", "2 Low St", None, "73301"),
    ]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_generated_stripe_streams_of_airbyte_agree_with_a_reckoning_of_their_own(tmp_path, ending):
    draw = random.Random(9)
    sync = {"_airbyte_extracted_at": SYNCED}
    second = int(datetime(2024, 1, 11, tzinfo=UTC).timestamp())
    units = {"usd": 100, "jpy": 1, "kwd": 1000}
    charges, refunds, net = [], [], dict.fromkeys(units, 0)
    for number in range(300):
        amount = draw.randrange(1000, 90000)
        currency = draw.choice(list(units))
        charge = {
            **{"id": f"ch_{number}", "amount": amount, "amount_refunded": 0, "currency": currency},
            **{"created": second + number * 3600, "customer": draw.choice([None, "cus_1", "cus_2"])},
            **{"status": draw.choice(["succeeded"] * 5 + ["failed", "pending"])},
            **{"livemode": draw.random() < 0.9, **sync},
        }  # fmt: skip
        charge["paid"] = charge["status"] == "succeeded"
        charge["captured"] = charge["paid"] and draw.random() < 0.9
        billing = {"email": f"p{number}@example.com", "address": {"country": "US"}}
        charge["billing_details"] = json.dumps(billing) if ending == "csv" else billing
        counts = charge["captured"] and charge["livemode"]
        net[currency] += amount if counts else 0
        for part in range(draw.choice([0, 1, 2]) if charge["captured"] else 0):
            kind = draw.choice(["succeeded", "failed", "not in refunds"])
            if kind != "failed":
                charge["amount_refunded"] += amount // 4
                net[currency] -= amount // 4 if counts else 0
            refund = {"id": f"re_{number}_{part}", "charge": charge["id"], "amount": amount // 4}
            refund |= {"created": second, "currency": currency, "status": kind, "reason": "other"}
            refund |= {"balance_transaction": f"txn_{number}_{part}", **sync}
            refunds += [refund] if kind != "not in refunds" else []
        charges.append(charge)
    write(tmp_path / "landing", ending, charges=charges, refunds=refunds)
    rates = "currency,valid_from,rate\nJPY,2023-01-01,0.007\nKWD,2023-01-01,3.2\n"
    (tmp_path / "landing" / "exchange_rates.csv").write_text(rates)
    made = frame(take(tmp_path / "landing"), "orders")

    assert len(made[made["status"] != "returned"]) == sum(charge["livemode"] for charge in charges)
    counted = made[~made["status"].isin(["pending", "cancelled"])]
    for currency, unit in units.items():
        total = counted.loc[counted["currency"] == currency.upper(), "total"].sum()
        assert total == pytest.approx(net[currency] / unit, abs=0.0001)
        assert total > 1
    assert set(made.loc[made["order_id"] == "ch_0", "email"]) <= {"p0@example.com"}


def test_hubspot_contacts_of_airbyte_keep_opt_outs_and_merges(tmp_path):
    intake = fixture(tmp_path, "airbyte_hubspot")
    columns = "contact_id, email_opt_out, ads_opt_out, merged_ids, merged_into_id, phone"
    assert rows(intake, "contacts", columns) == [
        ("101", None, None, "103;104", None, "+16175550100"),
        ("102", True, True, None, None, "+15125550101"),
        # Merged away: it stays, with its refusal.
        ("103", True, None, None, "101", None),
        # Opted out of one type of e-mail.
        ("105", True, None, None, None, None),
        # Opted out in an earlier sync, and in again.
        ("106", None, None, "108", None, None),
        # Archived, with a refusal. An archived contact without one (109) is left out.
        ("107", True, None, None, None, None),
        ("108", None, None, None, "106", None),
        # The opt-out is only in the JSON of all properties.
        ("110", True, None, None, None, None),
        ("111", None, None, None, None, None),
    ]
    assert rows(intake, "contacts", "contact_id, created_at, postal_code")[0] == (
        *("101", datetime(2023, 1, 1, 10)),
        "02138",
    )


def test_hubspot_events_of_airbyte_say_what_people_did(tmp_path):
    intake = fixture(tmp_path, "airbyte_hubspot")
    columns = "event_id, occurred_at, event_name, email, campaign_id, machine"
    march = datetime(2024, 3, 1, 9)
    assert rows(intake, "email_events", columns) == [
        ("e1", march, "sent", "ada@example.com", "501", None),
        ("e10", datetime(2024, 3, 5, 9), "complained", "hal@example.com", "501", None),
        # Subscribed to e-mail, and unsubscribed from a type of it.
        ("e12", datetime(2024, 3, 6, 9), "unsubscribed", "ivy@example.com", "501", None),
        ("e2", datetime(2024, 3, 1, 9, 0, 5), "opened", "ada@example.com", "501", "true"),
        ("e3", datetime(2024, 3, 1, 10), "clicked", "ada@example.com", "501", None),
        ("e4", march, "bounced", "bo@example.com", "501", None),
        ("e6", march, "unsubscribed", "dee@example.com", "501", None),
        ("e7", datetime(2024, 3, 2, 9), "unsubscribed", "eve@example.com", "501", None),
        # A change that is not explained may be a refusal.
        ("e9", datetime(2024, 3, 4, 9), "unsubscribed", "gil@example.com", "501", None),
        ("ivy@example.com 1677664800000 all bounced", datetime(2023, 3, 1, 10), "bounced", "ivy@example.com", None, None),
    ]  # fmt: skip


def test_hubspot_changes_of_airbyte_are_decisions_with_a_time(tmp_path):
    intake = fixture(tmp_path, "airbyte_hubspot")
    columns = "id_value, purpose, status, decided_at"
    assert [row for row in rows(intake, "consent_events", columns) if row[1] == "newsletter"] == [
        ("ada@example.com", "newsletter", "granted", datetime(2023, 1, 1, 10)),
        # The grant of another type a month later is none of marketing.
        ("cy@example.com", "newsletter", "withdrawn", datetime(2023, 2, 1, 10)),
        ("dee@example.com", "newsletter", "granted", datetime(2023, 3, 1, 10)),
        ("dee@example.com", "newsletter", "withdrawn", datetime(2023, 2, 1, 10)),
        # Two changes in one row: a bounce, and a refusal of all e-mail.
        ("ivy@example.com", "newsletter", "withdrawn", datetime(2023, 3, 1, 10)),
    ]


@pytest.mark.parametrize("text", ['"[{""change"": ""UNSUBS', '"[{""kind"": 1, ""x"":""'])
def test_hubspot_changes_of_airbyte_that_cannot_be_read_stop_the_run(tmp_path, text):
    change = {
        "subscription_changes.csv": ('"[{""change"": ""UNSUBSCRIBED"", ""changeType"": ""S', text)
    }
    with pytest.raises(UserError, match="consent_events"):
        fixture(tmp_path, "airbyte_hubspot", change)


def test_klaviyo_profiles_of_airbyte_keep_their_refusals(tmp_path):
    intake = fixture(tmp_path, "airbyte_klaviyo")
    assert rows(intake, "contacts", "contact_id, email_opt_in, email_opt_out, unsubscribed_at, sms_opt_in") == [
        ("P1", True, None, None, None),
        # A phone, and no address.
        ("P10", True, None, None, None),
        # Unsubscribed from a list.
        ("P11", True, True, None, None),
        ("P2", False, True, datetime(2024, 3, 5, 8), False),
        ("P3", None, None, None, True),
        # The address bounced, which refuses nothing.
        ("P4", True, None, None, None),
        # Suppressed by hand, and bounced.
        ("P5", True, True, None, None),
        # No subscriptions, and an older property that refuses.
        ("P6", False, None, None, None),
        # Suppressed in global_exclusions; the later row of profiles has no subscriptions.
        ("P7", None, True, None, None),
        # Cannot receive e-mail, for no reason that is given.
        ("P8", True, True, None, None),
        # Subscribed again in a later sync.
        ("P9", True, None, None, None),
    ]  # fmt: skip
    columns = "contact_id, email, phone, street, postal_code, created_at"
    assert rows(intake, "contacts", columns)[0] == (
        *("P1", "ada@example.com", "+16175550100", "1 High St", "02138"),
        datetime(2023, 1, 1, 10),
    )


def test_klaviyo_events_of_airbyte_are_those_of_e_mail_and_of_consent(tmp_path):
    intake = fixture(tmp_path, "airbyte_klaviyo")
    columns = "event_id, occurred_at, event_name, email, campaign_id, machine"
    assert rows(intake, "email_events", columns) == [
        # In events, without a name, and in events_detailed.
        ("E1", datetime(2024, 3, 1, 9), "delivered", "ada@example.com", "C1", None),
        ("E2", datetime(2024, 3, 1, 9, 0, 1), "opened", "ada@example.com", "C1", "true"),
        # The name of its metric is in the stream metrics.
        ("E3", datetime(2024, 3, 1, 10), "clicked", "ada@example.com", "C1", None),
        ("E4", datetime(2024, 3, 5, 8), "unsubscribed", "bo@example.com", "F1", None),
        ("E5", datetime(2024, 3, 6, 8), "complained", "cy@example.com", "C1", None),
        # Of a profile that is not in profiles, with an address of its own.
        ("E8", datetime(2024, 3, 8, 9), "unsubscribed", "max@example.com", "C1", None),
        ("exclusion P11 of L1 unsubscribed", datetime(2024, 2, 4, 8), "unsubscribed", "lou@example.com", None, None),
        ("exclusion P2 unsubscribe", datetime(2024, 3, 5, 8), "unsubscribed", "bo@example.com", None, None),
        ("exclusion P4 hard_bounce", datetime(2024, 2, 1, 8), "bounced", "dee@example.com", None, None),
        ("exclusion P5 hard_bounce", datetime(2024, 2, 1, 8), "bounced", "eve@example.com", None, None),
        ("exclusion P5 user_suppressed", datetime(2024, 2, 2, 8), "unsubscribed", "eve@example.com", None, None),
        ("exclusion P7 user_suppressed", datetime(2024, 2, 3, 8), "unsubscribed", "gil@example.com", None, None),
    ]  # fmt: skip
    columns = "consent_event_id, id_type, id_value, purpose, status"
    assert rows(intake, "consent_events", columns) == [
        ("E10", "contact_id", "P1", "email_marketing", "granted"),
        ("E10", "contact_id", "P1", "newsletter", "granted"),
        ("E11", "contact_id", "P2", "sms_marketing", "withdrawn"),
        # A profile without an address.
        ("E12", "contact_id", "P10", "email_marketing", "withdrawn"),
        ("E12", "contact_id", "P10", "newsletter", "withdrawn"),
        # A profile that is not in profiles.
        ("E9", "contact_id", "P13", "email_marketing", "withdrawn"),
        ("E9", "contact_id", "P13", "newsletter", "withdrawn"),
    ]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("profiles.csv", '""Accepts Marketing"": false', '""Newsletter stop"": true'),
        ("profiles.csv", "profile,P6", "customer,P6"),
        ("profiles.csv", '"{""email"": ""fay', '"{""email"" ""fay'),
        ("profiles.csv", '""consent"": ""UNSUBSCRIBED""', '""consent"": ""PAUSED""'),
    ],
)
def test_what_klaviyo_profiles_of_airbyte_may_refuse_stops_the_run(tmp_path, file, old, new):
    with pytest.raises(UserError, match="email_opt_in"):
        fixture(tmp_path, "airbyte_klaviyo", {file: (old, new)})


def test_a_klaviyo_event_of_airbyte_whose_metric_has_no_name_stops_the_run(tmp_path):
    change = {"metrics.csv": ("metric,M3", "metric,M33")}
    with pytest.raises(UserError, match=r"events\.csv, row 3: event_name"):
        fixture(tmp_path, "airbyte_klaviyo", change)
