"""What a channel reads the morning after something broke: yesterday's audience, to the byte, until a person accepts.

Each case breaks one thing after a good build. (An emptied or refused consent table, and everybody withdrawing, are in
test_published.py; every rule of intake is in test_intake.py.)
"""

import hashlib
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from workspaces import CHANNELS, rewrite

from audiencekit.errors import UserError
from audiencekit.publish.generations import current_manifest
from audiencekit.workspace import Workspace

NEXT_DAY = datetime(2018, 1, 2)


@dataclass(frozen=True)
class Case:
    """One fault: `query` rewrites `file` (without a query, the file is cut to half its bytes). `says` is the error.

    `accept` lets it through; empty where nothing can, because there is nothing to build on.
    """

    file: str
    query: str
    says: str
    what_next: str
    accept: tuple[str, ...] = ()


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
        ("web_events",),
    ),
    "a consent decision is gone": Case(
        "consent_events.parquet",
        "select * from t order by consent_event_id limit (select count(*) - 1 from t)",
        r"consent_events only ever grows.* [\d,]+ rows, [\d,]+ the last time",
        "--accept consent_events",
        ("consent_events",),
    ),
    # As many orders as ever, and most of them long ago: only the size of what comes out tells.
    "a segment shrinks overnight": Case(
        "orders.parquet",
        "select * replace (case when hash(coalesce(card_number, account_id, order_id)) % 10 > 0 "
        "then ordered_at - interval 700 day else ordered_at end as ordered_at) from t",
        r"aud_\w+, audience \w+, fell from [\d,]+ to [\d,]+ rows",
        "--accept ",
        CHANNELS,
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
def test_yesterdays_audiences_remain_until_a_person_accepts(
    runner, published, demo, tmp_path, what
):
    case = CASES[what]
    name = what.replace(" ", "_")
    workspace = runner.copy_of(published, name).workspace
    standing, before = bytes_of(workspace), current_manifest(workspace)
    landing = tmp_path / "landing"
    shutil.copytree(demo / "landing", landing)
    break_file(landing / case.file, case.query)

    with pytest.raises(UserError) as refused:
        runner(name, landing, as_of=NEXT_DAY)
    problem, outcome = str(refused.value).splitlines()
    assert re.search(case.says, problem) and case.what_next in problem, problem
    assert (
        outcome
        == f"Nothing was published. The last good generation is still published: {before.build_id}."
    )
    assert bytes_of(workspace) == standing
    assert all(f"activation/aud_{channel}.parquet" in standing for channel in CHANNELS)

    then = "nothing can be built on it"
    if case.accept:
        # Where the build itself was whole and its sizes were refused, it has passed its data tests.
        accepted = runner(
            name,
            landing,
            as_of=NEXT_DAY,
            accept=case.accept,
            data_tests="audience" not in case.says,
        )
        after = accepted.run.manifest
        assert after.build_id > before.build_id
        assert current_manifest(workspace) == after
        changed = [
            c
            for c in CHANNELS
            if bytes_of(workspace)[f"activation/aud_{c}.parquet"]
            != standing[f"activation/aud_{c}.parquet"]
        ]
        assert changed
        then = f"accepted, {len(changed)} of {len(CHANNELS)} channels have new rows"
    print(f"\n  {what:<28} {problem[:90]:<92} all channels stand; {then}")
