"""Which coupon campaign was mailed to whom, and who redeemed it: real except for the card number. Costs are simulated."""

import pandas as pd

from audiencekit.demo.retail import Retail

LETTER_USD = 1.10  # to print and post, simulated


def campaign_touches(retail: Retail, cards: pd.DataFrame) -> pd.DataFrame:
    """The landing's campaign_touches; a household is represented by its first card.

    A mailing has the first day of the campaign, a redemption the day in the source.
    """
    retail.con.register("first_cards", cards[cards["is_first"]])
    return retail.con.execute(
        """
        with touches as (
            select household_id, campaign_id, 'mailed' as touch_name, start_date as touched_at
            from campaigns join campaign_descriptions using (campaign_id)
            union all
            select household_id, campaign_id, 'redeemed', redemption_date from coupon_redemptions
        )
        select
            't' || lpad(cast(row_number() over (
                order by touched_at, campaign_id, touch_name, card_number
            ) as varchar), 6, '0') as touch_id,
            cast(touched_at as timestamp) as touched_at,
            cast(campaign_id as varchar) as campaign_id,
            touch_name,
            'post' as channel,
            'Campaign ' || campaign_id || ' (' || campaign_type || ')' as campaign_name,
            cast(start_date as date) as campaign_starts_on,
            cast(end_date as date) as campaign_ends_on,
            'card_number' as id_type,
            card_number as id_value
        from touches
        join campaign_descriptions using (campaign_id)
        join first_cards using (household_id)
        order by touch_id
        """
    ).df()


def campaign_costs(retail: Retail) -> pd.DataFrame:
    """The landing's campaign_costs: a simulated price per letter, on the first day of the campaign."""
    return retail.con.execute(
        f"""
        select
            cast(campaign_id as varchar) as campaign_id, 'post' as channel,
            cast(start_date as timestamp) as spent_at, round(count(*) * {LETTER_USD}, 2) as cost
        from campaigns join campaign_descriptions using (campaign_id)
        where household_id in (from chosen_households)
        group by campaign_id, start_date
        order by start_date, campaign_id
        """
    ).df()


def campaign_mailings(retail: Retail) -> pd.DataFrame:
    """household_id, campaign_id and starts_at of every mailing, because an e-mail accompanies it."""
    return retail.con.execute(
        """
        select household_id, campaign_id, cast(start_date as timestamp) as starts_at
        from campaigns join campaign_descriptions using (campaign_id)
        where household_id in (from chosen_households)
        order by campaign_id, household_id
        """
    ).df()
