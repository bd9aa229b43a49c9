"""Numbers such as 1.234 in text, which are a thousand in one country and one in another."""

import duckdb

from audiencekit.errors import UserError
from audiencekit.intake.contract import Table
from audiencekit.intake.files import LandingFile
from audiencekit.intake.rows import reader
from audiencekit.intake.rules import raw_name
from audiencekit.intake.unpacked import TYPED
from audiencekit.sql import literal

# May have thousands: 1.234 and 12.000, but neither 0.125 nor 1234.500.
_IN_DOUBT = r"\D{0,4}[1-9]\d{0,2}([.]\d{3})+\D{0,4}"
# A point before decimals.
_DECIMAL = r"[^0-9,]*\d*[.]\d*([eE][+-]?\d+)?[^0-9,]*"


def check_points(con: duckdb.DuckDBPyConnection, table: Table, file: LandingFile) -> None:
    """Raise UserError for a text column of numbers in which each point has three digits after it.

    landing.yml may say what a point is. A point before other decimals, in any number of the file, proves it, too.
    """
    numbers = [
        file.positions[column.name]
        for column in table.columns
        if column.data_type in ("double", "bigint")
        and column.name in file.positions
        and file.types[file.positions[column.name]] == "VARCHAR"
    ]
    is_plain = file.is_adapted or file.path.name.endswith(TYPED)
    if not numbers or is_plain or file.settings.decimal_comma is not None:
        return
    cells = " union all ".join(
        f"select {place} as place, {raw_name(place)} as cell from file where contains({raw_name(place)}, '.')"
        for place in numbers
    )
    in_doubt = f"regexp_full_match(cell, {literal(_IN_DOUBT)})"
    proof = f"regexp_full_match(cell, {literal(_DECIMAL)}) and not {in_doubt}"
    rows = f"with file as ({reader(file)}), cells as ({cells})"
    query = f"{rows} select place, min(cell) from cells where {in_doubt} group by place order by place limit 1"
    try:
        if con.execute(f"{rows} select 1 from cells where {proof} limit 1").fetchall():
            return
        found = con.execute(query).fetchall()
    except duckdb.Error:
        return  # what is wrong with the file is reported when its rows are checked
    for place, cell in found:
        raise UserError(
            f"{file.name}, {file.header[place]}: {cell.strip()[:30]} may be thousands or decimals, as every point in it "
            "has three digits after it. Say decimal_comma in landing.yml: true if points are between thousands, false if "
            "they are before decimals."
        )
