"""Names of web events: those of public specifications are known, and none that may be a refusal is taken for interest."""

import csv
import re
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from audiencekit.errors import UserError
from audiencekit.intake.gates import Gates
from audiencekit.intake.job import run_intake
from audiencekit.sql import rows_of
from audiencekit.workspace import PROJECT, Workspace

# Segment, "V2 Ecommerce Events" and "Video" specifications.
SEGMENT = {
    "commerce": """Products Searched, Product List Viewed, Product List Filtered, Promotion Viewed, Promotion Clicked,
        Product Clicked, Product Viewed, Product Added, Product Removed, Cart Viewed, Checkout Started,
        Checkout Step Viewed, Checkout Step Completed, Payment Info Entered, Order Completed, Order Updated,
        Order Refunded, Order Cancelled, Coupon Entered, Coupon Applied, Coupon Denied, Coupon Removed,
        Product Added to Wishlist, Product Removed from Wishlist, Wishlist Product Added to Cart, Cart Shared""",
    "engagement": "Product Shared, Product Reviewed",
    "content": """Video Playback Started, Video Playback Paused, Video Playback Interrupted,
        Video Playback Buffer Started, Video Playback Buffer Completed, Video Playback Seek Started,
        Video Playback Seek Completed, Video Playback Resumed, Video Playback Completed, Video Playback Exited,
        Video Quality Updated, Video Content Started, Video Content Playing, Video Content Completed,
        Video Ad Started, Video Ad Playing, Video Ad Completed""",
}
# Google, "Recommended events" of GA4, and those that enhanced measurement collects.
GA4 = {
    "commerce": """add_payment_info, add_shipping_info, add_to_cart, add_to_wishlist, begin_checkout, purchase, refund,
        remove_from_cart, search, select_item, select_promotion, view_cart, view_item, view_item_list, view_promotion,
        view_search_results""",
    "content": "file_download, video_start, video_progress, video_complete, select_content, ad_impression",
    "engagement": """close_convert_lead, close_unconvert_lead, disqualify_lead, earn_virtual_currency, generate_lead,
        join_group, level_end, level_start, level_up, login, post_score, qualify_lead, share, sign_up,
        spend_virtual_currency, tutorial_begin, tutorial_complete, unlock_achievement, working_lead, page_view, scroll,
        click, form_start, form_submit, session_start, first_visit, user_engagement, screen_view""",
}
ORDERS = "order_id,ordered_at,total\n1,2024-01-01,5\n"


def known() -> dict[str, tuple[str, str]]:
    with (PROJECT / "seeds" / "event_kinds.csv").open() as lines:
        return {
            r["written_name"]: (r["event_name"], r["event_kind"]) for r in csv.DictReader(lines)
        }


@pytest.mark.parametrize("specification", [SEGMENT, GA4], ids=["Segment", "GA4"])
def test_every_event_of_a_specification_is_known_with_its_kind(specification):
    kinds = known()
    for kind, names in specification.items():
        for name in re.split(r",\s*", names.replace("\n", " ")):
            written = re.sub(r"[^a-z0-9]", "", name.lower())
            assert kinds[written][1] == kind, name


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("Product Viewed", "product_view"),
        ("view_item", "product_view"),
        ("Product Added", "add_to_cart"),
        ("Product Removed", "remove_from_cart"),
        ("begin_checkout", "checkout"),
        ("Order Completed", "purchase"),
        ("Video Playback Started", "video_play"),
        ("file_download", "download"),
    ],
)
def test_the_names_that_features_read_are_those_of_the_seed(name, event):
    assert known()[re.sub(r"[^a-z0-9]", "", name.lower())][0] == event


def test_every_name_in_the_seed_is_known_by_itself():
    kinds = known()
    for event, kind in kinds.values():
        assert kinds[event.replace("_", "")] == (event, kind)


def take(folder: Path, names: list[str], accept: tuple[str, ...] = ()) -> list[str]:
    (folder / "landing").mkdir()
    (folder / "landing" / "orders.csv").write_text(ORDERS)
    rows = [f"{n},2024-01-01,{name},d{n}" for n, name in enumerate(names)]
    text = "\n".join(["event_id,occurred_at,event,anonymous_id", *rows, ""])
    (folder / "landing" / "web_events.csv").write_text(text)
    home = Workspace(folder / "home")
    run_intake(folder / "landing", home, datetime(2025, 1, 1), Gates(accept), lambda _: None)
    query = (
        f"select event_name from {rows_of(home.intake / 'web_events.parquet')} order by event_id"
    )
    return [row[0] for row in duckdb.execute(query).fetchall()]


def test_an_event_of_any_name_is_taken_in(tmp_path):
    names = ["Product Viewed", "quiz: part 2", "Événement"]
    assert take(tmp_path, names) == names


@pytest.mark.parametrize(
    "name",
    ["Unsubscribed", "email_unsubscribe", "opt_out", "Opted Out", "consent_declined", "Cookies Rejected", "reject all cookies",
     "doNotSell clicked", "consent withdrawn"],
)  # fmt: skip
def test_an_event_that_may_be_a_refusal_stops_the_run(tmp_path, name):
    with pytest.raises(UserError, match=r"web_events: events of the name .* may be refusals"):
        take(tmp_path, ["page_view", name])
    (tmp_path / "again").mkdir()
    assert take(tmp_path / "again", [name], ("web_events",)) == [name]


@pytest.mark.parametrize(
    "name", ["newsletter_signup", "consent_given", "subscribe", "checkout", "payment_declined"]
)
def test_an_event_that_refuses_nothing_is_none(tmp_path, name):
    assert take(tmp_path, [name]) == [name]
