"""The preference page and one-click unsubscribing, in a real browser and as an e-mail tool and a mail program use them."""

import json
import shutil
from datetime import timedelta

import httpx
import pytest
from live_service import LINK_SECRET, Client, running
from test_live_browser import needs_chromium, page
from test_live_service import clock, workspace
from workspaces import DEMO_AS_OF

from audiencekit.live.preference_tokens import Link, Signer

__all__ = ["clock", "page", "workspace"]
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def client(workspace, tmp_path, clock):
    # At noon in the United States, where the customers of the demo live.
    clock.forward(hours=18)
    with running(workspace, tmp_path / "live", clock) as client:
        yield client


def email_reasons(client: Client, key: str) -> dict[str, str | None]:
    """By segment, why the customer is left out of e-mails."""
    segments = client.get(f"/v1/people/{key}").json()["segments"]
    return {s["segment_code"]: s["channels"]["email"] for s in segments if "email" in s["channels"]}


@pytest.fixture
def reader(client) -> str:
    """A customer who gets e-mails about offers, and about something else."""
    members = client.service.engine.loaded.members.of
    for key in sorted(members):
        reasons = {code: dict(why).get("email", "") for code, why in members[key].items()}
        if {code for code, why in reasons.items() if why is None} & OFFERS:
            return key
    raise AssertionError("nobody gets an offer")


OFFERS = {"due_to_buy", "overdue", "lapsed", "loyal_customers", "infrequent_buyers", "churn_risk"}
OFFERS |= {"rfm_hibernating", "rfm_promising", "rfm_need_attention", "rfm_potential_loyalists"}
OFFERS |= {"at_risk", "rfm_at_risk", "recent_high_frequency", "campaign_browsers_25_34"}


def link(client: Client, key: str) -> str:
    answer = client.get("/v1/preferences/link", params={"customer_key": key})
    assert answer.status_code == 200, answer.text
    assert answer.json()["list_unsubscribe_post"] == "List-Unsubscribe=One-Click"
    return client.url + answer.json()["path"]


def decisions(client: Client) -> list[dict]:
    """The decisions in the log, in the files that a run reads."""
    log = client.service.collector.log
    log.finish(client.clock.now)
    files = sorted(log.folder.glob("preferences.*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text().splitlines()]


def evaluated(client: Client) -> None:
    client.clock.forward(seconds=1)
    client.wait_until_evaluated()


def test_one_click_ends_all_emails_at_once_and_a_second_one_changes_nothing(client, reader):
    address = link(client, reader)
    assert httpx.get(address).status_code == 200
    evaluated(client)
    assert None in email_reasons(client, reader).values(), "opening a link changes nothing"
    for _ in range(2):
        answer = httpx.post(address, data=ONE_CLICK)
        assert (answer.status_code, answer.text) == (200, "You are unsubscribed.")
        assert not answer.cookies
        evaluated(client)
        assert set(email_reasons(client, reader).values()) == {"consent_withdrawn"}
    changes = [c for c in client.changes() if c["customer_key"] == reader]
    assert {c["action"] for c in changes} == {"permission"}
    logged = decisions(client)
    assert {(d["customer_key"], d["status"]) for d in logged} == {(reader, "withdrawn")}
    assert {d["purpose"] for d in logged} == {"email_marketing", "newsletter"}


def test_a_mail_program_may_send_the_one_click_as_multipart(client, reader):
    answer = httpx.post(link(client, reader), files={"List-Unsubscribe": (None, "One-Click")})
    assert answer.status_code == 200
    evaluated(client)
    assert set(email_reasons(client, reader).values()) == {"consent_withdrawn"}


def test_a_link_that_has_expired_still_unsubscribes_and_shows_nothing_else(client, reader):
    old = Link(reader, client.clock.now - timedelta(seconds=1))
    address = f"{client.url}/preferences?token={Signer([LINK_SECRET]).token(old)}"
    shown = httpx.get(address)
    assert shown.status_code == 200 and "Offers" not in shown.text
    assert httpx.post(address, data={"was_every": "0", "every": "7"}).status_code == 410
    assert decisions(client) == []
    assert httpx.post(address, data={"unsubscribe": "all"}).status_code == 200
    evaluated(client)
    assert set(email_reasons(client, reader).values()) == {"consent_withdrawn"}


def test_a_customer_who_was_merged_since_can_refuse_and_a_run_finds_them(client):
    gone = Link("a key of an earlier build", client.clock.now + timedelta(days=1))
    address = f"{client.url}/preferences?token={Signer([LINK_SECRET]).token(gone)}"
    assert "too old" in httpx.get(address).text
    assert httpx.post(address, data=ONE_CLICK).status_code == 200
    assert {d["customer_key"] for d in decisions(client)} == {gone.customer_key}


def test_nobody_else_can_open_change_or_learn_anything(client, reader):
    good = link(client, reader).partition("token=")[2]
    forged = Signer([b"another secret of thirty-two bytes"]).token(
        Link(reader, client.clock.now + timedelta(days=1))
    )
    for token in ("", "x", good[:-2], forged):
        for answer in (
            httpx.get(f"{client.url}/preferences", params={"token": token}),
            httpx.post(f"{client.url}/preferences", params={"token": token}, data=ONE_CLICK),
        ):
            assert answer.status_code == 404 and "not complete" in answer.text
    assert decisions(client) == []
    # A write key is public.
    path = "/v1/preferences/link"
    assert httpx.get(f"{client.url}{path}", params={"customer_key": reader}).status_code == 401
    assert client.get(path, params={"customer_key": "nobody"}).status_code == 404
    assert client.get(path).status_code == 400
    shown = httpx.get(f"{client.url}/preferences", params={"token": good})
    assert "@" not in shown.text.split("</style>")[1] and reader not in shown.text
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert shown.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in shown.headers["content-security-policy"]


@needs_chromium
def test_a_customer_refuses_a_topic_and_wants_fewer_messages(client, reader, page, published):
    page.goto(link(client, reader))
    assert page.title() == "Your preferences"
    assert page.get_by_label("Send me e-mails").is_checked()
    offers = page.get_by_role("checkbox", name="Offers")
    assert offers.is_checked()
    offers.uncheck()
    page.get_by_label("How often").select_option("At most every 7 days")
    page.get_by_role("button", name="Save").click()
    assert "Saved." in page.get_by_role("status").text_content()
    assert not page.get_by_role("checkbox", name="Offers").is_checked()
    evaluated(client)
    reasons = email_reasons(client, reader)
    assert {reasons[code] for code in reasons.keys() & OFFERS} == {"topic_refused"}
    # The page shows what holds now, and saving it as it is decides nothing.
    page.goto(link(client, reader))
    assert not page.get_by_role("checkbox", name="Offers").is_checked()
    assert page.get_by_role("checkbox", name="New products").is_checked()
    assert page.get_by_label("How often").input_value() == "7"
    page.get_by_role("button", name="Save").click()
    page.get_by_role("status").wait_for()
    logged = [(d["status"], d["topic"], d["at_most_every_days"]) for d in decisions(client)]
    assert sorted(logged, key=str) == [("limited", None, 7), ("withdrawn", "offers", None)]


@needs_chromium
def test_the_page_is_one_of_form_fields_with_names_for_the_keyboard_alone(client, reader, page):
    page.goto(link(client, reader))
    for box in page.get_by_role("checkbox").all():
        assert box.evaluate("each => each.labels.length") == 1
    assert page.locator("html").get_attribute("lang") == "en"
    width = page.locator("body").evaluate("each => getComputedStyle(each).maxWidth")
    assert width.endswith("px"), "the policy of the page forbids its own style"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert not page.get_by_label("Send me e-mails").is_checked()
    page.get_by_role("button", name="Save").press("Enter")
    page.get_by_role("status").wait_for()
    evaluated(client)
    assert set(email_reasons(client, reader).values()) == {"consent_withdrawn"}
    # What they allow again waits for the next build.
    page.goto(link(client, reader))
    page.get_by_label("Send me e-mails").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("status").wait_for()
    evaluated(client)
    assert set(email_reasons(client, reader).values()) == {"consent_withdrawn"}
    assert decisions(client)[-1]["status"] == "granted"


@needs_chromium
def test_the_button_ends_all_emails(client, reader, page):
    page.goto(link(client, reader))
    page.get_by_role("button", name="Unsubscribe from all e-mails").click()
    assert "Saved." in page.get_by_role("status").text_content()
    evaluated(client)
    assert set(email_reasons(client, reader).values()) == {"consent_withdrawn"}


def test_the_next_build_reads_what_was_chosen(runner, published, demo, client, reader, tmp_path):
    """A refusal of the page, and later a grant by another link: the build reads both from the log."""
    others = sorted(set(client.service.engine.loaded.members.of) - {reader})
    httpx.post(link(client, reader), data=ONE_CLICK)
    refused_by_law = next(
        key for key in others if "no_consent" in email_reasons(client, key).values()
    )
    form = {"was_every": "0", "every": "0", "allow": "email_marketing"}
    assert httpx.post(link(client, refused_by_law), data=form).status_code == 200
    topic = {"was_every": "0", "every": "14", "was_topic": ["offers", "tips"], "topic": "tips"}
    assert httpx.post(link(client, others[0]), data=topic).status_code == 200
    assert len(decisions(client)) == 5
    landing = tmp_path / "landing"
    landing.mkdir()
    for path in (demo / "landing").iterdir():
        (landing / path.name).symlink_to(path)
    shutil.copytree(client.service.collector.log.folder, landing / "live")
    runner.copy_of(published, "after_the_page")
    built = runner.build(
        "after_the_page", landing, "+int_action_candidates", as_of=DEMO_AS_OF + timedelta(days=1)
    )
    allowed = built.warehouse(
        "select customer_key, is_allowed from activation.int_channel_permissions where channel = 'email'"
    ).set_index("customer_key")["is_allowed"]
    assert not allowed[reader]
    assert allowed[refused_by_law]
    topics = built.warehouse(
        f"select channel, topic from activation.int_topic_refusals where customer_key = '{others[0]}'"
    )
    assert topics.values.tolist() == [["email", "offers"]]
    limits = built.warehouse(
        f"select window_days from activation.int_frequency_limits where customer_key = '{others[0]}'"
    )
    assert limits.values.tolist() == [[14]]
