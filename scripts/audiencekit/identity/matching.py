"""How much each agreement between two records says: learnt from the records themselves, without labels.

A pair of records is of one person, at home where they were or moved, or of two people, whom something brought together:
a household, a name, a birthday, or anything else. Within each of these relations fields agree independently (Fellegi
and Sunter, 1969), and the shares are fitted by expectation maximisation over the patterns of agreement, within bounds
of what was believed before. Without households a couple would look like one person. Were strangers one relation only,
people who moved would look like namesakes, and a name with a birth date like nothing much.
"""

import numpy as np
import pandas as pd

NAME = ("first_name", "last_name")
HOME = ("street", "house_number", "address_2", "city", "region", "postal_code")
# What two records agree on as one person's do, by relation. On the rest they agree by chance, if nothing else is said.
AS_ONE = {
    "same": (*NAME, *HOME, "birth_digits", "email", "phone"),
    "moved": (*NAME, "birth_digits", "email", "phone"),
    "household": ("last_name", *HOME, "phone"),
    "namesakes": NAME,
    "family_name": ("last_name",),
    "birthday": (),
    "strangers": (),
}
RELATIONS = tuple(AS_ONE)
ONE_PERSON, STRANGERS = ("same", "moved"), RELATIONS[3:]
# What tells people who moved from namesakes. Where nobody says any of it, nobody is taken to have moved.
TELLING = ("birth_digits", "email", "phone")
# Of pairs of people in one household, how many share a birth date by more than chance (twins: 3 % of births, CDC,
# National Vital Statistics Reports 72-1, 2023; but most pairs are couples, or parent and child), and how many a given
# name. Taken, not measured: few, and more than none.
TWINS = JUNIORS = 0.005
BORN_THE_SAME_DAY = np.array([0.001, 0.001, 0.001, 0.997])
# What is believed before any record is seen, by kind of field and level, and how many pairs it counts for.
BELIEVED = {
    "name": ([0.05, 0.03, 0.03, 0.08, 0.77, 0.02, 0.02], [0.85, 0.08, 0.02, 0.02, 0.02, 0.005, 0.005]),
    "text": ([0.15, 0.05, 0.05, 0.10, 0.65], [0.90, 0.06, 0.01, 0.01, 0.02]),
    "address": ([0.30, 0.05, 0.03, 0.07, 0.55], [0.95, 0.02, 0.01, 0.01, 0.01]),
    "code": ([0.20, 0.08, 0.72], [0.93, 0.04, 0.03]),
    "date": ([0.05, 0.03, 0.06, 0.86], [0.70, 0.22, 0.06, 0.02]),
    "same": ([0.10, 0.90], [0.60, 0.40]),
}  # fmt: skip
BELIEVED_SHARES = (0.045, 0.005, 0.02, 0.02, 0.02, 0.02, 0.87)
BELIEVED_PAIRS = 20
SETTLED = 1e-9  # change in the share of pairs that are one person's, a household's or strangers'
MOST_ROUNDS = 2000
# Which patterns look like one person, or like namesakes, before anything is learnt.
ALIKE, OTHERWISE, FIELDS_TO_TELL = 0.7, 0.5, 3


def fit(patterns: pd.DataFrame, fields: dict[str, str]) -> pd.DataFrame:
    """Shares of the relations, and of levels of agreement within each.

    `patterns` has one row per pattern of agreement (pattern: a letter a field, - where one side is silent;
    is_random; pairs: how many), `fields` the kind of each field in the order of the letters. The result has
    one row per relation, field and level (relation, field, level, value); field `prior` holds the shares of the
    relations among pairs that have something in common, `rounds` and `log_likelihood` how the fit went. Relation
    `random` is of any two records, and has no prior.
    """
    patterns = patterns.sort_values("pattern", ignore_index=True)
    shared, random = patterns[~patterns["is_random"]], patterns[patterns["is_random"]]
    levels, pairs = _levels(shared, fields), shared["pairs"].to_numpy(float)
    by_chance = _by_chance(random, fields)
    relation = _first_guess(levels, list(fields))
    is_told = (levels[:, np.isin(list(fields), TELLING)] >= 0).any()
    sides = np.full(3, np.inf)
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
        if not is_told:
            log[:, RELATIONS.index("moved")] = -np.inf
        most = log.max(axis=1, keepdims=True, initial=-np.inf)
        relation = np.exp(log - most)
        total = relation.sum(axis=1, keepdims=True)
        relation /= total
        before, sides = sides, np.add.reduceat(shares, (0, 2, 3))
        if np.abs(sides - before).max() <= SETTLED:
            break
    likelihood = float(pairs @ (most + np.log(total))[:, 0])
    rows = [(r, "prior", "", share) for r, share in zip(RELATIONS, shares, strict=True)]
    rows += [("", "rounds", "", float(rounds)), ("", "log_likelihood", "", likelihood)]
    for name, table, random_pairs in zip(fields, tables, by_chance, strict=True):
        rows += [
            (r, name, str(level), value)
            for r, line in zip((*RELATIONS, "random"), (*table, random_pairs), strict=True)
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
    believed = np.array(BELIEVED[kind])
    of = dict(zip(RELATIONS, relation.T, strict=True))
    # Who share a family name, and no more, are strangers in everything but names.
    strangers = of["strangers"] if name in NAME else of["strangers"] + of["family_name"]
    one, apart = _counted(level, np.column_stack([of["same"], strangers]), pairs, believed)
    learnt = {}
    if name == "first_name":
        learnt["household"] = _with(JUNIORS, 4, by_chance)
    elif name == "birth_digits":
        # Hardly anybody has two birth dates: twice what was believed, at most.
        one = _at_most(one, dict(enumerate(2 * believed[0, :3])))
        learnt = {"household": _with(TWINS, 3, by_chance), "birthday": BORN_THE_SAME_DAY}
    elif name == "email":
        # Equal e-mails are one person's, or one household's; merely alike are those of people with names alike.
        one = _at_most(one, {1: believed[0, 1], 2: believed[0, 2]})
        apart = _at_most(apart, {4: believed[1, 4]})
        theirs = np.column_stack([of["household"], of["namesakes"]])
        household, namesakes = _counted(level, theirs, pairs, believed[[1, 1]])
        learnt = {"household": household, "namesakes": _at_most(namesakes, {4: by_chance[4]})}
    learnt["strangers"] = apart
    if name not in NAME:
        learnt["family_name"] = apart
    return np.array(
        [
            learnt.get(relation, one if name in fields else by_chance)
            for relation, fields in AS_ONE.items()
        ]
    )


def _with(share: float, level: int, table: np.ndarray) -> np.ndarray:
    """A table where `share` of the pairs are moved to one level."""
    return (1 - share) * table + share * (np.arange(len(table)) == level)


def _at_most(table: np.ndarray, most: dict[int, float]) -> np.ndarray:
    """The shares, some levels no higher than `most` says; what is over goes to the other levels."""
    table, held = table.copy(), np.isin(np.arange(len(table)), list(most))
    for level, share in most.items():
        table[level] = min(table[level], share)
    table[~held] *= (1 - table[held].sum()) / table[~held].sum()
    return table


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
    """Pattern by relation: what the pairs look like, for the fit to start from. The other relations come by themselves."""
    highest = np.maximum(levels.max(axis=0, initial=1), 1)
    said = levels >= 0
    close = np.where(said, levels / highest, 0.0)
    is_name = np.isin(names, NAME)

    def mean(columns: np.ndarray) -> np.ndarray:
        return close[:, columns].sum(axis=1) / np.maximum(said[:, columns].sum(axis=1), 1)

    is_same = (mean(np.full(len(names), True)) >= ALIKE) & (said.sum(axis=1) >= FIELDS_TO_TELL)
    are_namesakes = (mean(is_name) >= ALIKE) & (mean(~is_name) < OTHERWISE) & ~is_same
    guess = np.full((len(levels), len(RELATIONS)), 0.001)
    guess[is_same, RELATIONS.index("same")] += 1
    guess[are_namesakes, RELATIONS.index("namesakes")] += 1
    guess[~is_same & ~are_namesakes, RELATIONS.index("strangers")] += 1
    return guess / guess.sum(axis=1, keepdims=True)
