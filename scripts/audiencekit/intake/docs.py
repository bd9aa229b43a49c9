"""Print docs/landing.md from the landing contract."""

from collections.abc import Iterator
from pathlib import Path

from audiencekit.intake.adapters import load_adapters
from audiencekit.intake.contract import Column, Table, load_contract
from audiencekit.intake.rules import EARLIEST, LATEST

INTRO = f"""\
# The landing folder

<!-- Printed from models/staging/_landing.yml by `make docs`. Change it there. -->

A landing folder holds the exports of your systems: one or more files for each table below. Only `orders` is
required. Each further table unlocks more.

Intake checks every row and keeps the valid ones. Invalid rows go to quarantine with file, row and reason. Intake
counts all of them, so for every file: rows in = kept + quarantined + held back + left out.

```sh
audiencekit intake /path/to/folder --explain   # what each file and column becomes; writes a landing.yml to start from
audiencekit intake /path/to/folder             # only check
make run LANDING=/path/to/folder               # check, build, publish
```

## Files

- **A file is named after its table**, in any case: `orders.csv`, `Orders.CSV`, `orders.csv.gz`, `orders.parquet`,
  `orders.xlsx`, `orders.tsv`, `orders.txt`, `orders.jsonl`, `orders.json` (a list, or one object a line), or
  a `.zip` with one such file.
- **A spreadsheet** has one sheet, with the header in its first row. Numbers keep fifteen digits; a longer id is refused.
  A formula whose result is not in the file stops the run: open it in a spreadsheet program, and save it there.
- **Several extracts of one table** are read together: `orders.2023.csv` and `orders.2024.parquet`, or files at any
  depth in a folder `orders/`. Their columns may differ in order, name and type. Where two extracts hold the same key,
  one row is used, as described for each table below. Nothing is counted twice. If the rows do not say when they changed,
  the file with the later date in its name wins (`orders.2024-10-02.csv`); rows of one key that differ are counted.
- **A key that means two things** stops the run: an order number of two shops, or of a sale and its return. Two shops
  that count from the same number get a `source` each in `landing.yml`. So do two amounts of one key of which none is
  later, such as two payments of one order or two rates of one day: add them up, or say which is later.
- **A date or number** may follow the table's name: `orders_2024-01.csv`, `orders (2).csv`.
- **Other words in the name count**: `contacts.unsubscribed.csv` and `contacts/unsubscribed/2024.csv` stop the run unless
  they have a column of decisions; `orders.refunds.csv` and `orders.drafts.csv` unless they have a `status` or only
  negative totals. `landing.yml` can say that such a file is ordinary (`table: contacts`).
- **A folder may be a column**, as Hive and Spark write it: every row below `orders/currency=JPY/` has the currency JPY. A
  column of the file itself comes first. Folders that only say when, such as `year=2024`, are not counted as columns.
- **Tables of Delta Lake, Iceberg and Hudi** stop the run, because their folders also have files with deleted rows. Export
  the current version as plain Parquet.
- **The export of a system that is known** is read as it is, under any name: see [the list](#exports-that-are-read-as-they-are).
- **Any other file** is ignored, and intake names it. A file that may hold refusals (`unsubscribes.csv`, `consents.xlsx`)
  and is not read stops the run, and so does one of returns (`refunds.csv`, `Retouren.xlsx`). `seeds/decision_words.csv`
  has the words that files, columns and values of refusals are known by, in seven languages. A text file stops the run too
  if its header names people and what they refused. Hidden files, files whose
  name begins with `_` and readmes are skipped.
- **Copies that were kept** (`orders.bak.csv`, `orders.old.csv`) and links to folders are not read, and intake names them.
- **CSV**: the first row is a header. Intake detects whether columns are separated by comma, semicolon, tab or pipe.
  The text is UTF-8, or UTF-16 or UTF-32 with a byte-order mark, or in the `encoding` that `landing.yml` names; a file in
  another encoding stops the run. Any line end works, also mixed ones.
- **CSV cells**: a cell that contains the delimiter, a quote or a line break is written in double quotes, with quotes
  inside it doubled. Lines without any value are not rows. A row may have up to 2,000,000 bytes. Refused are rows of more or
  fewer cells than the header, rows that repeat the header, and rows in which a delimiter is between quotes inside cells.
- **Parquet**: any column type that can hold the value. Lists and structs cannot, and plain integers cannot hold times.
- **Row numbers** are those of a spreadsheet: the header is row 1, also for Parquet, and a cell of several lines is in
  one row.

## A database instead of a folder

```sh
audiencekit run 'postgres://reader:$PGPASSWORD@host/shop?schema=shop,crm'   # also mysql://
audiencekit run sqlite:///path/to/shop.db                                   # also duckdb:///path/to/file.duckdb
```

It needs the extra `databases` (`pip install 'audiencekit[databases]'`; `make setup-dev` in a clone has it).

- **What is read**: tables and views that are named after a landing table, and those that an adapter knows by their
  columns. `?schema=` says in which schemas; without it, in all. The other tables are listed. One that may hold refusals
  and is not read stops the run.
- **Nothing is written** to the database. All tables are read in one transaction, so that they fit together.
- **Secrets** come from the environment: `$NAME` in the URL is replaced, and never shown.
- **The copies** are Parquet files in `databases/` of `AUDIENCEKIT_HOME`. A `landing.yml` next to them counts for them.
- **The second run** reads a table from its last change on, if it has a primary key (or the key of its landing table) and a
  time of change such as `updated_at` or `_fivetran_synced`. Rows without that time are read each time. If the copy then
  has another number of rows than the table, because rows were deleted, the table is read whole. SQLite is always read
  whole.

## landing.yml

What files cannot say themselves is in a file `landing.yml` in the folder. Every key is optional:

```yaml
currency: EUR                  # of all figures; as --currency
time_zone: Europe/Berlin       # of the shop: whose days, months, weekends and seasons count; as --time-zone
files:
  orders.us*:                  # a file or a pattern; a later one overrides an earlier one
    currency: USD              # of rows without a currency
    time_zone: America/Chicago # of times without a zone
    adapter: shopify_orders    # the adapter that reads it, or none; it is known by the columns otherwise
    source: us                 # the system whose ids these are: order, contact and login 1000 become us:1000
    encoding: windows-1252     # of text that is not UTF-8
    decimal_comma: true        # 1.234,50 is 1234.50; false: 1.234 is between 1 and 2
    date_order: DMY            # what 03/04/2017 is: DMY or MDY
    leave_out:                 # a header of the file, and the values whose rows do not count
      Test: [1, true]
    ignore: [Status]           # headers of the file that neither refuse anything nor change what a row means
  sales-report.csv:
    table: orders              # which table a file of another name is
    columns:                   # a header of the file, and the column that it is
      Belegnummer: order_id
    values:                    # what values of a column mean
      status: {{bezahlt: paid, storniert: cancelled}}
```

A key, a value, a column or a file that is not understood stops the run, and the message names it. Editors complete the
keys by [landing.schema.json](landing.schema.json), which `--explain` also writes next to the `landing.yml`.

With a `source`, the ids that a shop or CRM numbers by itself get its name as a prefix, also in the audiences: `us:1000`.
E-mails, phones, cards, cookies, campaigns and placeholders such as `guest` do not. Products get it unless a file of
products has no source, because then all shops have the same products.

## Columns

- **Names** match by their letters and digits: `FirstName`, `First Name` and `first_name` are one. The names under *also accepted as* match
  as well, but a column's own name comes first. A name that appears twice is refused. Columns that are not listed below
  are ignored, and intake lists them. A column that changes what a row means stops the run, unless all rows of all files have
  the same value: a payment status, a type of order, a currency, a refunded amount, what a gift card paid, a mark of test,
  deleted or inactive rows, the currency that a rate is into. They are known by their names in seven languages. In `consent_events` and
  `erasure_requests` so does any other column, unless it is a note, an address or an id, because it may limit a grant
  or say that a request was refused.
- **Rows that the source has deleted** are left out, in whichever file they are, and counted. Loaders mark them in a column such
  as `_deleted`, `_fivetran_deleted`, `deleted_at`, `op` (`c`, `u`, `d`), `_change_type` or `__$operation`; in `landing.yml`
  any column can be `is_deleted`. A row that came back later counts again: by the time of its last change, else by the dates in the
  names of the files, else by its place in the file. In a file with such a column, the last of several rows of a key counts
  where no time says which is later. A row that states a refusal stays. In tables that only grow, such a column stops the run.
- **No value** is an empty cell or one with white space only. In identifiers, codes, numbers and times, the following
  also mean no value: `NULL`, `\\N`, `NaN`, `NA`, `N/A`, `#N/A`, `<NA>`, `NaT`, `None` and `nil`. In free text they
  are kept, because Null is a family name and NA is Namibia.
- **White space** around a value is removed, also no-break spaces.
- **Numbers** are plain decimals: `1234.50`, `-5`, `.5`, `1e3`. Refused are `12,50` (without `decimal_comma`), `1,234.50`, `$5`, `1_000`,
  `0x1A`, `(5.00)`, infinity, and digits of other scripts. Where every point in a column of text has three digits after it
  (`1.234`, `12.000`), and no other number of the file has a decimal point, `decimal_comma` must say what it is.
- **Times** are written `2017-12-31 18:30:00`. They may have `T` before the time, `/` in the date, or no seconds. A
  date alone means midnight.
- **Time zones**: a time without a zone is UTC, or in the zone that `landing.yml` gives its file; a date without a time is
  a day of the shop. A time with `Z`, `UTC`, `GMT`, an offset such as `+01:00`, or a zone
  such as ` Europe/Paris` is converted to UTC.
- **Epoch numbers** are read in seconds, milliseconds or microseconds, between 2000 and 2100.
- **Days and months in another order**, `12/31/2017` or `31.12.2017 6:30 PM`, are read where the values of a column prove
  which comes first: a day above 12, or points between the numbers. Else `landing.yml` says it (`date_order`), or the rows
  are refused.
- **Refused times** are those with letters that can mean several zones, such as `BST`.
- **Dates** are written `2017-12-31`, or as that day at midnight. A birth date must not be in the future. Any other
  date must be between {EARLIEST} and {LATEST}.
- **Yes and no** are `true`, `yes`, `1`, `x`, `subscribed`, `false`, `no`, `0`, `unsubscribed` and the like. In a column of
  opt-outs, a date or `unsubscribed` means yes. Any other value in a column of decisions stops the run, because it may be a
  refusal. Of several columns for one decision, such as `HasOptedOutOfEmail` and `unsubscribed`, a refusal in any counts.
  The run also stops for a column whose name sounds like one (`gdpr_status`, `Werbesperre`) and that is not below, also
  inside a struct or JSON. A name such as `Marketing` counts where the values are yes and no.
- **Values that refuse**, such as the status `Unsubscribed` or the tag `DO NOT MAIL`, stop the run in a column of `contacts`,
  `accounts` or `orders` that is not read; so does the name of a list, a web event or a touch. Free text, and topics of
  `service_contacts`, do not: intake counts the rows that mention a refusal.
- **A second e-mail column** that is not read (`Email 2`) is named with its number of addresses, because a refusal of the row
  does not reach them. Of two amounts that may both be `total` (`amount`, `revenue`), `landing.yml` says which one is.
- **Countries and states** are names or codes: `United Kingdom`, `UK`, `GB`, `Deutschland`; `California`, `US-CA`, `CA`. In
  the US, `2138` is the postal code 02138.
- **Hundredths of a currency** (`GBp`, `GBX`, `ZAc`, `ILA` …) are refused: divide the amounts by 100, and write `GBP`. In
  lower case, `gbp` is pounds.
- **Amounts** are in the reporting currency: USD, or the one of `--currency EUR`. A row of another `currency` is converted
  by the table `exchange_rates`, at the rate of its time. The run stops for a currency without a rate, for rows of a day
  before its first rate, and for rates of another base: a rate other than 1 for the reporting currency itself.
  Amounts converted at a newest rate that was older than 31 days are counted in `rpt_notices`.
- **Returns** have a negative total or name another order. A return that names no order is that of an order whose
  status says it was returned, if the amounts are the same. Else it comes off an earlier order of its customer: the latest of exactly its amount, else the latest of more, else the latest in turn. What no order explains
  comes off the customer's spend, and off revenue. A row with a positive total that names a return takes it back, up to
  its amount, as if the return had not been; more than that is an order. `rpt_returns` counts each kind.
- **An apostrophe** before an identifier, number, phone or postal code is a spreadsheet's mark of text and is removed.
- **Salesforce ids** that occur with 15 and with 18 characters are read as one.
- **Codes** (*one of* below) are compared in lower case.
- **Identifiers** are text: `007` stays `007`. pandas writes a column of whole numbers with gaps as `17.0`. So where
  every value of a CSV text column ends in `.0`, the `.0` is removed; in a Parquet file of floating-point numbers too.
  `1.2E+12` has lost its digits and is refused.

## As-of

A run is *as of* a moment: `--as-of 2018-01-01`, or now. A row whose event time or last change is at that moment or
later was not known yet. Intake **holds it back** and counts it separately; it is not an error. Event times and last
changes must be between {EARLIEST} and {LATEST}; others are refused.

A refusal in a row dated after the real moment counts now, because it was made before. An order dated so stops the run if it
states a refusal.

## What is refused

- **A row** that breaks a rule goes to `var/intake/quarantine.parquet` with table, file, row number, every reason and
  its cells. So does a row that is held back. The file is also written when the run stops, and it contains personal
  data.
- **A refused row that may state a refusal** stops the run. So does a line that cannot be split or decoded, if its file has
  a column of decisions.
- **A file** stops the run if it cannot be read, is empty, lacks a required column or has a quote that never closes.
  One line says which file and where.
- **A table** stops the run if more than 10 % (and more than 50) or more than half of its rows break a rule, or if no
  row is usable. It also stops the run if it is missing or has less than half the rows of the last published build.
  Rows of erased people do not count: the source may keep or delete them.
  In a table that only grows, one row that breaks a rule or is missing is enough.
- **Rows that `leave_out` leaves out** and that state a refusal are counted in a line of their own. Those refusals do not
  count, so provide them as `consent_events`.
- **To accept a table anyway**, name it: `--accept contacts`. Repeat the option for more tables.

## Later runs

- **A file that did not change** is not read again. Intake keeps its checked rows in `var/intake/checked`, and says how many
  files it did not read. It compares sizes and times, and where these differ the digest of the content. It reads a file again if
  `landing.yml` says something else of it, if it held rows back that may count now, with another `--accept`, currency or time zone, and after an update of audiencekit.
- **A new file** costs what it takes to read it. So export each day into a file of its own, such as
  `orders.2024-05-01.csv`. A table whose new rows have keys of earlier ones is compared as a whole.
- **Rows of erased people** leave the checked rows, too, when the run that erases them publishes.
- To read everything again, remove `var/intake/checked`.

## Exports that are read as they are

A file of these systems is known by its columns, whatever its name. The [adapters](../adapters/README.md) make landing tables
of it before intake checks the rows, and quarantine names the row of the original file.
"""
RULE_WORDS = {"min": "at least", "max": "at most"}


def write_landing_docs(path: Path) -> Path:
    """Write the page to `path` and return it."""
    path.write_text(landing_docs(load_contract()), encoding="utf-8")
    return path


def landing_docs(contract: dict[str, Table]) -> str:
    """The whole page as Markdown."""
    lines = ["| export | makes |", "| --- | --- |"]
    lines += [
        f"| [{adapter.system}](../adapters/{adapter.name}/README.md) | {', '.join(adapter.outputs)} |"
        for adapter in load_adapters().values()
    ]
    lines += ["", "## Tables", "", "| table | unlocks |", "| --- | --- |"]
    lines += [f"| [{t.name}](#{t.name}) | {t.unlocks} |" for t in contract.values()]
    tables = ["\n".join(_table(table)) for table in contract.values()]
    return "\n".join([INTRO, *lines, "", "\n\n".join(tables), ""])


def _table(table: Table) -> Iterator[str]:
    yield f"### {table.name}"
    yield ""
    yield table.description
    yield ""
    yield f"- **Unlocks**: {table.unlocks}."
    yield f"- **Key**: {_listed(table.key)}. {_row_used(table)}"
    if table.event_at:
        yield f"- **Event time**: `{table.event_at}`."
    if table.may_be_empty:
        yield "- **May be empty**: a header is enough."
    if table.append_only:
        yield "- **Only grows**: fewer rows than last time, or a row that breaks a rule, stop the run."
    yield ""
    yield "| column | type | required | rules | also accepted as | description |"
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


def _row_used(table: Table) -> str:
    if table.latest_by:
        return f"Of several rows with the same key, the latest by `{table.latest_by}` is used."
    return "Of several rows with the same key, one is used, always the same one."


def _rules(column: Column) -> Iterator[str]:
    if column.one_of:
        yield f"one of {_listed(column.one_of)}"
    for value, names in column.values.items():
        yield f"{_listed(names)}: read as `{value}`"
    if column.left_out:
        yield f"rows with {_listed(column.left_out)} do not count"
    if column.not_zero:
        yield "not zero"
    for bound, word in RULE_WORDS.items():
        value = getattr(column, bound)
        if value is not None:
            yield f"{word} {value:,}" if not isinstance(value, str) else f"{word} {value}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
