"""`audiencekit live` as a website, a marketing tool and an operator see it: from an event to an action."""

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import httpx
import pyarrow as pa
import pytest
from generations import logins_of, segments_of_build, without_customer
from live_service import READ_KEY, SECRET, WRITE_KEY, Client, SetClock, running
from receiver import Receiver
from workspaces import DEMO_AS_OF

from audiencekit.live.evaluator import Evaluator, Outcome
from audiencekit.live.failures import EvaluationFailed, EvaluatorEnded
from audiencekit.live.generation import Loaded, load
from audiencekit.live.line_files import LineFile
from audiencekit.live.worker import Worker
from audiencekit.publish.live_state import FORMAT
from audiencekit.workspace import Workspace


@pytest.fixture
def workspace(published, tmp_path) -> Workspace:
    """A home with the published generation of the demo, and nothing else."""
    workspace = Workspace(tmp_path / "home")
    generation = workspace.generations / published.workspace.current.resolve().name
    generation.parent.mkdir(parents=True)
    shutil.copytree(published.workspace.current.resolve(), generation)
    workspace.current.symlink_to(generation)
    return workspace


@pytest.fixture
def clock() -> SetClock:
    return SetClock(DEMO_AS_OF)


@pytest.fixture
def shopper(workspace) -> str:
    """The login of a customer whom the website may show something, with no event in the last days."""
    segments = segments_of_build(workspace.current)
    return next(
        login
        for login, key in logins_of(workspace.current)
        if not segments.get(key, {}).keys() & {"high_intent", "abandoned_cart"}
    )


def browse(client: Client, user: str, device: str = "a-new-device") -> None:
    """What makes intent high: products are viewed, one after the other, and one is put into the cart."""
    for number in range(4):
        client.clock.forward(seconds=10)
        product = {"product_id": f"P{number}"}
        call = {"userId": user, "anonymousId": device, "properties": product}
        client.track("Product Viewed", messageId=f"{device} {user} view {number}", **call)
    client.track(
        "Product Added",
        userId=user,
        anonymousId=device,
        messageId=f"{device} {user} cart",
        properties={"product_id": "P3"},
    )
    # A moment counts what was before it.
    client.clock.forward(seconds=1)
    client.wait_until_evaluated()


def test_an_event_becomes_an_action_and_time_ends_it(workspace, tmp_path, clock, shopper):
    with (
        Receiver(fault_rate=0.3, seed=3, secret=SECRET) as receiver,
        running(workspace, tmp_path / "live", clock, receiver.url) as client,
    ):
        assert "high_intent" not in client.segments(shopper)
        browse(client, shopper)
        assert "high_intent" in client.segments(shopper)
        key = client.get(f"/v1/people/{shopper}", params={"by": "user_id"}).json()["customer_key"]
        entered = [c for c in client.changes() if c["segment_code"] == "high_intent"]
        assert [(c["customer_key"], c["action"], c["because"]) for c in entered] == [
            (key, "entered", "event")
        ]
        assert entered[0]["event_ids"] and entered[0]["cart"] == ["P3"]
        assert client.stream(entered[0]["change_seq"] - 1, 1) == entered

        # High intent is over ten minutes after the last view, a cart is abandoned after thirty.
        clock.forward(minutes=11)
        client.wait_until_evaluated()
        assert "high_intent" not in client.segments(shopper)
        clock.forward(minutes=20)
        client.wait_until_evaluated()
        assert "abandoned_cart" in client.segments(shopper)
        changes = client.changes()
        mine = [
            (c["segment_code"], c["action"], c["because"])
            for c in changes
            if c["customer_key"] == key and c["segment_code"] in ("high_intent", "abandoned_cart")
        ]
        assert mine == [
            ("high_intent", "entered", "event"),
            ("high_intent", "left", "time"),
            ("abandoned_cart", "entered", "time"),
        ]
        cart = next(
            c for c in changes if c["segment_code"] == "abandoned_cart" and c["customer_key"] == key
        )
        assert cart["cart"] == ["P3"]

        sender = client.service.senders[0]
        client.wait(lambda: sender.cursor == changes[-1]["change_seq"])
    received = {c["change_seq"]: c for d in receiver.deliveries for c in d.body["data"]["changes"]}
    assert list(received.values()) == changes and receiver.faults and not receiver.refused


def test_a_restart_announces_what_is_different_and_nothing_else(
    workspace, tmp_path, clock, shopper
):
    log = tmp_path / "live"
    with running(workspace, log, clock) as client:
        browse(client, shopper)
        before = client.changes()
        segments = client.segments(shopper)
    with running(workspace, log, clock) as client:
        client.wait_until_evaluated()
        assert client.changes() == before
        assert client.segments(shopper) == segments
    clock.forward(minutes=45)
    with running(workspace, log, clock) as client:
        client.wait_until_evaluated()
        since = client.changes(before[-1]["change_seq"])
        assert {c["because"] for c in since} == {"build"}
        key = client.get(f"/v1/people/{shopper}", params={"by": "user_id"}).json()["customer_key"]
        assert {("high_intent", "left"), ("abandoned_cart", "entered")} <= {
            (c["segment_code"], c["action"]) for c in since if c["customer_key"] == key
        }


def publish_again(workspace: Workspace, *edits: str, gone: str = "") -> str:
    """Publish a copy of the generation, with changes of live.duckdb as another build would make them. A customer may be `gone`."""
    old = workspace.current.resolve()
    number = int(old.name[-6:]) + 1
    new = old.with_name(f"{old.name[:-6]}{number:06d}")
    shutil.copytree(old, new)
    manifest = json.loads((new / "manifest.json").read_text())
    (new / "manifest.json").write_text(json.dumps(manifest | {"build_id": new.name}))
    with duckdb.connect(str(new / "live.duckdb")) as con:
        for edit in edits:
            con.execute(edit)
    if gone:
        without_customer(new, gone)
    pointer = workspace.current.with_name("next")
    pointer.symlink_to(new)
    pointer.rename(workspace.current)
    return new.name


def test_a_new_generation_takes_over_from_the_old_one(workspace, tmp_path, clock, shopper):
    with running(workspace, tmp_path / "live", clock) as client:
        browse(client, shopper)
        key = client.get(f"/v1/people/{shopper}", params={"by": "user_id"}).json()["customer_key"]
        gone = next(k for k in client.service.engine.loaded.members.of if k != key)
        last = client.service.engine.journal.last_seq
        build_id = publish_again(
            workspace,
            "update cone.steps set sql = replace(sql, 'product_views_10m > 3', 'product_views_10m > 300')",
            gone=gone,
        )
        client.wait(lambda: client.get("/readyz").json()["build_id"] == build_id)
        client.wait_until_evaluated()
        assert "high_intent" not in client.segments(shopper), "the rule is another one"
        since = client.changes(last)
        assert {c["build_id"] for c in since} == {build_id} and {c["because"] for c in since} == {
            "build"
        }
        assert (key, "high_intent", "left") in {
            (c["customer_key"], c["segment_code"], c["action"]) for c in since
        }
        assert {c["action"] for c in since if c["customer_key"] == gone} == {"left"}
        assert client.get(f"/v1/people/{gone}").status_code == 404


def test_a_refusal_stops_the_next_action_at_once(workspace, tmp_path, clock):
    with running(workspace, tmp_path / "live", clock) as client:
        members = client.service.engine.loaded.members.of
        logins = logins_of(workspace.current)
        user, key = next(
            (user, key)
            for user, key in logins
            if any(("email", None) in reasons for reasons in members[key].values())
        )
        allowed = {
            s for s, channels in client.segments(user).items() if channels.get("email", "") is None
        }
        clock.forward(minutes=1)
        call = {"userId": user, "traits": {"email_opt_out": True}, "writeKey": WRITE_KEY}
        answer = httpx.post(f"{client.url}/v1/identify", json=call)
        assert answer.status_code == 200
        clock.forward(seconds=1)
        client.wait_until_evaluated()
        after = client.segments(user)
        # Who refuses the newsletter is no subscriber any more.
        allowed &= after.keys()
        assert {after[segment]["email"] for segment in allowed} == {"consent_withdrawn"}
        announced = {
            c["segment_code"]: c["channels"]["email"]
            for c in client.changes()
            if c["customer_key"] == key and c["action"] == "permission"
        }
        assert announced == dict.fromkeys(allowed, "consent_withdrawn")


def test_a_website_may_ask_for_its_visitor_and_for_nobody_else(workspace, tmp_path, clock, shopper):
    with running(workspace, tmp_path / "live", clock) as client:
        browse(client, shopper, device="d1")

        def personalize(key: str, **params: str) -> httpx.Response:
            return client.get("/v1/personalize", key, params=params)

        assert personalize(WRITE_KEY, user_id=shopper).status_code == 401
        assert client.get(f"/v1/people/{shopper}", WRITE_KEY).status_code == 401
        assert client.get("/v1/changes", WRITE_KEY).status_code == 401
        known = personalize(WRITE_KEY, anonymous_id="d1")
        assert (
            known.json()["is_known"]
            and known.json()["segments"]
            == personalize(READ_KEY, user_id=shopper).json()["segments"]
        )
        tag = {"if-none-match": known.headers["etag"]}
        again = client.get("/v1/personalize", WRITE_KEY, params={"anonymous_id": "d1"}, headers=tag)
        assert again.status_code == 304
        assert personalize(WRITE_KEY, anonymous_id="of nobody").json()["is_known"] is False
        # A second person on the device: from now on it says nothing about anybody.
        client.track("Page Viewed", userId="a stranger", anonymousId="d1", messageId="stranger")
        client.wait_until_evaluated()
        assert personalize(WRITE_KEY, anonymous_id="d1").json()["is_known"] is False
        assert shopper not in known.text and "@" not in known.text


def test_products_are_recommended_by_what_somebody_bought_where_they_allow_it(
    workspace, published, tmp_path, clock
):
    ranked = published.warehouse(
        "select customer_key, list_name, list(product_id order by rank) as products "
        "from predictions.pred_recommendations group by all"
    )
    expected = {(r.customer_key, r.list_name): list(r.products) for r in ranked.itertuples()}
    best = published.warehouse(
        "select product_id from predictions.int_best_sellers "
        f"where moment_at = timestamp '{DEMO_AS_OF}' and place <= 10 order by place"
    ).product_id.tolist()
    with running(workspace, tmp_path / "live", clock) as client:
        members = client.service.engine.loaded.members.of
        logins = logins_of(workspace.current)

        def recommended(**params: str) -> dict:
            return client.get("/v1/personalize", params=params).json()["recommendations"]

        is_allowed = {
            user: any(("website", None) in reasons for reasons in members[key].values())
            for user, key in logins
        }
        assert {True, False} == set(is_allowed.values())
        for user, key in logins[:30]:
            own = {name: expected[key, name] for name in ("any", "new")}
            anybody = {"any": best, "new": best}
            assert recommended(user_id=user) == (own if is_allowed[user] else anybody)
        assert recommended(anonymous_id="a device of nobody") == {"any": best, "new": best}


def test_a_generation_that_cannot_be_read_changes_nothing_and_says_why(
    workspace, tmp_path, clock, shopper
):
    with running(workspace, tmp_path / "live", clock) as client:
        before = client.segments(shopper)
        with duckdb.connect(str(workspace.current / "live.duckdb"), read_only=True) as con:
            con.execute(f"copy cone.steps to '{tmp_path}/steps.parquet'")
        publish_again(workspace, "update cone.format set number = 1")
        client.wait(lambda: client.get("/readyz").json()["problem"] is not None)
        assert "published by another version" in client.get("/readyz").json()["problem"]
        publish_again(
            workspace, f"update cone.format set number = {FORMAT}", "drop table cone.steps"
        )
        client.wait(lambda: "cannot be loaded" in client.get("/readyz").json()["problem"])
        assert client.segments(shopper) == before
        build_id = publish_again(
            workspace, f"create table cone.steps as from read_parquet('{tmp_path}/steps.parquet')"
        )
        client.wait(lambda: client.get("/readyz").json()["build_id"] == build_id)
        assert client.get("/readyz").json()["problem"] is None


def test_nobody_hears_of_a_change_that_is_not_on_disk(
    workspace, tmp_path, clock, shopper, monkeypatch
):
    with running(workspace, tmp_path / "live", clock) as client:
        is_full = True
        append = LineFile.append

        def full(file: LineFile, lines: bytes) -> None:
            if is_full and "changes." in file.path.name and lines:
                raise OSError(errno.ENOSPC, "No space left on device")
            append(file, lines)

        monkeypatch.setattr(LineFile, "append", full)
        browse(client, shopper)
        assert client.changes() == []
        assert "No space left" in client.get("/readyz").json()["problem"]
        is_full = False
        client.wait(lambda: any(c["segment_code"] == "high_intent" for c in client.changes()))
        assert client.get("/readyz").json()["problem"] is None


def test_a_customer_who_cannot_be_evaluated_keeps_nobody_else_from_it(
    workspace, tmp_path, clock, shopper, monkeypatch
):
    outcome = Worker.outcome
    with running(workspace, tmp_path / "live", clock) as client:
        members = client.service.engine.loaded.members
        other = next(key for key in sorted(members.of) if key.endswith("7"))

        def broken(worker: Worker, customers: set, moment: datetime) -> Outcome:
            if other in customers:
                raise ValueError("facts that nobody thought of")
            return outcome(worker, customers, moment)

        monkeypatch.setattr(Worker, "outcome", broken)
        browse(client, shopper)
        # At midnight everybody is due.
        clock.forward(hours=24)
        client.wait_until_evaluated()
        failed = members.failed
        assert failed and "abandoned_cart" in client.segments(shopper)
        monkeypatch.undo()
        clock.forward(minutes=2)
        client.wait_until_evaluated()
        assert members.failed == failed


def test_a_call_that_cannot_be_evaluated_keeps_no_other_from_it(
    workspace, tmp_path, clock, shopper, monkeypatch
):
    take = Worker.take

    def broken(worker: Worker, events: pa.Table) -> dict:
        if "broken" in events.column("event_id").to_pylist():
            raise ValueError("a call that nobody thought of")
        return take(worker, events)

    monkeypatch.setattr(Worker, "take", broken)
    with running(workspace, tmp_path / "live", clock) as client:
        client.track("Page Viewed", userId=shopper, messageId="broken")
        browse(client, shopper)
        assert "high_intent" in client.segments(shopper)
        assert client.service.engine.counts.failed == 1
        metrics = client.get("/metrics").text
        assert "audiencekit_failed_calls_total 1.0" in metrics
        assert 'audiencekit_calls_total{result="taken"} 6.0' in metrics


def kill_evaluator(client: Client) -> None:
    process = client.service.engine.loaded.members.evaluator.process
    process.kill()
    process.wait()


def test_a_killed_evaluator_starts_again_and_nothing_is_lost(workspace, tmp_path, clock, shopper):
    with running(workspace, tmp_path / "live", clock) as client:
        before = client.segments(shopper)
        kill_evaluator(client)
        assert client.segments(shopper) == before
        browse(client, shopper)
        assert "high_intent" in client.segments(shopper)
        entered = [c for c in client.changes() if c["segment_code"] == "high_intent"]
        assert [c["action"] for c in entered] == ["entered"]
        assert client.get("/readyz").json()["problem"] is None


def test_it_is_noticed_without_a_call_that_the_evaluator_ended_and_a_load_that_fails_is_tried_again(
    workspace, tmp_path, clock, shopper, monkeypatch
):
    loads = []

    def failing(generation: Path, *others: object) -> Loaded:
        loads.append(generation.name)
        if len(loads) == 1:
            raise OSError("no memory")
        return load(generation, *others)

    def problem() -> str:
        return client.get("/readyz").json()["problem"] or ""

    with running(workspace, tmp_path / "live", clock) as client:
        build_id = client.get("/readyz").json()["build_id"]
        # A generation that cannot be loaded does not keep the one in use from it.
        publish_again(workspace, "drop table cone.steps")
        client.wait(lambda: "cannot be loaded" in problem())
        monkeypatch.setattr("audiencekit.live.engine.load", failing)
        kill_evaluator(client)
        client.wait(lambda: "the process that evaluates ended" in problem())
        client.wait(lambda: not problem())
        assert loads == [build_id, build_id]
        browse(client, shopper)
        assert "high_intent" in client.segments(shopper)
        started = Path(f"/proc/{os.getpid()}/task").glob("*/children")
        children = {pid for path in started for pid in path.read_text().split()}
        commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in children]
        assert sum("audiencekit.live.worker" in command for command in commands) == 1


def test_a_failure_of_the_evaluator_has_its_place_and_it_ends_with_who_asks(workspace):
    worker = Worker(workspace.current)
    with pytest.raises(EvaluationFailed, match=r"^AttributeError in worker.py, line [0-9]+$"):
        worker.ask(getattr, "nothing")
    assert worker.segments == Evaluator(workspace.current).segments
    worker.process.stdin.close()
    assert worker.process.wait(timeout=30) == 0
    with pytest.raises(EvaluatorEnded):
        worker.ask(getattr, "segments")


def test_a_visitor_whom_nobody_knows_is_shown_what_they_look_for(workspace, tmp_path, clock):
    with running(workspace, tmp_path / "live", clock) as client:

        def shown(device: str) -> list[str]:
            params = {"anonymous_id": device}
            return client.get("/v1/personalize", WRITE_KEY, params=params).json()["segments"]

        for device, country in (("in the US", "US"), ("in Germany", "DE")):
            for number in range(5):
                clock.forward(seconds=5)
                client.track(
                    "Product Added" if number == 4 else "Product Viewed",
                    anonymousId=device,
                    messageId=f"{device} {number}",
                    properties={"product_id": "P1"},
                    context={"location": {"country": country}},
                )
        clock.forward(seconds=1)
        client.wait_until_evaluated()
        assert "high_intent" in shown("in the US")
        # There nothing is personal before somebody agreed.
        assert shown("in Germany") == []
        assert (
            client.changes() == []
            and client.get("/v1/people/visitor on device in the US").status_code == 404
        )
        clock.forward(minutes=31)
        client.wait_until_evaluated()
        assert "abandoned_cart" in shown("in the US") and "high_intent" not in shown("in the US")
        clock.forward(hours=30)
        client.wait_until_evaluated()
        assert shown("in the US") == [] and client.service.engine.loaded.members.visitors == {}


def test_it_ends_when_asked_although_somebody_listens(workspace, tmp_path):
    variables = {
        "AUDIENCEKIT_HOME": str(workspace.home),
        "AUDIENCEKIT_WRITE_KEYS": WRITE_KEY,
        "AUDIENCEKIT_READ_KEYS": READ_KEY,
    }
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "audiencekit.cli",
            "live",
            str(tmp_path / "live"),
            "--port",
            str(port),
            "--demo",
        ],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        text=True,
    )
    headers = {"accept": "text/event-stream", "authorization": f"Bearer {READ_KEY}"}
    transport = httpx.HTTPTransport(retries=8)
    with (
        httpx.Client(transport=transport, timeout=60) as client,
        client.stream("GET", f"http://127.0.0.1:{port}/v1/changes", headers=headers) as answer,
    ):
        assert answer.status_code == 200
        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=60)
    assert "Stopped. Calls: 0 taken" in printed and f":{port}/demo" in printed


@pytest.fixture
def asleep(workspace) -> tuple[str, str, dict[str, dict]]:
    """A customer who may be e-mailed, and whose night it is at 7 o'clock UTC: login, key, and channels by segment in the build."""
    evaluator = Evaluator(workspace.current)
    night = evaluator.evaluate(evaluator.customers(), DEMO_AS_OF + timedelta(hours=7))
    keys = {key for (channel, _, key), why in night.candidates.items() if why == "quiet_hours"}
    keys -= {key for segment, key in night.matches if segment in ("high_intent", "abandoned_cart")}
    login, key = next((login, key) for login, key in logins_of(workspace.current) if key in keys)
    evaluator.evaluate({key}, DEMO_AS_OF)
    of_build: dict[str, dict] = {}
    for segment, channel, why in evaluator.con.execute(
        f"select segment_code, channel, left_out_because from {evaluator.relations['int_audience_candidates']}"
    ).fetchall():
        of_build.setdefault(segment, {})[channel] = why
    return login, key, of_build


def test_a_change_at_night_waits_for_the_morning_and_nothing_is_announced_twice(
    workspace, tmp_path, clock, asleep
):
    login, key, announced = asleep
    clock.forward(hours=7)
    with running(workspace, tmp_path / "live", clock) as client:
        assert "quiet_hours" in {why.get("email") for why in client.segments(login).values()}
        browse(client, login)
        clock.forward(minutes=31)
        client.wait_until_evaluated()
        at_night = [c for c in client.changes() if c["customer_key"] == key]
        entered = {
            c["segment_code"]
            for c in at_night
            if (c["action"], c["channels"].get("email")) == ("entered", "quiet_hours")
        }
        assert "abandoned_cart" in entered

    # The service is stopped and started again in the same night.
    with running(workspace, tmp_path / "live", clock) as client:
        for _ in range(10):
            clock.forward(hours=1)
            client.wait_until_evaluated()
        assert "quiet_hours" not in {why.get("email") for why in client.segments(login).values()}
        changes = [c for c in client.changes() if c["customer_key"] == key]
    assert changes[: len(at_night)] == at_night
    in_the_morning = {
        c["segment_code"]
        for c in changes[len(at_night) :]
        if (c["action"], c["channels"].get("email"), c["because"]) == ("permission", None, "time")
    }
    assert "abandoned_cart" in in_the_morning
    for change in changes:
        assert announced.get(change["segment_code"]) != change["channels"], change
        announced[change["segment_code"]] = change["channels"]
    by_day = {s for s, channels in announced.items() if channels.get("email", "") is None}
    assert by_day - {c["segment_code"] for c in changes}, "nobody could be announced in vain"
