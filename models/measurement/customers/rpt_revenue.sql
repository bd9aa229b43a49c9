-- One row per month and whether the buyers are guests: purchases and revenue, before and after returns.
select
    cast({{ dbt.date_trunc('month', 'ordered_at') }} as date) as month_on,
    customer_key is null as is_guest,
    count(*) filter (where is_purchase) as purchases,
    cast(sum(cast(gross_usd as decimal(18, 4))) as double) as gross_revenue_usd,
    cast(sum(cast(returned_usd as decimal(18, 4))) as double) as returned_usd,
    cast(sum(cast(net_usd as decimal(18, 4))) as double) as net_revenue_usd
from {{ ref('fct_orders') }}
group by 1, 2
