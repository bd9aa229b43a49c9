"""Seeded randomness and the demo's moments. Nothing in the demo reads a clock."""

import zlib
from typing import Any

import numpy as np

NONE: Any = None  # for np.where, whose types do not accept None
AS_OF = np.datetime64("2018-01-01T00:00:00", "us")  # the demo's 'now', UTC
YEAR_START = np.datetime64("2017-01-01T00:00:00", "us")
SECOND = np.timedelta64(1_000_000, "us")
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND


def stream(seed: int, name: str) -> np.random.Generator:
    """A separate generator for each subject, so that a change to one subject does not change the others."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def moments_between(
    rng: np.random.Generator, start: np.ndarray | np.datetime64, end: np.ndarray | np.datetime64
) -> np.ndarray:
    """Uniform moments in [start, end), to the second, in the shape of the arrays."""
    span: Any = end - start
    seconds = span // SECOND
    return start + (rng.random(np.shape(seconds)) * seconds).astype("int64") * SECOND


def some_seconds(seconds: np.ndarray) -> np.ndarray:
    """Seconds (float) as durations to the millisecond."""
    return (seconds * 1000).astype("int64") * np.timedelta64(1000, "us")


def unique_codes(rng: np.random.Generator, count: int, prefix: str, digits: int) -> np.ndarray:
    """`count` different codes such as C04711982, in random order, so that they reveal no person."""
    drawn = rng.choice(10**digits, size=count, replace=False)
    return np.array([f"{prefix}{n:0{digits}d}" for n in drawn], dtype=object)


def lowest_share(rng: np.random.Generator, leaning: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Booleans, true for about `share` of the entries: those of low `leaning` (0-1), with noise.

    Two calls with the same leaning agree more often than by chance, because people are consistent.
    """
    score = 0.6 * leaning + 0.4 * rng.random(len(leaning))
    rank = np.argsort(np.argsort(score, kind="stable"), kind="stable")
    return (rank + 0.5) / max(len(score), 1) < share
