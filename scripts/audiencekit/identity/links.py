"""The links that make two records one person, as a path from one record to the other."""

from collections import deque
from dataclasses import dataclass

import duckdb

MATCH = "their details match"


@dataclass(frozen=True)
class Step:
    """One link on the path from a record to the next: what links them and how strongly (bits)."""

    left: str
    right: str
    link: str
    bits: float


@dataclass(frozen=True)
class _Link:
    """One link and every record of the person that it connects."""

    id_type: str
    id_value: str
    bits: float
    records: list[str]

    @property
    def text(self) -> str:
        """What the link is, in words."""
        if self.id_type == "match":
            return MATCH
        if self.id_type == "decision":
            return f"a steward linked them, {self.id_value}"
        if self.id_type == "merge":
            return f"their source merged {self.id_value}"
        return f"both contain {self.id_type} {self.id_value}"


def find_path(con: duckdb.DuckDBPyConnection, left: str, right: str) -> list[Step]:
    """The fewest links from one record to another of the same person. Stronger links are preferred.

    Empty if the records are the same, or belong to two people.
    """
    people = dict(
        con.execute(
            "select record_id, person_id from identity.int_person_records where record_id in ($1, $2)",
            [left, right],
        ).fetchall()
    )
    if left == right or people.get(left) is None or people.get(left) != people.get(right):
        return []
    links = con.execute(
        "select links.id_type, links.id_value, links.link_weight, list(links.record_id order by links.record_id) "
        "from identity.int_record_links as links join identity.int_person_records using (record_id) "
        "where person_id = $1 group by all having count(*) > 1 order by links.link_weight desc, links.id_type, links.id_value",
        [people[left]],
    ).fetchall()
    return _shortest_path([_Link(*link) for link in links], left, right)


def _shortest_path(links: list[_Link], left: str, right: str) -> list[Step]:
    """A breadth-first search over `links`, which are sorted by strength."""
    by_record: dict[str, list[_Link]] = {}
    for link in links:
        for record in link.records:
            by_record.setdefault(record, []).append(link)
    reached_by: dict[str, Step | None] = {left: None}
    queue = deque([left])
    while queue and right not in reached_by:
        record = queue.popleft()
        for link in by_record.get(record, []):
            for other in link.records:
                if other not in reached_by:
                    reached_by[other] = Step(record, other, link.text, link.bits)
                    queue.append(other)
    path: list[Step] = []
    step = reached_by.get(right)
    while step:
        path.insert(0, step)
        step = reached_by[step.left]
    return path
