-- One row per month of first purchase and month since: how many customers of the cohort buy, and their revenue. A first
-- purchase is the first in the data, so the oldest cohort also holds customers who had bought before.
with

purchases as (

    select
        customer_key,
        cast({{ dbt.date_trunc('month', 'ordered_on') }} as date) as month_on,
        cast(net_revenue as decimal(18, 4)) as net_revenue
    from {{ ref('fct_orders') }}
    where is_purchase and customer_key is not null

),

monthly as (

    select
        customer_key,
        month_on,
        min(month_on) over (partition by customer_key) as cohort_on,
        count(*) as purchases,
        sum(net_revenue) as net_revenue
    from purchases
    group by customer_key, month_on

),

sizes as (

    select cohort_on, count(distinct customer_key) as customers
    from monthly
    group by cohort_on

),

-- A month in which no customer of a cohort bought has a row, too.
months as (

    select
        sizes.cohort_on,
        sizes.customers,
        calendar.month_on,
        calendar.is_complete,
        first_months.is_first
    from sizes
    inner join {{ ref('int_order_months') }} as calendar on sizes.cohort_on <= calendar.month_on
    inner join {{ ref('int_order_months') }} as first_months on sizes.cohort_on = first_months.month_on

)

select
    months.cohort_on,
    cast(
        12 * (extract(year from months.month_on) - extract(year from months.cohort_on))
        + extract(month from months.month_on) - extract(month from months.cohort_on)
        as bigint
    ) as months_since,
    months.month_on,
    months.is_complete,
    months.is_first as has_earlier_customers,
    max(months.customers) as customers,
    count(monthly.customer_key) as buyers,
    count(monthly.customer_key) / cast(max(months.customers) as double) as retention,
    cast(coalesce(sum(monthly.purchases), 0) as bigint) as purchases,
    cast(coalesce(sum(monthly.net_revenue), 0) as double) as revenue
from months
left join monthly on months.cohort_on = monthly.cohort_on and months.month_on = monthly.month_on
group by months.cohort_on, months.month_on, months.is_complete, months.is_first
