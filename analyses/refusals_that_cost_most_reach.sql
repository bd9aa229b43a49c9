-- One row per channel and reason of refusal: how many customers a channel may not address, and what they spend.
with

customers as (

    select customer_key, spend_365d
    from {{ ref('customer_360') }}

),

permissions as (

    select
        channel,
        customer_key,
        is_allowed,
        refusal
    from {{ ref('int_channel_permissions') }}

),

asked as (

    select channel, count(*) as customers_asked
    from permissions
    group by channel

)

select
    permissions.channel,
    permissions.refusal,
    count(*) as customers_refused,
    count(*) / cast(asked.customers_asked as double) as share_of_customers,
    cast(sum(cast(coalesce(customers.spend_365d, 0) as decimal(18, 4))) as double) as spend_365d
from permissions
inner join asked on permissions.channel = asked.channel
left join customers on permissions.customer_key = customers.customer_key
where not permissions.is_allowed
group by permissions.channel, permissions.refusal, asked.customers_asked
order by permissions.channel, customers_refused desc, permissions.refusal
