"""A month of calls after the published build, and how a build of a later moment and the live path are compared."""

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from workspaces import DEMO_AS_OF, Published

from audiencekit.live.evaluator import Evaluation, Evaluator
from audiencekit.live.quiet_hours import QUIET

FEATURES = ("feat_orders", "feat_web", "feat_interests", "feat_email", "feat_rhythm")
DAYS = 31
_CHOICES = ("other_segment", "other_channel")
# What a member is left out for, if at all, unless an experiment does.
_AFTER_THE_DRAW = (None, "holdout", "excluded", "inactive", "cap", QUIET, *_CHOICES)
NEW_PHONE = "new phone of "
# Calls of clocks that are so far ahead have come at a moment, and do not count yet.
_AHEAD = timedelta(hours=6)


def write_month(landing: Path, folder: Path, published: Published) -> Path:
    """The demo's landing as it was at its build, and what came in the month after it: web events, and what people decide.

    The events are those of the month before, moved by a month (simulated). Some are of devices that nobody logs in
    on, or of the new phone of a customer, some log in on a device of somebody else, one is of a login that nobody
    knows. Some logins refuse one thing or the other, or a topic, or ask for fewer messages; some customers do so by their
    key, as on their own page. Orders, e-mails and all else that the live path does not take in wait
    for the next build, so there are none of them.
    """
    folder.mkdir(parents=True)
    for path in landing.iterdir():
        (folder / path.name).symlink_to(path)
    for name, at in {"orders": "ordered_at", "web_events": "occurred_at"}.items():
        path = folder / f"{name}.parquet"
        path.unlink()
        duckdb.execute(
            f"copy (from '{landing}/{name}.parquet' where {at} < timestamp '{DEMO_AS_OF}') to '{path}'"
        )
    _write_events(landing, folder)
    _write_refusals(landing, folder)
    _write_decisions(landing, folder)
    _write_choices(published, folder)
    return folder


def _write_events(landing: Path, folder: Path) -> None:
    with duckdb.connect() as con:
        con.execute(f"""
            create view moved as
            select
                * replace (
                    'later ' || event_id as event_id, occurred_at + interval {DAYS} day as occurred_at
                ),
                row_number() over (order by event_id) as number,
                row_number() over (partition by account_id order by occurred_at, event_id) as place
            from '{landing}/web_events.parquet'
            where occurred_at >= timestamp '{DEMO_AS_OF}' - interval {DAYS} day
        """)
        _write_moved(con, folder / "web_events.later.parquet")


def _write_moved(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    con.execute(f"""
        copy (
            with

            people as (select list(distinct account_id order by account_id) as accounts from moved where account_id is not null),

            -- One login in five has a new phone: on it they log in once, and later on every third time.
            on_phones as (
                select
                    * replace (
                        '{NEW_PHONE}' || account_id as anonymous_id,
                        case when place = 1 or place % 3 = 0 then account_id end as account_id
                    )
                from moved
                where hash(account_id) % 5 = 0
            ),

            -- Half an hour before the first login, nobody knows them.
            first_looks as (
                select
                    * replace (
                        'before ' || event_id as event_id,
                        occurred_at - interval 30 minute as occurred_at,
                        'product_view' as event_name,
                        null as account_id
                    )
                from on_phones
                where place = 1
            ),

            elsewhere as (
                select
                    moved.* replace (
                        case
                            when number % 50 = 0 then 'new device ' || number % 7
                            else anonymous_id
                        end as anonymous_id,
                        case when number % 300 = 0 then 'gpc' else privacy_signal end as privacy_signal,
                        case
                            when number = (select min(number) from moved where coalesce(hash(account_id) % 5, 1) > 0) then 'nobody knows me'
                            -- What was done on a device over an hour before its first login is left to the next
                            -- build, so there are no first logins but those on new phones.
                            when number % 50 = 0 then null
                            when number % 55 = 0 and account_id is not null then accounts[1 + number % len(accounts)]
                            else account_id
                        end as account_id
                    )
                from moved cross join people
                where coalesce(hash(moved.account_id) % 5, 1) > 0
            )

            select * exclude (number, place)
            from (from elsewhere union all by name from on_phones union all by name from first_looks)
            order by occurred_at, event_id
        ) to '{path}' (format parquet)
    """)


def _write_refusals(landing: Path, folder: Path) -> None:
    """Half of them within a day of the build, and one a day afterwards."""
    duckdb.execute(f"""
        copy (
            select
                * exclude (number) replace (
                    timestamp '{DEMO_AS_OF}'
                        + case when number <= 20 then number * interval 1 hour else (number - 20) * interval 1 day end
                        as updated_at
                ),
                number % 4 = 0 as email_opt_out,
                number % 4 = 1 as ads_opt_out,
                case when number % 4 = 2 then false end as newsletter_opt_in,
                case when number % 4 = 3 then true end as sms_opt_out
            from (
                select *, row_number() over (order by account_id) as number
                from '{landing}/accounts.parquet'
            )
            where number <= 40
        ) to '{folder}/accounts.later.parquet' (format parquet)
    """)


def _write_decisions(landing: Path, folder: Path) -> None:
    """What other logins decide about topics and frequency within hours of the build. One topic is in no list."""
    duckdb.execute(f"""
        copy (
            select
                'later ' || account_id as consent_event_id,
                'account_id' as id_type,
                account_id as id_value,
                'email_marketing' as purpose,
                case when number % 3 = 0 then 'limited' else 'denied' end as status,
                case
                    when number % 3 <> 0
                        then ['offers', 'new_products', 'tips', 'offers', 'gardening'][1 + number % 5]
                end as topic,
                case when number % 3 = 0 then 1 + number % 17 end as at_most_every_days,
                timestamp '{DEMO_AS_OF}' + (1 + number % 5) * interval 1 hour as decided_at
            from (
                select account_id, row_number() over (order by account_id) as number
                from '{landing}/accounts.parquet'
            )
            where number > 40
        ) to '{folder}/consent_events.later.parquet' (format parquet)
    """)


def _write_choices(published: Published, folder: Path) -> None:
    """Customers who unsubscribe, from everything or from a topic, by their key.

    They share no mailbox: a refusal for others waits for the next build.
    """
    keys = published.warehouse("""
        select customer_key
        from (
            select *, count(*) over (partition by mailbox_hash) as customers
            from profiles.int_customer_mailboxes
        )
        group by customer_key
        having max(customers) = 1
        order by customer_key
        limit 60
    """)
    assert len(keys) == 60
    with duckdb.connect() as con:
        con.register("keys", keys)
        con.execute(f"""
            copy (
                select
                    'page ' || customer_key as consent_event_id,
                    'customer_key' as id_type,
                    customer_key as id_value,
                    'email_marketing' as purpose,
                    'withdrawn' as status,
                    case when number % 2 = 0 then 'offers' end as topic,
                    cast(null as bigint) as at_most_every_days,
                    timestamp '{DEMO_AS_OF}' + (1 + number % 5) * interval 1 hour as decided_at
                from (select *, row_number() over (order by customer_key) as number from keys)
            ) to '{folder}/consent_events.page.parquet' (format parquet)
        """)


def decisions_of(month: Path) -> pa.Table:
    """What people decided after the build, in the columns of the landing table."""
    files = f"['{month}/consent_events.later.parquet', '{month}/consent_events.page.parquet']"
    return duckdb.execute(f"from read_parquet({files})").to_arrow_table()


def events_of(month: Path) -> pa.Table:
    """The web events since the build, as the collector hands them over: in the columns of the landing table."""
    return duckdb.execute(f"from '{month}/web_events.later.parquet'").to_arrow_table()


def refusals_of(month: Path) -> pa.Table:
    """What logins state after the build, in the columns of the landing table, in their order."""
    return duckdb.execute(
        f"from '{month}/accounts.later.parquet' order by updated_at"
    ).to_arrow_table()


def arrivals(events: pa.Table, steps: list[datetime], rng: np.random.Generator) -> list[pa.Table]:
    """What arrived until each of `steps`, and not before: some twice, some late, in any order.

    Until the last step everything arrived that happened until then. What happens on a new phone is not late: of what a
    visitor did over an hour before they log in, only a build knows who it was.
    """
    at = events.column("occurred_at").to_numpy()
    places = np.flatnonzero(at < np.datetime64(steps[-1] + _AHEAD))
    late = rng.choice([0, 0, 0, 3_600, 30_000], len(places)).astype("timedelta64[s]")
    devices = events.column("anonymous_id").take(pa.array(places))
    late[pc.starts_with(devices, NEW_PHONE).fill_null(False).to_numpy()] = np.timedelta64(0, "s")
    places = np.concatenate([places, rng.choice(places, 20 + len(places) // 50)])
    arrived = at[places] + np.resize(late, len(places))
    step = np.searchsorted(np.array(steps, "datetime64[us]"), arrived)
    step = np.minimum(step, len(steps) - 1)
    return [events.take(rng.permutation(places[step == number])) for number in range(len(steps))]


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
    live = evaluator.con.execute(
        f"from {evaluator.tables[table]} where moment_at = ? order by customer_key", [moment]
    ).df()
    assert len(live.columns) > 2
    batch = built.warehouse(
        f"select {', '.join(live.columns)} from features.{table} "
        f"where moment_at = timestamp '{moment}' order by customer_key"
    )
    known = evaluator.customers()
    live, batch = (f[f.customer_key.isin(known)] for f in (live, batch))
    assert len(live) == len(known)
    pd.testing.assert_frame_equal(
        live.reset_index(drop=True), batch.reset_index(drop=True), check_exact=True, obj=table
    )


def own_reasons(candidates: dict) -> dict:
    """Why members are left out, but for those who are left to another segment or channel, and for the night.

    That choice may be by a score or rank, which only the build of the moment knows. Whose night it is, `same_nights` says.
    """
    return {row: None if why in (*_CHOICES, QUIET) else why for row, why in candidates.items()}


def before_the_draw(published: Published, candidates: dict) -> dict:
    """Why members are left out in a build of the moment, as far as it can be known before that build.

    It draws the arms of those who have entered a segment with strata since the published build.
    """
    rows = published.warehouse("""
        select segments.segment_code, assigned.customer_key
        from segments.dim_segments as segments
        left join activation.int_assigned_customers as assigned
            on segments.holdout_experiment = assigned.experiment_code
        where segments.holdout_stratum <> ''
    """)
    in_strata, drawn = set(rows.segment_code), set(rows.itertuples(index=False, name=None))
    return {
        row: "not_assigned"
        if row[1] in in_strata and row[1:] not in drawn and why in _AFTER_THE_DRAW
        else why
        for row, why in candidates.items()
    }


def same_nights(live: dict, built: dict) -> bool:
    """Whether it is night for the same members, but for those of whom one of both leaves another segment or channel."""
    pairs = [(live[row], built[row]) for row in live.keys() & built.keys()]
    nights = [pair for pair in pairs if QUIET in pair]
    return all(one == other or {one, other} & {*_CHOICES} for one, other in nights)


def of_live_segments(built: Published, evaluator: Evaluator) -> tuple[set, dict]:
    """Who matches, and who is left out where and why, in a build."""
    matches = built.warehouse("select segment_code, customer_key from segments.segment_matches")
    candidates = built.warehouse(
        "select channel, segment_code, customer_key, left_out_because from activation.int_action_candidates"
    )
    return (
        {row for row in matches.itertuples(index=False, name=None) if row[0] in evaluator.segments},
        {
            (channel, segment, key): why if isinstance(why, str) else None
            for channel, segment, key, why in candidates.itertuples(index=False, name=None)
            if segment in evaluator.segments
        },
    )
