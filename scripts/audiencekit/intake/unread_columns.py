"""Columns of a file that belong to no column of the contract, and that may hold refusals or change what a row means."""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial

import duckdb

from audiencekit.intake.contract import Table
from audiencekit.intake.decision_words import (
    flag_may_decide,
    in_words,
    may_decide,
    may_refuse,
    may_refuse_sql,
)
from audiencekit.intake.files import LandingFile, known
from audiencekit.intake.row_meanings import INTO, meaning_of
from audiencekit.intake.rows import reader, values_of
from audiencekit.intake.rules import raw_name
from audiencekit.intake.tombstones import salt
from audiencekit.intake.values import AGREES, NO, REFUSES, YES
from audiencekit.sql import is_one_of

# Tables whose rows are people, or have a person each, so that a value such as 'do not mail' is a refusal.
OF_PEOPLE = ("contacts", "accounts")
WITH_VALUES = (*OF_PEOPLE, "orders")
# What is written to customer service may be a refusal. Somebody has to read it.
WRITTEN_BY_PEOPLE = "service_contacts"
# A status or a tag is not longer, and there are not more of them.
LONGEST_TAG, MOST_TAGS = 60, 20
_LONGEST_VALUE = 2000
_FREE_TEXT = re.compile(
    r"\b(notes?|comments?|remarks?|descriptions?|messages?|body|memo|bio|about|history|log|feedback|subject|free ?text|text"
    r"|bemerkung(en)?|anmerkung(en)?|hinweise?|notiz(en)?|kommentare?|beschreibung|nachricht|freitext|betreff"
    r"|commentaires?|remarques?|notas?|comentarios?|observac\w+|mensa\w+|descripcion|descricao"
    r"|osservazion\w+|comment[io]|descrizione|messaggio|opmerking(en)?|notities?|bericht|omschrijving)\b"
)
_IS_ADDRESS = re.compile(r"(?i)https?://|^\S+@\S+$")
# Words for yes and no, and single letters and digits that mean it only where there is nothing else.
_WORDS = (
    *(word for word in (*YES, *NO, *AGREES, *REFUSES) if len(word) > 1 and not word[0].isdigit() and word != "on"),
    *("wahr", "falsch", "vrai", "faux", "verdadero", "verdadeiro", "falso", "vero", "waar", "onwaar"),
)  # fmt: skip
_YES_OR_NO = (*_WORDS, *YES, *NO, "j", "s", "o", "")
_MOST_VALUES = 1000


@dataclass(frozen=True)
class Unread:
    """What the columns of a file that are not read may hold: `decisions` by column, with a name or a value inside that says
    so ('' where the column's own name does). By column of free text, the rows that mention a refusal (`mentions`); by column of
    e-mail addresses, the rows with one (`addresses`)."""

    decisions: Mapping[str, str]
    mentions: Mapping[str, int]
    addresses: Mapping[str, int]

    @property
    def first(self) -> str:
        """The first column that may hold refusals, with what says so; '' if there is none."""
        name, inside = next(iter(self.decisions.items()), ("", ""))
        return f"{name} (with {inside} in it)" if inside else name

    def notes(self, file_name: str) -> list[str]:
        """A line for each column of free text that mentions refusals, and for each of addresses that are not read."""
        return [
            *(
                f"{file_name}, {name}: {count:,} rows mention a refusal in free text; it is not read"
                for name, count in self.mentions.items()
            ),
            *(
                f"{file_name}, {name}: {count:,} rows have an e-mail address there that is not read, so that a refusal of the "
                "row does not reach it. Write a row for each address"
                for name, count in self.addresses.items()
            ),
        ]


@dataclass
class _Content:
    """What the cells of one column say: names inside structs and JSON, values that refuse with their rows, yes and no,
    and how many are e-mail addresses."""

    names: set[str] = field(default_factory=set)
    refusing: dict[str, int] = field(default_factory=dict)
    is_flag: bool = False
    addresses: int = 0


def unread_refusals(
    con: duckdb.DuckDBPyConnection, file: LandingFile, tables: Collection[str]
) -> Unread:
    """Columns that may hold refusals: by their names, by the names inside their structs and JSON, or by their values.

    Values count where one of the `tables` that the file becomes has people. Short ones, such as a status or a tag, may be
    refusals; free text only mentions them.
    """
    question = f"unread refusals of {' '.join(sorted(tables))}"
    return Unread(*known(file, question, lambda: list(_unread_refusals(con, file, tables))))


def _unread_refusals(
    con: duckdb.DuckDBPyConnection, file: LandingFile, tables: Collection[str]
) -> tuple[dict[str, str], dict[str, int], dict[str, int]]:
    """By column: what says that it may hold refusals, rows that mention one, and rows with an address."""
    decisions: dict[str, str] = {}
    mentions: dict[str, int] = {}
    addresses: dict[str, int] = {}
    contents = _contents(con, file, tables)
    for place in _unread(file):
        name, content = file.header[place], contents[place]
        if may_decide(name) or content.is_flag:
            decisions[name] = ""
            continue
        named = sorted(filter(may_decide, content.names))
        of_orders = not set(tables) & {*OF_PEOPLE, WRITTEN_BY_PEOPLE}
        tags, rows = _tags(name, content.refusing, of_orders)
        if named or (tags and WRITTEN_BY_PEOPLE not in tables):
            decisions[name] = (named or tags)[0]
        elif rows:
            mentions[name] = rows
        elif content.addresses:
            addresses[name] = content.addresses
    return decisions, mentions, addresses


def _tags(name: str, values: Mapping[str, int], of_orders: bool) -> tuple[list[str], int]:
    """The tags of a column that refuse, none where it is free text; and how many rows have a refusal."""
    found: Counter[str] = Counter()
    rows, longest = 0, 0
    for value, count in values.items():
        parts = [part.strip(" []{}\"'") for part in re.split(r"[,;|\n]+", value)]
        refusing = {
            part for part in parts if may_refuse(part, of_orders) and not _IS_ADDRESS.search(part)
        }
        if refusing:
            rows += count
            longest = max(longest, *map(len, parts))
            found.update(refusing)
    is_text = _FREE_TEXT.search(in_words(name)) or longest > LONGEST_TAG or len(found) > MOST_TAGS
    return ([] if is_text else sorted(found)), rows


def values_that_differ(
    con: duckdb.DuckDBPyConnection, table: Table, files: Sequence[LandingFile]
) -> list[str]:
    """Columns of several values that change what a row means, by their names. The files are extracts of one kind: the rows
    of one without the column have no value there.

    In a table that only grows, a decision or a request each, this is every column that is not known to be harmless.
    """
    values: dict[str, set[str]] = {}
    proofs: dict[str, bool] = {}
    for file in files:
        question = f"values that change what a row of {table.name} means"
        found = known(file, question, partial(_values_with_meaning, con, table, file))
        for name, (digests, is_proven) in found.items():
            values.setdefault(name, set()).update(digests)
            proofs[name] = proofs.get(name, False) or is_proven
    for file in files:
        if file.rows:
            for name in values.keys() - {header.strip().lower() for header in file.header}:
                values[name].add(_digest(""))
    return [name for name, found in values.items() if len(found) > 1 and proofs[name]]


def _values_with_meaning(
    con: duckdb.DuckDBPyConnection, table: Table, file: LandingFile
) -> dict[str, tuple[list[str], bool]]:
    """By column that may change what a row means: digests of its values, and whether they prove it."""
    found: dict[str, tuple[list[str], bool]] = {}
    for place in _unread(file):
        name = file.header[place].strip().lower()
        meaning = meaning_of(file.header[place], table)
        if meaning is None:
            continue
        values = _meanings_in(values_of(con, file, place, _MOST_VALUES if meaning.a_value else 20))
        digests, is_proven = found.get(name, ([], False))
        is_proven = is_proven or any(map(meaning.is_proven_by, values))
        found[name] = [*digests, *sorted(map(_digest, values))], is_proven
    return found


@cache
def _digest(value: str) -> str:
    """A value as it may be kept: a cell may hold personal data."""
    return hashlib.sha256(f"{salt()}|value|{value}".encode()).hexdigest()[:16]


def _meanings_in(values: Iterable[str]) -> set[str]:
    """The values of a column, of which no and none are one: a flag that is not set says as much as no flag."""
    return {"" if value.lower() in NO else value for value in values}


def rates_into(
    con: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], currency: str
) -> tuple[str, str, str] | None:
    """File, column and currency of exchange rates that are into another currency than `currency`; None if there are none."""

    def into_others(file: LandingFile) -> list[str]:
        for place in _unread(file):
            if INTO.search(in_words(file.header[place])):
                for value in sorted(values_of(con, file, place) - {""}):
                    if value.upper() != currency.upper():
                        return [file.name, file.header[place], value]
        return []

    for file in files:
        if found := known(file, f"rates into others than {currency}", partial(into_others, file)):
            file_name, column, other = found
            return file_name, column, other
    return None


def _unread(file: LandingFile) -> Iterator[int]:
    used = file.used
    return (
        place
        for place, name in enumerate(file.header)
        if place not in used and name not in file.settings.ignore
    )


def _contents(
    con: duckdb.DuckDBPyConnection, file: LandingFile, tables: Collection[str]
) -> dict[int, _Content]:
    """What the cells of the columns that are not read say, by position, from one pass over the file.

    JSON is read once more, for the names inside it.
    """
    contents = {place: _Content() for place in _unread(file)}
    tests: list[tuple[int, str, str]] = []
    for place, content in contents.items():
        kind, is_text = file.types[place], file.types[place] == "VARCHAR"
        if "STRUCT(" in kind or "MAP(" in kind:
            content.names.update(re.findall(r'"[^"]+"|\w+', kind))
        text = raw_name(place) if is_text else f"cast({raw_name(place)} as varchar)"
        if is_text:
            tests.append((place, "json", f"bool_or(regexp_matches({text}, '^\\s*[\\[{{]'))"))
        if is_text and set(tables) & set(OF_PEOPLE):
            is_address = (
                f"contains({text}, '@') and regexp_full_match(trim({text}), '\\S+@\\S+[.]\\S+')"
            )
            tests.append((place, "addresses", f"count(*) filter (where {is_address})"))
        if set(tables) & set(OF_PEOPLE) and flag_may_decide(file.header[place]):
            tests.append((place, "flag", _has_yes_or_no(text)))
        may_be_text = is_text or kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "ENUM"))
        if may_be_text and set(tables) & {*WITH_VALUES, WRITTEN_BY_PEOPLE}:
            counted = (
                f"histogram(left({text}, {_LONGEST_VALUE})) filter (where {may_refuse_sql(text)})"
            )
            tests.append((place, "values", counted))
    if not tests:
        return contents
    try:
        query = f"select {', '.join(sql for _, _, sql in tests)} from ({reader(file)}) as file"
        for (place, kind, _), found in zip(tests, con.execute(query).fetchall()[0], strict=True):
            if kind == "flag":
                contents[place].is_flag = bool(found)
            elif kind == "values":
                contents[place].refusing = found or {}
            elif kind == "addresses":
                contents[place].addresses = found
            elif found:
                contents[place].names |= _keys(con, file, place)
    except duckdb.Error:
        return contents  # what is wrong with the file is reported when its rows are checked
    return contents


def _keys(con: duckdb.DuckDBPyConnection, file: LandingFile, place: int) -> set[str]:
    """The names inside the JSON of a column."""
    keys = f"""unnest(regexp_extract_all({raw_name(place)}, '"([^"]{{1,60}})"\\s*:', 1))"""
    query = f"select distinct {keys} from ({reader(file)}) as file"
    return {row[0] for row in con.execute(query).fetchall()}


def _has_yes_or_no(text: str) -> str:
    """SQL that is true for a column with a word for yes or no, or with nothing but their letters and digits."""
    value = f"lower(trim({text}))"
    return (
        f"bool_or({is_one_of(value, _WORDS)}) "
        f"or (count(nullif({value}, '')) > 0 and bool_and({is_one_of(value, _YES_OR_NO)}))"
    )
