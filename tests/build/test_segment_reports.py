"""Sizes, stays, journeys and cohorts of segments, over histories made up here, and what their members did, over the demo."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest
from compiled import run_over

from audiencekit.demo.retail import read_retail

SERIES, DAYS, DROP_DAY = 1000, 60, 50
FIRST = pd.Timestamp("2017-10-01")
NEW_YEAR = pd.Timestamp("2018-01-01")


def moves_of(changes: np.ndarray, action: str) -> pd.DataFrame:
    """One history row for each of `changes` (series, days)."""
    series, day = np.nonzero(changes)
    times = changes[series, day]
    return pd.DataFrame(
        {
            "segment_code": np.repeat(series, times).astype(str),
            "changed_at": FIRST + pd.to_timedelta(np.repeat(day, times), unit="D"),
            "action": action,
        }
    )


def sizes_of(published, history: pd.DataFrame) -> pd.DataFrame:
    steps = {"measurement.int_segment_size_steps": "int_segment_size_steps"}
    return run_over(published, "rpt_segment_sizes", {"segments.segment_history": history} | steps)


def sizes_over(published, entered: np.ndarray, departed: np.ndarray) -> pd.DataFrame:
    history = pd.concat([moves_of(entered, "entered"), moves_of(departed, "left")])
    sizes = sizes_of(published, history)
    sizes["day"] = (sizes["moment_at"] - FIRST).dt.days
    return sizes


def test_a_drop_of_a_tenth_is_found_and_ordinary_days_are_not(published):
    rng = np.random.default_rng(28)
    size = rng.integers(300, 3000, SERIES)[:, None]
    churn = rng.uniform(0.002, 0.02, SERIES)[:, None]
    entered, departed = (rng.poisson(size * churn, (SERIES, DAYS)) for _ in range(2))
    entered[:, 0], departed[:, 0] = size[:, 0], 0
    drop = rng.uniform(0.10, 0.5, SERIES)
    members = np.cumsum(entered - departed, axis=1)[:, DROP_DAY - 1]
    departed[:, DROP_DAY] += np.ceil(drop * members).astype(int)
    sizes = sizes_over(published, entered, departed)
    on_the_day = sizes[sizes["day"] == DROP_DAY]
    judged = sizes[sizes["robust_z"].notna() & (sizes["day"] != DROP_DAY)]
    found, false = on_the_day["is_anomaly"].mean(), judged["is_anomaly"].mean()
    print(
        f"\ndrops of 10 % or more found {found:.3f}; false alarms {false:.5f} of {len(judged)} days"
    )
    assert len(on_the_day) == SERIES and len(judged) > 40_000
    assert found > 0.97
    assert false < 0.001


def test_small_segments_are_left_their_chance(published):
    rng = np.random.default_rng(5)
    size = rng.integers(5, 60, SERIES)[:, None]
    entered, departed = (rng.poisson(size * 0.02, (SERIES, DAYS)) for _ in range(2))
    entered[:, 0], departed[:, 0] = size[:, 0], 0
    members = np.cumsum(entered - departed, axis=1)
    whole = (members > 2).all(axis=1)
    sizes = sizes_over(published, entered[whole], departed[whole])
    judged = sizes[sizes["robust_z"].notna()]
    share = judged["is_anomaly"].mean()
    print(f"\nfalse alarms of segments of 5 to 60: {share:.4f} of {len(judged)} days")
    assert len(judged) > 20_000
    assert share < 0.01


def test_of_several_builds_of_one_moment_the_last_counts(published):
    moves = [
        ("entered", "b1"),
        ("left", "b2"),
        ("entered", "b3"),
        ("left", "b4"),
        ("entered", "b5"),
    ]
    moments = [FIRST, FIRST, FIRST, NEW_YEAR, NEW_YEAR]
    history = pd.DataFrame(moves, columns=["action", "build_id"]).assign(
        segment_code="s", customer_key="c", changed_at=moments
    )
    stays = run_over(published, "int_membership_periods", {"segments.segment_history": history})
    assert len(stays) == 1
    assert stays["entered_at"][0] == FIRST and pd.isna(stays["left_at"][0])


def real_sizes() -> np.ndarray:
    """(segments, days) of the real households who bought in the last 7, 14, 30, 60 and 90 days, 2017."""
    days = read_retail().con.execute(
        "select distinct household_id, dayofyear(ordered_at) as day from lines where year(ordered_at) = 2017"
    ).df()  # fmt: skip
    bought = pd.crosstab(days["household_id"], days["day"]).to_numpy() > 0
    rows = []
    for window in (7, 14, 30, 60, 90):
        cumulated = np.cumsum(np.pad(bought, ((0, 0), (window, 0))), axis=1)
        recent = (cumulated[:, window:] - cumulated[:, :-window]) > 0
        rows.append(recent.sum(axis=0)[100:])
    return np.array(rows)


def test_real_segments_raise_no_false_alarm_and_their_drops_are_found(published):
    sizes = real_sizes()
    steps = np.diff(sizes, axis=1, prepend=0)
    quiet = sizes_over(published, np.maximum(steps, 0), np.maximum(-steps, 0))
    judged = quiet["robust_z"].notna()
    assert judged.sum() > 1000
    # The week between the years is unlike any other; nothing before it may ring.
    alarms = quiet[quiet["is_anomaly"]]
    found = 0
    tried = range(40, sizes.shape[1] - 20, 7)
    for day in tried:
        cut = steps.copy()
        cut[:, day] -= np.ceil(0.1 * sizes[:, day - 1]).astype(int)
        broken = sizes_over(published, np.maximum(cut, 0), np.maximum(-cut, 0))
        found += broken.loc[broken["day"] == day, "is_anomaly"].sum()
    share = found / (len(tried) * len(sizes))
    print(
        f"\nreal series: {len(alarms)} alarms in {judged.sum()} days; drops of 10 % found {share:.3f}"
    )
    assert len(alarms) == 0
    assert share > 0.9


@pytest.fixture(scope="module")
def history():
    """Random stays of 300 customers in four segments over 150 days, as builds would have seen them."""
    rng = np.random.default_rng(7)
    builds = pd.date_range("2017-08-01", NEW_YEAR, freq="3D")
    rows = []
    for segment in "abcd":
        inside = np.zeros(300, dtype=bool)
        for number, moment in enumerate(builds):
            now = np.where(rng.random(300) < 0.08, ~inside, inside)
            for customer in np.flatnonzero(now != inside):
                action = "entered" if now[customer] else "left"
                rows.append((segment, f"c{customer}", action, moment, f"b{number:03d}"))
            inside = now
    columns = ["segment_code", "customer_key", "action", "changed_at", "build_id"]
    return pd.DataFrame(rows, columns=columns).sample(frac=1, random_state=1)


@pytest.fixture(scope="module")
def orders():
    rng = np.random.default_rng(8)
    return pd.DataFrame(
        {
            "order_id": [f"o{i}" for i in range(3000)],
            "customer_key": [f"c{i}" for i in rng.integers(0, 320, 3000)],
            "ordered_at": pd.Timestamp("2017-07-01")
            + pd.to_timedelta(rng.integers(0, 184 * 86400, 3000), unit="s"),
            "net_revenue": rng.integers(100, 10000, 3000) / 100,
            "is_purchase": rng.random(3000) < 0.9,
        }
    )


def stays_of(history: pd.DataFrame) -> pd.DataFrame:
    """Stays by walking through each customer's moves."""
    rows = []
    for (segment, customer), moves in history.sort_values("changed_at").groupby(
        ["segment_code", "customer_key"]
    ):
        since = None
        for move in moves.itertuples():
            if move.action == "entered":
                since = move.changed_at
            else:
                rows.append((segment, customer, since, move.changed_at))
                since = None
        if since is not None:
            rows.append((segment, customer, since, pd.NaT))
    return pd.DataFrame(rows, columns=["segment_code", "customer_key", "entered_at", "left_at"])


def sorted_like(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    frame = frame[columns].sort_values(columns, ignore_index=True)
    times = frame.select_dtypes("datetime").columns
    return frame.astype(dict.fromkeys(times, "datetime64[us]"))


def test_sizes_are_members_at_each_build(published, history):
    sizes = sizes_of(published, history)
    stays = stays_of(history)
    assert len(sizes) > 150
    for row in sizes.itertuples():
        mine = stays[stays["segment_code"] == row.segment_code]
        is_in = (mine["entered_at"] <= row.moment_at) & ~(mine["left_at"] <= row.moment_at)
        assert row.members == is_in.sum()


def test_journeys_lead_from_primary_to_primary(published, history):
    """Primary is the lowest priority number: here d, then c, b, a."""
    segments = pd.DataFrame({"segment_code": list("abcd"), "priority": [40, 30, 20, 10]})
    journeys = run_over(
        published,
        "rpt_journeys",
        {
            "segments.segment_history": history,
            "segments.dim_segments": segments,
            "measurement.int_membership_periods": "int_membership_periods",
        },
    )
    stays = stays_of(history)
    ends = history.groupby(history["changed_at"].dt.to_period("M"))["changed_at"].max().tolist()
    expected = []
    for before, after in itertools.pairwise(ends):
        primary = {}
        for moment in (before, after):
            is_in = (stays["entered_at"] <= moment) & ~(stays["left_at"] <= moment)
            primary[moment] = stays[is_in].groupby("customer_key")["segment_code"].max()
        both = pd.DataFrame({"from": primary[before], "to": primary[after]}).fillna("nothing")
        for way, customers in both.value_counts().items():
            expected.append((before, after, *way, customers))
    columns = ["from_at", "to_at", "from_segment", "to_segment", "customers"]
    found = journeys.fillna({"from_segment": "nothing", "to_segment": "nothing"})
    pd.testing.assert_frame_equal(
        sorted_like(found, columns),
        sorted_like(pd.DataFrame(expected, columns=columns), columns),
        check_dtype=False,
    )
    assert len(expected) > 60


def test_cohorts_follow_members_from_the_day_they_entered(published, history, orders):
    cohorts = run_over(
        published,
        "rpt_segment_cohorts",
        {
            "segments.segment_history": history,
            "profiles.fct_orders": orders,
            "measurement.int_membership_periods": "int_membership_periods",
        },
    )
    bought = orders[orders["is_purchase"]]
    expected = []
    for stay in stays_of(history).itertuples():
        mine = bought[bought["customer_key"] == stay.customer_key]
        days = (mine["ordered_at"] - stay.entered_at) / pd.Timedelta(days=1)
        until = NEW_YEAR if pd.isna(stay.left_at) else stay.left_at
        for period in range(12):
            if NEW_YEAR - stay.entered_at < pd.Timedelta(days=30 * (period + 1)):
                break
            spent = mine.loc[(days >= 30 * period) & (days < 30 * (period + 1)), "net_revenue"]
            stayed = pd.isna(stay.left_at) or until - stay.entered_at >= pd.Timedelta(
                days=30 * (period + 1)
            )
            month = stay.entered_at.to_period("M").to_timestamp()
            expected.append(
                (stay.segment_code, month, period, 1, stayed, len(spent) > 0, spent.sum())
            )
    keys = ["segment_code", "entered_month_on", "period"]
    columns = [*keys, "entered", "still_in", "buyers", "revenue"]
    expected = pd.DataFrame(expected, columns=columns).groupby(keys).sum().reset_index()
    pd.testing.assert_frame_equal(
        sorted_like(cohorts, columns), sorted_like(expected, columns), check_dtype=False
    )
    assert len(expected) > 30 and (expected["still_in"] < expected["entered"]).any()


def test_what_members_did_is_what_orders_say(published):
    rows = published.report("rpt_segment_performance")
    orders = published.warehouse(
        "select customer_key, order_channel, net_revenue, ordered_at from profiles.fct_orders "
        "where is_purchase and customer_key is not null"
    )
    members = published.warehouse(
        "select segment_code, customer_key from segments.segment_membership"
    )
    everybody = published.warehouse("select customer_key from segments.customer_360")
    age = (NEW_YEAR - orders["ordered_at"]) / pd.Timedelta(days=1)
    some = ["at_risk", "recent_buyers", "newsletter_subscribers", None]
    checked = 0
    for row in rows.itertuples():
        code = row.segment_code if isinstance(row.segment_code, str) else None
        if code not in some:
            continue
        who = everybody if code is None else members[members["segment_code"] == code]
        is_here = orders["customer_key"].isin(who["customer_key"])
        if row.order_channel != "all":
            is_here &= orders["order_channel"] == row.order_channel
        now = orders[is_here & (age > 0) & (age <= row.window_days)]
        before = orders[is_here & (age > row.window_days) & (age <= 2 * row.window_days)]
        assert row.members == len(who)
        assert row.purchases == len(now)
        assert row.revenue == pytest.approx(now["net_revenue"].sum())
        assert row.conversion == pytest.approx(now["customer_key"].nunique() / len(who))
        kept = before["customer_key"][before["customer_key"].isin(now["customer_key"])].nunique()
        expected = kept / before["customer_key"].nunique() if len(before) else np.nan
        assert row.retention == pytest.approx(expected, nan_ok=True)
        if code is None:
            assert row.conversion == row.baseline_conversion
        checked += 1
    assert checked >= 4 * 3 * 3


def test_cohorts_of_first_purchase_keep_their_size_and_all_revenue(published):
    cohorts = published.report("rpt_cohorts")
    orders = published.warehouse(
        "select customer_key, ordered_at, net_revenue from profiles.fct_orders "
        "where is_purchase and customer_key is not null"
    )
    orders["month"] = orders["ordered_at"].dt.to_period("M")
    first = orders.groupby("customer_key")["month"].min()
    orders["cohort"] = orders["customer_key"].map(first)
    for row in cohorts.itertuples():
        cohort, month = (pd.Period(on, "M") for on in (row.cohort_on, row.month_on))
        mine = orders[(orders["cohort"] == cohort) & (orders["month"] == month)]
        assert row.customers == (first == cohort).sum()
        assert row.months_since == (month - cohort).n
        assert (row.buyers, row.purchases) == (mine["customer_key"].nunique(), len(mine))
        assert row.revenue == pytest.approx(mine["net_revenue"].sum())
        assert row.is_complete == (month.end_time < NEW_YEAR)
    assert cohorts["revenue"].sum() == pytest.approx(orders["net_revenue"].sum())


def test_campaigns_of_a_segment_are_those_that_contacted_its_members(published):
    rows = published.report("rpt_segment_campaigns")
    touches = published.warehouse("select * from profiles.fct_touches")
    costs = published.report("rpt_campaigns").set_index(["campaign_id", "channel"])["cost"]
    shares = published.warehouse(
        "select * from measurement.int_attribution where touch_id is not null"
    )
    members = published.warehouse("select * from segments.segment_membership")
    everybody = published.warehouse("select customer_key from segments.customer_360")
    contacts = touches[touches["touch_name"].isin(["mailed", "shown"])].copy()
    assert len(contacts) < len(touches), "answers are touches, too"
    price = (costs / contacts.groupby(["campaign_id", "channel"]).size()).to_dict()
    contacts["cost"] = [
        price[key] for key in zip(contacts["campaign_id"], contacts["channel"], strict=True)
    ]
    for frame in (contacts, shares):
        frame["age"] = (NEW_YEAR - frame["touched_at"]) / pd.Timedelta(days=1)
    checked = 0
    for row in rows.itertuples():
        code = row.segment_code if isinstance(row.segment_code, str) else None
        who = everybody if code is None else members[members["segment_code"] == code]
        mine, earned = (
            f[
                f["customer_key"].isin(who["customer_key"])
                & (f["age"] > 0)
                & (f["age"] <= row.window_days)
                & ((f["channel"] == row.channel) | (row.channel == "all"))
            ]
            for f in (contacts, shares)
        )
        assert (row.contacts, row.members_contacted) == (len(mine), mine["customer_key"].nunique())
        assert row.contacts_without_cost == mine["cost"].isna().sum()
        revenue = (earned["linear_share"] * earned["net_revenue"]).sum()
        assert row.linear_revenue == pytest.approx(revenue, abs=1e-6)
        if len(mine) and mine["cost"].notna().all():
            cost = mine["cost"].sum()
            assert row.cost == pytest.approx(cost)
            assert row.linear_roi == pytest.approx((revenue - cost) / cost)
            checked += 1
        else:
            assert np.isnan(row.linear_roi)
    assert checked > 20 and rows["segment_code"].isna().any()


# --- Health ---------------------------------------------------------------------------------------------


def health_of(published, **changed: pd.DataFrame) -> dict[str, set[str]]:
    """Findings by segment, of four sound segments and what `changed` says of them."""
    codes = ["one", "two", "three", "four"]
    segments = pd.DataFrame({"segment_code": codes}).assign(
        owner="team", kind="dynamic", minimum_share=0.01, needs_model="", holdout_experiment=""
    )
    segments.loc[0, "holdout_experiment"] = "held"
    segments.loc[1, "needs_model"] = "churn_90d"
    tables = {
        "segments": segments,
        "sizes_now": pd.DataFrame(
            {"segment_code": codes, "members": 100, "share": 0.1, "status": "ready"}
        ),
        "sizes": pd.DataFrame(
            {"segment_code": codes, "moment_at": NEW_YEAR, "members": 100, "entered": 2}
        ).assign(departed=1, is_anomaly=False),
        "lifts": pd.DataFrame(
            {
                **{"experiment_code": ["held"], "outcome_name": "purchased", "arm": "treated"},
                **{"stratum": pd.Series([None], dtype="string"), "control_mean": 0.30},
                **{"verdict": "higher", "always_valid_high": 0.028},
            }
        ),
        "overlap": pd.DataFrame(
            {"segment_code": ["one"], "other_segment_code": "two", "jaccard": 0.79}
        ),
        "fit": pd.DataFrame(
            {"segment_code": ["two"], "finding": "same customers", "explanation": "…"}
        ),
        "drift": pd.DataFrame(
            {"model_code": ["churn_90d"], "item": "score", "psi": 0.2, "status": "warning"}
        ),
    }
    for name, update in changed.items():
        tables[name] = update(tables[name].copy())
    rows = run_over(
        published,
        "rpt_segment_health",
        {
            "segments.dim_segments": tables["segments"],
            "measurement.rpt_segments": tables["sizes_now"],
            "measurement.rpt_segment_sizes": tables["sizes"],
            "measurement.rpt_experiment_lift": tables["lifts"],
            "segments.segment_overlap": tables["overlap"],
            "measurement.rpt_segment_fit": tables["fit"],
            "measurement.rpt_model_drift": tables["drift"],
        },
    )
    return {code: set(mine["finding"]) for code, mine in rows.groupby("segment_code")}


def changing(index: int, **values):
    """An update of one row."""

    def update(frame: pd.DataFrame) -> pd.DataFrame:
        for column, value in values.items():
            frame.loc[index, column] = value
        return frame

    return update


def test_a_sound_segment_has_no_finding(published):
    assert health_of(published) == {}


@pytest.mark.parametrize(
    ("finding", "table", "update", "whose"),
    [
        ("size anomaly", "sizes", changing(2, is_anomaly=True), {"three"}),
        ("does harm", "lifts", changing(0, verdict="lower", always_valid_high=-0.01), {"one"}),
        ("drift", "drift", changing(0, psi=0.4, status="alarm"), {"two"}),
        ("no effect", "lifts", changing(0, verdict="unclear"), {"one"}),
        ("prune", "sizes_now", changing(3, status="too small"), {"four"}),
        ("merge", "overlap", changing(0, jaccard=0.8), {"one", "two"}),
        ("vague", "fit", changing(0, finding="most customers"), {"two"}),
        ("empty", "fit", changing(0, finding="nobody"), {"two"}),
        ("stale", "sizes", changing(0, moment_at=NEW_YEAR - pd.Timedelta(days=90)), {"one"}),
    ],
)
def test_each_finding_is_found_and_alone(published, finding, table, update, whose):
    assert health_of(published, **{table: update}) == {code: {finding} for code in whose}


def test_an_interval_that_holds_a_tenth_says_nothing_against_a_segment(published):
    wide = changing(0, verdict="unclear", always_valid_high=0.031)
    assert health_of(published, lifts=wide) == {}


def test_rules_are_numbered_in_the_order_they_were_run(published):
    definitions = pd.DataFrame(
        {
            "segment_code": ["one", "one", "one", "gone"],
            "definition_hash": ["c", "a", "b", "x"],
            "definition": ["third", "first", "second", "only"],
            "first_seen_at": pd.to_datetime(
                ["2017-12-01", "2017-10-01", "2017-11-01", "2017-01-01"]
            ),
            "build_id": ["b3", "b1", "b2", "b0"],
            "commit_id": ["ccc", None, "bbb+", ""],
        }
    )
    rows = run_over(
        published,
        "rpt_segment_definitions",
        {
            "segments.int_rule_history": definitions,
            "segments.dim_segments": pd.DataFrame(
                # The second rule again: what was is not run anew.
                {"segment_code": ["one"], "definition_hash": ["b"]}
            ),
        },
    ).set_index(["segment_code", "version"])
    assert rows.loc["one", "definition"].tolist() == ["first", "second", "third"]
    assert rows.loc["one", "is_current"].tolist() == [False, True, False]
    assert not rows.loc[("gone", 1), "is_current"]


# --- Names of micro-segments ----------------------------------------------------------------------------

# What each word says: the column, and whether the group's values are above those of others.
WORDS_SAY = {
    **{"recent": ("recency_days", False), "quiet": ("recency_days", True)},
    **{"rare": ("orders_365d", False), "frequent": ("orders_365d", True)},
    **{"low spend": ("spend_365d", False), "high spend": ("spend_365d", True)},
    **{"small baskets": ("lines_per_order_365d", False)},
    **{"big baskets": ("lines_per_order_365d", True)},
    **{"fewer discounts": ("discount_share_365d", False)},
    **{"more discounts": ("discount_share_365d", True)},
    **{"weekday": ("weekend_share_365d", False), "weekend": ("weekend_share_365d", True)},
    **{"in store": ("online_share", False), "online": ("online_share", True)},
}


def test_every_word_of_a_name_is_true_of_the_published_numbers(published):
    customers = published.warehouse(
        "select * from segments.customer_360 where micro_segment_id is not null"
    ).fillna({column: 0 for column, _ in WORDS_SAY.values()})
    words = 0
    for name, members in customers.groupby("micro_segment_name"):
        others = customers[customers["micro_segment_name"] != name]
        for word, (column, is_above) in WORDS_SAY.items():
            if re.search(rf"\b{word}\b", name):
                words += 1
                mine, theirs = members[column].median(), others[column].median()
                assert (mine > theirs) == is_above and mine != theirs, (name, word, mine, theirs)
                if word in ("weekend", "online"):
                    assert mine > 0.5
    assert words >= 3


def test_a_micro_segment_is_called_by_its_name_everywhere(published):
    names = published.report("rpt_micro_segments").set_index("micro_segment_id")["name"]
    labels = published.report("dim_segments").set_index("segment_code")["label"]
    for group, name in names.items():
        assert labels[f"micro_segment_{group}"] == f"{name[0].upper()}{name[1:]} ({group})"
    unused = names.index.max() + 1
    assert labels[f"micro_segment_{unused}"] == f"Micro-segment {unused}"
