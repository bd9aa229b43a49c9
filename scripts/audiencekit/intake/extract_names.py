"""Names of files that say that their rows are no ordinary rows: people who refused, or orders that are no sales."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb

from audiencekit.errors import UserError
from audiencekit.intake.contract import Table
from audiencekit.intake.decision_words import file_may_decide, in_words
from audiencekit.intake.files import LandingFile, known
from audiencekit.intake.partitions import partition_in
from audiencekit.intake.values import YES
from audiencekit.sql import rows_of

# Orders that were returned or cancelled, in seven languages, without accents: where a word begins, or a whole word.
_TAKEN_BACK = (
    r"\b(return(?!ing)|rmas?\b|refund|cancel|void|charge ?back|reversal|reversed|credit ?(memo|note)s?\b)"
    r"|storn(?!oway)|gutschrift|retour|\bruck(gabe|zahl|send)|ruecksend|rueckgabe|rueckzahl|erstattung"
    r"|rembours|\bannul|\bavoirs?\b|devol|reembols|\banula|\babonos?\b|nota de credito|notas de credito"
    r"|rimbors|\bres[io]\b|\bnot[ae] di credito|estorn|terugbetal|\bgeannul"
)
# Orders that nobody placed.
_NEVER_PLACED = (
    r"\b(drafts?|quotes?|quotations?|tests?|pro ?forma|abandoned)\b|entwurf|entwurfe|entwuerfe|\bangebote?\b|\bdevis\b"
    r"|brouillon|borrador|presupuesto|\bbozz[ae]\b|preventiv|rascunho|orcamento|\boffertes?\b"
)
_NO_SALES = re.compile(f"{_TAKEN_BACK}|{_NEVER_PLACED}")
_RETURNS = re.compile(_TAKEN_BACK)
# orders.without_returns.csv has none of them.
_WITHOUT = re.compile(
    r"\b(without|excl|excluding|no|non|not|net of|ohne|sans|hors|sin|senza|sem|zonder)\b.*"
)
_SALES = ("orders", "order_lines")
_READ_AS_REFUSALS = ("consent_events", "erasure_requests", "email_events")


def says_returns(name: str) -> bool:
    """Whether a file holds orders that were returned, refunded or cancelled, by its name."""
    return bool(_RETURNS.search(_WITHOUT.sub("", in_words(name))))


def check_name(
    con: duckdb.DuckDBPyConnection, table: Table, file: LandingFile, checked: Path
) -> None:
    """Raise UserError for a file whose name says that its rows are no ordinary rows, where its rows do not say it.

    `checked` has its typed rows. A file whose table landing.yml names is what landing.yml says.
    """
    if file.settings.table or file.is_adapted:
        return
    way_out = f"say in landing.yml that it is what it is (table: {table.name})"
    is_of_people = any(c.pii or c.is_decision or c.name == "account_id" for c in table.columns)
    decides = any(c.is_decision and c.name in file.positions for c in table.columns)
    words = list(_words(table, file))
    if table.name not in _READ_AS_REFUSALS and is_of_people and not decides:
        for word in filter(file_may_decide, words):
            raise UserError(
                f"{file.name}: its name says that it may hold refusals ({word}), and it would be read as ordinary "
                f"{table.name}. Give it a column that says so, such as email_opt_out, provide its rows as "
                f"consent_events, or {way_out}."
            )
    if table.name in _SALES and "status" not in file.positions:
        for word in words:
            if not _NO_SALES.search(_WITHOUT.sub("", in_words(word))):
                continue
            if known(file, "has sales", lambda: _has_sales(con, table, checked)):
                raise UserError(
                    f"{file.name}: its name says that its rows are no sales ({word}), and they would count as sales. "
                    "Write returns with negative totals, add a column status, move the file out of the folder, or "
                    f"{way_out}."
                )


def _words(table: Table, file: LandingFile) -> Iterator[str]:
    """What the names of a file and of its folders say besides the table.

    Of a folder that is a column, such as kind=refund, it is the value, or the name where the value is yes.
    """
    *folders, name = Path(file.name).parts
    read = {file.header[place] for place in file.used}
    stem = re.sub(r"(?i)([.](csv|tsv|txt|parquet|xlsx|xlsm|jsonl|ndjson|json|zip|gz))+$", "", name)
    for part in (*folders, stem):
        if (partition := partition_in(part)) and part is not stem:
            column, value = partition
            is_flag = (value or "").lower() in YES
            part = "" if column in read else column if is_flag else value or ""
        if rest := re.sub(rf"^{table.name.replace('_', ' ?')}s?\b", "", in_words(part)).strip():
            yield rest


def _has_sales(con: duckdb.DuckDBPyConnection, table: Table, checked: Path) -> bool:
    """Whether a file has a row that counts and is no return: its amount, or the quantity of a line, is not negative."""
    negative = "total < 0" if table.name == "orders" else "(amount < 0 or quantity < 0)"
    query = f"select coalesce(bool_or(not {negative}), false) from {rows_of(checked)}"
    return con.execute(query).fetchall()[0][0]
