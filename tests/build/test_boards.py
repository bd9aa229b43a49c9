"""Boards: drawn from what is published, with titles that say what they show, and nothing from elsewhere."""

import re
import shutil

import duckdb
import pytest
import yaml
from playwright.sync_api import sync_playwright

from audiencekit.dbt_project import PROJECT
from audiencekit.errors import UserError
from audiencekit.pages.boards import board_names, draw_boards
from audiencekit.workspace import Workspace

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
# What a page could load from elsewhere. Links that a person clicks load nothing.
LOADS = re.compile(
    r"""(?:src|srcset)\s*=\s*["']?https?:|<link[^>]+href=["']https?:|url\(["']?https?:|@import"""
)


@pytest.fixture(scope="module")
def workspace(published, tmp_path_factory):
    """The small demo's generation in a home of its own, because boards are written into the home."""
    home = tmp_path_factory.mktemp("boards")
    (home / "published").symlink_to(published.workspace.published)
    return Workspace(home)


@pytest.fixture(scope="module")
def pages(workspace):
    return {path.stem: path for path in draw_boards(workspace)}


@pytest.fixture(scope="module")
def headlines(published):
    return published.report("rpt_headlines").set_index("picture")["headline"].fillna("")


def test_every_board_is_drawn_and_needs_nothing_from_elsewhere(pages):
    assert list(pages) == board_names()
    assert {
        *("overview", "identity", "segment", "channels", "experiments", "health", "models")
    } == set(pages)
    for path in pages.values():
        text = path.read_text()
        assert "<svg" in text
        assert not LOADS.findall(text), path.name


def test_titles_are_the_sentences_of_today(pages, headlines):
    used = set()
    for name, path in pages.items():
        board = yaml.safe_load((PROJECT / "charts" / f"{name}.yml").read_text())
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", path.read_text()))
        for picture in set(board["variables"]) & set(headlines.index):
            assert headlines[picture] in text, (name, picture)
            used.add(picture)
    assert used == set(headlines.index)


def test_boards_say_what_is_simulated(published, workspace, pages, tmp_path):
    note = "The people here are simulated"
    home = tmp_path / "noted"
    shutil.copytree(published.workspace.current, home / "published" / "generations" / "one")
    (home / "published" / "current").symlink_to("generations/one")
    manifest = home / "published" / "current" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"note": ""', f'"note": "{note}"'))
    (page,) = draw_boards(Workspace(home), boards=("overview",))
    assert note in re.sub(r"<[^>]+>|\s+", " ", page.read_text()).replace("  ", " ")
    assert note not in pages["overview"].read_text()


def test_the_overview_shows_the_published_figures(published, pages):
    figures = published.report("rpt_overview").iloc[0]
    text = re.sub(r"<[^>]+>", " ", pages["overview"].read_text())
    assert f"{int(figures['customers']):,}" in text
    assert f"{int(figures['members']):,}" in text
    assert f"{100 * figures['conversion_30d']:.1f}" in text
    everybody = published.report("rpt_segment_performance")
    everybody = everybody[
        everybody["segment_code"].isna()
        & (everybody["window_days"] == 30)
        & (everybody["order_channel"] == "all")
    ].iloc[0]
    assert everybody["members"] == figures["customers"]
    assert everybody["conversion"] == pytest.approx(figures["conversion_30d"])
    assert everybody["revenue"] == pytest.approx(figures["revenue_30d"])


def test_boards_are_drawn_when_holdouts_and_channels_share_names(published, tmp_path):
    home = tmp_path / "shared_names"
    shutil.copytree(published.workspace.current, home / "published" / "generations" / "one")
    (home / "published" / "current").symlink_to("generations/one")
    with duckdb.connect(str(home / "published" / "current" / "reporting.duckdb")) as con:
        con.execute(
            "create temp table one_row as from rpt_experiment_lift where cuped_se is not null limit 1"
        )
        for code, arm, mean in (
            ("one", "treated", 5),
            ("two", "treated", 5),
            ("two", "more", 5),
            ("zero", "treated", 0),
        ):
            con.execute(
                f"insert into rpt_experiment_lift select * replace ('{code}' as experiment_code, '{arm}' as arm, "
                f"{mean} as control_mean, null as stratum, if({mean} = 0, null, relative_se) as relative_se) from one_row"
            )
        con.execute(
            "insert into rpt_campaigns select * replace ('email' as channel) from rpt_campaigns"
        )
    draw_boards(Workspace(home), boards=("experiments", "channels"))


def test_people_with_more_records_come_below_those_with_fewer(published, tmp_path):
    home = tmp_path / "sizes"
    shutil.copytree(published.workspace.current, home / "published" / "generations" / "one")
    (home / "published" / "current").symlink_to("generations/one")
    with duckdb.connect(str(home / "published" / "current" / "reporting.duckdb")) as con:
        con.execute("delete from rpt_identity_sizes")
        con.execute("insert into rpt_identity_sizes select i, i from range(1, 11) as t (i)")
    (page,) = draw_boards(Workspace(home), boards=("identity",))
    labels = "".join(f"<{text}>" for text in re.findall(r"<text[^>]*>([^<]*)<", page.read_text()))
    assert "".join(f"<{n}>" for n in (*range(1, 10), "10 or more")) in labels


def test_one_board_is_about_the_segment_asked_for(workspace):
    (page,) = draw_boards(workspace, segment="recent_buyers", boards=("segment",))
    assert "Recent buyers" in page.read_text()
    with pytest.raises(UserError, match=r"There is no segment nobody\. There are: abandoned_cart"):
        draw_boards(workspace, segment="nobody")


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
def test_a_browser_opens_every_board_without_a_word_and_without_network(pages):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        for path in pages.values():
            logged, asked = [], []
            page = browser.new_page()
            page.on("console", lambda message, logged=logged: logged.append(message.text))
            page.on("pageerror", lambda error, logged=logged: logged.append(str(error)))
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto(path.as_uri())
            page.wait_for_load_state("networkidle")
            assert logged == []
            assert [url for url in asked if not url.startswith((path.as_uri(), "data:"))] == []
            assert page.locator("svg").count() > 2
            page.close()
        browser.close()
