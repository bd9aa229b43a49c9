"""Seeded randomness and the demo's moments. Nothing in the demo reads a clock."""

import zlib

import numpy as np

AS_OF = np.datetime64("2018-01-01T00:00:00", "us")  # the demo's 'now', UTC
YEAR_START = np.datetime64("2017-01-01T00:00:00", "us")
SECOND = np.timedelta64(1_000_000, "us")
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND


def stream(seed: int, name: str) -> np.random.Generator:
    """A generator of its own for each subject, so that a change in one leaves the others alone."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def moments_between(
    rng: np.random.Generator, start: np.ndarray | np.datetime64, end: np.ndarray | np.datetime64
) -> np.ndarray:
    """Uniform moments in [start, end), to the second; shape follows the arrays given."""
    seconds = (end - start) // SECOND
    return start + (rng.random(np.shape(seconds)) * seconds).astype("int64") * SECOND


def some_seconds(seconds: np.ndarray) -> np.ndarray:
    """Seconds (float) as durations to the millisecond."""
    return (seconds * 1000).astype("int64") * np.timedelta64(1000, "us")


def unique_codes(rng: np.random.Generator, count: int, prefix: str, digits: int) -> np.ndarray:
    """`count` different codes such as C04711982, in no order that would tell who is who."""
    drawn = rng.choice(10**digits, size=count, replace=False)
    return np.array([f"{prefix}{n:0{digits}d}" for n in drawn], dtype=object)


def lowest_share(rng: np.random.Generator, leaning: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Booleans, true for about `share` of the entries: those of low `leaning` (0-1), with noise.

    Two calls with the same leaning agree more often than chance: people are consistent.
    """
    score = 0.6 * leaning + 0.4 * rng.random(len(leaning))
    rank = np.argsort(np.argsort(score, kind="stable"), kind="stable")
    return (rank + 0.5) / max(len(score), 1) < share
