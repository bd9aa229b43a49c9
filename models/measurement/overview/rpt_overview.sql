-- One row: the figures everybody asks for first.
with

customers as (

    select
        count(*) as customers,
        count(case when orders_30d > 0 then 1 end) as buyers_30d,
        cast(sum(cast(spend_30d_usd as decimal(18, 4))) as double) as revenue_30d_usd
    from {{ ref('customer_360') }}

),

members as (

    select count(distinct customer_key) as members from {{ ref('segment_membership') }}

),

addressed as (

    select count(distinct customer_key) as addressable from {{ ref('int_audience_rows') }}
    where channel in ('email', 'google_ads', 'linkedin', 'meta', 'microsoft', 'tiktok', 'x')

)

select
    cast(customers.customers as bigint) as customers,
    cast(members.members as bigint) as members,
    cast(customers.buyers_30d as bigint) as buyers_30d,
    cast(customers.buyers_30d / nullif(cast(customers.customers as double), 0) as double) as conversion_30d,
    cast(coalesce(customers.revenue_30d_usd, 0) as double) as revenue_30d_usd,
    cast(addressed.addressable as bigint) as addressable
from customers
cross join members
cross join addressed
