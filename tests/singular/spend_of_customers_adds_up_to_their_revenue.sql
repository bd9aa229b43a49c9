-- Law: what customers have spent in all equals the net revenue of their orders, with every return.
with

spent as (

    select sum(cast(spend_lifetime_usd as decimal(18, 4))) as spend_usd
    from {{ ref('customer_360') }}

),

earned as (

    select sum(cast(net_usd as decimal(18, 4))) as net_usd
    from {{ ref('fct_orders') }}
    where customer_key is not null

)

select spent.spend_usd, earned.net_usd
from spent
cross join earned
where coalesce(spent.spend_usd, 0) <> coalesce(earned.net_usd, 0)
