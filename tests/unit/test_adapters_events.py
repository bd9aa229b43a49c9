"""Adapters of web events: GA4's export to BigQuery, and the warehouse tables of Segment and RudderStack."""

import csv
import io
import json
import random
import re
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from test_adapters import rows, take
from test_event_kinds import GA4, SEGMENT

from audiencekit.errors import UserError
from audiencekit.intake.adapters import FOLDER, load_adapters, recognise
from audiencekit.intake.explain import explain
from audiencekit.sql import rows_of

GA4_EVENTS = FOLDER / "ga4_bigquery" / "fixture" / "events_20240301.json"
ORDER = "order_id,ordered_at,total\n1,2024-01-01,5\n"


def names_of(specification: dict[str, str]) -> list[str]:
    return [
        name
        for names in specification.values()
        for name in re.split(r",\s*", names.replace("\n", " "))
    ]


def parameter(key: str, value: str | int | float) -> dict:
    kind = {str: "string_value", int: "int_value", float: "double_value"}[type(value)]
    return {"key": key, "value": {kind: str(value) if kind == "int_value" else value}}


def ga4_event(second: int, name: str, ads: str = "Yes", **more) -> dict:
    """An event as BigQuery writes it into JSON: whole numbers are texts, and what is null is absent."""
    given = {"ga_session_id": 1, **more.pop("parameters", {})}
    return {
        "event_date": "20240301",
        "event_timestamp": str(1_709_251_200_000_000 + second * 1_000_000),
        "event_name": name,
        "event_params": [parameter(key, value) for key, value in given.items()],
        "user_pseudo_id": "v.1",
        "privacy_info": {"analytics_storage": "Yes", "ads_storage": ads},
        **more,
    }


def take_events(folder: Path, *events: dict, **files: str) -> Path:
    lines = "".join(json.dumps(event) + "\n" for event in events)
    return take(folder, events__json=lines, orders__csv=ORDER, **files)


def test_ga4_events_come_with_their_page_product_order_and_campaign(tmp_path):
    intake = take(tmp_path, "ga4_bigquery")
    columns = "occurred_at, event_name, anonymous_id, account_id, product_id, order_id, device_type, seconds"
    at = datetime(2024, 3, 1, 12)
    assert rows(intake, "web_events", columns) == [
        (at, "session_start", "11.1", None, None, None, "mobile", None),
        (at.replace(second=1), "page_view", "11.1", None, None, None, "mobile", None),
        (at.replace(second=9), "view_item", "11.1", None, "TEA-1", None, "mobile", None),
        (at.replace(minute=1), "purchase", "11.1", "u1", "TEA-1", "A-17", "mobile", 4.5),
        (at.replace(minute=1, second=40), "view_item", "22.2", "u2", None, None, "mobile", None),
        (at.replace(minute=3, second=20), "scroll", "22.2", None, None, None, "mobile", None),
        (at.replace(minute=5), "page_view", None, None, None, None, "mobile", None),
        (at.replace(minute=5), "page_view", None, None, None, None, "mobile", None),
        (at.replace(minute=6, second=40), "screen_view", "33.3", None, None, None, "mobile", None),
    ]
    assert rows(intake, "web_events", "utm_source, utm_medium, utm_campaign, page, referrer")[
        0
    ] == (
        *("letter", "email", "spring"),
        *("https://shop.example.com/tea", "https://search.example.com/"),
    )
    scrolled = duckdb.execute(
        f"select properties from {rows_of(intake / 'web_events.parquet')} where event_name = 'scroll'"
    ).fetchall()[0][0]
    assert json.loads(scrolled) == {
        "ga_session_id": 601,
        "page_location": "https://shop.example.com/tea",
        "percent_scrolled": 90,
    }
    assert rows(intake, "quarantine", "*") == []


def test_every_refusal_of_ads_in_ga4_is_kept_and_none_before_the_banner_was_answered(tmp_path):
    intake = take(tmp_path, "ga4_bigquery")
    assert rows(intake, "web_events", "event_name, anonymous_id, privacy_signal") == [
        ("page_view", "11.1", None),
        ("page_view", None, "gpc"),
        ("page_view", None, "gpc"),
        ("purchase", "11.1", None),
        ("screen_view", "33.3", "gpc"),
        ("scroll", "22.2", None),
        ("session_start", "11.1", None),
        ("view_item", "11.1", None),
        ("view_item", "22.2", "gpc"),
    ]


@pytest.mark.parametrize(
    ("answers", "signals"),
    [
        (["No", "Yes"], [None, None]),
        (["No", "Yes", "No"], [None, None, "gpc"]),
        (["Yes", "No"], [None, "gpc"]),
        (["Unset", "No"], [None, "gpc"]),
    ],
)
def test_the_last_answer_of_a_session_counts(tmp_path, answers, signals):
    intake = take_events(
        tmp_path, *(ga4_event(n, "scroll", answer) for n, answer in enumerate(answers))
    )
    found = rows(intake, "web_events", "occurred_at, privacy_signal")
    assert [signal for _, signal in found] == signals


def test_every_recommended_event_of_ga4_is_taken_in(tmp_path):
    names = names_of(GA4)
    item = {"item_id": "P1", "item_name": "Tea", "price": 4.5}
    events = [
        ga4_event(
            second,
            name,
            parameters={"page_location": "https://shop.example.com/", "engagement_time_msec": 1500},
            ecommerce={"transaction_id": "T1"},
            items=[item],
            device={"category": "desktop"},
        )
        for second, name in enumerate(names)
    ]
    intake = take_events(tmp_path, *events)
    columns = "product_id, order_id, page, device_type, seconds"
    assert rows(intake, "quarantine", "*") == []
    assert sorted(name for (name,) in rows(intake, "web_events", "event_name")) == sorted(names)
    assert set(rows(intake, "web_events", columns)) == {
        ("P1", "T1", "https://shop.example.com/", "desktop", 1.5)
    }


def test_an_event_of_ga4_has_the_same_id_in_json_and_parquet_and_in_a_second_export(tmp_path):
    found = []
    for kind in ("json", "parquet", "twice"):
        landing = tmp_path / kind / "landing"
        landing.mkdir(parents=True)
        (landing / "orders.csv").write_text(ORDER)
        if kind != "parquet":
            (landing / GA4_EVENTS.name).write_bytes(GA4_EVENTS.read_bytes())
        if kind == "twice":
            lines = GA4_EVENTS.read_text().splitlines()
            (landing / "events_intraday_20240301.json").write_text("\n".join(reversed(lines)))
        if kind == "parquet":
            query = f"select * replace (cast(event_timestamp as bigint) as event_timestamp) from read_json('{GA4_EVENTS}')"
            duckdb.execute(f"copy ({query}) to '{landing / 'events_20240301.parquet'}'")
        intake = take(tmp_path / kind, orders__csv=ORDER)
        columns = "event_id, event_name, anonymous_id, order_id, seconds, page, privacy_signal"
        found.append(set(rows(intake, "web_events", columns)))
    assert found[0] == found[1] == found[2] and len(found[0]) == 9


def test_parameters_that_are_no_list_leave_the_event_without_them(tmp_path):
    odd = {**ga4_event(1, "scroll"), "event_params": "none"}
    intake = take_events(tmp_path, odd, {**ga4_event(2, "click"), "event_timestamp": "soon"})
    assert rows(intake, "web_events", "event_name, properties") == [("scroll", None)]
    assert rows(intake, "quarantine", "file_name, row_number") == [("events.json", 3)]


def test_ga4_events_of_fivetran_come_once_with_their_page_product_order_and_campaign(tmp_path):
    intake = take(tmp_path, "fivetran_ga4")
    columns = "occurred_at, event_name, anonymous_id, account_id, product_id, order_id, device_type, seconds"
    at = datetime(2024, 3, 1, 12)
    assert rows(intake, "web_events", columns) == [
        (at, "session_start", "11.1", None, None, None, "mobile", None),
        (at.replace(second=1), "page_view", "11.1", None, None, None, "mobile", None),
        (at.replace(second=9), "view_item", "11.1", None, "TEA-1", None, "mobile", None),
        (at.replace(minute=1), "purchase", "11.1", "u1", "TEA-1", "A-17", "mobile", 4.5),
        (at.replace(minute=1, second=40), "view_item", "22.2", "u2", None, None, "mobile", None),
        # Also among the rows of the day that was not over.
        (at.replace(minute=3, second=20), "scroll", "22.2", None, None, None, "mobile", None),
        (at.replace(minute=5), "page_view", None, None, None, None, "mobile", None),
        (at.replace(minute=6, second=40), "screen_view", "33.3", None, None, None, "mobile", None),
        (datetime(2024, 3, 2, 9), "click", "44.4", None, None, None, "mobile", None),
    ]
    found = rows(intake, "web_events", "event_name, page, referrer, utm_source, utm_campaign")
    tea = "https://shop.example.com/tea"
    assert ("page_view", tea, None, "letter", "spring") in found
    assert ("session_start", tea, "https://search.example.com/", None, None) in found
    assert ("screen_view", "Home", None, None, None) in found
    properties = dict(rows(intake, "web_events", "event_name, properties"))
    assert json.loads(properties["scroll"]) == {
        **{"ga_session_id": "601", "page_location": tea, "percent_scrolled": "90"}
    }
    assert rows(intake, "quarantine", "*") == []


def test_every_refusal_of_ads_in_ga4_of_fivetran_is_kept(tmp_path):
    intake = take(tmp_path, "fivetran_ga4")
    assert rows(intake, "web_events", "event_name, anonymous_id, privacy_signal") == [
        ("click", "44.4", "gpc"),
        ("page_view", "11.1", None),
        ("page_view", None, "gpc"),
        ("purchase", "11.1", None),
        ("screen_view", "33.3", "gpc"),
        ("scroll", "22.2", None),
        ("session_start", "11.1", None),
        ("view_item", "11.1", None),
        ("view_item", "22.2", "gpc"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("user_property_tier", "user_property_newsletter_consent", "newsletter_consent may hold refusals"),
        ("param_currency", "param_marketing_consent", "marketing_consent may hold refusals"),
    ],
)  # fmt: skip
def test_a_parameter_of_fivetran_that_may_be_a_refusal_stops_the_run(tmp_path, old, new, problem):
    text = (FOLDER / "fivetran_ga4" / "fixture" / "event.csv").read_text()
    with pytest.raises(UserError, match=problem):
        take(tmp_path, event__csv=text.replace(old, new), orders__csv=ORDER)


CALL = [
    "id",
    "anonymous_id",
    "user_id",
    "received_at",
    "sent_at",
    "original_timestamp",
    "timestamp",
    "uuid_ts",
]
TRACK = [
    *CALL,
    "event",
    "event_text",
    "context_page_url",
    "context_user_agent",
    "context_library_name",
]
PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Mobile Safari/537.36"


def call(number: int, **more: str) -> dict[str, str]:
    at = f"2024-03-01 {number // 60:02}:{number % 60:02}:00.000"
    times = dict.fromkeys(("received_at", "sent_at", "original_timestamp", "timestamp"), at)
    return {"id": f"m{number}", "anonymous_id": "a1", **times, "uuid_ts": "2024-03-02", **more}


def track(number: int, name: str, **more: str) -> dict[str, str]:
    table = re.sub(r"\W+", "_", name.lower())
    page = {"context_page_url": "https://shop.example.com/tea", "context_user_agent": PHONE}
    return call(number, event=table, event_text=name, **page, **more)


def table_of(header: list[str], *records: dict[str, str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, header, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue()


def properties_of(intake: Path, event_id: str) -> dict:
    query = f"select properties from {rows_of(intake / 'web_events.parquet')} where event_id = '{event_id}'"
    return json.loads(duckdb.execute(query).fetchall()[0][0])


def test_an_event_in_tracks_and_in_its_own_table_counts_once_with_its_properties(tmp_path):
    intake = take(tmp_path, "segment_events")
    columns = "event_id, event_name, anonymous_id, account_id, product_id, order_id, device_type, seconds, privacy_signal"
    assert rows(intake, "web_events", columns) == [
        ("m1", "Product Added", "a1", None, "TEA-1", None, "desktop", None, None),
        ("m2", "Order Completed", "a1", "u1", "TEA-1", "A-17", "desktop", None, None),
        ("m3", "Video Playback Completed", "a2", None, None, None, "mobile", 63, "gpc"),
        ("m4", "page_view", "a1", None, None, None, "desktop", None, None),
        ("m5", "screen_view", "a3", None, None, None, "mobile", None, "gpc"),
    ]
    assert rows(intake, "web_events", "event_id, page, referrer, utm_campaign") == [
        ("m1", "https://shop.example.com/tea?x=1", None, "spring"),
        ("m2", "https://shop.example.com/thanks", None, None),
        ("m3", "https://shop.example.com/tea?x=1", None, None),
        ("m4", "https://shop.example.com/", "https://search.example.com/", None),
        ("m5", "Cart", None, None),
    ]
    assert properties_of(intake, "m1") == {
        **{"name": "Green tea", "price": "12.5", "position": "3", "cart_id": "k1"}
    }
    assert rows(intake, "web_events", "min(occurred_at)") == [
        (datetime(2024, 3, 1, 12, 0, 0, 500000),)
    ]


def test_segment_people_have_their_latest_traits_and_every_refusal(tmp_path):
    intake = take(tmp_path, "segment_users")
    columns = "account_id, email, phone, first_name, last_name, city, email_opt_in, email_opt_out, ads_opt_out, merged_ids"
    assert rows(intake, "accounts", columns) == [
        ("bo@example.com", "Bo@example.com", None, None, None, None, False, None, None, None),
        ("u1", "ada@example.com", "+1 617 555 0100", "Ada", "Example", "Boston", True, True, None, "u2"),
        ("u2", "cy@example.com", None, None, None, None, None, None, True, None),
        ("u3", "dee@example.com", None, "Dee", "van Example", None, None, None, None, "a6"),
    ]  # fmt: skip
    assert rows(intake, "web_events", "event_id, anonymous_id, account_id, privacy_signal") == [
        ("m10", "a1", "u1", None),
        ("m13", "a4", "bo@example.com", None),
        ("m14", "a5", "u2", "gpc"),
        ("m15", "a5", "u2", "gpc"),
        ("m20", "a6", "u3", None),
    ]


def test_calls_refuse_topics_and_limit_messages_and_take_nothing_back(tmp_path):
    intake = take(tmp_path, "segment_users")
    columns = "consent_event_id, id_value, purpose, topic, status, at_most_every_days"
    assert rows(intake, "consent_events", columns) == [
        ("m11:offers", "u1", "email_marketing", "offers", "denied", None),
        ("m11:tips", "u1", "email_marketing", "tips", "denied", None),
        ("m12:frequency", "u1", "email_marketing", None, "limited", 30),
        ("m14:gardening", "u2", "email_marketing", "gardening", "denied", None),
        ("m15:frequency", "u2", "email_marketing", None, "limited", 366),
    ]


@pytest.mark.parametrize("has_tracks", [True, False])
def test_every_event_of_the_specifications_of_segment_is_taken_in(tmp_path, has_tracks):
    names = names_of(SEGMENT)
    values = {"product_id": "P1", "order_id": "A1", "position": "30", "value": 'x, "y"'}
    events = [track(number, name, **values) for number, name in enumerate(names)]
    files = {f"{event['event']}__csv": table_of([*TRACK, *values], event) for event in events}
    if has_tracks:
        files["tracks__csv"] = table_of(TRACK, *events)
    intake = take(tmp_path, orders__csv=ORDER, **files)
    assert rows(intake, "quarantine", "*") == []
    assert sorted(name for (name,) in rows(intake, "web_events", "event_name")) == sorted(names)
    columns = "product_id, order_id, page, device_type"
    assert set(rows(intake, "web_events", columns)) == {
        ("P1", "A1", "https://shop.example.com/tea", "mobile")
    }
    video = rows(intake, "web_events", "event_name, seconds")
    assert all((seconds == 30) == name.startswith("Video") for name, seconds in video)
    assert properties_of(intake, "m0") == {"position": "30", "value": 'x, "y"'}


@pytest.mark.parametrize(
    ("denied", "signal"),
    [('["C0004"]', "gpc"), ('["C0002","C0003"]', None), ("[]", None), ("", None), ('["C0002", "17"]', "gpc"),
     ('["analytics", "Advertising"]', "gpc")],
)  # fmt: skip
def test_rudderstack_tables_are_read_and_refused_categories_count(tmp_path, denied, signal):
    extra = [
        "channel",
        "context_consent_management_denied_consent_ids",
        "context_traits_email",
        "rating",
    ]
    record = track(1, "Product Reviewed", channel="web", context_traits_email="ada@example.com", rating="5",
                   context_consent_management_denied_consent_ids=denied)  # fmt: skip
    text = table_of([*TRACK, *extra], record)
    header, _, body = text.partition("\n")
    intake = take(tmp_path, orders__csv=ORDER, product_reviewed__csv=f"{header.upper()}\n{body}")
    assert rows(intake, "web_events", "event_name, privacy_signal") == [
        ("Product Reviewed", signal)
    ]
    assert properties_of(intake, "m1") == {"rating": "5"}


@pytest.mark.parametrize(
    "column",
    ["newsletter_opt_in", "context_traits_marketing_consent", "context_consent_category_preferences_17"],
)  # fmt: skip
def test_a_property_that_may_be_a_refusal_stops_the_run(tmp_path, column):
    text = table_of([*TRACK, column], track(1, "Signed Up", **{column: "false"}))
    with pytest.raises(UserError, match=f"{column} may hold refusals, and adapters/segment_events"):
        take(tmp_path, orders__csv=ORDER, signed_up__csv=text)
    assert take(tmp_path, orders__csv=ORDER, signed_up__csv=text, accept=("web_events",))


def test_an_event_that_may_be_a_refusal_stops_the_run(tmp_path):
    text = table_of(TRACK, track(1, "Unsubscribed"))
    with pytest.raises(UserError, match="events of the name Unsubscribed may be refusals"):
        take(tmp_path, orders__csv=ORDER, tracks__csv=text)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ([*TRACK], "events"),
        ([*TRACK, "email", "first_name", "phone", "path", "url", "name", "title"], "events"),
        ([*CALL, "url", "path", "name", "title", "context_os_name"], "pages"),
        ([*CALL, "name", "context_os_name"], "screens"),
        ([*CALL, "email", "name", "context_os_name"], "identifies"),
        (["id", "received_at", "uuid_ts", "email", "name"], "users"),
        ([*CALL, "previous_id"], "aliases"),
        ([*CALL, "group_id", "name"], None),
    ],
)
def test_each_kind_of_table_of_a_warehouse_is_recognised(header, found):
    known = recognise("x.csv", header, load_adapters().values(), has_table=False)
    assert (known.input.name if known else None) == found


def test_columns_that_an_adapter_does_not_name_are_explained_as_properties(tmp_path):
    (tmp_path / "x.csv").write_text(table_of([*TRACK, "rating"], track(1, "Reviewed", rating="5")))
    lines = [line.strip() for line in explain(tmp_path)]
    assert "rating -> in properties" in lines and "event_text -> event_text" in lines


def test_hundreds_of_events_are_what_a_reckoning_of_their_own_says(tmp_path):
    """Calls of 60 visitors, each in tracks and most in a table of its event, some exported twice."""
    chance = random.Random(5)
    names = ["Product Viewed", "Product Added", "Order Completed", "Quiz Finished"]
    consent = "context_consent_category_preferences_advertising"
    events, refusing, sums = [], set(), dict.fromkeys(names, 0.0)
    for number in range(600):
        name, answer = chance.choice(names), chance.choice(["true", "true", "", "false"])
        visitor, value = f"a{chance.randrange(60)}", chance.randrange(1, 99)
        events.append(
            track(number, name, value=str(value), **{"anonymous_id": visitor, consent: answer})
        )
        sums[name] += value
        refusing |= {visitor} if answer == "false" else set()
    files = {"tracks__csv": table_of([*TRACK, consent], *events, *events[:50])}
    for name in names:
        own = [event for event in events if event["event_text"] == name]
        files[f"{own[0]['event']}__csv"] = table_of([*TRACK, consent, "value"], *own, *own[:20])
    intake = take(tmp_path, orders__csv=ORDER, **files)
    query = f"""select event_name, count(*), count(distinct event_id), sum(cast(properties ->> 'value' as double))
        from '{intake / "web_events.parquet"}' group by 1 order by 1"""
    found = duckdb.execute(query).fetchall()
    assert {name: total for name, *_, total in found} == sums
    assert sum(count for _, count, _, _ in found) == sum(ids for *_, ids, _ in found) == 600
    assert {
        v for v, s in rows(intake, "web_events", "anonymous_id, privacy_signal") if s
    } == refusing
