"""Publishing by rename: whole generations, whenever the process dies."""

import json
import multiprocessing
import os
import random
import shutil
import time
from datetime import datetime
from multiprocessing.context import BaseContext
from pathlib import Path

import duckdb
import pytest
from workspaces import Runner, one_parse

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
    with duckdb.connect() as con:
        for folder in ("activation", "reporting"):
            con.execute(f"attach '{generation / folder}.duckdb' as {folder} (read_only)")
        for table, rows in manifest["rows"].items():
            folder = next(
                f
                for f in ("activation", "reporting")
                if (generation / f / f"{table}.parquet").exists()
            )
            relation = f"{folder}.{table}"
            in_file, in_parquet = (
                con.execute(f"select count(*) from {source}").fetchall()[0][0]
                for source in (relation, f"'{generation / folder / table}.parquet'")
            )
            if not rows == in_file == in_parquet:
                problems.append(
                    f"{table}: {rows} rows in the manifest, {in_file} in the file, {in_parquet} in Parquet"
                )
            # The audiences a generation says it holds (the next build compares itself with these) are the
            # ones in its files: a table of another build would differ in some row.
            if table.startswith("aud_"):
                state = generation / "ledger" / "audience_rows" / "*.parquet"
                differing = con.execute(
                    f"select count(*) from (select audience_row_id, row_hash, build_id from {relation}) as a "
                    f"full outer join (from read_parquet('{state}') where channel = $channel) as b "
                    "using (audience_row_id, row_hash, build_id) "
                    "where a.audience_row_id is null or b.audience_row_id is null",
                    {"channel": table.removeprefix("aud_")},
                ).fetchall()[0][0]
                if differing:
                    problems.append(
                        f"{table}: {differing} rows are not those the generation says it holds"
                    )
    return problems


@pytest.fixture(scope="module")
def processes() -> BaseContext:
    """Starts processes to be killed. All come from one that has imported what they need."""
    context = multiprocessing.get_context("forkserver")
    rooms = ("run.job", "run.expectations", "publish.model_cards")
    context.set_forkserver_preload(["vl_convert", *(f"audiencekit.{room}" for room in rooms)])
    return context


def build_again(folder: Path, name: str, landing: Path, as_of: datetime) -> None:
    """One run in a workspace that knows the parsed project."""
    with one_parse():
        Runner(folder, Path())(name, landing, as_of, checks=False)


def publish_again(home: Path, begun: Path) -> None:
    """Publish what the warehouse at `home` holds; `begun` appears first."""
    workspace, as_of = Workspace(home), datetime(2018, 1, 1)
    publications, build_id = read_publications(workspace), next_build_id(workspace, as_of)
    begun.touch()
    publish(workspace, publications, Build(build_id, as_of))


def test_a_build_killed_at_any_moment_leaves_one_whole_generation(
    runner, demo, published, next_day, processes
):
    """Builds of later hours, each killed -9 at a random moment of its length.

    KILLED_BUILDS=20 kills more of them; most moments of a build are before anything is published,
    which is why publishing has a test of its own below.
    """
    workspace = runner.copy_of(published, "killed").workspace
    length = sum(next_day.run.seconds.values())
    chance = random.Random(2018)
    seen = {workspace.current.resolve().name}
    kills = int(os.environ.get("KILLED_BUILDS", "5"))
    for number in range(kills):
        as_of = datetime(2018, 1, 1, 1 + number)
        process = processes.Process(
            target=build_again, args=(runner.folder, "killed", demo / "landing", as_of)
        )
        process.start()
        time.sleep(chance.uniform(0.1, length))
        assert process.is_alive() or process.exitcode == 0, "it died by itself"
        process.kill()
        process.join()
        assert generation_problems(workspace) == [], f"kill {number}"
        seen.add(workspace.current.resolve().name)
    print(f"\n{kills} builds killed: a whole generation every time, {len(seen)} different ones")
    # The next build does not fail on what the killed ones left.
    after = runner("killed", demo / "landing", as_of=datetime(2018, 1, 1, 23), checks=False)
    assert generation_problems(workspace) == []
    assert workspace.current.resolve().name == after.run.manifest.build_id


def test_publishing_killed_at_any_moment_leaves_one_whole_generation(
    runner, published, processes, tmp_path
):
    """The same warehouse published again and again, killed -9 somewhere within."""
    workspace = runner.copy_of(published, "killed_late").workspace
    ledger = {path.name for path in (workspace.ledger / "segment_changes").iterdir()}
    chance = random.Random(2019)
    length, before, after = 0.6, 0, 0
    for number in range(20):
        standing = workspace.current.resolve()
        begun = tmp_path / str(number)
        process = processes.Process(target=publish_again, args=(workspace.home, begun))
        process.start()
        while not begun.exists() and process.is_alive():
            time.sleep(0.001)
        assert begun.exists(), "it died by itself"
        started = time.monotonic()
        if number == 0:
            process.join()
            assert process.exitcode == 0
            length = time.monotonic() - started
        else:
            time.sleep(0 if number == 1 else chance.uniform(0, 2 * length))
        process.kill()
        process.join()
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
