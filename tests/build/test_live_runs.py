"""The service while real runs publish in the middle of a day: rules are others, people are split, merged and erased.

Two runs of the small demo, in a copy of the project: one with two rules edited, one added, one removed and a person
split by a steward; one with two people merged and one erased. What the runs read is what the service wrote.
"""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from generations import logins_of
from live_service import Client, SetClock, running
from workspaces import CHANNELS, DEMO_AS_OF, Published, Runner, rewrite

import audiencekit.run.dbt

FIRST = DEMO_AS_OF + timedelta(days=1, hours=14, minutes=30)
SECOND = DEMO_AS_OF + timedelta(days=2, hours=11)
# What a dbt project consists of.
PARTS = ("macros", "models", "seeds", "tests/generic", "tests/singular", "analyses")
PARTS += ("dbt_project.yml", "profiles.yml")
RULES = Path("models/segments/rules")
ADDED, REMOVED = "browsers_without_newsletter", "infrequent_buyers"
# Rules that are edited: what they ask for before and after. One loses members, the other gets some.
HIGH_INTENT = ("product_views_10m > 3", "product_views_10m > 300")
PAGE_VISITORS = ("product_views_7d > 3", "product_views_7d > 1")
NEW_RULE = """-- Viewed a product just now, and does not get the newsletter.
select customer_key
from {{ ref('customer_360') }}
where
    product_views_10m >= 1
    and customer_key not in (select customer_key from {{ ref('seg_newsletter_subscribers') }})
"""
# Two contacts that only a decision of a steward links. One of them has a login.
LINKED = ("K000067", "K000130")


@dataclass(frozen=True)
class Built:
    """What a run says: its name, its customers, who matches what, why who is left out where, and contacts by customer."""

    build_id: str
    customers: set[str]
    matches: set[tuple[str, str]]
    left_out: dict[tuple[str, str, str], str | None]
    contacts: dict[str, str]


@dataclass(frozen=True)
class Step:
    """What the service knew before a run, and afterwards, both as of the moment of the run.

    `logins` has who is found by login afterwards, `missing` how a lookup of each key is answered that is gone.
    """

    built: Built
    before: dict[str, dict]
    after: dict[str, dict]
    changes: list[dict]
    logins: dict[str, str | None]
    missing: dict[str, int]


@dataclass
class Story:
    """The two runs, and the customers by login before them."""

    owners: dict[str, str]
    split: str
    merged: tuple[str, str]
    erased: str
    first: Step
    second: Step


@pytest.fixture(scope="module")
def story(runner, published, demo, project, tmp_path_factory) -> Story:
    folder = tmp_path_factory.mktemp("runs")
    landing = folder / "landing"
    shutil.copytree(demo / "landing", landing)
    home = runner.copy_of(published, "live_runs")
    owners = dict(logins_of(home.workspace.current))
    split = account_of(demo / "landing", LINKED[0])
    # Each has one login, so that what happens to it happens to the customer.
    single = [u for u in owners if Counter(owners.values())[owners[u]] == 1 and "@" not in u]
    one, other, erased = [login for login in single if login != split][:3]
    clock = SetClock(DEMO_AS_OF)
    with (
        running(home.workspace, landing / "live", clock) as client,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(audiencekit.run.dbt, "PROJECT_IN_USE", edited_project(project, folder / "p"))
        decide(landing, "unlink", ("contact_id", LINKED[0]), ("contact_id", LINKED[1]), FIRST)
        first = step(runner, client, landing, FIRST, [split, one, other, erased])
        decide(landing, "link", ("account_id", one), ("account_id", other), SECOND)
        ask_for_erasure(landing, erased, SECOND)
        second = step(runner, client, landing, SECOND, [split, one, other, erased])
    return Story(owners, split, (one, other), erased, first, second)


def account_of(landing: Path, contact: str) -> str:
    query = f"select account_id from '{landing}/contacts.2017-12-01.parquet' where contact_id = ?"
    return duckdb.execute(query, [contact]).fetchall()[0][0]


def edited_project(project: Path, folder: Path) -> Path:
    """A copy of the dbt project in which two rules are edited, one is added and one is removed."""
    for name in PARTS:
        source, target = project / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    rules = folder / RULES
    for name, (old, new) in {
        "high_intent": HIGH_INTENT,
        "product_page_visitors": PAGE_VISITORS,
    }.items():
        edit(rules / f"seg_{name}.sql", old, new)
    (rules / f"seg_{ADDED}.sql").write_text(NEW_RULE)
    yaml = (rules / "seg_high_intent.yml").read_text().split("unit_tests:")[0]
    (rules / f"seg_{ADDED}.yml").write_text(
        re.sub("priority: .*", "priority: 57", yaml.replace("high_intent", ADDED))
    )
    for suffix in ("sql", "yml"):
        (rules / f"seg_{REMOVED}.{suffix}").unlink()
    edit(folder / "models/segments/segment_matches.sql", f"'{REMOVED}'", f"'{ADDED}'")
    messages = folder / "seeds" / "messages.csv"
    kept = [line for line in messages.read_text().splitlines() if REMOVED not in line]
    messages.write_text("\n".join(kept) + "\n")
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def decide(landing: Path, decision: str, one: tuple, other: tuple, before: datetime) -> None:
    """A steward decides about two identifiers, a few hours before a run."""
    rewrite(
        landing / "identity_decisions.parquet",
        f"select * from t union all by name select '{decision}' as decision, "
        f"'{one[0]}' as left_id_type, '{one[1]}' as left_id_value, "
        f"'{other[0]}' as right_id_type, '{other[1]}' as right_id_value, "
        f"timestamp '{before}' - interval 3 hour as decided_at, 'data office' as decided_by",
    )


def ask_for_erasure(landing: Path, login: str, before: datetime) -> None:
    rewrite(
        landing / "erasure_requests.parquet",
        "select * from t union all by name select 'of these tests' as request_id, "
        f"'account_id' as id_type, '{login}' as id_value, "
        f"timestamp '{before}' - interval 2 hour as requested_at",
    )


def step(runner: Runner, client: Client, landing: Path, as_of: datetime, logins: list[str]) -> Step:
    """People are on the website until shortly before a run, which the service follows; time does not go on meanwhile."""
    clock, engine = client.clock, client.service.engine
    clock.now = as_of.replace(tzinfo=clock.now.tzinfo) - timedelta(minutes=5)
    for login in logins:
        for number in range(5):
            client.track(
                "Product Added" if number == 4 else "Product Viewed",
                userId=login,
                anonymousId=f"device of {login}",
                messageId=f"{as_of} {login} {number}",
                properties={"product_id": f"P{number}"},
                timestamp=(clock.now + timedelta(seconds=number)).isoformat(),
            )
    clock.now = as_of.replace(tzinfo=clock.now.tzinfo)
    # After a minute the log lets a run read what was sent.
    client.wait(lambda: readable_calls(landing) == client.service.collector.counts["taken"])
    client.wait_until_evaluated()
    before = {key: dict(segments) for key, segments in engine.loaded.members.of.items()}
    last = engine.journal.last_seq
    built = what_it_says(runner("live_runs", landing, as_of, accept=CHANNELS, checks=False))
    client.wait(lambda: client.get("/readyz").json()["build_id"] == built.build_id)
    client.wait_until_evaluated()
    found = {login: customer_of(client, login) for login in logins}
    after = {key: dict(segments) for key, segments in engine.loaded.members.of.items()}
    gone = before.keys() - after.keys()
    missing = {key: client.get(f"/v1/people/{key}").status_code for key in gone}
    return Step(built, before, after, client.changes(last), found, missing)


def what_it_says(run: Published) -> Built:
    matches = run.warehouse("select customer_key, segment_code from segments.segment_matches")
    candidates = run.warehouse(
        "select customer_key, segment_code, channel, left_out_because from activation.int_action_candidates"
    )
    contacts = run.warehouse(
        "select id_value, customer_key from identity.int_identifiers where id_type = 'contact_id'"
    )
    customers = run.warehouse("select customer_key from profiles.dim_customers")
    return Built(
        run.workspace.current.resolve().name,
        set(customers["customer_key"]),
        set(matches.itertuples(index=False, name=None)),
        {
            row[:3]: row[3] if isinstance(row[3], str) else None
            for row in candidates.itertuples(index=False, name=None)
        },
        dict(contacts.itertuples(index=False, name=None)),
    )


def readable_calls(landing: Path) -> int:
    """How many calls a run can read: those of the last minute are in a file that it skips."""
    files = (landing / "live").glob("tracks.*.jsonl")
    return sum(len(path.read_text().splitlines()) for path in files)


def customer_of(client: Client, login: str) -> str | None:
    answer = client.get(f"/v1/people/{login}", params={"by": "user_id"})
    return answer.json()["customer_key"] if answer.status_code == 200 else None


def rows_of(members: dict[str, dict]) -> set[tuple[str, str]]:
    return {(key, segment) for key, segments in members.items() for segment in segments}


@pytest.fixture(params=["first", "second"])
def each(request, story) -> Iterator[Step]:
    return getattr(story, request.param)


def test_members_and_their_permissions_are_those_of_the_run(each):
    assert rows_of(each.after) == each.built.matches
    assert {
        (key, segment, channel): why
        for key, segments in each.after.items()
        for segment, reasons in segments.items()
        for channel, why in reasons
    } == each.built.left_out


def test_each_change_of_a_run_is_announced_once_and_because_of_the_build(each):
    announced = Counter(
        (c["action"], c["customer_key"], c["segment_code"])
        for c in each.changes
        if c["action"] != "permission"
    )
    before, after = rows_of(each.before), rows_of(each.after)
    expected = {("left", *row) for row in before - after}
    expected |= {("entered", *row) for row in after - before}
    assert announced == Counter(expected) and expected
    assert {(c["because"], c["build_id"]) for c in each.changes} == {("build", each.built.build_id)}


def test_nobody_is_left_on_a_key_that_is_gone(each):
    assert each.after.keys() == each.built.customers
    assert set(each.missing.values()) <= {404}


def test_an_edited_rule_loses_and_gets_members(story):
    first = story.first
    looked_around = {story.owners[login] for login in (*story.merged, story.erased)}
    assert {(key, "high_intent") for key in looked_around} <= rows_of(first.before)
    changed = {(c["action"], c["customer_key"], c["segment_code"]) for c in first.changes}
    assert {("left", key, "high_intent") for key in looked_around} <= changed
    assert not any(segment == "high_intent" for _, segment in rows_of(first.after))
    assert [c for c in changed if c[0] == "entered" and c[2] == "product_page_visitors"]


def test_a_removed_segment_is_left_by_all_and_an_added_one_knows_what_was_before(story):
    first = story.first
    members = {key for key, segment in rows_of(first.before) if segment == REMOVED}
    left = {c["customer_key"] for c in first.changes if c["segment_code"] == REMOVED}
    assert members and left == members
    assert REMOVED not in {segment for _, segment in rows_of(first.after)}
    # Viewed products before the rule was there; the rule reads another one, and negates it.
    looked_around = {story.first.logins[login] for login in (*story.merged, story.erased)}
    subscribers = {key for key, s in rows_of(first.after) if s == "newsletter_subscribers"}
    entered = {c["customer_key"] for c in first.changes if c["segment_code"] == ADDED}
    assert looked_around - subscribers <= entered and not entered & subscribers
    assert looked_around & subscribers and looked_around - subscribers, "one of each kind"


def test_a_split_makes_two_customers_of_one(story):
    first = story.first
    new = first.after.keys() - first.before.keys()
    one, other = (first.built.contacts[contact] for contact in LINKED)
    assert one != other and new & {one, other}
    assert first.logins[story.split] == one
    # What was done with the login is one customer's, and not the other's.
    assert "abandoned_cart" not in first.after[other]
    assert "product_page_visitors" in first.after[one]
    assert "product_page_visitors" not in first.after[other]


def test_a_merge_makes_one_customer_of_two(story):
    second = story.second
    keys = {story.first.logins[login] for login in story.merged}
    (key,) = {second.logins[login] for login in story.merged}
    assert len(keys) == 2 and key in keys
    (gone,) = keys - {key}
    assert gone in second.missing
    left = [c["segment_code"] for c in second.changes if c["customer_key"] == gone]
    assert sorted(left) == sorted(second.before[gone])


def test_an_erased_person_is_gone_from_members_and_lookups(story):
    second, key = story.second, story.first.logins[story.erased]
    assert key in second.before and key in second.missing
    assert second.logins[story.erased] is None
    actions = {c["action"] for c in second.changes if c["customer_key"] == key}
    assert actions == {"left"}
