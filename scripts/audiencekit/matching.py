"""How much each agreement between two records says: learnt from the records themselves, without labels.

A pair of records is of one person, of two people of one household, or of strangers. Within each of these
relations fields agree independently (Fellegi and Sunter, 1969), and the shares are fitted by expectation
maximisation over the patterns of agreement. Two people of a household agree on name, address and phone as one
person does, and on given name and birth date as strangers do, but for twins and namesakes. Their e-mails are
theirs, and yet alike by the name they share: how far, is learnt. Without this third relation a couple looks like one
person.
"""

import numpy as np
import pandas as pd

RELATIONS = ("same", "household", "strangers")
OWN = ("first_name", "birth_digits", "email")
# Of pairs of people in one household, how many share a birth date by more than chance (twins: 3 % of births, CDC,
# National Vital Statistics Reports 72-1, 2023; but most pairs are couples, or parent and child), and how many a given
# name. Taken, not measured: few, and more than none.
TWINS = NAMESAKES = 0.005
BY_CHANCE_IN_HOUSEHOLDS = {"first_name": NAMESAKES, "birth_digits": TWINS}
# What is believed before any record is seen, by kind of field and level, and how many pairs it counts for.
BELIEVED = {
    "name": ([0.05, 0.03, 0.03, 0.08, 0.77, 0.02, 0.02], [0.85, 0.08, 0.02, 0.02, 0.02, 0.005, 0.005]),
    "text": ([0.15, 0.05, 0.05, 0.10, 0.65], [0.90, 0.06, 0.01, 0.01, 0.02]),
    "address": ([0.30, 0.05, 0.03, 0.07, 0.55], [0.95, 0.02, 0.01, 0.01, 0.01]),
    "code": ([0.20, 0.08, 0.72], [0.93, 0.04, 0.03]),
    "date": ([0.05, 0.03, 0.06, 0.86], [0.70, 0.22, 0.06, 0.02]),
    "same": ([0.10, 0.90], [0.60, 0.40]),
}  # fmt: skip
BELIEVED_SHARES = (0.05, 0.02, 0.93)
BELIEVED_PAIRS = 20
SETTLED = 1e-10  # gain in mean log likelihood a pair
MOST_ROUNDS = 2000
# Which patterns look like one person, a household or strangers before anything is learnt.
ALIKE, OTHERWISE, FIELDS_TO_TELL = 0.7, 0.5, 3


def fit(patterns: pd.DataFrame, fields: dict[str, str]) -> pd.DataFrame:
    """Shares of the relations, and of levels of agreement within each.

    `patterns` has one row per pattern of agreement (pattern: a letter a field, - where one side is silent;
    is_random; pairs: how many), `fields` the kind of each field in the order of the letters. The result has
    one row per relation, field and level (relation, field, level, value); field `prior` holds the shares of the
    relations among pairs that have something in common, `rounds` and `log_likelihood` how the fit went.
    """
    patterns = patterns.sort_values("pattern", ignore_index=True)
    shared, random = patterns[~patterns["is_random"]], patterns[patterns["is_random"]]
    levels, pairs = _levels(shared, fields), shared["pairs"].to_numpy(float)
    by_chance = _by_chance(random, fields)
    relation = _first_guess(levels, list(fields))
    likelihood = -np.inf
    for rounds in range(1, MOST_ROUNDS + 1):  # noqa: B007 - the last one is told below
        shares = _smoothed(relation, pairs, BELIEVED_SHARES)
        tables = [
            _tables(levels[:, place], relation, pairs, name, kind, by_chance[place])
            for place, (name, kind) in enumerate(fields.items())
        ]
        log = np.log(shares) + sum(
            np.where(said[:, None], np.log(table)[:, level].T, 0.0)
            for table, level, said in ((t, v.clip(0), v >= 0) for t, v in zip(tables, levels.T, strict=True))
        )  # fmt: skip
        most = log.max(axis=1, keepdims=True, initial=-np.inf)
        relation = np.exp(log - most)
        total = relation.sum(axis=1, keepdims=True)
        relation /= total
        before, likelihood = likelihood, float(pairs @ (most + np.log(total))[:, 0])
        if likelihood - before <= SETTLED * max(pairs.sum(), 1):
            break
    rows = [(r, "prior", "", share) for r, share in zip(RELATIONS, shares, strict=True)]
    rows += [("", "rounds", "", float(rounds)), ("", "log_likelihood", "", likelihood)]
    for name, table in zip(fields, tables, strict=True):
        rows += [
            (r, name, str(level), value)
            for r, line in zip(RELATIONS, table, strict=True)
            for level, value in enumerate(line)
        ]
    return pd.DataFrame(rows, columns=["relation", "field", "level", "value"])


def params_to_use(patterns: pd.DataFrame, plan: pd.DataFrame, learnt: pd.DataFrame) -> pd.DataFrame:
    """The params that stand, or new ones where they are due.

    `plan` has one row (is_due, records, fields as `name:kind name:kind`, told_by, as_of, build_id).
    """
    [what] = plan.to_dict("records")
    if not what["is_due"]:
        return learnt
    fields = dict(field.split(":") for field in what["fields"].split())
    return fit(patterns, fields).assign(
        told_by=what["told_by"],
        records=what["records"],
        trained_at=what["as_of"],
        build_id=what["build_id"],
    )


def _levels(patterns: pd.DataFrame, fields: dict[str, str]) -> np.ndarray:
    """Pattern by field, the level as a number; -1 where one side is silent."""
    letters = [list(pattern) for pattern in patterns["pattern"]]
    text = np.array(letters, dtype="U1").reshape(len(patterns), len(fields))
    return np.where(text == "-", "-1", text).astype(int)


def _by_chance(random: pd.DataFrame, fields: dict[str, str]) -> list[np.ndarray]:
    """For each field, the shares of its levels between random records."""
    levels, pairs = _levels(random, fields), random["pairs"].to_numpy(float)
    everyone = np.ones((len(random), 1))
    return [
        _counted(levels[:, place], everyone, pairs, np.array([BELIEVED[kind][1]]))[0]
        for place, kind in enumerate(fields.values())
    ]


def _tables(
    level: np.ndarray,
    relation: np.ndarray,
    pairs: np.ndarray,
    name: str,
    kind: str,
    by_chance: np.ndarray,
) -> np.ndarray:
    """Relation by level: how often two records of that relation agree so far on the field."""
    same, strangers = _counted(level, relation[:, [0, 2]], pairs, np.array(BELIEVED[kind]))
    household = same
    if name in BY_CHANCE_IN_HOUSEHOLDS:
        share = BY_CHANCE_IN_HOUSEHOLDS[name]
        household = (1 - share) * by_chance
        household[3 if kind == "date" else 4] += share
    elif name in OWN:
        [household] = _counted(level, relation[:, [1]], pairs, np.array(BELIEVED[kind][1:]))
    return np.array([same, household, strangers])


def _counted(
    level: np.ndarray, weights: np.ndarray, pairs: np.ndarray, believed: np.ndarray
) -> np.ndarray:
    """One line a column of `weights`: the weighted shares of the levels, with what was believed before."""
    said = level >= 0
    counts = [
        np.bincount(level[said], weights=(pairs * column)[said], minlength=believed.shape[1])
        for column in weights.T
    ]
    counts = np.array(counts) + BELIEVED_PAIRS * believed / believed.sum(axis=1, keepdims=True)
    return counts / counts.sum(axis=1, keepdims=True)


def _smoothed(relation: np.ndarray, pairs: np.ndarray, believed: tuple[float, ...]) -> np.ndarray:
    counts = pairs @ relation + BELIEVED_PAIRS * np.array(believed)
    return counts / counts.sum()


def _first_guess(levels: np.ndarray, names: list[str]) -> np.ndarray:
    """Pattern by relation: what the pairs look like, for the fit to start from."""
    highest = np.maximum(levels.max(axis=0, initial=1), 1)
    said = levels >= 0
    close = np.where(said, levels / highest, 0.0)

    def mean(columns: np.ndarray) -> np.ndarray:
        return close[:, columns].sum(axis=1) / np.maximum(said[:, columns].sum(axis=1), 1)

    own = np.isin(names, OWN)
    everything = np.ones(len(names), dtype=bool)
    is_same = (mean(everything) >= ALIKE) & (mean(own) >= OTHERWISE)
    is_same &= said.sum(axis=1) >= FIELDS_TO_TELL
    is_household = (mean(~own) >= ALIKE) & (mean(own) < OTHERWISE) & ~is_same
    guess = np.column_stack([is_same, is_household, ~is_same & ~is_household]) + 0.001
    return guess / guess.sum(axis=1, keepdims=True)
