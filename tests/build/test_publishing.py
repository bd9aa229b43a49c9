"""Publishing by rename: whole generations, whenever the process dies."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from audiencekit.errors import UserError
from audiencekit.publish.build import Build
from audiencekit.publish.exposures import read_publications
from audiencekit.publish.generations import (
    _switch,
    next_build_id,
    publish,
)
from audiencekit.workspace import Workspace


def generation_problems(workspace: Workspace) -> list[str]:
    """Why the published files are not one whole generation; nothing when they are."""
    if not workspace.current.exists():
        return ["there is no current generation"]
    generation = workspace.current.resolve()
    manifest = json.loads((generation / "manifest.json").read_text())
    problems = []
    for table, rows in manifest["rows"].items():
        file = (
            "activation"
            if (generation / "activation" / f"{table}.parquet").exists()
            else "reporting"
        )
        with duckdb.connect(str(generation / f"{file}.duckdb"), read_only=True) as con:
            in_file = con.execute(f"select count(*) from {table}").fetchall()[0][0]
            # The audiences a generation says it holds (the next build compares itself with these) are the
            # ones in its files: a table of another build would differ in some row.
            differing = 0
            if table.startswith("aud_"):
                state = generation / "ledger" / "audience_rows" / "*.parquet"
                differing = con.execute(
                    f"select count(*) from (select audience_row_id, row_hash, build_id from {table}) as a "
                    f"full outer join (from read_parquet('{state}') where channel = $channel) as b "
                    "using (audience_row_id, row_hash, build_id) "
                    "where a.audience_row_id is null or b.audience_row_id is null",
                    {"channel": table.removeprefix("aud_")},
                ).fetchall()[0][0]
        in_parquet = duckdb.execute(
            f"select count(*) from '{generation / file / table}.parquet'"
        ).fetchall()[0][0]
        if not rows == in_file == in_parquet:
            problems.append(
                f"{table}: {rows} rows in the manifest, {in_file} in the file, {in_parquet} in Parquet"
            )
        if differing:
            problems.append(f"{table}: {differing} rows are not those the generation says it holds")
    return problems


def spawn(workspace: Workspace, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=os.environ | {"AUDIENCEKIT_HOME": str(workspace.home), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def start(workspace: Workspace, landing: Path, as_of: str) -> subprocess.Popen:
    return spawn(workspace, "-m", "audiencekit.cli", "run", str(landing), "--as-of", as_of)


def kill(process: subprocess.Popen) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


def test_a_build_killed_at_any_moment_leaves_one_whole_generation(runner, demo, published):
    """Builds of later hours, each killed -9 at a random moment of its length.

    KILLED_BUILDS=20 kills more of them; most moments of a build are before anything is published,
    which is why publishing has a test of its own below.
    """
    workspace = runner.copy_of(published, "killed").workspace
    started = time.monotonic()
    whole = start(workspace, demo / "landing", "2018-01-01T00:30")
    assert whole.wait() == 0, whole.stdout.read()
    length = time.monotonic() - started
    chance = random.Random(2018)
    seen = {workspace.current.resolve().name}
    kills = int(os.environ.get("KILLED_BUILDS", "5"))
    for number in range(kills):
        process = start(workspace, demo / "landing", f"2018-01-01T{1 + number:02d}:00")
        time.sleep(chance.uniform(0.1, length))
        kill(process)
        assert generation_problems(workspace) == [], f"kill {number}"
        seen.add(workspace.current.resolve().name)
    print(f"\n{kills} builds killed: a whole generation every time, {len(seen)} different ones")
    # The next build does not fail on what the killed ones left.
    after = runner("killed", demo / "landing", as_of=datetime(2018, 1, 1, 23))
    assert generation_problems(workspace) == []
    assert workspace.current.resolve().name == after.run.manifest.build_id


PUBLISH_AGAIN = """
import sys
from datetime import datetime
from audiencekit.publish.build import Build
from audiencekit.publish.exposures import read_publications
from audiencekit.publish.generations import next_build_id, publish
from audiencekit.workspace import open_workspace

workspace, as_of = open_workspace(), datetime(2018, 1, 1)
publications, build_id = read_publications(workspace), next_build_id(workspace, as_of)
print("publishing", flush=True)
publish(workspace, publications, Build(build_id, as_of))
print("published", flush=True)
"""


def test_publishing_killed_at_any_moment_leaves_one_whole_generation(runner, published):
    """The same warehouse published again and again, killed -9 somewhere within."""
    workspace = runner.copy_of(published, "killed_late").workspace
    ledger = {path.name for path in (workspace.ledger / "segment_changes").iterdir()}
    chance = random.Random(2019)
    length, before, after = 0.6, 0, 0
    for number in range(20):
        standing = workspace.current.resolve()
        process = spawn(workspace, "-c", PUBLISH_AGAIN)
        assert process.stdout.readline() == "publishing\n"
        started = time.monotonic()
        if number == 0:
            assert process.stdout.readline() == "published\n"
            length = time.monotonic() - started
        else:
            time.sleep(0 if number == 1 else chance.uniform(0, 2 * length))
        kill(process)
        assert generation_problems(workspace) == [], f"kill {number}"
        assert ledger <= {path.name for path in (workspace.ledger / "segment_changes").iterdir()}
        switched = workspace.current.resolve() != standing
        before, after = before + (not switched), after + switched
    print(f"\n20 publishes killed: {before} before the switch, {after} after; whole every time")
    assert before and after


def test_what_a_killed_publish_left_does_not_stop_the_next(published, tmp_path):
    """Died after the generation was whole and before the switch: it is passed over, and not reused."""
    copy = Workspace(tmp_path)
    shutil.copytree(published.workspace.home, copy.home, symlinks=True, dirs_exist_ok=True)
    as_of = datetime(2018, 1, 1)
    left = copy.generations / next_build_id(copy, as_of)
    shutil.copytree(copy.current.resolve(), left)
    (copy.generations / ".writing-20180101T000000Z-000009").mkdir()
    (copy.generations / ".DS_Store").touch()
    manifest = publish(copy, read_publications(copy), Build(next_build_id(copy, as_of), as_of))
    assert manifest.build_id > left.name
    assert copy.current.resolve().name == manifest.build_id
    assert generation_problems(copy) == []
    assert not list(copy.generations.glob(".writing-*"))


def test_a_lost_pointer_is_asked_about_and_nothing_is_removed(published, tmp_path):
    """Restored without symlinks, say. The history in the generations must not start again."""
    copy = Workspace(tmp_path)
    shutil.copytree(published.workspace.published, copy.published, symlinks=True)
    copy.current.unlink()
    before = sorted(copy.generations.iterdir())
    with pytest.raises(UserError, match="Point it at one of them: ln -s generations/"):
        next_build_id(copy, datetime(2018, 1, 1))
    assert sorted(copy.generations.iterdir()) == before


def test_going_back_to_an_older_generation_keeps_the_newer_ones(published, tmp_path):
    copy = Workspace(tmp_path)
    shutil.copytree(published.workspace.home, copy.home, symlinks=True, dirs_exist_ok=True)
    as_of = datetime(2018, 1, 1)
    first = copy.current.resolve()
    second = publish(copy, read_publications(copy), Build(next_build_id(copy, as_of), as_of))
    _switch(copy.current, first)
    third = publish(copy, read_publications(copy), Build(next_build_id(copy, as_of), as_of))
    assert second.build_id < third.build_id
    assert {p.name for p in copy.generations.iterdir()} == {
        first.name,
        second.build_id,
        third.build_id,
    }


def test_a_torn_generation_would_be_noticed(published, tmp_path):
    """The check above can fail: a copy with one table cut short is called out."""
    torn = Workspace(tmp_path)
    shutil.copytree(published.workspace.current.resolve(), torn.generations / "x-000001")
    _switch(torn.current, torn.generations / "x-000001")
    assert generation_problems(torn) == []
    with duckdb.connect(str(torn.current / "activation.duckdb")) as con:
        con.execute("delete from aud_crm where rowid = 0")
    assert len(generation_problems(torn)) == 2
