-- One row in all: the figures that everybody asks for first.
with

customers as (

    select
        count(*) as customers,
        count(case when orders_30d > 0 then 1 end) as buyers_30d,
        cast(sum(cast(spend_30d as decimal(18, 4))) as double) as revenue_30d
    from {{ ref('customer_360') }}

),

members as (

    select count(distinct customer_key) as members
    from {{ ref('segment_membership') }}

),

-- A new channel counts here as soon as it asks for a permission. CRM asks for none: it sends nothing. On the website
-- customers come to us.
outbound_channels as (

    select distinct channel
    from {{ ref('channel_purposes') }}
    where purpose <> 'web_personalization'

),

addressable as (

    select count(distinct audience_rows.customer_key) as addressable
    from {{ ref('int_audience_rows') }} as audience_rows
    inner join outbound_channels on audience_rows.channel = outbound_channels.channel

)

select
    customers.customers,
    members.members,
    customers.buyers_30d,
    customers.buyers_30d / nullif(cast(customers.customers as double), 0) as conversion_30d,
    coalesce(customers.revenue_30d, 0) as revenue_30d,
    cast('{{ var("currency") }}' as string) as currency,
    addressable.addressable
from customers
cross join members
cross join addressable
