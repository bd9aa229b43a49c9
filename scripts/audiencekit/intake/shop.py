"""What a shop counts in: the currency of all figures, and the time zone of its days."""

import re
from dataclasses import dataclass
from zoneinfo import available_timezones

from audiencekit.dbt_project import project_vars
from audiencekit.errors import UserError

# Codes of hundredths of a currency, in their exact spelling: gbp is a pound, GBp a penny.
MINOR_UNITS = {
    **dict.fromkeys(("GBp", "GBX", "GBx"), "GBP"),
    **dict.fromkeys(("ZAc", "ZAX", "ZAx"), "ZAR"),
    **dict.fromkeys(("ILA", "ILa"), "ILS"),
    "USc": "USD",
    "USX": "USD",
    "EUc": "EUR",
}


@dataclass(frozen=True)
class Shop:
    """The settings of a shop: `currency` as USD, `time_zone` as Europe/Paris."""

    currency: str
    time_zone: str


def read_shop(currency: str | None = None, time_zone: str | None = None) -> Shop:
    """The shop of dbt_project.yml, with what the user chose instead. Raises UserError for what is no such thing."""
    defaults = project_vars()
    return Shop(
        currency_code(currency or str(defaults["currency"])),
        zone_name(time_zone or str(defaults["time_zone"])),
    )


def currency_code(text: str) -> str:
    """A currency's three letters, in capitals. Raises UserError for anything else, also for a code of hundredths."""
    if whole := MINOR_UNITS.get(text.strip()):
        raise UserError(
            f"{text!r} is a hundredth of {whole}. Divide amounts by 100, and write {whole}."
        )
    code = text.strip().upper()
    if not re.fullmatch("[A-Z]{3}", code):
        raise UserError(f"{text!r} is no currency. Write its three letters, as in USD or EUR.")
    return code


def zone_name(text: str) -> str:
    """The name of a time zone. Raises UserError for anything else: letters such as EST can mean several."""
    name = text.strip()
    if name != "UTC" and (name not in available_timezones() or "/" not in name):
        raise UserError(
            f"{text!r} is no time zone. Write UTC, or a place as in America/New_York or Europe/Paris."
        )
    return name
