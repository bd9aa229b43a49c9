-- One row per month: net revenue and purchases, of known customers and of guests.
select
    cast({{ dbt.date_trunc('month', 'ordered_at') }} as date) as month_on,
    cast(customer_key is null as boolean) as is_guest,
    cast(count(*) filter (where is_purchase) as bigint) as purchases,
    cast(sum(cast(net_usd as decimal(18, 4))) as double) as net_revenue_usd
from {{ ref('fct_orders') }}
group by 1, 2
