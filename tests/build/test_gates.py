"""What a channel reads the morning after something broke: yesterday's audience, to the byte, until a person accepts.

Each case breaks one thing after a good build. (An emptied or refused consent table is in test_published.py; every rule
of intake is in test_intake.py.)
"""

import hashlib
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from workspaces import CHANNELS, Published, Runner, rewrite

from audiencekit.errors import UserError
from audiencekit.publish.generations import Manifest, current_manifest
from audiencekit.workspace import Workspace

NEXT_DAY = datetime(2018, 1, 2)


@dataclass(frozen=True)
class Case:
    """One fault: `query` rewrites `file` (without a query, the file is cut to half its bytes). `says` is the error."""

    file: str
    query: str
    says: str
    what_next: str


CASES = {
    "orders are emptied": Case(
        "orders.parquet",
        "select * from t where false",
        r"orders\.parquet: a header and no rows",
        "Export it again",
    ),
    "contacts are a broken file": Case(
        "contacts.2017-12-31.parquet",
        "",
        r"contacts\.2017-12-31\.parquet.*",
        "Export it again",
    ),
    "accounts are emptied": Case(
        "accounts.parquet",
        "select * from t where false",
        r"accounts\.parquet: a header and no rows",
        "Export it again",
    ),
    "web events are cut short": Case(
        "web_events.parquet",
        "select * from t where hash(event_id) % 3 = 0",
        r"web_events: [\d,]+ usable rows, the last published build had [\d,]+",
        "--accept web_events",
    ),
    "a consent decision is gone": Case(
        "consent_events.parquet",
        "select * from t order by consent_event_id limit (select count(*) - 1 from t)",
        r"consent_events only ever grows.* [\d,]+ rows, [\d,]+ the last time",
        "--accept consent_events",
    ),
    # As many orders as ever, and most of them long ago: only the size of what comes out tells.
    "a segment shrinks overnight": Case(
        "orders.parquet",
        "select * replace (case when hash(coalesce(card_number, account_id, order_id)) % 10 > 0 "
        "then ordered_at - interval 700 day else ordered_at end as ordered_at) from t",
        r"aud_\w+, audience \w+, fell from [\d,]+ to [\d,]+ rows",
        "--accept ",
    ),
    # The files are whole, and no audience of ads or e-mail would have a row.
    "everybody withdraws": Case(
        "consent_events.parquet",
        "select * replace ('withdrawn' as status, timestamp '2018-01-01 12:00' as decided_at) from t",
        r"aud_\w+, audience \w+, fell from",
        "--accept ",
    ),
}


def bytes_of(workspace: Workspace) -> dict[str, str]:
    """Every file of the generation that readers see, by its SHA-256."""
    folder = workspace.current.resolve()
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def break_file(path: Path, query: str) -> None:
    if query:
        rewrite(path, query)
    else:
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])


@pytest.mark.parametrize("what", CASES)
def test_yesterdays_audiences_remain(runner, published, demo, tmp_path, what):
    case = CASES[what]
    before, standing, landing = broken(runner, published, demo, tmp_path, what, what)
    with pytest.raises(UserError) as refused:
        runner(what, landing, as_of=NEXT_DAY, checks=False)
    problem, outcome = str(refused.value).splitlines()
    assert re.search(case.says, problem) and case.what_next in problem, problem
    assert (
        outcome
        == f"Nothing was published. The last good generation is still published: {before.build_id}."
    )
    assert bytes_of(runner.workspace(what)) == standing
    assert all(f"activation/aud_{channel}.parquet" in standing for channel in CHANNELS)
    print(f"\n  {what:<28} {problem[:90]}")


def test_a_person_accepts_one_fault_after_the_other(runner, published, demo, tmp_path):
    """What a message says to accept is all there is to accept about its fault; then the next gate speaks."""
    name = "accepted"
    faults = (
        "web events are cut short",
        "a consent decision is gone",
        "a segment shrinks overnight",
    )
    before, standing, landing = broken(runner, published, demo, tmp_path, name, *faults)
    workspace, accepted = runner.workspace(name), ()
    for fault in faults:
        with pytest.raises(UserError, match=CASES[fault].says) as refused:
            runner(name, landing, as_of=NEXT_DAY, accept=accepted, checks=False)
        assert bytes_of(workspace) == standing
        accepted += tuple(re.findall(r"--accept (\w+)", str(refused.value)))
    assert accepted[:2] == ("web_events", "consent_events")
    assert set(accepted[2:]) <= set(CHANNELS)
    after = runner(name, landing, as_of=NEXT_DAY, accept=accepted, checks=False).run.manifest
    assert current_manifest(workspace) == after
    assert after.build_id > before.build_id
    assert after.rows["aud_meta"] < before.rows["aud_meta"] / 2
    new = bytes_of(workspace)
    files = [f"activation/aud_{channel}.parquet" for channel in accepted[2:]]
    assert all(new[file] != standing[file] for file in files)


def broken(
    runner: Runner, published: Published, demo: Path, folder: Path, name: str, *faults: str
) -> tuple[Manifest, dict[str, str], Path]:
    """A published workspace called `name`, its manifest and files, and a landing with these faults."""
    workspace = runner.copy_of(published, name).workspace
    landing = folder / "landing"
    shutil.copytree(demo / "landing", landing)
    for fault in faults:
        break_file(landing / CASES[fault].file, CASES[fault].query)
    return current_manifest(workspace), bytes_of(workspace), landing
