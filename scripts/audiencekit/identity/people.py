"""Which records and identifiers belong to one person: connected components of the links between records, split where
the evidence inside says that they are several people.

A link connects records: an identifier they share, a match of their details, a steward's decision. Everything that
links connect is one component. A component is examined again if a steward unlinked two of its records, if some of its
records do not look like one person, or if it has too many records. There, links are followed one by one, the strongest
first. A link that would join two groups is refused if the evidence between all their records is against it.
"""

from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

# A link of at least this weight (bits) is certain: a login, a card, a steward's decision.
CERTAIN = 50.0
# The most that one pair of records may count for or against (bits), so that none outvotes all others.
LARGEST_EVIDENCE = 15.0
NODES = ["id_type", "id_value"]


def connected(links: pd.DataFrame) -> pd.DataFrame:
    """Components of records, however long the chain.

    `links` has one row per link and record it connects (id_type, id_value: the link; record_id). The result has one row
    per record (record_id, component). Components are numbered in the order of their smallest record, so shuffled links
    give the same numbers. Raises RuntimeError if two records of one link end up in two components.
    """
    record, records = pd.factorize(links["record_id"], sort=True)
    component = _components(record, _codes(links), len(records))
    return pd.DataFrame({"record_id": records, "component": component})


def _codes(links: pd.DataFrame) -> np.ndarray:
    """A number for each link, the same one in all its rows."""
    return pd.factorize(links["id_type"] + "|" + links["id_value"])[0]


def _components(record: np.ndarray, link: np.ndarray, records: int) -> np.ndarray:
    """A number for each of the `records`, the same where links (record and link, row by row) connect them."""
    if not records:
        return np.zeros(0, dtype="int64")
    size = records + int(link.max(initial=-1)) + 1
    graph = coo_array((np.ones(len(link), dtype="int8"), (record, records + link)), (size, size))
    _, label = connected_components(graph, directed=False)
    component, _ = pd.factorize(label[:records])
    first = np.full(size - records, -1)
    first[link[::-1]] = component[record[::-1]]
    separated = int((first[link] != component[record]).sum())
    if separated:
        raise RuntimeError(
            f"identity: {separated:,} records are separated from what links them. This is a defect; report it."
        )
    return component.astype("int64")


def assign_people(
    links: pd.DataFrame,
    evidence: pd.DataFrame,
    unlinked: pd.DataFrame,
    most_records: int,
) -> pd.DataFrame:
    """One row per record (record_id, person_id, linked_group).

    `links` is as in `connected`, with link_weight (bits). `evidence` has one row per pair of records of one component
    that both hold personal details (left_record_id, right_record_id, match_weight in bits, below zero where they look
    like two people). `unlinked` has the pairs of records that a steward decided are two people (left_record_id,
    right_record_id). Links below CERTAIN make no person of more than `most_records`. Within a person, a linked_group
    is what identifiers alone connect.
    """
    record, records = pd.factorize(links["record_id"], sort=True)
    link = _codes(links)
    person = _components(record, link, len(records))
    is_doubtful = _doubtful_components(person, records, (evidence, unlinked), most_records)
    refused = np.zeros(0, dtype="int64")
    if is_doubtful.any():
        rows = np.flatnonzero(is_doubtful[person[record]])
        groups = _Groups(evidence, unlinked, most_records)
        refused = groups.follow(links.iloc[rows].assign(link=link[rows]))
        examined = np.unique(record[rows])
        names, _ = pd.factorize(np.array([groups.root(r) for r in records[examined]], dtype=object))
        person[examined] = len(person) + names
    person, _ = pd.factorize(person)
    is_identifier = ~links["id_type"].isin(["match", "decision"]).to_numpy() & ~np.isin(
        link, refused
    )
    linked = _components(record[is_identifier], link[is_identifier], len(records))
    group, _ = pd.factorize(person.astype("int64") * (len(records) + 1) + linked)
    return pd.DataFrame(
        {
            "record_id": records,
            "person_id": person.astype("int64"),
            "linked_group": group.astype("int64"),
        }
    )


def _doubtful_components(
    component: np.ndarray,
    records: pd.Index,
    pairs: tuple[pd.DataFrame, pd.DataFrame],
    most_records: int,
) -> np.ndarray:
    """Whether each component has too many records, or two that may be two people by `pairs` (evidence, unlinked)."""
    if not len(component):
        return np.zeros(0, dtype=bool)
    is_doubtful = np.bincount(component) > most_records
    evidence, unlinked = pairs
    for two_people in (evidence[evidence["match_weight"] < 0], unlinked):
        left, right = (
            records.get_indexer(two_people[side]) for side in ("left_record_id", "right_record_id")
        )
        has_both = (left >= 0) & (right >= 0)
        left, right = component[left[has_both]], component[right[has_both]]
        is_doubtful[left[left == right]] = True
    return is_doubtful


@dataclass
class _Groups:
    """Records joined so far, by union-find, and the evidence between any two of them."""

    evidence: pd.DataFrame
    unlinked: pd.DataFrame
    most_records: int

    def __post_init__(self) -> None:
        self.parent: dict[str, str] = {}
        self.members: dict[str, list[str]] = {}
        self.bits: dict[str, dict[str, float]] = {}
        self.conflicts: dict[str, set[str]] = {}
        weight = self.evidence["match_weight"].clip(-LARGEST_EVIDENCE, LARGEST_EVIDENCE)
        for left, right, bits in zip(
            self.evidence["left_record_id"], self.evidence["right_record_id"], weight, strict=True
        ):
            self.bits.setdefault(left, {})[right] = bits
            self.bits.setdefault(right, {})[left] = bits
        for left, right in zip(
            self.unlinked["left_record_id"], self.unlinked["right_record_id"], strict=True
        ):
            self.conflicts.setdefault(left, set()).add(right)
            self.conflicts.setdefault(right, set()).add(left)

    def root(self, record: str) -> str:
        """The record that identifies the group of `record`."""
        while self.parent.setdefault(record, record) != record:
            self.parent[record] = self.parent[self.parent[record]]
            record = self.parent[record]
        return record

    def follow(self, links: pd.DataFrame) -> np.ndarray:
        """Join what links connect, the strongest first. Returns the numbers (column link) of those refused."""
        links = links.sort_values(
            ["link_weight", *NODES, "record_id"], ascending=[False, True, True, True]
        )
        rows = zip(
            links["link"], links["id_type"], links["id_value"], links["link_weight"], links["record_id"], strict=True
        )  # fmt: skip
        refused = []
        for (link, kind, value, weight), members in groupby(rows, key=lambda row: row[:4]):
            records = self._own_record_first(kind, value, [row[4] for row in members])
            groups = list(dict.fromkeys(self.root(record) for record in records))
            if weight >= CERTAIN:
                self._join_without_conflicts(groups)
            elif len(groups) > 1:
                if self._may_join(groups):
                    self._join(groups)
                else:
                    refused.append(link)
        return np.array(refused, dtype="int64")

    @staticmethod
    def _own_record_first(kind: str, value: str, records: list[str]) -> list[str]:
        """The records of a link: first the record whose id the identifier is, then those that only mention it."""
        own = {"contact_id": f"contact:{value}", "account_id": f"account:{value}"}.get(kind)
        return sorted(records, key=lambda record: (record != own, record))

    def _join_without_conflicts(self, groups: list[str]) -> None:
        """Join the groups of a certain link. Only a steward can split it: each group joins the first one that it has
        no conflict with."""
        joined: list[str] = []
        for group in groups:
            fit = next((j for j in joined if not self._have_conflict([j, group])), None)
            if fit is None:
                joined.append(group)
            else:
                self._join([fit, group])
                joined[joined.index(fit)] = self.root(fit)

    def _may_join(self, groups: list[str]) -> bool:
        """Whether no steward, no size and no evidence is against joining them.

        An identifier that two records with a name share is already part of the evidence between them.
        """
        members = [self.members.get(group, [group]) for group in groups]
        if sum(map(len, members)) > self.most_records or self._have_conflict(groups):
            return False
        total = 0.0
        for i, left in enumerate(members):
            others = {record for right in members[i + 1 :] for record in right}
            total += sum(
                bits
                for one in left
                for other, bits in self.bits.get(one, {}).items()
                if other in others
            )
        return total >= 0

    def _have_conflict(self, groups: list[str]) -> bool:
        """Whether a steward unlinked records of different groups."""
        group_of = {m: group for group in groups for m in self.members.get(group, [group])}
        return any(
            group_of.get(other, group) != group
            for m, group in group_of.items()
            for other in self.conflicts.get(m, ())
        )

    def _join(self, groups: list[str]) -> None:
        first = min(groups)
        members = [m for group in groups for m in self.members.pop(group, [group])]
        for group in groups:
            self.parent[group] = first
        self.members[first] = members
