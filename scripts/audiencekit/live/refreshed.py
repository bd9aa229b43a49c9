"""What a refresh made of extracts, on disk for the process that evaluates: the service that is running, one that starts later, or
the next refresh. It holds everything since the build, so that the last one is enough.

<home>/live/refreshed.json            which refresh is the last one, of which build, as of when
<home>/live/refreshed.000007/         its rows: facts.<table>.parquet, shared.<table>.parquet, events.parquet; and customers.json
<home>/live/refreshed.answer.json     what the running service made of it
"""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from audiencekit.atomic_files import sync_folder, write_atomically
from audiencekit.live.evaluator import Evaluator
from audiencekit.live.facts import VISITOR
from audiencekit.live.worker import Worker

POINTER, ANSWER = "refreshed.json", "refreshed.answer.json"
_CUSTOMERS = "customers.json"
_FOLDER = re.compile(r"refreshed\.([0-9]{6,})")


@dataclass(frozen=True)
class Refreshed:
    """Extracts since a build, as facts.

    `facts` has by table the rows of the concerned `customers`, in place of those of the build. `shared` has tables that
    hold for everybody. `events` are web events in the columns of the landing table. `erased` are customers who asked
    for their erasure.
    """

    build_id: str
    as_of: datetime
    customers: frozenset[str]
    erased: frozenset[str]
    facts: Mapping[str, pa.Table]
    events: pa.Table
    shared: Mapping[str, pa.Table] = field(default_factory=dict)
    number: int = 0

    def put_into(self, evaluator: Evaluator | Worker) -> dict[str, list[str]]:
        """Let an evaluator go by these facts. Returns whom they concern, each with their new web events."""
        evaluator.replace_facts(self.customers, self.facts)
        for name, rows in self.shared.items():
            evaluator.replace_shared(name, rows)
        about: dict[str, list[str]] = {key: [] for key in self.customers}
        if self.shared:
            about |= {key: [] for key in evaluator.customers()}
        for event_id, customers in evaluator.take(self.events).items():
            for key in customers:
                # Visitors whom nobody knows are for the moment that they are there.
                if not key.startswith(VISITOR):
                    about.setdefault(key, []).append(event_id)
        evaluator.drop_customers(self.erased)
        return about | {key: [] for key in self.erased}


def write_refreshed(folder: Path, refreshed: Refreshed) -> int:
    """Write a refresh, and point to it when all of it is on disk. Returns its number."""
    numbers = [
        int(match[1]) for path in folder.iterdir() if (match := _FOLDER.fullmatch(path.name))
    ]
    number = 1 + max([*numbers, _pointer(folder).get("number", 0)])
    target = folder / f"refreshed.{number:06d}"
    target.mkdir()
    for kind, tables in (("facts", refreshed.facts), ("shared", refreshed.shared)):
        for name, rows in tables.items():
            pq.write_table(rows, target / f"{kind}.{name}.parquet")
    pq.write_table(refreshed.events, target / "events.parquet")
    customers = {"customers": sorted(refreshed.customers), "erased": sorted(refreshed.erased)}
    (target / _CUSTOMERS).write_text(json.dumps(customers))
    sync_folder(target)
    pointer = {
        "number": number,
        "build_id": refreshed.build_id,
        "as_of": refreshed.as_of.isoformat(sep=" "),
    }
    write_atomically(folder / POINTER, json.dumps(pointer))
    for old in numbers:
        shutil.rmtree(folder / f"refreshed.{old:06d}", ignore_errors=True)
    return number


def last_number(folder: Path, build_id: str) -> int:
    """The number of the last refresh since a build; 0 if there is none."""
    pointer = _pointer(folder)
    return pointer["number"] if pointer.get("build_id") == build_id else 0


def read_refreshed(folder: Path, build_id: str) -> Refreshed | None:
    """The last refresh since a build; None if there is none."""
    pointer = _pointer(folder)
    if pointer.get("build_id") != build_id:
        return None
    source = folder / f"refreshed.{pointer['number']:06d}"

    def tables(kind: str) -> dict[str, pa.Table]:
        return {
            path.name.split(".")[1]: pq.read_table(path)
            for path in sorted(source.glob(f"{kind}.*.parquet"))
        }

    customers = json.loads((source / _CUSTOMERS).read_text())
    return Refreshed(
        build_id=build_id,
        as_of=datetime.fromisoformat(pointer["as_of"]),
        customers=frozenset(customers["customers"]),
        erased=frozenset(customers["erased"]),
        facts=tables("facts"),
        events=pq.read_table(source / "events.parquet"),
        shared=tables("shared"),
        number=pointer["number"],
    )


def _pointer(folder: Path) -> dict[str, Any]:
    path = folder / POINTER
    return json.loads(path.read_text()) if path.exists() else {}


def write_answer(folder: Path, number: int, counts: Mapping[str, Any]) -> None:
    """Let a refresh know what came of it."""
    write_atomically(folder / ANSWER, json.dumps({"number": number, **counts}))


def read_answer(folder: Path, number: int) -> dict[str, Any] | None:
    """What came of a refresh; None as long as nobody evaluated it."""
    path = folder / ANSWER
    answer = json.loads(path.read_text()) if path.exists() else {}
    return answer if answer.get("number") == number else None
