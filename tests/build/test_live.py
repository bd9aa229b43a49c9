"""Single customers between two builds: whom an event is about, when their row changes, and how memberships follow."""

import shutil
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from generations import logins_of
from live_month import DAYS, decisions_of, own_reasons, write_month
from live_timeline import advance_to
from workspaces import DEMO_AS_OF

from audiencekit.live.as_built import read_as_built
from audiencekit.live.changes import ENTERED, LEFT
from audiencekit.live.clock import Clock
from audiencekit.live.evaluator import Evaluation, Evaluator
from audiencekit.live.facts import VISITOR
from audiencekit.live.landing import Arrived
from audiencekit.live.memberships import Memberships


@pytest.fixture(scope="module")
def month(demo, published, tmp_path_factory) -> Path:
    return write_month(demo / "landing", tmp_path_factory.mktemp("month") / "landing", published)


@pytest.fixture(scope="module")
def events(month) -> pa.Table:
    """Web events after the build: those of the last three days of the month, which are busy, come at once."""
    return duckdb.execute(f"""
        select * replace (occurred_at - interval {DAYS - 3} day as occurred_at)
        from '{month}/web_events.later.parquet'
        where occurred_at >= timestamp '{DEMO_AS_OF}' + interval {DAYS - 3} day
    """).to_arrow_table()


@pytest.fixture(scope="module")
def consent(month) -> pa.Table:
    """What people decide after the build about topics and frequency."""
    return decisions_of(month)


def test_segments_that_only_a_build_can_evaluate_say_which_column_it_is(published):
    with duckdb.connect(str(published.workspace.current / "live.duckdb"), read_only=True) as con:
        reasons = dict(con.execute("from cone.segments").fetchall())
    assert reasons["high_intent"] == reasons["abandoned_cart"] == reasons["dormant"] == ""
    assert reasons["rfm_champions"] == "rfm_family of feat_rfm"
    assert reasons["likely_to_buy"] == "propensity_30d_rank of customer_predictions"
    assert reasons["high_value"] == "m_score of feat_rfm"


def test_the_clock_knows_the_windows_of_the_sql_and_those_of_frequency_caps(published):
    with duckdb.connect(str(published.workspace.current / "live.duckdb"), read_only=True) as con:
        lengths = con.execute("select to_microseconds(micros) from cone.windows").fetchall()
    expected = {timedelta(minutes=10), timedelta(hours=48), timedelta(days=14), timedelta(days=90)}
    assert expected <= {length for (length,) in lengths}


def test_a_device_that_two_people_log_in_on_belongs_to_nobody_from_then_on(published):
    logins = {key: login for login, key in logins_of(published.workspace.current)}
    one, other = logins[min(logins)], logins[max(logins)]
    evaluator = Evaluator(published.workspace.current)

    def taken(*rows: dict) -> set[str]:
        return set().union(*evaluator.take(pa.Table.from_pylist(rows)).values())

    at = DEMO_AS_OF + timedelta(minutes=1)
    views = [event(n, at + timedelta(seconds=n), "product_view", "d", None) for n in range(4)]
    views.append(event(4, at, "add_to_cart", "d", None))
    assert taken(*views) == {f"{VISITOR}device d"}, "nobody is known on the device"
    (key,) = taken(event(5, at, "page_view", "d", one))
    soon = at + timedelta(minutes=2)
    assert ("high_intent", key) in evaluator.evaluate({key}, soon).matches
    both = taken(event(6, at, "page_view", "d", other))
    assert len(both) == 2 and key in both, "it concerns the other one, too"
    assert not {c for s, c in evaluator.evaluate(both, soon).matches if s == "high_intent"}


def test_a_member_without_an_arm_is_drawn_as_a_build_would_or_left_out_of_strata(published):
    evaluator = Evaluator(published.workspace.current)
    everybody = set(evaluator.customers())
    before = own_reasons(evaluator.evaluate(everybody, DEMO_AS_OF).candidates)
    nobody = evaluator.schemas["int_assigned_customers"].empty_table()
    evaluator.replace_facts(everybody, {"int_assigned_customers": nobody})
    after = own_reasons(evaluator.evaluate(everybody, DEMO_AS_OF).candidates)
    drawn = {why for (_, segment, _), why in after.items() if segment == "churn_risk"}
    assert {"holdout", None} <= drawn
    changed = {row for row in before if before[row] != after[row]}
    assert {segment for _, segment, _ in changed} == {"at_risk", "likely_to_buy"}
    assert {after[row] for row in changed} == {"not_assigned"}
    assert {"holdout", None} <= {before[row] for row in changed}


def test_an_event_that_the_build_has_or_that_nobody_can_store_changes_nothing(published):
    evaluator = Evaluator(published.workspace.current)
    of_build = published.warehouse("""
        select event_id, occurred_at, event_name, anonymous_id, account_id
        from staging.stg_web__events
        where event_name = 'product_view' and account_id is not null
        order by occurred_at desc
        limit 50
    """)
    assert evaluator.take(pa.Table.from_pandas(of_build, preserve_index=False)) == {}
    at = DEMO_AS_OF + timedelta(minutes=1)
    rows = [event(1, at, "page_view", "a\0b", None), event(2, at, "page_view", "d", "x\0")]
    account = of_build.account_id[0]
    rows.append(event(3, at, "page_view", "d'", account))
    assert list(evaluator.take(pa.Table.from_pylist(rows))) == ["e3"]


def test_moments_are_utc_whatever_the_zone_of_the_machine(published, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        evaluator = Evaluator(published.workspace.current)
        at = DEMO_AS_OF.replace(tzinfo=UTC) + timedelta(minutes=10)
        evaluator.take(pa.Table.from_pylist([event(1, at, "page_view", "d", None)]))
        stored = evaluator.con.execute("select min(occurred_at) from memory.due.taken").fetchall()
        assert stored[0][0].astimezone(UTC) == at
        paris = timezone(timedelta(hours=1))
        evaluator.evaluate(set(), at.astimezone(paris))
        moment = evaluator.con.execute("select getvariable('moment')").fetchall()[0][0]
        assert moment == DEMO_AS_OF + timedelta(minutes=10)
    finally:
        monkeypatch.undo()
        time.tzset()


def event(number: int, at: datetime, name: str, device: str, account: str | None) -> dict:
    return {
        "event_id": f"e{number}",
        "occurred_at": at,
        "event_name": name,
        "anonymous_id": device,
        "account_id": account,
    }


def test_nothing_changes_before_the_clock_says_so(published, consent):
    """At random moments, customers who are not as they were at the start were due by then."""
    evaluator = Evaluator(published.workspace.current)
    everybody, rng = evaluator.customers(), np.random.default_rng(9)
    start = DEMO_AS_OF + timedelta(hours=5, minutes=18)
    evaluator.take_consent(consent)
    before = by_customer(evaluator.evaluate(everybody, start))
    due = Clock(evaluator).next_changes(everybody, start)
    changed = 0
    for minutes in rng.uniform(0, 36 * 60, 12):
        moment = start + timedelta(minutes=minutes)
        after = by_customer(evaluator.evaluate(everybody, moment))
        others = {key for key in everybody if after.get(key) != before.get(key)}
        changed += len(others)
        assert {key for key in others if moment < due[key]} == set()
    assert changed > 20


def test_the_clock_knows_when_a_silence_is_long_by_the_gap_that_is_usual_in_the_shop(
    published, tmp_path
):
    """Customers who bought once or twice have no gap of their own."""
    for path in published.workspace.current.glob("live.*"):
        shutil.copy(path, tmp_path)
    with duckdb.connect(str(tmp_path / "live.duckdb")) as con:
        con.execute("update features.int_shop_rhythm set median_gap_days = 40")
    crossings = published.warehouse(f"""
        select customer_key, timestamp '{DEMO_AS_OF}' + to_seconds((gaps * 40 - recency_days) * 86400) as crossed_at
        from features.customer_features
        cross join (select unnest([1, 2, 4]) as gaps)
        where moment_at = timestamp '{DEMO_AS_OF}' and orders_lifetime < 3 and recency_days < gaps * 40
        order by crossed_at
        limit 20
    """)
    evaluator = Evaluator(tmp_path)
    clock, found = Clock(evaluator), []
    for key, crossed_at in crossings.itertuples(index=False, name=None):
        start = crossed_at.to_pydatetime() - timedelta(minutes=10)
        evaluator.evaluate({key}, start)
        found.append(clock.next_changes({key}, start)[key] - crossed_at)
    assert max(found) < timedelta(seconds=1)
    assert sum(each > -timedelta(seconds=1) for each in found) > 5


def by_customer(evaluation: Evaluation) -> dict[str, list]:
    found: dict[str, list] = {}
    for segment, key in sorted(evaluation.matches):
        found.setdefault(key, []).append(segment)
    for (channel, segment, key), why in sorted(evaluation.candidates.items()):
        found.setdefault(key, []).append((channel, segment, why))
    return found


def test_memberships_follow_events_and_time_alone_to_where_a_build_would_be(published, events):
    """Events as they come, and nothing evaluated but who is concerned or due."""
    evaluator = Evaluator(published.workspace.current)
    members = Memberships(evaluator)
    assert members.begin(read_as_built(published.workspace.current), DEMO_AS_OF) == []
    while members.waiting:
        assert members.advance(DEMO_AS_OF) == [], "an evaluation as of the build differs from it"
    assert len(members.messages) > 3
    start = {(segment, key) for key, segments in members.of.items() for segment in segments}
    of_build = published.warehouse(
        "select segment_code, customer_key from segments.segment_matches"
    )
    assert start == set(of_build.itertuples(index=False, name=None))
    hours, changes = 8, []
    end = DEMO_AS_OF + timedelta(hours=hours)
    in_order = events.sort_by("occurred_at")
    at = in_order.column("occurred_at").to_pylist()
    for hour in range(hours):
        places = [
            n
            for n, each in enumerate(at)
            if each < end and int((each - DEMO_AS_OF).total_seconds() // 3600) == hour
        ]
        arrived = Arrived(in_order.take(pa.array(places, pa.int64())), pa.table({}))
        moment = DEMO_AS_OF + timedelta(hours=hour + 1)
        changes += advance_to(members, moment) + members.take(arrived, moment)
    now = {(segment, key) for key, segments in members.of.items() for segment in segments}
    assert now == evaluator.evaluate(evaluator.customers(), end).matches
    entered = {(c.segment, c.customer_key) for c in changes if c.action == ENTERED}
    left = {(c.segment, c.customer_key) for c in changes if c.action == LEFT}
    assert now - start <= entered and start - now <= left
    assert any(c.events for c in changes) and any(not c.events for c in changes)


def test_events_do_not_wait_until_everybody_is_evaluated_with_a_new_build(published, events):
    evaluator = Evaluator(published.workspace.current)
    members = Memberships(evaluator)
    members.begin(read_as_built(published.workspace.current), DEMO_AS_OF)
    everybody = len(members.waiting)
    login, key = logins_of(published.workspace.current)[0]
    at = DEMO_AS_OF + timedelta(minutes=1)
    views = [event(n, at, "product_view", "d", login) for n in range(4)]
    views.append(event(4, at, "add_to_cart", "d", login))
    arrived = Arrived(pa.Table.from_pylist(views), pa.table({}))
    changes = members.take(arrived, at + timedelta(seconds=10))
    assert ("high_intent", key, "event") in {
        (c.segment, c.customer_key, c.because) for c in changes
    }
    assert key not in members.waiting and len(members.waiting) > everybody - 10


def test_those_who_are_due_are_evaluated_with_the_next_calls_and_those_who_wait_are_not(published):
    evaluator = Evaluator(published.workspace.current)
    members = Memberships(evaluator)
    members.begin(read_as_built(published.workspace.current), DEMO_AS_OF)
    everybody = len(members.waiting)
    members.advance(DEMO_AS_OF)
    some = everybody - len(members.waiting)
    # All who were evaluated are due at the next midnight of the shop.
    later = DEMO_AS_OF + timedelta(days=2)
    views = pa.Table.from_pylist([event(1, later, "page_view", "d", None)])
    changes = members.take(Arrived(views, pa.table({})), later)
    assert changes and {c.because for c in changes} == {"time"}
    assert min(members.due.values()) > later
    assert len(members.waiting) == everybody - some
    members.advance(later + timedelta(days=2))
    assert min(members.due.values()) > later + timedelta(days=2)
    assert not members.waiting or len(members.waiting) < everybody - some
