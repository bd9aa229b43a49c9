"""Orders: the real baskets, with simulated identifiers of the buyers."""

import numpy as np
import pandas as pd

from audiencekit.demo import chance
from audiencekit.demo.retail import Retail

# At the till: nearly always the card, otherwise an e-mail for the receipt, otherwise a guest. These shares of store
# baskets make 3 % of all baskets guest orders.
GUEST_SHARE, RECEIPT_SHARE = 0.0375, 0.045
SECOND_CARD_USE, SECOND_ACCOUNT_USE = 0.30, 0.30
EMAIL_AT_CHECKOUT, PHONE_AT_CHECKOUT = 0.40, 0.15
UPPERCASE_EMAIL_SHARE = 0.05  # typed in capitals
CANCELLED_SHARE, RETURN_SHARE, WHOLE_RETURN_SHARE = 0.005, 0.01, 0.6
RETURN_DAYS = 30


def make_orders(
    retail: Retail, people: pd.DataFrame, cards: pd.DataFrame, accounts: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """The landing's orders without returns, with the extra columns basket_id and person."""
    rng = chance.stream(seed, "orders")
    baskets, size = retail.baskets, len(retail.baskets)
    person = np.searchsorted(retail.households["household_id"], baskets["household_id"])
    buyer = people.iloc[: len(retail.households)]
    is_web = rng.random(size) < buyer["web_share"].to_numpy()[person]
    drawn = rng.random(size)
    email = buyer["email"].to_numpy()[person]
    is_guest = ~is_web & (drawn < GUEST_SHARE)
    by_email = ~is_web & ~is_guest & (drawn < GUEST_SHARE + RECEIPT_SHARE) & pd.notna(email)
    by_card = ~is_web & ~is_guest & ~by_email
    card = _one_of_two(cards, "card_number", person, SECOND_CARD_USE, rng)
    account = _one_of_two(accounts, "account_id", person, SECOND_ACCOUNT_USE, rng)
    shows_email = by_email | (is_web & (rng.random(size) < EMAIL_AT_CHECKOUT))
    shows_phone = is_web & (rng.random(size) < PHONE_AT_CHECKOUT)
    uppercase = pd.Series(email).str.upper().to_numpy()
    email = np.where(rng.random(size) < UPPERCASE_EMAIL_SHARE, uppercase, email)
    return pd.DataFrame(
        {
            "order_id": baskets["basket_id"].astype(str),
            "ordered_at": baskets["ordered_at"],
            "total": baskets["total"],
            "account_id": np.where(is_web, account, chance.NONE),
            "card_number": np.where(by_card, card, chance.NONE),
            "email": np.where(shows_email, email, None),
            "phone": np.where(shows_phone, buyer["phone"].to_numpy()[person], None),
            "country_code": buyer["country_code"].to_numpy()[person],
            "status": np.where(rng.random(size) < CANCELLED_SHARE, "cancelled", "completed"),
            "original_order_id": None,
            "discount": baskets["discount"],
            "order_channel": np.where(is_web, "web", "store"),
            "basket_id": baskets["basket_id"],
            "person": np.where(is_guest, -1, person),
        }
    )


def _one_of_two(
    owned: pd.DataFrame, name: str, person: np.ndarray, second_use: float, rng: np.random.Generator
) -> np.ndarray:
    """For each basket one of its buyer's cards or logins: the first, sometimes the second."""
    first = owned[owned["is_first"]].set_index("person")[name].reindex(person).to_numpy()
    second = owned[~owned["is_first"]].set_index("person")[name].reindex(person).to_numpy()
    takes_second = pd.notna(second) & (rng.random(len(person)) < second_use)
    return np.where(takes_second, second, first)


def make_returns(
    retail: Retail, orders: pd.DataFrame, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return orders in the shape of `orders`, and the lines that they return, for write_order_lines.

    A return takes back the whole basket or its most expensive line, days later, before the data ends.
    """
    rng = chance.stream(seed, "returns")
    drawn = rng.random(len(orders))
    later = np.floor(rng.random(len(orders)) * RETURN_DAYS + 1) * chance.DAY.astype(int)
    returned_at = orders["ordered_at"].to_numpy() + later.astype("timedelta64[us]")
    is_returned = (
        (drawn < RETURN_SHARE)
        & (orders["status"] == "completed").to_numpy()
        & (returned_at < chance.AS_OF)
    )
    chosen = pd.DataFrame(
        {
            "basket_id": orders["basket_id"],
            "is_whole": rng.random(len(orders)) < WHOLE_RETURN_SHARE,
            "returned_at": returned_at,
        }
    )[is_returned]
    retail.con.register("chosen", chosen)
    taken_back = retail.con.execute(
        """
        select
            basket_id, 'R-' || basket_id as order_id, returned_at,
            -cast(sum(amount) as double) as total,
            if(is_whole, 0, min(line_number)) as line_number
        from (
            select c.*, l.line_number, l.amount
            from chosen as c join lines as l using (basket_id)
            where l.quantity > 0 and l.amount > 0
            qualify c.is_whole or row_number() over (
                partition by c.basket_id order by l.amount desc, l.line_number
            ) = 1
        )
        group by basket_id, is_whole, returned_at
        order by basket_id
        """
    ).df()
    originals = orders.set_index("basket_id", drop=False).loc[taken_back["basket_id"]]
    returns = originals.reset_index(drop=True).assign(
        order_id=taken_back["order_id"],
        original_order_id=originals["order_id"].to_numpy(),
        ordered_at=taken_back["returned_at"],
        total=taken_back["total"],
        status="returned",
        discount=0.0,
    )
    return returns, taken_back[["basket_id", "order_id", "line_number"]]
