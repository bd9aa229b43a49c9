"""The weight of each agreement between two records, estimated from the records themselves, without labels.

A pair of records is one person, who lives at one address or has moved, or it is two people. Two people may share a
household, a name, a birthday, or nothing in particular. Within each of these relations fields agree independently
(Fellegi and Sunter, 1969). The shares are fitted by expectation maximisation over the patterns of agreement, with
priors and bounds.

Without the relation of a household, a couple would look like one person. If all strangers were one relation, people
who moved would look like namesakes, and an equal name with an equal birth date would count for little.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

NAME = ("first_name", "last_name")
HOME = ("street", "house_number", "address_2", "city", "region", "postal_code")
# The fields on which two records of a relation agree as records of one person do. On the other fields they agree by
# chance, except where `_tables` says otherwise.
SHARED_FIELDS = {
    "same": (*NAME, *HOME, "birth_digits", "email", "phone"),
    "moved": (*NAME, "birth_digits", "email", "phone"),
    "household": ("last_name", *HOME, "phone"),
    "namesakes": NAME,
    "family_name": ("last_name",),
    "birthday": (),
    "strangers": (),
}
RELATIONS = tuple(SHARED_FIELDS)
ONE_PERSON, STRANGERS = ("same", "moved"), RELATIONS[3:]
# The fields that distinguish people who moved from namesakes. Where no record has any of them, no one is assumed to
# have moved.
DISTINGUISHING = ("birth_digits", "email", "phone")
# The share of pairs of people in one household who have the same birth date beyond chance, and the share who have the
# same given name. Twins are 3 % of births (CDC, National Vital Statistics Reports 72-1, 2023), but most pairs in a
# household are couples, or parent and child. These shares are assumed, not measured: small, and above zero.
TWINS = JUNIORS = 0.005
# At most so many pairs of records of one person have birth dates that are wholly different. Where records have nothing but
# names and birth dates, namesakes would count as one person without a bound. It was chosen on five more data sets: at .05, F1
# falls where birth dates have many slips.
ANOTHER_BIRTH_DATE = 0.15
BORN_THE_SAME_DAY = np.array([0.001, 0.001, 0.001, 0.997])
# The prior: shares of the levels by kind of field, first for one person, then for strangers; shares of the relations;
# and the number of pairs that the prior counts for.
PRIOR_LEVELS = {
    "name": ([0.05, 0.03, 0.03, 0.08, 0.77, 0.02, 0.02], [0.85, 0.08, 0.02, 0.02, 0.02, 0.005, 0.005]),
    "text": ([0.15, 0.05, 0.05, 0.10, 0.65], [0.90, 0.06, 0.01, 0.01, 0.02]),
    "address": ([0.30, 0.05, 0.03, 0.07, 0.55], [0.95, 0.02, 0.01, 0.01, 0.01]),
    "code": ([0.20, 0.08, 0.72], [0.93, 0.04, 0.03]),
    "date": ([0.05, 0.03, 0.06, 0.86], [0.70, 0.22, 0.06, 0.02]),
    "same": ([0.10, 0.90], [0.60, 0.40]),
}  # fmt: skip
PRIOR_SHARES = (0.045, 0.005, 0.02, 0.02, 0.02, 0.02, 0.87)
PRIOR_PAIRS = 20
CONVERGED = 1e-9  # the largest change in the shares of one person, households and strangers that ends the fit
MOST_ROUNDS = 2000
# The first guess. Mean agreement from AGREE on is agreement, below DIFFER it is none; one person needs three fields.
AGREE, DIFFER, FEWEST_FIELDS = 0.7, 0.5, 3


def fit(patterns: pd.DataFrame, fields: dict[str, str]) -> pd.DataFrame:
    """Fit the shares of the relations, and of levels of agreement within each.

    `patterns` has one row per pattern of agreement: pattern (one letter per field, - where one record has no value),
    is_random, and pairs (their number). `fields` holds the kind of each field in the order of the letters.

    The result has one row per relation, field and level (relation, field, level, value). Field `prior` holds the
    shares of the relations among pairs that have something in common; `rounds` and `log_likelihood` describe the fit.
    Relation `random` is any two records, and has no prior.
    """
    patterns = patterns.sort_values("pattern", ignore_index=True)
    shared, random = patterns[~patterns["is_random"]], patterns[patterns["is_random"]]
    levels, pairs = _levels(shared, fields), shared["pairs"].to_numpy(float)
    by_chance = _by_chance(random, fields)
    described = [
        _Field(name, kind, levels[:, place], by_chance[place])
        for place, (name, kind) in enumerate(fields.items())
    ]
    relation = _first_guess(levels, list(fields))
    is_distinguished = (levels[:, np.isin(list(fields), DISTINGUISHING)] >= 0).any()
    sides = np.full(3, np.inf)
    for rounds in range(1, MOST_ROUNDS + 1):  # noqa: B007 - written to the result below
        shares = _smoothed(relation, pairs, PRIOR_SHARES)
        tables = [_tables(field, relation, pairs) for field in described]
        log = np.log(shares) + sum(
            np.where(field.has_level[:, None], np.log(table)[:, field.level.clip(0)].T, 0.0)
            for field, table in zip(described, tables, strict=True)
        )
        if not is_distinguished:
            log[:, RELATIONS.index("moved")] = -np.inf
        most = log.max(axis=1, keepdims=True, initial=-np.inf)
        relation = np.exp(log - most)
        total = relation.sum(axis=1, keepdims=True)
        relation /= total
        previous, sides = sides, np.add.reduceat(shares, (0, 2, 3))
        if np.abs(sides - previous).max() <= CONVERGED:
            break
    likelihood = float(pairs @ (most + np.log(total))[:, 0])
    rows = [(r, "prior", "", share) for r, share in zip(RELATIONS, shares, strict=True)]
    rows += [("", "rounds", "", float(rounds)), ("", "log_likelihood", "", likelihood)]
    for field, table in zip(described, tables, strict=True):
        rows += [
            (r, field.name, str(level), value)
            for r, line in zip((*RELATIONS, "random"), (*table, field.by_chance), strict=True)
            for level, value in enumerate(line)
        ]
    return pd.DataFrame(rows, columns=["relation", "field", "level", "value"])


def params_to_use(
    patterns: pd.DataFrame, plan: pd.DataFrame, previous: pd.DataFrame
) -> pd.DataFrame:
    """The previous params, or newly fitted ones where a fit is due.

    `plan` has one row (is_due, records, fields as `name:kind name:kind`, levels_hash, as_of, build_id).
    """
    [due] = plan.to_dict("records")
    if not due["is_due"]:
        return previous
    fields = dict(field.split(":") for field in due["fields"].split())
    return fit(patterns, fields).assign(
        levels_hash=due["levels_hash"],
        records=due["records"],
        trained_at=due["as_of"],
        build_id=due["build_id"],
    )


@dataclass(frozen=True)
class _Field:
    """One field of the fit.

    `level` is the level of agreement of each pattern, -1 where one record has no value. `by_chance` holds the shares of
    the levels between random records.
    """

    name: str
    kind: str
    level: np.ndarray
    by_chance: np.ndarray

    @property
    def has_level(self) -> np.ndarray:
        """Whether both records have a value, by pattern."""
        return self.level >= 0


def _levels(patterns: pd.DataFrame, fields: dict[str, str]) -> np.ndarray:
    """Pattern by field, the level as a number; -1 where one record has no value."""
    letters = [list(pattern) for pattern in patterns["pattern"]]
    text = np.array(letters, dtype="U1").reshape(len(patterns), len(fields))
    return np.where(text == "-", "-1", text).astype(int)


def _by_chance(random: pd.DataFrame, fields: dict[str, str]) -> list[np.ndarray]:
    """For each field, the shares of its levels between random records."""
    levels, pairs = _levels(random, fields), random["pairs"].to_numpy(float)
    all_pairs = np.ones((len(random), 1))
    return [
        _counted(levels[:, place], all_pairs, pairs, np.array([PRIOR_LEVELS[kind][1]]))[0]
        for place, kind in enumerate(fields.values())
    ]


def _tables(field: _Field, relation: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Relation by level: how often two records of that relation agree on the field to that level."""
    name, level, by_chance = field.name, field.level, field.by_chance
    prior = np.array(PRIOR_LEVELS[field.kind])
    of = dict(zip(RELATIONS, relation.T, strict=True))
    # Two people who share only a family name are strangers in every field but names.
    strangers = of["strangers"] if name in NAME else of["strangers"] + of["family_name"]
    one, two = _counted(level, np.column_stack([of["same"], strangers]), pairs, prior)
    special = {}
    if name == "first_name":
        special["household"] = _with(JUNIORS, 4, by_chance)
    elif name == "birth_digits":
        one = _at_most(one, {0: ANOTHER_BIRTH_DATE})
        special = {"household": _with(TWINS, 3, by_chance), "birthday": BORN_THE_SAME_DAY}
    elif name == "email":
        # Equal e-mails belong to one person or one household. Similar e-mails often belong to people with similar names.
        one = _at_most(one, {1: prior[0, 1], 2: prior[0, 2]})
        two = _at_most(two, {4: prior[1, 4]})
        two_people = np.column_stack([of["household"], of["namesakes"]])
        household, namesakes = _counted(level, two_people, pairs, prior[[1, 1]])
        special = {"household": household, "namesakes": _at_most(namesakes, {4: by_chance[4]})}
    special["strangers"] = two
    if name not in NAME:
        special["family_name"] = two
    return np.array(
        [
            special.get(relation, one if name in shared else by_chance)
            for relation, shared in SHARED_FIELDS.items()
        ]
    )


def _with(share: float, level: int, table: np.ndarray) -> np.ndarray:
    """A table where `share` of the pairs are moved to one level."""
    return (1 - share) * table + share * (np.arange(len(table)) == level)


def _at_most(table: np.ndarray, most: dict[int, float]) -> np.ndarray:
    """The shares, with some levels limited to `most`; what exceeds it goes to the other levels in proportion."""
    table, is_limited = table.copy(), np.isin(np.arange(len(table)), list(most))
    for level, share in most.items():
        table[level] = min(table[level], share)
    table[~is_limited] *= (1 - table[is_limited].sum()) / table[~is_limited].sum()
    return table


def _counted(
    level: np.ndarray, weights: np.ndarray, pairs: np.ndarray, prior: np.ndarray
) -> np.ndarray:
    """One row per column of `weights`: the weighted shares of the levels, with the prior."""
    has_level = level >= 0
    counts = [
        np.bincount(level[has_level], weights=(pairs * column)[has_level], minlength=prior.shape[1])
        for column in weights.T
    ]
    counts = np.array(counts) + PRIOR_PAIRS * prior / prior.sum(axis=1, keepdims=True)
    return counts / counts.sum(axis=1, keepdims=True)


def _smoothed(relation: np.ndarray, pairs: np.ndarray, prior: tuple[float, ...]) -> np.ndarray:
    counts = pairs @ relation + PRIOR_PAIRS * np.array(prior)
    return counts / counts.sum()


def _first_guess(levels: np.ndarray, names: list[str]) -> np.ndarray:
    """Pattern by relation: where the fit starts. It finds the relations that are not guessed here by itself."""
    highest = np.maximum(levels.max(axis=0, initial=1), 1)
    has_level = levels >= 0
    agreement = np.where(has_level, levels / highest, 0.0)
    is_name = np.isin(names, NAME)

    def mean(columns: np.ndarray) -> np.ndarray:
        return agreement[:, columns].sum(axis=1) / np.maximum(has_level[:, columns].sum(axis=1), 1)

    is_same = (mean(np.full(len(names), True)) >= AGREE) & (has_level.sum(axis=1) >= FEWEST_FIELDS)
    are_namesakes = (mean(is_name) >= AGREE) & (mean(~is_name) < DIFFER) & ~is_same
    guess = np.full((len(levels), len(RELATIONS)), 0.001)
    guess[is_same, RELATIONS.index("same")] += 1
    guess[are_namesakes, RELATIONS.index("namesakes")] += 1
    guess[~is_same & ~are_namesakes, RELATIONS.index("strangers")] += 1
    return guess / guess.sum(axis=1, keepdims=True)
