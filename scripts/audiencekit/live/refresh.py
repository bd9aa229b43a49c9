"""Hourly extracts between two builds: they are taken in as a run does, become facts of the customers whom they concern,
and these customers are evaluated with the SQL of the published build.

The process that evaluates is the only one that writes changes into the journal: the service, where it is running, or else the
refresh itself.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import duckdb
import pyarrow as pa

from audiencekit.errors import UserError
from audiencekit.intake.contract import load_contract
from audiencekit.intake.parts import link_parts
from audiencekit.intake.report import TableIntake
from audiencekit.live.as_built import Segments, read_as_built
from audiencekit.live.baseline import first_due, save_due, saved_due
from audiencekit.live.concerned import (
    REQUESTS,
    choose_rows,
    find_concerned,
    find_known,
)
from audiencekit.live.erasing import find_erased
from audiencekit.live.evaluator import Evaluator
from audiencekit.live.extracts import Options, RefreshWorkspace, find_changes, take_in
from audiencekit.live.journal import Journal
from audiencekit.live.left_to_build import (
    merged_customers,
    new_people,
    quarantined,
    rows_of_nobody,
)
from audiencekit.live.line_files import is_locked
from audiencekit.live.memberships import Memberships
from audiencekit.live.new_facts import changed_campaigns, facts_of, new_events, run_cone
from audiencekit.live.refresh_report import Report
from audiencekit.live.refreshed import (
    Refreshed,
    read_answer,
    read_refreshed,
    write_refreshed,
)
from audiencekit.publish.generations import Manifest, published_manifest
from audiencekit.publish.live_state import check_format, customer_inputs, daily_segments
from audiencekit.publish.refresh_cone import QUARANTINE, WAREHOUSE, RefreshCone, kept_cone
from audiencekit.sql import literal
from audiencekit.workspace import REFRESH, Workspace

# How often it is looked whether the service has evaluated what it was given.
_TICK = 0.2


@dataclass(frozen=True)
class Surroundings:
    """How a refresh speaks, waits for the service (seconds at most), and sees to it that changes are sent."""

    say: Callable[[str], None]
    sleep: Callable[[float], None]
    patience: float = 600
    send: Callable[[Journal], None] = lambda _: None


def refresh(
    landing: Path, workspace: Workspace, options: Options, surroundings: Surroundings
) -> Report:
    """Take in what came into `landing` since the published build, and evaluate whom it concerns as of the moment of `options`.

    Raises UserError, with nothing changed, for files that a run would refuse, and where the service does not answer.
    """
    home = RefreshWorkspace(workspace.home)
    with workspace.locked(REFRESH):
        published = published_manifest(workspace)
        built_at = datetime.fromisoformat(published.as_of)
        if options.as_of < built_at:
            raise UserError(
                f"{options.as_of} is earlier than the published build, which is as of {built_at}."
            )
        check_format(workspace.current.resolve())
        cone = kept_cone(workspace, published.build_id)
        report = Report(options.as_of, published.build_id)
        folder = workspace.home / "live"
        folder.mkdir(parents=True, exist_ok=True)
        with _timed(report, "intake"):
            tables = take_in(landing, home, published, options, surroundings.say)
        report.daily = daily_segments(workspace.current.resolve())
        report.not_in_build = _leave_to_build(home, published, tables)
        con = open_warehouse(home)
        try:
            refreshed = find_facts(con, home, cone, report, options.accept)
            number = write_refreshed(folder, refreshed)
            if is_locked(folder):
                _hand_over(folder, number, report, surroundings)
            else:
                _evaluate(workspace, replace(refreshed, number=number), report, surroundings)
        finally:
            con.close()
    return report


def _leave_to_build(
    home: RefreshWorkspace, published: Manifest, tables: Sequence[TableIntake]
) -> dict[str, int]:
    """Tables that the build did not have, with their rows. They stay empty, as in the build."""
    left = {
        table.table_name: table.rows_kept
        for table in tables
        if table.is_present and table.rows_kept and table.table_name not in published.landing_rows
    }
    for name in left:
        link_parts(home.last_intake / f"{name}.parquet", home.intake / f"{name}.parquet")
    return left


@contextmanager
def _timed(report: Report, stage: str) -> Iterator[None]:
    started = perf_counter()
    yield
    report.seconds[stage] = perf_counter() - started


def open_warehouse(home: RefreshWorkspace) -> duckdb.DuckDBPyConnection:
    """A database in memory with the warehouse of the published build, and one for the tables of this refresh."""
    con = duckdb.connect(":memory:")
    con.execute("set TimeZone = 'UTC'")
    con.execute(f"attach {literal(str(home.last_intake / WAREHOUSE))} as warehouse (read_only)")
    con.execute("attach ':memory:' as refreshed")
    return con


def find_facts(
    con: duckdb.DuckDBPyConnection,
    home: RefreshWorkspace,
    cone: RefreshCone,
    report: Report,
    accept: Collection[str] = (),
) -> Refreshed:
    """The facts that follow from extracts, and what they leave to the next build, which `report` has then."""
    folder = home.home / "live"
    before = read_refreshed(folder, cone.build_id)
    names = cone.tables
    with _timed(report, "facts"):
        counts = {
            name: n for name, n in find_changes(con, home, list(load_contract())).items() if n
        }
        report.rows = {name: rows for name, rows in counts.items() if name in names}
        report.shared = {name: rows for name, rows in counts.items() if name not in names}
        report.quarantined = quarantined(
            con, home.last_intake / QUARANTINE, home.intake / QUARANTINE
        )
        find_known(con)
        erased = find_erased(con, REQUESTS in accept)
        earlier = sorted(before.customers) if before else []
        con.register("earlier", pa.table({"customer_key": pa.array(earlier, pa.string())}))
        find_concerned(con, home, names, "from earlier")
        choose_rows(con, home, names)
        run_cone(con, cone, home, report.as_of)
        con.register("erased", pa.table({"customer_key": pa.array(sorted(erased), pa.string())}))
        con.execute("delete from concerned.customers where customer_key in (from erased)")
        facts = facts_of(con, cone, customer_inputs(home.current.resolve()), report.as_of)
        campaigns = changed_campaigns(con)
        report.campaigns = 0 if campaigns is None else len(campaigns)
    report.of_nobody = rows_of_nobody(con, names)
    report.new_people, report.merges = new_people(con), merged_customers(con)
    report.erased = len(erased)
    return Refreshed(
        build_id=cone.build_id,
        as_of=report.as_of,
        customers=facts.customers,
        erased=erased,
        facts=facts.tables,
        events=new_events(con),
        shared={} if campaigns is None else {"dim_campaigns": campaigns},
    )


def _evaluate(
    workspace: Workspace,
    refreshed: Refreshed,
    report: Report,
    surroundings: Surroundings,
) -> None:
    """Evaluate whom the extracts concern and who is due, and write the changes into the journal."""
    folder = workspace.home / "live"
    journal = Journal(folder)
    now = report.as_of
    try:
        with _timed(report, "evaluation"):
            evaluator = Evaluator(workspace.current.resolve())
            members = Memberships(evaluator)
            announced: Mapping[str, Segments] | None = journal.announced()
            due = saved_due(folder, refreshed.build_id, journal.last_seq) if announced else None
            is_first = due is None
            if announced is None or due is None:
                due = first_due(evaluator, _built_at(workspace))
                members.resume(read_as_built(workspace.current).segments, due)
            else:
                members.resume(announced, due)
            if announced is None:
                # Nobody has heard of anything yet: all start from what the build published.
                announced = dict(members.of)
                journal.settle(announced, now.replace(tzinfo=UTC))
            about = refreshed.put_into(evaluator)
            is_due = {key for key, at in due.items() if at <= now}
            changes = members.take_extracts(about, now)
            if is_first:
                causes = dict.fromkeys(is_due, "time") | dict.fromkeys(about, "extract")
                changes = [
                    replace(
                        c,
                        because=causes.get(c.customer_key, "build"),
                        events=tuple(about.get(c.customer_key, ())),
                    )
                    for c in members.changes_since(announced, now)
                ]
            journal.append(changes, refreshed.build_id)
            if is_first:
                journal.settle(members.announced, now.replace(tzinfo=UTC))
            save_due(folder, refreshed.build_id, journal.last_seq, members.due)
        report.changes = Counter((c.segment, c.action) for c in changes)
        report.touched, report.due = len(about), len(is_due - about.keys())
        report.evaluated, report.customers = len(is_due | about.keys()), len(members.of)
        report.failed = members.failed
        surroundings.send(journal)
        evaluator.close()
    finally:
        journal.close()


def _built_at(workspace: Workspace) -> datetime:
    return datetime.fromisoformat(published_manifest(workspace).as_of)


def _hand_over(folder: Path, number: int, report: Report, surroundings: Surroundings) -> None:
    """Wait until the running service has evaluated the extracts."""
    report.is_handed_over = True
    waited = 0.0
    while (answer := read_answer(folder, number)) is None:
        if waited > surroundings.patience:
            raise UserError(
                "`audiencekit live` is running on this home, and has not evaluated the extracts yet. It does so as soon as it "
                "has loaded the published build; its /readyz says what keeps it from doing so."
            )
        surroundings.sleep(_TICK)
        waited += _TICK
    if "problem" in answer:
        raise UserError(
            f"The running `audiencekit live` cannot evaluate the extracts: {answer['problem']}."
        )
    report.touched, report.due = answer["touched"], answer["due"]
    report.evaluated, report.customers = answer["touched"] + answer["due"], answer["customers"]
    report.changes = Counter({(s, a): n for s, a, n in answer["changes"]})
    report.failed, report.is_later = answer["failed"], answer.get("is_later", False)
