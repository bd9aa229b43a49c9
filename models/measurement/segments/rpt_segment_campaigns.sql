-- One row per segment, window before as_of and campaign channel (all, or one), and of all customers (segment_code
-- null): how often today's members were contacted, what that cost, the revenue attributed to touches in the window, and
-- the return.
with

members as (

    select segment_code, customer_key from {{ ref('segment_membership') }}
    union all
    -- The baseline: all customers.
    select cast(null as string) as segment_code, customer_key from {{ ref('customer_360') }}

),

summed as (

    select
        members.segment_code,
        campaigns.window_days,
        campaigns.channel,
        count(case when campaigns.contacts > 0 then 1 end) as members_contacted,
        cast(sum(campaigns.contacts) as bigint) as contacts,
        cast(sum(campaigns.contacts_without_cost) as bigint) as contacts_without_cost,
        cast(sum(campaigns.cost) as double) as cost,
        cast(coalesce(sum(campaigns.revenue), 0) as double) as revenue
    from members
    inner join {{ ref('int_customer_campaigns') }} as campaigns on members.customer_key = campaigns.customer_key
    group by members.segment_code, campaigns.window_days, campaigns.channel

)

select
    segment_code,
    window_days,
    channel,
    members_contacted,
    contacts,
    contacts_without_cost,
    cost,
    revenue as linear_revenue,
    -- With a part of the cost unknown, the return would look too high.
    case when contacts_without_cost = 0 then (revenue - cost) / nullif(cost, 0) end as linear_roi
from summed
