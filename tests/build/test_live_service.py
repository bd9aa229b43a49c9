"""`audiencekit live` as a website, a marketing tool and an operator see it: from an event to an action."""

import json
import shutil

import duckdb
import pytest
from live_service import SECRET, Client, SetClock, running
from receiver import Receiver
from workspaces import DEMO_AS_OF

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
    with duckdb.connect(str(workspace.current / "live.duckdb"), read_only=True) as con:
        query = """
            select logins.account_id
            from facts.logins
            inner join facts.customers on logins.customer_key = customers.customer_key
            where not list_contains(list_transform(build_matches, lambda m: m.segment_code), 'high_intent')
                and not list_contains(list_transform(build_matches, lambda m: m.segment_code), 'abandoned_cart')
            order by logins.account_id
        """
        return con.execute(query).fetchall()[0][0]


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


def publish_again(workspace: Workspace, *edits: str) -> str:
    """Publish a copy of the generation, with changes of live.duckdb as another build would make them."""
    old = workspace.current.resolve()
    number = int(old.name[-6:]) + 1
    new = old.with_name(f"{old.name[:-6]}{number:06d}")
    shutil.copytree(old, new)
    manifest = json.loads((new / "manifest.json").read_text())
    (new / "manifest.json").write_text(json.dumps(manifest | {"build_id": new.name}))
    with duckdb.connect(str(new / "live.duckdb")) as con:
        for edit in edits:
            con.execute(edit)
    pointer = workspace.current.with_name("next")
    pointer.symlink_to(new)
    pointer.rename(workspace.current)
    return new.name


def test_a_new_generation_is_loaded_beside_the_old_one(workspace, tmp_path, clock, shopper):
    with running(workspace, tmp_path / "live", clock) as client:
        browse(client, shopper)
        key = client.get(f"/v1/people/{shopper}", params={"by": "user_id"}).json()["customer_key"]
        gone = next(k for k in client.service.engine.loaded.members.of if k != key)
        last = client.service.engine.journal.last_seq
        build_id = publish_again(
            workspace,
            "update cone.steps set sql = replace(sql, 'product_views_10m > 3', 'product_views_10m > 300')",
            f"delete from facts.customers where customer_key = '{gone}'",
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
