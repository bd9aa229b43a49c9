"""Playbook pages: what is published and what git knows, one page a segment, and nothing from elsewhere."""

import re
import shutil
from html import unescape

import duckdb
import pytest
from playwright.sync_api import sync_playwright
from test_boards import CHROMIUM, LOADS

from audiencekit.errors import UserError
from audiencekit.pages.playbooks import write_playbooks
from audiencekit.workspace import Workspace


@pytest.fixture(scope="module")
def workspace(published, tmp_path_factory):
    home = tmp_path_factory.mktemp("playbooks")
    (home / "published").symlink_to(published.workspace.published)
    return Workspace(home)


@pytest.fixture(scope="module")
def pages(workspace):
    return {path.stem: path for path in write_playbooks(workspace)}


def text_of(path) -> str:
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", path.read_text(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_every_segment_has_a_page_that_the_index_links_and_that_needs_nothing(published, pages):
    segments = published.report("dim_segments")
    assert next(iter(pages)) == "index"
    assert set(pages) == {"index", "message_matrix", *segments["segment_code"]}
    links = set(re.findall(r'href="(\w+)\.html"', pages["index"].read_text()))
    assert links == {"message_matrix", *segments["segment_code"]}
    for path in pages.values():
        text = path.read_text()
        assert not LOADS.findall(text), path.name
        assert set(re.findall(r'href="(\w+)\.html"', text)) <= set(pages)


def test_a_page_says_strategy_rule_and_the_published_figures(published, pages):
    segments = published.report("dim_segments").set_index("segment_code")
    sizes = published.report("rpt_segments").set_index("segment_code")
    performance = published.report("rpt_segment_performance")
    performance = performance[performance["order_channel"] == "all"]
    for code in ("at_risk", "recent_buyers", "newsletter_subscribers"):
        text = text_of(pages[code])
        for field in ("label", "objective", "offer", "success_metric", "owner"):
            assert segments.loc[code, field] in text.replace("&#39;", "'"), (code, field)
        rule = segments.loc[code, "definition"].replace("<", "&lt;").replace(">", "&gt;")
        assert rule.replace("'", "&#39;") in text
        assert f"{sizes.loc[code, 'members']:,} customers, {sizes.loc[code, 'share']:.1%}" in text
        for row in performance[performance["segment_code"] == code].itertuples():
            assert f"{row.conversion:.1%} ({row.baseline_conversion:.1%})" in text
            assert f"{row.revenue_per_member:,.2f} (" in text


def test_a_page_says_what_was_tried_and_what_is_not_known_yet(pages):
    text = text_of(pages["at_risk"])
    assert "of winback_at_risk, the attribution window of 30 days is still open" in text
    assert all(variant in text for variant in ("free_delivery", "twenty_percent", "what_is_new"))
    assert "1 (now)" in text
    assert "Nobody is held out" in text_of(pages["recent_buyers"])


def rows_of(path) -> list[list[str]]:
    """The cells of each row of a page's tables, as text."""
    return [
        [text_of_html(cell) for cell in re.findall(r"<t[dh].*?</t[dh]>", row, flags=re.S)]
        for row in re.findall(r"<tr>.*?</tr>", path.read_text(), flags=re.S)
    ]


def text_of_html(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


def test_the_matrix_has_each_message_with_its_customers_and_says_what_is_missing(published, pages):
    labels = published.report("dim_segments").set_index("segment_code")["label"]
    messages = published.report("rpt_messages").fillna({"offer_code": ""})
    messages = messages.set_index("message_code")
    slots = published.report("rpt_message_slots").sort_values(["channel", "slot"])
    rows = rows_of(pages["message_matrix"])
    seen = {"missing": 0, "messages": 0, "none": 0}
    for (_, segment), cells in slots.groupby(["channel", "segment_code"], dropna=False):
        expected = [labels.get(segment, "Fallback, for everybody")]
        for cell in cells.itertuples():
            if isinstance(cell.message_code, str):
                message = messages.loc[cell.message_code]
                text = f"{message['headline']} {message['offer_code']}".strip()
                expected += [text, f"{message['customers']:,}"]
                seen["messages"] += 1
            else:
                kind = "missing" if isinstance(segment, str) else "none"
                expected += [kind, ""]
                seen[kind] += 1
        assert expected in rows
    assert seen["messages"] > 80 and seen["missing"] > 30 and seen["none"] == 1
    counts = re.findall(r"(\d+) messages are missing", text_of(pages["message_matrix"]))
    assert sum(map(int, counts)) == seen["missing"]


def test_the_matrix_lists_messages_that_nobody_gets_by_reason(changed):
    workspace = changed(
        "update rpt_messages set status = 'outranked' where message_code = 'vip_home_hero'; "
        "update rpt_message_slots set message_code = null where message_code = 'vip_home_hero'; "
        "update rpt_messages set headline = '<b>Now</b> & \"here\"' where message_code = 'everybody_email_body'"
    )
    write_playbooks(workspace)
    page = workspace.playbooks / "message_matrix.html"
    reason, reasons = "", {}
    for part in re.findall(r"<h3>.*?</h3>|<td>[^<]*<code>\w+</code></td>", page.read_text()):
        if part.startswith("<h3>"):
            reason = text_of_html(part)
        else:
            reasons[text_of_html(part).split()[-1]] = reason
    assert reasons["vip_home_hero"] == "Outranked"
    assert reasons["holidays_2017_home_hero"] == "Expired"
    assert reasons["holidays_2018_home_hero"] == "Not yet valid"
    assert reasons["everybody_email_body"] == "Shown to nobody"
    assert "high_intent_home_hero" not in reasons
    assert page.read_text().count("&lt;b&gt;Now&lt;/b&gt; &amp;") == 2
    vip = [row for row in rows_of(page) if row[0] == "VIP"]
    assert ["VIP", "missing", "", "missing", ""] in vip


def test_the_matrix_says_when_nothing_is_amiss(changed):
    workspace = changed(
        "delete from rpt_message_slots where message_code is null; update rpt_messages set status = 'shown'"
    )
    write_playbooks(workspace)
    text = text_of(workspace.playbooks / "message_matrix.html")
    assert "missing." not in text and "Messages that nobody gets None." in text


@pytest.fixture
def changed(published, tmp_path):
    """The demo's generation in a home of its own, with its reports changed by some SQL."""

    def change(sql: str) -> Workspace:
        home = tmp_path / "changed"
        shutil.copytree(published.workspace.current, home / "published" / "generations" / "one")
        (home / "published" / "current").symlink_to("generations/one")
        with duckdb.connect(str(home / "published" / "current" / "reporting.duckdb")) as con:
            con.execute(sql)
        return Workspace(home)

    return change


def test_a_page_says_what_addressing_brought_once_it_can_be_read(changed):
    workspace = changed(
        "insert into rpt_incrementality by name select 'winback_at_risk' as experiment_code, "
        "'revenue' as outcome_name, 900 as treated, 100 as held_out, 800 as exposed, 2.5 as lift, "
        "0.5 as lift_low, 4.5 as lift_high, 2250 as incremental, 450 as incremental_low, "
        "4050 as incremental_high, 2.8 as lift_per_exposed, 9.75 as naive_lift, 8 as before_after_lift"
    )
    manifest = workspace.current / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"note": ""', '"note": "Simulated <people>"'))
    write_playbooks(workspace)
    text = text_of(workspace.playbooks / "at_risk.html")
    assert "revenue 2.50 (0.50 to 4.50) 2,250 (450 to 4,050) 9.75" in text
    assert "Simulated &lt;people&gt;" in text


def test_pages_of_before_give_way(workspace, pages):
    (workspace.playbooks / "gone.html").write_text("of a segment that is no more")
    assert [path.stem for path in write_playbooks(workspace)] == list(pages)
    assert not (workspace.playbooks / "gone.html").exists()


def test_what_an_older_version_published_is_refused_in_words(changed):
    workspace = changed("drop table rpt_bandits")
    with pytest.raises(UserError, match=r"of an older version \(.*rpt_bandits.*Run the job once"):
        write_playbooks(workspace)
    assert not workspace.playbooks.exists()


def test_a_holdout_that_too_few_have_answered_is_reported_as_such(changed):
    workspace = changed("update rpt_experiments set status = 'readable', why = 'all is well'")
    write_playbooks(workspace)
    text = text_of(workspace.playbooks / "at_risk.html")
    assert "in winback_at_risk too few customers have the outcome" in text


@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")
def test_pages_open_in_a_browser_without_a_word(pages):
    logged, asked = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", lambda message: logged.append(message.text))
        page.on("pageerror", lambda error: logged.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(pages["index"].as_uri())
        page.click("text=At risk")
        assert page.inner_text("h1") == "At risk"
        assert page.locator("svg").count() >= 1
        page.click("text=All segments")
        assert page.inner_text("h1") == "Segments"
        page.click("text=Messages by segment")
        assert page.inner_text("h1") == "Messages"
        page.click("text=VIP")
        assert page.inner_text("h1") == "VIP"
        browser.close()
    assert logged == []
    assert all(url.startswith("file:") for url in asked)
