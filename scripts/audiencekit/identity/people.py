"""Which records and identifiers belong to one person: connected components of what ties records, cut where the
evidence inside says that they are several.

A tie connects records: an identifier they share, a match of their details, a steward's link. Whatever ties connect is
one component. A component is looked at again where two of its records were kept apart by a steward, where some do not
look like one person, or where there are too many; there ties are taken up one by one, the strongest first, and a tie
that would join two groups is refused if the evidence between all their records speaks against it.
"""

from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

# From here on a tie is no question of likelihood (bits): a login, a card, a steward's word.
CERTAIN = 50.0
# How much one pair of records may say for or against (bits), so that none outvotes all others.
LOUDEST = 15.0
NODES = ["id_type", "id_value"]


def connected(ties: pd.DataFrame) -> pd.DataFrame:
    """Components of records, however long the chain.

    `ties` has one row per tie and record it connects (id_type, id_value: the tie; record_id); the result one row per
    record (record_id, component). Components are numbered in the order of their smallest record, so shuffled ties give
    the same numbers. Raises RuntimeError if two records of one tie end up in two components.
    """
    record, records = pd.factorize(ties["record_id"], sort=True)
    component = _components(record, _codes(ties), len(records))
    return pd.DataFrame({"record_id": records, "component": component})


def _codes(ties: pd.DataFrame) -> np.ndarray:
    """A number for each tie, the same one in all its rows."""
    return pd.factorize(ties["id_type"] + "|" + ties["id_value"])[0]


def _components(record: np.ndarray, tie: np.ndarray, records: int) -> np.ndarray:
    """A number for each of the `records`, the same where ties (record and tie, row by row) connect them."""
    if not records:
        return np.zeros(0, dtype="int64")
    size = records + int(tie.max(initial=-1)) + 1
    graph = coo_array((np.ones(len(tie), dtype="int8"), (record, records + tie)), (size, size))
    _, label = connected_components(graph, directed=False)
    component, _ = pd.factorize(label[:records])
    first = np.full(size - records, -1)
    first[tie[::-1]] = component[record[::-1]]
    torn = int((first[tie] != component[record]).sum())
    if torn:
        raise RuntimeError(
            f"identity: {torn:,} records lie apart from what ties them. This is a defect; report it."
        )
    return component.astype("int64")


def persons(
    ties: pd.DataFrame,
    evidence: pd.DataFrame,
    apart: pd.DataFrame,
    most_records: int,
) -> pd.DataFrame:
    """One row per record (record_id, person, linked_group).

    `ties` as in `connected`, with tie_weight (bits); `evidence` one row per pair of records of one component that say
    who they are (left_record_id, right_record_id, match_weight in bits, below zero where they look like two people);
    `apart` the pairs of records that a steward says are two people (left_record_id, right_record_id). Ties below
    CERTAIN make no person of more than `most_records`. Within a person, a linked_group is what identifiers alone tie.
    """
    record, records = pd.factorize(ties["record_id"], sort=True)
    tie = _codes(ties)
    person = _components(record, tie, len(records))
    is_doubtful = np.bincount(person) > most_records if len(person) else np.zeros(0, dtype=bool)
    for pairs in (evidence[evidence["match_weight"] < 0], apart):
        left, right = (
            records.get_indexer(pairs[side]) for side in ("left_record_id", "right_record_id")
        )
        is_known = (left >= 0) & (right >= 0)
        left, right = person[left[is_known]], person[right[is_known]]
        is_doubtful[left[left == right]] = True
    refused = np.zeros(0, dtype="int64")
    if is_doubtful.any():
        rows = np.flatnonzero(is_doubtful[person[record]])
        groups = _Groups(evidence, apart, most_records)
        refused = groups.take_up(ties.iloc[rows].assign(tie=tie[rows]))
        torn = np.unique(record[rows])
        names, _ = pd.factorize(np.array([groups.root(r) for r in records[torn]], dtype=object))
        person[torn] = len(person) + names
    person, _ = pd.factorize(person)
    links = ~ties["id_type"].isin(["match", "decision"]).to_numpy() & ~np.isin(tie, refused)
    linked = _components(record[links], tie[links], len(records))
    group, _ = pd.factorize(person.astype("int64") * (len(records) + 1) + linked)
    return pd.DataFrame(
        {
            "record_id": records,
            "person": person.astype("int64"),
            "linked_group": group.astype("int64"),
        }
    )


@dataclass
class _Groups:
    """Records joined so far, by union-find, and what speaks between any two of them."""

    evidence: pd.DataFrame
    apart: pd.DataFrame
    most_records: int

    def __post_init__(self) -> None:
        self.parent: dict[str, str] = {}
        self.members: dict[str, list[str]] = {}
        self.said: dict[str, dict[str, float]] = {}
        self.foes: dict[str, set[str]] = {}
        weight = self.evidence["match_weight"].clip(-LOUDEST, LOUDEST)
        for left, right, bits in zip(
            self.evidence["left_record_id"], self.evidence["right_record_id"], weight, strict=True
        ):
            self.said.setdefault(left, {})[right] = bits
            self.said.setdefault(right, {})[left] = bits
        for left, right in zip(
            self.apart["left_record_id"], self.apart["right_record_id"], strict=True
        ):
            self.foes.setdefault(left, set()).add(right)
            self.foes.setdefault(right, set()).add(left)

    def root(self, record: str) -> str:
        while self.parent.setdefault(record, record) != record:
            self.parent[record] = self.parent[self.parent[record]]
            record = self.parent[record]
        return record

    def take_up(self, ties: pd.DataFrame) -> np.ndarray:
        """Join what ties connect, the strongest first, and return the numbers (column tie) of those refused."""
        ties = ties.sort_values(
            ["tie_weight", *NODES, "record_id"], ascending=[False, True, True, True]
        )
        rows = zip(
            ties["tie"], ties["id_type"], ties["id_value"], ties["tie_weight"], ties["record_id"], strict=True
        )  # fmt: skip
        refused = []
        for (tie, kind, value, weight), members in groupby(rows, key=lambda row: row[:4]):
            records = self._own_first(kind, value, [row[4] for row in members])
            groups = list(dict.fromkeys(self.root(record) for record in records))
            if weight >= CERTAIN:
                self._join_where_friendly(groups)
            elif len(groups) > 1:
                if self._may_join(groups):
                    self._join(groups)
                else:
                    refused.append(tie)
        return np.array(refused, dtype="int64")

    @staticmethod
    def _own_first(kind: str, value: str, records: list[str]) -> list[str]:
        """The records of a tie, the one that the identifier is of before those that only mention it."""
        own = {"contact_id": f"contact:{value}", "account_id": f"account:{value}"}.get(kind)
        return sorted(records, key=lambda record: (record != own, record))

    def _join_where_friendly(self, groups: list[str]) -> None:
        """A certain tie is only cut where a steward said so: each group joins the first that is no foe."""
        joined: list[str] = []
        for group in groups:
            friend = next((j for j in joined if not self._are_foes([j, group])), None)
            if friend is None:
                joined.append(group)
            else:
                self._join([friend, group])
                joined[joined.index(friend)] = self.root(friend)

    def _may_join(self, groups: list[str]) -> bool:
        """Whether no steward, no size and no evidence is against it. An identifier that two named records share is
        part of the evidence between them."""
        members = [self.members.get(group, [group]) for group in groups]
        if sum(map(len, members)) > self.most_records or self._are_foes(groups):
            return False
        bits = 0.0
        for i, left in enumerate(members):
            others = {record for right in members[i + 1 :] for record in right}
            bits += sum(
                said
                for one in left
                for other, said in self.said.get(one, {}).items()
                if other in others
            )
        return bits >= 0

    def _are_foes(self, groups: list[str]) -> bool:
        member_of = {m: group for group in groups for m in self.members.get(group, [group])}
        return any(
            member_of.get(foe, group) != group
            for m, group in member_of.items()
            for foe in self.foes.get(m, ())
        )

    def _join(self, groups: list[str]) -> None:
        first = min(groups)
        everyone = [m for group in groups for m in self.members.pop(group, [group])]
        for group in groups:
            self.parent[group] = first
        self.members[first] = everyone
