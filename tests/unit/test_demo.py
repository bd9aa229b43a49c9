"""The demo's landing folder: deterministic, within the contract, and real where it says so."""

import re
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import phonenumbers
import pytest

from audiencekit.demo import AS_OF, write_demo_landing
from audiencekit.demo.dirt import JUNK_EMAILS, JUNK_PHONES
from audiencekit.demo.places import COUNTRIES, shuffled_numbers
from audiencekit.demo.retail import package_file
from audiencekit.intake.contract import load_contract
from audiencekit.intake.rules import SQL_TYPES

HOUSEHOLDS = 150
RESERVED_DOMAINS = {"example.com", "example.org", "example.net"}
# National numbers the regulators keep for fiction, written out once more on purpose.
RESERVED_NUMBERS = {
    "US": r"\d{3}55501\d{2}",
    "CA": r"\d{3}55501\d{2}",
    "GB": r"(1\d{2}4960|2079460|1914980|2920180)\d{3}",
    "FR": r"(19900|26191|35301|46571|53649)\d{4}",
    "DE": r"(3023125|4066969|6990009|8999998|2214710)\d{3}",
}

# The demo is in one currency.
DEMO_TABLES = {n: t for n, t in load_contract().items() if n != "exchange_rates"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, int]]:
    """The landing folder, the truth folder and the rows written, of 150 households."""
    folder, truth_folder = tmp_path_factory.mktemp("landing"), tmp_path_factory.mktemp("truth")
    rows = write_demo_landing(folder, truth_folder, households=HOUSEHOLDS)
    return folder, truth_folder, rows


@pytest.fixture
def con(demo: tuple[Path, Path, dict[str, int]]) -> duckdb.DuckDBPyConnection:
    """Every landing table as a view; contacts holds both extracts, `truth` the truth."""
    folder, truth_folder, rows = demo
    con = duckdb.connect()
    for table in rows:
        con.execute(f"create view {table} as from read_parquet('{folder}/{table}.*')")
    con.execute(f"create view truth as from read_parquet('{truth_folder}/truth.parquet')")
    con.execute(f"create view transactions as from read_parquet('{package_file('transactions')}')")
    return con


def one(con: duckdb.DuckDBPyConnection, query: str):
    """The single value of a query."""
    return con.execute(query).fetchall()[0][0]


def test_two_runs_write_the_same_bytes(demo, tmp_path):
    folder, truth_folder, rows = demo
    again = write_demo_landing(tmp_path / "a", tmp_path / "b", households=HOUSEHOLDS)
    assert again == rows
    files = sorted(folder.iterdir())
    assert [f.name for f in files] == sorted(f.name for f in (tmp_path / "a").iterdir())
    for file in files:
        assert file.read_bytes() == (tmp_path / "a" / file.name).read_bytes(), file.name
    truth = (truth_folder / "truth.parquet").read_bytes()
    assert truth == (tmp_path / "b" / "truth.parquet").read_bytes()


def test_another_seed_makes_other_people_of_the_same_purchases(con, tmp_path):
    write_demo_landing(tmp_path / "a", tmp_path / "b", seed=1, households=HOUSEHOLDS)
    other = f"read_parquet('{tmp_path}/a/orders.parquet')"
    totals = "select order_id, total from {} where status <> 'returned' order by order_id"
    assert con.execute(totals.format("orders")).fetchall() == (
        con.execute(totals.format(other)).fetchall()
    )
    contacts = f"read_parquet('{tmp_path}/a/contacts.*')"
    shared = f"select count(*) from contacts join {contacts} as c using (email, last_name)"
    assert one(con, shared) < 10


def test_the_folder_holds_every_table_of_the_contract_and_a_readme(demo):
    folder, _, rows = demo
    assert set(rows) == set(DEMO_TABLES)
    tables = {file.name.split(".")[0] for file in folder.iterdir()}
    assert tables == set(rows) | {"README"}


@pytest.mark.parametrize("table", list(DEMO_TABLES))
def test_every_column_is_in_the_contract_and_castable(con, table):
    contract = {column.name: column for column in DEMO_TABLES[table].columns}
    found = [row[0] for row in con.execute(f"describe {table}").fetchall()]
    assert set(found) <= set(contract)
    for name in found:
        column = contract[name]
        wanted = SQL_TYPES[column.data_type]
        cast = f"try_cast({name} as {wanted})"
        lost = f"select count(*) from {table} where {cast} is distinct from {name}"
        assert one(con, lost) == 0, name
        if column.required:
            assert one(con, f"select count(*) from {table} where {name} is null") == 0, name
        if column.one_of:
            values = con.execute(
                f"select distinct {name} from {table} where {name} is not null"
            ).fetchall()
            assert {v for (v,) in values} <= set(column.one_of), name


@pytest.mark.parametrize("table", list(DEMO_TABLES))
def test_rows_counted_are_rows_written(demo, con, table):
    assert one(con, f"select count(*) from {table}") == demo[2][table] > 0


def test_the_business_key_is_unique_except_where_extracts_overlap(con):
    for table in DEMO_TABLES.values():
        if table.name != "contacts":
            there = {name for name, *_ in con.execute(f"describe {table.name}").fetchall()}
            key = ", ".join(name for name in table.key if name in there)
            twice = f"select count(*) from {table.name} group by {key} having count(*) > 1"
            assert con.execute(twice).fetchall() == [], table.name


def test_order_totals_are_those_of_the_package(con):
    wrong = """
        select count(*)
        from orders
        left join (
            select
                basket_id, min(transaction_timestamp) as ordered_at, sum(sales_value) as total,
                sum(retail_disc + coupon_disc + coupon_match_disc) as discount
            from transactions group by basket_id
        ) as real on orders.order_id = cast(real.basket_id as varchar)
        where
            orders.status <> 'returned'
            and (
                abs(orders.total - real.total) > 0.001
                or abs(orders.discount - real.discount) > 0.001
                or orders.ordered_at <> real.ordered_at
                or real.basket_id is null
            )
    """
    assert one(con, wrong) == 0
    whole = """
        select count(distinct basket_id) from transactions where household_id in (
            select household_id from transactions
            where cast(basket_id as varchar) in (select order_id from orders)
        )
    """
    assert one(con, whole) == one(con, "select count(*) from orders where status <> 'returned'")


def test_lines_add_up_to_their_order_and_keep_the_source_s_zero_quantities(con):
    apart = """
        select count(*) from orders
        left join (select order_id, sum(amount) as total from order_lines group by order_id)
            as lines using (order_id)
        where abs(orders.total - coalesce(lines.total, 1e9)) > 0.001
    """
    assert one(con, apart) == 0
    real = """
        select count(*) from transactions
        where quantity = 0 and cast(basket_id as varchar) in (select order_id from orders)
    """
    assert one(con, "select count(*) from order_lines where quantity = 0") == one(con, real) > 0


def test_a_return_takes_money_back_after_its_order(con):
    returns = one(con, "select count(*) from orders where status = 'returned'")
    kept_law = """
        select count(*) from orders as r join orders as o on r.original_order_id = o.order_id
        where r.status = 'returned' and r.total < 0 and r.total >= -o.total - 0.001
            and r.ordered_at > o.ordered_at and o.status = 'completed'
            and r.card_number is not distinct from o.card_number
            and r.account_id is not distinct from o.account_id
    """
    assert one(con, kept_law) == returns > 20
    assert one(con, "select count(*) from order_lines where quantity < 0") >= returns


def test_guests_and_web_orders_are_as_many_as_meant(con):
    guest = "coalesce(account_id, card_number, email, phone) is null"
    assert 0.02 < one(con, f"select avg(cast({guest} as int)) from orders") < 0.045
    assert 0.10 < one(con, "select avg(cast(order_channel = 'web' as int)) from orders") < 0.30
    assert (
        one(con, "select count(*) from orders where order_channel = 'web' and account_id is null")
        == 0
    )


def test_every_email_is_on_a_reserved_domain(con):
    for table in ("contacts", "accounts", "orders", "email_events"):
        emails = con.execute(
            f"select distinct email from {table} where email is not null"
        ).fetchall()
        assert emails
        for (email,) in emails:
            if email not in JUNK_EMAILS:
                assert email.strip().lower().rpartition("@")[2] in RESERVED_DOMAINS, email


def test_every_phone_is_valid_unless_junk_and_kept_for_fiction(con):
    query = " union ".join(
        f"select phone, country_code from {table} where phone is not null"
        for table in ("contacts", "accounts", "orders")
    )
    phones = con.execute(query).fetchall()
    assert {country for _, country in phones} == set(RESERVED_NUMBERS)
    for phone, country in phones:
        if phone in JUNK_PHONES:
            continue
        parsed = phonenumbers.parse(phone, country)
        assert phonenumbers.is_valid_number(parsed), phone
        assert re.fullmatch(RESERVED_NUMBERS[country], str(parsed.national_number)), phone


@pytest.mark.parametrize("country", COUNTRIES, ids=lambda country: country.code)
def test_a_country_s_whole_pool_of_numbers_is_valid_and_kept_for_fiction(country):
    for number in shuffled_numbers(country, 400, np.random.default_rng(0)):
        parsed = phonenumbers.parse(number)
        assert phonenumbers.is_valid_number(parsed), number
        assert re.fullmatch(RESERVED_NUMBERS[country.code], str(parsed.national_number)), number


def test_a_phone_belongs_to_one_person_or_to_the_adults_of_one_home(con):
    owners = con.execute(
        """
        select phone, country_code, person_id
        from contacts join truth on record_type = 'contact' and record_id = contact_id
        where phone is not null
        """
    ).fetchall()
    homes: dict[str, set[str]] = {}
    people: dict[str, set[str]] = {}
    for phone, country, person in owners:
        if phone not in JUNK_PHONES:
            parsed = phonenumbers.parse(phone, country)
            number = f"{parsed.country_code} {parsed.national_number}"
            homes.setdefault(number, set()).add(person.split("-")[1])
            people.setdefault(number, set()).add(person)
    assert max(map(len, homes.values())) == 1
    shared = [p for p in people.values() if len(p) == 2]
    assert len(shared) >= 5  # the trap is there


def test_truth_covers_every_contact_login_card_and_order_that_is_not_a_guest_s_once(con):
    truth = Counter(con.execute("select record_type, record_id from truth").fetchall())
    wanted = con.execute(
        """
        select distinct 'contact', contact_id from contacts
        union select 'account', account_id from accounts
        union select 'order', order_id from orders
            where coalesce(account_id, card_number, email, phone) is not null
        """
    ).fetchall()
    cards = con.execute(
        """
        select card_number from orders union select card_number from contacts
        union select card_number from accounts
        union select id_value from campaign_touches
        """
    ).fetchall()
    assert set(truth.values()) == {1}
    assert {key for key in truth if key[0] != "card"} == set(wanted)
    known = {record_id for kind, record_id in truth if kind == "card"}
    assert known >= {card for (card,) in cards if card is not None}


def test_the_second_extract_of_contacts_overlaps_the_first_and_wins(demo, con):
    first, second = (
        f"read_parquet('{demo[0]}/contacts.{day}.parquet')" for day in ("2017-12-01", "2017-12-31")
    )
    both = f"select count(*) from {first} as a join {second} as b using (contact_id) where "
    assert one(con, both + "a.updated_at = b.updated_at") > 10
    assert one(con, both + "a.updated_at < b.updated_at") > 10
    assert one(con, both + "a.updated_at > b.updated_at") == 0
    assert one(con, "select max(created_at) < '2017-06-01' from contacts")


def test_birth_dates_agree_with_the_real_age_band(con):
    wrong = """
        select count(*) filter (date_diff('year', cast(birth_date as date), date '2017-12-31')
            not between cast(left(age_band, 2) as int) and coalesce(
                try_cast(right(age_band, 2) as int), 84)), count(*)
        from contacts where birth_date is not null and age_band is not null
    """
    ((wrong_rows, rows),) = con.execute(wrong).fetchall()
    assert rows > 10
    assert wrong_rows == 0


def test_known_visitors_show_intent_in_the_ten_minutes_before_as_of(demo, tmp_path):
    write_demo_landing(tmp_path, tmp_path, households=40)
    for folder in (demo[0], tmp_path):
        live = f"""
            select count(*) from (
                select anonymous_id from read_parquet('{folder}/web_events.parquet')
                where occurred_at < timestamp '{AS_OF}'
                    and occurred_at >= timestamp '{AS_OF}' - interval 10 minute
                group by anonymous_id
                having count(account_id) > 0
                    and count(*) filter (event_name = 'product_view') > 3
                    and count(*) filter (event_name = 'add_to_cart') > 0
            )
        """
        assert one(duckdb.connect(), live) >= 4, folder


def test_carts_are_abandoned_in_the_last_two_days(con):
    abandoned = f"""
        select count(*) from (
            select anonymous_id from web_events
            where occurred_at < timestamp '{AS_OF}'
                and occurred_at >= timestamp '{AS_OF}' - interval 48 hour
            group by anonymous_id
            having count(account_id) > 0
                and count(*) filter (event_name = 'add_to_cart') > 0
                and count(*) filter (event_name = 'purchase') = 0
        )
    """
    assert one(con, abandoned) >= 4


def test_every_web_order_has_its_purchase_event_just_before(con):
    matched = """
        select count(*) from orders join web_events as e
            on e.order_id = orders.order_id and e.event_name = 'purchase'
            and e.account_id = orders.account_id
            and e.occurred_at between orders.ordered_at - interval 2 minute and orders.ordered_at
        where orders.status <> 'returned'
    """
    orders = "select count(*) from orders where order_channel = 'web' and status <> 'returned'"
    assert one(con, matched) == one(con, orders) > 100


def test_only_orders_and_their_visits_are_later_than_as_of(con):
    for table in DEMO_TABLES.values():
        moment = table.event_at or table.latest_by
        columns = [row[0] for row in con.execute(f"describe {table.name}").fetchall()]
        if moment in columns and table.name not in ("orders", "web_events"):
            assert one(con, f"select max({moment}) < timestamp '{AS_OF}' from {table.name}"), (
                table.name
            )
    untied = f"""
        select count(*) from web_events
        where occurred_at >= timestamp '{AS_OF}' and account_id not in (
            select account_id from orders
            where ordered_at >= timestamp '{AS_OF}' and account_id is not null
        )
    """
    assert one(con, untied) == 0


def test_mail_goes_only_to_people_who_are_subscribed_at_that_moment(con):
    sent = one(con, "select count(*) from email_events where event_name = 'sent'")
    by_email = """
        select count(*) from email_events as e where event_name = 'sent' and exists (
            select 1 from (
                select status from consent_events as c
                where c.purpose = 'newsletter' and c.id_type = 'email' and c.id_value = e.email
                    and c.decided_at <= e.occurred_at
                order by c.decided_at desc limit 1
            ) where status <> 'granted'
        )
    """
    assert sent > 500
    assert one(con, by_email) == 0


def test_consents_hold_grants_that_have_expired_and_that_soon_will(con):
    grants = "select count(*) from consent_events where status = 'granted' and expires_at "
    others = "select count(expires_at) from consent_events where status <> 'granted'"
    as_of = f"timestamp '{AS_OF}'"
    assert one(con, grants + f"< {as_of}") > 0
    assert one(con, grants + f"between {as_of} and {as_of} + interval 30 day") > 0
    assert one(con, others) == 0
    jurisdictions = con.execute("select distinct jurisdiction from consent_events").fetchall()
    assert {j for (j,) in jurisdictions} == {"US", "US-CA", "GB", "EEA", "CA"}


def test_the_vip_list_names_people_by_several_kinds_of_id_and_one_that_is_unknown(con):
    ids = con.execute(
        "select id_type, id_value from static_lists where list_code = 'vip'"
    ).fetchall()
    known = {
        (column, value)
        for column in ("email", "account_id", "card_number")
        for table in ("contacts", "accounts", "orders")
        for (value,) in con.execute(f"select distinct {column} from {table}").fetchall()
    }
    assert len({kind for kind, _ in ids}) >= 2
    assert len([pair for pair in ids if pair not in known]) == 1


def test_the_steward_is_right_and_says_both(con):
    """Links join contacts of one person, unlinks part two people of one home."""
    decisions = con.execute(
        """
        select decision, lefts.person_id, rights.person_id
        from identity_decisions
        join truth as lefts on lefts.record_type = 'contact' and lefts.record_id = left_id_value
        join truth as rights on rights.record_type = 'contact' and rights.record_id = right_id_value
        where left_id_value <> right_id_value
        """
    ).fetchall()
    home = {decision: [] for decision, *_ in decisions}
    for decision, left, right in decisions:
        assert (left == right) == (decision == "link")
        home[decision].append(left.split("-")[1] == right.split("-")[1])
    assert len(decisions) == one(con, "select count(*) from identity_decisions")
    assert home == {"unlink": [True] * 3, "link": [True] * 2}
