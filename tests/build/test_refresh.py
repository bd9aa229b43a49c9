"""A refresh equals a build: extracts between two builds lead to the segments and permissions of a build of that moment."""

import json
import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from command_line import audiencekit
from extracts import write_extracts
from generations import logins_of
from live_month import of_live_segments, own_reasons
from live_service import SECRET, SetClock, running
from receiver import Receiver
from workspaces import DEMO_AS_OF, Published

from audiencekit.errors import UserError
from audiencekit.live.concerned import follow_links
from audiencekit.live.evaluator import Evaluator, Outcome
from audiencekit.live.extracts import Options, RefreshWorkspace, take_in
from audiencekit.live.journal import Journal
from audiencekit.live.quiet_hours import QUIET
from audiencekit.live.refresh import (
    Surroundings,
    find_facts,
    open_warehouse,
    refresh,
)
from audiencekit.live.refresh_report import Report, lines_of
from audiencekit.live.refreshed import read_refreshed
from audiencekit.live.worker import Worker
from audiencekit.publish.generations import published_manifest
from audiencekit.publish.refresh_cone import kept_cone
from audiencekit.workspace import REFRESH, Workspace

SOON, LATER = (DEMO_AS_OF + timedelta(hours=hours) for hours in (10, 36))
Members = dict[str, dict[str, tuple]]


def refreshed(landing: Path, workspace: Workspace, as_of: datetime) -> Report:
    # The files that it says are those of intake.
    return refresh(landing, workspace, Options(as_of), Surroundings(lambda _: None, time.sleep))


def announced(workspace: Workspace) -> Members:
    """The segments of each customer, as others know them."""
    journal = Journal(workspace.home / "live")
    try:
        return journal.announced() or {}
    finally:
        journal.close()


def changes_of(workspace: Workspace) -> list[dict]:
    journal = Journal(workspace.home / "live")
    try:
        return journal.read(0, 1_000_000)
    finally:
        journal.close()


@pytest.fixture(scope="module")
def landing(demo, tmp_path_factory) -> Path:
    """The demo's landing with an extract of every table that comes later (simulated)."""
    folder = tmp_path_factory.mktemp("later") / "landing"
    write_extracts(demo / "landing", folder)
    return folder


@pytest.fixture(scope="module")
def built(runner, published, landing) -> Published:
    """A build as of the later moment, with the extracts."""
    runner.copy_of(published, "built_later")
    return runner.build("built_later", landing, "+int_action_candidates", as_of=LATER)


@pytest.fixture
def home(runner, published, request) -> Iterator[Workspace]:
    """A copy of the published home, to be written into."""
    copy = runner.copy_of(published, f"refresh_{abs(hash(request.node.name))}")
    yield copy.workspace
    shutil.rmtree(copy.workspace.home)


def test_two_refreshes_in_a_row_end_where_a_build_of_the_moment_does(
    home, demo, landing, built, tmp_path
):
    hourly = tmp_path / "landing"
    write_extracts(demo / "landing", hourly, "orders", "order_lines", "accounts", "email_events")
    first = refreshed(hourly, home, SOON)
    assert first.rows["orders"] and "consent_events" not in first.rows
    write_extracts(demo / "landing", hourly)
    second = refreshed(hourly, home, LATER)
    assert second.rows["consent_events"] and second.changes
    assert {segment for segment, _ in first.changes | second.changes} - second.daily.keys()
    assert_equal_to_a_build(home, built)
    again = refreshed(hourly, home, LATER)
    assert not again.changes and again.touched == second.touched and again.due == 0
    # What the first one announced, and what all of them did, is in the journal once.
    assert len(changes_of(home)) == (first.changes + second.changes).total()
    assert "extract" in {change["because"] for change in changes_of(home)} <= {"extract", "time"}


def assert_equal_to_a_build(home: Workspace, built: Published) -> None:
    """Live segments of every customer, and by channel why they are left out, are those of a build, to the row."""
    evaluator = Evaluator(home.current)
    known, members = evaluator.customers(), announced(home)
    assert members.keys() == known
    matches, candidates = of_live_segments(built, evaluator)
    live = {
        (segment, key): reasons
        for key, segments in members.items()
        for segment, reasons in segments.items()
        if segment in evaluator.segments
    }
    assert live.keys() == {row for row in matches if row[1] in known}
    reasons = {(c, s, k): why for (s, k), channels in live.items() for c, why in channels}
    assert own_reasons(reasons) == own_reasons(
        {row: why for row, why in candidates.items() if row[2] in known}
    )


def by_day(candidates: dict) -> dict:
    """Why members are left out, but for the night: that it begins is not announced."""
    return {row: None if why == QUIET else why for row, why in candidates.items()}


def test_time_alone_makes_customers_due_and_nobody_else_is_evaluated(home, demo):
    members: Members = {}
    for hours in (5, 26, 70):
        moment = DEMO_AS_OF + timedelta(hours=hours)
        before, report = members, refreshed(demo / "landing", home, moment)
        members = announced(home)
        assert report.evaluated == report.touched + report.due
        evaluator = Evaluator(home.current)
        found = read_refreshed(home.home / "live", report.build_id)
        assert found
        # What the build held back until its time came.
        found.put_into(evaluator)
        evaluation = evaluator.evaluate(evaluator.customers(), moment)
        assert {(s, k) for k, segments in members.items() for s in segments} == evaluation.matches
        assert by_day(
            {
                (c, s, k): why
                for k, segments in members.items()
                for s, reasons in segments.items()
                for c, why in reasons
            }
        ) == by_day(evaluation.candidates)
    assert before != members and report.due > report.touched
    assert "time" in {change["because"] for change in changes_of(home)}
    few = refreshed(demo / "landing", home, moment + timedelta(seconds=1))
    assert few.evaluated < few.customers / 2


def here(relation: str) -> str:
    """A table of a refresh, in place of that of the build."""
    return relation.replace('"warehouse"', "refreshed")


def test_marked_models_have_the_rows_of_a_build_for_the_customers_of_a_refresh(
    home, landing, built
):
    workspace = RefreshWorkspace(home.home)
    published = published_manifest(home)
    cone = kept_cone(home, published.build_id)
    (home.home / "live").mkdir()
    take_in(landing, workspace, published, Options(LATER), lambda _: None)
    con = open_warehouse(workspace)
    find_facts(con, workspace, cone, Report(LATER, published.build_id))
    other = duckdb.connect()
    # Under the name that its views have.
    other.execute(f"attach '{built.workspace.warehouse}' as warehouse (read_only)")
    other.register("customers", con.execute("from concerned.customers").to_arrow_table())
    other.execute(
        "create view records as select record_id from warehouse.identity.int_record_customers "
        "semi join customers using (customer_key)"
    )
    compared = 0
    for step in cone.steps:
        rows = con.execute(f"from {here(step.relation)}").to_arrow_table()
        other.register("refreshed", rows)
        # The numbers of groups are those of one build.
        names = [name for name in rows.column_names if name not in ("build_id", "linked_group")]
        about = ""
        if "customer_key" in names:
            about = "semi join customers using (customer_key)"
        elif "record_id" in names:
            about = "semi join records using (record_id)"
        mine, theirs = (
            f"select {', '.join(names)} from {table} {about}"
            for table in ("refreshed", step.relation)
        )
        extra = other.execute(f"({mine}) except all ({theirs})").fetchall()
        missing = other.execute(f"({theirs}) except all ({mine})").fetchall() if about else []
        assert (extra, missing) == ([], []), step.name
        compared += rows.num_rows
    assert compared > 10_000
    con.close()


def test_a_row_that_an_export_no_longer_has_is_gone_for_its_customer(home, demo, tmp_path):
    folder = tmp_path / "landing"
    write_extracts(demo / "landing", folder, "accounts")
    (folder / "accounts.later.parquet").unlink()
    path = folder / "service_contacts.parquet"
    path.unlink()
    duckdb.execute(f"""
        copy (from '{demo}/landing/service_contacts.parquet' order by service_contact_id offset 1)
        to '{path}' (format parquet)
    """)
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        rows = "from profiles.fct_service_contacts where customer_key in"
        ((gone, key),) = con.execute(
            "select service_contact_id, customer_key from profiles.fct_service_contacts order by 1 limit 1"
        ).fetchall()
        before = con.execute(f"select count(*) {rows} (?)", [key]).fetchall()[0][0]
    report = refreshed(folder, home, SOON)
    found = read_refreshed(home.home / "live", report.build_id)
    assert found and key in found.customers
    left = found.facts["fct_service_contacts"].to_pylist()
    assert [row["service_contact_id"] for row in left if row["customer_key"] == key].count(
        gone
    ) == 0
    assert len([row for row in left if row["customer_key"] == key]) == before - 1


def test_orders_are_followed_along_their_returns_in_both_directions():
    con = duckdb.connect()
    con.execute("create schema incoming; create schema concerned")
    con.execute("""
        create view incoming.every_order as
        from (values
            ('order', null), ('return', 'order'), ('taken back', 'return'), ('its return', 'taken back'),
            ('other order', null), ('other return', 'other order')
        ) as t (order_id, original_order_id)
    """)
    for start in ("order", "its return", "return"):
        con.execute(f"create or replace table concerned.orders as select '{start}' as order_id")
        follow_links(con)
        found = {name for (name,) in con.execute("from concerned.orders").fetchall()}
        assert found == {"order", "return", "taken back", "its return"}


def test_what_no_refresh_can_know_is_counted_and_left_to_the_build(home, demo, tmp_path):
    folder = tmp_path / "landing"
    write_extracts(demo / "landing", folder, "orders", "email_events", "consent_events")
    (folder / "products.later.csv").write_text("product_id,product_name\nnew,New\n")
    (folder / "exchange_rates.csv").write_text("currency,valid_from,rate\nEUR,2017-01-01,1.1\n")
    (folder / "orders.bad.csv").write_text(
        "order_id,ordered_at,total\n"
        + "".join(f"b{n},2018-01-01 05:00:00,1\n" for n in range(3))
        + "b9,not a time,1\n"
    )
    report = refreshed(folder, home, LATER)
    assert report.of_nobody["email_events"] == report.of_nobody["consent_events"] == 1
    # Two strangers, and three orders without any identifier.
    assert report.of_nobody["orders"] >= 5 and report.new_people == 2
    assert report.shared == {"products": 1} and report.not_in_build == {"exchange_rates": 1}
    assert [(t, n) for (t, why), n in report.quarantined.items() if "ordered_at" in why] == [
        ("orders", 1)
    ]
    assert "rfm_champions" in report.daily
    printed = "\n".join(lines_of(report))
    for words in (
        "in quarantine: 1 rows of orders: ordered_at",
        "1 rows of exchange_rates, a table that the build did not have",
        "rows that hold for everybody: products 1",
        "belong to no customer: orders",
        "2 identifiers of new customers",
        "segments that only a build can evaluate",
        "open_service_contact" if "service_contacts" in report.rows else "recent_buyers",
    ):
        assert words in printed


def test_a_refusal_that_cannot_be_read_stops_it_and_nothing_changes(home, demo, tmp_path):
    folder = tmp_path / "landing"
    write_extracts(demo / "landing", folder, "orders")
    (folder / "consent_events.later.csv").write_text(
        "consent_event_id,id_type,id_value,purpose,status,decided_at\n"
        "c1,email,a@b.example,email_marketing,withdrawn,some day\n"
    )
    with pytest.raises(UserError, match="consent_events"):
        refreshed(folder, home, SOON)
    assert announced(home) == {} and not (home.home / "live" / "refreshed.json").exists()
    (folder / "consent_events.later.csv").unlink()
    assert refreshed(folder, home, SOON).changes


def test_who_asks_for_erasure_is_in_no_segment_any_more(home, demo, tmp_path):
    folder = tmp_path / "landing"
    write_extracts(demo / "landing", folder, "accounts")
    refreshed(folder, home, SOON)
    members = announced(home)
    login, key = next((login, key) for login, key in logins_of(home.current) if members[key])
    (folder / "erasure_requests.later.csv").write_text(
        f"request_id,id_type,id_value,requested_at\nr1,account_id,{login},2018-01-01 11:00:00\n"
        "r2,email,nobody@example.net,2018-01-01 11:00:00\n"
    )
    report = refreshed(folder, home, SOON + timedelta(hours=2))
    assert report.erased == 1 and report.of_nobody["erasure_requests"] == 1
    assert announced(home)[key] == {}
    left = [c for c in changes_of(home) if c["customer_key"] == key][-len(members[key]) :]
    assert {c["action"] for c in left} == {"left"}
    # Nothing of theirs is kept with the facts of others.
    facts = home.home.glob("live/refreshed.*/facts.*.parquet")
    for path in facts:
        assert not duckdb.execute(f"from '{path}' where customer_key = '{key}'").fetchall(), path


def test_a_new_campaign_is_known_to_everybody(home, demo, tmp_path):
    folder = tmp_path / "landing"
    write_extracts(demo / "landing", folder)
    shutil.copy(folder / "campaign_touches.later.parquet", folder / "campaign_touches.more.parquet")
    duckdb.execute(f"""
        copy (
            select * replace (
                'more ' || touch_id as touch_id, 'a new campaign' as campaign_id,
                timestamp '2017-12-20' as campaign_starts_on, timestamp '2018-02-01' as campaign_ends_on
            )
            from '{demo}/landing/campaign_touches.parquet' limit 1
        ) to '{folder}/campaign_touches.more.parquet' (format parquet)
    """)
    report = refreshed(folder, home, LATER)
    assert report.evaluated == report.customers == report.touched
    evaluator = Evaluator(home.current)
    found = read_refreshed(home.home / "live", report.build_id)
    assert found and "a new campaign" in found.shared["dim_campaigns"]["campaign_id"].to_pylist()
    found.put_into(evaluator)
    campaigns = "select campaign_id from warehouse.profiles.dim_campaigns"
    known = {row[0] for row in evaluator.con.execute(campaigns).fetchall()}
    assert "a new campaign" in known and len(known) > 20


def test_the_running_service_takes_the_extracts_in_and_a_restart_knows_them(
    home, landing, built, tmp_path
):
    clock, log = SetClock(LATER), tmp_path / "log"
    with running(home, log, clock) as client:
        before = client.changes()
        report = refreshed(landing, home, LATER)
        assert report.is_handed_over and report.touched > 100
        since = client.changes(before[-1]["change_seq"] if before else 0)
        assert {c["because"] for c in since} == {"extract"}
        assert len(since) == report.changes.total() > 50
        again = refreshed(landing, home, LATER)
        assert again.is_handed_over and not again.changes
        last = client.service.engine.journal.last_seq
    assert_equal_to_a_build(home, built)
    # A refresh without the service goes on from there, and so does a service that starts again.
    assert not refreshed(landing, home, LATER).changes
    with running(home, log, clock) as client:
        client.wait_until_evaluated()
        assert client.changes(last) == []
    assert_equal_to_a_build(home, built)


def test_what_the_service_cannot_evaluate_is_reported_and_holds_nothing_up(
    home, landing, tmp_path, monkeypatch
):
    from audiencekit.live.memberships import Memberships

    def broken(*_: object) -> list:
        raise ValueError("facts that nobody thought of")

    clock = SetClock(SOON)
    with running(home, tmp_path / "log", clock) as client:
        monkeypatch.setattr(Memberships, "take_extracts", broken)
        with pytest.raises(UserError, match="cannot evaluate the extracts"):
            refreshed(landing, home, SOON)
        assert "extracts cannot be evaluated" in client.get("/readyz").json()["problem"]
        monkeypatch.undo()
        clock.forward(hours=1)
        client.wait_until_evaluated()
        assert not refreshed(landing, home, SOON).failed
        assert client.get("/readyz").json()["problem"] is None


def test_an_evaluator_that_is_killed_by_extracts_loses_nothing(
    home, landing, built, tmp_path, monkeypatch
):
    outcome, asked = Worker.outcome, []

    def dying(worker: Worker, customers: set, moment: datetime) -> Outcome:
        asked.append(customers)
        if len(asked) == 3:
            worker.process.kill()
            worker.process.wait()
        return outcome(worker, customers, moment)

    with running(home, tmp_path / "log", SetClock(LATER)) as client:
        monkeypatch.setattr("audiencekit.live.memberships.TOGETHER", 40)
        monkeypatch.setattr(Worker, "outcome", dying)
        report = refreshed(landing, home, LATER)
        assert report.is_later and len(asked) >= 3
        client.wait(client.is_ready)
        changes = client.changes()
        assert {"extract", "build"} <= {c["because"] for c in changes}
        assert client.get("/readyz").json()["problem"] is None
    assert_equal_to_a_build(home, built)


def test_it_says_that_the_service_does_not_answer(home, landing):
    journal = Journal(home.home / "live")
    surroundings = Surroundings(lambda _: None, lambda _: None, patience=1)
    try:
        with pytest.raises(UserError, match="has not evaluated the extracts yet"):
            refresh(landing, home, Options(SOON), surroundings)
    finally:
        journal.close()


def test_the_command_sends_changes_to_a_receiver_and_says_what_it_did(
    home, demo, tmp_path, monkeypatch
):
    folder = tmp_path / "landing"
    write_extracts(demo / "landing", folder, "orders", "order_lines")
    monkeypatch.setenv("AUDIENCEKIT_WEBHOOK_SECRET", SECRET)
    with Receiver(fault_rate=0.0, seed=1, secret=SECRET) as receiver:
        result = audiencekit(
            home.home,
            "refresh",
            str(folder),
            "--as-of",
            SOON.isoformat(),
            "--webhook",
            receiver.url,
        )
    assert result.returncode == 0, result.stderr
    assert "customers: " in result.stdout and "left to the next build" in result.stdout
    received = [c for d in receiver.deliveries for c in d.body["data"]["changes"]]
    assert received == changes_of(home) != []


def test_a_new_build_supersedes_what_was_refreshed(home, landing):
    refreshed(landing, home, SOON)
    manifest = home.current / "manifest.json"
    content = json.loads(manifest.read_text())
    assert content["build_id"] in (home.home / "live" / "refreshed.json").read_text()
    manifest.write_text(json.dumps(content | {"build_id": "20180102T000000Z-000002"}))
    with pytest.raises(UserError, match="was not kept"):
        refreshed(landing, home, SOON)
    manifest.write_text(json.dumps(content))
    warehouse = home.last_intake / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create table t as select 1 as one")
    with pytest.raises(UserError, match="was changed since it was published"):
        refreshed(landing, home, SOON)


def test_as_of_cannot_be_before_the_build(home, landing):
    with pytest.raises(UserError, match="earlier than the published build"):
        refreshed(landing, home, DEMO_AS_OF - timedelta(hours=1))


def test_a_run_waits_for_a_refresh_and_a_refresh_does_not_wait_for_a_run(tmp_path):
    import threading

    workspace, order = Workspace(tmp_path), []

    def run() -> None:
        with workspace.locked():
            order.append("run")

    with workspace.locked(REFRESH):
        with pytest.raises(UserError, match="Another refresh"), workspace.locked(REFRESH):
            pass
        thread = threading.Thread(target=run)
        thread.start()
        thread.join(0.3)
        order.append("refresh")
    thread.join(10)
    assert order == ["refresh", "run"]
    with (
        workspace.locked(),
        pytest.raises(UserError, match="Another run"),
        workspace.locked(REFRESH),
    ):
        pass
