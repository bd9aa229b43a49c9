"""Messages: every customer gets the one that the seed gives them, as valid JSON, and wrong content is refused by name."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import duckdb
import pandas as pd
import pytest
from compiled import run_over
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workspaces import DEMO_AS_OF

from audiencekit.live.evaluator import Evaluator
from audiencekit.workspace import PROJECT

SEED = PROJECT / "seeds" / "messages.csv"
CONTENT = ["message_code", "headline", "body", "offer_code", "image_url", "tone"]
MESSAGE = dict.fromkeys(CONTENT) | {
    "segment_code": "s",
    "channel": "email",
    "slot": "body",
    "valid_from": None,
    "valid_until": None,
    "priority": 1,
}
NOBODY_CHOSE = pd.DataFrame(columns=["segment_code", "customer_key", "variant"], dtype="string")


def seed_of(*messages: dict) -> pd.DataFrame:
    """Rows of the seed, with the types that the seed's YAML gives them."""
    frame = pd.DataFrame([MESSAGE | message for message in messages])
    texts = [c for c in frame.columns if not c.startswith("valid_") and c != "priority"]
    frame[texts] = frame[texts].astype("string")
    for column in ("valid_from", "valid_until"):
        frame[column] = pd.to_datetime(frame[column])
    return frame


def audiences_of(published, messages: pd.DataFrame, as_of: datetime | None = None) -> dict:
    """messages_json of a, who is in the segments s and t, and b, who is in t: by customer, parsed."""
    members = pd.DataFrame(
        [("email", s, k, p) for s, k, p in (("s", "a", 1), ("t", "a", 2), ("t", "b", 2))],
        columns=["channel", "segment_code", "customer_key", "priority"],
    )
    rows = run_over(
        published,
        "int_customer_audiences",
        {
            "seeds.messages": messages,
            "activation.int_message_contents": "int_message_contents",
            "activation.dim_messages": "dim_messages",
            "activation.int_audience_members": members.assign(entered_at=DEMO_AS_OF),
            "activation.int_customer_messages": "int_customer_messages",
            "activation.int_bandit_choices": NOBODY_CHOSE,
        },
        as_of,
    )
    return {row.customer_key: json.loads(row.messages_json) for row in rows.itertuples()}


# --- JSON -------------------------------------------------------------------------------------------------

TEXTS = st.lists(st.one_of(st.none(), st.text()), min_size=5, max_size=5)
SILENT = {n: None for n in range(32) if chr(n) not in "\t\n\r"}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(TEXTS, min_size=1, max_size=12))
def test_any_text_of_the_seed_arrives_as_valid_json(published, messages):
    texts = {f"slot_{n}": dict(zip(CONTENT[1:], t, strict=True)) for n, t in enumerate(messages)}
    seed = seed_of(*({"message_code": slot, "slot": slot} | t for slot, t in texts.items()))
    shown = audiences_of(published, seed)["a"]
    assert set(shown) == set(texts)
    for slot, given_texts in texts.items():
        expected = {k: v.translate(SILENT) if v else v for k, v in given_texts.items()}
        assert shown[slot] == {"message_code": slot} | expected
        assert list(shown[slot]) == CONTENT


def test_quotes_line_breaks_and_umlauts_arrive_as_they_are(published):
    text = 'Grüße, "Zoë"!\r\n\tC:\\new\\table {a: [1]} </script> 🎉'
    shown = audiences_of(published, seed_of({"message_code": "m", "headline": text}))
    assert shown["a"]["body"]["headline"] == text


def test_a_customer_without_a_message_gets_an_empty_object(published):
    messages = seed_of(
        {"message_code": "a", "slot": "subject_line"}, {"message_code": "b", "slot": "body"}
    )
    shown = audiences_of(published, messages)
    assert shown["b"] == {}
    assert list(shown["a"]) == ["body", "subject_line"]


# --- Who gets what ----------------------------------------------------------------------------------------


def test_every_customer_of_the_demo_gets_what_the_seed_says(published):
    """The law a second time, in Python: slot by slot, the first segment that has a valid message for it."""
    seed = pd.read_csv(SEED, parse_dates=["valid_from", "valid_until"], keep_default_na=False)
    seed = [row for row in seed.to_dict("records") if is_valid(row, DEMO_AS_OF)]
    seed.sort(key=lambda row: (row["priority"], row["message_code"]))
    members = published.warehouse(
        "select channel, customer_key, segment_code from activation.int_audience_members "
        "order by priority, segment_code"
    )
    expected = {}
    for (channel, customer), segments in members.groupby(["channel", "customer_key"], sort=False):
        for slot in {row["slot"] for row in seed if row["channel"] == channel}:
            offered = [r for r in seed if (r["channel"], r["slot"]) == (channel, slot)]
            for segment in [*segments["segment_code"], ""]:
                own = [r["message_code"] for r in offered if r["segment_code"] == segment]
                if own:
                    expected[(channel, customer, slot)] = own[0]
                    break
    rows = published.warehouse("from activation.int_customer_messages")
    found = {(r.channel, r.customer_key, r.slot): r.message_code for r in rows.itertuples()}
    assert len(found) == len(rows) > 200
    assert found == expected
    shown = set(found.values())
    assert {"everybody_home_hero"} & shown and {"high_intent_cart_banner"} & shown


def is_valid(row: dict, moment: datetime) -> bool:
    begins, ends = pd.to_datetime(row["valid_from"]), pd.to_datetime(row["valid_until"])
    return not (begins > moment) and not (ends <= moment)


def test_both_audiences_hold_what_their_customers_get(published):
    rows = published.warehouse(
        "select channel, customer_key, slot, content_json from activation.int_customer_messages "
        "join activation.dim_messages using (message_code, channel, slot)"
    )
    expected: dict[tuple[str, str], dict] = {}
    for row in rows.itertuples():
        messages = expected.setdefault((row.channel, row.customer_key), {})
        messages[row.slot] = json.loads(row.content_json)
    for channel, key in (("email", "external_id"), ("website", "resolved_customer_key")):
        audience = published.audience(channel)
        assert len(audience) > 50
        for row in audience.to_dict("records"):
            assert json.loads(row["messages_json"]) == expected.get((channel, row[key]), {})


def test_a_message_takes_turns_with_the_clock(published):
    messages = seed_of(
        {"message_code": "always", "priority": 2},
        {"message_code": "season", "valid_from": DEMO_AS_OF, "valid_until": "2018-01-02"},
    )

    def shown(moment: datetime) -> str:
        return audiences_of(published, messages, moment)["a"]["body"]["message_code"]

    second = timedelta(seconds=1)
    moments = [DEMO_AS_OF - second, DEMO_AS_OF, datetime(2018, 1, 2) - second, datetime(2018, 1, 2)]
    assert [shown(moment) for moment in moments] == ["always", "season", "season", "always"]


@pytest.mark.parametrize("channel", ["email", "website"])
def test_another_message_is_another_row_hash(published, channel):
    audience = {
        **{
            "channel": [channel],
            "customer_key": "a",
            "segment_codes": "[]",
            "primary_segment": "s",
        },
        **{"entered_at": DEMO_AS_OF, "variants": "[]"},
    }
    customers = {"customer_key": ["a"], "email": "a@example.com", "is_email_deliverable": True}
    login = {"customer_key": ["a"], "id_type": "account_id", "id_value": "x"}
    device = {"customer_key": ["a"], "anonymous_id": "y"}
    ledger = {c: ["z"] for c in ("channel", "audience_row_id", "row_hash", "build_id")}

    def hashes(messages: str) -> set[str]:
        rows = run_over(
            published,
            f"aud_{channel}",
            {
                "activation.int_customer_audiences": pd.DataFrame(
                    audience | {"messages_json": messages}
                ),
                "profiles.dim_customers": pd.DataFrame(customers),
                "identity.int_identifiers": pd.DataFrame(login),
                "identity.int_anonymous_visitors": pd.DataFrame(device),
                "activation.dim_channels": pd.DataFrame(
                    {"channel": [channel], "maximum_membership_days": 365}
                ),
                "staging.stg_ledger__audience_rows": pd.DataFrame(
                    ledger | {"updated_at": [DEMO_AS_OF]}
                ),
            },
        )
        assert set(rows["messages_json"]) == {messages}
        return set(rows["row_hash"])

    assert hashes("{}") == hashes("{}")
    assert not hashes("{}") & hashes('{"body":{}}')


# --- Between two builds -----------------------------------------------------------------------------------


def test_live_evaluation_gives_the_messages_of_the_build_and_knows_when_one_begins(published):
    evaluator = Evaluator(published.workspace.current)
    evaluator.evaluate(evaluator.customers(), DEMO_AS_OF)
    live = set(evaluator.con.execute("from warehouse.activation.int_customer_messages").fetchall())
    with duckdb.connect(str(published.workspace.warehouse), read_only=True) as con:
        assert live == set(con.execute("from activation.int_customer_messages").fetchall())

    def valid_on(moment: datetime) -> set[str]:
        evaluator.evaluate(set(), moment)
        codes = evaluator.con.execute("select message_code from warehouse.activation.dim_messages")
        return {code for (code,) in codes.fetchall()}

    holidays = "holidays_2018_home_hero"
    assert holidays not in valid_on(datetime(2018, 11, 18, 23, 59))
    assert holidays in valid_on(datetime(2018, 11, 19))


# --- Wrong content is refused -----------------------------------------------------------------------------

# What is wrong with the row of vip's hero, by the dbt test that must fail.
WRONG = {
    "messages_have_a_code_of_their_own": "insert into {seed} by name select 'vip_home_hero' as message_code, "
    "'email' as channel, 'body' as slot, 'Hi' as headline, 1 as priority",
    "messages_have_a_code": "set message_code = null",
    "messages_are_not_repeated": "insert into {seed} from (select * replace ('copy' as message_code) from {seed} "
    "where message_code = 'vip_home_hero')",
    "messages_are_of_segments_that_exist": "set segment_code = 'vips'",
    "messages_are_of_channels_that_exist": "set channel = 'webiste'",
    "messages_have_a_channel": "set channel = null",
    "messages_are_for_channels_of_their_segment": "set segment_code = 'dormant'",
    "messages_are_in_slots_of_their_channel": "set slot = 'home_heroo'",
    "messages_have_a_slot": "set slot = null",
    "messages_end_after_they_begin": "set valid_from = '2018-01-01', valid_until = '2018-01-01'",
    "messages_have_a_headline": "set headline = ' '",
    "messages_have_a_priority": "set priority = null",
}
# A row that names no channel, no segment that exists or no slot also fails the tests of the pair.
ALSO = {
    "messages_are_of_segments_that_exist": {"messages_are_for_channels_of_their_segment"},
    "messages_are_of_channels_that_exist": {
        "messages_are_for_channels_of_their_segment",
        "messages_are_in_slots_of_their_channel",
    },
    "messages_have_a_channel": {
        "messages_are_for_channels_of_their_segment",
        "messages_are_in_slots_of_their_channel",
    },
    "messages_have_a_slot": {"messages_are_in_slots_of_their_channel"},
}


@pytest.fixture
def checks(published) -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[str, str]]]:
    """The tables that the tests of messages read, in memory, and the SQL of the tests by name."""
    compiled = published.workspace.home / "target" / "compiled" / "audiencekit"
    sql = {path.stem: path.read_text() for path in compiled.rglob("messages_*.sql")}
    with duckdb.connect() as con:
        con.execute(f"attach '{published.workspace.warehouse}' as build (read_only)")
        con.execute("attach ':memory:' as warehouse")
        for table in (
            *("seeds.messages", "seeds.message_slots", "activation.dim_channels"),
            *("segments.dim_segments", "segments.segment_channels"),
        ):
            con.execute(f"create schema if not exists warehouse.{table.split('.')[0]}")
            con.execute(f"create table warehouse.{table} as from build.{table}")
        yield con, sql


def failing(con: duckdb.DuckDBPyConnection, sql: dict[str, str]) -> set[str]:
    return {name for name, query in sql.items() if con.execute(query).fetchall()}


def test_every_mistake_in_a_message_has_a_test(checks):
    con, sql = checks
    assert set(sql) == set(WRONG)
    assert failing(con, sql) == set()


@pytest.mark.parametrize("test", WRONG)
def test_wrong_content_fails_the_test_that_names_it(checks, test):
    con, sql = checks
    change = WRONG[test].format(seed="warehouse.seeds.messages")
    if change.startswith("set"):
        change = f"update warehouse.seeds.messages {change} where message_code = 'vip_home_hero'"
    con.execute(change)
    assert failing(con, sql) == {test} | ALSO.get(test, set())
