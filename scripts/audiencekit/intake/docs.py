"""docs/landing.md, printed from the landing contract."""

from collections.abc import Iterator
from pathlib import Path

from audiencekit.intake.contract import Column, Table, load_contract
from audiencekit.intake.rules import EARLIEST, LATEST

INTRO = f"""\
# The landing folder

<!-- Printed from models/staging/_landing.yml by `make docs`. Change it there. -->

A landing folder holds what your systems export: one file, or several, for each table below. Only `orders` must be
there; each further table unlocks more. Intake checks every row, lets the good ones flow on, sets the bad ones aside
with file, row and reason, and counts both: rows in = kept + quarantined + held back, whatever the file.

```sh
audiencekit intake /path/to/folder     # only check
make run LANDING=/path/to/folder       # check, build, publish
```

## Files

- **A file is named after its table**, in any case: `orders.csv`, `Orders.CSV`, `orders.csv.gz`, `orders.parquet`.
- **Several extracts of one table** are read together: `orders.2023.csv` beside `orders.2024.parquet`, or any depth of
  files in a folder `orders/`. Their columns may differ in order, name and type. Where two hold the same key, one
  row wins, as said below; nothing is counted twice.
- Any other file is left alone and said so. Hidden files, names that begin with `_` and readmes are skipped.
- **CSV**: a header first; columns split by comma, semicolon, tab or pipe, which is found out. UTF-8, or UTF-16 and
  UTF-32 with a byte-order mark. Any line end, also mixed. A cell with the delimiter, a quote or a line break stands in
  double quotes, with quotes inside it doubled. Lines without any value are no rows. A row may have 2,000,000 bytes.
- **Parquet**: any type that holds the value. Lists, structs and, for a time, plain integers do not.
- **Row numbers** are a spreadsheet's: the header is row 1, also for Parquet, and a cell of several lines is in one row.

## Columns

- **Names** match in any case, with spaces or hyphens for underscores, and by the names under *also taken as*. A column
  goes by its own name first. A name that stands twice is refused; columns that serve nothing are left alone and listed.
- **No value** is an empty cell or one of nothing but space. In identifiers, codes, numbers and times so are `NULL`,
  `\\N`, `NaN`, `NA`, `N/A`, `#N/A`, `<NA>`, `NaT`, `None` and `nil`; in free text they stay, for people are called Null
  and NA is Namibia. Space around a value goes, also no-break space.
- **Numbers** are plain decimals: `1234.50`, `-5`, `.5`, `1e3`. Refused: `12,50`, `1,234.50`, `$5`, `1_000`, `0x1A`,
  `(5.00)`, infinity, and digits of other scripts.
- **Times** are `2017-12-31 18:30:00` (also with `T`, with `/` in the date, without seconds, or only the date, which is
  midnight). One without a zone is UTC. `Z`, `UTC`, `GMT`, an offset such as `+01:00`, or a zone such as
  ` Europe/Paris` is reckoned to UTC. Refused: `12/31/2017`, `31.12.2017`, epoch numbers, AM and PM, and letters that
  name several zones, such as `BST`.
- **Dates** are `2017-12-31`, or that day at midnight. A birth date is not in the future; any other date lies between
  {EARLIEST} and {LATEST}.
- **Codes** (*one of* below) are compared in lower case.
- **Identifiers** are text: `007` stays `007`. A column of whole numbers with gaps leaves pandas as `17.0`: where every
  value of a CSV text column ends in `.0`, the `.0` goes; in a Parquet file of floating numbers too. `1.2E+12` has lost
  its digits and is refused.

## What time it is

A run is *as of* a moment: `--as-of 2018-01-01`, or now. A row whose event time or last change is at that moment or
later was not known yet. It is **held back**, counted apart and no mistake. Event times and last changes must lie
between {EARLIEST} and {LATEST}; others are refused.

## What is refused

- **A row** that breaks a rule goes to `var/intake/quarantine.parquet` with table, file, row number, every reason and
  its cells; so does a row that is held back. The file is written also when the run stops, and it holds personal data.
- **A file** that cannot be read, is empty, lacks a required column or leaves a quote open stops the run, with one line
  that says which and where.
- **A table** stops the run if more than 10 % (and more than 50) or more than half of its rows break a rule, if none is
  usable, or if it is gone or has less than half the rows of the last published build. Where that is meant, name it:
  `--accept contacts`. Repeat the option for more tables.

## Tables
"""
RULE_WORDS = {"min": "at least", "max": "at most"}


def write_landing_docs(path: Path) -> Path:
    """Write the page to `path` and return it."""
    path.write_text(landing_docs(load_contract()), encoding="utf-8")
    return path


def landing_docs(contract: dict[str, Table]) -> str:
    """The whole page as Markdown."""
    lines = ["| table | unlocks |", "| --- | --- |"]
    lines += [f"| [{t.name}](#{t.name}) | {t.unlocks} |" for t in contract.values()]
    tables = ["\n".join(_table(table)) for table in contract.values()]
    return "\n".join([INTRO, *lines, "", "\n\n".join(tables), ""])


def _table(table: Table) -> Iterator[str]:
    yield f"### {table.name}"
    yield ""
    yield table.description
    yield ""
    yield f"- **Unlocks**: {table.unlocks}."
    yield f"- **Key**: {_listed(table.key)}. {_winner(table)}"
    if table.event_at:
        yield f"- **Event time**: `{table.event_at}`."
    if table.may_be_empty:
        yield "- **May be empty**: a header is enough."
    if table.append_only:
        yield "- **Only grows**: a row less than last time, or one that breaks a rule, stops the run."
    yield ""
    yield "| column | type | required | rules | also taken as | description |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for column in table.columns:
        cells = [
            f"`{column.name}`",
            column.data_type,
            "yes" if column.required else "",
            "; ".join(_rules(column)),
            _listed(column.aliases),
            column.description + (" (personal data)" if column.pii else ""),
        ]
        yield f"| {' | '.join(cells)} |"


def _winner(table: Table) -> str:
    if table.latest_by:
        return f"Of two rows with one key the latest by `{table.latest_by}` wins."
    return "Of two rows with one key one is kept, always the same."


def _rules(column: Column) -> Iterator[str]:
    if column.one_of:
        yield f"one of {_listed(column.one_of)}"
    if column.not_zero:
        yield "not zero"
    for bound, word in RULE_WORDS.items():
        value = getattr(column, bound)
        if value is not None:
            yield f"{word} {value:,}" if not isinstance(value, str) else f"{word} {value}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
