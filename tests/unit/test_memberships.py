"""Memberships where the evaluator fails or ends."""

from collections.abc import Set
from datetime import datetime, timedelta

import pytest

from audiencekit.live import memberships
from audiencekit.live.as_built import AsBuilt
from audiencekit.live.evaluator import Outcome
from audiencekit.live.failures import EvaluatorEnded
from audiencekit.live.memberships import Memberships

NOW = datetime(2026, 1, 1)


class OfThree:
    """An evaluator of customers a, b and c, who are in a segment. It raises `problem` when b is evaluated."""

    def __init__(self, problem: Exception):
        self.problem, self.visitors, self.has_ended = problem, {}, False

    def customers(self) -> Set[str]:
        return dict.fromkeys("abc").keys()

    def drop_visitors(self, keys: Set[str]) -> None:
        """There are none."""

    def outcome(self, customers: Set[str], moment: datetime) -> Outcome:
        if "b" in customers:
            raise self.problem
        later = dict.fromkeys(customers, moment + timedelta(hours=1))
        return Outcome({key: {"s": ()} for key in customers}, {}, {}, later)


def after(problem: Exception) -> tuple[Memberships, list[str]]:
    members = Memberships(OfThree(problem))
    members.begin(AsBuilt({}, {}), NOW)
    return members, [change.customer_key for change in members.advance(NOW)]


@pytest.mark.parametrize("together", [1, 2, 3])
def test_where_the_evaluator_ends_the_changes_until_then_stay_and_nobody_else_is_evaluated(
    together, monkeypatch
):
    monkeypatch.setattr(memberships, "TOGETHER", together)
    members, changed = after(EvaluatorEnded())
    assert members.has_ended
    # What members are and what was announced is the same.
    assert changed == [key for key in "abc" if members.of[key]] == (["a"] if together == 1 else [])
    assert "c" in members.waiting


@pytest.mark.parametrize("together", [1, 2, 3])
def test_who_cannot_be_evaluated_keeps_nobody_else_from_it(together, monkeypatch):
    monkeypatch.setattr(memberships, "TOGETHER", together)
    members, changed = after(ValueError())
    assert changed == ["a", "c"] and not members.has_ended and members.failed == 1
    assert not members.waiting and members.due["b"] == NOW + timedelta(minutes=1)
