"""Each title of a board, worked out once more from the rows that its own picture draws.

Held on the demo, and on a shop that provides orders alone, which start in February and end with as_of in November.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml
from workspaces import Published, rewrite

from audiencekit.pages.boards import board_names, draw_boards
from audiencekit.pages.playbooks import write_playbooks
from audiencekit.workspace import PROJECT, Workspace

CHARTS = PROJECT / "charts"
STARTS, ENDS = datetime(2017, 2, 12), datetime(2017, 11, 15, 12)
# What dbt-charts itself notices of labels that overlap or are cut. It also asks for rows of charts that are not shown.
UNREADABLE = re.compile(r"TRUNCATED|COLLISION|OVERFLOW|CROWD|SQUEEZED|SINGLE-POINT")
# A percentage over fewer customers says little.
FEW = 10


@pytest.fixture(scope="module")
def demo_home(published, tmp_path_factory) -> Workspace:
    home = tmp_path_factory.mktemp("demo_boards")
    shutil.copytree(published.workspace.current, home / "published" / "generations" / "one")
    (home / "published" / "current").symlink_to("generations/one")
    return Workspace(home)


@pytest.fixture(scope="module")
def orders_only(runner, demo, published, tmp_path_factory) -> Published:
    """A build of the reports from orders alone, which start and end within a month."""
    landing = tmp_path_factory.mktemp("orders_only") / "landing"
    landing.mkdir()
    shutil.copy(demo / "landing" / "orders.parquet", landing)
    rewrite(landing / "orders.parquet", f"from t where ordered_at >= timestamp '{STARTS}'")
    return runner.build("orders_only", landing, "+path:models/measurement", as_of=ENDS)


@pytest.fixture(scope="module")
def orders_home(orders_only, demo_home, tmp_path_factory) -> Workspace:
    """The reports of `orders_only` in the place of the demo's, to be drawn."""
    home = tmp_path_factory.mktemp("orders_boards")
    shutil.copytree(demo_home.home, home, symlinks=True, dirs_exist_ok=True)
    workspace = Workspace(home)
    with duckdb.connect(str(workspace.current / "reporting.duckdb")) as con:
        con.execute(f"attach '{orders_only.workspace.warehouse}' as built (read_only)")
        for schema, table in con.execute(
            "select built.schema_name, table_name from duckdb_tables() as built "
            "join duckdb_tables() as mine using (table_name) "
            "where built.database_name = 'built' and mine.database_name = 'reporting'"
        ).fetchall():
            con.execute(f"create or replace table {table} as from built.{schema}.{table}")
    return workspace


@pytest.fixture(scope="module", params=["demo_home", "orders_home"])
def home(request) -> Workspace:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def headlines(home) -> dict[str, str | None]:
    return titles_of(home)


def titles_of(home: Workspace) -> dict[str, str | None]:
    with duckdb.connect(str(home.current / "reporting.duckdb"), read_only=True) as con:
        return dict(con.execute("select picture, headline from rpt_headlines").fetchall())


def asked(home: Workspace, query: str) -> pd.DataFrame:
    with duckdb.connect(str(home.current / "reporting.duckdb"), read_only=True) as con:
        return con.execute(query).df()


def board(name: str) -> dict:
    return yaml.safe_load((CHARTS / f"{name}.yml").read_text())


def pictures() -> dict[str, tuple[str, str]]:
    """The picture that a chart's title names, with the board and the query that the chart draws."""
    found = {}
    for name in board_names():
        for chart in board(name)["charts"].values():
            for picture in re.findall(r"{{ (\w+) }}", chart.get("title", "")):
                found[picture] = (name, chart["query"])
    return found


def drawn(home: Workspace, picture: str) -> pd.DataFrame:
    """The rows of the very query that the picture draws."""
    name, query = pictures()[picture]
    return asked(home, board(name)["queries"][query])


def percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def largest(home, rows) -> str:
    customers = asked(home, "from rpt_overview")["customers"].iloc[0]
    assert rows["members"].is_monotonic_decreasing
    return (
        f"The largest: {rows['label'][0]}, {percent(rows['members'][0] / customers)} of customers"
    )


def most_valuable(home, rows) -> str:
    everybody = asked(
        home,
        "from rpt_segment_performance where segment_code is null and window_days = 90 and order_channel = 'all'",
    ).iloc[0]
    times = rows["revenue"].max() / (everybody["revenue"] / everybody["members"])
    return f"{rows['label'][rows['revenue'].idxmax()]}: {times:.1f} times the average customer"


def newest_month(home, rows) -> str:
    before, newest = rows["revenue"].iloc[-2:]
    way = "below" if newest < before else "above"
    return (
        f"Net revenue of {rows['month_on'].iloc[-1]:%Y-%m}: {percent(abs(newest / before - 1))} {way} "
        "the month before"
    )


def oldest_cohort(home, rows) -> str:
    last = rows[rows["cohort"] == rows["cohort"].min()].iloc[-1]
    return (
        f"New in {last['cohort'].removeprefix('since ')}: {percent(last['retention'])} bought "
        f"{last['months_since']} months later"
    )


def readiness(home, rows) -> str:
    ready = rows.loc[rows["status"] == "ready", "audiences"].sum()
    return f"{ready} of {rows['audiences'].sum()} audiences are ready"


def near_minimum(home, rows) -> str:
    assert (rows["expected_matches"] < rows["minimum_size"]).all()
    every = asked(home, "from rpt_audience_readiness")
    few = every[
        (every["expected_matches"] > 0) & (every["expected_matches"] < every["minimum_size"])
    ]
    return f"{len(few)} audiences have fewer expected matches than the platform needs"


def attribution(home, rows) -> str:
    shared = asked(home, "select sum(linear_revenue) from rpt_campaigns").iloc[0, 0]
    spent = asked(home, "select sum(revenue) from rpt_attribution where method = 'linear'").iloc[
        0, 0
    ]
    assert rows["linear_revenue"].sum() <= shared * (1 + 1e-9)
    return f"{percent(shared / spent)} of the revenue from known customers followed a campaign"


def experiments(home, rows) -> str:
    by = rows["status"].value_counts()
    return (
        f"{by.get('readable', 0)} of {len(rows)} experiments can be read; {by.get('waiting', 0)} wait for their "
        f"window, {by.get('withheld', 0)} withheld, {by.get('nothing to compare', 0)} with nothing to compare"
    )


def lift(home, rows) -> str:
    assert ((rows["low"] < rows["estimate"]) & (rows["estimate"] < rows["high"])).all()
    return (
        f"Compared with the control, {(rows['low'] > 0).sum()} of {len(rows)} higher "
        f"and {(rows['high'] < 0).sum()} lower beyond chance"
    )


def plans(home, rows) -> str:
    least = rows.loc[rows["lift"].idxmin()]
    return f"{least['label']}: a holdout finds {100 * least['lift']:.1f} % or more"


def consent(home, rows) -> str:
    mail = asked(home, "from rpt_consent where purpose = 'email_marketing'")
    assert (
        rows.loc[rows["purpose"] == "email marketing", "customers"].sum() == mail["customers"].sum()
    )
    share = mail.loc[mail["is_allowed"], "customers"].sum() / mail["customers"].sum()
    provided = asked(home, "from rpt_landing where table_name = 'consent_events' and is_present")
    why = "" if len(provided) else ", by law: no consent_events"
    return f"{percent(share)} may get marketing e-mail{why}"


def consent_ends(home, rows) -> str:
    return f"{rows['grants'].sum():.0f} {plural('grant', rows['grants'].sum())} of consent end within 30 days"


def health(home, rows) -> str:
    segments = rows["segment_code"].nunique()
    return f"{len(rows)} {plural('finding', len(rows))} in {segments} {plural('segment', segments)}"


def notices(home, rows) -> str:
    return f"{len(rows)} {plural('kind', len(rows))} of rows could not be read, matched or used as they are"


def people(home, rows) -> str:
    twice = rows.loc[rows["size"] != "1", "people"].sum()
    return f"{percent(twice / rows['people'].sum())} of people are recorded more than once"


def evidence(home, rows) -> str:
    best = rows.loc[rows["bits"].idxmax()]
    return f"The strongest evidence is an equal {best['field']}: {best['bits']:.1f} bits"


def identity_changes(home, rows) -> str:
    changed = asked(home, "from rpt_identity_changes")["customers"].sum()
    return f"{changed:.0f} {'customer was' if changed == 1 else 'customers were'} merged or split so far"


def plural(word: str, count: int) -> str:
    return word if count == 1 else word + "s"


def models(home, rows) -> str:
    if rows["auc"].isna().all():
        return "Models score, and none of them has an AUC yet"
    best = rows.loc[rows["auc"].idxmax()]
    return f"{best['label']} ranks best: AUC {best['auc']:.2f}"


# What each title must say, from the rows drawn.
CLAIMS: dict[str, Callable[[Workspace, pd.DataFrame], str]] = {
    "sizes": largest, "value": most_valuable, "revenue": newest_month, "cohorts": oldest_cohort,
    "readiness": readiness, "near_minimum": near_minimum, "attribution": attribution,
    "experiments": experiments, "lift": lift, "plans": plans,
    "consent": consent, "consent_ends": consent_ends, "health": health, "notices": notices,
    "models": models, "people": people, "evidence": evidence, "identity_changes": identity_changes,
}  # fmt: skip


def test_every_title_that_is_filled_in_is_checked_here(headlines):
    assert set(pictures()) == set(CLAIMS) == set(headlines)


@pytest.mark.parametrize("picture", CLAIMS)
def test_a_title_says_what_its_own_picture_shows(home, headlines, picture):
    rows = drawn(home, picture)
    assert headlines[picture] == (CLAIMS[picture](home, rows) if len(rows) else None)


def test_a_picture_has_a_line_in_its_place_where_it_has_no_rows():
    for picture, (name, _) in pictures().items():
        shown, absent = f"{picture} != ''", f"{picture} == ''"
        rows = board(name)["rows"]
        conditions = [row.get("visible", "") for row in rows if isinstance(row, dict)]
        assert any(shown in condition for condition in conditions), picture
        lines = [r["text"] for r in rows if isinstance(r, dict) and r.get("visible") == absent]
        assert len(lines) == 1, picture


def test_months_are_drawn_only_if_orders_cover_them(home, orders_home):
    months = drawn(home, "revenue")["month_on"].dt.strftime("%Y-%m").tolist()
    first, last = ("2017-03", "2017-10") if home == orders_home else ("2017-01", "2017-12")
    assert months == [f"{m:%Y-%m}" for m in pd.date_range(first, last, freq="MS")]
    cohorts = drawn(home, "cohorts")
    # Who bought in the month in which the data start may have bought before.
    assert cohorts["cohort"].min() == ("since 2017-03" if home == orders_home else "since 2017-02")
    end = pd.Period(last, "M")
    reached = cohorts.apply(
        lambda row: pd.Period(row["cohort"][-7:], "M") + row["months_since"], axis=1
    )
    assert (reached <= end).all()
    sizes = asked(home, "select distinct cohort_on, customers from rpt_cohorts").set_index(
        "cohort_on"
    )
    assert (sizes.loc[pd.to_datetime(cohorts["cohort"].str[-7:] + "-01"), "customers"] >= FEW).all()


def test_what_was_not_provided_is_not_zero(orders_home):
    tables = asked(orders_home, board("health")["queries"]["sources"]).set_index("table_name")
    assert tables.pop("provided").drop("orders").eq("not provided").all()
    assert tables.drop("orders").isna().all(axis=None)
    assert tables.loc["orders", "rows_in"] > 0
    titles = titles_of(orders_home)
    for picture in ("attribution", "people", "evidence", "lift", "consent_ends"):
        assert titles[picture] is None, picture
    (page,) = draw_boards(orders_home, boards=("channels",))
    assert "Revenue by campaign: provide campaign_touches" in words(page.read_text())


def words(page: str) -> str:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    return re.sub(r"\s+([:;,.])", r"\1", text)


def test_pages_link_to_each_other_and_to_playbooks_that_exist(home):
    pages = draw_boards(home)
    playbooks = {path.name for path in write_playbooks(home)}
    for page in pages:
        links = set(re.findall(r'href="(?!https?:|#)([^"]+)"', page.read_text()))
        assert {f"{name}.html" for name in board_names()} <= links, page.name
        assert "../playbooks/index.html" in links, page.name
        for link in links:
            assert (page.parent / link).resolve().exists(), (page.name, link)
    segment = (home.boards / "segment.html").read_text()
    assert re.search(r'href="\.\./playbooks/(?!index)\w+\.html"', segment)
    assert "Playbook of this segment" in words(segment)
    health_links = re.findall(
        r"\.\./playbooks/(\w+\.html)", (home.boards / "health.html").read_text()
    )
    assert set(health_links) - {"index.html"} <= playbooks and len(health_links) > 1


def test_labels_are_whole_and_no_frame_is_empty(home):
    draw_boards(home)
    for name in board_names():
        text = (home.boards / f"{name}.html").read_text()
        labels = re.findall(r"<(?:text|tspan)[^>]*>([^<]*)<", text)
        assert [label for label in labels if label.endswith(("…", "...")) or "{{" in label] == [], (
            name
        )
        assert re.findall(r"Nothing to show yet", text) == []


def test_long_names_are_cut_in_the_middle_and_stay_different(demo_home, tmp_path):
    shutil.copytree(demo_home.home, tmp_path / "home", symlinks=True)
    home = Workspace(tmp_path / "home")
    with duckdb.connect(str(home.current / "reporting.duckdb")) as con:
        con.execute(
            "update rpt_campaigns set campaign_name = 'The spring campaign of the whole group, ' || campaign_id || ' of its kind'"
        )
        con.execute(
            "insert into rpt_experiment_lift by name select * exclude (i) replace ("
            "'an_experiment_with_a_name_that_goes_on_for_long' as experiment_code, "
            "'an_outcome_with_a_long_name_' || i || '_as_well' as outcome_name) "
            "from (from rpt_experiment_lift where verdict is not null and stratum is null limit 1), range(3) as t (i)"
        )
    for picture, column, most in (("attribution", "campaign_name", 36), ("lift", "comparison", 60)):
        names = drawn(home, picture)[column]
        assert names.is_unique and names.str.len().max() <= most, picture
        assert names.str.contains(" … ").any(), picture
    for page in draw_boards(home, boards=("channels", "experiments")):
        labels = re.findall(r"<(?:text|tspan)[^>]*>([^<]*)<", page.read_text())
        assert [label for label in labels if label.endswith("…")] == [], page.name


def test_dbt_charts_itself_warns_of_no_label(demo_home, orders_home):
    for home in (demo_home, orders_home):
        done = subprocess.run(
            [
                *(
                    Path(sys.executable).with_name("dct"),
                    "--no-send-anonymous-usage-stats",
                    "render",
                ),
                *(CHARTS / f"{name}.yml" for name in board_names()),
                *("--project-dir", PROJECT, "--format", "text", "--no-cache", "--diagnostics-json"),
                *("--output", home.boards / "{stem}.txt"),
                *(
                    part
                    for name, text in titles_of(home).items()
                    for part in ("--var", f"{name}={text or ''}")
                ),
            ],
            env=os.environ | home.as_environment() | {"DO_NOT_TRACK": "1"},
            capture_output=True,
            text=True,
        )
        codes = [json.loads(line)["code"] for line in done.stderr.splitlines() if line[:1] == "{"]
        assert [code for code in codes if UNREADABLE.search(code)] == []
