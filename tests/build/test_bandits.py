"""Bandits: shares are the chances they claim to be, save what they should, and can be read without bias.

Simulated decisions go through the compiled SQL of the models. `BANDIT_REPLAYS=50 pytest tests/build/test_bandits.py -s`
prints the figures of docs/measurement.md.
"""

import itertools
import json
import os
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from compiled import run_over
from scipy import integrate, stats

from audiencekit.demo.retail import package_file
from audiencekit.publish.ledger import ledger_tables

ALLOCATIONS = "bandit_allocations"
POSTERIORS = "int_bandit_posteriors"
REWARDS = "int_bandit_rewards"
DECISIONS = "bandit_decisions"
CHOICES = "int_bandit_choices"
BANDIT, SEGMENT = "winback_offer", "at_risk"
VARIANTS = ("free_delivery", "twenty_percent", "what_is_new")
DAY_0 = datetime(2018, 3, 1)


# --- The share is the chance of being best --------------------------------------------------------------


def posteriors(cases: dict[str, list[tuple[float, float]]], floor: float = 0.1) -> pd.DataFrame:
    """Beta distributions of each bandit's variants, (a, b), as int_bandit_posteriors has them."""
    rows = [(code, f"v{n}", *case) for code, arms in cases.items() for n, case in enumerate(arms)]
    frame = pd.DataFrame(rows, columns=["experiment_code", "variant", "a", "b"])
    return frame.assign(floor_share=floor, trials=0, successes=0)


def allocate(published, frame: pd.DataFrame) -> pd.DataFrame:
    rows = run_over(published, ALLOCATIONS, {"activation.int_bandit_posteriors": frame})
    return rows.sort_values(["experiment_code", "variant"]).reset_index(drop=True)


def chances(arms: list[tuple[float, float]]) -> list[float]:
    """The chance that each arm's rate is the highest, integrated by scipy."""
    beliefs = [stats.beta(a, b) for a, b in arms]
    levels = (1e-9, 1e-4, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1 - 1e-4, 1 - 1e-9)
    edges = sorted({edge for belief in beliefs for edge in belief.ppf(levels)})

    def best(k):
        def density(x):
            others = [b.cdf(x) for j, b in enumerate(beliefs) if j != k]
            return beliefs[k].pdf(x) * np.prod(others)

        pieces = itertools.pairwise(edges)
        return sum(integrate.quad(density, a, b, epsabs=1e-12, limit=200)[0] for a, b in pieces)

    return [best(k) for k in range(len(arms))]


def test_the_chance_of_being_best_is_the_integral(published):
    rng = np.random.default_rng(5)
    cases = [
        [(1, 1)] * 3,
        [(1, 11), (11, 1)],
        [(1, 1001), (2, 1000), (1, 11)],
        [(10_001, 990_001), (10_101, 989_901), (2, 10)],
        [(1, 201), (1.5, 201.3), (3, 199), (4, 198)],
    ]
    for _ in range(10):
        trials = 10 ** rng.uniform(0, 5, rng.integers(2, 6))
        rates = rng.choice([0.01, 0.1, 0.15, 0.5], len(trials))
        cases.append([(1 + n * p, 1 + n * (1 - p)) for n, p in zip(trials, rates, strict=True)])
    rows = allocate(published, posteriors({f"e{n:02d}": case for n, case in enumerate(cases)}))
    expected = np.concatenate([chances(case) for case in cases])
    assert rows["chance_best"].to_numpy() == pytest.approx(expected, abs=5e-4)
    k = rows.groupby("experiment_code")["variant"].transform("size")
    assert rows["share"].to_numpy() == pytest.approx(
        (0.1 + (1 - k * 0.1) * rows["chance_best"]).to_numpy(), abs=2e-6
    )
    assert rows.groupby("experiment_code")["share"].sum().to_numpy() == pytest.approx(1, abs=1e-5)
    assert rows["share"].min() >= 0.1


# --- What it saves --------------------------------------------------------------------------------------


def real_redemptions() -> list[np.ndarray]:
    """Whether each mailing of a campaign (Complete Journey, 2017) ended in a redemption, by type of campaign."""
    mailed, kinds, redeemed = (
        pd.read_parquet(package_file(name))
        for name in ("campaigns", "campaign_descriptions", "coupon_redemptions")
    )
    keys = ["household_id", "campaign_id"]
    redeemed = redeemed[keys].drop_duplicates().assign(is_redeemed=1.0)
    both = mailed.merge(kinds, on="campaign_id").merge(redeemed, how="left", on=keys)
    both["is_redeemed"] = both["is_redeemed"].fillna(0)
    return [kind["is_redeemed"].to_numpy() for _, kind in both.groupby("campaign_type")]


def outcomes_of(rates: list[float]) -> list[np.ndarray]:
    return [np.array([1.0] * round(p * 10_000) + [0.0] * round((1 - p) * 10_000)) for p in rates]


def beliefs_of(weights: np.ndarray, wins: np.ndarray, squares: np.ndarray, n: int, s: int):
    """(a, b) of each variant by the formula of docs/measurement.md, from sums over its decisions."""
    rate = (s + 1) / (n + 2)
    size = np.divide(weights, squares, out=np.zeros(3), where=squares > 0)
    a = max(1, rate / (1 - rate)) + wins * size
    b = max(1, (1 - rate) / rate) + (weights - wins) * size
    return list(zip(a, b, strict=True))


CASES = {
    # Rates like those of the e-mail test of MineThatData (2008).
    "visits": [0.1828, 0.1514, 0.1062],
    "conversions": [0.0125, 0.0088, 0.0057],
    "redemptions (real)": None,
}


@pytest.fixture(scope="module")
def saved(published):
    """Share of uniform's regret that is saved, by case, floor and batches until outcomes are known: 20,000 sends in
    100 batches."""
    arms = {
        name: outcomes_of(rates) if rates else real_redemptions() for name, rates in CASES.items()
    }
    replays, rng = int(os.environ.get("BANDIT_REPLAYS", 4)), np.random.default_rng(11)
    index = [
        (*(case, floor, delay), replay)
        for case in arms
        for floor in (0.0, 0.1)
        for delay in (1, 14)
        for replay in range(replays)
    ]
    # Weights, won weights, squared weights, decisions and successes, by batch.
    seen = np.zeros((100, len(index), 5, 3))
    sent = np.zeros((len(index), 3))
    for batch in range(100):
        cases = {}
        for n, (_, _, delay, _) in enumerate(index):
            known = seen[: max(batch - delay + 1, 0), n].sum(axis=0)
            cases[f"e{n:04d}"] = beliefs_of(*known[:3], known[3].sum(), known[4].sum())
        frame = posteriors(cases)
        frame["floor_share"] = np.repeat([floor for _, floor, _, _ in index], 3)
        shares = allocate(published, frame)["share"].to_numpy().reshape(-1, 3)
        for n, (case, *_) in enumerate(index):
            sends = rng.multinomial(200, shares[n] / shares[n].sum())
            won = np.array([rng.choice(arms[case][k], size=sends[k]).sum() for k in range(3)])
            weight = 1 / np.maximum(shares[n], 1e-6)
            seen[batch, n] = (sends * weight, won * weight, sends * weight**2, sends, won)
            sent[n] += sends
    found = {}
    for n, (case, floor, delay, _) in enumerate(index):
        rates = np.array([arm.mean() for arm in arms[case]])
        regret = (sent[n] * (rates.max() - rates)).sum()
        uniform = 20_000 * (rates.max() - rates.mean())
        found.setdefault((case, floor, delay), []).append(1 - regret / uniform)
    return found


def test_it_saves_most_of_what_even_shares_would_lose(saved):
    print()
    for (case, floor, delay), shares in saved.items():
        mean, se = np.mean(shares), np.std(shares) / np.sqrt(len(shares))
        print(
            f"{case:20} floor {floor:.1f}, known after {delay:2} batches: {mean:.3f} of uniform's regret saved (se {se:.3f})"
        )
    for case in ("visits", "redemptions (real)"):
        assert np.mean(saved[case, 0.0, 1]) > 0.75
        assert np.mean(saved[case, 0.0, 14]) > 0.5
        assert np.mean(saved[case, 0.1, 1]) > 0.55
        assert np.mean(saved[case, 0.1, 14]) > 0.45
    assert np.mean([*saved["conversions", 0.0, 1], *saved["conversions", 0.1, 1]]) > 0.2
    # With three floors of a tenth, no policy can save more than seven tenths.
    assert all(max(shares) <= 0.75 for (_, floor, _), shares in saved.items() if floor == 0.1)


# --- Decisions ------------------------------------------------------------------------------------------


class Loop:
    """Builds of one bandit, each with the decisions of those before it in its ledger."""

    def __init__(self, published, days: int = 14):
        self.published = published
        self.ledger = pd.DataFrame(columns=COLUMNS).astype(
            {
                "customer_key": "string",
                "share": float,
                "window_days": int,
                "decided_at": "datetime64[us]",
            }
        )
        self.variants = pd.DataFrame(
            [
                {
                    **{"experiment_code": BANDIT, "segment_code": SEGMENT, "variant": variant},
                    **{"outcome_name": "purchased", "window_days": days, "memory_days": 180},
                    "floor_share": 0.1,
                }
                for variant in VARIANTS
            ]
        )
        self.unreached: set[str] = set()
        self.presence = pd.DataFrame({"has_email_events": [True]})
        self.orders = pd.DataFrame(
            {"customer_key": ["x"], "ordered_at": [DAY_0], "is_purchase": [True]}
        )
        self.mails = pd.DataFrame(
            {"customer_key": ["x"], "occurred_at": [DAY_0], "event_name": ["clicked"]}
        )

    def tables(self) -> dict:
        return {
            "staging.stg_ledger__bandit_decisions": self.ledger,
            "profiles.fct_orders": self.orders,
            "profiles.fct_email_events": self.mails,
            "staging.stg_landing__presence": self.presence,
            "activation.int_bandit_variants": self.variants,
            "activation.int_bandit_rewards": REWARDS,
            "activation.int_bandit_posteriors": POSTERIORS,
            "activation.bandit_allocations": ALLOCATIONS,
        }

    def run(self, path: str, day: float, **more) -> pd.DataFrame:
        tables = {**self.tables(), **{f"activation.{name}": t for name, t in more.items()}}
        return run_over(self.published, path, tables, as_of=DAY_0 + timedelta(days=day))

    def decide(self, day: float, keys, channel: str = "email", keep: bool = True) -> pd.DataFrame:
        members = pd.DataFrame({"customer_key": keys}).assign(channel=channel, segment_code=SEGMENT)
        reach = pd.DataFrame({"customer_key": [key for key in keys if key not in self.unreached]})
        reach = pd.concat([reach.assign(channel=name) for name in ("email", "website")])
        made = self.run(DECISIONS, day, int_audience_members=members, int_bandit_reach=reach)
        if keep and len(made):
            made = made.assign(build_id=f"b{len(self.ledger)}")
            self.ledger = made if self.ledger.empty else pd.concat([self.ledger, made])
        return made.sort_values("customer_key").reset_index(drop=True)


COLUMNS = list(next(t for t in ledger_tables() if t.name == "bandit_decisions").columns)
PEOPLE = [f"p{n:05d}" for n in range(3000)]


@pytest.fixture
def loop(published):
    return Loop(published)


def test_at_first_shares_are_even_and_each_pick_keeps_its_chance(loop):
    made = loop.decide(0, PEOPLE)
    assert sorted(made["customer_key"]) == PEOPLE
    assert set(made["variant"]) == set(VARIANTS)
    assert made["share"].to_numpy() == pytest.approx(1 / 3, abs=1e-5)
    assert stats.chisquare(made["variant"].value_counts()).pvalue > 0.001
    pd.testing.assert_frame_equal(
        made.drop(columns="build_id"),
        Loop.decide(Loop(loop.published), 0, list(reversed(PEOPLE))).drop(columns="build_id"),
    )


def test_a_decision_holds_for_its_window_and_is_then_drawn_again(loop):
    first = loop.decide(0, PEOPLE)
    assert loop.decide(13.9, PEOPLE).empty
    second = loop.decide(14, PEOPLE)
    assert len(second) == len(PEOPLE)
    assert (first["variant"] == second["variant"]).mean() < 0.9
    choices = loop.run(CHOICES, 14, bandit_decisions=second[:0]).sort_values("customer_key")
    assert choices["variant"].tolist() == second["variant"].tolist()
    # Those drawn in the window are not due yet; who is new is.
    assert loop.decide(20, [*PEOPLE, "new"])["customer_key"].tolist() == ["new"]


def test_who_no_row_can_tell_a_variant_gets_none(loop):
    assert loop.decide(0, PEOPLE, channel="meta").empty
    loop.unreached = set(PEOPLE[:10])
    assert sorted(loop.decide(0, PEOPLE)["customer_key"]) == PEOPLE[10:]


def test_only_customers_who_get_mail_are_expected_to_click(loop):
    loop.variants["outcome_name"] = "clicked"
    assert loop.decide(0, PEOPLE, channel="website", keep=False).empty
    assert len(loop.decide(0, PEOPLE, channel="email")) == len(PEOPLE)


def test_another_window_or_outcome_learns_anew_and_cuts_no_decision_short(loop):
    loop.decide(0, PEOPLE)
    loop.variants["window_days"] = 7
    assert loop.decide(10, PEOPLE).empty, "the window it was made with still applies"
    assert loop.run(REWARDS, 14).empty
    loop.variants["window_days"] = 14
    assert len(loop.run(REWARDS, 14)) == len(PEOPLE)
    loop.variants["outcome_name"] = "clicked"
    assert loop.run(REWARDS, 14).empty


def test_a_decision_that_was_cut_short_is_not_learned_from(loop):
    first, all_of_them = loop.decide(0, PEOPLE), loop.variants
    gone = VARIANTS[0]
    loop.variants = all_of_them[all_of_them["variant"] != gone]
    again = loop.decide(1, PEOPLE)
    loop.variants = all_of_them
    rewards = loop.run(REWARDS, 14)
    assert gone not in set(rewards["variant"])
    assert len(rewards) == len(first) - len(again)


def test_clicks_that_are_not_recorded_are_no_failures(loop):
    loop.variants["outcome_name"] = "clicked"
    loop.decide(0, PEOPLE)
    loop.presence["has_email_events"] = False
    assert loop.run(REWARDS, 14).empty


def test_a_variant_that_is_offered_no_longer_is_replaced_at_once(loop):
    first = loop.decide(0, PEOPLE)
    gone = VARIANTS[0]
    loop.variants = loop.variants[loop.variants["variant"] != gone]
    again = loop.decide(1, PEOPLE)
    assert set(again["customer_key"]) == set(first.loc[first["variant"] == gone, "customer_key"])
    assert gone not in set(again["variant"])
    choices = loop.run(CHOICES, 1, bandit_decisions=again.assign(build_id="now")[:0])
    assert sorted(choices["customer_key"]) == PEOPLE
    assert gone not in set(choices["variant"])


def test_only_what_is_done_within_the_window_of_a_closed_decision_counts(loop):
    loop.decide(0, ["before", "at once", "last moment", "too late", "returned", "twice"])
    at = {
        "before": (-0.1,),
        "at once": (0,),
        "last moment": (13.99,),
        "too late": (14,),
        "returned": (3,),
        "twice": (3, 4),
    }
    rows = [(key, DAY_0 + timedelta(days=day)) for key, days in at.items() for day in days]
    loop.orders = pd.DataFrame(rows, columns=["customer_key", "ordered_at"])
    loop.orders["is_purchase"] = loop.orders["customer_key"] != "returned"
    assert loop.run(REWARDS, 13.9).empty
    rewards = loop.run(REWARDS, 14).set_index("customer_key")["is_success"]
    assert len(rewards) == 6
    assert set(rewards[rewards].index) == {"at once", "last moment", "twice"}
    assert len(loop.run(REWARDS, 193)) == 6
    assert loop.run(REWARDS, 194).empty, "rewards count for memory_days"


def test_a_click_counts_where_clicks_are_the_outcome(loop):
    loop.variants["outcome_name"] = "clicked"
    loop.decide(0, ["buyer", "clicker", "reader"])
    later = DAY_0 + timedelta(days=1)
    loop.orders = pd.DataFrame({"customer_key": ["buyer"], "ordered_at": [later]})
    loop.orders["is_purchase"] = True
    loop.mails = pd.DataFrame({"customer_key": ["clicker", "reader"], "occurred_at": [later] * 2})
    loop.mails["event_name"] = ["clicked", "opened"]
    rewards = loop.run(REWARDS, 14).set_index("customer_key")["is_success"]
    assert rewards.to_dict() == {"buyer": False, "clicker": True, "reader": False}


def test_it_learns_from_what_its_own_decisions_brought(loop):
    """Fourteen-day builds over half a year; the best variant wins, each keeps its floor, and its rate is read right."""
    rng, true = np.random.default_rng(3), dict(zip(VARIANTS, (0.05, 0.20, 0.08), strict=True))
    for round_ in range(8):
        made = loop.decide(14 * round_, PEOPLE[:1000])
        bought = made[rng.random(len(made)) < made["variant"].map(true)]
        orders = pd.DataFrame({"customer_key": bought["customer_key"], "is_purchase": True})
        orders["ordered_at"] = DAY_0 + timedelta(days=14 * round_ + 5)
        loop.orders = pd.concat([loop.orders, orders])
    last = loop.ledger[loop.ledger["decided_at"] == loop.ledger["decided_at"].max()]
    counts = last["variant"].value_counts()
    assert counts["twenty_percent"] > 700 and counts.min() > 60
    allocations = loop.run(ALLOCATIONS, 14 * 8)
    report = loop.run("rpt_bandits", 14 * 8, bandit_allocations=allocations).set_index("variant")
    assert report["trials"].sum() == 8000
    rewards = loop.run(REWARDS, 14 * 8)
    for variant, mine in rewards.groupby("variant"):
        weight, success = 1 / mine["share"], mine["is_success"].astype(float)
        rate = (weight * success).sum() / weight.sum()
        se = np.sqrt((weight**2 * (success - rate) ** 2).sum()) / weight.sum()
        assert report.loc[variant, "weighted_rate"] == pytest.approx(rate, rel=1e-9)
        assert report.loc[variant, "weighted_se"] == pytest.approx(se, rel=1e-9)
        assert abs(rate - true[variant]) < 4 * se


def believed(published, rewards: pd.DataFrame, variants: pd.DataFrame) -> pd.DataFrame:
    rows = run_over(
        published,
        POSTERIORS,
        {"activation.int_bandit_rewards": rewards, "activation.int_bandit_variants": variants},
    )
    return rows.set_index("variant").sort_index()


def test_beliefs_follow_the_formula(published):
    rng = np.random.default_rng(2)
    rewards = pd.DataFrame({"variant": rng.choice(["a", "b"], 500), "experiment_code": "x"})
    rewards["share"] = rng.choice([0.1, 0.4, 0.8], 500)
    rewards["is_success"] = rng.random(500) < 0.1
    rewards["customer_key"] = [f"p{n}" for n in range(500)]
    variants = pd.DataFrame({"variant": ["a", "b", "new"], "experiment_code": "x"})
    rows = believed(published, rewards, variants.assign(floor_share=0.1))
    n, s = len(rewards), rewards["is_success"].sum()
    for variant in ("a", "b"):
        mine = rewards[rewards["variant"] == variant]
        w, y = 1 / mine["share"].to_numpy(), mine["is_success"].to_numpy()
        arms = [np.array([total, 0, 0]) for total in (w.sum(), (w * y).sum(), (w**2).sum())]
        (expected, *_) = beliefs_of(*arms, n, s)
        assert tuple(rows.loc[variant, ["a", "b"]]) == pytest.approx(expected, rel=1e-12)
    rate = (s + 1) / (n + 2)
    assert tuple(rows.loc["new", ["a", "b"]]) == pytest.approx((1, (1 - rate) / rate))


def test_a_new_variant_does_not_take_over_before_it_has_shown_something(published):
    rows = [("a", n < 50) for n in range(1000)] + [("b", n < 40) for n in range(1000)]
    rewards = pd.DataFrame(rows, columns=["variant", "is_success"]).assign(
        share=0.5, experiment_code="x", customer_key="p"
    )
    variants = pd.DataFrame({"variant": ["a", "b", "new"], "experiment_code": "x"})
    frame = believed(published, rewards, variants.assign(floor_share=0.1)).reset_index()
    shares = allocate(published, frame).set_index("variant")["share"]
    assert 0.2 < shares["new"] < 0.45


def test_weighting_undoes_what_a_change_of_times_does_to_plain_rates(published):
    """Two equal variants; in the good season one had most of the decisions. Plain rates differ, weighted ones do not."""
    rows = []
    for season, share, rate in ((0, 0.5, 0.05), (1, 0.9, 0.30)):
        for variant, chance in (("a", share), ("b", 1 - share)):
            n = round(10_000 * chance)
            good = round(n * rate)
            rows += [(variant, f"{season}{variant}{i}", chance, i < good) for i in range(n)]
    rewards = pd.DataFrame(rows, columns=["variant", "customer_key", "share", "is_success"])
    rewards = rewards.assign(experiment_code="x", decided_at=DAY_0)
    variants = pd.DataFrame({"variant": ["a", "b"]}).assign(
        experiment_code="x", segment_code="s", outcome_name="purchased", floor_share=0.1
    )
    report = run_over(
        published,
        "rpt_bandits",
        {
            "activation.int_bandit_rewards": rewards,
            "activation.int_bandit_variants": variants,
            "activation.int_bandit_posteriors": POSTERIORS,
            "activation.bandit_allocations": ALLOCATIONS,
        },
    ).set_index("variant")
    assert report.loc["a", "rate"] - report.loc["b", "rate"] > 0.08
    assert report["weighted_rate"].to_numpy() == pytest.approx([0.175, 0.175], abs=1e-9)
    assert 0.25 < report.loc["a", "share"] < 0.75, "nor does it take the season for the variant"


# --- In the project ---------------------------------------------------------------------------------------


def test_a_members_variant_reaches_the_channels_and_no_held_out_customer_has_one(published):
    decided = published.warehouse("select * from activation.bandit_decisions")
    assert len(decided) > 2 and set(decided["experiment_code"]) == {BANDIT}
    held = published.warehouse(
        "select customer_key from activation.int_assigned_customers "
        "where segment_code = 'at_risk' and arm = 'holdout'"
    )
    assert len(held) and not set(held["customer_key"]) & set(decided["customer_key"])
    variant_of = dict(zip(decided["customer_key"], decided["variant"], strict=True))
    in_rows = set()
    for channel, key, column in (
        ("email", "external_id", "variants"),
        ("website", "resolved_customer_key", "variants_json"),
    ):
        for row in published.audience(channel).to_dict("records"):
            segments = row.get("segment_codes") or row["segments_json"]
            is_member = SEGMENT in json.loads(segments)
            expected = [f"{SEGMENT}:{variant_of[row[key]]}"] if is_member else []
            assert json.loads(row[column]) == expected
            in_rows |= {row[key]} if is_member else set()
    assert in_rows == set(decided["customer_key"]), (
        "every customer with a decision has a row with the variant"
    )
    report = published.report("rpt_bandits")
    assert set(report["variant"]) == set(VARIANTS) and (report["trials"] == 0).all()
