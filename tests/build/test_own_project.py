"""A project of one's own, from the wheel in an empty folder to a published segment, and across an upgrade."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

RULES = Path("models/segments/rules")
OWN_RULE = RULES / "seg_lapsed_regulars.sql"
# Files that a version of audiencekit consists of.
SOURCES = (
    "adapters",
    "analyses",
    "charts",
    "macros",
    "models",
    "scripts",
    "seeds",
    "tests/generic",
)
SOURCES += ("tests/singular", "tools", "dbt_charts.yml", "dbt_project.yml", "profiles.yml")
SOURCES += ("pyproject.toml", "README.md", "LICENSE")

HIGH_VALUE = """-- The shop's own: 150 or more in a year.
select customer_key
from {{ ref('customer_360') }}
where spend_365d >= 150
"""
BASKETS = """-- One row per customer and moment: their baskets.
select
    spine.customer_key,
    spine.moment_at,
    max(purchases.net_revenue) as largest_basket
from {{ ref('int_feature_spine') }} as spine
left join {{ ref('int_purchases') }} as purchases
    on
        spine.customer_key = purchases.customer_key
        and spine.moment_at = purchases.moment_at
group by spine.customer_key, spine.moment_at
"""
BASKETS_YAML = """version: 2
models:
  - name: feat_baskets
    description: One row per customer and moment, with what is known of their baskets.
    columns:
      - {name: customer_key, data_tests: [not_null]}
      - {name: moment_at}
      - {name: largest_basket}
"""
BIG_BASKETS = """-- A purchase of 100 or more.
select customer_key
from {{ ref('customer_360') }}
where largest_basket >= 100
"""
BIG_BASKETS_TEST = """
unit_tests:
  - name: a_big_basket_starts_at_a_hundred
    model: seg_big_baskets
    given:
      - input: ref('customer_360')
        rows: [{customer_key: a, largest_basket: 99}, {customer_key: b, largest_basket: 100}]
    expect: {rows: [{customer_key: b}]}
"""
BOARD = """title: Baskets
queries:
  sizes: select segment_code, members from rpt_segments where segment_code = 'big_baskets'
charts:
  sizes: {type: bar, title: Members, query: sizes, x: segment_code, y: members}
rows: [sizes]
"""


@dataclass(frozen=True)
class Shop:
    """An own project, and the folder that the wheel is installed in, apart from the clone."""

    folder: Path
    installed: Path

    def run(self, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess:
        environment = os.environ | {"PYTHONPATH": str(self.installed), "COLUMNS": "200"}
        environment.pop("AUDIENCEKIT_HOME", None)
        return subprocess.run(
            command, cwd=cwd or self.folder, env=environment, capture_output=True, text=True
        )

    def audiencekit(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess:
        return self.run(sys.executable, "-m", "audiencekit.cli", *arguments, cwd=cwd)

    def dbt(self, *arguments: str) -> subprocess.CompletedProcess:
        return self.run(str(Path(sys.executable).with_name("dbt")), *arguments)

    def rows(self, query: str) -> list[tuple]:
        path = self.folder / "var" / "published" / "current" / "reporting.duckdb"
        with duckdb.connect(str(path), read_only=True) as con:
            return con.execute(query).fetchall()

    def write(self, path: str | Path, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def replace(self, path: str | Path, old: str, new: str) -> None:
        text = (self.folder / path).read_text()
        assert old in text
        (self.folder / path).write_text(text.replace(old, new))

    def digest(self) -> dict[str, str]:
        """A digest of each file that git would keep."""
        made = ("var", "target", "logs", "dbt_packages", ".audiencekit", ".user.yml")
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.relative_to(self.folder).parts[0] not in made
        }


def install(source: Path, folder: Path, wheels: Path) -> None:
    """Build the wheel of `source` and install it into `folder`, in place of what is there."""
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", wheels]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(next(wheels.glob("*.whl"))) as archive:
        archive.extractall(folder)


@pytest.fixture(scope="module")
def shop(project, tmp_path_factory) -> Shop:
    """An own project that has run on its sample: a rule, a feature, a board of its own, and a rule that replaces ours."""
    folder = tmp_path_factory.mktemp("empty")
    shop = Shop(folder / "my-shop", folder / "installed")
    install(project, shop.installed, folder / "wheels")
    made = shop.audiencekit("init", "my-shop", cwd=folder)
    assert made.returncode == 0, made.stderr
    shop.write(RULES / "seg_high_value.sql", HIGH_VALUE)
    ours = (shop.folder / ".audiencekit" / RULES / "seg_high_value.yml").read_text()
    shop.write(RULES / "seg_high_value.yml", ours.split("unit_tests:")[0])
    shop.write("models/features/feat_baskets.sql", BASKETS)
    shop.write("models/features/feat_baskets.yml", BASKETS_YAML)
    shop.write("charts/baskets.yml", BOARD)
    shop.write(RULES / "seg_big_baskets.sql", BIG_BASKETS)
    example = (shop.folder / OWN_RULE.with_suffix(".yml")).read_text()
    yaml = example.split("unit_tests:")[0].replace("lapsed_regulars", "big_baskets")
    yaml = yaml.replace("Lapsed regulars", "Big baskets")
    shop.write(RULES / "seg_big_baskets.yml", yaml.replace("priority: 55", "priority: 56"))
    with (shop.folder / RULES / "seg_big_baskets.yml").open("a") as file:
        file.write(BIG_BASKETS_TEST)
    shop.replace("dbt_project.yml", "own_features: []", "own_features: [baskets]")
    shop.replace("dbt_project.yml", "currency: USD", "currency: EUR")
    shop.replace("dbt_project.yml", "landing: landing", "landing: sample")
    unlisted = shop.audiencekit("run", "--as-of", "2024-06-01")
    assert "seg_big_baskets.sql is not used" in unlisted.stderr
    assert "`own_segments: [lapsed_regulars, big_baskets]`" in unlisted.stderr
    assert "Traceback" not in unlisted.stderr
    shop.replace("dbt_project.yml", "[lapsed_regulars]", "[lapsed_regulars, big_baskets]")
    done = shop.audiencekit("run", "--as-of", "2024-06-01")
    assert done.returncode == 0, done.stderr
    return shop


def test_own_segments_and_their_replacement_are_published(shop):
    sizes = dict(shop.rows("select segment_code, members from rpt_segments"))
    spend = "select customer_id, sum(total) as spend, max(total) as largest from read_csv($1) group by all"
    orders = [str(shop.folder / "sample" / "orders.csv")]
    count = "select count(*) filter (spend >= 150), count(*) filter (largest >= 100)"
    expected = duckdb.execute(f"{count} from ({spend})", orders).fetchall()[0]
    assert (sizes["high_value"], sizes["big_baskets"]) == expected
    assert sizes["lapsed_regulars"] > 0
    assert len(sizes) == len(set(sizes)) and "recent_buyers" in sizes
    currency = shop.rows("select distinct currency from rpt_overview")
    assert currency == [("EUR",)]


def test_commands_inside_are_about_the_project(shop):
    status = shop.audiencekit("status", cwd=shop.folder / RULES)
    assert status.stdout.startswith("current: 20240601T000000Z-000001")
    assert "aud_crm: 40 rows" in shop.audiencekit("show", "crm").stdout
    # One of its boards and one of ours, not all: each takes seconds.
    draw = "draw_boards(open_workspace(), boards=('baskets', 'overview'))"
    modules = (
        "from audiencekit.pages.boards import *; from audiencekit.workspace import open_workspace"
    )
    drawn = shop.run(sys.executable, "-c", f"{modules}; {draw}; print(board_names())")
    assert drawn.returncode == 0, drawn.stderr
    assert "'baskets'" in drawn.stdout and "'channels'" in drawn.stdout
    assert (shop.folder / "var" / "boards" / "baskets.html").exists()


def test_dbt_tests_rules_without_vars_and_a_broken_rule_fails(shop):
    rules = ("--select", "seg_lapsed_regulars", "seg_high_value", "seg_big_baskets")
    passed = shop.dbt("test", *rules)
    assert passed.returncode == 0, passed.stdout
    assert "ERROR=0" in passed.stdout and "WARN=0" in passed.stdout
    assert "warning" not in passed.stdout.lower()
    shop.replace(OWN_RULE, "recency_days >= 60", "recency_days > 60")
    broken = shop.dbt("test", *rules)
    shop.replace(OWN_RULE, "recency_days > 60", "recency_days >= 60")
    assert broken.returncode == 1
    assert "Failure in unit_test seg_lapsed_regulars_at_its_boundaries" in broken.stdout


def test_plain_dbt_builds_as_of_the_last_intake(shop):
    built = shop.dbt("build", "--select", "int_feature_spine", "--exclude-resource-type", "test")
    assert built.returncode == 0, built.stdout
    with duckdb.connect(str(shop.folder / "var" / "warehouse.duckdb"), read_only=True) as con:
        spine = con.execute("select max(moment_at) from features.int_feature_spine").fetchall()
    assert spine == [(datetime(2024, 6, 1),)]


def test_a_seed_of_the_same_name_needs_the_types_of_ours(shop):
    ours = shop.folder / ".audiencekit" / "seeds" / "channel_limits.csv"
    shop.write("seeds/channel_limits.csv", ours.read_text())
    refused = shop.dbt("test", "--select", "seg_lapsed_regulars")
    shutil.rmtree(shop.folder / "seeds")
    assert refused.returncode != 0
    assert "seeds/channel_limits.csv takes the place of audiencekit's" in refused.stdout


def test_an_upgrade_changes_no_file_and_is_used(shop, project, tmp_path):
    newer = tmp_path / "newer"
    for name in SOURCES:
        source, target = project / name, newer / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    for name, old, new in (
        ("pyproject.toml", 'version = "0.1.0"', 'version = "0.2.0"'),
        ("models/segments/rules/seg_recent_buyers.yml", "label: Recent buyers", "label: New label"),
    ):
        text = (newer / name).read_text()
        assert old in text
        (newer / name).write_text(text.replace(old, new))
    before = shop.digest()
    # Another environment: the link that was made before leads nowhere.
    elsewhere = Shop(shop.folder, shop.installed.with_name("installed-anew"))
    install(newer, elsewhere.installed, tmp_path / "wheels")
    shutil.rmtree(shop.installed)
    assert "0.2.0" in elsewhere.audiencekit("--version").stdout
    assert elsewhere.audiencekit("status").stdout.startswith("current")
    labelled = elsewhere.dbt("build", "--select", "dim_segments", "seg_lapsed_regulars")
    assert labelled.returncode == 0, labelled.stdout
    with duckdb.connect(str(shop.folder / "var" / "warehouse.duckdb"), read_only=True) as con:
        labels = dict(
            con.execute("select segment_code, label from segments.dim_segments").fetchall()
        )
    assert labels["recent_buyers"] == "New label" and "big_baskets" in labels
    assert elsewhere.digest() == before
