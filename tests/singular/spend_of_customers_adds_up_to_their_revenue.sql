-- Law: what customers have spent in all equals the net revenue of their orders, with every return.
with

spent as (

    select sum(cast(spend_lifetime as decimal(18, 4))) as spend
    from {{ ref('customer_360') }}

),

earned as (

    select sum(cast(net_revenue as decimal(18, 4))) as net_revenue
    from {{ ref('fct_orders') }}
    where customer_key is not null

)

select spent.spend, earned.net_revenue
from spent
cross join earned
where coalesce(spent.spend, 0) <> coalesce(earned.net_revenue, 0)
