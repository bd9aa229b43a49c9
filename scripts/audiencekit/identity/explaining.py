"""Explain identity in the last build: two identifiers compared, and pairs to review."""

import duckdb
from rich.console import Console

from audiencekit.identity.evidence import print_evidence
from audiencekit.identity.links import MATCH, find_path
from audiencekit.identity.lookup import find_record, open_warehouse, print_table
from audiencekit.workspace import Workspace


def print_comparison(workspace: Workspace, left: str, right: str, console: Console) -> None:
    """Print whether two identifiers (kind=value) belong to one person, and the evidence for or against it."""
    with open_warehouse(workspace) as con:
        left_record, right_record = find_record(con, left), find_record(con, right)
        pair = f"{left_record} and {right_record}"
        if left_record == right_record:
            console.print(f"[bold]One record.[/] {pair} are the same record.", highlight=False)
            return
        path = find_path(con, left_record, right_record)
        if not path:
            why = "are not linked"
            if _is_unlinked(con, left_record, right_record):
                why = "were unlinked by a steward"
            console.print(f"[bold]Two people.[/] {pair} {why}.", highlight=False)
            print_evidence(con, left_record, right_record, console)
            return
        console.print(f"[bold]One person.[/] {pair} are linked:", highlight=False)
        for step in path:
            console.print(
                f"  {step.left} — {step.right}: {step.link} ({step.bits:.1f} bits)", highlight=False
            )
        # An identifier is the stronger link, and hides what their details say.
        details = [(step.left, step.right) for step in path if step.link == MATCH]
        for pair_of_records in details or [(left_record, right_record)]:
            print_evidence(con, *pair_of_records, console)


def _is_unlinked(con: duckdb.DuckDBPyConnection, left: str, right: str) -> bool:
    """Whether a steward decided that two records belong to two people."""
    return bool(
        con.execute(
            "select 1 from identity.int_steward_unlinks "
            "where (left_record_id, right_record_id) in (($1, $2), ($2, $1))",
            [left, right],
        ).fetchall()
    )


def print_reviews(workspace: Workspace, rows: int, console: Console) -> None:
    """Print the pairs of records that a person should decide, the most doubtful first."""
    with open_warehouse(workspace) as con:
        reviews = con.execute(
            "select status, reason, left_record_id, right_record_id, printf('%.2f', match_probability) "
            "from identity.int_identity_reviews order by abs(match_probability - 0.75) nulls first, left_record_id, right_record_id limit $1",
            [rows],
        ).fetchall()
        total = con.execute("select count(*) from identity.int_identity_reviews").fetchall()[0][0]
    print_table(console, ("now", "why", "one record", "the other", "probability"), reviews)
    console.print(
        f"{total:,} in all. Look at a pair: audiencekit same contact_id=… contact_id=…\n"
        "Write the answer into identity_decisions.csv of the landing folder (docs/landing.md).",
        highlight=False,
    )
