"""Live equals batch: what single customers match between two builds is what a build of that moment says."""

import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from workspaces import DEMO_AS_OF, Published

from audiencekit.live import facts
from audiencekit.live.as_built import read_as_built
from audiencekit.live.changes import ENTERED, LEFT
from audiencekit.live.clock import Clock
from audiencekit.live.evaluator import Evaluation, Evaluator
from audiencekit.live.facts import VISITOR
from audiencekit.live.landing import Arrived
from audiencekit.live.memberships import Memberships

# After minutes, hours and days: a cart is left, a day ends, sessions fall out of their windows.
MOMENTS = tuple(
    DEMO_AS_OF + timedelta(**after)
    for after in (
        {"hours": 9, "minutes": 47},
        {"hours": 23, "seconds": 2},
        {"days": 2, "hours": 16},
    )
)

FEATURES = ("feat_orders", "feat_web", "feat_interests", "feat_email", "feat_rhythm")


@pytest.fixture(scope="module")
def later(demo, tmp_path_factory) -> Path:
    """The demo's landing, and web events of the three days after its build: those of days before, moved (simulated).

    Some are of devices that nobody logged in on before, some log in on a device of somebody else, one is of a login
    that nobody knows. Some logins refuse one thing or the other.
    """
    folder = tmp_path_factory.mktemp("later") / "landing"
    folder.mkdir()
    for path in (demo / "landing").iterdir():
        (folder / path.name).symlink_to(path)
    # What the build held back until its time comes: here, only web events come later.
    for name, at in {"orders": "ordered_at", "web_events": "occurred_at"}.items():
        path = folder / f"{name}.parquet"
        path.unlink()
        duckdb.execute(
            f"copy (from '{demo}/landing/{name}.parquet' where {at} < timestamp '{DEMO_AS_OF}') to '{path}'"
        )
    duckdb.execute(f"""
        copy (
            with moved as (
                select
                    * replace ('later ' || event_id as event_id, occurred_at + interval 3 day as occurred_at),
                    row_number() over (order by event_id) as number
                from '{demo}/landing/web_events.parquet'
                where occurred_at >= timestamp '{DEMO_AS_OF}' - interval 3 day
            ),

            people as (select list(distinct account_id order by account_id) as accounts from moved where account_id is not null)

            select
                moved.* exclude (number) replace (
                    case
                        when number % 50 = 0 then 'new device ' || number % 7
                        else anonymous_id
                    end as anonymous_id,
                    case when number % 30 = 0 then 'gpc' else privacy_signal end as privacy_signal,
                    case
                        when number = 7 then 'nobody knows me'
                        when number % 40 = 0 then accounts[1 + number % len(accounts)]
                        else account_id
                    end as account_id
                )
            from moved cross join people
        ) to '{folder}/web_events.later.parquet' (format parquet)
    """)
    duckdb.execute(f"""
        copy (
            select
                * exclude (number) replace (
                    timestamp '{DEMO_AS_OF}' + (1 + number % 5) * interval 1 hour as updated_at
                ),
                number % 4 = 0 as email_opt_out,
                number % 4 = 1 as ads_opt_out,
                case when number % 4 = 2 then false end as newsletter_opt_in,
                case when number % 4 = 3 then true end as sms_opt_out
            from (
                select *, row_number() over (order by account_id) as number
                from '{demo}/landing/accounts.parquet'
            )
            where number <= 40
        ) to '{folder}/accounts.later.parquet' (format parquet)
    """)
    return folder


@pytest.fixture(scope="module")
def events(later) -> pa.Table:
    """The events of `later`, as the collector hands them over: in the columns of the landing table."""
    return duckdb.execute(f"from '{later}/web_events.later.parquet'").to_arrow_table()


@pytest.fixture(scope="module")
def accounts(later) -> pa.Table:
    """What logins state after the build, in the columns of the landing table."""
    return duckdb.execute(f"from '{later}/accounts.later.parquet'").to_arrow_table()


@pytest.fixture(scope="module")
def built_at(runner, published, later):
    """A build as of a moment after the published one, with the events until then."""

    def build(moment: datetime) -> Published:
        name = f"later_{moment:%d_%H%M}"
        runner.copy_of(published, name)
        return runner.build(name, later, "+int_audience_candidates", as_of=moment)

    return build


def delivered(events: pa.Table, until: datetime, seed: int) -> list[pa.Table]:
    """The events before `until`, in batches: some twice, some late, within a batch in any order."""
    rng = np.random.default_rng(seed)
    at = events.column("occurred_at").to_numpy()
    # With events of the hours to come: a clock somewhere is ahead.
    places = np.flatnonzero(at < np.datetime64(until + timedelta(hours=6)))
    late = at[places] + rng.choice([0, 0, 0, 3600], len(places)).astype("timedelta64[s]")
    places = places[np.argsort(late, kind="stable")]
    twice = rng.choice(places, 20)
    places = np.insert(places, rng.integers(0, len(places), 20), twice)
    return [events.take(rng.permutation(part)) for part in np.array_split(places, 30)]


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_live_segments_and_permissions_are_those_of_a_build_of_the_moment(
    moment, published, built_at, events, accounts
):
    evaluator = Evaluator(published.workspace.current)
    concerned = set()
    for batch in delivered(events, moment, seed=MOMENTS.index(moment)):
        concerned |= set().union(*evaluator.take(batch).values())
    assert len(concerned) > 3
    before = evaluator.evaluate(evaluator.customers(), moment).candidates
    refused = evaluator.take_accounts(accounts)
    assert len(refused) > 20
    built = built_at(moment)
    everybody = set(built.warehouse("select customer_key from segments.customer_360").customer_key)
    matches, candidates = of_live_segments(built, evaluator)
    live = evaluator.evaluate(everybody, moment)
    for features in FEATURES:
        assert_same_features(evaluator, built, features, moment)
    assert of_live(evaluator, live) == (matches, own_reasons(candidates))
    stopped = {row[2] for row, why in live.candidates.items() if why and not before[row]}
    assert stopped & refused, "no refusal mattered"
    assert_others_are_those_of_the_build(evaluator, live, published, everybody)
    assert any(key.startswith(VISITOR) for key in concerned)
    # A build knows no visitors.
    some = {key for key in sorted(concerned)[::3] if not key.startswith(VISITOR)}
    live_matches, live_reasons = of_live(evaluator, evaluator.evaluate(some, moment))
    assert live_matches == {row for row in matches if row[-1] in some}
    assert live_reasons == {
        row: why for row, why in own_reasons(candidates).items() if row[-1] in some
    }
    before, _ = of_live_segments(published, evaluator)
    assert matches - before and before - matches, "nothing happened since the build"


def of_live(evaluator: Evaluator, evaluation: Evaluation) -> tuple[set, dict]:
    """What an evaluation says of live segments: who matches, and their own reasons to be left out."""
    reasons = {
        row: why for row, why in evaluation.candidates.items() if row[1] in evaluator.segments
    }
    return (
        {row for row in evaluation.matches if row[0] in evaluator.segments},
        own_reasons(reasons),
    )


def assert_others_are_those_of_the_build(
    evaluator: Evaluator, live: Evaluation, published: Published, everybody: set
) -> None:
    """Matches of the other segments wait for the next build; who may be addressed for them does not."""
    matches = published.warehouse("select segment_code, customer_key from segments.segment_matches")
    expected = {
        row
        for row in matches.itertuples(index=False, name=None)
        if row[0] not in evaluator.segments and row[1] in everybody
    }
    assert {row for row in live.matches if row[0] not in evaluator.segments} == expected
    assert {row[1] for row in live.candidates} - evaluator.segments


def assert_same_features(
    evaluator: Evaluator, built: Published, table: str, moment: datetime
) -> None:
    """The rows of everybody whom the evaluator knows, as of the moment, in the columns that it keeps."""
    live = evaluator.con.execute(f"from {evaluator.tables[table]} order by customer_key").df()
    assert len(live.columns) > 2
    batch = built.warehouse(
        f"select {', '.join(live.columns)} from features.{table} "
        f"where moment_at = timestamp '{moment}' order by customer_key"
    )
    known = evaluator.con.execute("from published.facts.customers select customer_key").df()
    live, batch = (f[f.customer_key.isin(known.customer_key)] for f in (live, batch))
    assert len(live) == len(known)
    pd.testing.assert_frame_equal(
        live.reset_index(drop=True), batch.reset_index(drop=True), check_exact=True, obj=table
    )


def own_reasons(candidates: dict) -> dict:
    """Why members are left out, but for those who are left to another segment or channel.

    That choice may be by a score or rank, which only the build of the moment knows.
    """
    return {
        row: None if why in ("other_segment", "other_channel") else why
        for row, why in candidates.items()
    }


def of_live_segments(built: Published, evaluator: Evaluator) -> tuple[set, dict]:
    """Who matches, and who is left out where and why, in a build."""
    matches = built.warehouse("select segment_code, customer_key from segments.segment_matches")
    candidates = built.warehouse(
        "select channel, segment_code, customer_key, left_out_because from activation.int_audience_candidates"
    )
    return (
        {row for row in matches.itertuples(index=False, name=None) if row[0] in evaluator.segments},
        {
            (channel, segment, key): why if isinstance(why, str) else None
            for channel, segment, key, why in candidates.itertuples(index=False, name=None)
            if segment in evaluator.segments
        },
    )


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
    with duckdb.connect(str(published.workspace.current / "live.duckdb"), read_only=True) as con:
        one, other = con.execute(
            "select min_by(account_id, customer_key), max_by(account_id, customer_key) from facts.logins"
        ).fetchall()[0]
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


def test_nothing_changes_before_the_clock_says_so(published):
    """At random moments, customers who are not as they were at the start were due by then."""
    evaluator = Evaluator(published.workspace.current)
    everybody, rng = evaluator.customers(), np.random.default_rng(9)
    start = DEMO_AS_OF + timedelta(hours=5, minutes=18)
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
    assert members.begin(read_as_built(evaluator.con), DEMO_AS_OF) == []
    while members.waiting:
        assert members.advance(DEMO_AS_OF) == [], "an evaluation as of the build differs from it"
    assert len(members.messages) > 3
    members.schedule()
    start = {(segment, key) for key, segments in members.of.items() for segment in segments}
    of_build = published.warehouse(
        "select segment_code, customer_key from segments.segment_matches"
    )
    assert start == set(of_build.itertuples(index=False, name=None))
    end, changes = DEMO_AS_OF + timedelta(hours=14), []
    in_order = events.sort_by("occurred_at")
    at = in_order.column("occurred_at").to_pylist()
    for hour in range(14):
        places = [
            n
            for n, each in enumerate(at)
            if each < end and int((each - DEMO_AS_OF).total_seconds() // 3600) == hour
        ]
        arrived = Arrived(in_order.take(pa.array(places, pa.int64())), pa.table({}))
        changes += members.take(arrived, DEMO_AS_OF + timedelta(hours=hour + 1))
        members.schedule()
    now = {(segment, key) for key, segments in members.of.items() for segment in segments}
    assert now == evaluator.evaluate(evaluator.customers(), end).matches
    entered = {(c.segment, c.customer_key) for c in changes if c.action == ENTERED}
    left = {(c.segment, c.customer_key) for c in changes if c.action == LEFT}
    assert now - start <= entered and start - now <= left
    assert any(c.events for c in changes) and any(not c.events for c in changes)


def test_events_do_not_wait_until_everybody_is_evaluated_with_a_new_build(published, events):
    evaluator = Evaluator(published.workspace.current)
    members = Memberships(evaluator)
    members.begin(read_as_built(evaluator.con), DEMO_AS_OF)
    everybody = len(members.waiting)
    with duckdb.connect(str(published.workspace.current / "live.duckdb"), read_only=True) as con:
        login, key = con.execute("from facts.logins order by account_id").fetchone()
    at = DEMO_AS_OF + timedelta(minutes=1)
    views = [event(n, at, "product_view", "d", login) for n in range(4)]
    views.append(event(4, at, "add_to_cart", "d", login))
    arrived = Arrived(pa.Table.from_pylist(views), pa.table({}))
    changes = members.take(arrived, at + timedelta(seconds=10))
    assert ("high_intent", key, "event") in {
        (c.segment, c.customer_key, c.because) for c in changes
    }
    assert key not in members.waiting and len(members.waiting) > everybody - 10


def test_facts_that_were_dropped_from_memory_are_read_again(published, events, monkeypatch):
    """With room for five customers, what follows is the same as with room for everybody."""
    moment = DEMO_AS_OF + timedelta(hours=8)
    found = []
    for kept in (facts.KEPT, 5):
        monkeypatch.setattr(facts, "KEPT", kept)
        evaluator = Evaluator(published.workspace.current)
        keys = sorted(evaluator.customers())
        parts = [set(keys[n::30]) for n in range(3)]
        for part, batch in zip(parts, delivered(events, moment, seed=1), strict=False):
            evaluator.evaluate(part, DEMO_AS_OF)
            evaluator.take(batch)
        evaluations = [evaluator.evaluate(part, moment) for part in (*parts, {keys[0]})]
        found.append(evaluations)
        # Those who are evaluated together are kept together.
        assert evaluator.in_memory == min(kept, len(set().union(*parts)))
    assert found[0] == found[1]
