"""What a shop counts in: the currency of all figures."""

import re
from dataclasses import dataclass

from audiencekit.errors import UserError
from audiencekit.workspace import project_vars


@dataclass(frozen=True)
class Shop:
    """The settings of a shop: `currency` is the one that all figures are in, as USD."""

    currency: str


def read_shop(currency: str | None = None) -> Shop:
    """The shop of dbt_project.yml, with what the user chose instead. Raises UserError for what is no currency."""
    chosen = (currency or str(project_vars()["currency"])).strip().upper()
    if not re.fullmatch("[A-Z]{3}", chosen):
        raise UserError(f"{currency!r} is no currency. Write its three letters, as in USD or EUR.")
    return Shop(chosen)
