"""Live equals batch: at random moments of the month after a build, live says of everybody what a build of that moment says.

The build is the published one. What came in the month after it is in tests/support/live_month.py: web events and what
logins refuse. The build of the moment is given the same and nothing else: orders, e-mails and new customers wait for a
build on both sides.
"""

import os
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from live_month import (
    DAYS,
    FEATURES,
    arrivals,
    assert_others_are_those_of_the_build,
    assert_same_features,
    before_the_draw,
    decisions_of,
    events_of,
    of_live,
    of_live_segments,
    own_reasons,
    refusals_of,
    same_nights,
    write_month,
)
from live_timeline import advance_to
from workspaces import DEMO_AS_OF, Published

from audiencekit.live.as_built import read_as_built
from audiencekit.live.evaluator import Evaluation, Evaluator
from audiencekit.live.facts import VISITOR
from audiencekit.live.landing import Arrived
from audiencekit.live.memberships import Memberships
from audiencekit.live.quiet_hours import QUIET

HOUR = timedelta(hours=1)
# AUDIENCEKIT_MOMENTS=40 for the long run. The first ones are always the same.
_CHANCE = np.random.default_rng(20180101)
MOMENTS = [
    DEMO_AS_OF + timedelta(days=1, microseconds=int(_CHANCE.integers((DAYS - 1) * 86_400_000_000)))
    for _ in range(int(os.environ.get("AUDIENCEKIT_MOMENTS", "1")))
]


@pytest.fixture(scope="module")
def month(demo, published, tmp_path_factory) -> Path:
    return write_month(demo / "landing", tmp_path_factory.mktemp("month") / "landing", published)


@pytest.fixture(scope="module")
def built_at(runner, published, month):
    """A build as of a moment after the published one, with what came until then."""

    def build(moment: datetime) -> Published:
        name = f"month_{moment:%d_%H%M%S}"
        runner.copy_of(published, name)
        return runner.build(name, month, "+int_action_candidates", as_of=moment)

    return build


def followed(published: Published, month: Path, moment: datetime) -> tuple[Memberships, set, set]:
    """The memberships at a moment, whom events were about, and who stated something.

    They start some hours before, with all that came until then, hour by hour, and follow events and time from there.
    """
    rng = np.random.default_rng(moment.microsecond)
    start = moment - timedelta(hours=rng.uniform(3, 12))
    hours = [DEMO_AS_OF + timedelta(hours=n) for n in range((start - DEMO_AS_OF) // HOUR + 1)]
    steps = [start + part * (moment - start) / 5 for part in range(5)] + [moment]
    evaluator = Evaluator(published.workspace.current)
    parts = arrivals(events_of(month), hours + steps, rng)
    first, others = parts[: len(hours) + 1], parts[len(hours) + 1 :]
    concerned = set().union(*(of for each in first for of in evaluator.take(each).values()))
    accounts = refusals_of(month)
    stated = evaluator.take_accounts(_between(accounts, DEMO_AS_OF, start))
    assert len(evaluator.take_consent(decisions_of(month))) > 20
    members = Memberships(evaluator)
    members.begin(read_as_built(published.workspace.current), start)
    advance_to(members, start)
    for (since, until), events in zip(pairwise(steps), others, strict=True):
        members.take(Arrived(events, _between(accounts, since, until)), until)
        advance_to(members, until)
    advance_to(members, moment)
    return members, concerned, stated


def _between(accounts: pa.Table, since: datetime, until: datetime) -> pa.Table:
    at = accounts.column("updated_at")
    return accounts.filter(
        pc.and_(pc.greater_equal(at, pa.scalar(since)), pc.less(at, pa.scalar(until)))
    )


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_live_is_what_a_build_of_the_moment_says(moment, published, built_at, month):
    members, concerned, stated = followed(published, month, moment)
    evaluator = members.evaluator
    assert concerned and stated
    built = built_at(moment)
    everybody = set(members.of)
    in_build = set(built.warehouse("select customer_key from segments.customer_360").customer_key)
    # The login that nobody knew is a customer then.
    assert everybody < in_build and len(in_build - everybody) == 1
    matches, candidates = of_live_segments(built, evaluator)
    matches = {row for row in matches if row[-1] in everybody}
    candidates = {row: why for row, why in candidates.items() if row[-1] in everybody}
    candidates = before_the_draw(published, candidates)
    live = evaluator.evaluate(everybody, moment)
    for features in FEATURES:
        assert_same_features(evaluator, built, features, moment)
    assert_same(of_live(evaluator, live), (matches, own_reasons(candidates)))
    assert same_nights(live.candidates, candidates)
    # In the first moment it is night.
    assert moment != MOMENTS[0] or QUIET in live.candidates.values()
    assert same_nights(as_evaluation(members).candidates, candidates)
    assert_same(of_live(evaluator, as_evaluation(members)), (matches, own_reasons(candidates)))
    withdrawn = {row[2] for row, why in live.candidates.items() if why == "consent_withdrawn"}
    assert withdrawn & stated, "no refusal mattered"
    assert "topic_refused" in live.candidates.values()
    # No message is sent in this month, so caps end with its second week.
    assert moment != MOMENTS[0] or "cap" in live.candidates.values()
    assert_others_are_those_of_the_build(evaluator, live, published, everybody)
    # A build knows no visitors.
    assert any(key.startswith(VISITOR) for key in concerned)
    some = {key for key in sorted(concerned)[::3] if not key.startswith(VISITOR)}
    live_matches, live_reasons = of_live(evaluator, evaluator.evaluate(some, moment))
    assert live_matches == {row for row in matches if row[-1] in some}
    assert live_reasons == {
        row: why for row, why in own_reasons(candidates).items() if row[-1] in some
    }
    before, _ = of_live_segments(published, evaluator)
    assert matches - before and before - matches, "nothing happened since the build"


def assert_same(live: tuple[set, dict], built: tuple[set, dict]) -> None:
    """Matches and reasons; what differs is shown alone."""
    (matches, reasons), (expected, why) = live, built
    assert matches == expected
    assert not dict(reasons.items() ^ why.items()), "differs in live or the build"


def as_evaluation(members: Memberships) -> Evaluation:
    """What memberships hold, as an evaluation has it."""
    rows = [
        (segment, key, reasons)
        for key, segments in members.of.items()
        for segment, reasons in segments.items()
    ]
    return Evaluation(
        {(segment, key) for segment, key, _ in rows},
        {
            (channel, segment, key): why
            for segment, key, reasons in rows
            for channel, why in reasons
        },
    )
