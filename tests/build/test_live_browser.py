"""A website with `audiencekit live`, in a real browser: the block changes without a reload, logged out and logged in."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from live_service import WRITE_KEY, Client, running
from playwright.sync_api import Page, sync_playwright
from test_boards import CHROMIUM
from test_live_service import clock, workspace

from audiencekit.live.lookup import some_logins
from audiencekit.live.pages import demo_page

__all__ = ["clock", "workspace"]
ANALYTICS = "@segment/analytics-next@1.84.3"
RUDDERSTACK = "@rudderstack/analytics-js@3.34.1"
# Chromium asks people whether a website may talk to their own machine, where the service of a test is.
ARGUMENTS = [
    *("--no-sandbox", "--disable-background-networking"),
    "--disable-features=LocalNetworkAccessChecks",
]
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")

SHOP = """<!doctype html><title>A simulated shop</title>
<section data-audience-slot="home_hero"><h2 data-audience-field="headline">Welcome</h2></section>"""


@pytest.fixture
def page():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
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


def install(package: str, folder: Path) -> Path:
    """The folder of a package of npm, with what it needs."""
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("no npm on this machine")
    subprocess.run([npm, "install", "--silent", "--no-audit", package], cwd=folder, check=True)
    return folder / "node_modules" / package.rpartition("@")[0]


@needs_chromium
def test_segments_own_library_sends_to_it_unchanged(workspace, tmp_path, clock, page):
    library = install(ANALYTICS, tmp_path) / "dist/umd/index.js"
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


RUDDER_LOADS = """([url, key, useBeacon]) => {
    window.rudderanalytics = new window.rudderanalytics.RudderAnalytics();
    const beaconQueueOptions = {flushQueueInterval: 500}, onLoaded = () => { window.isLoaded = true; };
    rudderanalytics.load(key, url, {configUrl: url, useBeacon, beaconQueueOptions, onLoaded});
}"""
RUDDER_BROWSES = """() => {
    const options = {context: {location: {country: 'US'}}};
    rudderanalytics.page('Shoes');
    for (const n of [1, 2, 3, 4]) rudderanalytics.track('Product Viewed', {product_id: 'P' + n}, options);
    rudderanalytics.track('Product Added', {product_id: 'P4'}, options);
}"""
RUDDER_LOGS_IN = """() => {
    rudderanalytics.identify('a login', {email: 'ann@example.com', email_opt_out: true});
    rudderanalytics.track('Signed In');
}"""


@needs_chromium
@pytest.mark.parametrize("uses_beacon", [False, True], ids=["requests", "beacons"])
def test_rudderstacks_own_library_sends_to_it_unchanged(
    workspace, tmp_path, clock, page, uses_beacon
):
    """From a website of another origin: its settings, its headers, and traits in the context of calls."""
    library = install(RUDDERSTACK, tmp_path) / "dist/npm/modern/bundled/umd/index.js"
    failed = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    with running(workspace, tmp_path / "live", clock) as client:
        page.route(
            "https://shop.example/**",
            lambda route: route.fulfill(body=SHOP, content_type="text/html"),
        )
        page.goto("https://shop.example/shoes")
        page.add_script_tag(path=library)
        page.evaluate(RUDDER_LOADS, [client.url, WRITE_KEY, uses_beacon])
        page.wait_for_function("window.isLoaded")
        # Calls wait in a queue of the library, so they happened before they arrive: but not before the build.
        clock.forward(seconds=20)
        page.evaluate(RUDDER_BROWSES)
        counts = client.service.collector.counts
        client.wait(lambda: counts["taken"] >= 6)
        clock.forward(seconds=1)
        client.wait_until_evaluated()
        add_script(page, client)
        page.wait_for_function("window.audiencekit?.segments.includes('high_intent')")
        assert page.locator("h2").text_content() == "Need a hand deciding?"
        visitor = page.evaluate("rudderanalytics.getAnonymousId()")
        page.evaluate(RUDDER_LOGS_IN)
        client.wait(lambda: counts["taken"] >= 8)
        assert (counts["refused"], counts["held back"]) == (0, 0) and not failed
    (identify,) = rows_of(tmp_path / "live", "identifies")
    assert (identify["user_id"], identify["email"]) == ("a login", "ann@example.com")
    assert identify["email_opt_out"] is True
    (seen,) = rows_of(tmp_path / "live", "pages")
    tracks = rows_of(tmp_path / "live", "tracks")
    assert seen["url"] == "https://shop.example/shoes"
    assert [t.get("product_id") for t in tracks] == ["P1", "P2", "P3", "P4", "P4", None]
    assert {t["anonymous_id"] for t in tracks} == {visitor}
    assert all(t["original_timestamp"] for t in (identify, seen, *tracks))
    # The library repeats the traits in each later call. They are no decisions then.
    assert "ann@example.com" not in str([seen, *tracks])


def rows_of(log: Path, table: str) -> list[dict]:
    return [
        json.loads(line)
        for path in sorted(log.glob(f"{table}.*.jsonl"))
        for line in path.read_text().splitlines()
    ]


def test_settings_are_for_those_with_a_write_key(workspace, tmp_path, clock):
    with running(workspace, tmp_path / "live", clock) as client:
        for key, status in ((WRITE_KEY, 200), ("an unknown key", 401)):
            for request in ({"params": {"writeKey": key}}, {"auth": (key, "")}):
                answer = httpx.get(f"{client.url}/sourceConfig/", **request)
                assert answer.status_code == status and key not in answer.text


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
