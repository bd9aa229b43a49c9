"""The drt project of drt/, as a user runs it: state and removals arrive, repeats carry the same key."""

import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from receiver import Delivery, Receiver, run_until_quiet, start
from simulated_audiences import CODE, Simulated, addresses_under

SECRETS = ("KLAVIYO_AUTHORIZATION", "HUBSPOT_TOKEN", "GOOGLE_ADS_TOKEN", "META_TOKEN")


@pytest.fixture
def place(tmp_path, project) -> Path:
    """A copy of drt/, and next to it the folder in which drt keeps its profile."""
    shutil.copytree(project / "drt", tmp_path / "drt", ignore=shutil.ignore_patterns(".drt"))
    (tmp_path / ".drt").mkdir()
    shutil.copy(project / "drt" / "profiles.example.yml", tmp_path / ".drt" / "profiles.yml")
    return tmp_path


def variables(place: Path, receiver: Receiver, **settings: str) -> dict[str, str]:
    chosen = {
        **{f"{name}_url": receiver.url for name in ("klaviyo", "hubspot", "google", "meta")},
        "google_audience_code": CODE,
        "google_account_id": "1234567890",
        "google_user_list_id": "42",
        "meta_audience_code": CODE,
        "meta_audience_id": "23850000000000000",
        "tries": "12",
        "first_wait_seconds": "0.001",
        "requests_per_second": "0",
        **settings,
    }
    return {
        **{f"DRT_VAR_{name.upper()}": value for name, value in chosen.items()},
        **{name: f"simulated {name}" for name in SECRETS},
        "AUDIENCEKIT_HOME": str(place / "home"),
        "HOME": str(place),
    }


def command(*syncs: str) -> list[str]:
    drt = str(Path(sys.executable).with_name("drt"))
    return [drt, "run", *(part for sync in syncs for part in ("--select", sync))]


def deliver(place: Path, receiver: Receiver, *syncs: str, kills: Iterable[int] = (), **settings):
    return run_until_quiet(
        command(*syncs), receiver, variables(place, receiver, **settings), place / "drt", kills
    )


def profiles(deliveries: Iterable[Delivery]) -> dict[str, dict]:
    """Profiles as the platform holds them: by external id, fields merged, nothing cleared by null."""
    held = {}
    for delivery in deliveries:
        attributes = delivery.body["data"]["attributes"]
        held.setdefault(attributes["external_id"], {}).update(attributes)
    return held


def assert_profiles_equal_the_table(receiver: Receiver, simulated: Simulated) -> None:
    rows = {row["external_id"]: row for row in simulated.rows["email"].values()}
    held = profiles(receiver.deliveries)
    inside = {x: p for x, p in held.items() if p["properties"]["in_audience"]}
    assert inside.keys() == rows.keys()
    for external_id, profile in inside.items():
        row = rows[external_id]
        assert profile["email"] == row["email"]
        assert profile["properties"]["primary_segment"] == row["primary_segment"]
        assert profile["properties"]["segment_codes"] == [row["primary_segment"]]
        assert profile["properties"]["variants"] == json.loads(row["variants"])
        assert profile["properties"]["messages"] == json.loads(row["messages_json"])
    for external_id in held.keys() - rows.keys():
        assert held[external_id]["properties"] == {
            "in_audience": False,
            "segment_codes": [],
            "primary_segment": "",
            "entered_at": "",
            "variants": [],
            "messages": {},
        }


def test_3000_profiles_arrive_through_faults_and_three_kills(place):
    simulated = Simulated(place / "home")
    simulated.publish({"email": dict.fromkeys(range(3000), "a")})
    with Receiver(fault_rate=0.3, seed=13) as receiver:
        runs = deliver(
            place, receiver, "email_profiles", kills=(500, 1500, 2500), rows_per_run="1000"
        )
        assert (runs.killed, runs.failed) == (3, 0), runs.printed[-2000:]
        assert receiver.faults > 0.2 * receiver.requests
        assert_profiles_equal_the_table(receiver, simulated)
        by_key = {}
        for delivery in receiver.deliveries:
            assert by_key.setdefault(delivery.key, delivery.text) == delivery.text
        sent = len(receiver.deliveries)
        assert len(by_key) == 3000 < sent
        print(f"drt: {len(by_key)}/3000, {sent - 3000} repeated, rerun 0 requests")

        # One changed, one gone: these two are sent, and nobody else.
        people = {n: "b" if n == 7 else "a" for n in range(2999)}
        simulated.publish({"email": people}, "consent_withdrawn")
        deliver(place, receiver, "email_profiles")
        changed = {d.body["data"]["attributes"]["external_id"] for d in receiver.deliveries[sent:]}
        assert changed == {"p7", "p2999"}
        assert_profiles_equal_the_table(receiver, simulated)
        removal = profiles(receiver.deliveries[sent:])["p2999"]
        assert "email" not in removal
    # Nothing that drt wrote or printed holds an address.
    assert not addresses_under(place / "drt", place / ".drt")
    assert "simulated" not in runs.printed


def test_a_run_that_fails_keeps_its_place_and_writes_no_contact_data(place):
    simulated = Simulated(place / "home")
    simulated.publish({"email": dict.fromkeys(range(5), "a")})
    with Receiver(fault_rate=1.0, seed=3) as receiver:
        receiver.kinds = ("500",)  # so that nothing was processed, and all must come again
        client = start(
            command("email_profiles"), variables(place, receiver, tries="2"), place / "drt"
        )
        output, _ = client.communicate(timeout=60)
        assert client.returncode == 1
        assert "simulated" not in output
        assert not addresses_under(place / "drt", place / ".drt")
        receiver.fault_rate = 0.0
        deliver(place, receiver, "email_profiles")
        assert_profiles_equal_the_table(receiver, simulated)


def test_ad_audiences_and_the_crm_end_as_the_tables_say(place):
    """Through 30 % faults: all join, some change, two leave, one of them comes back."""
    simulated = Simulated(place / "home")
    channels = ("crm", "google_ads", "meta")
    syncs = ("crm_contacts", "google_*", "meta_*")
    with Receiver(fault_rate=0.3, seed=14) as receiver:
        simulated.publish({c: dict.fromkeys(range(250), "a") for c in channels})
        deliver(place, receiver, *syncs)
        simulated.publish({c: dict.fromkeys(range(248), "a") for c in channels}, "holdout")
        deliver(place, receiver, *syncs)
        # A simulated address follows from the segment, so person 7 has another one for Google now.
        simulated.publish({c: dict.fromkeys(range(249), "a") | {7: "b"} for c in channels})
        deliver(place, receiver, *syncs)
    deliveries = receiver.deliveries
    assert _meta(deliveries) == {row["extern_id"] for row in simulated.rows["meta"].values()}
    # Limited data use goes with each of them, as the table says.
    limits = {
        row[0]: row[-3:]
        for d in deliveries
        if d.path == "/23850000000000000/users" and d.method == "POST"
        for row in d.body["payload"]["data"]
    }
    assert limits["p4"] == [["LDU"], 1, 1000] and limits["p6"] == [[], 0, 0]
    assert _google(deliveries) == {r["hashed_email"] for r in simulated.rows["google_ads"].values()}
    contacts = _crm(deliveries)
    tags = {x: contact["segment_codes"] for x, contact in contacts.items()}
    assert tags == {f"K{n}": "a;z" if n < 249 else "" for n in range(250)} | {"K7": "b;z"}
    assert contacts["K3"]["next_best_action"] == 'Say "hello"'
    # Every request has a key, and a contact the same one each time it is sent.
    assert all(d.key for d in deliveries)
    traces = {}
    for delivery in deliveries:
        if "crm" in delivery.path:
            for contact in delivery.body["inputs"]:
                seen = traces.setdefault(contact["objectWriteTraceId"], contact)
                assert seen == contact
    assert {h["authorization"] for h in receiver.headers_seen} == {
        f"Bearer simulated {name}" for name in SECRETS[1:]
    }


def test_an_identifier_that_passed_to_another_row_is_not_removed(place):
    """Two builds between two runs: 1 gives its address and its contact to 2, and 3 leaves and returns with others."""
    simulated = Simulated(place / "home")
    channels, syncs = ("crm", "google_ads"), ("crm_contacts", "google_*")
    with Receiver() as receiver:
        simulated.publish({c: {1: "a", 2: "a", 3: "a"} for c in channels})
        deliver(place, receiver, *syncs)
        rows = {c: simulated.rows[c] for c in channels}
        given = {c: {**rows[c][1]} for c in channels}
        left = {c: {**rows[c][3]} for c in channels}
        simulated.publish({c: {2: "b"} for c in channels})
        for channel, names in {"crm": ["external_id"], "google_ads": ["hashed_email"]}.items():
            simulated.rows[channel][2] |= {name: given[channel][name] for name in names}
        simulated.publish({"crm": {2: "b", 3: "b"}, "google_ads": {2: "b", 3: "b"}})
        deliver(place, receiver, *syncs)
    assert _google(receiver.deliveries) == {
        r["hashed_email"] for r in simulated.rows["google_ads"].values()
    }
    assert left["google_ads"]["hashed_email"] not in _google(receiver.deliveries)
    tags = {x: contact["segment_codes"] for x, contact in _crm(receiver.deliveries).items()}
    assert tags["K1"] == "b;z"


def _meta(deliveries: Iterable[Delivery]) -> set[str]:
    held: set[str] = set()
    for d in deliveries:
        if d.path == "/23850000000000000/users":
            ids = {row[0] for row in d.body["payload"]["data"]}
            held = held | ids if d.method == "POST" else held - ids
    return held


def _google(deliveries: Iterable[Delivery]) -> set[str]:
    held: set[str] = set()
    for d in deliveries:
        if "audienceMembers" in d.path:
            assert d.body["destinations"][0]["productDestinationId"] == "42"
            ids = {
                identifier["emailAddress"]
                for member in d.body["audienceMembers"]
                for identifier in member["userData"]["userIdentifiers"]
                if "emailAddress" in identifier
            }
            held = held | ids if d.path.endswith(":ingest") else held - ids
    return held


def _crm(deliveries: Iterable[Delivery]) -> dict[str, dict]:
    held: dict[str, dict] = {}
    for d in deliveries:
        if "contacts" in d.path:
            for contact in d.body["inputs"]:
                held.setdefault(contact["id"], {}).update(contact["properties"])
    return held


@pytest.mark.parametrize("secret", SECRETS)
def test_without_its_secret_in_the_environment_nothing_is_sent(place, secret):
    simulated = Simulated(place / "home")
    simulated.publish({c: {1: "a"} for c in ("email", "crm", "google_ads", "meta")})
    sync = dict(
        zip(
            SECRETS,
            ("email_profiles", "crm_contacts", "google_upserts", "meta_upserts"),
            strict=True,
        )
    )[secret]
    with Receiver() as receiver:
        client = start(command(sync), variables(place, receiver) | {secret: ""}, place / "drt")
        client.communicate(timeout=60)
        assert client.returncode == 1
        assert receiver.requests == 0


def test_no_sync_skips_failures_or_keeps_dead_letters(project):
    """With skip drt moves its cursor past what failed; its dead letters hold whole records."""
    syncs = [yaml.safe_load(p.read_text()) for p in (project / "drt" / "syncs").glob("*.yml")]
    assert len(syncs) == 6
    for sync in syncs:
        assert sync["sync"]["on_error"] == "fail", sync["name"]
        assert "dlq" not in sync["sync"], sync["name"]
        assert sync["destination"]["native_idempotency_key"], sync["name"]
        auth = sync["destination"]["auth"]
        assert not {"token", "value"} & auth.keys(), sync["name"]
        assert "(read_only)" in sync["model"], sync["name"]
