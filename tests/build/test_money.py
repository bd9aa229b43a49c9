"""Money of a small shop, all simulated: returns with and without their order, and amounts in three currencies."""

import pytest

ORDERS = """\
order_id,ordered_at,total_usd,customer_id,status,original_order_id,currency
a1,2017-03-01,100,unnamed,paid,,
a2,2017-03-02,-100,unnamed,paid,,
b1,2017-03-01,100,named,paid,,
b2,2017-03-02,-100,named,paid,b1,
c1,2017-03-01,100,cancelled unnamed,paid,,
c2,2017-03-02,-100,cancelled unnamed,cancelled,,
d1,2017-03-01,100,cancelled named,paid,,
d2,2017-03-02,-100,cancelled named,cancelled,d1,
e1,2017-03-01,100,more than the order,paid,,
e2,2017-03-05,-130,more than the order,returned,e1,
f1,2017-03-01,100,reported twice,returned,,
f2,2017-03-05,-100,reported twice,returned,f1,
g1,2017-03-01,100,two orders,paid,,
g2,2017-04-01,40,two orders,paid,,
g3,2017-04-09,-60,two orders,paid,,
h1,2017-03-01,100,returns first,paid,,
h2,2017-02-01,-70,returns first,paid,,
i1,2017-03-01,100,another's,paid,,
i0,2017-03-01,100,bought for another,paid,,
i2,2017-03-02,-100,another's,paid,i0,
j1,2017-03-01,100,pending,pending,,
k1,2017-03-01,100,euros,paid,,eur
k2,2017-07-01,100,euros,paid,,EUR
k3,2017-07-02,-50,euros,paid,,EUR
l1,2017-03-01,15000000,rupiah,paid,,IDR
r1,2017-03-01,0,voucher,paid,,
r2,2017-03-02,0,voucher,paid,,
r3,2017-03-02,0,voucher,cancelled,,
m1,2017-03-01,10,,paid,,
m2,2017-03-02,-4,,paid,,
n1,2017-03-01,100,old return,paid,,
o1,2017-02-01,300,took it back,paid,,
o2,2017-03-01,100,took it back,paid,,
o3,2017-03-02,-100,took it back,paid,o2,
o4,2017-03-03,100,took it back,paid,o3,
p1,2017-03-01,100,exchanged,paid,,
p2,2017-03-02,-80,exchanged,paid,,
p3,2017-03-03,30,exchanged,paid,p2,
p4,2017-03-04,90,exchanged,paid,p2,
q1,2017-03-01,100,took back nothing,paid,,
q2,2017-03-02,-100,took back nothing,paid,q1,
q3,2017-03-03,100,took back nothing,cancelled,q2,
n2,2017-03-02,-20,old return,paid,long gone,
"""
LINES = """\
order_id,line_number,product_id,quantity,amount_usd
k1,1,p,1,100
l1,1,p,1,14000000
n1,1,p,1,60
n1,2,p,1,60
r1,1,p,1,0
x1,1,p,1,9
"""
RATES = """\
currency,valid_from,rate
EUR,2017-01-01,1.1
EUR,2017-06-01,1.2
IDR,2017-01-01,0.0001
"""
# By customer: spend and purchases.
EXPECTED = {
    "unnamed": (0, 0),
    "named": (0, 0),
    "cancelled unnamed": (0, 0),
    "cancelled named": (0, 0),
    "more than the order": (-30, 0),
    "reported twice": (0, 0),
    "two orders": (80, 2),
    "returns first": (30, 1),
    "another's": (100, 1),
    "bought for another": (0, 0),
    "pending": (0, 0),
    "euros": (170, 2),
    "rupiah": (1500, 1),
    "old return": (80, 1),
    "voucher": (0, 0),
    "took it back": (400, 2),
    "exchanged": (140, 2),
    "took back nothing": (0, 0),
}


@pytest.fixture(scope="module")
def shop(runner, tmp_path_factory):
    """The shop's landing, built up to what people read of its money."""
    landing = tmp_path_factory.mktemp("money")
    for name, text in (("orders", ORDERS), ("order_lines", LINES), ("exchange_rates", RATES)):
        (landing / f"{name}.csv").write_text(text)
    models = ("+customer_360", "+rpt_revenue", "+rpt_cohorts", "+rpt_notices", "+aud_crm")
    return runner.build("money", landing, *models)


def test_spend_and_purchases_are_net_of_every_return(shop):
    found = shop.warehouse(
        "select logins.id_value as login, spend_lifetime as spend, orders_lifetime as orders "
        "from segments.customer_360 join identity.int_identifiers as logins using (customer_key) "
        "where logins.id_type = 'account_id'"
    ).set_index("login")
    assert {row.Index: (row.spend, row.orders) for row in found.itertuples()} == EXPECTED


def test_revenue_says_the_same(shop):
    revenue = shop.warehouse("from measurement.rpt_revenue")
    guests = revenue["is_guest"]
    spent = sum(spend for spend, _ in EXPECTED.values())
    assert revenue.loc[~guests, "net_revenue"].sum() == pytest.approx(spent)
    assert revenue.loc[guests, "net_revenue"].sum() == 6
    assert revenue["purchases"].sum() == sum(orders for _, orders in EXPECTED.values()) + 1
    assert (revenue["gross_revenue"] - revenue["returned_amount"]).tolist() == pytest.approx(
        revenue["net_revenue"].tolist()
    )
    assert shop.warehouse("select sum(revenue) from measurement.rpt_cohorts").iloc[
        0, 0
    ] == pytest.approx(spent + 30 + 70)  # a return that no order explains is in no cohort


def test_what_was_not_used_as_it_is_is_counted(shop):
    notices = shop.warehouse("select table_name, cases, notice from measurement.rpt_notices")
    counted = dict(zip(notices["notice"], notices["cases"], strict=True))
    assert counted == {
        "returns of more than the order they name, taken off spend and revenue": 1,
        "returns without an order, matched to earlier ones of their customer": 5,
        "returns that match no order, taken off spend and revenue": 1,
        "amounts converted at the newest rate of their currency, which was older than 31 days": 1,
        "orders of total 0 with a discount or lines, which are no purchases: paid by voucher or gift card?": 1,
        "orders of total 0 without a discount or lines, which are no purchases": 1,
        "returns that were taken back, in whole or in part": 2,
        "returns without a customer and an order, taken off revenue": 1,
        "orders without lines": 24,
        "orders with lines of more than their total: lines twice, or paid in part by gift card?": 1,
        "orders with lines of less than their total: shipping and tax, or lost lines?": 1,
        "order numbers without an order, or of one that is held back": 1,
    }


def test_the_crm_gets_the_currency(shop):
    crm = shop.warehouse("select currency, spend_365d, reason from activation.aud_crm")
    assert set(crm["currency"]) == {"USD"}
    rupiah = crm[crm["spend_365d"] == 1500]
    assert len(rupiah) == 1
    assert "1 order for 1500.00 USD in a year" in rupiah["reason"].iloc[0]
