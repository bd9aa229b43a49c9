"""What is shared with outsiders tells on nobody: suppressed tables cannot be reckoned back, noise is as strong as it
says, and the budget ends."""

import json
import math
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiencekit.errors import UserError
from audiencekit.sharing import share_noised, share_suppressed
from audiencekit.sharing.budget import Release, read_releases, spend
from audiencekit.sharing.noise import Noise, noises
from audiencekit.sharing.suppression import hidden_cells, possible_ranges, with_totals
from audiencekit.workspace import Workspace

K = 20


@pytest.fixture
def workspace(published, tmp_path):
    """The small demo's generation and warehouse in a home of its own."""
    (tmp_path / "published").symlink_to(published.workspace.published)
    shutil.copy(published.workspace.warehouse, tmp_path)
    return Workspace(tmp_path)


def tables(rows: int, columns: int):
    cell = st.one_of(st.just(0), st.integers(1, 30), st.integers(0, 400))
    return st.lists(
        st.lists(cell, min_size=columns, max_size=columns), min_size=rows, max_size=rows
    ).map(np.array)


@settings(max_examples=40, deadline=None)
@given(st.one_of(tables(4, 3), tables(6, 2), tables(2, 2), tables(3, 5)))
def test_no_small_group_is_told_and_none_can_be_reckoned(counts):
    hidden = hidden_cells(counts, K)
    table = with_totals(counts)
    assert not ((table > 0) & (table < K) & ~hidden).any()
    if (table[~hidden] > 0).any():
        for cell, (low, high) in possible_ranges(table, hidden).items():
            assert low - 1e-6 <= table[cell] <= high + 1e-6
            assert high - low >= K - 1e-6, cell


def test_leaving_out_only_small_cells_would_be_noticed():
    """One gap in a row and column is its total less the rest."""
    counts = np.array([[5, 50, 60], [70, 80, 90], [40, 30, 45]])
    table = with_totals(counts)
    small = (table > 0) & (table < K)
    assert possible_ranges(table, small)[(0, 0)] == pytest.approx((5, 5))
    assert hidden_cells(counts, K).sum() >= 4


def test_large_groups_are_told_exactly(workspace, published):
    k = 5  # the demo here is small
    shared = pd.read_csv(share_suppressed(workspace, k))
    exact = published.warehouse("select * from measurement.int_share_cells")
    told = shared[shared["order_channel"] != "all"].merge(
        exact, on=["primary_segment", "order_channel"], suffixes=("", "_exact")
    )
    told = told[told["customers"].notna()]
    assert (told["customers"] > 0).sum() > 1
    assert (told["customers"] == told["customers_exact"]).all()
    assert not shared["customers"].between(1, k - 1).any()
    assert not shared["buyers_30d"].between(1, k - 1).any()
    few = shared["buyers_30d"].isna()
    assert shared.loc[few, "spend_30d_usd"].isna().all()


def test_every_customer_is_in_one_cell_and_counts_up_to_the_bound(published):
    cells = published.warehouse("select * from measurement.int_share_cells")
    customers = published.warehouse("select * from segments.customer_360")
    assert cells["customers"].sum() == len(customers)
    assert cells["buyers_30d"].sum() == (customers["orders_30d"] > 0).sum()
    spend = customers["spend_30d_usd"].fillna(0).clip(0, 500)
    assert (customers["spend_30d_usd"] > 500).any()
    assert cells["spend_30d_usd"].sum() == pytest.approx(spend.sum(), abs=len(customers) / 2)


@pytest.mark.parametrize(("epsilon", "sensitivity"), [(0.5, 1), (2.0, 1), (0.3, 500)])
def test_noise_errs_as_its_theory_says(epsilon, sensitivity):
    """Discrete Laplace of scale b: variance 2 p / (1 - p)^2 and P(0) = (1 - p) / (1 + p) with p = exp(-1 / b)."""
    noise = Noise(epsilon, sensitivity)
    drawn = np.array([noise.add(1000) - 1000 for _ in range(20_000)])
    p = math.exp(-1 / noise.scale)
    variance = 2 * p / (1 - p) ** 2
    print(
        f"\nepsilon {epsilon}, sensitivity {sensitivity}: error {drawn.std():.3f}, theory {variance**0.5:.3f}"
    )
    assert drawn.std() == pytest.approx(variance**0.5, rel=0.05)
    assert abs(drawn.mean()) < 5 * (variance / len(drawn)) ** 0.5
    zero = (1 - p) / (1 + p)
    assert (drawn == 0).mean() == pytest.approx(zero, abs=5 * (zero / len(drawn)) ** 0.5)


def test_who_guesses_whether_somebody_is_in_gains_no_more_than_epsilon_allows():
    """The best guess for one count: at or above the middle, they are in. Its edge over chance is bounded."""
    epsilon = 1.0
    noise = Noise(epsilon, 1)
    without = np.array([noise.add(40) for _ in range(20_000)])
    with_them = np.array([noise.add(41) for _ in range(20_000)])
    edge = max((with_them >= t).mean() - (without >= t).mean() for t in range(30, 52))
    bound = (math.exp(epsilon) - 1) / (math.exp(epsilon) + 1)
    print(f"\nmembership: edge {edge:.3f}, bound {bound:.3f}; exact counts would give 1")
    assert edge <= bound + 0.02
    assert edge > 0.5 * bound  # an attack that could not win would prove nothing


def test_what_a_release_costs_is_shared_out_among_its_measures():
    parts = noises(0.8, 500)
    assert sum(noise.epsilon for noise in parts.values()) == pytest.approx(0.8)
    assert parts["spend_30d_usd"].scale == pytest.approx(500 / parts["spend_30d_usd"].epsilon)


def test_a_release_is_near_the_truth_and_is_the_same_when_asked_again(workspace, published):
    first = share_noised(workspace, 1.0)
    shared = pd.read_csv(first).set_index(["primary_segment", "order_channel"])
    exact = published.warehouse("select * from measurement.int_share_cells")
    exact = exact.set_index(["primary_segment", "order_channel"]).loc[shared.index]
    assert len(shared) == len(exact) > 100
    error = (shared["customers"] - exact["customers"]).std()
    assert 2 < error < 6  # theory: 3.5
    text = first.read_text()
    assert share_noised(workspace, 1.0).read_text() == text
    assert [r.epsilon for r in read_releases(workspace.shared / "releases.jsonl")] == [1.0]
    note = json.loads(first.with_suffix(".json").read_text())
    assert note["budget_left"] == 2.0 and note["epsilon"] == 1.0


def test_the_budget_ends(workspace):
    share_noised(workspace, 1.0)
    share_noised(workspace, 1.5)
    with pytest.raises(
        UserError, match=r"budget is 3, 2.5 of it is spent, and this release would cost 0.6"
    ):
        share_noised(workspace, 0.6)
    assert len(read_releases(workspace.shared / "releases.jsonl")) == 2
    assert len(list(workspace.shared.glob("*.csv"))) == 2
    share_noised(workspace, 0.5)
    with pytest.raises(UserError, match="privacy budget"):
        share_noised(workspace, 0.01)


def test_a_release_is_written_down_before_it_goes_out(tmp_path):
    ledger = tmp_path / "releases.jsonl"
    assert spend(ledger, Release("b1", "2018-01-01", 0.5, "one"), 1.0) == pytest.approx(0.5)
    assert read_releases(ledger) == [Release("b1", "2018-01-01", 0.5, "one")]
    with pytest.raises(UserError):
        spend(ledger, Release("b2", "2018-01-02", 0.6, "two"), 1.0)
    assert len(read_releases(ledger)) == 1


def test_mistakes_are_answered_in_a_line(workspace, tmp_path):
    with pytest.raises(UserError, match="must be above 0"):
        share_noised(workspace, 0)
    with pytest.raises(UserError, match="hides nobody"):
        share_suppressed(workspace, 1)
    with pytest.raises(UserError, match="Nothing is published yet"):
        share_suppressed(Workspace(tmp_path / "empty"))


def test_the_command_line_writes_what_may_go_out(workspace):
    done = subprocess.run(
        [sys.executable, "-m", "audiencekit.cli", "share", "--k", "10"],
        env={"AUDIENCEKIT_HOME": str(workspace.home), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(done.stdout.strip())["customers"].notna().any()
