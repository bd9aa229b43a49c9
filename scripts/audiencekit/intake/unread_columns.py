"""Columns of a file that belong to no column of the contract, and that may hold refusals or change what a row means."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from audiencekit.intake.contract import Table
from audiencekit.intake.decision_words import in_words, may_decide
from audiencekit.intake.files import LandingFile
from audiencekit.intake.rows import reader, values_of
from audiencekit.intake.rules import raw_name
from audiencekit.intake.values import NO, YES


@dataclass(frozen=True)
class Meaning:
    """Names of columns that change what a row means, as a pattern of their words. A column whose name may also be
    harmless counts only with `a_value` that matches."""

    names: re.Pattern[str]
    a_value: re.Pattern[str] | None = None


_STATE_OF_AN_ORDER = re.compile(
    r"(?i)cancel|annul|storn|void|refund|rembours|reembols|rimbors|devol|return|retour|fail|pend|open|offen|abiert|done"
    r"|complet|paid|pag[aoó]|bezahlt|betaald|ship|deliver|process|draft|hold|declin|reject|error"
)
_YES_OR_NO = re.compile(f"(?i)^({'|'.join(map(re.escape, (*YES, *NO)))})$")
# What a gift card or store credit paid may be in the total, or not.
_OUTSIDE_TOTAL = re.compile(
    r"^(?!.*\b(code|number|no|id|message|note|text|recipient|sender|e ?mail|name|is|has)\b).*("
    r"gift ?(card|voucher|certificate)s?|store ?credits?|geschenk ?(gutschein|karte)|carte ?cadeau|tarjeta ?regalo"
    r"|cadeau ?(bon|kaart)|(buono|carta) ?regalo|cartao ?presente)"
)
_PEOPLE = (
    Meaning(
        re.compile(r"delet|merged|^is ?archived$|gelo(e)?scht|cancellazion|cancelamento|^eliminad")
    ),
    Meaning(
        re.compile(
            r"^(is |account |customer )?(active|inactive|enabled|disabled|deactivated|blocked|banned)$"
        ),
        _YES_OR_NO,
    ),
)
MEANINGS = {
    "orders": (
        Meaning(
            re.compile(
                r"^(financial|payment|order) ?(status|state)$|payment ?stat|zahlungsstat|refund|cancel|void|charge ?back"
                r"|^(is ?)?(test( ?order)?|paid|fraud|draft|return|returned)$|^returned|bezahlt|betaald|^pagad?o$"
                r"|^(order |transaction |document )?(type|kind)$|storn|annul|rembours|reembols|rimbors|devol|retour|gutschrift"
                r"|^(presentment ?|shop ?)?currency( ?code)?$|delet"
            )
        ),
        Meaning(re.compile(r"^(order )?(state|estado|stato|etat|statut)$"), _STATE_OF_AN_ORDER),
        Meaning(_OUTSIDE_TOTAL, re.compile("[1-9]")),
    ),
    "order_lines": (
        Meaning(
            re.compile(
                r"refund|cancel|void|storn|annul|rembours|reembols|rimbors|devol|retour|^(is ?)?(return|returned)$|^returned"
                r"|^(line |item )?(type|status)$|^currency( ?code)?$|delet"
            )
        ),
        Meaning(
            re.compile(r"^(line |item )?(state|estado|stato|etat|statut)$"), _STATE_OF_AN_ORDER
        ),
    ),
    "contacts": _PEOPLE,
    "accounts": _PEOPLE,
}
# Columns of consent_events and erasure_requests that limit no grant and refuse no request, whatever their values.
_HARMLESS = re.compile(
    r"\b(notes?|comments?|remarks?|ip|user ?agent|browser|device|url|page|referr?er|utm|locale|language|lang|form|ids?|hash"
    r"|batch|version|system|created|updated|modified|imported|loaded|inserted|synced|exported|operator|agent|employee|ticket"
    r"|e ?mail|phone|country|store|shop|brand|(first|last|full|given|family) ?name)\b|^name$"
)
_LIMITS = re.compile(
    r"status|state|type|scope|activ|valid|expir|until|end|reason|result|decision|action|outcome"
    r"|reject|refus|confirm|verif|only"
)
_MOST_VALUES = 1000


def unread_decisions(con: duckdb.DuckDBPyConnection, file: LandingFile) -> list[str]:
    """Columns that may hold refusals, by their names or by the names inside their structs and JSON."""
    inside = _names_inside(con, file)
    found = []
    for place in _unread(file):
        name = file.header[place]
        if may_decide(name):
            found.append(name)
        elif named := sorted(filter(may_decide, inside.get(place, ()))):
            found.append(f"{name} (with {named[0]} in it)")
    return found


def values_that_differ(
    con: duckdb.DuckDBPyConnection, table: Table, files: Sequence[LandingFile]
) -> list[str]:
    """Columns of several values that change what a row means, by their names.

    In a table that only grows, a decision or a request each, this is every column that is not known to be harmless.
    """
    values: dict[str, set[str]] = {}
    proofs: dict[str, bool] = {}
    for file in files:
        for place in _unread(file):
            name = file.header[place].strip().lower()
            meaning = _meaning(file.header[place], table)
            if meaning is None:
                continue
            most = _MOST_VALUES if meaning.a_value else 2
            found = values_of(con, file, place, most)
            values.setdefault(name, set()).update(found)
            proofs[name] = proofs.get(name, False) or any(
                meaning.a_value is None or meaning.a_value.search(value) for value in found
            )
    return [name for name, found in values.items() if len(found) > 1 and proofs[name]]


def pays_outside_total(name: str) -> bool:
    """Whether a column seems to hold what a gift card or store credit paid."""
    return bool(_OUTSIDE_TOTAL.search(in_words(name)))


def _meaning(name: str, table: Table) -> Meaning | None:
    words = in_words(name)
    if table.append_only:
        is_harmless = _HARMLESS.search(words) and not _LIMITS.search(words)
        return None if is_harmless else Meaning(_LIMITS)
    return next((m for m in MEANINGS.get(table.name, ()) if m.names.search(words)), None)


def _unread(file: LandingFile) -> Iterator[int]:
    used = file.used
    return (place for place in range(len(file.header)) if place not in used)


def _names_inside(con: duckdb.DuckDBPyConnection, file: LandingFile) -> dict[int, set[str]]:
    """The names inside the structs and JSON of columns that are not read, by position."""
    names: dict[int, set[str]] = {}
    texts = []
    for place in _unread(file):
        if file.types[place] == "VARCHAR":
            texts.append(place)
        elif "STRUCT(" in file.types[place] or "MAP(" in file.types[place]:
            names[place] = set(re.findall(r'"[^"]+"|\w+', file.types[place]))
    if not texts:
        return names
    is_json = ", ".join(f"bool_or(regexp_matches({raw_name(p)}, '^\\s*[\\[{{]'))" for p in texts)
    try:
        found = con.execute(f"select {is_json} from ({reader(file)}) as file").fetchall()[0]
        for place in (p for p, is_one in zip(texts, found, strict=True) if is_one):
            keys = f"""unnest(regexp_extract_all({raw_name(place)}, '"([^"]{{1,60}})"\\s*:', 1))"""
            query = f"select distinct {keys} from ({reader(file)}) as file"
            names[place] = {row[0] for row in con.execute(query).fetchall()}
    except duckdb.Error:
        return names  # what is wrong with the file is reported when its rows are checked
    return names
