"""Maximum likelihood over positive parameters: the best of several searches, and whether it ended at an optimum."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize


def lowest(
    objective: Callable[[np.ndarray], tuple[float, np.ndarray]],
    starts: Sequence[tuple[float, ...]],
    bounds: Sequence[tuple[float, float]],
) -> Any:
    """The best of several L-BFGS-B searches over logarithms; the first one when equal."""
    limits = np.log(bounds)
    results = [
        minimize(
            objective,
            np.clip(np.log(start), limits[:, 0], limits[:, 1]),
            method="L-BFGS-B",
            bounds=limits,
            options={"maxiter": 2000, "maxfun": 5000, "ftol": 1e-14, "gtol": 1e-8},
            jac=True,
        )
        for start in starts
    ]
    usable = [result for result in results if np.isfinite(result.fun)] or results
    return min(usable, key=lambda result: result.fun)


def is_flat(result: Any, bounds: Sequence[tuple[float, float]]) -> bool:
    """Whether the gradient inside the bounds is below 1e-4 per customer and unit of the logarithm.

    The search's own `success` does not tell: it is also false when rounding ends the last line search.
    """
    low, high = np.log(bounds).T
    step = np.clip(result.x - result.jac, low, high) - result.x
    return bool(np.isfinite(result.fun) and np.abs(step).max() < 1e-4)


def floats(values: ArrayLike) -> np.ndarray:
    """The values as an array of doubles."""
    return np.asarray(values, dtype="float64")
