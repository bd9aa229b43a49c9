"""Situations that public suites of segmentation tools try, each with the right answer worked out by hand.

Read for them, and listed with their results in docs/live.md: Dittofeed's computePropertiesIncremental.test.ts, Apache
Unomi's SegmentIT.java and PostHog's test_cohort_query.py. The calls are simulated.
"""

from dataclasses import dataclass
from datetime import timedelta

import duckdb
import pytest
from live_timeline import Timeline, with_every_column, with_rules
from workspaces import DEMO_AS_OF

from audiencekit.live.facts import VISITOR
from audiencekit.publish.keyed_rows import KeyedRows
from audiencekit.publish.live_facts import CUSTOMERS_FILE, LOGINS_FILE
from audiencekit.publish.live_state import LIVE_FILE

# The least that time moves: what is in a window at its end has left it then.
JUST = {"microseconds": 1}
ENTERED_BY_EVENT, ENTERED_BY_TIME = ("entered", "event"), ("entered", "time")
LEFT_BY_EVENT, LEFT_BY_TIME = ("left", "event"), ("left", "time")


@dataclass(frozen=True)
class Person:
    login: str
    key: str


@pytest.fixture(scope="module")
def generation(published, tmp_path_factory):
    """The published generation, with the columns for any rule."""
    folder = tmp_path_factory.mktemp("generation")
    with pytest.MonkeyPatch.context() as patch:
        return with_every_column(published.workspace, folder, patch)


def people(generation, where: str) -> list[Person]:
    """Customers with a login, by a condition on their facts: `segments` are those in the build."""
    with duckdb.connect(str(generation / LIVE_FILE), read_only=True) as con:
        con.register("of_customers", KeyedRows(generation / CUSTOMERS_FILE).all())
        con.register("logins", KeyedRows(generation / LOGINS_FILE).all())
        rows = con.execute(f"""
            select logins.account_id, logins.customer_key
            from logins
            inner join (
                select
                    *,
                    coalesce(list_transform(build_matches, lambda each: each.segment_code), []) as segments,
                    int_customer_profiles[1].age_band as age_band
                from of_customers
            ) as customers on logins.customer_key = customers.customer_key
            where {where}
            order by logins.account_id
        """).fetchall()
    return [Person(*row) for row in rows]


@pytest.fixture(scope="module")
def quiet(generation) -> list[Person]:
    """Customers who were never on the website, and whom nobody has heard of for a month: all counts begin at 0."""
    return people(generation, "senders is null and list_contains(segments, 'inactive')")


@pytest.fixture
def of_rule(generation, quiet, tmp_path):
    """A timeline of a quiet customer in which the segment advocates has another rule."""

    def begin(rule: str) -> tuple[Timeline, Person]:
        ann = quiet[0]
        return Timeline(
            with_rules(generation, tmp_path, {"advocates": rule}), DEMO_AS_OF, {ann.key}
        ), ann

    return begin


def visits_on(timeline: Timeline, person: Person, *days: float) -> None:
    """The person is on the website at these days after the start, and a second passes."""
    for day in days:
        timeline.wait(seconds=(DEMO_AS_OF + timedelta(days=day) - timeline.now).total_seconds())
        timeline.track("Product Viewed", person.login)
        timeline.wait(seconds=1)


def test_performed_more_than_three_times_within_a_week_and_then_expired(generation, quiet):
    ann, bob = quiet[:2]
    timeline = Timeline(generation, DEMO_AS_OF, {ann.key, bob.key})
    for number in range(4):
        timeline.arrive(
            timeline.call(type="track", event="Product Viewed", userId=ann.login),
            # Another event does not count.
            timeline.call(
                type="track",
                event="Product Added" if number else "Product Viewed",
                userId=bob.login,
            ),
        )
        timeline.wait(hours=1)
        assert ("product_page_visitors" in timeline.segments(ann.key)) == (number == 3)
    assert "product_page_visitors" not in timeline.segments(bob.key)
    # The first view was at the start: after exactly seven days it is in the window for the last time.
    timeline.wait(days=7, hours=-4)
    assert "product_page_visitors" in timeline.segments(ann.key)
    timeline.wait(**JUST)
    assert "product_page_visitors" not in timeline.segments(ann.key)
    timeline.track("Product Viewed", ann.login)
    # Three of the old views are left, and the new one. A call has milliseconds: it happened a microsecond before it
    # arrived, and counts at once.
    assert timeline.actions(ann.key, "product_page_visitors") == [
        ENTERED_BY_TIME,
        LEFT_BY_TIME,
        ENTERED_BY_EVENT,
    ]


def test_an_event_of_before_counts_when_it_arrives(generation, quiet):
    ann = quiet[0]
    timeline = Timeline(generation, DEMO_AS_OF, {ann.key})
    timeline.wait(days=6)
    late = [
        timeline.call(
            type="track",
            event="Product Viewed",
            userId=ann.login,
            timestamp=(timeline.now - timedelta(days=days)).isoformat() + "Z",
        )
        for days in (1, 3, 2)
    ]
    timeline.arrive(*late)
    assert "product_page_visitors" not in timeline.segments(ann.key)
    timeline.arrive(*late)
    assert "product_page_visitors" not in timeline.segments(ann.key), "sent again, counted once"
    too_old = (timeline.now - timedelta(days=7, microseconds=1)).isoformat() + "Z"
    timeline.track("Product Viewed", ann.login, timestamp=too_old)
    assert "product_page_visitors" not in timeline.segments(ann.key), "before the window"
    timeline.track(
        "Product Viewed", ann.login, timestamp=(timeline.now - timedelta(days=5)).isoformat() + "Z"
    )
    assert timeline.actions(ann.key, "product_page_visitors") == [ENTERED_BY_EVENT]
    # The oldest of the four is five days old, so it leaves in two.
    timeline.wait(days=2)
    assert "product_page_visitors" in timeline.segments(ann.key)
    timeline.wait(**JUST)
    assert timeline.actions(ann.key, "product_page_visitors")[1:] == [LEFT_BY_TIME]


def test_an_event_of_a_clock_that_is_ahead_counts_when_its_time_has_come(generation, quiet):
    ann = quiet[0]
    timeline = Timeline(generation, DEMO_AS_OF, {ann.key})
    timeline.track(
        "Product Shared", ann.login, timestamp=(timeline.now + timedelta(hours=2)).isoformat() + "Z"
    )
    timeline.wait(hours=2)
    assert "advocates" not in timeline.segments(ann.key)
    timeline.wait(**JUST)
    assert timeline.actions(ann.key, "advocates") == [ENTERED_BY_TIME]


def test_not_performed_within_thirty_days_then_performed_then_not_again(generation, quiet):
    ann = quiet[0]
    timeline = Timeline(generation, DEMO_AS_OF, {ann.key})
    assert "inactive" in timeline.segments(ann.key)
    timeline.track("Page Viewed", ann.login)
    timeline.wait(seconds=1)
    assert "inactive" not in timeline.segments(ann.key)
    timeline.wait(days=30, seconds=-1)
    assert "inactive" not in timeline.segments(ann.key), "thirty days are not more than thirty"
    timeline.wait(seconds=1)
    assert "inactive" in timeline.segments(ann.key)
    timeline.track("Page Viewed", ann.login)
    timeline.wait(seconds=1)
    actions = [action for action, _ in timeline.actions(ann.key, "inactive")]
    assert actions == ["left", "entered", "left"]


def test_performed_less_than_twice_within_a_week(of_rule):
    timeline, ann = of_rule("product_views_7d < 2")
    assert "advocates" in timeline.segments(ann.key), "never is less than twice"
    visits_on(timeline, ann, 0, 1)
    assert "advocates" not in timeline.segments(ann.key)
    timeline.wait(seconds=(DEMO_AS_OF + timedelta(days=7) - timeline.now).total_seconds())
    assert "advocates" not in timeline.segments(ann.key)
    timeline.wait(**JUST)
    assert "advocates" in timeline.segments(ann.key)


def test_a_trait_and_an_event_within_a_window(generation):
    young = people(
        generation,
        "age_band = '25-34' and not list_contains(segments, 'campaign_browsers_25_34')",
    )[0]
    older = people(generation, "age_band = '45-54'")[0]
    timeline = Timeline(generation, DEMO_AS_OF, {young.key, older.key})
    for person in (young, older):
        # Promotions of the demo go on into 2018.
        timeline.track("Product Viewed", person.login)
    timeline.wait(seconds=1)
    assert "campaign_browsers_25_34" in timeline.segments(young.key)
    assert "campaign_browsers_25_34" not in timeline.segments(older.key)
    timeline.wait(days=7)
    assert "campaign_browsers_25_34" not in timeline.segments(young.key)


def test_nested_and_or_and_not(of_rule):
    timeline, ann = of_rule(
        "(product_views_7d >= 1 and (cart_adds_7d = 0 or shares_30d >= 1)) "
        "or (cart_adds_7d >= 2 and not shares_30d >= 1)"
    )
    # Each event, how many days pass after it, and whether the rule holds then.
    for event, days, is_in in (
        ("Product Added", 0, False),  # one cart is not two, and nothing was viewed
        ("Product Viewed", 0, False),  # viewed, but also put into the cart
        ("Product Added", 0, True),  # two carts, and not shared
        ("Product Shared", 0, True),  # shared: the second part ends, the first begins
        ("Page Viewed", 8, False),  # views and carts have left their windows
        ("Product Viewed", 0, True),  # viewed, with nothing in the cart
    ):
        timeline.track(event, ann.login)
        timeline.wait(days=days, minutes=1)
        assert ("advocates" in timeline.segments(ann.key)) == is_in, event


def test_performed_for_the_first_time_in_three_months(of_rule):
    timeline, ann = of_rule("sessions_7d >= 1 and sessions_90d = sessions_7d")
    visits_on(timeline, ann, 0)
    assert "advocates" in timeline.segments(ann.key)
    visits_on(timeline, ann, 6)
    assert "advocates" in timeline.segments(ann.key), "both visits are of the same week"
    visits_on(timeline, ann, 20)
    assert "advocates" not in timeline.segments(ann.key), "not the first"
    # 91 days after the last visit, nothing is known of any.
    visits_on(timeline, ann, 112)
    assert "advocates" in timeline.segments(ann.key)


def test_stopped_performing(of_rule):
    timeline, ann = of_rule("sessions_30d >= 1 and sessions_7d = 0")
    visits_on(timeline, ann, 0)
    assert "advocates" not in timeline.segments(ann.key), "still at it"
    timeline.wait(days=7)
    assert "advocates" in timeline.segments(ann.key)
    visits_on(timeline, ann, 10)
    assert "advocates" not in timeline.segments(ann.key), "at it again"
    timeline.wait(days=7)
    assert "advocates" in timeline.segments(ann.key)
    timeline.wait(days=23)
    assert "advocates" not in timeline.segments(ann.key), "too long ago to have stopped now"


def test_restarted_performing(generation, quiet, tmp_path):
    rule = "sessions_7d >= 1 and sessions_30d = sessions_7d and sessions_90d > sessions_30d"
    after_pause, without_pause, first_time, never_again = quiet[:4]
    people_on = {
        0: (after_pause, without_pause, never_again),
        20: (without_pause,),
        38: (after_pause,),
        40: (after_pause, without_pause, first_time),
    }
    timeline = Timeline(
        with_rules(generation, tmp_path, {"advocates": rule}),
        DEMO_AS_OF,
        {person.key for person in quiet[:4]},
    )
    for day, there in people_on.items():
        timeline.wait(seconds=(DEMO_AS_OF + timedelta(days=day) - timeline.now).total_seconds())
        timeline.arrive(
            *(
                timeline.call(type="track", event="Product Viewed", userId=person.login)
                for person in there
            )
        )
    timeline.wait(seconds=1)
    members = {person for person in quiet[:4] if "advocates" in timeline.segments(person.key)}
    assert members == {after_pause}


def test_a_sequence_is_broken_by_its_second_event_and_not_by_an_earlier_one(generation, quiet):
    ann, bob = quiet[:2]
    timeline = Timeline(generation, DEMO_AS_OF, {ann.key, bob.key})
    timeline.track("Checkout Started", ann.login)
    timeline.wait(minutes=1)
    for person in (ann, bob):
        timeline.track("Product Added", person.login, properties={"product_id": "P1"})
    timeline.wait(minutes=10)
    timeline.track("Checkout Started", bob.login)
    timeline.wait(minutes=20)
    assert "abandoned_cart" in timeline.segments(ann.key), "half an hour, to the microsecond"
    assert "abandoned_cart" not in timeline.segments(bob.key)
    # Checked out on another device, and the call comes late: the cart was not left.
    at = (timeline.now - timedelta(minutes=5)).isoformat() + "Z"
    timeline.track("Order Completed", ann.login, anonymousId="another device", timestamp=at)
    assert timeline.actions(ann.key, "abandoned_cart") == [ENTERED_BY_TIME, LEFT_BY_EVENT]


def test_only_the_last_event_of_a_kind_decides(generation, quiet):
    ann = quiet[0]
    timeline = Timeline(generation, DEMO_AS_OF, {ann.key})
    # It is put in again after twenty minutes: the half hour begins again.
    for minutes in (20, 29):
        timeline.track("Product Added", ann.login, properties={"product_id": "P1"})
        timeline.wait(minutes=minutes)
        assert "abandoned_cart" not in timeline.segments(ann.key)
    # Taken out and put in arrive in the wrong order; what happened last is that it was taken out.
    removed = timeline.call(
        type="track",
        event="Product Removed",
        userId=ann.login,
        properties={"product_id": "P1"},
    )
    added = removed | {
        "event": "Product Added",
        "messageId": "added before",
        "timestamp": (timeline.now - timedelta(seconds=9)).isoformat() + "Z",
    }
    timeline.arrive(removed, added)
    timeline.wait(minutes=31)
    assert timeline.actions(ann.key, "abandoned_cart") == []


def test_the_events_of_a_device_are_a_customers_from_the_login_on(generation, quiet):
    ann, bob = quiet[:2]
    timeline = Timeline(generation, DEMO_AS_OF, {ann.key, bob.key})
    visitor = f"{VISITOR}device d1"
    for _ in range(4):
        timeline.track("Product Viewed", anonymousId="d1")
    timeline.wait(minutes=1)
    assert "product_page_visitors" in timeline.segments(visitor)
    assert "product_page_visitors" not in timeline.segments(ann.key)
    timeline.track("Signed In", ann.login, anonymousId="d1")
    timeline.wait(**JUST)
    assert "product_page_visitors" in timeline.segments(ann.key)
    # Ten minutes after the views both are due together, the customer and the visitor whom nobody knew.
    timeline.wait(minutes=30)
    assert "product_page_visitors" not in timeline.segments(visitor)
    # The visitor is dropped; what the device did is Ann's.
    timeline.wait(days=1)
    assert visitor not in timeline.members.visitors
    timeline.track("Page Viewed", ann.login, anonymousId="d1")
    timeline.wait(**JUST)
    assert timeline.actions(ann.key, "product_page_visitors") == [ENTERED_BY_TIME]
    # Of a device that two people use nobody knows whose the anonymous events are.
    timeline.track("Signed In", bob.login, anonymousId="d1")
    timeline.wait(**JUST)
    for person in (ann, bob):
        assert "product_page_visitors" not in timeline.segments(person.key)


def test_what_a_visitor_did_over_an_hour_before_they_log_in_waits_for_the_next_build(
    generation, quiet
):
    ann = quiet[0]
    timeline = Timeline(generation, DEMO_AS_OF, {ann.key})
    for minutes in (59, 62):
        for _ in range(2):
            timeline.track("Product Viewed", anonymousId="d1")
        timeline.wait(minutes=minutes)
    for _ in range(2):
        timeline.track("Product Viewed", ann.login, anonymousId="d1")
    timeline.wait(seconds=1)
    assert "product_page_visitors" not in timeline.segments(ann.key)


def test_calls_in_any_order_lead_to_the_same_segments(generation, quiet):
    ann, bob = quiet[:2]
    timeline = Timeline(generation, DEMO_AS_OF, {ann.key, bob.key})
    timeline.wait(hours=1)
    events = ["Product Viewed"] * 4 + ["Product Added", "Checkout Started", "Product Added"]
    for ann_s, bob_s in zip(range(7), (6, 2, 5, 0, 4, 3, 1), strict=True):
        timeline.arrive(
            *(
                timeline.call(
                    type="track",
                    event=events[place],
                    userId=person.login,
                    properties={"product_id": "P1"},
                    timestamp=(DEMO_AS_OF + timedelta(minutes=51 + place)).isoformat() + "Z",
                )
                for person, place in ((ann, ann_s), (bob, bob_s))
            )
        )
    of_events = {"high_intent", "product_page_visitors", "abandoned_cart"}
    # The cart was filled again after the checkout, 3 minutes ago.
    assert timeline.segments(ann.key) & of_events == {"high_intent", "product_page_visitors"}
    assert timeline.segments(bob.key) & of_events == {"high_intent", "product_page_visitors"}
    timeline.wait(minutes=27)
    assert timeline.segments(ann.key) & of_events == {"abandoned_cart", "product_page_visitors"}
    assert timeline.segments(bob.key) & of_events == {"abandoned_cart", "product_page_visitors"}


def test_a_number_in_the_properties_of_an_event_and_one_that_is_none(of_rule):
    timeline, ann = of_rule("scroll_depth_30d >= 75")
    for percent, is_in in ((60, False), ("not a number", False), (None, False), ("80", True)):
        timeline.track("Scroll", ann.login, properties={"percent": percent})
        timeline.wait(seconds=1)
        assert ("advocates" in timeline.segments(ann.key)) == is_in, percent


def test_one_event_has_many_spellings(generation, quiet):
    ann = quiet[0]
    timeline = Timeline(generation, DEMO_AS_OF, {ann.key})
    for name in ("Product Viewed", "product_viewed", "  product viewed ", "PRODUCT-VIEWED"):
        assert "product_page_visitors" not in timeline.segments(ann.key)
        timeline.track(name, ann.login)
    timeline.wait(seconds=1)
    assert "product_page_visitors" in timeline.segments(ann.key)


def test_a_subscription_that_is_refused_and_asked_for_again(generation):
    ann = people(generation, "list_contains(segments, 'newsletter_subscribers')")[0]
    bob = people(generation, "not list_contains(segments, 'newsletter_subscribers')")[0]
    timeline = Timeline(generation, DEMO_AS_OF, {ann.key, bob.key})
    for wanted in (False, True):
        for person in (ann, bob):
            timeline.identify(person.login, newsletter_opt_in=wanted)
        timeline.wait(seconds=1)
        assert ("newsletter_subscribers" in timeline.segments(ann.key)) == wanted
    # Of those who did not subscribe before, only the next build knows that they do now.
    assert timeline.actions(bob.key, "newsletter_subscribers") == []


def test_a_list_that_was_made_by_hand_is_not_changed_by_events_or_time(generation):
    (vip, *_) = people(generation, "list_contains(segments, 'vip')")
    ann = people(generation, "not list_contains(segments, 'vip')")[0]
    timeline = Timeline(generation, DEMO_AS_OF, {vip.key, ann.key})
    for person in (vip, ann):
        timeline.track("Product Viewed", person.login)
    timeline.wait(days=40)
    assert "vip" in timeline.segments(vip.key) and "vip" not in timeline.segments(ann.key)


def test_a_segment_of_everybody_has_everybody_at_all_times(of_rule):
    timeline, ann = of_rule("customer_key is not null")
    timeline.track("Page Viewed", anonymousId="d1")
    timeline.wait(minutes=1)
    assert "advocates" in timeline.segments(ann.key)
    assert "advocates" in timeline.segments(f"{VISITOR}device d1")
    timeline.wait(days=100)
    assert timeline.actions(ann.key, "advocates") == []
