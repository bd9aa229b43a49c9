"""How often customers buy again, and how much they spend: BG/NBD, MBG/NBD and Gamma-Gamma.

A customer buys at rate lambda ~ Gamma(r, alpha) and stops after a purchase with probability
p ~ Beta(a, b). In BG/NBD (Fader, Hardie, Lee 2005) nobody stops before a second purchase; MBG/NBD
(Batislam, Denizel, Filiztekin 2007) also lets customers stop after the first one. Spend per purchase
is Gamma-Gamma (Fader, Hardie 2013).

Arrays have shape (customers,): x repeat purchases, t_x time from the first to the last purchase,
T time from the first purchase to now; one unit of time throughout.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, digamma, expit, gammaln, hyp2f1

from audiencekit.modelling.likelihood import floats, is_flat, lowest

METHODS = ("bg_nbd", "mbg_nbd")
# The bounds of the search: r, alpha, a, b. Above a = 8 the p of customers are almost equal, and within
# these bounds the SQL of macros/purchases_while_alive.sql is exact.
BOUNDS = ((2e-2, 20.0), (5e-2, 500.0), (1e-5, 8.0), (1e-1, 500.0))
STARTS = (
    (0.3, 0.1, 0.8, 2.5),
    (1.0, 0.5, 0.1, 2.0),
    (0.5, 0.2, 2.0, 5.0),
)  # alpha: in units of the mean T
SPEND_BOUNDS = ((1e-2, 1e3), (1.001, 1e3), (1e-4, 1e4))  # p, q, gamma (in units of the mean spend)
SPEND_STARTS = ((6.0, 4.0, 0.5), (1.0, 2.0, 1.0), (20.0, 20.0, 1.0))


@dataclass(frozen=True)
class Purchases:
    """A fitted purchase model; `alpha` in the unit of T, `log_likelihood` summed over customers."""

    method: str
    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = np.nan
    converged: bool = True

    @property
    def is_churn_negligible(self) -> bool:
        """Whether fewer than 5 in 1,000 customers stop after a purchase. P(alive) is then no measure of churn."""
        return self.a / (self.a + self.b) < 0.005


@dataclass(frozen=True)
class Spend:
    """A fitted Gamma-Gamma model; `gamma` in the unit of the spend."""

    p: float
    q: float
    gamma: float
    log_likelihood: float = np.nan
    converged: bool = True


def fit_purchases(x: ArrayLike, t_x: ArrayLike, T: ArrayLike, method: str = "mbg_nbd") -> Purchases:
    """Maximum likelihood from three fixed starts. The order of rows does not change a bit of the result."""
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; it is one of {', '.join(METHODS)}.")
    columns = np.column_stack([floats(x), floats(t_x), floats(T)])
    rows, weight = np.unique(columns, axis=0, return_counts=True)
    repeat, last, now = rows.T
    scale = float(np.average(now, weights=weight)) or 1.0

    def objective(log_params: np.ndarray) -> tuple[float, np.ndarray]:
        model = Purchases(method, *np.exp(log_params))
        value, gradient = _log_likelihood(model, repeat, last, now)
        return -(weight @ value) / weight.sum(), -(gradient @ weight) / weight.sum()

    starts = [(r, alpha * scale, a, b) for r, alpha, a, b in STARTS]
    best = lowest(objective, starts, BOUNDS)
    r, alpha, a, b = (float(v) for v in np.exp(best.x))
    total = -best.fun * float(weight.sum())
    return Purchases(method, r, alpha, a, b, total, is_flat(best, BOUNDS))


def _log_likelihood(
    model: Purchases, x: np.ndarray, t_x: np.ndarray, T: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Each customer's log-likelihood (n,) and its gradient by the logs of r, alpha, a, b (4, n).

    L(alive) is that of a customer who has not stopped, and L = L(alive) / P(alive).
    """
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    s, beta = r + x, b + x + (model.method == "mbg_nbd")
    odds = _log_odds_dead(model, x, t_x, T)
    dead = expit(odds)
    value = (
        gammaln(s) - gammaln(r) + r * np.log(alpha) - s * np.log(alpha + T)
        + betaln(a, beta) - betaln(a, b) + np.logaddexp(0, odds)
    )  # fmt: skip
    may_die = np.isfinite(odds)
    by_r = digamma(s) - digamma(r) + np.log(alpha) - np.log(alpha + T)
    by_r = by_r + dead * np.log((alpha + T) / (alpha + t_x))
    by_alpha = r / alpha - s / (alpha + T) + dead * s * (1 / (alpha + T) - 1 / (alpha + t_x))
    by_a = digamma(a + b) - digamma(a + beta) + dead / a
    by_b = digamma(beta) - digamma(a + beta) - digamma(b) + digamma(a + b)
    by_b = by_b - dead / np.where(may_die, beta - 1, 1)
    return value, np.stack([by_r * r, by_alpha * alpha, by_a * a, by_b * b])


def _log_odds_dead(model: Purchases, x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> np.ndarray:
    """ln(P(dead) / P(alive)). -inf in BG/NBD for customers with one purchase, who cannot be dead there."""
    before = model.b + x + (model.method == "mbg_nbd") - 1
    rate = (model.r + x) * np.log((model.alpha + T) / (model.alpha + t_x))
    if model.method == "mbg_nbd":
        return np.log(model.a / before) + rate
    return np.where(x > 0, np.log(model.a / np.where(x > 0, before, 1)) + rate, -np.inf)


def probability_alive(model: Purchases, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> np.ndarray:
    """P(alive | x, t_x, T)."""
    return expit(-_log_odds_dead(model, floats(x), floats(t_x), floats(T)))


def expected_purchases(
    model: Purchases, horizon: float, x: ArrayLike, t_x: ArrayLike, T: ArrayLike
) -> np.ndarray:
    """E(purchases in the next `horizon` | x, t_x, T), by Euler's form of the papers' 2F1.

    The formula divides by a - 1. Next to a = 1, where the expectation is smooth and the quotient is
    not, it is the mean of both sides (right to 1e-9).
    """
    x, T = floats(x), floats(T)
    if abs(model.a - 1) < 1e-5:
        alive = sum(_while_alive(model, 1 + side, horizon, x, T) for side in (-2e-5, 2e-5)) / 2
    else:
        alive = _while_alive(model, model.a, horizon, x, T)
    return alive * probability_alive(model, x, t_x, T)


def _while_alive(
    model: Purchases, a: float, horizon: float, x: np.ndarray, T: np.ndarray
) -> np.ndarray:
    c = a + model.b + x + (model.method == "mbg_nbd") - 1
    z = horizon / (model.alpha + T + horizon)
    return c / (a - 1) * (1 - (1 - z) ** (a - 1) * hyp2f1(c - model.r - x, a - 1, c, z))


def fit_spend(x: ArrayLike, mean_spend: ArrayLike) -> Spend:
    """Maximum likelihood over customers with x > 0 and mean spend > 0 (pass no others).

    A q of 1 counts as not converged, because the mean of all customers would be infinite.
    """
    columns = np.column_stack([floats(x), floats(mean_spend)])
    rows, weight = np.unique(columns, axis=0, return_counts=True)
    x, m = rows.T
    scale = float(np.average(m, weights=weight))
    m = m / scale

    def objective(log_params: np.ndarray) -> tuple[float, np.ndarray]:
        p, q, gamma = np.exp(log_params)
        value = (
            gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
            + (p * x - 1) * np.log(m) + p * x * np.log(x) - (p * x + q) * np.log(gamma + x * m)
        )  # fmt: skip
        digamma_sum, log_sum = digamma(p * x + q), np.log(gamma + x * m)
        by_p = x * (digamma_sum - digamma(p * x) + np.log(m * x) - log_sum)
        by_q = digamma_sum - digamma(q) + np.log(gamma) - log_sum
        by_gamma = q / gamma - (p * x + q) / (gamma + x * m)
        gradient = np.stack([by_p * p, by_q * q, by_gamma * gamma])
        return -(weight @ value) / weight.sum(), -(gradient @ weight) / weight.sum()

    best = lowest(objective, SPEND_STARTS, SPEND_BOUNDS)
    p, q, gamma = (float(v) for v in np.exp(best.x))
    total = -float(weight.sum()) * (best.fun + float(np.log(scale)))
    return Spend(p, q, gamma * scale, total, is_flat(best, SPEND_BOUNDS) and q > 1.01)


def expected_spend(model: Spend, x: ArrayLike, mean_spend: ArrayLike) -> np.ndarray:
    """E(spend per purchase | x purchases of that mean). With x = 0 it is the mean of all customers."""
    x = floats(x)
    m = np.where(x > 0, np.nan_to_num(floats(mean_spend)), 0.0)
    return model.p * (model.gamma + x * m) / (model.p * x + model.q - 1)
