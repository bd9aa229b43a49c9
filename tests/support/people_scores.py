"""How well people were found, against the truth."""

import itertools

import pandas as pd


def groups(found: pd.DataFrame, label: str = "component") -> set[frozenset[str]]:
    """Records by group, whatever the groups are called."""
    return {frozenset(group) for _, group in found.groupby(label)["record_id"]}


def pairwise(found: dict[str, str], truth: dict[str, str]) -> tuple[float, float]:
    """Precision and recall over pairs of records: same customer against same person."""

    def pairs(label: dict[str, str]) -> set[tuple[str, str]]:
        groups: dict[str, list[str]] = {}
        for record, name in label.items():
            groups.setdefault(name, []).append(record)
        return {p for g in groups.values() for p in itertools.combinations(sorted(g), 2)}

    predicted, true = pairs(found), pairs(truth)
    return len(predicted & true) / len(predicted), len(predicted & true) / len(true)
