"""Live equals batch: what single customers match between two builds is what a build of that moment says."""

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from workspaces import DEMO_AS_OF, Published

from audiencekit.live.evaluator import Evaluator

# After minutes, hours and days: a cart is left, a day ends, sessions fall out of their windows.
MOMENTS = tuple(
    DEMO_AS_OF + timedelta(**after)
    for after in ({"hours": 9, "minutes": 47}, {"hours": 23, "seconds": 2}, {"days": 2, "hours": 16})
)
BATCH = "select segment_code, customer_key from segments.segment_matches"


@pytest.fixture(scope="module")
def later(demo, tmp_path_factory) -> Path:
    """The demo's landing, and web events of the three days after its build: those of days before, moved (simulated).

    Some are of devices that nobody logged in on before, some log in on a device of somebody else, one is of a login
    that nobody knows.
    """
    folder = tmp_path_factory.mktemp("later") / "landing"
    folder.mkdir()
    for path in (demo / "landing").iterdir():
        (folder / path.name).symlink_to(path)
    # What the build held back until its time comes: here, only web events come later.
    for name, time in {"orders": "ordered_at", "web_events": "occurred_at"}.items():
        path = folder / f"{name}.parquet"
        path.unlink()
        duckdb.execute(
            f"copy (from '{demo}/landing/{name}.parquet' where {time} < timestamp '{DEMO_AS_OF}') to '{path}'"
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

            people as (select list(distinct account_id) as accounts from moved where account_id is not null)

            select
                moved.* exclude (number) replace (
                    case
                        when number % 50 = 0 then 'new device ' || number % 7
                        else anonymous_id
                    end as anonymous_id,
                    case
                        when number = 7 then 'nobody knows me'
                        when number % 40 = 0 then accounts[1 + number % len(accounts)]
                        else account_id
                    end as account_id
                )
            from moved cross join people
        ) to '{folder}/web_events.later.parquet' (format parquet)
    """)
    return folder


@pytest.fixture(scope="module")
def events(later) -> pa.Table:
    """The events of `later`, as the collector hands them over: in the columns of the landing table."""
    return duckdb.execute(f"from '{later}/web_events.later.parquet'").to_arrow_table()


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
    places = np.flatnonzero(at < np.datetime64(until))
    late = at[places] + rng.choice([0, 0, 0, 3600], len(places)).astype("timedelta64[s]")
    places = places[np.argsort(late, kind="stable")]
    twice = rng.choice(places, 20)
    places = np.insert(places, rng.integers(0, len(places), 20), twice)
    return [events.take(rng.permutation(part)) for part in np.array_split(places, 30)]


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_live_segments_are_those_of_a_build_of_the_moment(moment, published, built_at, events):
    evaluator = Evaluator(published.workspace.current)
    concerned = set()
    for batch in delivered(events, moment, seed=MOMENTS.index(moment)):
        concerned |= evaluator.take(batch)
    built = built_at(moment)
    wanted = {
        (segment, key)
        for segment, key in built.warehouse(BATCH).itertuples(index=False)
        if segment in evaluator.segments
    }
    everybody = set(built.warehouse("select customer_key from segments.customer_360").customer_key)
    assert len(concerned) > 20
    assert evaluator.matches(everybody, moment) == wanted
    some = set(sorted(concerned)[::3])
    assert evaluator.matches(some, moment) == {(s, key) for s, key in wanted if key in some}
    before = set(published.warehouse(BATCH).itertuples(index=False, name=None))
    assert wanted - before and {row for row in before if row[0] in evaluator.segments} - wanted
