"""Signed webhooks about changes: nothing is lost under faults and kills, and nothing is sent that must not be."""

import fcntl
import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from receiver import Receiver, run_until_quiet, start
from simulated_audiences import Simulated, addresses_under

from audiencekit.delivery import cursors, messages, webhook
from audiencekit.delivery.changes import open_published, read_changes
from audiencekit.delivery.sending import NotDelivered, Request, RetryPolicy, Runtime, post
from audiencekit.errors import UserError
from audiencekit.workspace import Workspace

SECRET = "whsec_" + "c2ltdWxhdGVkLXNlY3JldC1vZi10aGUtdGVzdHM="
SIGN = messages.signer({messages.SECRET: SECRET})
QUICK = RetryPolicy(tries=8, first_wait=0.001)
EMPTY = Request("http://x", b"", dict)


def around(now=lambda: datetime.now(UTC).replace(tzinfo=None), sleep=lambda seconds: None):
    return Runtime(now, random.Random(7), sleep)


def command(url: str, *options: str) -> list[str]:
    return [
        *(sys.executable, "-m", "audiencekit.cli", "notify", url),
        *("--tries", "12", "--wait", "0.001", *options),
    ]


@pytest.fixture
def simulated(tmp_path) -> Simulated:
    """Ten people on e-mail, published once."""
    simulated = Simulated(tmp_path / "home")
    simulated.publish({"email": dict.fromkeys(range(10), "a")})
    return simulated


def to(receiver: Receiver, **settings) -> webhook.Receiver:
    return webhook.Receiver(receiver.url, retry_policy=QUICK, **settings)


def changes_received(receiver: Receiver) -> list[dict]:
    return [change for d in receiver.deliveries for change in d.body["data"]["changes"]]


def dead(workspace: Workspace, url: str) -> list[cursors.DeadLetter]:
    return cursors.read_dead_letters(cursors.receiver_folder(workspace, "webhook", url, None))


def test_3000_changes_arrive_through_faults_and_three_kills(tmp_path):
    simulated = Simulated(tmp_path / "home")
    simulated.publish({"email": dict.fromkeys(range(3000), "a")})
    with Receiver(fault_rate=0.3, seed=11, secret=SECRET) as receiver:
        variables = {"AUDIENCEKIT_HOME": str(simulated.home), messages.SECRET: SECRET}
        runs = run_until_quiet(
            command(receiver.url, "--channel", "email", "--batch", "40"),
            receiver,
            variables,
            tmp_path,
            kills=(20, 45, 75),
        )
    assert (runs.killed, runs.failed) == (3, 0)
    assert receiver.faults > 0.2 * receiver.requests and receiver.refused == 0
    changes = changes_received(receiver)
    numbers = list(dict.fromkeys(change["change_seq"] for change in changes))
    assert numbers == list(range(1, 3001))
    expected = {row[3]: row[4] for row in simulated.changes}
    assert {c["audience_row_id"]: c["action"] for c in changes} == expected
    # A repeat is the same message under the same id, and there were repeats.
    by_id = {}
    for delivery in receiver.deliveries:
        assert by_id.setdefault(delivery.key, delivery.text) == delivery.text
    assert len(by_id) == 75 < len(receiver.deliveries)
    assert not addresses_under(simulated.home / "delivery")
    print(f"webhook: {len(numbers)}/3000, {len(changes) - 3000} repeated, rerun 0 requests")


def test_only_what_changed_is_sent_and_a_removal_is(simulated):
    workspace = Workspace(simulated.home)
    with Receiver(secret=SECRET) as receiver:
        assert webhook.notify(workspace, to(receiver), SIGN, around()).delivered == 10
        assert webhook.notify(workspace, to(receiver), SIGN, around()).delivered == 0
        assert receiver.requests == 1
        simulated.publish({"email": {n: "b" if n == 4 else "a" for n in range(9)}}, "erasure")
        assert webhook.notify(workspace, to(receiver), SIGN, around()).delivered == 2
    update, removal = changes_received(receiver)[10:]
    assert (update["action"], update["change_seq"]) == ("UPDATE", 11)
    assert (removal["action"], removal["reason"]) == ("REMOVE", "erasure")
    assert removal["identifiers"] == {"external_id": "p9"}


def test_a_message_holds_keys_and_identifiers_and_nothing_else(simulated):
    with open_published(Workspace(simulated.home)) as con:
        changes = read_changes(con, 0, "email", 3)
    body = json.loads(messages.message(changes))
    assert set(body["data"]["changes"][0]) == {
        "change_seq",
        "channel",
        "audience_code",
        "audience_row_id",
        "action",
        "reason",
        "identifiers",
        "former_identifiers",
        "row_hash",
        "build_id",
        "occurred_at",
    }
    assert "@" not in messages.message(changes)


def test_who_leaves_and_comes_back_is_no_repeat(simulated):
    simulated.publish({"email": dict.fromkeys(range(9), "a")})
    simulated.publish({"email": dict.fromkeys(range(10), "a")})
    with open_published(Workspace(simulated.home)) as con:
        first, *_, back = (c for c in read_changes(con, 0, None, 99) if "p9" in c.identifiers)
    assert first.row_hash == back.row_hash
    assert first.key != back.key


def test_a_bad_signature_is_refused_and_not_tried_again(simulated):
    other = messages.signer({messages.SECRET: "whsec_" + "b3RoZXJz" * 4})
    with Receiver(secret=SECRET) as receiver:
        with pytest.raises(UserError, match="HTTP 401"):
            webhook.notify(Workspace(simulated.home), to(receiver), other, around())
        assert (receiver.requests, receiver.refused, receiver.deliveries) == (1, 1, [])


def test_an_old_signature_is_refused(simulated):
    late = around(now=lambda: datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=6))
    with Receiver(secret=SECRET) as receiver:
        with pytest.raises(UserError, match="HTTP 401"):
            webhook.notify(Workspace(simulated.home), to(receiver), SIGN, late)
        assert receiver.deliveries == []


def test_a_failure_stops_and_keeps_its_place_in_line(simulated):
    workspace = Workspace(simulated.home)
    with Receiver(fault_rate=1.0, secret=SECRET) as receiver:
        with pytest.raises(UserError, match=r"127\.0\.0\.1 did not take changes 1 to 4"):
            webhook.notify(workspace, to(receiver, batch=4), SIGN, around())
        assert receiver.requests == QUICK.tries
        assert [letter.change_seq for letter in dead(workspace, receiver.url)] == [1, 2, 3, 4]
        receiver.fault_rate = 0.0
        assert webhook.notify(workspace, to(receiver, batch=4), SIGN, around()).delivered == 10
        assert dead(workspace, receiver.url) == []


def test_dead_letters_hold_keys_only_and_are_sent_again_on_demand(simulated):
    workspace = Workspace(simulated.home)
    with Receiver(fault_rate=1.0, secret=SECRET) as receiver:
        skipping = to(receiver, batch=4, stop_on_failure=False)
        sent = webhook.notify(workspace, skipping, SIGN, around())
        assert (sent.delivered, sent.set_aside) == (0, 10)
        folder = cursors.receiver_folder(workspace, "webhook", receiver.url, None)
        text = (folder / "dead_letters.jsonl").read_text()
        assert set(json.loads(text.splitlines()[0])) == {
            "change_seq",
            "audience_row_id",
            "action",
            "error",
        }
        for path in folder.iterdir():
            assert not any(x in path.read_text() for x in ("@", "external_id", "p9"))
        receiver.fault_rate, receiver.deliveries = 0.0, []
        again = webhook.retry_dead_letters(workspace, skipping, SIGN, around())
        assert (again.delivered, again.overtaken) == (10, 0)
        assert dead(workspace, receiver.url) == []
    assert [change["change_seq"] for change in changes_received(receiver)] == list(range(1, 11))


def test_a_dead_addition_does_not_bring_back_who_was_removed_since(simulated):
    workspace = Workspace(simulated.home)
    with Receiver(fault_rate=1.0, secret=SECRET) as receiver:
        skipping = to(receiver, stop_on_failure=False)
        webhook.notify(workspace, skipping, SIGN, around())
        receiver.fault_rate, receiver.deliveries = 0.0, []
        simulated.publish({"email": dict.fromkeys(range(9), "a")}, "erasure")
        webhook.notify(workspace, skipping, SIGN, around())
        again = webhook.retry_dead_letters(workspace, skipping, SIGN, around())
    assert (again.delivered, again.overtaken) == (9, 1)
    removed = simulated.changes[-1][3]
    assert [c["action"] for c in changes_received(receiver) if c["audience_row_id"] == removed] == [
        "REMOVE"
    ]


def test_two_do_not_send_to_one_receiver_at_once(simulated):
    workspace = Workspace(simulated.home)
    with Receiver(secret=SECRET) as receiver:
        folder = cursors.receiver_folder(workspace, "webhook", receiver.url, None)
        folder.mkdir(parents=True)
        with (folder / ".lock").open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(UserError, match="Another process is delivering"):
                webhook.notify(workspace, to(receiver), SIGN, around())
        assert receiver.requests == 0


def test_another_history_is_not_taken_for_all_done(simulated):
    workspace = Workspace(simulated.home)
    with Receiver(secret=SECRET) as receiver:
        folder = cursors.receiver_folder(workspace, "webhook", receiver.url, None)
        folder.mkdir(parents=True)
        cursors.save_cursor(folder, 11)
        with pytest.raises(UserError, match="another history"):
            webhook.notify(workspace, to(receiver), SIGN, around())


@pytest.mark.parametrize("secret", [None, "", "whsec_c2hvcnQ=", "not base64"])
def test_the_secret_comes_from_the_environment_or_not_at_all(simulated, secret):
    variables = {"AUDIENCEKIT_HOME": str(simulated.home)}
    variables |= {} if secret is None else {messages.SECRET: secret}
    with Receiver() as receiver:
        done = start(command(receiver.url), variables, simulated.home)
        output, _ = done.communicate(timeout=60)
        assert receiver.requests == 0
    assert done.returncode == 1
    assert f"Set {messages.SECRET} to whsec_" in output and "Traceback" not in output
    assert not secret or secret not in output


def test_an_unknown_channel_is_answered_with_the_known_ones(simulated):
    with Receiver() as receiver, pytest.raises(UserError, match="There are: email"):
        webhook.notify(Workspace(simulated.home), to(receiver, channel="fax"), SIGN, around())


def test_waits_double_with_jitter_and_are_never_shorter_than_asked(httpx_answers):
    waits, client = httpx_answers([(503, None), (503, None), (429, "7"), (429, "0"), (200, None)])
    retry_policy = RetryPolicy(tries=9, first_wait=2.0, longest_wait=10.0)
    post(client, EMPTY, retry_policy, around(sleep=waits.append))
    assert 1 <= waits[0] <= 2 <= waits[1] <= 4
    assert waits[2] == 7.0
    assert 5 <= waits[3] <= 10


def test_a_date_to_come_back_is_understood(httpx_answers):
    waits, client = httpx_answers([(503, "Mon, 01 Jan 2024 00:01:00 GMT"), (200, None)])
    now = datetime(2024, 1, 1)
    post(client, EMPTY, QUICK, around(now=lambda: now, sleep=waits.append))
    assert waits == [60.0]


def test_what_is_final_is_tried_once_and_named_without_content(httpx_answers):
    waits, client = httpx_answers([(422, None)])
    with pytest.raises(NotDelivered, match=r"^HTTP 422$"):
        post(client, EMPTY, QUICK, around(sleep=waits.append))
    assert waits == []


@pytest.fixture
def httpx_answers():
    """A client that gets these (status, Retry-After) in turn, and a list for the waits."""
    import httpx

    def make(answers):
        left = iter(answers)

        def answer(_):
            status, retry_after = next(left)
            return httpx.Response(status, headers={"Retry-After": retry_after or ""})

        return [], httpx.Client(transport=httpx.MockTransport(answer))

    return make


def test_the_snippet_in_the_docs_verifies(project, simulated):
    """The receiver's side as docs/pickup.md shows it runs, and refuses what was tampered with."""
    page = (project / "docs" / "pickup.md").read_text()
    code = page.split("```python\n")[1].split("```")[0]
    scope = {}
    exec(compile(code, "pickup.md", "exec"), scope)
    with open_published(Workspace(simulated.home)) as con:
        changes = read_changes(con, 0, "email", 3)
    body = messages.message(changes)
    headers = messages.signed_headers(
        SIGN, messages.message_id(changes), body, datetime.now(UTC).replace(tzinfo=None)
    )
    store = {}
    assert scope["receive"](body.encode(), headers, SECRET, store) == 204
    assert {row["change_seq"] for row in store.values()} == {1, 2, 3}
    assert scope["receive"](body.replace("ADD", "REMOVE").encode(), headers, SECRET, store) == 401


def test_notify_is_a_command_with_help():
    done = subprocess.run(
        [sys.executable, "-m", "audiencekit.cli", "notify", "--help"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "--retry-dead-letters" in done.stdout
