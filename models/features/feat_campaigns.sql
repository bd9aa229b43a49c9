-- One row per customer whom a campaign reached in a year, and how they answered.
select
    customer_key,
    count(*) filter (where touch_name in ('mailed', 'shown') and {{ in_window('touched_at', 90, 'day') }})
        as campaign_touches_90d,
    count(*) filter (where touch_name = 'redeemed' and {{ in_window('touched_at', 365, 'day') }})
        as redemptions_365d
from {{ ref('fct_touches') }}
where {{ in_window('touched_at', 365, 'day') }}
group by customer_key
