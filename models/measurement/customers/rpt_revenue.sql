-- One row per month and whether the buyers are guests: purchases and revenue, before and after returns. A month without
-- orders has a row, too.
with

sums as (

    select
        cast({{ dbt.date_trunc('month', 'ordered_on') }} as date) as month_on,
        customer_key is null as is_guest,
        count(*) filter (where is_purchase) as purchases,
        sum(cast(gross_revenue as decimal(18, 4))) as gross_revenue,
        sum(cast(returned_amount as decimal(18, 4))) as returned_amount,
        sum(cast(net_revenue as decimal(18, 4))) as net_revenue
    from {{ ref('fct_orders') }}
    group by 1, 2

),

months as (

    select months.month_on, months.is_complete, buyers.is_guest
    from {{ ref('int_order_months') }} as months
    cross join (select distinct is_guest from sums) as buyers

)

select
    months.month_on,
    months.is_guest,
    months.is_complete,
    coalesce(sums.purchases, 0) as purchases,
    cast(coalesce(sums.gross_revenue, 0) as double) as gross_revenue,
    cast(coalesce(sums.returned_amount, 0) as double) as returned_amount,
    cast(coalesce(sums.net_revenue, 0) as double) as net_revenue
from months
left join sums on months.month_on = sums.month_on and months.is_guest = sums.is_guest
