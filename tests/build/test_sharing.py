"""What is shared with outsiders reveals no person: suppressed cells cannot be recalculated, noise is as strong as
stated, and the budget ends."""

import json
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from audiencekit.errors import UserError
from audiencekit.sharing import share_noised, share_suppressed
from audiencekit.sharing.budget import read_releases
from audiencekit.workspace import Workspace


@pytest.fixture
def workspace(published, tmp_path):
    """The small demo's generation and warehouse in a home of its own."""
    (tmp_path / "published").symlink_to(published.workspace.published)
    shutil.copy(published.workspace.warehouse, tmp_path)
    return Workspace(tmp_path)


def test_large_groups_are_released_exactly(workspace, published):
    k = 5  # the demo here is small
    shared = pd.read_csv(share_suppressed(workspace, k))
    exact = published.warehouse("select * from measurement.int_share_cells")
    released = shared[shared["order_channel"] != "all"].merge(
        exact, on=["primary_segment", "order_channel"], suffixes=("", "_exact")
    )
    released = released[released["customers"].notna()]
    assert (released["customers"] > 0).sum() > 1
    assert (released["customers"] == released["customers_exact"]).all()
    assert not shared["customers"].between(1, k - 1).any()
    assert not shared["buyers_30d"].between(1, k - 1).any()
    few = shared["buyers_30d"].isna()
    assert shared.loc[few, "spend_30d"].isna().all()


def test_every_customer_is_in_one_cell_and_counts_up_to_the_bound(published):
    cells = published.warehouse("select * from measurement.int_share_cells")
    customers = published.warehouse("select * from segments.customer_360")
    assert cells["customers"].sum() == len(customers)
    assert cells["buyers_30d"].sum() == (customers["orders_30d"] > 0).sum()
    spend = customers["spend_30d"].fillna(0).clip(0, 500)
    assert (customers["spend_30d"] > 500).any()
    assert cells["spend_30d"].sum() == pytest.approx(spend.sum(), abs=len(customers) / 2)


def test_a_release_is_near_the_truth_and_is_the_same_when_asked_again(workspace, published):
    first = share_noised(workspace, 1.0)
    shared = pd.read_csv(first).set_index(["primary_segment", "order_channel"])
    exact = published.warehouse("select * from measurement.int_share_cells")
    exact = exact.set_index(["primary_segment", "order_channel"]).loc[shared.index]
    assert len(shared) == len(exact) > 100
    error = (shared["customers"] - exact["customers"]).std()
    assert 2 < error < 6  # theory: 3.5
    text = first.read_text()
    assert share_noised(workspace, 1.0).read_text() == text
    assert [r.epsilon for r in read_releases(workspace.shared / "releases.jsonl")] == [1.0]
    note = json.loads(first.with_suffix(".json").read_text())
    assert note["budget_left"] == 2.0 and note["epsilon"] == 1.0


def test_the_budget_ends(workspace):
    share_noised(workspace, 1.0)
    share_noised(workspace, 1.5)
    with pytest.raises(
        UserError, match=r"budget is 3, 2.5 of it is spent, and this release would cost 0.6"
    ):
        share_noised(workspace, 0.6)
    assert len(read_releases(workspace.shared / "releases.jsonl")) == 2
    assert len(list(workspace.shared.glob("*.csv"))) == 2
    share_noised(workspace, 0.5)
    with pytest.raises(UserError, match="privacy budget"):
        share_noised(workspace, 0.01)


def test_mistakes_are_answered_in_a_line(workspace, tmp_path):
    with pytest.raises(UserError, match="must be above 0"):
        share_noised(workspace, 0)
    with pytest.raises(UserError, match="hides nobody"):
        share_suppressed(workspace, 1)
    with pytest.raises(UserError, match="Nothing is published yet"):
        share_suppressed(Workspace(tmp_path / "empty"))


def test_the_command_line_writes_what_may_go_out(workspace):
    done = subprocess.run(
        [sys.executable, "-m", "audiencekit.cli", "share", "--k", "10"],
        env={"AUDIENCEKIT_HOME": str(workspace.home), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(done.stdout.strip())["customers"].notna().any()
