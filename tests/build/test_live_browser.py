"""A website with `audiencekit live`, in a real browser: the block changes without a reload, logged out and logged in."""

import re
import shutil
import subprocess

import pytest
from live_service import WRITE_KEY, Client, running
from playwright.sync_api import Page, sync_playwright
from test_boards import CHROMIUM
from test_live_service import clock, workspace

from audiencekit.live.lookup import some_logins
from audiencekit.live.pages import demo_page

__all__ = ["clock", "workspace"]
ANALYTICS = "@segment/analytics-next@1.84.3"
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")

SHOP = """<!doctype html><title>A simulated shop</title>
<section data-audience-slot="home_hero"><h2 data-audience-field="headline">Welcome</h2></section>"""


@pytest.fixture
def page():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        page = browser.new_page()
        page.failures = []
        page.on("pageerror", lambda error: page.failures.append(str(error)))
        yield page
        browser.close()
        assert page.failures == []


@needs_chromium
def test_the_block_of_the_demo_shop_changes_while_one_browses(workspace, tmp_path, clock, page):
    logins = some_logins(workspace.current, number=50)
    pages = [demo_page(WRITE_KEY, logins)]
    with running(workspace, tmp_path / "live", clock, pages=pages) as client:
        page.goto(f"{client.url}/demo")
        headline = page.locator("[data-audience-field=headline]")
        assert headline.text_content() == "Welcome to the shop"
        browse(page, client)
        page.wait_for_function(
            "document.getElementById('segments').textContent.includes('high_intent')"
        )
        assert headline.text_content() == "Need a hand deciding?"
        assert "EXAMPLE_FREE_DELIVERY" in page.locator("code").text_content()
        assert page.evaluate("window.dataLayer.at(-1).segments").count("high_intent") == 1
        # The customer whom the visitor turns out to be, with what they did before they logged in.
        page.select_option("#login", allowed_on_the_website(client, logins))
        page.click("#log-in")
        clock.forward(seconds=1)
        page.wait_for_function(
            "window.audiencekit.isKnown && window.audiencekit.segments.includes('high_intent')"
        )
        # Ten minutes later it is over.
        clock.forward(minutes=11)
        client.wait_until_evaluated()
        page.wait_for_function("!window.audiencekit?.segments.includes('high_intent')")
        assert headline.text_content() != "Need a hand deciding?"


def allowed_on_the_website(client: Client, logins: list[str]) -> str:
    loaded = client.service.engine.loaded
    keys = {login: loaded.lookup.customer("user_id", login) for login in logins}
    return next(
        login
        for login, key in keys.items()
        if any(("website", None) in reasons for reasons in loaded.members.of[key].values())
    )


def browse(page: Page, client: Client) -> None:
    for number, button in enumerate([".view"] * 4 + [".add"]):
        with page.expect_response(re.compile("/v1/track")):
            page.locator(button).nth(number).click()
        client.clock.forward(seconds=5)


@needs_chromium
def test_segments_own_library_sends_to_it_unchanged(workspace, tmp_path, clock, page):
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("no npm on this machine")
    subprocess.run([npm, "install", "--silent", "--no-audit", ANALYTICS], cwd=tmp_path, check=True)
    library = next((tmp_path / "node_modules/@segment/analytics-next/dist/umd").glob("index.js"))
    with running(workspace, tmp_path / "live", clock) as client:
        page.route("**/shop", lambda route: route.fulfill(body=SHOP, content_type="text/html"))
        page.goto(f"{client.url}/shop")
        page.add_script_tag(path=library)
        page.evaluate(
            """async ([host, key]) => {
                const {AnalyticsBrowser} = window.AnalyticsNext;
                const settings = {integrations: {'Segment.io': {apiKey: key, apiHost: host, protocol: 'http'}}};
                window.analytics = AnalyticsBrowser.load(
                    {writeKey: key, cdnSettings: settings},
                    {integrations: {'Segment.io': {apiHost: host, protocol: 'http'}}},
                );
                for (const n of [1, 2, 3, 4]) {
                    await analytics.track('Product Viewed', {product_id: 'P' + n}, {context: {location: {country: 'US'}}});
                }
                await analytics.track('Product Added', {product_id: 'P4'}, {context: {location: {country: 'US'}}});
            }""",
            [client.url.removeprefix("http://") + "/v1", WRITE_KEY],
        )
        client.wait(lambda: client.service.collector.counts["taken"] >= 5)
        clock.forward(seconds=1)
        client.wait_until_evaluated()
        add_script(page, client)
        page.wait_for_function("window.audiencekit?.segments.includes('high_intent')")
        assert page.locator("h2").text_content() == "Need a hand deciding?"
        # As soon as the library sends another event, the block is asked about again.
        clock.forward(minutes=11)
        page.evaluate("window.analytics.track('Page Left')")
        client.wait(lambda: client.service.collector.counts["taken"] >= 6)
        client.wait_until_evaluated()
        page.wait_for_function("!window.audiencekit?.segments.includes('high_intent')")


def add_script(page: Page, client: Client) -> None:
    """As a website has it in its head."""
    page.evaluate(
        """([url, key]) => {
            const script = document.createElement('script');
            script.src = url;
            script.dataset.writeKey = key;
            document.head.append(script);
        }""",
        [f"{client.url}/audiencekit.js", WRITE_KEY],
    )
