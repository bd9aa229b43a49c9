"""Laws across a whole run: what is published, from what, and what never is."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from generations import text_of_files
from workspaces import CANARIES, CHANNELS, assert_same_contents, rewrite

from audiencekit.errors import UserError
from audiencekit.publish.generations import current_manifest
from audiencekit.run.status import read_status


def test_every_channel_has_rows_in_the_demo(published):
    assert {c: len(published.audience(c)) > 0 for c in CHANNELS} == dict.fromkeys(CHANNELS, True)


def test_every_row_of_the_landing_is_accounted_for(published, demo):
    report = published.report("rpt_landing").set_index("table_name")
    for path in (demo / "landing").glob("*.parquet"):
        table = path.name.split(".")[0]
        files = (demo / "landing").glob(f"{table}.*parquet")
        rows = sum(len(pd.read_parquet(file)) for file in files)
        line = report.loc[table]
        parts = ["rows_used", "rows_duplicate", "rows_quarantined", "rows_held_back", "rows_erased"]
        assert rows == line["rows_in"] == line[parts].sum(), table


def test_guests_stay_in_revenue_and_make_no_profile(published):
    guests = published.warehouse(
        "select count(*) n, sum(net_revenue) usd from profiles.fct_orders where customer_key is null"
    ).iloc[0]
    report = published.report("rpt_revenue")
    assert guests["n"] > 0
    assert report.loc[report["is_guest"], "net_revenue"].sum() == pytest.approx(guests["usd"])
    profiles = published.warehouse(
        "select count(*) n from profiles.dim_customers where customer_key is null"
    )
    assert profiles["n"][0] == 0


def test_shuffled_files_and_rows_after_as_of_publish_the_same(runner, published, demo, tmp_path):
    """Rows come in another order, with orders, events, contacts, consent and requests of tomorrow among them."""
    landing = tmp_path / "landing"
    shutil.copytree(demo / "landing", landing)
    later = "interval 400 day"
    shifts = {
        "orders.parquet": f"order_id || '-x' as order_id, ordered_at + {later} as ordered_at, total * 9 as total",
        "web_events.parquet": f"event_id || '-x' as event_id, occurred_at + {later} as occurred_at",
        "email_events.parquet": f"event_id || '-x' as event_id, occurred_at + {later} as occurred_at",
        "campaign_touches.parquet": f"touch_id || '-x' as touch_id, touched_at + {later} as touched_at",
        "consent_events.parquet": (
            f"consent_event_id || '-x' as consent_event_id, 'withdrawn' as status, decided_at + {later} * 3 as decided_at"
        ),
        "contacts.2017-12-31.parquet": (
            f"'later@example.com' as email, created_at, timestamp '2018-01-01' + {later} as updated_at"
        ),
        "campaign_costs.parquet": f"spent_at + {later} as spent_at, cost * 9 as cost",
        "experiment_units.parquet": f"unit_id || '-x' as unit_id, assigned_at + {later} as assigned_at",
        "experiment_outcomes.parquet": f"value * 9 as value, observed_at + {later} as observed_at",
        "identity_decisions.parquet": (
            f"case decision when 'link' then 'unlink' else 'link' end as decision, decided_at + {later} as decided_at"
        ),
        "erasure_requests.parquet": f"request_id || '-x' as request_id, requested_at + {later} as requested_at, 'email' as id_type, 'later@example.com' as id_value",
    }
    for name, changed in shifts.items():
        columns = [part.rsplit(" as ", 1)[-1].strip() for part in changed.split(", ")]
        columns = [c for c in columns if c.isidentifier()]
        rewrite(
            landing / name,
            f"select * from t union all by name select * exclude ({', '.join(columns)}), {changed} from t",
        )
    for path in landing.glob("*.parquet"):
        rewrite(path, "select * from t order by hash(t) desc")
    # The two extracts of contacts trade names, so that the older one is read last.
    first, second = sorted(landing.glob("contacts.*.parquet"))
    first.rename(tmp_path / "aside")
    second.rename(first)
    (tmp_path / "aside").rename(second)
    after = runner("shuffled", landing, checks=False)
    held_back = after.report("rpt_landing")["rows_held_back"].sum()
    assert held_back > published.report("rpt_landing")["rows_held_back"].sum() + 1000
    assert_same_contents(published, after, but=("reporting/rpt_landing",))


def test_an_earlier_as_of_sees_only_what_was_known_then(runner, demo, tmp_path):
    """Plain dbt over the same intake at an earlier moment equals a run of a landing cut at that moment.

    Without requests for erasure: an erased customer is gone from every back-test, too.
    """
    landing = tmp_path / "landing"
    shutil.copytree(demo / "landing", landing)
    (landing / "erasure_requests.parquet").unlink()
    from audiencekit.run.dbt import run_dbt

    earlier = datetime(2017, 10, 1)
    cut = _customer_360(runner.build("earlier", landing, "+customer_360", as_of=earlier).workspace)
    again = runner.workspace("again")
    runner("again", landing, checks=False)
    result = run_dbt(
        again,
        "build",
        "--select",
        "+customer_360",
        "--exclude-resource-type",
        "unit_test",
        "--exclude-resource-type",
        "test",
        "--vars",
        f"as_of: {earlier}",
        "--full-refresh",
    )
    assert result.success, result.exception
    pd.testing.assert_frame_equal(cut, _customer_360(again), check_exact=True)


def _customer_360(workspace) -> pd.DataFrame:
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        return con.execute("select * from segments.customer_360 order by customer_key").df()


@pytest.fixture(scope="module")
def three_builds(runner, demo, published, next_day):
    """The demo built twice as of one day, and once as of the next."""
    runner.copy_of(published, "replayed")
    replayed = runner("replayed", demo / "landing", checks=False)
    return [
        (build.run.manifest, _history(build), build.audience("crm"))
        for build in (published, replayed, next_day)
    ]


def test_a_replayed_build_publishes_the_same_and_records_no_change(three_builds):
    (first, history, crm), (second, history_again, crm_again), _ = three_builds
    assert second.build_id > first.build_id
    assert len(history) > 0
    pd.testing.assert_frame_equal(history, history_again)
    pd.testing.assert_frame_equal(crm.drop(columns="build_id"), crm_again.drop(columns="build_id"))


def test_the_next_day_appends_to_history_and_keeps_what_was_written(three_builds):
    _, (_, before, _), (_, after, crm) = three_builds
    day = pd.Timestamp("2018-01-01")
    kept = after[after["changed_at"] <= day].reset_index(drop=True)
    pd.testing.assert_frame_equal(before, kept)
    assert set(after.loc[after["changed_at"] > day, "action"]) == {"entered", "left"}
    assert 0 < (crm["entered_at"] == day).sum() < len(crm)


def test_history_only_goes_forward(runner, demo, published):
    with pytest.raises(UserError, match="history only goes forward"):
        runner("demo", demo / "landing", as_of=datetime(2017, 6, 1))
    # A back-test in the wrong folder says nothing about what is published there.
    label = read_status(published.workspace)
    assert label and label.state == "current" and not label.why


def _history(published) -> pd.DataFrame:
    files = published.workspace.ledger / "segment_changes" / "*.parquet"
    return duckdb.execute(
        f"select * from '{files}' order by changed_at, segment_code, customer_key, action"
    ).df()


def test_an_emptied_source_leaves_yesterdays_audiences(runner, published, demo, tmp_path):
    landing = tmp_path / "landing"
    shutil.copytree(demo / "landing", landing)
    good = runner.copy_of(published, "emptied")
    rewrite(landing / "consent_events.parquet", "select * from t where false")
    with pytest.raises(UserError, match=r"consent_events\.parquet: a header and no rows"):
        runner("emptied", landing, as_of=datetime(2018, 1, 2))
    (landing / "consent_events.parquet").unlink()
    with pytest.raises(UserError, match="consent_events: the last published build had"):
        runner("emptied", landing, as_of=datetime(2018, 1, 2))
    assert current_manifest(good.workspace) == good.run.manifest


def nested_loops(warehouse: duckdb.DuckDBPyConnection, sql: str) -> int:
    """Joins without equality in DuckDB's plan of a query; as JSON, for the picture of a wide plan cuts words."""
    plan = warehouse.execute("explain (format json) " + sql).df()["explain_value"].str.cat()
    return plan.count("BLOCKWISE_NL_JOIN")


@pytest.fixture(scope="module")
def warehouse(published) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(published.workspace.warehouse), read_only=True) as con:
        yield con


def test_no_model_compares_every_row_with_every_row(published, warehouse):
    """A join that knows no equality is quick on a demo and never ends on ten million rows."""
    compiled = published.workspace.home / "target" / "compiled" / "audiencekit"
    # Unit tests, where another test has run them, lie below the YAML file they are written in.
    models = [p for p in sorted(compiled.rglob("models/**/*.sql")) if ".yml/" not in p.as_posix()]
    laws = sorted(compiled.rglob("tests/singular/*.sql"))
    assert len(models) > 50 and len(laws) > 4
    slow = {
        p.stem: count for p in models + laws if (count := nested_loops(warehouse, p.read_text()))
    }
    # Here one side is short: purposes of channels, erasure requests, edges of bins, hours, horizons, quarters, the two lists of
    # recommendations, or one row.
    assert slow == {
        "int_block_members": 1,
        "int_drift_shares": 27,
        "int_erasure_matches": 1,
        "int_feature_spine": 1,
        "int_match_candidates": 2,
        "int_match_scores": 1,
        "int_order_months": 1,
        "int_quiet_hours": 1,
        "model_outcomes": 1,
        "no_audience_row_without_live_consent": 1,
        "pred_recommendations": 2,
        "rpt_days": 1,
    }


def test_a_join_without_equality_would_be_noticed(warehouse):
    a, b = "profiles.fct_orders as a", "profiles.dim_customers as b"
    on = "a.order_channel is null and a.customer_key = b.customer_key"
    assert nested_loops(warehouse, f"select * from {a} left join {b} on {on}")


def test_a_second_run_waits_its_turn(published, demo, runner):
    with published.workspace.locked(), pytest.raises(UserError, match="Another run"):
        runner("demo", demo / "landing")


def test_planted_contact_data_stays_behind_its_walls(published):
    """Canaries in every source that holds contact data: found where they may be, and nowhere else."""
    home = published.workspace.home
    assert "canarymail@example.com" in set(published.audience("email")["email"])
    assert _tables_with("Canarymail", home / "intake") == {
        "checked",
        "contacts",
        "consent_events",
        "orders",
        "quarantine",
    }
    walled = {"aud_email", "email_braze", "email_customerio", "email_klaviyo", "email_mailchimp"}
    for canary in CANARIES:
        assert _tables_with(canary, published.workspace.current) <= walled, canary
        assert not _tables_of_live_state_with(canary, published.workspace.current), canary
        for name, text in text_of_files(published.workspace.current).items():
            assert canary.lower() not in text.lower(), name
        assert canary.lower() not in published.printed.lower()
        for folder in ("logs", "target", "data_docs"):
            for path in (home / folder).rglob("*"):
                if path.is_file():
                    assert canary.lower().encode() not in path.read_bytes().lower(), (
                        canary,
                        path.name,
                    )


def _tables_of_live_state_with(text: str, generation: Path) -> list[str]:
    with duckdb.connect(str(generation / "live.duckdb"), read_only=True) as con:
        tables = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
        ).fetchall()
        return [
            table
            for (table,) in tables
            if con.execute(
                f"select count(*) from {table} as t where contains(lower(t::text), '{text.lower()}')"
            ).fetchall()[0][0]
        ]


def _tables_with(text: str, folder: Path) -> set[str]:
    found = set()
    for path in folder.rglob("*.parquet"):
        rows = duckdb.execute(
            f"select count(*) from '{path}' as t where contains(lower(t::varchar), '{text.lower()}')"
        ).fetchall()
        if rows[0][0]:
            # orders.parquet/00000.parquet is a part of a table; checked/<key>/rows.parquet are rows of a file.
            is_checked = path.relative_to(folder).parts[0] == "checked"
            table = path.parent if path.parent.suffix == ".parquet" else path
            found.add("checked" if is_checked else table.name.split(".")[0])
    return found
