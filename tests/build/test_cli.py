"""The command line as a user meets it: what it prints, what it exits with, and never a traceback."""

import os
import shutil
import subprocess
import sys

import duckdb
from command_line import audiencekit
from workspaces import CHANNELS


def test_an_unknown_channel_is_answered_with_the_known_ones(published):
    done = audiencekit(published.workspace.home, "show", "fax")
    assert done.returncode == 1
    assert f"There are: {', '.join(CHANNELS)}" in done.stderr


def test_showing_an_audience_masks_addresses(published):
    done = audiencekit(published.workspace.home, "show", "email", "--rows", "2")
    assert done.returncode == 0
    assert "***@example." in done.stdout
    assert not any(a in done.stdout for a in published.audience("email")["email"])


def test_a_customer_is_found_by_every_identifier_of_theirs(published):
    """The one with the most kinds of identifiers, asked for by each of them, and by the values alone."""
    owned = published.warehouse(
        "select customer_key, 'customer_key' as kind, customer_key as value from profiles.dim_customers union all "
        "select customer_key, id_type, id_value from identity.int_identifiers union all "
        "select customer_key, 'anonymous_id', anonymous_id from identity.int_anonymous_visitors union all "
        "select customer_key, 'order_id', max(order_id) from profiles.fct_orders "
        "where customer_key is not null group by all"
    )
    key = owned.groupby("customer_key")["kind"].nunique().sort_index().idxmax()
    mine = owned[owned["customer_key"] == key].drop_duplicates("kind")
    assert len(mine) >= 7
    asked = [f"{row.kind}={row.value}" for row in mine.itertuples()]
    (email,) = mine.loc[mine["kind"] == "email", "value"]
    answers = {
        done.stdout
        for question in (*asked, email.upper(), mine["value"].iloc[-1])
        if (done := audiencekit(published.workspace.home, "who", question)).returncode == 0
    }
    assert len(answers) == 1
    (answer,) = answers
    headings = ["Identifiers", "Profile", "Last 10 orders", "Decisions", "Segments", "Audiences"]
    assert [line for line in answer.splitlines() if line.split(":")[0] in headings] == headings
    assert f"Customer {key}" in answer


def test_an_identifier_of_nobody_and_a_kind_that_is_none_are_answered(published):
    for question, answer in (("nobody@example.org", "no customer has it"), ("shoe=43", "no kind")):
        done = audiencekit(published.workspace.home, "who", question)
        assert done.returncode == 1
        assert answer in done.stderr and "customer_key" in done.stderr


def test_nothing_but_orders_is_enough(tmp_path):
    """The README's smallest landing: one CSV, the same command, the channels that can be served.

    Both folders have names of the kind that people give them.
    """
    landing, home = tmp_path / "ann's export [1] year=2024", tmp_path / "home (1) #2 [a] b=c {d}'s"
    landing.mkdir()
    lines = [f"{n},2017-{1 + n % 12:02d}-15 10:00:00,{10 + n % 7}.50,c{n % 40}" for n in range(400)]
    (landing / "orders.csv").write_text(
        "order_id,order_date,total,customer_id\n" + "\n".join(lines) + "\n"
    )
    done = audiencekit(home, "run", str(landing), "--as-of", "2018-01-01")
    assert done.returncode == 0, done.stderr
    assert "crm" in done.stdout and "the landing lacks web_events" in done.stdout
    # Nobody may be mailed, and so the CRM's rows are shown.
    assert "aud_crm: 40 rows" in audiencekit(home, "show").stdout
    assert "aud_email: 0 rows" in audiencekit(home, "show", "email").stdout
    with duckdb.connect(str(home / "published/current/activation.duckdb"), read_only=True) as con:
        rows = {
            t: con.execute(f"select count(*) from {t}").fetchall()[0][0]
            for (t,) in con.execute("select table_name from duckdb_tables()").fetchall()
        }
    served = {table for table, count in rows.items() if count}
    assert served == {"aud_crm", "crm_hubspot", "crm_salesforce", "audience_changes"}
    assert {rows[table] for table in served} == {40}
    with duckdb.connect(str(home / "published/current/reporting.duckdb"), read_only=True) as con:
        empty = dict(
            con.execute(
                "select segment_code, status from rpt_segments where members = 0"
            ).fetchall()
        )
        needs = dict(con.execute("select segment_code, needs from dim_segments").fetchall())
        models = dict(con.execute("select segment_code, needs_model from dim_segments").fetchall())
    why = {"": "empty: nobody matches"} | {
        model: f"empty: {model} does not score yet, rpt_models says why"
        for model in models.values()
        if model
    }
    # The rate of spend needs no training, and so always scores. Here everybody buys at random.
    why["lifetime_value_90d"] = "empty: lifetime_value_90d orders customers no better than chance"
    for segment, status in empty.items():
        lacking = needs[segment] != '["orders"]'
        assert status.startswith("empty: the landing lacks" if lacking else why[models[segment]]), (
            segment
        )
    assert "churn_risk" in empty
    assert {s for s, n in needs.items() if n != '["orders"]'} <= set(empty)
    # A feature that an absent table would tell is unknown, not zero.
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        counts = con.execute(
            "select count(product_views_7d), count(top_category), count(emails_sent_30d), count(is_vip),"
            " count(is_newsletter_subscriber), count(discount_share_365d), count(orders_30d) from segments.customer_360"
        ).fetchall()[0]
    assert counts == (0, 0, 0, 0, 0, 0, 40)


def test_a_broken_file_stops_the_run_in_two_lines(tmp_path, published, runner):
    home = runner.workspace("broken_file").home
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "orders.csv").write_text("order_id,ordered_at,total\n1,2017-01-01,ten\n")
    done = audiencekit(home, "run", str(landing), "--as-of", "2018-01-01")
    assert done.returncode == 1
    assert "orders: no row is usable" in done.stderr
    assert "orders.csv, row 2" in done.stderr
    assert "Nothing was published" in done.stderr
    assert not (home / "published" / "current").exists()
    assert "Traceback" not in done.stderr


def test_a_failing_dbt_test_is_named_and_nothing_is_published(tmp_path, demo):
    """A law broken on purpose, in a copy of the project: other tests build from this one meanwhile."""
    from audiencekit.workspace import PROJECT

    copy = tmp_path / "project"
    for name in ("models", "macros", "seeds", "tests", "scripts"):
        shutil.copytree(PROJECT / name, copy / name)
    for name in ("dbt_project.yml", "profiles.yml", "pyproject.toml"):
        shutil.copy(PROJECT / name, copy / name)
    law = copy / "tests" / "singular" / "zz_broken_on_purpose.sql"
    law.write_text("select order_id from {{ ref('stg_shop__orders') }} limit 1")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "audiencekit.cli"),
            *("run", str(demo / "landing"), "--as-of", "2018-01-01"),
        ],
        env=os.environ
        | {"AUDIENCEKIT_HOME": str(tmp_path / "home"), "COLUMNS": "400"}
        | {"PYTHONPATH": str(copy / "scripts")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "zz_broken_on_purpose: Got 1 result" in done.stderr
    assert "Nothing was published. Nothing has been published yet." in done.stderr
    assert "Traceback" not in done.stderr


def test_dbt_alone_says_what_is_missing(tmp_path, runner):
    from audiencekit.run.dbt import run_dbt

    workspace = runner.workspace("never_taken_in")
    workspace.home.mkdir(parents=True, exist_ok=True)
    result = run_dbt(workspace, "build")
    assert not result.success
    assert "Run `audiencekit intake FOLDER`" in str(
        result.exception or result.result.results[0].message
    )
