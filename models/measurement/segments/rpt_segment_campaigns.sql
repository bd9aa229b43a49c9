-- One row per segment, window before as_of and campaign channel (all, or one), and of everybody known (segment_code
-- null): how often today's members were contacted, what that cost, what attribution gives the touches of the window,
-- and the return. A contact costs its campaign's cost over the campaign's contacts.
{% set windows = [30, 90, 365] %}
with

members as (

    select segment_code, customer_key from {{ ref('segment_membership') }}
    union all
    select cast(null as string) as segment_code, customer_key from {{ ref('customer_360') }}

),

campaigns as (

    select
        campaign_id,
        channel,
        count(case when touch_name in ('mailed', 'shown') then 1 end) as contacts,
        count(*) as touches
    from {{ ref('fct_touches') }}
    group by campaign_id, channel

),

-- Answers cost nothing; of a campaign that tells of nothing else, they stand for contacts.
contacts as (

    select
        touches.customer_key,
        coalesce(touches.channel, 'unknown') as channel,
        costs.cost_usd / coalesce(nullif(campaigns.contacts, 0), campaigns.touches) as cost_usd,
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

-- By the moment of the touch, as its cost: else one window would have the cost and another what it brought.
earned as (

    select
        customer_key,
        coalesce(channel, 'unknown') as channel,
        linear_share * net_usd as revenue_usd,
        {{ elapsed('day', 'touched_at', as_of()) }} as age_days
    from {{ ref('int_attribution') }}
    where touch_id is not null and ordered_at < {{ as_of() }}

),

events as (

    select customer_key, channel, 1 as contacts, cost_usd, cast(null as double) as revenue_usd, age_days from contacts
    union all
    select customer_key, channel, 0 as contacts, cast(null as double) as cost_usd, revenue_usd, age_days from earned

),

by_channel as (

    {% for days in windows %}
    select
        cast({{ days }} as bigint) as window_days,
        customer_key,
        channel,
        sum(contacts) as contacts,
        sum(case when contacts = 1 and cost_usd is null then 1 else 0 end) as contacts_without_cost,
        sum(cast(cost_usd as decimal(38, 12))) as cost_usd,
        sum(cast(revenue_usd as decimal(38, 12))) as revenue_usd
    from events
    where age_days <= {{ days }}
    group by customer_key, channel
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

by_person as (

    select * from by_channel
    union all
    select
        window_days,
        customer_key,
        'all' as channel,
        sum(contacts) as contacts,
        sum(contacts_without_cost) as contacts_without_cost,
        sum(cost_usd) as cost_usd,
        sum(revenue_usd) as revenue_usd
    from by_channel
    group by window_days, customer_key

),

summed as (

    select
        members.segment_code,
        by_person.window_days,
        by_person.channel,
        count(case when by_person.contacts > 0 then 1 end) as members_contacted,
        sum(by_person.contacts) as contacts,
        sum(by_person.contacts_without_cost) as contacts_without_cost,
        cast(sum(by_person.cost_usd) as double) as cost_usd,
        cast(coalesce(sum(by_person.revenue_usd), 0) as double) as revenue_usd
    from members
    inner join by_person on members.customer_key = by_person.customer_key
    group by members.segment_code, by_person.window_days, by_person.channel

)

select
    cast(segment_code as string) as segment_code,
    cast(window_days as bigint) as window_days,
    cast(channel as string) as channel,
    cast(members_contacted as bigint) as members_contacted,
    cast(contacts as bigint) as contacts,
    cast(contacts_without_cost as bigint) as contacts_without_cost,
    cast(cost_usd as double) as cost_usd,
    cast(revenue_usd as double) as linear_revenue_usd,
    -- A return on a part of the cost would flatter.
    cast(
        case when contacts_without_cost = 0 then (revenue_usd - cost_usd) / nullif(cost_usd, 0) end as double
    ) as linear_roi
from summed
