"""Calls of Segment's API as rows: what they become, which are refused, and what intake makes of them."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from audiencekit.live.adapted import HELD, for_adapters
from audiencekit.live.calls import BadCall, Row, read_call

NOW = datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC)


def row(call: dict) -> dict:
    return read_call({"anonymousId": "d", "messageId": "m"} | call, NOW, "new").columns


def test_a_track_call_has_its_properties_as_columns():
    columns = row(
        {
            "type": "track",
            "event": "Product Added",
            "userId": 42,
            "properties": {
                "product_id": "p1",
                "priceTotal": 9.5,
                "cart": {"id": "c1"},
                "tags": ["a", "b"],
            },
            "context": {"page": {"url": "https://shop.example/p1"}, "ip": "203.0.113.9"},
        }
    )
    assert columns["event"] == "product_added" and columns["event_text"] == "Product Added"
    assert columns["user_id"] == "42" and columns["anonymous_id"] == "d" and columns["id"] == "m"
    assert columns["product_id"] == "p1" and columns["price_total"] == 9.5
    assert columns["cart_id"] == "c1" and json.loads(columns["tags"]) == ["a", "b"]
    assert columns["context_page_url"] == "https://shop.example/p1"
    assert "context_ip" not in columns and "203.0.113.9" not in str(columns)


@pytest.mark.parametrize(
    ("behind", "ago"), [(timedelta(0), 5), (timedelta(hours=3), 5), (timedelta(days=-2), 5)]
)
def test_a_wrong_clock_is_corrected_by_how_long_the_call_was_under_way(behind, ago):
    happened = NOW - timedelta(seconds=ago) - behind
    columns = row(
        {
            "type": "track",
            "event": "e",
            "timestamp": happened.isoformat(),
            "sentAt": (happened + timedelta(seconds=ago)).isoformat(),
        }
    )
    assert columns["timestamp"] == "2026-11-30T11:59:55.000+00:00"
    assert columns["original_timestamp"].startswith(f"{happened:%Y-%m-%dT%H:%M:%S}")


def test_without_a_time_of_its_own_a_call_happened_when_it_arrived():
    assert row({"type": "page"})["timestamp"] == "2026-11-30T12:00:00.000+00:00"


def test_properties_never_take_the_place_of_a_columns_of_the_call():
    columns = row(
        {
            "type": "track",
            "event": "e",
            "properties": {"id": "x", "user_id": "y", "timestamp": "z", "event": "w"},
        }
    )
    assert (columns["id"], columns["user_id"], columns["event"]) == ("m", None, "e")
    assert columns["timestamp"] == "2026-11-30T12:00:00.000+00:00"


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("text", "a call is a JSON object"),
        ({"type": "buy", "userId": "u"}, "type must be one of"),
        ({"type": "page"}, "userId or anonymousId is required"),
        ({"type": "track", "userId": "u"}, "a track call has an event"),
        ({"type": "track", "userId": "u", "event": ["x"]}, "event must be a text"),
        ({"type": "page", "userId": {"a": 1}}, "userId must be a text"),
        ({"type": "page", "userId": "u", "timestamp": "yesterday"}, "timestamp must be a time"),
        ({"type": "page", "userId": "u", "properties": [1]}, "are JSON objects"),
        ({"type": ["track"], "userId": "u"}, "type must be one of"),
        ({"type": "track", "userId": "u", "event": "a\0"}, "a character that no text has"),
        ({"type": "page", "userId": "u", "timestamp": "0001-01-01T00:00:00+05:00"}, "a time as in"),
        (
            {"type": "page", "userId": "u", "timestamp": "1999-12-31T00:00:00Z"},
            "between 2000 and 2100",
        ),
        (
            {"type": "page", "userId": "u", "timestamp": "2001-01-01", "sentAt": "2099-01-01"},
            "too far apart",
        ),
        (
            {"type": "page", "userId": "u", "properties": {f"p{n}": n for n in range(600)}},
            "at most 500 values",
        ),
    ],
)
def test_a_call_that_cannot_be_taken_says_why(call, why):
    with pytest.raises(BadCall, match=why):
        read_call(call, NOW, "new")


def test_deep_nesting_is_refused():
    nested: dict = {}
    for _ in range(50):
        nested = {"a": nested}
    with pytest.raises(BadCall, match="nested more than"):
        row({"type": "track", "event": "e", "properties": nested})


def test_the_signal_of_a_browser_is_not_overwritten_and_its_address_not_kept():
    call = {"type": "track", "event": "e", "properties": {"context_gpc": False}}
    columns = row(call | {"context": {"gpc": True, "ip": {"v4": "203.0.113.9"}}})
    assert columns["context_gpc"] is True and "203.0.113.9" not in str(columns)


def test_names_in_other_alphabets_stay_apart():
    columns = row({"type": "track", "event": "e", "properties": {"цена": 1, "название": "x"}})
    assert columns["цена"] == 1 and columns["название"] == "x"


def adapted(call: dict) -> Row:
    return for_adapters(read_call({"anonymousId": "d", "messageId": "m"} | call, NOW, "new"))


def test_properties_that_no_adapter_names_are_one_column():
    call = {
        "type": "track",
        "event": "e",
        "properties": {"sku": "p1", **{f"n{n}": n for n in range(99)}},
    }
    columns = adapted(call).columns
    assert columns["product_id"] == "p1" and json.loads(columns["properties"])["n7"] == 7
    assert len(columns) < 20


@pytest.mark.parametrize(
    "call",
    [
        {"type": "track", "event": "Unsubscribed"},
        {"type": "track", "event": "e", "properties": {"opt_out": True}},
        {"type": "page", "properties": {"newsletter": "no"}},
        {"type": "track", "event": "e", "context": {"traits": {"email_opt_out": True}}},
        {
            "type": "track",
            "event": "e",
            "context": {"consent": {"categoryPreferences": {"Foo Ads": False}}},
        },
        {"type": "identify", "traits": {"newsletter": "weekly"}},
        {"type": "identify", "traits": {"email_opt_out": "perhaps"}},
        {"type": "identify", "traits": {"opt_in": True, "email_opt_in": False}},
        {"type": "identify", "traits": {"unsubscribed_at": "never"}},
        {"type": "identify", "traits": {"mail_status": "do not mail"}},
    ],
    ids=str,
)
def test_a_call_that_may_state_a_refusal_in_other_words_is_held_back_whole(call):
    held = adapted(call)
    assert held.table == HELD
    assert (
        held.columns == read_call({"anonymousId": "d", "messageId": "m"} | call, NOW, "n").columns
    )


@pytest.mark.parametrize(
    "call",
    [
        {"type": "track", "event": "Order Cancelled", "properties": {"reason": "declined card"}},
        {"type": "identify", "traits": {"email": "a@example.com", "email_opt_out": True}},
        {"type": "identify", "traits": {"newsletter": "no", "plan": "gold"}},
        {"type": "page", "properties": {"title": "Do not sell my information", "url": "u"}},
        {"type": "track", "event": "e", "context": {"gpc": True}},
        {"type": "page", "context": {"consent": {"categoryPreferences": {"Advertising": False}}}},
    ],
    ids=str,
)
def test_what_adapters_read_is_not_held_back(call):
    assert adapted(call).table != HELD
