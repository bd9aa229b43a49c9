"""Calls of single people, one moment after the other, through everything of the live path but HTTP and the disk."""

import itertools
import re
import shutil
from collections.abc import Mapping, Set
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from workspaces import DEMO_AS_OF

from audiencekit.live.adapted import for_adapters
from audiencekit.live.as_built import read_as_built
from audiencekit.live.calls import read_call
from audiencekit.live.changes import Change
from audiencekit.live.evaluator import Evaluator
from audiencekit.live.facts import VISITOR
from audiencekit.live.landing import Landing
from audiencekit.live.memberships import Memberships
from audiencekit.publish import live_state
from audiencekit.publish.live_cone import thresholds
from audiencekit.publish.live_state import LIVE_FILE, MATCHES
from audiencekit.workspace import Workspace


class _OfSome(Evaluator):
    """An evaluator for which the build has these customers and no others, so that a test evaluates nobody else."""

    def __init__(self, generation: Path, customers: Set[str]):
        super().__init__(generation)
        self._some = set(customers)

    def customers(self) -> set[str]:
        return self._some & super().customers()


class Timeline:
    """The memberships of some customers of a generation, which follow calls and time. `now` is UTC, and only goes forward.

    `changes` has every change so far, in order.
    """

    def __init__(self, generation: Path, start: datetime, customers: Set[str]):
        evaluator = _OfSome(generation, customers)
        self.members = Memberships(evaluator)
        # Others of the build are none of these customers, so they are gone.
        self.members.begin(read_as_built(generation), start)
        advance_to(self.members, start)
        self.now = start
        self.changes: list[Change] = []
        self._landing = Landing()
        self._numbers = itertools.count()

    def call(self, **call: Any) -> dict:
        """A call in Segment's format that happens now, with an id of its own, unless it says otherwise."""
        number = next(self._numbers)
        return {"timestamp": self.now.isoformat() + "Z", "messageId": f"call {number}"} | call

    def track(self, event: str, login: str | None = None, **call: Any) -> None:
        """One event that happens now and arrives now."""
        self.arrive(self.call(type="track", event=event, userId=login, **call))

    def identify(self, login: str, **traits: Any) -> None:
        self.arrive(self.call(type="identify", userId=login, traits=traits))

    def arrive(self, *calls: dict) -> None:
        """Calls that arrive together, now. What happened before now counts at once."""
        received = self.now.replace(tzinfo=UTC)
        rows = [for_adapters(read_call(call, received, "no id")) for call in calls]
        self.changes += self.members.take(self._landing.rows(rows), self.now)

    def wait(self, **by: float) -> None:
        """Let time go on. Only customers whom the clock of the memberships announces are evaluated."""
        self.now += timedelta(**by)
        self.changes += advance_to(self.members, self.now)

    def segments(self, key: str) -> set[str]:
        """The segments of a customer or visitor, as the memberships have them."""
        of = self.members.visitors if key.startswith(VISITOR) else self.members.of
        return set(of.get(key, {}))

    def actions(self, key: str, segment: str) -> list[tuple[str, str]]:
        """What happened to a customer's membership of a segment, and because of what."""
        return [
            (change.action, change.because)
            for change in self.changes
            if (change.customer_key, change.segment) == (key, segment)
        ]


def advance_to(members: Memberships, moment: datetime) -> list[Change]:
    """All changes that are due by a moment, also of those who were not evaluated with the build yet."""
    changes: list[Change] = []
    while (due := members.next_moment()) is not None and due <= moment:
        changes += members.advance(moment)
    return changes


def with_every_column(workspace: Workspace, folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """The published generation with all columns of all tables, as if every one of them were needed: for any rule."""
    patch.setattr(live_state, "needed_columns", lambda _, columns, __: columns)
    live_state.write_live_state(workspace, folder, DEMO_AS_OF)
    return folder


def with_rules(generation: Path, folder: Path, rules: Mapping[str, str]) -> Path:
    """A copy of a generation in which segments have other rules: by segment, what follows `where`.

    live.duckdb is what a build with these rules would write: the compiled rule, and the numbers that it compares with.
    """
    copy = folder / generation.resolve().name
    copy.mkdir(parents=True)
    for path in generation.glob("live.*"):
        shutil.copy(path, copy)
    with duckdb.connect(str(copy / LIVE_FILE)) as con:
        query = "select sql from cone.steps where name = ?"
        (sql,) = con.execute(query, [MATCHES]).fetchone() or ("",)
        for segment, rule in rules.items():
            sql, found = re.subn(
                rf"(__dbt__cte__seg_{segment} as \(.*?\nwhere\s).*?(\n\))",
                lambda match, rule=rule: f"{match[1]}{rule}{match[2]}",
                sql,
                count=1,
                flags=re.DOTALL,
            )
            assert found, f"no rule of {segment}"
            for name, values in thresholds([f"({rule})"]).items():
                rows = [[name, value] for value in sorted(values)]
                con.executemany("insert into cone.thresholds values (?, ?)", rows)
        con.execute("update cone.steps set sql = ? where name = ?", [sql, MATCHES])
    return copy
