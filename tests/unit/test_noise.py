"""Suppression and noise of what is shared, against their theory."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiencekit.errors import UserError
from audiencekit.sharing.budget import Release, read_releases, spend
from audiencekit.sharing.noise import Noise, noise_by_measure
from audiencekit.sharing.suppression import hidden_cells, possible_ranges, with_totals

K = 20


def tables(rows: int, columns: int):
    cell = st.one_of(st.just(0), st.integers(1, 30), st.integers(0, 400))
    return st.lists(
        st.lists(cell, min_size=columns, max_size=columns), min_size=rows, max_size=rows
    ).map(np.array)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.one_of(tables(4, 3), tables(6, 2), tables(2, 2), tables(3, 5)))
def test_no_small_group_is_released_and_none_can_be_computed(counts):
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_guessing_whether_a_person_is_included_gains_no_more_than_epsilon_allows():
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
    parts = noise_by_measure(0.8, 500)
    assert sum(noise.epsilon for noise in parts.values()) == pytest.approx(0.8)
    assert parts["spend_30d"].scale == pytest.approx(500 / parts["spend_30d"].epsilon)


def test_a_release_is_written_down_before_it_goes_out(tmp_path):
    ledger = tmp_path / "releases.jsonl"
    assert spend(ledger, Release("b1", "2018-01-01", 0.5, "one"), 1.0) == pytest.approx(0.5)
    assert read_releases(ledger) == [Release("b1", "2018-01-01", 0.5, "one")]
    with pytest.raises(UserError):
        spend(ledger, Release("b2", "2018-01-02", 0.6, "two"), 1.0)
    assert len(read_releases(ledger)) == 1
