-- One row per month and whether the buyers are guests: purchases and revenue, before and after returns.
select
    cast({{ dbt.date_trunc('month', 'ordered_on') }} as date) as month_on,
    customer_key is null as is_guest,
    count(*) filter (where is_purchase) as purchases,
    cast(sum(cast(gross_revenue as decimal(18, 4))) as double) as gross_revenue,
    cast(sum(cast(returned_amount as decimal(18, 4))) as double) as returned_amount,
    cast(sum(cast(net_revenue as decimal(18, 4))) as double) as net_revenue
from {{ ref('fct_orders') }}
group by 1, 2
