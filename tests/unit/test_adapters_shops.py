"""Adapters of shops and payments: what comes out of each export, by hand and against reckonings in pandas."""

import random
from datetime import datetime

import duckdb
import pandas as pd
import pytest
from test_adapters import rows, take

from audiencekit.intake.adapters import FOLDER, load_adapters, recognise
from audiencekit.sql import rows_of


def sums(intake) -> tuple:
    """What orders add up to: rows, customers by login, customers by e-mail, revenue net of refunds, refunds."""
    query = f"""
        select
            count(*), count(distinct account_id), count(distinct email),
            round(sum(total) filter (where counts), 2), round(sum(total) filter (where counts and total < 0), 2)
        from (
            select *, coalesce(status not in ('pending', 'cancelled'), true) as counts
            from {rows_of(intake / "orders.parquet")}
        )
    """
    return duckdb.execute(query).fetchall()[0]


# --- Retail transactions, one row per line ---


def test_an_invoice_is_an_order_and_a_credit_note_a_return(tmp_path):
    intake = take(tmp_path, "retail_lines")
    assert rows(intake, "orders", "order_id, ordered_at, total, account_id, country_code, status") == [
        ("536365", datetime(2010, 12, 1, 8, 26), 28.86, "17850", "United Kingdom", None),
        ("536370", datetime(2010, 12, 1, 8, 45), 144, "12583", "France", None),
        ("536544", datetime(2010, 12, 1, 14, 32), 13.95, None, "EIRE", None),
        ("537701", datetime(2010, 12, 14, 10, 5), 0, "12583", "France", None),
        ("C536379", datetime(2010, 12, 1, 9, 41), -27.5, "14527", "United Kingdom", "returned"),
        ("C536606", datetime(2010, 12, 2, 9, 10), -5.1, "17850", "United Kingdom", "returned"),
        ("C537610", datetime(2010, 12, 7, 13, 0), 50, None, "United Kingdom", "cancelled"),
    ]  # fmt: skip


def test_postage_and_discounts_are_no_products(tmp_path):
    intake = take(tmp_path, "retail_lines")
    assert rows(intake, "order_lines", "order_id, line_number, product_id, quantity, amount") == [
        ("536365", 1, "85123A", 6, 15.3),
        ("536365", 2, "71053", 2, 6.78),
        ("536365", 3, "71053", 2, 6.78),
        ("536370", 1, "22728", 24, 90),
        ("536544", 1, "71053", 1, 3.95),
        ("537701", 1, "22728", 1, 0),
        ("537702", 2, "71053", 1, 3.39),
        ("C536606", 1, "85123A", -2, -5.1),
    ]
    assert rows(intake, "products", "product_id, product_name") == [
        ("22728", "ALARM CLOCK"),
        ("71053", "METAL LANTERN"),
        ("85123A", "HEART HOLDER"),
    ]
    assert rows(intake, "quarantine", "table_name, row_number, reasons") == [
        ("order_lines", 17, "quantity: not a number (write 1234.50); amount: not a number (write 1234.50)"),
        ("orders", 17, "total: not a number (write 1234.50)"),
    ]  # fmt: skip


def test_the_second_layout_with_day_first_dates_and_a_decimal_comma(tmp_path):
    intake = take(
        tmp_path,
        retail_II__csv="Invoice;StockCode;Description;Quantity;InvoiceDate;Price;Customer ID;Country\n"
        "489434;85048;BALL LIGHTS;12;13.12.2009 07:45;6,95;13085;United Kingdom\n"
        "489435;22350;CAT BOWL;1.000;13.12.2009 07:46;1,25;13085;United Kingdom\n",
        landing__yml="files: {'*.csv': {decimal_comma: true}}",
    )
    assert rows(intake, "orders", "order_id, ordered_at, total, account_id") == [
        ("489434", datetime(2009, 12, 13, 7, 45), 83.4, "13085"),
        ("489435", datetime(2009, 12, 13, 7, 46), 1250, "13085"),
    ]


def test_returns_with_positive_quantities_are_returns(tmp_path):
    intake = take(
        tmp_path,
        sales__csv="InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n"
        "1001,A,3,2024-01-01 10:00,5,7.0\nC1002,A,1,2024-01-02 10:00,5,7.0\n",
    )
    assert rows(intake, "orders", "order_id, total, account_id, status") == [
        ("1001", 15, "7", None),
        ("C1002", -5, "7", "returned"),
    ]
    assert rows(intake, "order_lines", "order_id, quantity, amount") == [
        ("1001", 3, 15),
        ("C1002", -1, -5),
    ]


def retail_lines() -> pd.DataFrame:
    """Lines of 300 invoices: sales, guests, credit notes, fees, bad debt, stock counts, and some of it twice."""
    dice = random.Random(1)
    lines = []
    for number in range(536000, 536300):
        kind = dice.choices(["sale", "return", "fee", "debt", "stock"], [80, 12, 2, 1, 5])[0]
        prefix = {"return": "C", "fee": "C", "debt": "A"}.get(kind, "")
        customer = (
            ""
            if dice.random() < 0.2 or kind in ("fee", "debt", "stock")
            else str(dice.randint(12000, 12060))
        )
        for _ in range(dice.randint(1, 8)):
            code = {"fee": "AMAZONFEE", "debt": "B"}.get(kind) or dice.choice(
                ["22728", "71053", "85123A", "POST"]
            )
            quantity = dice.randint(1, 30) * (-1 if kind in ("return", "fee", "stock") else 1)
            price = 0 if kind == "stock" else round(dice.uniform(0.1, 20), 2)
            date = f"{1 + number % 12}/{1 + number % 28}/2011 9:{number % 60:02}"
            lines.append(
                (f"{prefix}{number}", code, f"{code} it", quantity, date, price, customer, "France")
            )
    names = [
        "InvoiceNo",
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "UnitPrice",
        "CustomerID",
        "Country",
    ]
    made = pd.DataFrame(lines, columns=names)
    return pd.concat([made, made.iloc[400:600]])


def test_retail_lines_add_up_to_what_pandas_reckons(tmp_path):
    made = retail_lines()
    intake = take(tmp_path, retail__csv=made.to_csv(index=False))
    once = made[~made.index.duplicated()]
    counts = once[
        (once.CustomerID != "") | ((once.UnitPrice != 0) & ~once.StockCode.isin(["AMAZONFEE", "B"]))
    ]
    invoices = (counts.Quantity * counts.UnitPrice).groupby(counts.InvoiceNo).sum()
    customers = counts[counts.CustomerID != ""].CustomerID.nunique()
    revenue, refunds = round(invoices.sum(), 2), round(invoices[invoices < 0].sum(), 2)
    assert sums(intake) == (len(invoices), customers, 0, revenue, refunds)
    assert refunds < -1000 and rows(intake, "quarantine", "count(*)") == [(0,)]
    products = counts[counts.StockCode != "POST"]
    assert rows(intake, "order_lines", "count(*), sum(quantity)") == [
        (len(products), products.Quantity.sum())
    ]


# --- WooCommerce ---


def test_woocommerce_analytics_orders_belong_to_customers_whose_name_is_one_of_a_kind(tmp_path):
    intake = take(tmp_path, "woocommerce_analytics")
    assert rows(intake, "orders", "order_id, ordered_at, total, email, status, original_order_id") == [
        ("1001", datetime(2024, 3, 1, 9), 1233, "Ada@example.com", "completed", None),
        ("1002", datetime(2024, 3, 2, 10), 50, "bo@example.com", "completed", None),
        ("1002 refund 2024-03-05 11:00:00", datetime(2024, 3, 5, 11), -20, "bo@example.com", "returned", "1002"),
        ("1003", datetime(2024, 3, 3, 10), 10, "cy@example.com", "completed", None),
        ("1003 refund", datetime(2024, 3, 3, 10), -10, "cy@example.com", "returned", "1003"),
        ("1004", datetime(2024, 3, 4, 10), 10, "dee@example.com", "pending", None),
        ("1005", datetime(2024, 3, 5, 10), 12, "Ada@example.com", "paid", None),
        ("1006", datetime(2024, 3, 6, 10), 12, None, "cancelled", None),
        ("1007", datetime(2024, 3, 7, 10), 12, None, "completed", None),
    ]  # fmt: skip
    contacts = rows(
        intake, "contacts", "contact_id, first_name, last_name, postal_code, country_code"
    )
    assert contacts[0] == ("ada@example.com", "Ada", "Lovett", "02138", "US") and len(contacts) == 6
    assert rows(intake, "quarantine", "file_name, row_number") == [("wc-orders-report-export.csv", 10)]  # fmt: skip


def test_a_customers_report_that_lacks_a_customer_of_the_orders_links_none(tmp_path):
    folder = FOLDER / "woocommerce_analytics" / "fixture"
    orders = (folder / "wc-orders-report-export.csv").read_text()
    customers = (folder / "wc-customers-report-export.csv").read_text()
    intake = take(tmp_path, orders__csv=orders, customers__csv=customers.replace("Bo Day", "B. Day"))  # fmt: skip
    assert rows(intake, "orders", "distinct email") == [(None,)]


def test_woocommerce_customers_need_no_orders_of_the_analytics(tmp_path):
    folder = FOLDER / "woocommerce_analytics" / "fixture"
    customers = (folder / "wc-customers-report-export.csv").read_text()
    intake = take(
        tmp_path,
        customers__csv=customers,
        orders__csv="order_id,ordered_at,total\n1,2024-01-01,5\n",
    )
    assert rows(intake, "orders", "order_id") == [("1",)]
    assert rows(intake, "contacts", "count(*)") == [(6,)]


@pytest.mark.parametrize(
    ("shown", "net", "total"),
    [
        ("1.234,50 €", "1000", 1234.5),
        ("Rs.1,23,456.00", "100000", 123456),
        ("¥1,234", "1234", 1234),
        ("1 234,50 zł", "1000", 1234.5),
        ("12.500 KWD", "12.5", 12.5),
        ("CHF 1'234.50", "1000", 1234.5),
        ("", "9.5", 9.5),
    ],
)
def test_woocommerce_totals_are_read_as_the_shop_writes_them(tmp_path, shown, net, total):
    header = "Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Net Sales\n"
    line = f'2024-01-01 10:00:00,1,"{shown}",completed,Ada Lovett,new,1x Cup,1,{net}\n'
    intake = take(tmp_path, report__csv=header + line)
    assert rows(intake, "orders", "total") == [(total,)]


@pytest.mark.parametrize(
    ("lines", "returned"),
    [
        (["$110.00 $88.00,10,100", "$110.00 $88.00,-1,-20"], [-22]),
        (["$110.00 $0.00,10,100", "$110.00 $0.00,-1,-25", "$110.00 $0.00,-3,-75"], [-27.5, -82.5]),
        (["$110.00,10,100", "-$22.00,-1,-20"], [-22]),
        (["$110.00,10,100", "$110.00,-1,-20"], [-20]),
        (["$110.00 $105.00,10,100"], [-5]),
        (["1.234 $ 1.034 $,10,1200", "1.234 $ 1.034 $,-1,-20"], [-200]),
    ],
    ids=["part", "two", "of its own", "only net sales", "only shipping", "thousands"],
)
def test_a_refund_of_woocommerce_has_the_total_of_its_order(tmp_path, lines, returned):
    header = "Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Net Sales\n"
    dated = []
    for day, line in enumerate(lines, 1):
        shown, items, net = line.split(",")
        dated.append(
            f"2024-01-{day:02} 10:00:00,1,{shown},completed,Ada,new,1x Cup,{items},{net}\n"
        )
    intake = take(tmp_path, report__csv=header + "".join(dated))
    totals = sorted(total for (total,) in rows(intake, "orders", "total"))
    ordered = 1234 if lines[0].startswith("1.234") else 110
    assert totals == [*sorted(returned), ordered]


def test_advanced_order_export_comes_with_its_refunds(tmp_path):
    intake = take(tmp_path, "woocommerce_advanced_export")
    assert rows(intake, "orders", "order_id, ordered_at, total, account_id, status, original_order_id") == [
        ("1001", datetime(2024, 3, 1, 9), 33, "7", "completed", None),
        ("1002", datetime(2024, 3, 2, 10), 50, None, "completed", None),
        ("1002 refund", datetime(2024, 3, 2, 10), -20, None, "returned", "1002"),
        ("1003", datetime(2024, 3, 3, 10), 10, None, "completed", None),
        ("1003 refund", datetime(2024, 3, 3, 10), -10, None, "returned", "1003"),
        ("1004", datetime(2024, 3, 4, 10), 10, "8", "pending", None),
        ("1005", datetime(2024, 3, 5, 10), 10, "7", "paid", None),
        ("1006", datetime(2024, 3, 6, 10), 10, None, "cancelled", None),
    ]  # fmt: skip
    lines = rows(intake, "order_lines", "order_id, line_number, product_id, quantity, amount")
    assert lines[:3] == [
        ("1001", 1, "TEA-1", 1, 10),
        ("1001", 2, "CUP-1", 2, 20),
        ("1002", 1, "TEA-1", 3, 30),
    ]
    assert len(lines) == 7 and "1003" not in [line[0] for line in lines]
    assert rows(intake, "contacts", "contact_id, first_name, street, postal_code")[0] == (
        *("ada@example.com", "Ada"),
        *("1 High St", "02138"),
    )
    assert rows(intake, "quarantine", "row_number, reasons") == [
        (9, "total: not a number (write 1234.50)")
    ]


def woocommerce_orders(dice: random.Random) -> pd.DataFrame:
    """250 orders of the Advanced Order Export in every status, some refunded, of 1 to 3 lines each."""
    lines = []
    for number in range(1, 251):
        status = dice.choice(
            ["Completed"] * 6
            + ["Processing", "Refunded", "On hold", "Pending payment", "Failed", "Cancelled"]
        )
        total = round(dice.uniform(5, 300), 2)
        refund = total if status == "Refunded" else round(total / 4, 2) if dice.random() < 0.2 else 0  # fmt: skip
        for item in range(dice.randint(1, 3)):
            lines.append(
                (
                    number,
                    status,
                    f"2024-03-{1 + number % 28:02} 10:00",
                    f"p{dice.randint(1, 60) if item == 0 else 0}@example.com",
                    total,
                    refund,
                    f"S{item}",
                    1,
                    5,
                )
            )
    names = [
        "Order Number",
        "Order Status",
        "Order Date",
        "Email (Billing)",
        "Order Total Amount",
        "Order Refund Amount",
        "SKU",
        "Quantity",
        "Item Cost",
    ]
    made = pd.DataFrame(lines, columns=names)
    made["Email (Billing)"] = made.groupby("Order Number")["Email (Billing)"].transform("first")
    return made


def test_advanced_order_export_adds_up_to_what_pandas_reckons(tmp_path):
    made = woocommerce_orders(random.Random(2))
    intake = take(tmp_path, orders_export__csv=made.to_csv(index=False))
    orders = made.drop_duplicates("Order Number").rename(columns=lambda name: name.replace(" ", ""))
    bought = orders[orders.OrderStatus.isin(["Completed", "Processing", "Refunded"])]
    refunds = round(-bought.OrderRefundAmount.sum(), 2)
    revenue = round(bought.OrderTotalAmount.sum() + refunds, 2)
    count = len(orders) + (bought.OrderRefundAmount > 0).sum()
    customers = made["Email (Billing)"].nunique()
    assert sums(intake) == (count, 0, customers, revenue, refunds)
    assert rows(intake, "order_lines", "count(*)") == [(len(made),)]


# --- Stripe ---


def test_stripe_payments_come_with_refunds_and_lost_disputes(tmp_path):
    intake = take(tmp_path, "stripe_payments")
    assert rows(intake, "orders", "order_id, ordered_at, total, account_id, status, original_order_id") == [
        ("ch_1", datetime(2024, 3, 1, 9), 33, "cus_1", "paid", None),
        ("ch_2", datetime(2024, 3, 2, 10), 50, "cus_2", "paid", None),
        ("ch_2 refund", datetime(2024, 3, 5, 11), -20, "cus_2", "returned", "ch_2"),
        ("ch_3", datetime(2024, 3, 3, 10), 1010, None, "paid", None),
        ("ch_3 refund", datetime(2024, 3, 4, 10), -1010, None, "returned", "ch_3"),
        ("ch_4", datetime(2024, 3, 4, 10), 10, "cus_4", "pending", None),
        ("ch_5", datetime(2024, 3, 4, 11), 10, "cus_4", "cancelled", None),
        ("ch_6", datetime(2024, 3, 5, 10), 10, "cus_4", "cancelled", None),
        ("ch_7", datetime(2024, 3, 5, 10, 5), 10, "cus_4", "paid", None),
        ("ch_7 dispute", datetime(2024, 3, 20, 8), -10, "cus_4", "returned", "ch_7"),
        ("ch_8", datetime(2024, 3, 6, 10), 12, "cus_1", "paid", None),
        ("pi_10", datetime(2024, 3, 6, 12), 15, None, "pending", None),
    ]  # fmt: skip
    assert rows(intake, "quarantine", "row_number, reasons") == [
        (12, "total: not a number (write 1234.50)")
    ]


def test_a_refusal_at_the_checkout_of_stripe_is_one(tmp_path):
    intake = take(tmp_path, "stripe_payments")
    found = rows(intake, "orders", "order_id, email, currency, email_opt_in")
    assert [row for row in found if row[3] is not None] == [
        ("ch_1", "ada@example.com", "USD", True),
        ("ch_2", "bo@example.com", "USD", False),
    ]


def test_amounts_in_yen_are_not_divided(tmp_path):
    intake = take(
        tmp_path,
        payments__csv="id,Created (UTC),Amount,Amount Refunded,Currency,Captured,Status\n"
        "ch_1,2024-03-01 09:00,1500,500,jpy,True,Paid\n",
        landing__yml="currency: JPY",
    )
    assert rows(intake, "orders", "order_id, total, currency") == [
        ("ch_1", 1500, "JPY"),
        ("ch_1 refund", -500, "JPY"),
    ]


def test_charges_of_the_api_in_cents_are_not_the_export():
    for header in (
        "id,amount,amount_refunded,currency,captured,created,customer_id,status,livemode",
        "id,created,email,description,delinquent,currency,name,phone",
    ):
        found = recognise("charge.csv", header.split(","), load_adapters().values(), has_table=False)  # fmt: skip
        assert found is None or not found.adapter.name.startswith("stripe_")


def test_stripe_customers_are_logins(tmp_path):
    intake = take(tmp_path, "stripe_customers")
    assert rows(intake, "accounts", "account_id, email, first_name, last_name, postal_code, created_at") == [
        ("cus_1", "ada@example.com", "Ada", "Lovett", "02138", datetime(2024, 3, 1, 8, 59)),
        ("cus_2", "bo@example.com", "Bo", "van Day", None, datetime(2024, 3, 2, 9, 59)),
        ("cus_4", "dee@example.com", "Dee", None, None, datetime(2024, 3, 4, 9, 59)),
    ]  # fmt: skip


def stripe_payments(dice: random.Random) -> pd.DataFrame:
    """400 payments: paid, refunded in part or in full, failed, authorised only, in test mode; half of guests."""
    lines = []
    for number in range(400):
        status = dice.choice(["Paid"] * 6 + ["Refunded", "Failed", "canceled", "requires_action"])
        amount = round(dice.uniform(1, 500), 2)
        refunded = (
            amount
            if status == "Refunded"
            else round(amount / 3, 2)
            if status == "Paid" and dice.random() < 0.2
            else 0
        )
        captured = status in ("Paid", "Refunded") and dice.random() < 0.95
        customer = dice.randint(1, 70)
        lines.append((
            f"ch_{number}", f"2024-03-{1 + number % 28:02} 10:00:00", amount, refunded, "eur", captured, status,
            f"cus_{customer}" if customer > 35 else "", f"p{customer}@example.com",
            "Test" if dice.random() < 0.05 else "Live", "2024-04-01 10:00:00" if refunded else "",
            dice.choice(["opt_in", "opt_out", "", ""]),
        ))  # fmt: skip
    return pd.DataFrame(lines, columns=[
        "id", "Created date (UTC)", "Amount", "Amount Refunded", "Currency", "Captured", "Status", "Customer ID",
        "Customer Email", "Mode", "Refunded date (UTC)", "Checkout Promotional Consent",
    ])  # fmt: skip


def test_stripe_payments_add_up_to_what_pandas_reckons(tmp_path):
    made = stripe_payments(random.Random(3))
    intake = take(tmp_path, unified__csv=made.to_csv(index=False), landing__yml="currency: EUR")
    live = made[made.Mode == "Live"]
    paid = live[live.Status.isin(["Paid", "Refunded"]) & live.Captured]
    refunds = round(-paid["Amount Refunded"].sum(), 2)
    revenue = round(paid.Amount.sum() + refunds, 2)
    logins = live[live["Customer ID"] != ""]["Customer ID"].nunique()
    count = len(live) + (paid["Amount Refunded"] > 0).sum()
    assert sums(intake) == (count, logins, live["Customer Email"].nunique(), revenue, refunds)
    refused = (live["Checkout Promotional Consent"] == "opt_out").sum()
    assert rows(intake, "orders", "count(*) filter (not email_opt_in)") == [(refused,)]
    assert refunds < -1000 and refused > 50


# --- Olist ---


def test_an_order_of_olist_is_what_was_paid_in_all_kinds(tmp_path):
    intake = take(tmp_path, "olist")
    assert rows(intake, "orders", "order_id, ordered_at, total, account_id, status, currency") == [
        ("o1", datetime(2017, 10, 2, 13, 56, 33), 77.42, "u1", "completed", "BRL"),
        ("o2", datetime(2017, 11, 18, 21, 28, 6), 72.2, "u2", "shipped", "BRL"),
        ("o3", datetime(2018, 2, 13, 23, 18, 39), 55, "u1", "cancelled", "BRL"),
        ("o4", datetime(2018, 3, 1, 13), 20, "u3", "cancelled", "BRL"),
        ("o5", datetime(2018, 3, 2, 13), 143.46, "u2", "completed", "BRL"),
        ("o6", datetime(2018, 3, 3, 13), 0, "u4", "pending", "BRL"),
    ]
    assert rows(intake, "order_lines", "order_id, line_number, product_id, quantity, amount")[:2] == [
        ("o1", 1, "p1", 1, 29.99),
        ("o1", 2, "p1", 1, 29.99),
    ]  # fmt: skip
    assert rows(intake, "products", "product_id, category") == [
        ("p1", "perfumery"),
        ("p2", "pc_gamer"),
        ("p3", None),
    ]
    assert rows(intake, "accounts", "account_id, city, region, country_code") == [
        ("u1", "sao paulo", "SP", "BR"),
        ("u2", "rio de janeiro", "RJ", "BR"),
        ("u3", "mogi das cruzes", "SP", "BR"),
        ("u4", "campinas", "SP", "BR"),
    ]


def olist(dice: random.Random) -> dict[str, pd.DataFrame]:
    """300 orders of 200 people in every status, with items, and payments of several kinds."""
    statuses = ["delivered"] * 8 + [
        "shipped",
        "invoiced",
        "approved",
        "processing",
        "created",
        "canceled",
        "unavailable",
    ]
    orders, people, items, payments = [], [], [], []
    for number in range(300):
        orders.append(
            (
                f"o{number}",
                f"c{number}",
                dice.choice(statuses),
                f"2018-03-{1 + number % 28:02} 10:00:00",
            )
        )
        people.append((f"c{number}", f"u{dice.randint(1, 200)}", "x", "SP"))
        for item in range(dice.randint(0 if number % 50 else 1, 3)):
            items.append((f"o{number}", item + 1, f"p{item}", "s", round(dice.uniform(5, 200), 2), 10.5))  # fmt: skip
        for nth in range(dice.randint(1, 3) if number % 50 else 0):
            payments.append(
                (
                    f"o{number}",
                    nth + 1,
                    dice.choice(["credit_card", "voucher", "boleto"]),
                    round(dice.uniform(1, 150), 2),
                )
            )
    return {
        "orders": pd.DataFrame(orders, columns=["order_id", "customer_id", "order_status", "order_purchase_timestamp"]),
        "customers": pd.DataFrame(people, columns=[
            "customer_id", "customer_unique_id", "customer_city", "customer_state",
        ]),
        "items": pd.DataFrame(items, columns=[
            "order_id", "order_item_id", "product_id", "seller_id", "price", "freight_value",
        ]),
        "payments": pd.DataFrame(payments, columns=["order_id", "payment_sequential", "payment_type", "payment_value"]),
    }  # fmt: skip


def test_olist_adds_up_to_what_pandas_reckons(tmp_path):
    made = olist(random.Random(4))
    files = {f"olist_{name}_dataset__csv": each.to_csv(index=False) for name, each in made.items()}
    again = {"olist_payments_dataset (1)__csv": files["olist_payments_dataset__csv"]}
    intake = take(tmp_path, **files, **again, landing__yml="currency: BRL")
    paid = made["payments"].groupby("order_id").payment_value.sum()
    billed = (
        made["items"]
        .assign(all=lambda each: each.price + each.freight_value)
        .groupby("order_id")["all"]
        .sum()
    )
    orders = made["orders"].merge(made["customers"]).set_index("order_id")
    orders["total"] = paid.reindex(orders.index).fillna(billed.reindex(orders.index))
    bought = orders[~orders.order_status.isin(["created", "canceled", "unavailable"])]
    assert sums(intake) == (
        300,
        orders.customer_unique_id.nunique(),
        0,
        round(bought.total.sum(), 2),
        None,
    )
    assert rows(intake, "order_lines", "count(*), round(sum(amount), 2)") == [
        (len(made["items"]), round(made["items"].price.sum(), 2))
    ]
    assert rows(intake, "accounts", "count(*)") == [(orders.customer_unique_id.nunique(),)]


# --- BigCommerce, orders export ---

BIGCOMMERCE = FOLDER / "bigcommerce_orders" / "fixture" / "orders-2024-03-31.csv"
CHICAGO = "files: {'*': {time_zone: America/Chicago, date_order: MDY}}\n"


def bigcommerce_file(changes: dict[str, dict[str, str]]) -> str:
    """The orders of the fixture that `changes` names by their numbers, with these cells changed."""
    orders = pd.read_csv(BIGCOMMERCE, dtype=str, keep_default_na=False).set_index(
        "Order ID", drop=False
    )
    return pd.DataFrame([{**orders.loc[each], **cells} for each, cells in changes.items()]).to_csv(
        index=False
    )


def test_bigcommerce_orders_come_with_their_refunds(tmp_path):
    intake = take(tmp_path, "bigcommerce_orders")
    assert rows(intake, "orders", "order_id, ordered_at, total, account_id, status, original_order_id") == [
        ("101", datetime(2024, 3, 1, 15), 35, "7", "completed", None),
        ("102", datetime(2024, 3, 2, 16), 50, None, "completed", None),
        ("102 refund", datetime(2024, 3, 2, 16), -20, None, "returned", "102"),
        ("103", datetime(2024, 3, 13, 15), 10, "9", "completed", None),
        ("103 refund", datetime(2024, 3, 13, 15), -10, "9", "returned", "103"),
        ("104", datetime(2024, 3, 14, 15), 10, "10", "pending", None),
        ("105", datetime(2024, 3, 14, 15, 5), 10, "10", "pending", None),
        ("106", datetime(2024, 3, 15, 15), 10, None, "cancelled", None),
        ("107", datetime(2024, 3, 15, 15, 10), 10, None, "cancelled", None),
        ("108", datetime(2024, 3, 17, 4, 30), 10, "7", "paid", None),
        ("110", datetime(2024, 3, 18, 15), 1200, "9", "paid", None),
    ]  # fmt: skip
    assert rows(intake, "quarantine", "file_name, row_number, reasons") == [
        ("orders-2024-03-31.csv", 10, "total: not a number (write 1234.50)")
    ]
    assert sums(intake) == (11, 3, 5, 35 + 50 - 20 + 10 - 10 + 10 + 1200, -30)
    guest = ("102", "bo@example.com", "+1 512 555 0101", "United States", "USD")
    assert guest in rows(intake, "orders", "order_id, email, phone, country_code, currency")


def test_bigcommerce_products_are_read_out_of_one_cell(tmp_path):
    intake = take(tmp_path, "bigcommerce_orders")
    lines = rows(
        intake, "order_lines", "order_id, line_number, product_id, quantity, amount, currency"
    )
    assert lines[:3] == [
        ("101", 1, "TEA-1", 1, 10, "USD"),
        ("101", 2, "CUP-1", 2, 20, "USD"),
        ("102", 1, "TEA-1", 5, 50, "USD"),
    ]
    assert ("108", 1, "79", 2, 10, "USD") in lines and len(lines) == 11
    assert rows(intake, "products", "product_id, product_name") == [
        ("79", "Gift box"),
        ("CUP-1", "Cup | white"),
        ("TEA-1", "Green tea, loose"),
    ]
    assert rows(intake, "contacts", "contact_id, first_name, last_name, street, city, region, postal_code")[0] == (
        *("ada@example.com", "Ada", "Lovett", "1 High St"),
        *("Boston", "Massachusetts", "02138"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("days", "time", "hour"),
    [
        (("03/13/2024", "03/01/2024"), "09:00:00", 9),
        (("13/03/2024", "01/03/2024"), "2:30 PM", 14.5),
        (("13th Mar 2024", "1st Mar 2024"), "09:00:00", 9),
        (("Mar 13th 2024", "Mar 1st, 2024"), "09:00", 9),
        (("2024-03-13", "2024-03-01"), "", 0),
    ],
)
def test_bigcommerce_days_as_a_template_writes_them(tmp_path, days, time, hour):
    changes = {
        number: {"Order Date": day, "Order Time": time}
        for number, day in zip(["101", "104"], days, strict=True)
    }
    intake = take(tmp_path, orders__csv=bigcommerce_file(changes))
    clock = (int(hour), round(hour % 1 * 60))
    assert rows(intake, "orders", "order_id, ordered_at") == [
        ("101", datetime(2024, 3, 13, *clock)),
        ("104", datetime(2024, 3, 1, *clock)),
    ]


def test_bigcommerce_amounts_are_in_the_currency_of_the_order(tmp_path):
    intake = take(
        tmp_path,
        orders__csv=bigcommerce_file({"101": {}, "102": {"Order Currency Code": "EUR"}}),
        exchange_rates__csv="currency,valid_from,rate\nEUR,2024-01-01,1.1\n",
        landing__yml=CHICAGO,
    )
    assert rows(intake, "orders", "order_id, total, currency") == [
        ("101", 35, "USD"),
        ("102", 50, "EUR"),
        ("102 refund", -20, "EUR"),
    ]
    assert ("102", 50, "EUR") in rows(intake, "order_lines", "order_id, amount, currency")


def test_what_a_bigcommerce_file_does_not_say_is_not_guessed(tmp_path):
    intake = take(
        tmp_path,
        orders__csv=bigcommerce_file(
            {
                "101": {},
                "102": {"Refund Amount": "0.00"},
                "104": {"Order Status": "In the oven"},
                "106": {"Order Status": "Shipped", "Refund Amount": "one"},
                "110": {"Product Details": "Tea"},
            }
        ),
        landing__yml=CHICAGO,
    )
    assert rows(intake, "quarantine", "table_name, row_number, reasons") == [
        ("order_lines", 6, "quantity: missing; amount: missing"),
        ("orders", 3, "total: not a number (write 1234.50)"),
        ("orders", 4, "status: not one of pending, placed, paid, shipped, completed, cancelled, returned"),
        ("orders", 5, "total: not a number (write 1234.50)"),
    ]  # fmt: skip
    assert [row[0] for row in rows(intake, "orders", "order_id")] == ["101", "102", "106", "110"]


def test_a_bigcommerce_order_with_a_row_per_product_counts_once(tmp_path):
    tea, cup = pd.read_csv(BIGCOMMERCE, dtype=str)["Product Details"][0].split("|", 1)
    first = bigcommerce_file({"101": {"Product Details": tea}})
    second = bigcommerce_file({"101": {"Product Details": cup}}).splitlines()[1]
    intake = take(tmp_path, orders__csv=first + second + "\n", landing__yml=CHICAGO)
    assert rows(intake, "orders", "order_id, total") == [("101", 35)]
    assert rows(intake, "order_lines", "line_number, product_id, amount") == [
        (1, "TEA-1", 10),
        (2, "CUP-1", 20),
    ]
