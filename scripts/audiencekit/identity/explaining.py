"""Why two records are one person, or not, and everything that is known to be one customer's: from the last build."""

from collections import deque
from dataclasses import dataclass
from math import log2, prod

import duckdb
from rich.console import Console
from rich.table import Table

from audiencekit.errors import UserError
from audiencekit.identity.matching import ONE_PERSON, STRANGERS
from audiencekit.workspace import Workspace

KINDS = ("contact_id", "account_id", "card_number", "email", "phone")
# The records an identifier is of, before those that only mention it.
OWN = {"contact_id": "contact", "account_id": "account"}
BY_SLIPS = ["differ", "are alike", "differ by two slips", "differ by one slip", "are equal"]
AGREES = {
    "name": [*BY_SLIPS, "are nicknames", "are swapped"],
    "text": BY_SLIPS,
    "address": BY_SLIPS,
    "code": ["differ", "differ by one slip", "are equal"],
    "date": ["differ", "differ by two slips", "differ by one slip", "are equal"],
    "same": ["differ", "are equal"],
}  # fmt: skip
# What two records can be, as in `matching.AS_ONE`.
LOOKS_LIKE = {
    "same": "one person",
    "moved": "one person who moved",
    "household": "two people of one household",
    "namesakes": "two people of one name",
    "family_name": "two people of one family name",
    "birthday": "two people born on one day",
    "strangers": "two strangers",
}


@dataclass(frozen=True)
class Step:
    """One tie on the way from a record to the next: what ties them and how much (bits)."""

    left: str
    right: str
    tie: str
    bits: float


def print_person(workspace: Workspace, said: str, console: Console) -> None:
    """Every identifier and record of the customer that `said` (kind=value) names, and where their profile is from."""
    with _warehouse(workspace) as con:
        record = _record(con, said)
        key = _customer(con, record)
        if not key:
            raise UserError(
                f"{said}: {record} is nobody's. What it carries is blocked, carried by too many, or shared by several people."
            )
        console.print(f"Customer {key}", highlight=False)
        _print(
            console,
            ("identifier", "value", "first seen"),
            con.execute(
                "select id_type, id_value, cast(first_seen_at as varchar) from identity.int_identifier_keys "
                "where customer_key = $1 order by all",
                [key],
            ).fetchall(),
        )
        _print(
            console,
            ("in the profile", "from", "of", "last changed"),
            con.execute(
                "select field, record_id, source_system, cast(updated_at as varchar) from profiles.dim_customer_sources "
                "where customer_key = $1 order by all",
                [key],
            ).fetchall(),
        )


def print_comparison(
    workspace: Workspace, left_said: str, right_said: str, console: Console
) -> None:
    """Whether two identifiers (kind=value) are one person's, and the evidence for or against it."""
    with _warehouse(workspace) as con:
        left, right = _record(con, left_said), _record(con, right_said)
        path = find_path(con, left, right)
        if path:
            console.print(f"[bold]One person.[/] {left} and {right} are tied:", highlight=False)
            for step in path:
                console.print(
                    f"  {step.left} — {step.right}: {step.tie} ({step.bits:.1f} bits)",
                    highlight=False,
                )
            for step in path:
                if step.tie == "their details match":
                    _print_evidence(con, step.left, step.right, console)
            return
        same = left == right
        console.print(
            f"[bold]{'One record.' if same else 'Two people.'}[/] {left} and {right}"
            f"{' are the same record.' if same else ' are not tied.'}",
            highlight=False,
        )
        if not same:
            _print_evidence(con, left, right, console)


def find_path(con: duckdb.DuckDBPyConnection, left: str, right: str) -> list[Step]:
    """The fewest ties from one record to another within a person, the strongest first; none if they are two people's."""
    people = dict(
        con.execute(
            "select record_id, person_id from identity.int_people where record_id in ($1, $2)",
            [left, right],
        ).fetchall()
    )
    if left == right or people.get(left) is None or people.get(left) != people.get(right):
        return []
    ties = con.execute(
        "select ties.id_type, ties.id_value, ties.tie_weight, list(ties.record_id order by ties.record_id) "
        "from identity.int_record_links as ties join identity.int_people using (record_id) "
        "where person_id = $1 group by all having count(*) > 1 order by ties.tie_weight desc, ties.id_type, ties.id_value",
        [people[left]],
    ).fetchall()
    by_record: dict[str, list[tuple]] = {}
    for tie in ties:
        for record in tie[3]:
            by_record.setdefault(record, []).append(tie)
    came_by: dict[str, Step | None] = {left: None}
    waiting = deque([left])
    while waiting and right not in came_by:
        record = waiting.popleft()
        for kind, value, bits, records in by_record.get(record, []):
            said = {
                "match": "their details match",
                "decision": f"a steward linked them, {value}",
            }.get(kind, f"both carry {kind} {value}")
            for other in records:
                if other not in came_by:
                    came_by[other] = Step(record, other, said, bits)
                    waiting.append(other)
    path: list[Step] = []
    step = came_by.get(right)
    while step:
        path.insert(0, step)
        step = came_by[step.left]
    return path


def print_reviews(workspace: Workspace, rows: int, console: Console) -> None:
    """The pairs and people that somebody should look at, the most doubtful first."""
    with _warehouse(workspace) as con:
        reviews = con.execute(
            "select status, reason, left_record_id, right_record_id, printf('%.2f', match_probability) "
            "from identity.int_identity_reviews order by abs(match_probability - 0.75) nulls first, left_record_id, right_record_id limit $1",
            [rows],
        ).fetchall()
        total = con.execute("select count(*) from identity.int_identity_reviews").fetchall()[0][0]
    _print(console, ("now", "why", "one record", "the other", "probability"), reviews)
    console.print(
        f"{total:,} in all. Look at a pair: audiencekit same contact_id=… contact_id=…\n"
        "Write the answer into identity_decisions.csv of the landing folder (docs/landing.md).",
        highlight=False,
    )


def _warehouse(workspace: Workspace) -> duckdb.DuckDBPyConnection:
    if not workspace.warehouse.exists():
        raise UserError(
            "Nothing has been built here yet. First `make demo`, or `make run LANDING=folder`."
        )
    try:
        return duckdb.connect(str(workspace.warehouse), read_only=True)
    except duckdb.IOException:
        raise UserError("A build is running. Ask again when it is done.") from None


def _record(con: duckdb.DuckDBPyConnection, said: str) -> str:
    """The record that an identifier as typed (kind=value) is of."""
    kind, separator, value = said.partition("=")
    if kind not in KINDS or not separator:
        raise UserError(
            f"{said}: say which identifier it is, as contact_id=K1. Kinds: {', '.join(KINDS)}"
        )
    own = f"{OWN[kind]}:{value}" if kind in OWN else ""
    found = con.execute(
        "select record_id from ("
        "select record_id from identity.int_identifier_records where id_type = $1 and raw_value = $2 "
        "union select record_id from identity.int_record_identifiers where id_type = $1 and id_value = $2"
        ") order by record_id <> $3, record_id",
        [kind, value, own],
    ).fetchall()
    if not found:
        raise UserError(f"{said}: no record carries it. Is it written as in your files?")
    return found[0][0]


def _customer(con: duckdb.DuckDBPyConnection, record: str) -> str | None:
    found = con.execute(
        "select customer_key from identity.int_record_customers where record_id = $1", [record]
    ).fetchall()
    return found[0][0] if found else None


def _print_evidence(
    con: duckdb.DuckDBPyConnection, left: str, right: str, console: Console
) -> None:
    """How far each field of two records agrees, and what it says."""
    numbers = dict(
        con.execute(
            "select record_id, record_no from identity.int_match_records where record_id in ($1, $2)",
            [left, right],
        ).fetchall()
    )
    if len(numbers) < 2:
        console.print(
            "  Their details were not compared: a record without a name has none.", highlight=False
        )
        return
    pair = sorted(numbers.values())
    found = con.execute(
        "select pattern, match_weight, match_probability from identity.int_match_scores "
        "where left_no = $1 and right_no = $2 "
        "union all select pattern, null, null from identity.int_match_levels "
        "where left_no = $1 and right_no = $2 order by match_weight nulls last limit 1",
        pair,
    ).fetchall()
    if not found:
        console.print("  Their details have too little in common to be compared.", highlight=False)
        return
    [(pattern, weight, probability)] = found
    plan = con.execute("select fields from identity.int_match_plan").fetchall()[0][0]
    fields = dict(field.split(":") for field in plan.split())
    levels = [(field, level) for field, level in zip(fields, pattern, strict=True) if level != "-"]
    shares = {
        (relation, field, level): value
        for relation, field, level, value in con.execute(
            "select relation, field, level, value from identity.int_match_params where relation <> ''"
        ).fetchall()
    }
    if "moved" not in {relation for relation, _, _ in shares}:
        raise UserError("An older audiencekit built this. Build once more, and ask again.")

    def nearest(relations: tuple[str, ...]) -> str:
        said = [("prior", ""), *levels]
        return max(relations, key=lambda relation: prod(shares[relation, *step] for step in said))

    one, two = nearest(ONE_PERSON), nearest(("household", *STRANGERS))
    rows = [
        (field.replace("_", " "), AGREES[fields[field]][int(level)], f"{log2(shares[one, field, level] / shares[two, field, level]):+.1f}")
        for field, level in levels
    ]  # fmt: skip
    console.print(f"  {left} and {right}:", highlight=False)
    _print(
        console, ("field", "they", f"bits for {LOOKS_LIKE[one]}, against {LOOKS_LIKE[two]}"), rows
    )
    if probability is None:
        console.print("  Together: far likelier two people.", highlight=False)
    else:
        console.print(
            "  Together, with how many such pairs there are and how rare equal names and places are: "
            f"{weight:+.1f} bits, probability {probability:.3f}.",
            highlight=False,
        )


def _print(console: Console, head: tuple[str, ...], rows: list[tuple]) -> None:
    table = Table(*head, box=None, pad_edge=True)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(table)
