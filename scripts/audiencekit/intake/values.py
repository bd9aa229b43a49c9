"""DuckDB expressions that convert the cells of one file to the types of the contract.

A cell is first cleaned, then converted. A cell that cannot be converted becomes null, which breaks a rule.
Conversions are narrow on purpose: a cell that could mean two things is refused.
"""

import re

from audiencekit.intake.contract import Column
from audiencekit.intake.files import LandingFile
from audiencekit.intake.rules import EXACT, SQL_TYPES, YEAR_LAST, raw_name
from audiencekit.sql import is_one_of, literal

# What other programs write for 'no value'. They are kept in free text, because Null is a family name and
# NA is Namibia.
NO_VALUE = ("NULL", "Null", "null", r"\N", "NaN", "nan", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaT", "None", "nil")  # fmt: skip
EDGE = r"[\s\pZ\x{200b}\x{feff}]"  # white space of every kind
# A spreadsheet's mark of text before a value, or quotes around it.
MARKED = "^'([^']+)'?$"
# Most values: printable ASCII without white space at its ends or an apostrophe before it. They are as they should be.
PLAIN = r"[!-&(-~]([ -~]*[!-~])?"
DAY = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}"
CLOCK = r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"
# As most times are written, in SQL's own pattern, which is faster.
USUAL_MOMENT = "____-__-__ __:__:__"
HALF_DAY = rf"{DAY} \d{{1,2}}:\d{{2}}(:\d{{2}})? (?i:[ap]m)"
MIDNIGHT = r"[ T]00:00(:00(\.0+)?)?"
# An offset or a named zone. Letters alone, such as BST, can mean several zones; only UTC and GMT are unambiguous.
ZONE = r" ?(Z|UTC|GMT|[+-](0\d|1[0-4])(:?[0-5]\d)?)| [A-Za-z]+(/[A-Za-z0-9_+-]+)+"
# 2000-01-01 and 2100-01-01 in seconds since 1970.
FIRST_EPOCH, LAST_EPOCH = 946684800, 4102444800
# Yes and no, as exports write them. In a column of opt-outs, a word that refuses means yes; in one of opt-ins, no.
YES = ("true", "t", "yes", "y", "1", "1.0", "x", "on", "ja", "oui", "si", "sí", "sim")
NO = ("false", "f", "no", "n", "0", "0.0", "off", "nein", "non", "nao", "não", "nee")
AGREES = (
    "subscribed",
    "opted in",
    "opted_in",
    "opt-in",
    "opt in",
    "granted",
    "accepted",
    "agreed",
    "confirmed",
    "allowed",
)
REFUSES = ("unsubscribed", "opted out", "opted_out", "opt-out", "opt out", "denied", "withdrawn", "refused", "declined",
           "revoked", "cleaned")  # fmt: skip
DECIMAL = r"[+-]?(\d+(\.\d*)?|\.\d+)"
NUMBER = rf"{DECIMAL}([eE][+-]?\d+)?"
# So many digits without an exponent are no infinite number.
FINITE_DIGITS = 300
# With a decimal comma: 1.234,50 and 12,5, but not 1,234.50.
COMMA_NUMBER = r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d*)?"
WHOLE_NUMBER = r"[+-]?\d+(\.0*)?"


def trimmed_value(column: Column, file: LandingFile) -> str:
    """SQL for the column's cell, in the file's own type, without white space and marks around it."""
    position = file.positions[column.name]
    raw, native = raw_name(position), file.types[position]
    if native in EXACT:
        return f"case when not isnan({raw}) then {raw} end"
    if native != "VARCHAR":
        return raw
    text = f"regexp_replace({raw}, '^{EDGE}+|{EDGE}+$', '', 'g')"
    if _may_be_marked(column):
        text = f"regexp_replace({text}, {literal(MARKED)}, '\\1')"
    return f"case when regexp_full_match({raw}, {literal(PLAIN)}) then {raw} else {text} end"


def clean_value(column: Column, file: LandingFile) -> str:
    """SQL for the column's trimmed cell; null where it holds no value."""
    position = file.positions[column.name]
    text = raw_name(position)
    if file.types[position] != "VARCHAR":
        return text
    if meanings := file.settings.values.get(column.part_of or column.name):
        cases = " ".join(
            f"when {literal(value.strip().lower())} then {literal(meaning)}"
            for value, meaning in meanings.items()
        )
        text = f"case lower({text}) {cases} else {text} end"
    empty = ["", *NO_VALUE] if _is_formal(column) else [""]
    longest = max(map(len, empty))
    return f"case when strlen({text}) > {longest} or not {is_one_of(text, empty)} then {text} end"


def _may_be_marked(column: Column) -> bool:
    """Whether an apostrophe before a value is a spreadsheet's mark of text, and not a part of it as in 't Hooft."""
    return _is_formal(column) or column.name in (
        "phone",
        "postal_code",
        "house_number",
        "birth_date",
    )


def _is_formal(column: Column) -> bool:
    """Whether values are identifiers, codes, numbers or times, and not free text such as names."""
    return column.data_type != "string" or column.is_identifier or bool(column.one_of)


def typed_value(column: Column, file: LandingFile) -> str:
    """SQL for the column's typed value from its clean cell; null where it cannot be converted."""
    sql_type = SQL_TYPES[column.data_type]
    if column.name not in file.positions:
        return _default(column, file, sql_type)
    position = file.positions[column.name]
    if column.data_type == "boolean":
        flag = _as_flag(raw_name(position), _family(file.types[position]), column)
        return flag or "cast(null as boolean)"
    convert = {
        "string": _as_text,
        "timestamp": _as_timestamp,
        "date": _as_date,
        "double": _as_number,
        "bigint": _as_whole_number,
    }[column.data_type]
    cell = _as_usually_written(raw_name(position), column, file)
    value = convert(cell, _family(file.types[position]), file.types[position])
    if value is None or (column.is_identifier and file.types[position] == "BOOLEAN"):
        return f"cast(null as {sql_type})"
    if column.data_type == "timestamp":
        return _in_utc(value, cell, file.types[position], file)
    if column.name == "currency":
        return f"coalesce({value}, {_default(column, file, sql_type)})"
    return _code(value, column) if column.one_of else value


def bare_letters(value: str) -> str:
    """SQL for the letters and digits of a value, in lower case: Hard Bounce and hard_bounce are hardbounce."""
    return f"regexp_replace(lower({value}), '[^\\pL\\pN]+', '', 'g')"


def bare_name(value: str) -> str:
    """The letters and digits of a value, in lower case."""
    return re.sub(r"[\W_]+", "", value.lower())


def _code(value: str, column: Column) -> str:
    """SQL for a value of a fixed list, which other systems may give other names."""
    cases = [
        f"when {literal(bare_name(name))} then {literal(code)}"
        for code, names in column.values.items()
        for name in names
    ]
    if not cases:
        return f"lower({value})"
    return f"case {bare_letters(value)} {' '.join(cases)} else lower({value}) end"


def _as_usually_written(cell: str, column: Column, file: LandingFile) -> str:
    """SQL for a cell with a point before decimals, the year first in dates, and hours up to 24."""
    settings = file.settings
    if file.types[file.positions[column.name]] != "VARCHAR":
        return cell
    if settings.decimal_comma and column.data_type in ("double", "bigint"):
        plain = f"replace(replace({cell}, '.', ''), ',', '.')"
        return f"case when regexp_full_match({cell}, '{COMMA_NUMBER}') then {plain} end"
    if not is_dated(column):
        return cell
    if order := file.date_orders.get(column.name):
        year_first = r"\3-\2-\1" if order == "DMY" else r"\3-\1-\2"
        cell = f"regexp_replace({cell}, '^{YEAR_LAST}', '{year_first}')"
    if column.data_type == "timestamp":
        formats = "['%Y-%m-%d %I:%M:%S %p', '%Y-%m-%d %I:%M %p']"
        moment = f"try_strptime(replace({cell}, '/', '-'), {formats})"
        is_half_day = f"(suffix({cell}, 'm') or suffix({cell}, 'M')) and regexp_full_match({cell}, '{HALF_DAY}')"
        return f"case when {is_half_day} then cast({moment} as varchar) else {cell} end"
    return cell


def is_dated(column: Column) -> bool:
    """Whether cells of a column hold days or moments."""
    return column.data_type in ("timestamp", "date") or column.name == "birth_date"


def _default(column: Column, file: LandingFile, sql_type: str) -> str:
    """SQL for a value that a row does not have: what landing.yml says of its file, or null."""
    if column.name == "currency" and file.settings.currency:
        return literal(file.settings.currency)
    return f"cast(null as {sql_type})"


def _in_utc(moment: str, cell: str, native: str, file: LandingFile) -> str:
    """SQL for a moment in UTC. A time without a zone is in the file's, a day without a time in the shop's, too."""
    zone = file.settings.time_zone
    day_zone = zone or file.shop_zone

    def local(name: str) -> str:
        return f"cast(timezone({literal(name)}, {moment}) as timestamp)"

    if native == "DATE" and day_zone:
        return local(day_zone)
    if _family(native) == "moment":
        return local(zone) if zone and native != "TIMESTAMP WITH TIME ZONE" else moment
    if _family(native) != "text" or not day_zone:
        return moment
    clock = f"when regexp_full_match({cell}, '{DAY}{CLOCK}') then {local(zone)} " if zone else ""
    day = f"when regexp_full_match({cell}, '{DAY}') then {local(day_zone)} "
    return f"case {clock}{day}else {moment} end"


def _family(native: str) -> str:
    """The kind of a DuckDB type: text, bytes, whole, fraction, moment, boolean; '' for the rest."""
    families = {
        "text": ("VARCHAR", "ENUM", "UUID"),
        "bytes": ("BLOB",),
        "whole": ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
                  "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
        "fraction": ("DOUBLE", "FLOAT", "DECIMAL"),
        "moment": ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS",
                   "TIMESTAMP WITH TIME ZONE"),
        "boolean": ("BOOLEAN",),
    }  # fmt: skip
    if native.endswith("]"):
        return ""
    base = native.partition("(")[0]
    return next((name for name, types in families.items() if base in types), "")


def _as_flag(cell: str, family: str, column: Column) -> str | None:
    if family == "boolean":
        return cell
    if family in ("whole", "fraction"):
        return f"case when {cell} in (0, 1) then {cell} = 1 end"
    if family != "text":
        return None
    is_opt_out = column.name.endswith("opt_out")
    yes, no = (
        ((*YES, *REFUSES), (*NO, *AGREES)) if is_opt_out else ((*YES, *AGREES), (*NO, *REFUSES))
    )
    # 0000-00-00 is how MySQL writes no date.
    moment = (
        f" when regexp_full_match({cell}, '0000-00-00.*') then false when regexp_full_match({cell}, '{DAY}.*') then true"
        if is_opt_out
        else ""
    )
    return (
        f"case when {is_one_of(f'lower({cell})', yes)} then true "
        f"when {is_one_of(f'lower({cell})', no)} then false{moment} end"
    )


def _as_text(cell: str, family: str, native: str) -> str | None:
    if family == "fraction":
        # pandas turns whole-number ids with gaps into floats: 17.0 is the id 17.
        is_whole = f"{cell} = trunc({cell})"
        if native in EXACT:
            is_whole += f" and abs({cell}) <= {EXACT[native]}"
        return (
            f"case when {is_whole} then cast(cast({cell} as hugeint) as varchar) "
            f"else cast({cell} as varchar) end"
        )
    if family == "bytes":
        return f"try(decode({cell}))"
    return f"cast({cell} as varchar)" if family else None


def _as_timestamp(cell: str, family: str, native: str) -> str | None:
    if family == "moment":
        return f"try_cast({cell} as timestamp)"
    if family == "whole":
        return _from_epoch(cell)
    if family != "text":
        return None
    # Converted through timestamptz, so that the offset is applied; the session runs in UTC. DuckDB requires
    # seconds before a zone, and no space before an offset.
    in_seconds = f"regexp_replace({cell}, '^({DAY}[ T]\\d{{1,2}}:\\d\\d)([^:])', '\\1:00\\2')"
    zoned = f"try_cast(regexp_replace({in_seconds}, ' ([Z+-])', '\\1') as timestamptz)"
    return (
        f"case when {cell} like '{USUAL_MOMENT}' or regexp_full_match({cell}, '{DAY}({CLOCK})?') "
        f"then try_cast({cell} as timestamp) "
        f"when regexp_full_match({cell}, '{DAY}{CLOCK}({ZONE})') then cast({zoned} as timestamp) "
        f"when regexp_full_match({cell}, '\\d{{9,16}}') then {_from_epoch(f'try_cast({cell} as bigint)')} end"
    )


def _from_epoch(number: str) -> str:
    """SQL for seconds, milliseconds or microseconds since 1970. Between 2000 and 2100 no number can be two of them."""
    units = {"": 1_000_000, "000": 1_000, "000000": 1}
    cases = " ".join(
        f"when {number} between {FIRST_EPOCH}{zeros} and {LAST_EPOCH}{zeros} then {number} * {micros}"
        for zeros, micros in units.items()
    )
    return f"make_timestamp(case {cases} end)"


def _as_date(cell: str, family: str, native: str) -> str | None:
    if family == "moment":
        return f"try_cast({cell} as date)"
    if family != "text":
        return None
    return f"case when regexp_full_match({cell}, '{DAY}({MIDNIGHT})?') then try_cast({cell} as date) end"


def _as_number(cell: str, family: str, native: str) -> str | None:
    number = f"try_cast({cell} as double)"
    finite = f"case when isfinite({number}) then {number} end"
    if family in ("whole", "fraction"):
        return finite
    if family != "text":
        return None
    return (
        f"case when strlen({cell}) <= {FINITE_DIGITS} and regexp_full_match({cell}, '{DECIMAL}') then {number} "
        f"when regexp_full_match({cell}, '{NUMBER}') then {finite} end"
    )


def _as_whole_number(cell: str, family: str, native: str) -> str | None:
    if family == "whole":
        return f"try_cast({cell} as bigint)"
    if family == "fraction":
        return f"case when {cell} = trunc({cell}) then try_cast({cell} as bigint) end"
    if family != "text":
        return None
    return (
        f"case when regexp_full_match({cell}, '{WHOLE_NUMBER}') then try_cast({cell} as bigint) end"
    )
