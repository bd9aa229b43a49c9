"""Audience rows through dlt: nothing lost or wrong under faults and kills, and only keys on disk."""

import json
import sys

from receiver import Receiver, run_until_quiet, start
from simulated_audiences import Simulated, addresses_under

TOKEN = "simulated-token"


def command(url: str, *options: str) -> list[str]:
    return [
        *(sys.executable, "-m", "audiencekit.cli", "deliver", url, "--channel", "email"),
        *("--tries", "12", "--wait", "0.001", *options),
    ]


def variables(simulated: Simulated) -> dict[str, str]:
    return {
        "AUDIENCEKIT_HOME": str(simulated.home),
        "AUDIENCEKIT_DELIVERY_TOKEN": TOKEN,
        "RUNTIME__DLTHUB_TELEMETRY": "true",  # the pipeline must say no itself
        "HOME": str(simulated.home.parent),
    }


def rows_received(receiver: Receiver) -> list[dict]:
    return [row for delivery in receiver.deliveries for row in delivery.body["rows"]]


def held(receiver: Receiver) -> dict[str, dict]:
    """What a receiver holds that applies every row as it comes, repeats included."""
    rows = {}
    for change in rows_received(receiver):
        if change["action"] == "REMOVE":
            rows.pop(change["audience_row_id"], None)
        else:
            rows[change["audience_row_id"]] = change["row"]
    return rows


def published(simulated: Simulated) -> dict[str, tuple[str, str]]:
    return {
        row["audience_row_id"]: (row["email"], row["row_hash"])
        for row in simulated.rows["email"].values()
    }


def test_3000_rows_arrive_through_faults_and_three_kills(tmp_path):
    simulated = Simulated(tmp_path / "home")
    simulated.publish({"email": dict.fromkeys(range(3000), "a")})
    with Receiver(fault_rate=0.3, seed=12) as receiver:
        runs = run_until_quiet(
            command(receiver.url, "--batch", "50"),
            receiver,
            variables(simulated),
            tmp_path,
            kills=(15, 40, 65),
        )
        assert (runs.killed, runs.failed) == (3, 0)
        assert receiver.faults > 0.2 * receiver.requests
        rows, sent = held(receiver), rows_received(receiver)
        assert {k: (r["email"], r["row_hash"]) for k, r in rows.items()} == published(simulated)
        by_key = {}
        for change in sent:
            assert by_key.setdefault(change["key"], change) == change
        assert len(by_key) == 3000 < len(sent)
        by_header = {}
        for delivery in receiver.deliveries:
            assert by_header.setdefault(delivery.key, delivery.text) == delivery.text
        # dlt goes on with the batch it was at: what came twice are answers lost, and no more.
        assert len(sent) - 3000 <= 50 * (receiver.faults + 3)
        print(f"dlt: {len(rows)}/3000, {len(sent) - 3000} repeated, rerun 0 requests")

        before = len(receiver.deliveries)
        people = {n: "b" if n == 7 else "a" for n in range(2999)}
        simulated.publish({"email": people}, "consent_withdrawn")
        run_until_quiet(command(receiver.url), receiver, variables(simulated), tmp_path)
        changed = {x["key"]: x for d in receiver.deliveries[before:] for x in d.body["rows"]}
        assert sorted(x["action"] for x in changed.values()) == ["REMOVE", "UPSERT"]
        assert {k: (r["email"], r["row_hash"]) for k, r in held(receiver).items()} == published(
            simulated
        )
    assert {h["authorization"] for h in receiver.headers_seen} == {f"Bearer {TOKEN}"}
    assert not addresses_under(simulated.home / "delivery", tmp_path / ".dlt")


def test_what_a_later_build_overtook_is_sent_under_the_later_key(tmp_path):
    """Stopped with rows under way, a new build in between: the row goes out once, as it now is."""
    simulated = Simulated(tmp_path / "home")
    simulated.publish({"email": dict.fromkeys(range(5), "a")})
    with Receiver(fault_rate=1.0) as receiver:
        status, output = run_once(receiver, simulated, "--tries", "2")
        assert status == 1
        assert "did not take its rows (" in output and "Traceback" not in output
        assert not addresses_under(simulated.home / "delivery")
        receiver.fault_rate, receiver.deliveries = 0.0, []
        simulated.publish({"email": {n: "b" if n == 2 else "a" for n in range(4)}}, "erasure")
        status, _ = run_once(receiver, simulated)
        assert status == 0
        numbers = [change["change_seq"] for change in rows_received(receiver)]
    assert numbers == [1, 2, 4, 6, 7]
    assert [x["audience_row_id"] for x in rows_received(receiver) if x["action"] == "REMOVE"] == [
        simulated.changes[-1][3]
    ]


def test_the_last_change_tells_every_former_address(tmp_path):
    """A platform that knows people by hash alone keeps the old hashes unless the change lists them."""
    simulated = Simulated(tmp_path / "home")
    hashes = []
    for segment in "abc":
        simulated.publish({"google_ads": {1: segment}})
        hashes.append(simulated.rows["google_ads"][1]["hashed_email"])
    with Receiver() as receiver:
        assert run_once(receiver, simulated, "--channel", "google_ads")[0] == 0
        (change,) = rows_received(receiver)
    assert change["identifiers"] == {"hashed_email": hashes[2]}
    assert change["former_identifiers"] == [{"hashed_email": h} for h in hashes[:2]]


def test_a_former_address_that_somebody_else_has_now_is_not_listed(tmp_path):
    """Customer 1 had an address that passed to customer 2 in a later build: to remove it would remove customer 2."""
    simulated = Simulated(tmp_path / "home")
    for segment in "abc":
        simulated.publish({"google_ads": {1: segment, 2: "z"}})
    first, second = (simulated.changes[i] for i in (0, 2))
    former = json.loads(first[6])
    simulated.rows["google_ads"][2] |= former
    simulated.publish({"google_ads": {1: "d", 2: "z"}})
    with Receiver() as receiver:
        assert run_once(receiver, simulated, "--channel", "google_ads")[0] == 0
        changes = {x["audience_row_id"]: x for x in rows_received(receiver)}
    listed = [x["hashed_email"] for x in changes[first[3]]["former_identifiers"]]
    assert json.loads(second[6])["hashed_email"] in listed and former["hashed_email"] not in listed


def run_once(receiver: Receiver, simulated: Simulated, *options: str) -> tuple[int, str]:
    client = start([*command(receiver.url), *options], variables(simulated), simulated.home.parent)
    output, _ = client.communicate(timeout=60)
    return client.returncode, output


def test_an_unknown_channel_is_answered_with_the_known_ones(tmp_path):
    simulated = Simulated(tmp_path / "home")
    simulated.publish({"email": {1: "a"}})
    with Receiver() as receiver:
        status, output = run_once(receiver, simulated, "--channel", "fax")
    assert status == 1
    assert "There is no channel fax. There are: email." in output
