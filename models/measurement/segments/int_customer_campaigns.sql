-- One row per customer, window before as_of and campaign channel (all, or one), for customers contacted in the window
-- or whose purchases are attributed to its touches: their contacts, what these cost, and the revenue. A contact costs
-- its campaign's cost divided by the campaign's contacts.
{% set windows = [30, 90, 365] %}
with

campaigns as (

    select
        campaign_id,
        channel,
        count(case when touch_name in ('mailed', 'shown') then 1 end) as contacts,
        count(*) as touches
    from {{ ref('fct_touches') }}
    group by campaign_id, channel

),

-- Clicks and redemptions are answers and cost nothing. Where a campaign has answers alone, they count as contacts.
contacts as (

    select
        touches.customer_key,
        coalesce(touches.channel, 'unknown') as channel,
        1 as contacts,
        costs.cost / coalesce(nullif(campaigns.contacts, 0), campaigns.touches) as cost,
        cast(null as double) as revenue,
        {{ elapsed('day', 'touches.touched_at', as_of()) }} as age_days
    from {{ ref('fct_touches') }} as touches
    inner join campaigns
        on
            touches.campaign_id = campaigns.campaign_id
            and touches.channel is not distinct from campaigns.channel
    left join {{ ref('rpt_campaigns') }} as costs
        on
            touches.campaign_id = costs.campaign_id
            and touches.channel is not distinct from costs.channel
    where
        touches.touched_at < {{ as_of() }}
        and (touches.touch_name in ('mailed', 'shown') or campaigns.contacts = 0)

),

-- Revenue belongs to the moment of the touch, as its cost does: cost and revenue of a touch are in the same windows.
revenue as (

    select
        customer_key,
        coalesce(channel, 'unknown') as channel,
        0 as contacts,
        cast(null as double) as cost,
        linear_share * net_revenue as revenue,
        {{ elapsed('day', 'touched_at', as_of()) }} as age_days
    from {{ ref('int_attribution') }}
    where touch_id is not null and ordered_at < {{ as_of() }}

),

events as (

    select * from contacts
    union all
    select * from revenue

),

by_channel as (

    {% for days in windows %}
    select
        cast({{ days }} as bigint) as window_days,
        customer_key,
        channel,
        sum(contacts) as contacts,
        count(case when contacts = 1 and cost is null then 1 end) as contacts_without_cost,
        sum(cast(cost as decimal(38, 12))) as cost,
        sum(cast(revenue as decimal(38, 12))) as revenue
    from events
    where age_days <= {{ days }}
    group by customer_key, channel
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    customer_key,
    window_days,
    channel,
    cast(contacts as bigint) as contacts,
    contacts_without_cost,
    cost,
    revenue
from by_channel
union all
select
    customer_key,
    window_days,
    'all' as channel,
    cast(sum(contacts) as bigint) as contacts,
    cast(sum(contacts_without_cost) as bigint) as contacts_without_cost,
    sum(cost) as cost,
    sum(revenue) as revenue
from by_channel
group by window_days, customer_key
