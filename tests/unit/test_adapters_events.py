"""Adapters of web events: GA4's export to BigQuery, and the warehouse tables of Segment and RudderStack."""

import json
import re
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from test_adapters import rows, take
from test_event_kinds import GA4

from audiencekit.intake.adapters import FOLDER

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
        f"select properties from '{intake / 'web_events.parquet'}' where event_name = 'scroll'"
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
