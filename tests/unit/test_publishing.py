"""Publishing by rename: whole generations, whenever the process dies."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from audiencekit.publishing import KEPT_GENERATIONS, _drop_old, _switch
from audiencekit.workspace import Workspace

KILLS = 20


def test_the_pointer_is_switched_in_one_step_and_old_generations_go(tmp_path):
    workspace = Workspace(tmp_path)
    for number in range(1, 9):
        generation = workspace.generations / f"2018010{number}T000000Z-{number:06d}"
        generation.mkdir(parents=True)
        _switch(workspace.current, generation)
        _drop_old(workspace)
        assert workspace.current.resolve() == generation.resolve()
    kept = sorted(path.name[-1] for path in workspace.generations.iterdir())
    assert kept == [str(n) for n in range(9 - KEPT_GENERATIONS, 9)]


def generation_problems(workspace: Workspace) -> list[str]:
    """Why the published files are not one whole generation; nothing when they are."""
    if not workspace.current.exists():
        return ["there is no current generation"]
    generation = workspace.current.resolve()
    manifest = json.loads((generation / "manifest.json").read_text())
    problems = []
    for table, rows in manifest["rows"].items():
        file = "activation" if table.startswith("aud_") else "reporting"
        with duckdb.connect(str(generation / f"{file}.duckdb"), read_only=True) as con:
            in_file = con.execute(f"select count(*) from {table}").fetchall()[0][0]
            builds = {manifest["build_id"]}
            if file == "activation":
                builds |= {
                    b for (b,) in con.execute(f"select distinct build_id from {table}").fetchall()
                }
        in_parquet = duckdb.execute(
            f"select count(*) from '{generation / file / table}.parquet'"
        ).fetchall()[0][0]
        if not rows == in_file == in_parquet:
            problems.append(
                f"{table}: {rows} rows said, {in_file} in the file, {in_parquet} in Parquet"
            )
        if len(builds) != 1:
            problems.append(f"{table}: rows of several builds {builds}")
    return problems


def start(workspace: Workspace, landing: Path, as_of: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "audiencekit.cli", "run", str(landing), "--as-of", as_of],
        env=os.environ | {"AUDIENCEKIT_HOME": str(workspace.home), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.mark.slow
def test_a_build_killed_at_any_moment_leaves_one_whole_generation(runner, demo):
    """Twenty builds of the next days, each killed -9 at a random moment; half of them near publishing."""
    first = runner("killed", demo / "landing")
    workspace = first.workspace
    chance = random.Random(2018)
    outcomes = []
    for number in range(KILLS):
        process = start(workspace, demo / "landing", f"2018-01-{2 + number:02d}")
        if number % 2:
            # Wait for the last stage, then a moment within it: it takes some tenths of a second.
            for line in process.stdout:
                if line.startswith("4  Publish"):
                    break
            time.sleep(chance.uniform(0, 0.5))
        else:
            time.sleep(chance.uniform(0.5, 12))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert generation_problems(workspace) == [], f"kill {number}"
        outcomes.append(workspace.current.resolve().name)
    print(
        f"\nkilled {KILLS} times; whole generations every time; {len(set(outcomes))} distinct ones"
    )
    # And the next build neither stumbles over what was left behind nor has lost any history.
    after = runner("killed", demo / "landing", as_of=datetime(2018, 2, 1))
    assert generation_problems(workspace) == []
    assert not list(workspace.generations.glob(".writing-*"))
    ledger = workspace.ledger / "segment_changes"
    assert f"{first.run.manifest.build_id}.parquet" in {path.name for path in ledger.iterdir()}
    assert after.run.manifest.rows["aud_crm"] > 0


def test_a_torn_generation_would_be_noticed(published, tmp_path):
    """The check above can fail: a copy with one table cut short is called out."""
    import shutil

    torn = Workspace(tmp_path)
    shutil.copytree(published.workspace.current.resolve(), torn.generations / "x-000001")
    _switch(torn.current, torn.generations / "x-000001")
    assert generation_problems(torn) == []
    with duckdb.connect(str(torn.current / "activation.duckdb")) as con:
        con.execute("delete from aud_crm where rowid = 0")
    assert len(generation_problems(torn)) == 1
